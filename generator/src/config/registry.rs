//! Every key of `stack.yaml`, once: its path, what it takes, its default and what it is for. Reading, advice, the
//! JSON Schema, the starter file and the reference all come from here.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::format::{self, Format};
use super::setting;
use super::types::{Architecture, LogLevel, MachineLogLevel, TagChanges};
use crate::strategy::{self, Strategy};

/// A key of `stack.yaml`.
#[derive(Debug)]
pub struct Key {
    /// Dotted path, e.g. `handler.memory_megabytes`.
    pub path: Cow<'static, str>,
    /// What it takes.
    pub kind: Kind,
    /// What holds where `stack.yaml` says nothing.
    pub presence: Presence,
    /// What it is for: a fragment without a final period.
    pub summary: Cow<'static, str>,
}

/// What a key takes.
#[derive(Debug)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A whole number between bounds, both included.
    Integer {
        /// Smallest.
        minimum: u64,
        /// Largest.
        maximum: u64,
    },
    /// The same, or 0 to switch off.
    IntegerOrOff {
        /// Smallest but for 0.
        minimum: u64,
        /// Largest.
        maximum: u64,
    },
    /// One of these whole numbers, in ascending order.
    IntegerOf(&'static [u64]),
    /// One of these words.
    Word(Cow<'static, [&'static str]>),
    /// Text of a form.
    Text(&'static Format),
    /// An IANA time zone.
    TimeZone,
    /// A list of whole percentages from 1 to 99, in ascending order.
    Percentages {
        /// Most items.
        length_max: usize,
    },
    /// A list of distinct texts of a form.
    List {
        /// The form of each.
        of: &'static Format,
        /// Most items.
        length_max: usize,
    },
    /// A mapping of AWS tag keys to values.
    Tags,
}

/// What holds where `stack.yaml` says nothing.
#[derive(Debug)]
pub enum Presence {
    /// The key has to be given.
    Required,
    /// Nothing holds.
    Optional,
    /// This value.
    Default(Value),
}

/// A checked value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Value {
    Boolean(bool),
    Integer(u64),
    Text(Cow<'static, str>),
    Integers(Vec<u64>),
    List(Vec<String>),
    Map(BTreeMap<String, String>),
}

/// A mapping that holds keys.
#[derive(Debug)]
pub struct Section {
    /// Dotted path.
    pub path: Cow<'static, str>,
    /// What its keys are for: a fragment without a final period.
    pub summary: Cow<'static, str>,
}

const fn key(path: &'static str, kind: Kind, presence: Presence, summary: &'static str) -> Key {
    Key { path: Cow::Borrowed(path), kind, presence, summary: Cow::Borrowed(summary) }
}

const fn integer(value: u64) -> Presence {
    Presence::Default(Value::Integer(value))
}

const fn text(value: &'static str) -> Presence {
    Presence::Default(Value::Text(Cow::Borrowed(value)))
}

const NO_ITEMS: Presence = Presence::Default(Value::List(Vec::new()));
const NO_TAGS: Presence = Presence::Default(Value::Map(BTreeMap::new()));

/// The section whose sections are named after the strategies.
pub(super) const STRATEGIES: &str = "strategies";

/// Most tags that AWS takes on a resource.
pub(super) const TAGS_MAX: usize = 50;

/// The periods that AWS takes for a log group, in days.
static RETENTION_DAYS: &[u64] = &[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/// The keys that do not depend on the strategies, in the order documented. Those of a section stand together.
static FIXED: &[Key] = &[
    key("name", Kind::Text(&format::NAME), Presence::Required, "first part of every resource's name"),
    key(
        "environment",
        Kind::Text(&format::ENVIRONMENT),
        text("production"),
        "second part of every resource's name; a variable of the stack, so that one rendering serves every environment",
    ),
    key(
        "region",
        Kind::Text(&format::REGION),
        text("eu-west-2"),
        "where the printed commands deploy to; the stack itself fits every region of the same partition",
    ),
    key("tags", Kind::Tags, NO_TAGS, "tags of every resource that takes tags"),
    key(
        "handler.architecture",
        Kind::Word(Cow::Borrowed(Architecture::WORDS)),
        text("x86_64"),
        "processor of the Lambda function; another one than this machine's needs a cross compiler",
    ),
    key(
        "handler.memory_megabytes",
        Kind::Integer { minimum: 128, maximum: 10_240 },
        integer(128),
        "memory of the Lambda function",
    ),
    key(
        "handler.timeout_seconds",
        Kind::Integer { minimum: 1, maximum: 900 },
        integer(30),
        "longest run of the Lambda function; a message that it holds is invisible six times as long",
    ),
    key(
        "handler.log_level",
        Kind::Word(Cow::Borrowed(LogLevel::WORDS)),
        text("info"),
        "least serious messages that the Lambda function logs",
    ),
    key(
        "handler.reserved_concurrency",
        Kind::IntegerOrOff { minimum: 5, maximum: 100_000 },
        Presence::Optional,
        "instances of the Lambda function set aside for it; 0 switches it off, and SQS starts with 5",
    ),
    key(
        "handler.allowed_step_functions",
        Kind::List { of: &format::STATE_MACHINE_NAME, length_max: 50 },
        NO_ITEMS,
        "other state machines that a group may choose by its tag `autorecycle_step_function_name`",
    ),
    key(
        "queue.batch_size",
        Kind::Integer { minimum: 1, maximum: 10 },
        integer(10),
        "most messages that the Lambda function gets at once",
    ),
    key(
        "queue.batching_window_seconds",
        Kind::Integer { minimum: 0, maximum: 300 },
        integer(0),
        "longest wait for a batch to fill",
    ),
    key(
        "queue.max_receive_count",
        Kind::Integer { minimum: 5, maximum: 1000 },
        integer(5),
        "deliveries of a message before it goes to the dead-letter queue",
    ),
    key(
        "queue.maximum_concurrency",
        Kind::Integer { minimum: 2, maximum: 1000 },
        integer(5),
        "batches that are handled at the same time, at most",
    ),
    key(
        "trigger.tag_changes",
        Kind::Word(Cow::Borrowed(TagChanges::WORDS)),
        text("propagated"),
        "changes of which tags recycle a group: of those that propagate to its instances, of all, or of none",
    ),
    key(
        "trigger.launch_template_versions",
        Kind::Boolean,
        Presence::Default(Value::Boolean(false)),
        "whether a new version of a launch template recycles the groups that follow `$Latest` or `$Default`",
    ),
    key(
        "machine.log_level",
        Kind::Word(Cow::Borrowed(MachineLogLevel::WORDS)),
        text("error"),
        "what Step Functions logs of each execution",
    ),
    key(
        "notifications.slack_channel",
        Kind::Text(&format::SLACK_CHANNEL),
        Presence::Optional,
        "the Slack channel in which finished recycles are announced",
    ),
    key(
        "notifications.notifier_function_arn",
        Kind::Text(&format::FUNCTION_ARN),
        Presence::Optional,
        "a Lambda function that gets a Slack-style message of each recycle",
    ),
    key(
        "notifications.pager_duty_endpoint",
        Kind::Text(&format::ENDPOINT_URL),
        Presence::Optional,
        "an endpoint that gets the failures of groups whose tag `autorecycle_notify_pager_duty` asks for it",
    ),
    key(
        "alarms.action_arns",
        Kind::List { of: &format::ACTION_ARN, length_max: 5 },
        NO_ITEMS,
        "what is told when an alarm fires and when it clears",
    ),
    key(
        "alarms.runbook_url",
        Kind::Text(&format::RUNBOOK_URL),
        Presence::Optional,
        "the page that every alarm's description points to",
    ),
    key(
        "permissions.boundary_arn",
        Kind::Text(&format::POLICY_ARN),
        Presence::Optional,
        "the policy that bounds both roles",
    ),
    key("permissions.role_path", Kind::Text(&format::ROLE_PATH), text("/"), "the IAM path of both roles"),
    key(
        "logs.retention_days",
        Kind::IntegerOf(RETENTION_DAYS),
        integer(30),
        "how long both log groups keep their events",
    ),
];

/// The sections that do not depend on the strategies.
static SECTIONS: &[(&str, &str)] = &[
    ("handler", "the Lambda function that decides which groups are recycled"),
    ("queue", "the queue between the events and the Lambda function"),
    ("trigger", "which events recycle a group"),
    ("machine", "the state machine that does the recycling"),
    ("notifications", "where recycles are announced"),
    ("alarms", "alarms on every way in which the stack itself can fail"),
    ("permissions", "constraints on the IAM roles"),
    ("logs", "the log groups"),
    (STRATEGIES, "settings of each strategy; a group chooses its strategy by its tag `autorecycle_strategy`"),
];

/// Every key in the order documented: top-level ones, then section by section, the strategies' last.
pub fn keys() -> impl Iterator<Item = &'static Key> {
    static SETTINGS: LazyLock<Vec<Key>> = LazyLock::new(|| {
        let settings = |(name, strategy): (&'static String, &'static Strategy)| {
            strategy.settings.iter().map(move |(key, setting)| setting::key(name, key, setting))
        };
        strategy::all().iter().flat_map(settings).collect()
    });
    FIXED.iter().chain(SETTINGS.iter())
}

/// Every section in the order documented; one inside another follows it.
pub fn sections() -> &'static [Section] {
    static ALL: LazyLock<Vec<Section>> = LazyLock::new(|| {
        let fixed = SECTIONS
            .iter()
            .map(|(path, summary)| Section { path: (*path).into(), summary: (*summary).into() });
        let strategies = strategy::all().iter().map(|(name, strategy)| Section {
            path: format!("{STRATEGIES}.{name}").into(),
            summary: strategy.summary.as_str().into(),
        });
        fixed.chain(strategies).collect()
    });
    &ALL
}

impl Key {
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

impl Kind {
    /// What it takes, for people, after "takes".
    pub fn takes(&self) -> String {
        match self {
            Self::Boolean => "`true` or `false`".to_owned(),
            Self::Integer { minimum, maximum } => format!("a whole number from {minimum} to {maximum}"),
            Self::IntegerOrOff { minimum, maximum } => {
                format!("0 or a whole number from {minimum} to {maximum}")
            }
            Self::IntegerOf(numbers) => one_of(numbers.iter().map(u64::to_string)),
            Self::Word(words) => one_of(words.iter().map(|word| format!("`{word}`"))),
            Self::Text(format) => format.takes.to_owned(),
            Self::TimeZone => "an IANA time zone, such as `Europe/London`".to_owned(),
            Self::Percentages { length_max } => {
                format!("a list of up to {length_max} whole numbers from 1 to 99, in ascending order")
            }
            Self::List { of, length_max } => format!("a list of up to {length_max}, each {}", of.takes),
            Self::Tags => format!("a mapping of up to {TAGS_MAX} keys to text"),
        }
    }
}

impl Value {
    /// The value as YAML on one line, which is also JSON but for plain text.
    pub(super) fn to_yaml(&self) -> String {
        match self {
            Self::Boolean(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Text(text) => text.to_string(),
            Self::Integers(numbers) => serde_json::json!(numbers).to_string(),
            Self::List(items) => serde_json::json!(items).to_string(),
            Self::Map(entries) => serde_json::json!(entries).to_string(),
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
            Self::Map(entries) => serde_json::json!(entries),
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
