//! What a script can make happen, and how it is written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::time::Span;

use super::alarms::AlarmState;
use super::injected_failures::InjectedFailure;
use super::processes::Process;
use super::spec::{DEFAULT_TEMPLATE, LaunchSpec};

/// What happens.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Intervention {
    /// An alarm's policy changes the desired capacity, within the bounds and unless it is suspended.
    ScalingPolicy(Amount),
    /// A schedule changes sizes, unless it is suspended.
    ScheduledAction(SizeChange),
    /// Somebody changes sizes, as Terraform and the console do: by `UpdateAutoScalingGroup`.
    SetSizes(SizeChange),
    /// Somebody changes the desired capacity by `SetDesiredCapacity`.
    SetDesiredCapacity(u32),
    /// Machines die.
    Kill(InstanceSelector),
    /// Applications stop answering, on machines that run.
    BreakApplication(InstanceSelector),
    /// What is launched from now on never answers, or stops answering, for a time.
    BreakLaunches(BrokenLaunches),
    /// Targets stay in one state, whatever their checks would say, for a time.
    HoldTargets(TargetsHeld),
    /// Launches find no capacity, for a time.
    FailLaunches(LaunchFailure),
    /// Hooks are not completed, for a time.
    StickHook(HookStuck),
    /// Somebody deletes the group.
    DeleteGroup,
    /// Somebody deletes the group, and makes another of its name as soon as AWS takes it; sizes left out are the old one's.
    ReplaceGroup(SizeChange),
    /// Its owner configures the warm pool otherwise, where there is one.
    ConfigureWarmPool(PoolChange),
    /// Somebody makes a new version of a launch template.
    NewTemplateVersion(NewTemplateVersion),
    /// Somebody makes a version the default.
    SetDefaultVersion(DefaultVersion),
    /// Somebody deletes the launch template of this id.
    DeleteTemplate(String),
    /// Somebody changes what the group launches from.
    LaunchFrom(LaunchSpec),
    /// Somebody suspends processes; an empty list means all.
    Suspend(Vec<Process>),
    /// Somebody resumes processes; an empty list means all.
    Resume(Vec<Process>),
    /// Somebody starts an instance refresh.
    StartInstanceRefresh(RefreshSpec),
    /// Somebody cancels it.
    CancelInstanceRefresh,
    /// An alarm goes off that an instance refresh may watch.
    RefreshAlarm,
    /// Somebody protects instances from scale-in.
    Protect(InstanceSelector),
    /// Somebody takes that protection away.
    Unprotect(InstanceSelector),
    /// Somebody puts instances in standby, which lowers the desired capacity.
    Standby(InstanceSelector),
    /// Somebody puts instances that are in standby back into service, which raises the desired capacity.
    ExitStandby(InstanceSelector),
    /// Somebody detaches instances, which lowers the desired capacity; their machines run on.
    Detach(InstanceSelector),
    /// Somebody terminates instances by Auto Scaling's call, which replaces them unless their places go with them.
    Terminate(Termination),
    /// Instances become as old as the group lets them: Auto Scaling replaces them.
    Expire(InstanceSelector),
    /// EC2 may take machines back soon: Auto Scaling launches others first, and then lets these go.
    PutAtRisk(InstanceSelector),
    /// Somebody sets a tag.
    SetTag(TagSpec),
    /// Somebody removes one.
    RemoveTag(String),
    /// An alarm changes its state, or is made.
    SetAlarm(AlarmChange),
    /// Calls fail, or are answered late.
    FailCalls(InjectedFailure),
    /// Somebody puts an item into the tables of locks.
    PutLockItem(LockItem),
    /// Somebody deletes the item of this key from them.
    DeleteLockItem(String),
}

/// An item of a table of locks.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockItem {
    /// The text of its key.
    pub key: String,
    /// Its other attributes, texts.
    pub attributes: BTreeMap<String, String>,
}

/// A new desired capacity.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Amount {
    /// More or fewer.
    By(i32),
    /// This.
    To(u32),
}

/// New sizes; those left out stay.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SizeChange {
    /// Minimum.
    pub min: Option<u32>,
    /// Maximum.
    pub max: Option<u32>,
    /// Desired capacity.
    pub desired: Option<u32>,
}

/// Another configuration of a warm pool.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PoolChange {
    /// Fewest instances in it.
    pub min_size: u32,
}

/// Some of the live instances.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct InstanceSelector {
    /// Of which.
    pub which: InstanceFilter,
    /// How many, from the first launched.
    pub count: u32,
}

impl Default for InstanceSelector {
    fn default() -> Self {
        Self { which: InstanceFilter::Any, count: 1 }
    }
}

/// Terminations by somebody.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Termination {
    /// Of which instances.
    pub which: InstanceFilter,
    /// How many, from the first launched.
    pub count: u32,
    /// Whether their places go with them; AWS refuses that at the minimum.
    pub decrement: bool,
}

impl Termination {
    pub(crate) fn of(self) -> InstanceSelector {
        InstanceSelector { which: self.which, count: self.count }
    }
}

impl Default for Termination {
    fn default() -> Self {
        let InstanceSelector { which, count } = InstanceSelector::default();
        Self { which, count, decrement: false }
    }
}

/// Which instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InstanceFilter {
    /// Any.
    Any,
    /// There when the world began.
    Old,
    /// Launched since.
    New,
    /// Launched since, and not yet in service.
    Pending,
}

/// Launches whose application does not answer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BrokenLaunches {
    /// Until so much later; for ever where it is left out.
    #[serde(rename = "for", default = "for_ever")]
    pub lasts: Span,
    /// How long after it came into service it stops; it never answers where this is left out.
    #[serde(default)]
    pub works_for: Option<Span>,
    /// The code for which target groups take none of them.
    #[serde(default = "failed_health_checks")]
    pub reason: String,
    /// That in words.
    #[serde(default = "health_checks_failed")]
    pub description: String,
}

fn failed_health_checks() -> String {
    "Target.FailedHealthChecks".to_owned()
}

fn health_checks_failed() -> String {
    "Health checks failed".to_owned()
}

/// An alarm that changes its state.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlarmChange {
    /// Its name.
    pub name: String,
    /// To what.
    pub state: AlarmState,
}

fn for_ever() -> Span {
    Span::seconds(10 * 365 * 86_400)
}

/// Targets that stay in one state.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetsHeld {
    /// In which.
    pub state: TargetState,
    /// Of which instances.
    #[serde(default = "any")]
    pub which: InstanceFilter,
    /// Only at this port; the first is 8080.
    #[serde(default)]
    pub port: Option<u16>,
    /// Until so much later; for ever where it is left out.
    #[serde(rename = "for", default = "for_ever")]
    pub lasts: Span,
}

fn any() -> InstanceFilter {
    InstanceFilter::Any
}

/// States of a target that somebody or something holds it in, as a load balancer has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetState {
    /// Its first checks do not end.
    Initial,
    /// It fails them.
    Unhealthy,
    /// Somebody deregisters it.
    Draining,
    /// It fails them, and its connections are being ended.
    UnhealthyDraining,
    /// The load balancer does not know; VPC Lattice says so of targets that nothing checks, and sends them their traffic.
    Unavailable,
}

/// Launches that find no capacity.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LaunchFailure {
    /// Until so much later; for ever where it is left out.
    #[serde(rename = "for", default = "for_ever")]
    pub lasts: Span,
    /// Only in this zone.
    #[serde(default)]
    pub zone: Option<String>,
    /// What AWS says.
    #[serde(default = "insufficient_capacity")]
    pub message: String,
    /// How many launches succeed before.
    #[serde(default)]
    pub after: u32,
    /// How many tries fail; all of them, in its time, where this is left out.
    #[serde(default)]
    pub tries: Option<u32>,
}

fn insufficient_capacity() -> String {
    "We currently do not have sufficient m6g.large capacity in the Availability Zone you requested. Our system will be \
     working on provisioning additional capacity. Launching EC2 instance failed."
        .to_owned()
}

/// Hooks that are not completed.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HookStuck {
    /// Which.
    pub on: LifecycleTransition,
    /// Until so much later; for ever where it is left out.
    #[serde(rename = "for", default = "for_ever")]
    pub lasts: Span,
}

/// What a hook holds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LifecycleTransition {
    /// Coming into service.
    Launch,
    /// Leaving.
    Terminate,
}

/// A new version of a launch template.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewTemplateVersion {
    /// The template.
    pub id: String,
    /// Whether it becomes the default.
    pub make_default: bool,
}

impl Default for NewTemplateVersion {
    fn default() -> Self {
        Self { id: DEFAULT_TEMPLATE.to_owned(), make_default: false }
    }
}

/// A new default version.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefaultVersion {
    /// The template.
    #[serde(default = "default_template")]
    pub id: String,
    /// The version.
    pub version: u32,
}

fn default_template() -> String {
    DEFAULT_TEMPLATE.to_owned()
}

/// An instance refresh by somebody else.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RefreshSpec {
    /// What it launches from, where that is not what the group does.
    pub desired_configuration: Option<LaunchSpec>,
    /// Percent that stays healthy.
    pub min_healthy: Option<u32>,
    /// Percent that the group may grow to.
    pub max_healthy: Option<u32>,
}

/// A tag.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TagSpec {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}
