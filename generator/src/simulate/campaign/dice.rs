//! Seeded chance for made-up scenarios.

/// A `SplitMix64` generator.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn seeded(seed: u64) -> Self {
        // Neighbouring seeds are far apart after the first throw, not before.
        let mut dice = Self(seed ^ 0x5851_f42d_4c95_7f2d);
        dice.bits();
        dice
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in `low..=high`.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.bits() % (high.saturating_sub(low) + 1)
    }

    /// True so many times in a hundred.
    pub(super) fn happens(&mut self, percent: u64) -> bool {
        self.between(0, 99) < percent
    }

    /// One of several; there must be one.
    pub(super) fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let last = of.len().saturating_sub(1) as u64;
        &of[usize::try_from(self.between(0, last)).unwrap_or(0)]
    }
}
