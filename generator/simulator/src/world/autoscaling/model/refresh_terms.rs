//! What is asked of an instance refresh, and how it may stand.

use crate::time::Span;

/// How a refresh stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshStatus {
    /// Accepted.
    Pending,
    /// Replacing.
    InProgress,
    /// Done, and waiting whether alarms go off.
    Baking,
    /// Done.
    Successful,
    /// Given up.
    Failed,
    /// Being cancelled.
    Cancelling,
    /// Cancelled.
    Cancelled,
    /// Putting the old configuration back.
    RollbackInProgress,
    /// Put back.
    RollbackSuccessful,
    /// Could not be put back.
    RollbackFailed,
}

impl RefreshStatus {
    /// As Auto Scaling writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::InProgress => "InProgress",
            Self::Baking => "Baking",
            Self::Successful => "Successful",
            Self::Failed => "Failed",
            Self::Cancelling => "Cancelling",
            Self::Cancelled => "Cancelled",
            Self::RollbackInProgress => "RollbackInProgress",
            Self::RollbackSuccessful => "RollbackSuccessful",
            Self::RollbackFailed => "RollbackFailed",
        }
    }

    /// Whether it is under way.
    pub fn is_active(self) -> bool {
        matches!(
            self,
            Self::Pending | Self::InProgress | Self::Baking | Self::Cancelling | Self::RollbackInProgress
        )
    }
}

/// What a refresh does with instances that are protected or in standby.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Special {
    /// Replaces them.
    Replace,
    /// Passes them over.
    Ignore,
    /// Waits until they are like others, and fails after an hour.
    Wait,
}

/// A refresh's preferences.
#[derive(Debug, Clone)]
pub struct Preferences {
    /// Percent of the desired capacity that stays healthy.
    pub min_healthy: u32,
    /// Percent that the group may grow to.
    pub max_healthy: u32,
    /// How long after it came into service an instance counts.
    pub warmup: Span,
    /// Whether current instances are passed over.
    pub skips_matching: bool,
    /// Whether a failure puts the old configuration back.
    pub rolls_back: bool,
    /// What becomes of protected instances.
    pub protected: Special,
    /// What becomes of instances in standby.
    pub standby: Special,
    /// How long it bakes.
    pub bake: Span,
    /// Percentages done at which it stops for a while, in ascending order.
    pub checkpoints: Vec<u32>,
    /// For how long.
    pub checkpoint_delay: Span,
    /// Whether it watches alarms.
    pub has_alarms: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            min_healthy: 90,
            max_healthy: 100,
            warmup: Span(0),
            skips_matching: false,
            rolls_back: false,
            protected: Special::Wait,
            standby: Special::Wait,
            bake: Span(0),
            checkpoints: Vec::new(),
            checkpoint_delay: Span::seconds(3600),
            has_alarms: false,
        }
    }
}
