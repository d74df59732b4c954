//! Numbers that look random and depend on the seed alone.

use std::cell::Cell;

/// A generator (`SplitMix64`). A clone goes on with the same numbers.
#[derive(Debug, Clone)]
pub(super) struct Random(Cell<u64>);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(Cell::new(seed))
    }

    pub(super) fn next(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Between 0, included, and 1, excluded.
    pub(super) fn fraction(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double")]
        let numerator = (self.next() >> 11) as f64;
        numerator / 9_007_199_254_740_992.0
    }

    /// Between 0 and `bound`, both included.
    pub(super) fn up_to(&self, bound: u64) -> u64 {
        bound.checked_add(1).map_or_else(|| self.next(), |size| self.next() % size)
    }

    /// A version 4 UUID.
    pub(super) fn uuid(&self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            0x8000 | (low >> 48 & 0x3fff),
            low & 0xffff_ffff_ffff
        )
    }

    /// The same numbers from here on.
    pub(super) fn go_on_from(&self, other: &Self) {
        self.0.set(other.0.get());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_every_time() {
        let numbers = |seed| {
            let random = Random::new(seed);
            (random.next(), random.up_to(9), random.uuid())
        };
        assert_eq!(numbers(7), numbers(7));
        assert_ne!(numbers(7), numbers(8));
    }

    #[test]
    fn numbers_stay_within_their_bounds() {
        let random = Random::new(1);
        let drawn: Vec<_> = (0..200).map(|_| random.up_to(3)).collect();
        assert!((0..=3).all(|number| drawn.contains(&number)) && drawn.iter().all(|number| *number <= 3));
        assert!((0..200).map(|_| random.fraction()).all(|fraction| (0.0..1.0).contains(&fraction)));
        assert_eq!(random.uuid().len(), 36);
    }
}
