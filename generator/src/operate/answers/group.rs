//! What AWS answers about one group and its execution, as far as it is read. What an answer leaves out is empty.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Items, Members};

/// A page of what a group did, newest first.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct ActivitiesPage {
    /// What it did.
    pub activities: Members<SeenActivity>,
    /// Where the next page begins.
    pub next_token: Option<String>,
}

/// Something that a group did.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct SeenActivity {
    /// What, e.g. `Launching a new EC2 instance: i-...`.
    pub description: String,
    /// E.g. `Successful`.
    pub status_code: String,
    /// When it began, RFC 3339.
    pub start_time: String,
    /// When it ended.
    pub end_time: Option<String>,
}

impl SeenActivity {
    /// Whether an instance came into the group by it: what only fills a warm pool does not count.
    pub fn is_launch(&self) -> bool {
        self.description.starts_with("Launching ") && !self.description.contains("into warm pool")
    }

    /// Whether an instance of the group was terminated by it.
    pub fn is_termination(&self) -> bool {
        self.description.starts_with("Terminating ") && !self.description.contains("from warm pool")
    }
}

/// Some launch configurations.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct ConfigurationsPage {
    /// Those that are there.
    pub launch_configurations: Members<SeenConfiguration>,
}

/// A launch configuration.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct SeenConfiguration {
    /// Its name.
    pub launch_configuration_name: String,
    /// When it was made, RFC 3339.
    pub created_time: String,
}

/// How the targets of a target group are.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct TargetHealthAnswer {
    /// Each target.
    pub target_health_descriptions: Members<TargetHealthDescription>,
}

/// A target and how it is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct TargetHealthDescription {
    /// Which.
    pub target: TargetId,
    /// How it is.
    pub target_health: SeenTargetHealth,
}

/// Which target.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct TargetId {
    /// The instance's id.
    pub id: String,
}

/// How a target is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct SeenTargetHealth {
    /// E.g. `healthy`.
    pub state: String,
    /// Why not, in a word, e.g. `Target.Timeout`.
    pub reason: Option<String>,
}

/// How instances are to a classic load balancer.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct InstanceHealthAnswer {
    /// Each instance.
    pub instance_states: Members<ClassicState>,
}

/// How an instance is to a classic load balancer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct ClassicState {
    /// Which.
    pub instance_id: String,
    /// `InService`, `OutOfService` or `Unknown`.
    pub state: String,
    /// Who is at fault, `ELB` or `Instance`; else `N/A`.
    pub reason_code: String,
}

/// A page of targets of VPC Lattice.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LatticeTargetsPage {
    /// The targets.
    pub items: Vec<LatticeTarget>,
    /// Where the next page begins.
    pub next_token: Option<String>,
}

/// A target of VPC Lattice.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LatticeTarget {
    /// The instance's id.
    pub id: String,
    /// E.g. `HEALTHY`.
    pub status: String,
    /// Why not, in a word.
    pub reason_code: Option<String>,
}

/// Machines, as EC2 has them.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct MachinesPage {
    /// Reservations of machines.
    pub reservation_set: Items<Reservation>,
}

/// Machines that were launched together.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Reservation {
    /// The machines.
    pub instances_set: Items<SeenMachine>,
}

/// A machine.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SeenMachine {
    /// Its id.
    pub instance_id: String,
    /// When it was launched, RFC 3339.
    pub launch_time: String,
}

/// A page of an execution's history.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HistoryPage {
    /// Events, in the order that was asked for.
    pub events: Vec<HistoryEvent>,
    /// Where the next page begins.
    pub next_token: Option<String>,
}

/// Something that happened in an execution.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HistoryEvent {
    /// Its number in the history, from 1.
    pub id: u64,
    /// When, in seconds since the epoch.
    pub timestamp: f64,
    /// Of a state that was entered.
    pub state_entered_event_details: Option<StateDetails>,
    /// Of a state that was left.
    pub state_exited_event_details: Option<StateDetails>,
    /// Of a call that is made.
    pub task_scheduled_event_details: Option<TaskDetails>,
    /// Of one that was answered.
    pub task_succeeded_event_details: Option<TaskDetails>,
    /// Of one that was refused.
    pub task_failed_event_details: Option<TaskDetails>,
}

/// A call of an execution.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TaskDetails {
    /// The action, e.g. `terminateInstanceInAutoScalingGroup`.
    pub resource: String,
    /// Its arguments, JSON.
    pub parameters: Option<String>,
    /// The answer, JSON.
    pub output: Option<String>,
    /// Why it was refused, in a word.
    pub error: Option<String>,
    /// Why.
    pub cause: Option<String>,
}

/// A state that was entered or left.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StateDetails {
    /// Its name.
    pub name: String,
    /// Variables that it assigned, each as JSON.
    pub assigned_variables: BTreeMap<String, String>,
}

/// A state machine.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct MachineAnswer {
    /// Its definition in the Amazon States Language.
    pub definition: String,
    /// The role that it acts as.
    pub role_arn: String,
    /// `ACTIVE`, or `DELETING`.
    pub status: String,
}

impl MachineAnswer {
    /// Whether somebody has deleted it, and only executions that run keep it.
    pub fn is_being_deleted(&self) -> bool {
        self.status == "DELETING"
    }
}
