//! A definition and its states.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Longest name of a state or of a variable, in characters.
pub const NAME_LENGTH_MAX: usize = 80;

/// One thing that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Name of the state it stands in; empty for the definition as a whole.
    pub state: String,
    /// What is refused, and why.
    pub reason: String,
    /// The text of the state that it is about, a key or a value as it is written, where it is about one.
    pub text: Option<String>,
}

/// A definition.
#[derive(Debug, Default)]
pub struct StateMachine {
    /// The machine's own scope first; what a state runs for each item or branch stands after the state's scope.
    pub scopes: Vec<Scope>,
    /// `TimeoutSeconds`.
    pub timeout_seconds: Option<u32>,
}

/// States that can name each other as targets.
#[derive(Debug)]
pub struct Scope {
    /// Index of the scope around it, and the name of the Map or Parallel there.
    pub owner: Option<(usize, String)>,
    /// Whether it runs as child executions, which see nothing of the scope around it.
    pub distributed: bool,
    /// The first state.
    pub start_at: String,
    /// By name.
    pub states: BTreeMap<String, State>,
}

/// One state.
#[derive(Debug)]
pub struct State {
    /// What it does.
    pub kind: Kind,
    /// Its fields as they are written, without the scopes inside it.
    pub fields: Map<String, Value>,
    /// `Assign`; of a Choice, for its `Default`.
    pub assign: Map<String, Value>,
    /// `Output`; of a Choice, for its `Default`.
    pub output: Option<Value>,
    /// `Next`; none where it ends or is a Choice.
    pub next: Option<String>,
    /// `Retry`.
    pub retriers: Vec<Retrier>,
    /// `Catch`.
    pub catchers: Vec<Catcher>,
}

/// What a state does. Values may hold expressions.
#[derive(Debug)]
pub enum Kind {
    /// Goes on.
    Pass,
    /// Ends well.
    Succeed,
    /// Ends as failed.
    Fail {
        /// `Error`.
        error: Option<Value>,
        /// `Cause`.
        cause: Option<Value>,
    },
    /// Calls an API.
    Task {
        /// `Resource`.
        call: Call,
        /// `Arguments`.
        arguments: Value,
        /// `TimeoutSeconds`.
        timeout_seconds: Option<Value>,
    },
    /// Takes the first rule that holds.
    Choice {
        /// `Choices`.
        rules: Vec<Rule>,
        /// `Default`.
        default: Option<String>,
    },
    /// Waits so long.
    WaitSeconds(Value),
    /// Waits until then.
    WaitTimestamp(Value),
    /// Runs a scope for each item.
    Map {
        /// `Items`.
        items: Option<Value>,
        /// `ItemSelector`.
        selector: Option<Value>,
        /// `MaxConcurrency`.
        concurrency_max: Option<Value>,
        /// `Label`.
        label: Option<String>,
        /// Index of its scope, which says whether it is distributed.
        processor: usize,
    },
    /// Runs scopes beside each other.
    Parallel {
        /// `Arguments`.
        arguments: Option<Value>,
        /// Indices of their scopes.
        branches: Vec<usize>,
    },
}

/// A task's resource, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Step Functions' name of the service, e.g. `elasticloadbalancingv2`.
    pub service: String,
    /// The action in camel case, e.g. `describeTargetHealth`.
    pub action: String,
}

/// A rule of a Choice.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Rule {
    #[serde(rename = "Comment")]
    _comment: Option<IgnoredAny>,
    /// An expression, or a boolean.
    pub condition: Value,
    /// What is assigned on this way.
    #[serde(default)]
    pub assign: Map<String, Value>,
    /// The output on this way.
    #[serde(default, deserialize_with = "present")]
    pub output: Option<Value>,
    /// The state it leads to.
    pub next: String,
}

/// An entry of `Catch`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Catcher {
    #[serde(rename = "Comment")]
    _comment: Option<IgnoredAny>,
    /// Names of errors.
    #[serde(rename = "ErrorEquals")]
    pub errors: Vec<String>,
    /// What is assigned on this way.
    #[serde(default)]
    pub assign: Map<String, Value>,
    /// The output on this way.
    #[serde(default, deserialize_with = "present")]
    pub output: Option<Value>,
    /// The state it leads to.
    pub next: String,
}

/// An entry of `Retry`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Retrier {
    #[serde(rename = "Comment", default)]
    pub(crate) _comment: Option<IgnoredAny>,
    /// Names of errors.
    #[serde(rename = "ErrorEquals")]
    pub errors: Vec<String>,
    /// Wait before the first retry.
    #[serde(default = "one")]
    pub interval_seconds: u32,
    /// Retries at most.
    #[serde(rename = "MaxAttempts", default = "three")]
    pub attempts_max: u32,
    /// By what each wait is longer than the one before; at least 1.
    #[serde(default = "two")]
    pub backoff_rate: f64,
    /// No wait is longer.
    #[serde(rename = "MaxDelaySeconds")]
    pub delay_seconds_max: Option<u32>,
    /// How waits are spread.
    #[serde(rename = "JitterStrategy", default)]
    pub jitter: Jitter,
}

/// `JitterStrategy`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Jitter {
    /// Over the whole wait.
    Full,
    /// Not at all.
    #[default]
    None,
}

fn one() -> u32 {
    1
}

fn three() -> u32 {
    3
}

fn two() -> f64 {
    2.0
}

/// `Some` for a field that is there, be it `null`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
