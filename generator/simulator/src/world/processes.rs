//! The processes of a group that can be suspended.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;

/// A process, in the order in which Auto Scaling lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
pub enum Process {
    /// Launching instances.
    Launch,
    /// Terminating instances.
    Terminate,
    /// Registering launched instances with load balancers.
    AddToLoadBalancer,
    /// Acting on alarms, i.e. scaling policies.
    AlarmNotification,
    /// Evening out the Availability Zones.
    AZRebalance,
    /// Marking instances unhealthy.
    HealthCheck,
    /// Instance refreshes.
    InstanceRefresh,
    /// Replacing what is marked unhealthy.
    ReplaceUnhealthy,
    /// Acting on schedules.
    ScheduledActions,
}

impl Process {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Launch,
        Self::Terminate,
        Self::AddToLoadBalancer,
        Self::AlarmNotification,
        Self::AZRebalance,
        Self::HealthCheck,
        Self::InstanceRefresh,
        Self::ReplaceUnhealthy,
        Self::ScheduledActions,
    ];

    /// As Auto Scaling writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Launch => "Launch",
            Self::Terminate => "Terminate",
            Self::AddToLoadBalancer => "AddToLoadBalancer",
            Self::AlarmNotification => "AlarmNotification",
            Self::AZRebalance => "AZRebalance",
            Self::HealthCheck => "HealthCheck",
            Self::InstanceRefresh => "InstanceRefresh",
            Self::ReplaceUnhealthy => "ReplaceUnhealthy",
            Self::ScheduledActions => "ScheduledActions",
        }
    }

    /// The process of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|process| process.as_str() == name)
    }
}

/// What a call or a scenario names: the processes listed, or, for an empty list as for a missing one, all.
pub fn listed_or_all(listed: &[Process]) -> BTreeSet<Process> {
    if listed.is_empty() { Process::ALL.into() } else { listed.iter().copied().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_process_is_found_by_its_name() {
        assert!(Process::ALL.into_iter().all(|process| Process::named(process.as_str()) == Some(process)));
        assert_eq!(Process::named("launch"), None);
    }

    #[test]
    fn an_empty_list_names_every_process() {
        assert_eq!(listed_or_all(&[]).len(), 9);
        assert_eq!(listed_or_all(&[Process::Launch]), [Process::Launch].into());
    }
}
