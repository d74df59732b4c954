//! What a run begins with, besides the world: the triggers of recycles, and when executions are stopped.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::simulate::invariants::OwnSizes;
use asg_recycle_simulator::time::Span;

/// An event from outside that makes the handler decide.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TriggerSpec {
    /// How long after the beginning.
    #[serde(default)]
    pub at: Span,
    /// How much later than usual its event is delivered: a redriven one comes hours after it.
    #[serde(default)]
    pub delivered_after: Span,
    /// What happens.
    #[serde(default)]
    pub event: TriggerEvent,
    /// About which group; the first where it is not said.
    #[serde(default)]
    pub group: Option<String>,
    /// About which instances, by their number from 1, where it is about some.
    #[serde(default)]
    pub instances: Vec<u32>,
    /// What somebody who starts an execution by hand writes into its input, key by key; `null` leaves a key out.
    #[serde(default)]
    pub input: BTreeMap<String, Value>,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TriggerEvent {
    /// Somebody set the group's launch template, to what it is anyway.
    #[default]
    LaunchChange,
    /// Somebody set the tag `release`, which reaches instances, to a value that no instance carries.
    TagChange,
    /// Somebody set that tag to the value that the group has; where it has none, an event comes that is long out of date.
    TagRestated,
    /// The last event is delivered once more.
    Redelivery,
    /// AWS Health tells of maintenance that is scheduled for the instances.
    MaintenanceScheduled,
    /// Somebody starts an execution by hand, which names the instances where there are some.
    StartedByHand,
    /// An execution named `former`, which began before the run, has died.
    FormerExecutionDied,
}

impl Default for TriggerSpec {
    fn default() -> Self {
        Self {
            at: Span(0),
            delivered_after: Span(0),
            event: TriggerEvent::LaunchChange,
            group: None,
            instances: Vec::new(),
            input: BTreeMap::new(),
        }
    }
}

/// Somebody stops the oldest running execution.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Stop {
    /// So long after the beginning.
    At(Span),
    /// As soon as it has made so many state transitions.
    AfterTransitions(u64),
    /// As soon as it enters this state; of a Map's children too.
    AtState(String),
}

/// What the run keeps besides what every report needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// Nothing.
    #[default]
    Plain,
    /// Every state that is entered, as [`LogEvent::Entered`](super::LogEvent::Entered).
    States,
    /// Everything that executions are given and do, as [`ExecutionReport::recording`](super::ExecutionReport::recording).
    Recording,
}

/// What a run begins with.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// The events from outside.
    pub triggers: Vec<TriggerSpec>,
    /// When executions are stopped.
    pub stops: Vec<Stop>,
    /// When the first execution that failed, timed out or was stopped is redriven, so long after the beginning.
    pub redrives: Vec<Span>,
    /// What it keeps.
    pub detail: Detail,
    /// What the first group is to be put back to, where it is not what it begins with.
    pub put_back_to: Option<OwnSizes>,
}
