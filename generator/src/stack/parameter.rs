//! What a parameter of the stack is: what may differ from one deployment to the next.

use std::borrow::Cow;

use serde::Serialize;

pub use super::parameter_key::{Group, ParameterKey};
use super::value::Value;
use crate::config::{Config, TextFormat};
use crate::names::{self, regions};

/// One parameter of the stack; each format decides how it offers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parameter {
    /// Its identity and name.
    pub key: ParameterKey,
    /// What it sets: a sentence with its period.
    pub description: &'static str,
    /// What its values are.
    pub kind: ParameterKind,
    /// Whether it may be left without a value: "nothing" is then a value of its own.
    pub optional: bool,
    /// Its value where none is given. Without one, and unless optional, it has to be given.
    pub default: Option<Value>,
    /// What its values have to satisfy.
    pub check: Check,
    /// Whether its value is a secret: no format shows it, and it has no default.
    pub secret: bool,
    /// Which parameters it stands with.
    pub group: Group,
}

/// What a parameter's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum ParameterKind {
    Text,
    Number,
    Bool,
    TextList,
    TextMap,
}

/// What a parameter's values have to satisfy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Any value of its kind.
    Any,
    /// A pattern that the whole value, or each item of a list, has to match. Only what RE2 and Java's regular
    /// expressions read alike.
    Pattern {
        /// The pattern without anchors.
        pattern: String,
        /// Longest value, in characters; of a list, most items.
        length_max: Option<usize>,
        /// What it asks for, to complete "must be ..."; without the length.
        meaning: Cow<'static, str>,
    },
    /// A region of the stack's partition.
    Region {
        /// The partition, as ARNs name it.
        partition: &'static str,
        /// Its regions, with those that `stack.yaml` says are newer.
        known: Vec<Value>,
    },
    /// One of a few values.
    OneOf(Vec<Value>),
    /// Keys of tags that AWS does not keep for itself: none that begins with `aws:`, in any case.
    TagKeys,
}

/// What ARNs of any partition begin with in the forms of `stack.yaml`.
const ANY_PARTITION: &str = "arn:aws[a-z-]*:";

/// A parameter that takes any text and has to be given.
pub(super) fn text(key: ParameterKey, group: Group) -> Parameter {
    Parameter {
        key,
        description: "",
        kind: ParameterKind::Text,
        optional: false,
        default: None,
        check: Check::Any,
        secret: false,
        group,
    }
}

impl Parameter {
    pub(super) fn says(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    pub(super) fn defaults_to(self, default: Option<&str>) -> Self {
        Self { default: default.map(Value::from), ..self }
    }

    pub(super) fn may_be_nothing(self, default: Option<&str>) -> Self {
        Self { optional: true, ..self.defaults_to(default) }
    }

    pub(super) fn kept_secret(self) -> Self {
        Self { secret: true, ..self }
    }

    /// Its values have the form that `stack.yaml` takes for the same thing.
    pub(super) fn fits(self, format: &'static TextFormat) -> Self {
        self.matches(format.pattern, format.takes).at_most(format.length_max)
    }

    pub(super) fn matches(self, pattern: &str, meaning: &'static str) -> Self {
        let check = Check::Pattern { pattern: pattern.to_owned(), length_max: None, meaning: meaning.into() };
        Self { check, ..self }
    }

    /// Its values are regions of the stack's partition.
    pub(super) fn of_regions(self, config: &Config) -> Self {
        let partition = names::partition(&config.region);
        let newer = config.newer_regions.iter().filter(|region| names::partition(region) == partition);
        let newer = newer.map(|region| &**region).filter(|region| !regions::is_known(region));
        let known = regions::beside(&config.region).iter().copied().chain(newer).map(Value::from).collect();
        Self { check: Check::Region { partition, known }, ..self }
    }

    /// ARNs in its values are of one partition, since the stack is.
    pub(super) fn in_partition(mut self, partition: &str) -> Self {
        if let Check::Pattern { pattern, meaning, .. } = &mut self.check {
            *pattern = pattern.replacen(ANY_PARTITION, &format!("arn:{partition}:"), 1);
            *meaning = format!("{meaning} in the partition {partition}").into();
        }
        self
    }

    /// Bounds the length of what has to match a pattern, or the number of items that do.
    pub(super) fn at_most(mut self, most: usize) -> Self {
        if let Check::Pattern { length_max, .. } = &mut self.check {
            *length_max = Some(most);
        }
        self
    }
}
