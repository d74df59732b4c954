//! The settings that a strategy has in `stack.yaml`.

use serde::Deserialize;

/// A setting of a strategy.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Setting {
    /// `true` or `false`.
    Boolean {
        /// What it sets.
        summary: String,
        /// Value where `stack.yaml` says nothing.
        default: bool,
    },
    /// A whole number; its key ends in its unit.
    Integer {
        /// What it sets.
        summary: String,
        /// Smallest value.
        minimum: u64,
        /// Largest value.
        maximum: u64,
        /// Value where `stack.yaml` says nothing; none where the setting is then left out.
        #[serde(default)]
        default: Option<u64>,
    },
    /// Percentages in ascending order, each below 100; none where `stack.yaml` says nothing.
    Percentages {
        /// What they set.
        summary: String,
        /// Most of them.
        length_max: usize,
    },
    /// Names of CloudWatch alarms; none where `stack.yaml` says nothing.
    AlarmNames {
        /// What they are for.
        summary: String,
        /// Most of them.
        length_max: usize,
    },
    /// One of a few words.
    Choice {
        /// What it sets.
        summary: String,
        /// The words.
        values: Vec<String>,
        /// Value where `stack.yaml` says nothing.
        default: String,
    },
    /// An IANA time zone.
    TimeZone {
        /// What it sets.
        summary: String,
        /// Value where `stack.yaml` says nothing.
        default: String,
    },
}

impl Setting {
    /// The same setting, in other words.
    pub(super) fn with_summary(mut self, other: String) -> Self {
        let (Self::Boolean { summary, .. }
        | Self::Integer { summary, .. }
        | Self::Percentages { summary, .. }
        | Self::AlarmNames { summary, .. }
        | Self::Choice { summary, .. }
        | Self::TimeZone { summary, .. }) = &mut self;
        *summary = other;
        self
    }
}
