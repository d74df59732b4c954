//! The numbers that a configuration holds, each a type that cannot hold a number that AWS refuses.

use super::key::KeyKind;
use crate::problem::Problem;

/// A whole number between two bounds, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bounded<const MINIMUM: u32, const MAXIMUM: u32>(u32);

/// Memory of a Lambda function, in megabytes.
pub type MemoryMegabytes = Bounded<128, 10_240>;
/// Longest run of a Lambda function, in seconds.
pub type TimeoutSeconds = Bounded<1, 900>;
/// Messages that a Lambda function gets from a queue at once; SQS hands over ten without a batching window.
pub type BatchSize = Bounded<1, 10>;
/// How long a batch may fill, in seconds.
pub type BatchingWindowSeconds = Bounded<0, 300>;
/// Deliveries of a message before it is a dead letter; fewer than five would give up while Lambda still scales.
pub type MaxReceiveCount = Bounded<5, 1000>;
/// Hours that an alarm looks back over, each counted by itself; CloudWatch takes a week of them.
pub type SilenceHours = Bounded<1, 168>;
/// Hours for which a lock may be held before somebody is told: up to the longest that Step Functions remembers an execution.
pub type LockHeldHours = Bounded<1, 2160>;
/// Batches handled at the same time.
pub type MaximumConcurrency = Bounded<2, 1000>;

impl<const MINIMUM: u32, const MAXIMUM: u32> Bounded<MINIMUM, MAXIMUM> {
    /// What a key of this type takes.
    pub(super) const KIND: KeyKind<'static> =
        KeyKind::Integer { minimum: MINIMUM as u64, maximum: MAXIMUM as u64 };

    /// The number, if it is within the bounds.
    pub fn new(number: u32) -> Result<Self, Problem> {
        if (MINIMUM..=MAXIMUM).contains(&number) {
            Ok(Self(number))
        } else {
            Err(refused(&Self::KIND, number))
        }
    }

    /// The number, which is within the bounds.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// Instances of a Lambda function set aside for it; 0 switches it off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReservedConcurrency(u32);

impl ReservedConcurrency {
    /// SQS starts with five batches, which a smaller reserve would throttle.
    const MINIMUM: u32 = 5;
    const MAXIMUM: u32 = 100_000;

    /// What a key of this type takes.
    pub(super) const KIND: KeyKind<'static> =
        KeyKind::IntegerOrOff { minimum: Self::MINIMUM as u64, maximum: Self::MAXIMUM as u64 };

    /// The number, if it is 0 or within the bounds.
    pub fn new(number: u32) -> Result<Self, Problem> {
        let fits = number == 0 || (Self::MINIMUM..=Self::MAXIMUM).contains(&number);
        if fits { Ok(Self(number)) } else { Err(refused(&Self::KIND, number)) }
    }

    /// The number, which is within the bounds.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// How long a log group keeps its events, in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RetentionDays(u32);

impl RetentionDays {
    /// The periods that CloudWatch Logs takes, in ascending order.
    pub const ALLOWED: &'static [u32] = &[
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288,
        3653,
    ];

    /// What a key of this type takes.
    pub(super) const KIND: KeyKind<'static> = KeyKind::IntegerOf(Self::ALLOWED);

    /// The period, if it is one that CloudWatch Logs takes.
    pub fn new(days: u32) -> Result<Self, Problem> {
        if Self::ALLOWED.contains(&days) { Ok(Self(days)) } else { Err(refused(&Self::KIND, days)) }
    }

    /// The period in days.
    pub const fn get(self) -> u32 {
        self.0
    }
}

fn refused(kind: &KeyKind, number: u32) -> Problem {
    Problem::new("out-of-range", "", format!("{number} is not {}", kind.takes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_bounds_are_refused_with_the_bounds() {
        assert_eq!(TimeoutSeconds::new(900).map(TimeoutSeconds::get), Ok(900));
        let reason = TimeoutSeconds::new(901).unwrap_err().to_string();
        assert_eq!(reason, "901 is not a whole number from 1 to 900");
        assert!(ReservedConcurrency::new(0).is_ok() && ReservedConcurrency::new(4).is_err());
        assert!(RetentionDays::new(30).is_ok() && RetentionDays::new(31).is_err());
    }
}
