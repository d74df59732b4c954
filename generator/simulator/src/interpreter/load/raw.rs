//! A definition's fields by the type of state they stand in. What is not listed here is not supported, and serde
//! refuses it by its name.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Fields that the interpreter reads past.
type Ignored = Option<serde::de::IgnoredAny>;

/// `Some` for a field that is there, be it `null`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
pub(super) enum QueryLanguage {
    #[serde(rename = "JSONata")]
    Jsonata,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RawMachine {
    #[serde(rename = "Comment")]
    pub _comment: Ignored,
    #[serde(rename = "QueryLanguage")]
    pub _query_language: QueryLanguage,
    #[serde(rename = "Version")]
    pub _version: Ignored,
    pub start_at: String,
    pub states: BTreeMap<String, Value>,
    pub timeout_seconds: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RawProcessor {
    #[serde(rename = "Comment")]
    pub _comment: Ignored,
    #[serde(rename = "QueryLanguage")]
    pub _query_language: Option<QueryLanguage>,
    pub processor_config: Option<RawProcessorConfig>,
    pub start_at: String,
    pub states: BTreeMap<String, Value>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RawProcessorConfig {
    pub mode: Option<Mode>,
    #[serde(rename = "ExecutionType")]
    pub _execution_type: Option<ExecutionType>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Mode {
    Inline,
    Distributed,
}

/// Express children have other limits.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum ExecutionType {
    Standard,
}

/// `Next` or `End`.
#[derive(Deserialize)]
#[serde(tag = "Type")]
pub(super) enum RawState {
    Pass(RawPass),
    Task(RawTask),
    Choice(RawChoice),
    Wait(RawWait),
    Map(Box<RawMap>),
    Parallel(RawParallel),
    Succeed(RawSucceed),
    Fail(RawFail),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RawPass {
    #[serde(rename = "Comment")]
    pub _comment: Ignored,
    #[serde(rename = "QueryLanguage")]
    pub _query_language: Option<QueryLanguage>,
    #[serde(default)]
    pub assign: Map<String, Value>,
    #[serde(default, deserialize_with = "present")]
    pub output: Option<Value>,
    pub next: Option<String>,
    pub end: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RawTask {
    #[serde(rename = "Comment")]
    pub _comment: Ignored,
    #[serde(rename = "QueryLanguage")]
    pub _query_language: Option<QueryLanguage>,
    pub resource: String,
    pub arguments: Value,
    #[serde(default, deserialize_with = "present")]
    pub timeout_seconds: Option<Value>,
    #[serde(default)]
    pub assign: Map<String, Value>,
    #[serde(default, deserialize_with = "present")]
    pub output: Option<Value>,
    #[serde(default)]
    pub retry: Vec<RawRetrier>,
    #[serde(default)]
    pub catch: Vec<RawCatcher>,
    pub next: Option<String>,
    pub end: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RawChoice {
    #[serde(rename = "Comment")]
    pub _comment: Ignored,
    #[serde(rename = "QueryLanguage")]
    pub _query_language: Option<QueryLanguage>,
    pub choices: Vec<RawRule>,
    pub default: Option<String>,
    #[serde(default)]
    pub assign: Map<String, Value>,
    #[serde(default, deserialize_with = "present")]
    pub output: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RawRule {
    #[serde(rename = "Comment")]
    pub _comment: Ignored,
    pub condition: Value,
    #[serde(default)]
    pub assign: Map<String, Value>,
    #[serde(default, deserialize_with = "present")]
    pub output: Option<Value>,
    pub next: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RawWait {
    #[serde(rename = "Comment")]
    pub _comment: Ignored,
    #[serde(rename = "QueryLanguage")]
    pub _query_language: Option<QueryLanguage>,
    #[serde(default, deserialize_with = "present")]
    pub seconds: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    pub timestamp: Option<Value>,
    #[serde(default)]
    pub assign: Map<String, Value>,
    #[serde(default, deserialize_with = "present")]
    pub output: Option<Value>,
    pub next: Option<String>,
    pub end: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RawMap {
    #[serde(rename = "Comment")]
    pub _comment: Ignored,
    #[serde(rename = "QueryLanguage")]
    pub _query_language: Option<QueryLanguage>,
    #[serde(default, deserialize_with = "present")]
    pub items: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    pub item_selector: Option<Value>,
    pub item_processor: RawProcessor,
    #[serde(default, deserialize_with = "present")]
    pub max_concurrency: Option<Value>,
    pub label: Option<String>,
    #[serde(default)]
    pub assign: Map<String, Value>,
    #[serde(default, deserialize_with = "present")]
    pub output: Option<Value>,
    #[serde(default)]
    pub retry: Vec<RawRetrier>,
    #[serde(default)]
    pub catch: Vec<RawCatcher>,
    pub next: Option<String>,
    pub end: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RawParallel {
    #[serde(rename = "Comment")]
    pub _comment: Ignored,
    #[serde(rename = "QueryLanguage")]
    pub _query_language: Option<QueryLanguage>,
    #[serde(default, deserialize_with = "present")]
    pub arguments: Option<Value>,
    pub branches: Vec<RawProcessor>,
    #[serde(default)]
    pub assign: Map<String, Value>,
    #[serde(default, deserialize_with = "present")]
    pub output: Option<Value>,
    #[serde(default)]
    pub retry: Vec<RawRetrier>,
    #[serde(default)]
    pub catch: Vec<RawCatcher>,
    pub next: Option<String>,
    pub end: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RawSucceed {
    #[serde(rename = "Comment")]
    pub _comment: Ignored,
    #[serde(rename = "QueryLanguage")]
    pub _query_language: Option<QueryLanguage>,
    #[serde(default, deserialize_with = "present")]
    pub output: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RawFail {
    #[serde(rename = "Comment")]
    pub _comment: Ignored,
    #[serde(rename = "QueryLanguage")]
    pub _query_language: Option<QueryLanguage>,
    #[serde(default, deserialize_with = "present")]
    pub error: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    pub cause: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RawRetrier {
    #[serde(rename = "Comment")]
    pub _comment: Ignored,
    pub error_equals: Vec<String>,
    pub interval_seconds: Option<u32>,
    pub max_attempts: Option<u32>,
    pub backoff_rate: Option<f64>,
    pub max_delay_seconds: Option<u32>,
    pub jitter_strategy: Option<JitterStrategy>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum JitterStrategy {
    Full,
    None,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RawCatcher {
    #[serde(rename = "Comment")]
    pub _comment: Ignored,
    pub error_equals: Vec<String>,
    #[serde(default)]
    pub assign: Map<String, Value>,
    #[serde(default, deserialize_with = "present")]
    pub output: Option<Value>,
    pub next: String,
}
