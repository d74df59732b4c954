//! An instance: its place in the group's lifecycle, its machine in EC2, its health and its targets.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::time::Moment;
use crate::world::ids::InstanceId;
use crate::world::record::TerminationCause;

/// Where an instance stands in its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifecycle {
    /// Launched, not yet counted on.
    Pending,
    /// A launch hook holds it.
    PendingWait,
    /// The hook let go of it.
    PendingProceed,
    /// In service.
    InService,
    /// Taken out: deregistration and draining.
    Terminating,
    /// A termination hook holds it.
    TerminatingWait,
    /// The hook let go of it; the machine shuts down.
    TerminatingProceed,
    /// Its abandoned termination hook retains it for ever.
    TerminatingRetained,
    /// On its way to standby.
    EnteringStandby,
    /// In the group, but not in service and not counted in the desired capacity.
    Standby,
    /// On its way out of the group, with its machine running on.
    Detaching,
    /// Out of the group, with its machine running on.
    Detached,
    /// Not in the group any more.
    Gone,
}

impl Lifecycle {
    /// As Auto Scaling writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::PendingWait => "Pending:Wait",
            Self::PendingProceed => "Pending:Proceed",
            Self::InService => "InService",
            Self::Terminating => "Terminating",
            Self::TerminatingWait => "Terminating:Wait",
            Self::TerminatingProceed => "Terminating:Proceed",
            Self::TerminatingRetained => "Terminating:Retained",
            Self::EnteringStandby => "EnteringStandby",
            Self::Standby => "Standby",
            Self::Detaching => "Detaching",
            Self::Detached => "Detached",
            Self::Gone => "Terminated",
        }
    }

    /// On its way into service.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Pending | Self::PendingWait | Self::PendingProceed)
    }

    /// On its way out.
    pub fn is_terminating(self) -> bool {
        matches!(
            self,
            Self::Terminating | Self::TerminatingWait | Self::TerminatingProceed | Self::TerminatingRetained
        )
    }

    /// Counted in the desired capacity.
    pub fn is_counted(self) -> bool {
        self.is_pending() || self == Self::InService
    }
}

/// The state of the machine in EC2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ec2State {
    /// Being started.
    Pending,
    /// Running.
    Running,
    /// Being shut down for good.
    ShuttingDown,
    /// Shut down; its network interface is free.
    Terminated,
}

impl Ec2State {
    /// EC2's code and name.
    pub fn code_and_name(self) -> (u16, &'static str) {
        match self {
            Self::Pending => (0, "pending"),
            Self::Running => (16, "running"),
            Self::ShuttingDown => (32, "shutting-down"),
            Self::Terminated => (48, "terminated"),
        }
    }
}

/// The instance as a target of one load balancer, at one port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Never registered, or deregistered.
    Unregistered,
    /// Registered; its first checks run.
    Initial,
    /// Passes its checks.
    Healthy,
    /// Fails them.
    Unhealthy,
    /// Being deregistered.
    Draining,
    /// Fails them, and its connections are being ended.
    UnhealthyDraining,
    /// Registered where no listener and no service uses the target group: nothing checks it.
    Unused,
    /// Nothing is known of its checks.
    Unavailable,
    /// Registered where health checks are switched off: it gets its traffic all the same.
    Unchecked,
}

impl Target {
    /// Whether a load balancer knows it, and checks it or would if its checks were not switched off.
    pub fn is_checked(self) -> bool {
        !matches!(self, Self::Unregistered | Self::Unused)
    }

    /// Whether its load balancer keeps no traffic from it.
    fn takes_traffic(self) -> bool {
        matches!(self, Self::Healthy | Self::Unused | Self::Unchecked)
    }
}

/// What Auto Scaling thinks of an instance's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// No check has failed, or none counts yet.
    Healthy,
    /// To be replaced.
    Unhealthy,
}

impl Health {
    /// As Auto Scaling writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "Healthy",
            Self::Unhealthy => "Unhealthy",
        }
    }
}

/// Whether the application on an instance works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Application {
    /// It answers health checks once it has started.
    Works,
    /// It does not.
    Broken,
}

/// What an instance was launched from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A version of a launch template.
    Template {
        /// The template's id.
        template: Arc<str>,
        /// The version's number.
        version: u32,
    },
    /// A launch configuration.
    Configuration(Arc<str>),
}

/// An instance of a group.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// Index of its Availability Zone in the group's list.
    pub zone: usize,
    /// E.g. `m6g.large`.
    pub instance_type: Arc<str>,
    /// Units of capacity it counts for; 1 in a group without weights.
    pub weight: u32,
    /// What it was launched from.
    pub origin: Origin,
    /// Its tags in EC2, besides the one that names its group: those that the group had when it was launched.
    pub tags: Arc<BTreeMap<Arc<str>, Arc<str>>>,
    /// Where it stands in the group.
    pub lifecycle: Lifecycle,
    /// The machine's state.
    pub ec2_state: Ec2State,
    /// Auto Scaling's opinion.
    pub health: Health,
    /// Whether its application works.
    pub application: Application,
    /// As a target, by the group's registrations in their order.
    pub targets: Vec<Target>,
    /// Whether scale-in passes it over.
    pub protected: bool,
    /// When it was launched.
    pub launched_at: Moment,
    /// When it last came into service.
    pub in_service_at: Option<Moment>,
    /// Why it is on its way out.
    pub cause: Option<TerminationCause>,
    /// Index of the group's activity that launches or terminates it.
    pub activity: Option<usize>,
}

impl Instance {
    /// Whether somebody has taken it out of the group with its machine running on.
    pub(crate) fn is_detached(&self) -> bool {
        self.lifecycle == Lifecycle::Detached
    }

    /// In service and passing every check there is: Auto Scaling's, and each load balancer's.
    pub fn serves(&self) -> bool {
        self.ec2_state == Ec2State::Running && self.is_said_to_serve()
    }

    /// What AWS answers when asked whether it serves. It notices a machine's death only some time after.
    pub fn is_said_to_serve(&self) -> bool {
        self.lifecycle == Lifecycle::InService
            && self.health == Health::Healthy
            && self.targets.iter().all(|target| target.takes_traffic())
    }
}
