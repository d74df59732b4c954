"""What the emulator promises: a test that passes on it should not pass because AWS was too kind."""
