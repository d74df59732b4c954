//! What a strategy promises about capacity, as its `strategy.yaml` says it.

use std::str::FromStr;

use asg_recycle_simulator::world::record::Sample;

/// What a strategy promises about capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// Never fewer healthy instances in service than at the start.
    KeepsServing,
    /// At most one instance out at a time, and its place stays empty until it is terminated.
    OneOut,
    /// Never fewer instances in service, and healthy by the group's own checks, than a percentage of those at the start,
    /// or than all but one where that leaves no room to replace any.
    Percent {
        /// The percentage.
        minimum: u32,
        /// Whether the group may grow to make room.
        may_grow: bool,
    },
    /// Nothing.
    Nothing,
}

impl Promise {
    /// Each promise: its short name, and the sentence that `strategy.yaml` has.
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::KeepsServing, "keeps-serving", "never fewer healthy instances in service than at the start"),
        (
            Self::OneOut,
            "one-out",
            "at most one instance out at a time, and its place stays empty until it is terminated",
        ),
        (
            Self::Percent { minimum: 100, may_grow: false },
            "percent",
            "never fewer healthy instances in service than `min_healthy_percentage` of the desired capacity, by the group's own health checks",
        ),
        (Self::Nothing, "nothing", "nothing about capacity"),
    ];

    /// What it counts: AWS's own replacement goes by the group's own checks.
    pub(super) fn counted(self, sample: Sample) -> u32 {
        if matches!(self, Self::Percent { .. }) {
            sample.healthy_units.min(sample.desired)
        } else {
            sample.serving
        }
    }
}

/// A promise that nobody can check.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no promise that can be checked: write one of {known}")]
pub struct UnknownPromise {
    /// The text.
    pub text: String,
    /// The names there are.
    pub known: String,
}

impl FromStr for Promise {
    type Err = UnknownPromise;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        let found = all.find(|(_, name, sentence)| *name == text.trim() || *sentence == text.trim());
        found.map(|(promise, ..)| promise).ok_or_else(|| UnknownPromise {
            text: text.to_owned(),
            known: Self::ALL.map(|(_, name, _)| format!("`{name}`")).join(", "),
        })
    }
}
