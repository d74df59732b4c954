//! What a key of `stack.yaml` is: its path, what it takes, its default and what it is for.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::format::TextFormat;
use super::tags::Tags;
use crate::problem::Problem;

/// A key of `stack.yaml`.
#[derive(Debug)]
pub struct Key<'a> {
    /// Dotted path, e.g. `handler.memory_megabytes`.
    pub path: Cow<'static, str>,
    /// Which values fit.
    pub kind: KeyKind<'a>,
    /// What holds where `stack.yaml` says nothing.
    pub presence: Presence,
    /// What it is for: a fragment without a final period.
    pub summary: Cow<'a, str>,
}

/// What a key takes.
#[derive(Debug)]
pub enum KeyKind<'a> {
    /// `true` or `false`.
    Boolean,
    /// A whole number between bounds, both included.
    Integer {
        /// The smallest that fits.
        minimum: u64,
        /// The largest that fits.
        maximum: u64,
    },
    /// The same, or 0 to switch off.
    IntegerOrOff {
        /// The smallest that fits, but for 0.
        minimum: u64,
        /// The largest that fits.
        maximum: u64,
    },
    /// One of these whole numbers, in ascending order.
    IntegerOf(&'static [u32]),
    /// One of these words.
    Word(Cow<'a, [&'a str]>),
    /// Text of a form.
    Text(fn() -> &'static TextFormat),
    /// An IANA time zone.
    TimeZone,
    /// A list of whole percentages from 1 to 99, in ascending order.
    Percentages {
        /// The most items that fit.
        length_max: usize,
    },
    /// A list of distinct texts of a form.
    List {
        /// The form that each item has.
        of: fn() -> &'static TextFormat,
        /// The most items that fit.
        length_max: usize,
    },
    /// A mapping of AWS tag keys to values.
    Tags {
        /// The most tags that fit.
        count_max: usize,
    },
    /// A mapping of texts to texts.
    Pairs(&'static PairFormat),
}

/// What the texts of a mapping look like.
#[derive(Debug)]
pub struct PairFormat {
    /// The form of each key.
    pub key: fn() -> &'static TextFormat,
    /// The form of each value.
    pub value: fn() -> &'static TextFormat,
    /// The most pairs that fit.
    pub count_max: usize,
    /// What a key and a value are, e.g. `a setting to its value`.
    pub of: &'static str,
    /// What neither form shows; asked first, for it may know better what is wrong.
    pub check: fn(&str, &str) -> Result<(), Problem>,
}

/// What holds where `stack.yaml` says nothing.
#[derive(Debug)]
pub enum Presence {
    /// The key has to be given.
    Required,
    /// The key may be left out, and then nothing holds.
    Optional,
    /// The key may be left out, and then this value holds.
    Default(KeyValue),
}

/// A value that its key takes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum KeyValue {
    Boolean(bool),
    Integer(u64),
    Text(Cow<'static, str>),
    Integers(Vec<u64>),
    List(Vec<String>),
    Tags(Tags),
    Pairs(BTreeMap<String, String>),
}

/// A mapping that holds keys.
#[derive(Debug)]
pub struct Section {
    /// Dotted path, e.g. `strategies.out-in`.
    pub path: Cow<'static, str>,
    /// What its keys are for: a fragment without a final period.
    pub summary: Cow<'static, str>,
}

impl Key<'_> {
    /// The section it stands in; empty at the top.
    pub fn section(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(section, _)| section)
    }

    /// The last part of its path.
    pub fn name(&self) -> &str {
        self.path.rsplit_once('.').map_or(&self.path, |(_, name)| name)
    }

    /// The unit that its name ends in, if it does.
    pub(super) fn unit(&self) -> Option<&'static str> {
        ["seconds", "megabytes", "days"].into_iter().find(|unit| self.name().ends_with(unit))
    }
}

impl KeyKind<'_> {
    /// What it takes, for people, after "takes".
    pub fn takes(&self) -> String {
        match self {
            Self::Boolean => "`true` or `false`".to_owned(),
            Self::Integer { minimum, maximum } => format!("a whole number from {minimum} to {maximum}"),
            Self::IntegerOrOff { minimum, maximum } => {
                format!("0 or a whole number from {minimum} to {maximum}")
            }
            Self::IntegerOf(numbers) => one_of(numbers.iter().map(u32::to_string)),
            Self::Word(words) => one_of(words.iter().map(|word| format!("`{word}`"))),
            Self::Text(format) => format().takes.to_owned(),
            Self::TimeZone => "an IANA time zone, such as `Europe/London`".to_owned(),
            Self::Percentages { length_max } => {
                format!("a list of up to {length_max} whole numbers from 1 to 99, in ascending order")
            }
            Self::List { of, length_max } => format!("a list of up to {length_max}, each {}", of().takes),
            Self::Tags { count_max } => format!("a mapping of up to {count_max} keys to text"),
            Self::Pairs(format) => format!("a mapping of up to {}, each {}", format.count_max, format.of),
        }
    }
}

impl KeyValue {
    /// The value as YAML on one line, which is also JSON but for plain text.
    pub(super) fn to_yaml(&self) -> String {
        match self {
            Self::Text(text) => text.to_string(),
            other => other.to_json().to_string(),
        }
    }

    /// The value as JSON.
    pub(super) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Boolean(value) => (*value).into(),
            Self::Integer(value) => (*value).into(),
            Self::Text(text) => text.as_ref().into(),
            Self::Integers(numbers) => serde_json::json!(numbers),
            Self::List(items) => serde_json::json!(items),
            Self::Tags(tags) => serde_json::json!(tags),
            Self::Pairs(pairs) => serde_json::json!(pairs),
        }
    }
}

/// `a`, `a or b`, `a, b or c`.
pub(super) fn one_of(items: impl Iterator<Item = String>) -> String {
    let items: Vec<_> = items.collect();
    match items.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
