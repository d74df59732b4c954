//! The input of an execution, as the handler writes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Version of [`ExecutionInput`]; a change that a reader must know of raises it.
pub const INPUT_VERSION: u32 = 1;

/// The emoji of every payload, as the existing state machines expect it.
pub const EMOJI: &str = ":robot_face:";

/// How far ahead [`ExecutionInput::windows`] looks, in days.
pub const WINDOW_HORIZON_DAYS: i64 = 15;

/// What an execution is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Replace the group's instances.
    Recycle,
    /// Put back what a dead execution left changed.
    Restore,
}

/// Which instances a recycle replaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Replace {
    /// Those that differ from the group's current launch source, or do not carry what its tags say that the event names.
    Outdated,
    /// All that are in the group when the recycle starts. People ask for that; no event does.
    All,
    /// Those with these ids, whether they are outdated or not, and no others.
    #[serde(untagged)]
    Named(Vec<String>),
}

/// A period in which a timed recycle may act, in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// RFC 3339, UTC, ending in `Z`.
    pub opens_at: String,
    /// RFC 3339, UTC, ending in `Z`; exclusive.
    pub closes_at: String,
}

/// The input of an execution. The first eleven keys keep the names and types that existing state machines read:
/// text exactly as tagged, absent where the tag is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutionInput {
    /// AWS account of the group.
    pub account_id: String,
    /// Slack channel for successes; empty where none is configured.
    pub success_channel: String,
    /// Name shown to people.
    pub component: String,
    /// The group to recycle.
    pub auto_scaling_group_name: String,
    /// Slack emoji of the messages.
    pub emoji: String,
    /// The strategy that the group's tag names.
    pub strategy: String,
    /// Tag `autorecycle_slack_monitoring_channel`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub monitoring_slack_channel: Option<String>,
    /// Tag `autorecycle_notify_pager_duty`, as text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub notify_pager_duty: Option<String>,
    /// Tag `autorecycle_team`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub team: Option<String>,
    /// Tag `autorecycle_step_function_name`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub step_function_name: Option<String>,
    /// Tag `autorecycle_dry_run`, as text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub dry_run: Option<String>,
    /// Whether to begin although alarms are on, and not to listen to those, as text. People ask for that; no event does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub despite_alarms: Option<String>,
    /// Version of this input.
    pub version: u32,
    /// What the execution is for.
    pub mode: Mode,
    /// Which instances are replaced.
    pub replace: Replace,
    /// What the event asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub asked_for: Option<AskedFor>,
    /// Present for strategies that keep to windows: the next 15 days.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub windows: Option<Vec<Window>>,
    /// Where the execution came from.
    pub trigger: TriggerRecord,
    /// Of a restore, which of those of one dead execution it is, from 1: one that dies is followed by another, and the
    /// last by none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub restore_attempt: Option<u64>,
}

/// What an event asked for, and when: a look at the group that does not show it may be older than the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedFor {
    /// When, RFC 3339, UTC, ending in `Z`.
    pub at: String,
    /// The launch template that was set.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub launch_template: Option<LaunchTemplateAsked>,
    /// Name of the launch configuration that was set.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub launch_configuration: Option<String>,
    /// What `$Latest` or `$Default` of a launch template was moved to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub template_version: Option<TemplateVersionAsked>,
    /// Tags that were set, with their values, and those that were deleted, with null. Instances are compared by these
    /// keys.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub tags: BTreeMap<String, Option<String>>,
}

/// A launch template as a call names it; what the call does not say is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchTemplateAsked {
    /// `lt-...`
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// A number, `$Latest` or `$Default`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<String>,
}

/// A version that a launch template's alias was moved to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateVersionAsked {
    /// `lt-...`
    pub id: String,
    /// `$Latest` or `$Default`.
    pub alias: String,
    /// The version.
    pub version: u64,
}

/// How the names of the machine's own errors begin: it has put back what it could, and told of it, when it fails by one.
pub const OWN_ERRORS: &str = "Recycle.";

/// What caused an execution, for people and for tracing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriggerRecord {
    /// The API call, status change or type of event in AWS Health, e.g. `UpdateAutoScalingGroup`.
    pub event_name: String,
    /// The event's id, where it has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub event_id: Option<String>,
    /// ARN of the dead execution that a restore cleans up after.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub execution_arn: Option<String>,
    /// ARN of whoever started it by hand; absent where a call or a status change did, whose event tells who made it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub by: Option<String>,
}
