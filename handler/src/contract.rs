//! The words that the handler, the generator and the state machine share: tag keys, environment variables, the
//! execution input and the API calls the handler makes. Every other place reads them from here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A tag on an Auto Scaling group that steers how it is recycled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag {
    /// The tag's key, as set on the group.
    pub key: &'static str,
    /// Whether a group without the tag is not recycled.
    pub required: bool,
    /// The values it takes, for people.
    pub values: &'static str,
    /// What it does, in a sentence without a final period.
    pub summary: &'static str,
}

/// Opts the group in. The state machine's permissions are conditional on its presence.
pub const RECYCLE_ON_ASG_UPDATE: Tag = Tag {
    key: "autorecycle_recycle_on_asg_update",
    required: true,
    values: "`true` or `false`",
    summary: "recycle this group when its launch template or tags change",
};
/// Names the strategy.
pub const STRATEGY: Tag = Tag {
    key: "autorecycle_strategy",
    required: true,
    values: "a strategy's name",
    summary: "how the instances are replaced",
};
/// The Slack channel that is told of each recycle of this group.
pub const SLACK_MONITORING_CHANNEL: Tag = Tag {
    key: "autorecycle_slack_monitoring_channel",
    required: false,
    values: "a channel's name",
    summary: "the Slack channel that follows the recycles of this group",
};
/// Whether failures page.
pub const NOTIFY_PAGER_DUTY: Tag = Tag {
    key: "autorecycle_notify_pager_duty",
    required: false,
    values: "`true` or `false`",
    summary: "page when a recycle of this group fails",
};
/// The owning team.
pub const TEAM: Tag = Tag {
    key: "autorecycle_team",
    required: false,
    values: "a team's name",
    summary: "the team that owns the group; notifications carry it",
};
/// Another state machine to start instead of this stack's.
pub const STEP_FUNCTION_NAME: Tag = Tag {
    key: "autorecycle_step_function_name",
    required: false,
    values: "a state machine's name from `handler.allowed_step_functions`",
    summary: "start this state machine instead of the stack's own",
};
/// Plan only.
pub const DRY_RUN: Tag = Tag {
    key: "autorecycle_dry_run",
    required: false,
    values: "`true` or `false`",
    summary: "report what would be replaced, and change nothing",
};
/// The name shown for the group.
pub const OVERRIDE_COMPONENT_NAME: Tag = Tag {
    key: "autorecycle_override_component_name",
    required: false,
    values: "a component's name",
    summary: "the name used in notifications instead of the one derived from the group's name",
};
/// When recycling is allowed.
pub const RECYCLE_WINDOW: Tag = Tag {
    key: "autorecycle_recycle_window",
    required: false,
    values: "`[DAYS ]HH:MM[:SS],HH:MM[:SS]`, e.g. `22:00,04:00` or `Mon-Fri 09:30,16:00`",
    summary: "the time in which the group may be recycled; may span midnight",
};
/// When recycling is not allowed.
pub const EXCLUSION_WINDOW: Tag = Tag {
    key: "autorecycle_exclusion_window",
    required: false,
    values: "`[DAYS ]HH:MM[:SS],HH:MM[:SS]`, as for the recycle window",
    summary: "the time in which the group must not be recycled; may span midnight",
};
/// The zone of both windows.
pub const TIME_ZONE: Tag = Tag {
    key: "autorecycle_time_zone",
    required: false,
    values: "an IANA time zone",
    summary: "the time zone of the windows, instead of the stack's",
};

/// Every tag, required ones first; documentation and the `tags` command iterate this.
pub const TAGS: &[Tag] = &[
    RECYCLE_ON_ASG_UPDATE,
    STRATEGY,
    SLACK_MONITORING_CHANNEL,
    NOTIFY_PAGER_DUTY,
    TEAM,
    STEP_FUNCTION_NAME,
    DRY_RUN,
    OVERRIDE_COMPONENT_NAME,
    RECYCLE_WINDOW,
    EXCLUSION_WINDOW,
    TIME_ZONE,
];

/// An environment variable that configures the handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name in the function's environment and in `settings.json`.
    pub name: &'static str,
    /// Whether the handler refuses to start without it.
    pub required: bool,
    /// What it holds, in a sentence without a final period.
    pub summary: &'static str,
}

/// ARN of the state machine to start.
pub const STATE_MACHINE_ARN: Variable =
    Variable { name: "STATE_MACHINE_ARN", required: true, summary: "ARN of the state machine to start" };
/// ARN of the topic that faults are published to.
pub const TOPIC_ARN: Variable = Variable {
    name: "TOPIC_ARN",
    required: true,
    summary: "ARN of the topic that rejected groups are reported to",
};
/// The strategies of the deployed machine.
pub const STRATEGIES: Variable = Variable {
    name: "STRATEGIES",
    required: true,
    summary: "comma-separated strategy names of the state machine; a name that needs windows ends with `:windowed`",
};
/// The zone of windows on groups without the time-zone tag.
pub const DEFAULT_TIME_ZONE: Variable = Variable {
    name: "DEFAULT_TIME_ZONE",
    required: true,
    summary: "IANA time zone of windows on groups without the time zone tag",
};
/// Which tag changes count.
pub const TAG_CHANGES: Variable = Variable {
    name: "TAG_CHANGES",
    required: true,
    summary: "which tag changes recycle a group: `propagated`, `all` or `none`",
};
/// Tags whose changes never count, besides [`SERVICE_TAG_KEYS`].
pub const IGNORED_TAG_KEYS: Variable = Variable {
    name: "IGNORED_TAG_KEYS",
    required: false,
    summary: "comma-separated keys of tags whose changes do not count; one that ends with `*` stands for every key that begins so",
};
/// Where successes are announced (the payload's `success_channel`).
pub const SLACK_CHANNEL: Variable = Variable {
    name: "SLACK_CHANNEL",
    required: false,
    summary: "Slack channel that successful recycles are announced in",
};
/// Names of this stack's own roles, so that its own calls start nothing.
pub const OWN_ROLE_ARNS: Variable = Variable {
    name: "OWN_ROLE_ARNS",
    required: true,
    summary: "comma-separated ARNs of this stack's roles, whose calls never start a recycle",
};
/// Other machines that a tag may name.
pub const ALLOWED_STEP_FUNCTIONS: Variable = Variable {
    name: "ALLOWED_STEP_FUNCTIONS",
    required: false,
    summary: "comma-separated names of other state machines that a group's tag may name",
};
/// Which groups belong to the stack, by name.
pub const GROUP_NAME_PREFIXES: Variable = Variable {
    name: "GROUP_NAME_PREFIXES",
    required: false,
    summary: "comma-separated beginnings of names: a group belongs to the stack only if its name has one of them",
};
/// Which groups belong to the stack, by tags.
pub const GROUP_TAGS: Variable = Variable {
    name: "GROUP_TAGS",
    required: false,
    summary: "JSON object of tags: a group belongs to the stack only if it carries each with that value",
};

/// Every variable; the stack sets them and the handler's configuration reads them from here.
pub const VARIABLES: &[Variable] = &[
    STATE_MACHINE_ARN,
    TOPIC_ARN,
    STRATEGIES,
    DEFAULT_TIME_ZONE,
    TAG_CHANGES,
    IGNORED_TAG_KEYS,
    SLACK_CHANNEL,
    OWN_ROLE_ARNS,
    ALLOWED_STEP_FUNCTIONS,
    GROUP_NAME_PREFIXES,
    GROUP_TAGS,
];

/// The authorities that TLS trusts, in place of the system's.
pub const CA_BUNDLE: Variable = Variable {
    name: "AWS_CA_BUNDLE",
    required: false,
    summary: "PEM file of the authorities that TLS trusts; one that is packaged lies under `/var/task/`",
};

/// How AWS is reached. The stack sets none of these: they are for `settings.json`, or for a function's environment
/// that somebody else sets.
pub const CONNECTION_VARIABLES: &[Variable] = &[
    CA_BUNDLE,
    connection("SSL_CERT_FILE", "the same, where `AWS_CA_BUNDLE` is not set"),
    connection("AWS_ENDPOINT_URL", "where every call goes, e.g. to an endpoint in a VPC"),
    connection("AWS_ENDPOINT_URL_AUTO_SCALING", "where calls of Auto Scaling go"),
    connection("AWS_ENDPOINT_URL_SFN", "where calls of Step Functions go"),
    connection("AWS_ENDPOINT_URL_SNS", "where calls of SNS go"),
    connection("AWS_USE_FIPS_ENDPOINT", "whether AWS's FIPS endpoints are called: `true` or `false`"),
    connection(
        "AWS_USE_DUALSTACK_ENDPOINT",
        "whether AWS's endpoints with IPv6 are called: `true` or `false`",
    ),
];

const fn connection(name: &'static str, summary: &'static str) -> Variable {
    Variable { name, required: false, summary }
}

/// Keys of tags that AWS and the controllers of clusters set as marks of their own, written as [`IGNORED_TAG_KEYS`]
/// are. Such a tag says what a group is to them, and no instance is outdated for lack of it.
pub const SERVICE_TAG_KEYS: &[&str] = &[
    "aws:*",
    "AmazonECSManaged",
    "AmazonECSCreated",
    "eks:*",
    "k8s.io/*",
    "kubernetes.io/*",
    "karpenter.sh/*",
    "elasticbeanstalk:*",
];

/// An AWS API call that the handler makes, as IAM spells it. The role's permissions are computed from these.
pub const API_CALLS: &[&str] = &[
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeAutoScalingInstances",
    "sns:Publish",
    "states:StartExecution",
];

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
}
