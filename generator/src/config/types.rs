//! The checked configuration. Nothing after this re-validates.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::strategy::Catalog;

/// A whole `stack.yaml`, checked, with every default filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `name`: the stack's name, first part of every resource name: lower case letters, digits and hyphens.
    pub name: String,
    /// `environment`: second part of every resource name, same characters; a variable of the emitted stack.
    pub environment: String,
    /// `region`: where the printed commands deploy to; the stack itself is free of it.
    pub region: String,
    /// `handler`.
    pub handler: Handler,
    /// `queue`.
    pub queue: Queue,
    /// `trigger`.
    pub trigger: Trigger,
    /// The strategies that there are.
    pub catalog: Arc<Catalog>,
    /// `strategies`: for each strategy every setting by key.
    pub strategies: BTreeMap<String, BTreeMap<String, SettingValue>>,
    /// `machine.log_level`.
    pub machine_log_level: MachineLogLevel,
    /// `notifications`.
    pub notifications: Notifications,
    /// `alarms`.
    pub alarms: Alarms,
    /// `permissions`.
    pub permissions: Permissions,
    /// `logs`.
    pub logs: Logs,
    /// `tags`: put on every resource that takes tags.
    pub tags: BTreeMap<String, String>,
}

/// The Lambda function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handler {
    /// `handler.architecture`.
    pub architecture: Architecture,
    /// `handler.memory_megabytes`: 128 to 10,240.
    pub memory_megabytes: u32,
    /// `handler.timeout_seconds`: 1 to 900. The queue's visibility timeout is six times this.
    pub timeout_seconds: u32,
    /// `handler.log_level`.
    pub log_level: LogLevel,
    /// `handler.reserved_concurrency`: unreserved where absent.
    pub reserved_concurrency: Option<u32>,
    /// `handler.allowed_step_functions`: other state machines that a group's tag may name.
    pub allowed_step_functions: Vec<String>,
}

/// Processor of the Lambda function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// `arm64`.
    Arm64,
    /// `x86_64`.
    X86_64,
}

impl Architecture {
    /// Every value, in the order documented.
    pub const ALL: &[Self] = &[Self::Arm64, Self::X86_64];

    /// Their words, in the same order.
    pub const WORDS: &'static [&'static str] = &[Self::Arm64.as_str(), Self::X86_64.as_str()];

    /// The value of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.as_str() == word)
    }

    /// The word that Lambda and `stack.yaml` use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86_64 => "x86_64",
        }
    }
}

/// Application log level of the Lambda function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum LogLevel {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

impl LogLevel {
    /// Every value, most talkative first.
    pub const ALL: &[Self] = &[Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error];

    /// Their words, in the same order.
    pub const WORDS: &'static [&'static str] = &[
        Self::Trace.as_str(),
        Self::Debug.as_str(),
        Self::Info.as_str(),
        Self::Warn.as_str(),
        Self::Error.as_str(),
    ];

    /// The value of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.as_str() == word)
    }

    /// The word in `stack.yaml`; Lambda's own is its upper case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// What Step Functions logs of each execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum MachineLogLevel {
    All,
    Error,
    Fatal,
    Off,
}

impl MachineLogLevel {
    /// Every value, most talkative first.
    pub const ALL: &[Self] = &[Self::All, Self::Error, Self::Fatal, Self::Off];

    /// Their words, in the same order.
    pub const WORDS: &'static [&'static str] =
        &[Self::All.as_str(), Self::Error.as_str(), Self::Fatal.as_str(), Self::Off.as_str()];

    /// The value of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.as_str() == word)
    }

    /// The word in `stack.yaml`; Step Functions' own is its upper case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Error => "error",
            Self::Fatal => "fatal",
            Self::Off => "off",
        }
    }
}

/// The queue between the rules and the handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// `queue.batch_size`: records per invocation, 1 to 10.
    pub batch_size: u32,
    /// `queue.batching_window_seconds`: 0 to 300.
    pub batching_window_seconds: u32,
    /// `queue.max_receive_count`: deliveries before the dead-letter queue, 5 to 1,000.
    pub max_receive_count: u32,
    /// `queue.maximum_concurrency`: concurrent handler invocations, 2 to 1,000.
    pub maximum_concurrency: u32,
}

/// Which events reach the handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// `trigger.tag_changes`.
    pub tag_changes: TagChanges,
    /// `trigger.launch_template_versions`: also follow `CreateLaunchTemplateVersion` and `ModifyLaunchTemplate`.
    pub launch_template_versions: bool,
}

/// Which tag changes on a group recycle it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagChanges {
    /// Those of tags that propagate to instances.
    Propagated,
    /// All.
    All,
    /// None.
    None,
}

impl TagChanges {
    /// Every value.
    pub const ALL: &[Self] = &[Self::Propagated, Self::All, Self::None];

    /// Their words, in the same order.
    pub const WORDS: &'static [&'static str] =
        &[Self::Propagated.as_str(), Self::All.as_str(), Self::None.as_str()];

    /// The value of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.as_str() == word)
    }

    /// The word in `stack.yaml` and in the handler's environment.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Propagated => "propagated",
            Self::All => "all",
            Self::None => "none",
        }
    }
}

/// The value of a strategy's setting.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum SettingValue {
    /// A whole number.
    Integer(u64),
    /// A word.
    Text(String),
    /// Yes or no.
    Boolean(bool),
    /// Whole numbers.
    Integers(Vec<u64>),
    /// Texts.
    List(Vec<String>),
}

impl SettingValue {
    /// Whether it is there for something: neither off nor empty.
    pub fn is_set(&self) -> bool {
        match self {
            Self::Integer(value) => *value > 0,
            Self::Text(text) => !text.is_empty(),
            Self::Boolean(value) => *value,
            Self::Integers(numbers) => !numbers.is_empty(),
            Self::List(items) => !items.is_empty(),
        }
    }
}

/// Where recycles are announced. All are variables of the emitted stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notifications {
    /// `notifications.slack_channel`: the payload's `success_channel`.
    pub slack_channel: Option<String>,
    /// `notifications.notifier_function_arn`: Lambda function that gets the Slack-style message.
    pub notifier_function_arn: Option<String>,
    /// `notifications.pager_duty_endpoint`: HTTPS endpoint that gets failures of groups that ask to page.
    pub pager_duty_endpoint: Option<String>,
}

/// Alarms. Both are variables of the emitted stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarms {
    /// `alarms.action_arns`: told when an alarm fires and when it clears.
    pub action_arns: Vec<String>,
    /// `alarms.runbook_url`: put into every alarm's description.
    pub runbook_url: Option<String>,
}

/// Constraints on the roles. Both are variables of the emitted stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permissions {
    /// `permissions.boundary_arn`: ARN of the policy that bounds both roles.
    pub boundary_arn: Option<String>,
    /// `permissions.role_path`: starts and ends with `/`.
    pub role_path: String,
}

/// Log groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logs {
    /// `logs.retention_days`: one of the periods that AWS takes; a variable of the emitted stack.
    pub retention_days: u32,
}
