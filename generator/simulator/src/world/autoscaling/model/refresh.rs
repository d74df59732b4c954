//! An instance refresh: what is asked of it, and how it may stand.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::time::{Moment, Span};
use crate::world::ids::InstanceId;

use super::launch::LaunchSource;

/// An instance refresh.
#[derive(Debug, Clone)]
pub struct Refresh {
    /// Its number in the world, from which its id is made.
    pub number: u32,
    /// How it stands.
    pub status: RefreshStatus,
    /// Why it stands so.
    pub reason: Option<Arc<str>>,
    /// When it began.
    pub started_at: Moment,
    /// When it ended.
    pub ended_at: Option<Moment>,
    /// Its preferences.
    pub preferences: Preferences,
    /// What it launches from, where that is not what the group does.
    pub target: Option<LaunchSource>,
    /// Instances still to be replaced.
    pub left: BTreeSet<InstanceId>,
    /// How many there were.
    pub total: usize,
    /// When it last got on.
    pub moved_at: Moment,
    /// Checkpoints that it has passed, and until when it stops at the last of them.
    pub checkpoints_passed: usize,
    /// See there.
    pub stops_until: Moment,
    /// Whether its cancelling waits for launches and terminations that have begun.
    pub waits_to_cancel: bool,
    /// When it is done baking.
    pub bakes_until: Option<Moment>,
}

impl Refresh {
    /// Its id, in AWS's form.
    pub fn id(&self) -> String {
        format!("{:08x}-1111-4000-8000-000000000000", self.number)
    }

    /// Whether it is being cancelled, and adds nothing any more.
    pub fn is_cancelling(&self) -> bool {
        self.status == RefreshStatus::Cancelling
    }

    /// Percent done.
    pub fn percent(&self) -> usize {
        if self.status == RefreshStatus::Successful {
            return 100;
        }
        ((self.total - self.left.len().min(self.total)) * 100).checked_div(self.total).unwrap_or(0)
    }
}

impl Refresh {
    /// Whether it stops at a checkpoint now. Those at which nothing is left to be done are none.
    pub(super) fn stops_at_checkpoint(&mut self, now: Moment) -> bool {
        let next = self.preferences.checkpoints.get(self.checkpoints_passed).copied();
        let reached = next.is_some_and(|next| self.percent() >= usize::try_from(next).unwrap_or(usize::MAX));
        if reached && !self.left.is_empty() {
            self.checkpoints_passed += 1;
            self.stops_until = now + self.preferences.checkpoint_delay;
        }
        let stops = now < self.stops_until;
        if stops {
            self.moved_at = now; // waiting is not stalling
        }
        stops
    }
}

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
    /// The alarms that it watches, by their names.
    pub alarms: Vec<String>,
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
            alarms: Vec::new(),
        }
    }
}
