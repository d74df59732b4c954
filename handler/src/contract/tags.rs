//! Tags on groups: those that steer a recycle, and those that mean nothing to one.

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

/// Keys of tags that AWS and the controllers of clusters set as marks of their own, written as [`IGNORED_TAG_KEYS`](super::IGNORED_TAG_KEYS)
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
