//! Why one thing is there, as it is told.

use serde::Serialize;

/// What can be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ThingKind {
    /// Something that is deployed, but for alarms.
    Resource,
    /// An alarm.
    Alarm,
    /// An API call that somebody is allowed or forbidden.
    Action,
    /// A statement of a policy.
    Statement,
    /// What a deployment may set.
    Parameter,
    /// What a deployment tells.
    Output,
    /// A state of the state machine.
    State,
}

impl ThingKind {
    /// What it is called, of one and of several.
    pub fn nouns(self) -> [&'static str; 2] {
        match self {
            Self::Resource => ["resource", "resources"],
            Self::Alarm => ["alarm", "alarms"],
            Self::Action => ["IAM action", "IAM actions"],
            Self::Statement => ["policy statement", "policy statements"],
            Self::Parameter => ["parameter", "parameters"],
            Self::Output => ["output", "outputs"],
            Self::State => ["state", "states"],
        }
    }
}

/// Why one thing is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// What it is asked by.
    pub name: String,
    /// What kind of thing it is.
    pub kind: ThingKind,
    /// The other names that it has: in another format, once deployed, in `stack.yaml`.
    pub other_names: Vec<String>,
    /// What it is for, in sentences.
    pub purpose: String,
    /// What else there is to know.
    pub facts: Vec<Fact>,
}

/// Something to know of a thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What it is about, in a word or three.
    pub about: &'static str,
    /// What there is to say.
    pub says: Vec<String>,
}

impl Explanation {
    pub(super) fn new(kind: ThingKind, name: impl Into<String>, purpose: impl Into<String>) -> Self {
        let (name, purpose) = (name.into(), purpose.into());
        Self { name, kind, other_names: Vec::new(), purpose, facts: Vec::new() }
    }

    /// Says something more, where there is something to say.
    pub(super) fn tell(&mut self, about: &'static str, says: impl IntoIterator<Item = impl Into<String>>) {
        let says: Vec<String> = says.into_iter().map(Into::into).collect();
        if !says.is_empty() {
            self.facts.push(Fact { about, says });
        }
    }

    /// Gives it another name, unless it has it.
    pub(super) fn also(&mut self, name: impl Into<String>) {
        let name = name.into();
        if name != self.name && !self.other_names.contains(&name) {
            self.other_names.push(name);
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        [&self.name].into_iter().chain(&self.other_names).map(String::as_str)
    }
}
