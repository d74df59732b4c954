//! What happened, for invariants, counts and charts: every call, and every change of a group with the group's figures
//! after it.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use crate::services::ServiceError;
use crate::time::{Moment, Span};
use crate::world::ids::{GroupIndex, InstanceId};

use super::processes::Process;

/// Who made a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Author {
    /// A call of the execution with this ARN.
    Execution(Arc<str>),
    /// Somebody or something outside: the script, or the world's own rules.
    World,
}

/// How sizes are changed, which scaling activities tell of a desired capacity (fact A24).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resized {
    /// By `UpdateAutoScalingGroup`.
    Update,
    /// By `SetDesiredCapacity`.
    Explicitly,
    /// By a scheduled action.
    Schedule,
    /// By a scaling policy.
    Policy,
    /// With an instance, of which the activity of that instance tells.
    WithAnInstance,
}

impl Resized {
    /// Whether a desired capacity that is set so is a number that somebody has in mind, and no difference to the one that stands.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Update | Self::Explicitly | Self::Schedule)
    }
}

/// Why an instance is terminated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TerminationCause {
    /// A call of the execution with this ARN.
    Execution(Arc<str>),
    /// The group has more than its desired capacity.
    ScaleIn,
    /// The group evens out its zones.
    Rebalance,
    /// It is unhealthy.
    Unhealthy,
    /// Its launch hook was abandoned.
    LaunchAbandoned,
    /// A call of somebody else's.
    Somebody,
    /// It is as old as instances of the group become.
    Lifetime,
    /// EC2 may take its machine back soon.
    AtRisk,
    /// An instance refresh replaces it.
    InstanceRefresh,
    /// The group is being deleted.
    GroupDeleted,
}

/// Sizes of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Minimum.
    pub min: u32,
    /// Maximum.
    pub max: u32,
    /// Desired capacity.
    pub desired: u32,
}

impl Sizes {
    /// How many more may be launched where `capacity` is there: AWS allows itself ten per cent above the maximum, and at least one
    /// instance, where it moves instances between zones or replaces those at risk.
    pub(super) fn room_above(self, capacity: u32) -> u32 {
        self.max.saturating_add((self.max / 10).max(1)).saturating_sub(capacity)
    }
}

/// What happened to a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupEvent {
    /// An instance was launched.
    Launched(InstanceId),
    /// A launch failed, with AWS's message.
    LaunchFailed(String),
    /// An instance came into service.
    InService(InstanceId),
    /// An instance began to pass the checks of its target groups.
    TargetsHealthy(InstanceId),
    /// Auto Scaling marked an instance unhealthy.
    MarkedUnhealthy(InstanceId),
    /// A hook holds an instance.
    HeldByHook(InstanceId),
    /// An instance is on its way out.
    Terminating {
        /// Which.
        instance: InstanceId,
        /// Why.
        cause: TerminationCause,
        /// Whether it served until then.
        served: bool,
    },
    /// An instance left the group.
    Left(InstanceId),
    /// An instance's machine is terminated in EC2.
    Ec2Terminated(InstanceId),
    /// The world put an instance out of action: it died, its application broke, or an operator put it in standby.
    Disrupted {
        /// Which.
        instance: InstanceId,
        /// Whether it served until then.
        served: bool,
    },
    /// Minimum, maximum or desired capacity changed.
    Sized {
        /// By whom.
        by: Author,
        /// From.
        before: Sizes,
        /// To.
        after: Sizes,
        /// How.
        how: Resized,
    },
    /// The set of suspended processes changed.
    Suspended {
        /// By whom.
        by: Author,
        /// From.
        before: BTreeSet<Process>,
        /// To.
        after: BTreeSet<Process>,
    },
    /// What the group launches from changed: by an update, a new version or a new default.
    LaunchSourceChanged,
    /// An instance refresh began.
    RefreshStarted(Author),
    /// An instance refresh ended with this status.
    RefreshEnded(&'static str),
    /// Tags, protection or standby changed.
    Changed(&'static str),
    /// The owner of the group has configured its warm pool otherwise.
    PoolConfigured,
    /// The group is being deleted.
    Deleting,
    /// The group is gone.
    Deleted,
    /// Another group was made under its name.
    MadeAgain,
}

/// The names of events, which stand once.
macro_rules! names {
    ($($event:pat => $name:literal,)+) => {
        impl GroupEvent {
            /// What a script's `after_event` may wait for.
            pub const NAMES: &[&str] = &[$($name),+];

            /// Its name, one of [`Self::NAMES`].
            pub fn name(&self) -> &'static str {
                match self {
                    $($event => $name,)+
                }
            }
        }
    };
}

names! {
    GroupEvent::Launched(_) => "launched",
    GroupEvent::LaunchFailed(_) => "launch_failed",
    GroupEvent::InService(_) => "in_service",
    GroupEvent::TargetsHealthy(_) => "targets_healthy",
    GroupEvent::MarkedUnhealthy(_) => "marked_unhealthy",
    GroupEvent::HeldByHook(_) => "held_by_hook",
    GroupEvent::Terminating { .. } => "terminating",
    GroupEvent::Left(_) => "left",
    GroupEvent::Ec2Terminated(_) => "machine_terminated",
    GroupEvent::Disrupted { .. } => "struck",
    GroupEvent::Sized { .. } => "sized",
    GroupEvent::Suspended { .. } => "suspended",
    GroupEvent::LaunchSourceChanged => "launch_source_changed",
    GroupEvent::RefreshStarted(_) => "refresh_started",
    GroupEvent::RefreshEnded(_) => "refresh_ended",
    GroupEvent::Changed(_) => "changed",
    GroupEvent::PoolConfigured => "pool_configured",
    GroupEvent::Deleting => "deleting",
    GroupEvent::Deleted => "deleted",
    GroupEvent::MadeAgain => "made_again",
}

/// A group's figures at a moment. Instances, not units of capacity, except `min`, `max` and `desired`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sample {
    /// Pending or in service.
    pub live: u32,
    /// Units of capacity of those that are live.
    pub units: u32,
    /// In service.
    pub in_service: u32,
    /// In service and healthy by the group's own checks, which target groups are part of only where it is told so.
    pub healthy: u32,
    /// Units of capacity of those that are healthy.
    pub healthy_units: u32,
    /// In service and passing every check.
    pub serving: u32,
    /// In the group and live, and there when the world began.
    pub old: u32,
    /// In the group and live, and launched since.
    pub new: u32,
    /// Live, and not what the group would launch now.
    pub outdated: u32,
    /// On their way out.
    pub terminating: u32,
    /// Waiting in the warm pool.
    pub pooled: u32,
    /// Waiting in the warm pool, and not what the group would launch now.
    pub pool_outdated: u32,
    /// Minimum.
    pub min: u32,
    /// Maximum.
    pub max: u32,
    /// Desired capacity.
    pub desired: u32,
}

/// A change of a group.
#[derive(Debug, Clone)]
pub struct GroupChange {
    /// When.
    pub moment: Moment,
    /// Which group.
    pub group: GroupIndex,
    /// What.
    pub event: GroupEvent,
    /// The figures after it.
    pub sample: Sample,
}

/// Whether a call changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It only reads.
    Read,
    /// It changes something.
    Write,
}

/// The group that a call would change, and how things stood when it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupWrite {
    /// The group.
    pub group: GroupIndex,
    /// Whether the group carried the tag without which the machine's role may not change it.
    pub opted_in: bool,
    /// Who held the group's lock: nobody, or one in each table.
    pub lock_held_by: Vec<Arc<str>>,
}

/// A call.
#[derive(Debug, Clone)]
pub struct CallRecord {
    /// When it was made.
    pub moment: Moment,
    /// The execution that made it.
    pub execution: Arc<str>,
    /// The service.
    pub service: Box<str>,
    /// The action.
    pub action: Box<str>,
    /// Its arguments.
    pub arguments: Value,
    /// Whether it changes something.
    pub access: Access,
    /// What was answered; a read's result only where the world keeps them.
    pub answer: Result<Option<Arc<Value>>, ServiceError>,
    /// Whether the change was made although the answer says otherwise.
    pub lost: bool,
    /// How much longer than usual the answer took; who does not wait so long has none.
    pub delay: Span,
    /// As of when the answer shows the world: a read may lag behind.
    pub seen_at: Moment,
    /// The Auto Scaling group that it would change.
    pub group_write: Option<GroupWrite>,
}

/// Everything that happened, in order.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Every call.
    pub calls: Vec<Arc<CallRecord>>,
    /// Every change of a group.
    pub changes: Vec<GroupChange>,
    /// What this world was asked and does not know, by name. A run with any is void.
    pub refusals: Vec<String>,
    /// Calls that the caller's role does not allow, whatever the conditions; each is a fault of the role, or of the caller.
    pub denials: Vec<String>,
}

impl Record {
    /// Numbers of reads and writes, of one service or of all.
    pub fn reads_and_writes(&self, service: Option<&str>) -> (usize, usize) {
        let of_service = self.calls.iter().filter(|call| service.is_none_or(|name| name == &*call.service));
        of_service.fold((0, 0), |(reads, writes), call| match call.access {
            Access::Read => (reads + 1, writes),
            Access::Write => (reads, writes + 1),
        })
    }
}
