//! What happens in a world besides what the state machine does: a list of entries, each a moment and a deed.
//!
//! ```yaml
//! - at: 90s
//!   do: {kill: {which: new}}
//! - after_call: {action: updateAutoScalingGroup}
//!   do: {fail_calls: {action: describeAutoScalingGroups, count: 3, error: throttling}}
//! - after_event: {event: in_service, nth: 2}
//!   delay: 5s
//!   do: delete_group
//! ```

use serde::Deserialize;

use crate::simulate::time::Span;

use super::faults::FaultSpec;
use super::group::Group;
use super::processes::Process;
use super::record::GroupIndex;
use super::spec::{DEFAULT_TEMPLATE, LaunchSpec};

/// Why a script or a description of a world makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// The text is no list of entries.
    #[error("the events cannot be read: {reason}")]
    Text {
        /// What the YAML library says.
        reason: String,
    },
    /// An entry has no moment, or more than one.
    #[error("event {entry} needs exactly one of `at`, `after_call` and `after_event`")]
    When {
        /// Its number, from 1.
        entry: usize,
    },
    /// An entry names a group that is not there.
    #[error("event {entry} names the group `{group}`, which the world does not have")]
    Group {
        /// Its number, from 1.
        entry: usize,
        /// The name.
        group: String,
    },
    /// An entry waits for something that never happens.
    #[error("event {entry} waits for `{event}`, which is no event: they are {known}")]
    Event {
        /// Its number, from 1.
        entry: usize,
        /// The name.
        event: String,
        /// The names there are.
        known: String,
    },
    /// The world's description contradicts itself.
    #[error("the world cannot be built: {reason}")]
    Spec {
        /// How.
        reason: String,
    },
}

/// Names of events that an entry may wait for.
pub const EVENTS: [&str; 18] = [
    "launched",
    "launch_failed",
    "in_service",
    "targets_healthy",
    "marked_unhealthy",
    "held_by_hook",
    "terminating",
    "left",
    "machine_terminated",
    "struck",
    "sized",
    "suspended",
    "launch_source_changed",
    "refresh_started",
    "refresh_ended",
    "changed",
    "deleting",
    "deleted",
];

/// The whole script.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// Its entries, in the order written.
    pub entries: Vec<Entry>,
}

/// One entry.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When it happens.
    pub when: When,
    /// How long after that.
    pub delay: Span,
    /// To which group; the first where it is not said.
    pub group: Option<String>,
    /// What happens.
    pub deed: Deed,
}

/// When an entry happens.
#[derive(Debug, Clone)]
pub enum When {
    /// So long after the world began.
    At(Span),
    /// Right after a call.
    AfterCall(CallPoint),
    /// Right after an event of the group.
    AfterEvent(EventPoint),
}

/// A call to wait for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallPoint {
    /// Its service, where that matters.
    #[serde(default)]
    pub service: Option<String>,
    /// Its action.
    pub action: String,
    /// Which of them, from 1.
    #[serde(default = "first")]
    pub nth: u32,
}

/// An event to wait for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventPoint {
    /// Its name, one of [`EVENTS`].
    pub event: String,
    /// Which of them, from 1.
    #[serde(default = "first")]
    pub nth: u32,
}

fn first() -> u32 {
    1
}

/// What happens.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Deed {
    /// An alarm's policy changes the desired capacity, within the bounds and unless it is suspended.
    ScalingPolicy(Amount),
    /// A schedule changes sizes, unless it is suspended.
    ScheduledAction(SizeChange),
    /// Somebody changes sizes.
    SetSizes(SizeChange),
    /// Machines die.
    Kill(Choice),
    /// Applications stop answering, on machines that run.
    BreakApplication(Choice),
    /// What is launched from now on never answers, for a time.
    BreakLaunches(Lasting),
    /// Launches find no capacity, for a time.
    FailLaunches(FailLaunches),
    /// Hooks are not completed, for a time.
    StickHook(StickHook),
    /// Somebody deletes the group.
    DeleteGroup,
    /// Somebody makes a new version of a launch template.
    NewTemplateVersion(NewTemplateVersion),
    /// Somebody makes a version the default.
    SetDefaultVersion(DefaultVersion),
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
    /// Somebody protects instances from scale-in.
    Protect(Choice),
    /// Somebody takes that protection away.
    Unprotect(Choice),
    /// Somebody puts instances in standby, which lowers the desired capacity.
    Standby(Choice),
    /// Somebody sets a tag.
    SetTag(TagSpec),
    /// Somebody removes one.
    RemoveTag(String),
    /// Calls fail.
    FailCalls(FaultSpec),
}

/// A new desired capacity.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Amount {
    /// More or fewer.
    By(i32),
    /// This.
    To(u32),
}

/// New sizes; those left out stay.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SizeChange {
    /// Minimum.
    pub min: Option<u32>,
    /// Maximum.
    pub max: Option<u32>,
    /// Desired capacity.
    pub desired: Option<u32>,
}

/// Some of the live instances.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Choice {
    /// Of which.
    pub which: Which,
    /// How many, from the first launched.
    pub count: u32,
}

impl Default for Choice {
    fn default() -> Self {
        Self { which: Which::Any, count: 1 }
    }
}

/// Which instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// Any.
    Any,
    /// There when the world began.
    Old,
    /// Launched since.
    New,
    /// Launched since, and not yet in service.
    Pending,
}

/// For how long.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lasting {
    /// Until so much later; for ever where it is left out.
    #[serde(rename = "for", default = "for_ever")]
    pub lasts: Span,
}

fn for_ever() -> Span {
    Span::seconds(10 * 365 * 86_400)
}

/// Launches that find no capacity.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailLaunches {
    /// Until so much later; for ever where it is left out.
    #[serde(rename = "for", default = "for_ever")]
    pub lasts: Span,
    /// Only in this zone.
    #[serde(default)]
    pub zone: Option<String>,
    /// What AWS says.
    #[serde(default = "insufficient_capacity")]
    pub message: String,
}

fn insufficient_capacity() -> String {
    "We currently do not have sufficient m6g.large capacity in the Availability Zone you requested. Our system will be \
     working on provisioning additional capacity. Launching EC2 instance failed."
        .to_owned()
}

/// Hooks that are not completed.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StickHook {
    /// Which.
    pub on: Transition,
    /// Until so much later; for ever where it is left out.
    #[serde(rename = "for", default = "for_ever")]
    pub lasts: Span,
}

/// What a hook holds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transition {
    /// Coming into service.
    Launch,
    /// Leaving.
    Terminate,
}

/// A new version of a launch template.
#[derive(Debug, Clone, Deserialize)]
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
#[derive(Debug, Clone, Deserialize)]
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
#[derive(Debug, Clone, Default, Deserialize)]
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
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagSpec {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    #[serde(default)]
    at: Option<Span>,
    #[serde(default)]
    after_call: Option<CallPoint>,
    #[serde(default)]
    after_event: Option<EventPoint>,
    #[serde(default)]
    delay: Span,
    #[serde(default)]
    group: Option<String>,
    #[serde(rename = "do")]
    deed: Deed,
}

impl Script {
    /// Reads a list of entries.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        serde_yaml::from_str(text).map_err(|error| ScriptError::Text { reason: error.to_string() })
    }

    /// Sees to it that every entry can happen.
    pub fn check(&self, groups: &[Group]) -> Result<(), ScriptError> {
        for (index, entry) in self.entries.iter().enumerate() {
            let number = index + 1;
            if let Some(name) =
                entry.group.as_ref().filter(|name| !groups.iter().any(|group| *group.name == ***name))
            {
                return Err(ScriptError::Group { entry: number, group: name.clone() });
            }
            if let When::AfterEvent(point) = &entry.when
                && !EVENTS.contains(&point.event.as_str())
            {
                let known = EVENTS.join(", ");
                return Err(ScriptError::Event { entry: number, event: point.event.clone(), known });
            }
        }
        Ok(())
    }

    /// The index of the group that an entry is about.
    pub fn group_of(&self, entry: usize, find: impl Fn(&str) -> Option<GroupIndex>) -> Option<GroupIndex> {
        match &self.entries[entry].group {
            Some(name) => find(name),
            None => Some(0),
        }
    }
}

impl<'de> Deserialize<'de> for Script {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw: Vec<RawEntry> = Vec::deserialize(from)?;
        let entries = raw.into_iter().enumerate().map(|(index, raw)| {
            let when = match (raw.at, raw.after_call, raw.after_event) {
                (Some(at), None, None) => When::At(at),
                (None, Some(point), None) => When::AfterCall(point),
                (None, None, Some(point)) => When::AfterEvent(point),
                _ => return Err(serde::de::Error::custom(ScriptError::When { entry: index + 1 })),
            };
            Ok(Entry { when, delay: raw.delay, group: raw.group, deed: raw.deed })
        });
        Ok(Self { entries: entries.collect::<Result<_, _>>()? })
    }
}
