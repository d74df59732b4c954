//! What happens in a world besides what the state machine does: a list of entries, each a moment and an intervention.
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

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

use crate::time::Span;
use crate::world::ids::GroupIndex;

use super::interventions::Intervention;
use super::record::GroupEvent;

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

/// The whole script.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// Its entries, in the order written.
    pub entries: Vec<ScriptEntry>,
}

/// One entry.
#[derive(Debug, Clone)]
pub struct ScriptEntry {
    /// When it happens.
    pub when: When,
    /// How long after that.
    pub delay: Span,
    /// To which group; the first where it is not said.
    pub group: Option<String>,
    /// What happens.
    pub intervention: Intervention,
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

/// An entry that the world did not do.
#[derive(Debug, Clone)]
pub struct Undone {
    /// Its number, from 1.
    pub entry: usize,
    /// Why.
    pub why: WhyUndone,
}

/// Why an entry was not done.
#[derive(Debug, Clone)]
pub enum WhyUndone {
    /// What it waits for did not come, or not as often; where that is left out, all was over before its time.
    NeverCame(Option<When>),
    /// It was done, and changed nothing, for this reason.
    ChangedNothing(&'static str),
}

/// A call to wait for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventPoint {
    /// Its name, one of [`GroupEvent::NAMES`].
    #[schemars(description = format!("Its name: one of `{}`.", GroupEvent::NAMES.join("`, `")))]
    pub event: String,
    /// Which of them, from 1.
    #[serde(default = "first")]
    pub nth: u32,
}

fn first() -> u32 {
    1
}

/// Something that happens in the world, at one of three kinds of moments.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Event")]
struct RawEntry {
    /// So long after the world began.
    #[serde(default)]
    at: Option<Span>,
    /// Right after a call.
    #[serde(default)]
    after_call: Option<CallPoint>,
    /// Right after an event of the group.
    #[serde(default)]
    after_event: Option<EventPoint>,
    /// How long after that.
    #[serde(default)]
    delay: Span,
    /// To which group; the first where it is not said.
    #[serde(default)]
    group: Option<String>,
    /// What happens.
    #[serde(rename = "do")]
    intervention: Intervention,
}

impl Script {
    /// Reads a list of entries.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        serde_yaml::from_str(text).map_err(|error| ScriptError::Text { reason: error.to_string() })
    }

    /// Sees to it that every entry can happen.
    pub fn check(&self, has_group: impl Fn(&str) -> bool) -> Result<(), ScriptError> {
        for (index, entry) in self.entries.iter().enumerate() {
            let number = index + 1;
            if let Some(name) = entry.group.as_ref().filter(|name| !has_group(name)) {
                return Err(ScriptError::Group { entry: number, group: name.clone() });
            }
            if let When::AfterEvent(point) = &entry.when
                && !GroupEvent::NAMES.contains(&point.event.as_str())
            {
                let known = GroupEvent::NAMES.join(", ");
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

impl JsonSchema for Script {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Script".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<RawEntry>::json_schema(generator)
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
            Ok(ScriptEntry { when, delay: raw.delay, group: raw.group, intervention: raw.intervention })
        });
        Ok(Self { entries: entries.collect::<Result<_, _>>()? })
    }
}
