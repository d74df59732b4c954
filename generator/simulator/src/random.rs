//! Chance that a seed decides: small, and the same on every machine, so that a seed replays a run exactly.

use std::cell::Cell;

/// A `SplitMix64` generator. A clone goes on with the same numbers.
///
/// It draws through a shared reference, because expressions are evaluated over shared data.
#[derive(Debug, Clone)]
pub struct Random(Cell<u64>);

impl Random {
    /// Draws the same numbers for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self(Cell::new(seed))
    }

    /// The next 64 bits.
    pub fn bits(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Between 0 and `bound`, both included. Always draws.
    pub fn up_to(&self, bound: u64) -> u64 {
        // A range this small next to 2^64 makes the modulo's bias unmeasurable.
        bound.checked_add(1).map_or_else(|| self.bits(), |size| self.bits() % size)
    }

    /// A number in `low..=high`. Where that leaves no choice, `low`, and nothing is drawn.
    pub fn between(&self, low: u64, high: u64) -> u64 {
        if high <= low { low } else { low + self.up_to(high - low) }
    }

    /// True `percent` times in a hundred; never and always draw nothing.
    pub fn happens(&self, percent: u8) -> bool {
        match percent {
            0 => false,
            100.. => true,
            _ => self.up_to(99) < u64::from(percent),
        }
    }

    /// One of several; there must be one.
    pub fn one_of<'a, T>(&self, several: &'a [T]) -> &'a T {
        let last = several.len().saturating_sub(1) as u64;
        &several[usize::try_from(self.up_to(last)).unwrap_or(0)]
    }

    /// Between 0, included, and 1, excluded.
    pub fn fraction(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double")]
        let numerator = (self.bits() >> 11) as f64;
        numerator / 9_007_199_254_740_992.0
    }

    /// A version 4 UUID.
    pub fn uuid(&self) -> String {
        let (high, low) = (self.bits(), self.bits());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            0x8000 | (low >> 48 & 0x3fff),
            low & 0xffff_ffff_ffff
        )
    }

    /// The same numbers as `other` from here on.
    pub fn continue_from(&self, other: &Self) {
        self.0.set(other.0.get());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_another_seed_others() {
        let numbers = |seed| {
            let random = Random::seeded(seed);
            (random.bits(), random.up_to(9), random.between(0, 1000), random.uuid())
        };
        assert_eq!(numbers(7), numbers(7));
        assert_ne!(numbers(7), numbers(8));
    }

    #[test]
    fn numbers_stay_in_their_range_and_meet_both_ends() {
        let random = Random::seeded(1);
        let seen: std::collections::BTreeSet<_> = (0..200).map(|_| random.between(6, 8)).collect();
        assert_eq!(seen, [6, 7, 8].into());
        assert!((0..200).map(|_| random.fraction()).all(|fraction| (0.0..1.0).contains(&fraction)));
        assert_eq!(random.uuid().len(), 36);
        let drawn: std::collections::BTreeSet<_> = (0..200).map(|_| *random.one_of(&['a', 'b'])).collect();
        assert_eq!(drawn, ['a', 'b'].into());
    }

    #[test]
    fn what_leaves_no_choice_draws_nothing() {
        let random = Random::seeded(1);
        assert!((0..100).all(|_| !random.happens(0) && random.happens(100) && random.between(3, 3) == 3));
        assert_eq!(random.bits(), Random::seeded(1).bits());
    }
}
