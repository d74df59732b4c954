//! The world's own dice: small, seeded and the same on every machine, so that a seed replays a run exactly.

/// A `SplitMix64` generator.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// Dice that fall the same way for the same seed.
    pub(super) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number in `low..=high`; `low` where the range is empty.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        if high <= low {
            return low;
        }
        // A range this small next to 2^64 makes the modulo's bias unmeasurable.
        low + self.bits() % (high - low + 1)
    }

    /// True `percent` times in a hundred.
    pub(super) fn happens(&mut self, percent: u8) -> bool {
        match percent {
            0 => false,
            100.. => true,
            _ => self.between(0, 99) < u64::from(percent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_another_seed_others() {
        let numbers = |seed| {
            let mut random = Random::seeded(seed);
            [random.bits(), random.bits(), random.between(0, 1000)]
        };
        assert_eq!(numbers(7), numbers(7));
        assert_ne!(numbers(7), numbers(8));
    }

    #[test]
    fn numbers_stay_in_their_range_and_meet_both_ends() {
        let mut random = Random::seeded(1);
        let seen: std::collections::BTreeSet<_> = (0..200).map(|_| random.between(6, 8)).collect();
        assert_eq!(seen, [6, 7, 8].into());
    }

    #[test]
    fn never_and_always_need_no_dice() {
        let mut random = Random::seeded(1);
        assert!((0..100).all(|_| !random.happens(0) && random.happens(100)));
    }
}
