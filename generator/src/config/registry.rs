//! Every key of `stack.yaml`, once: its path, what it takes, its default and what it is for. Reading, advice, the
//! JSON Schema, the starter file and the reference all come from here.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::key::{Key, KeyKind, KeyValue, PairFormat, Presence, Section};
use super::list::{
    AlarmActionArns, GroupNamePrefixes, NewerRegions, SecurityGroupIds, StateMachineNames, SubnetIds,
    TagKeyPatterns,
};
use super::number::{
    BatchSize, BatchingWindowSeconds, LockHeldHours, MaxReceiveCount, MaximumConcurrency, MemoryMegabytes,
    ReservedConcurrency, RetentionDays, SilenceHours, TimeoutSeconds,
};
use super::packaged::{self, PackagedFiles, PackagedSettings};
use super::setting_key;
use super::tags::{SelectorTags, Tags};
use super::text::{
    AlarmActionArn, AliasName, CodeSigningConfigArn, Environment, FunctionArn, GroupNamePrefix,
    LogDestinationArn, PackagedPath, PolicyArn, Region, RoleArn, RolePath, RunbookUrl, SecurityGroupId,
    SettingName, SettingText, SlackChannel, StackName, StateMachineName, SubnetId, TagKeyPattern,
};
use super::word::{Architecture, EmailForm, HttpsForm, LogLevel, MachineLogLevel, PackageKind, TagChanges};
use crate::strategy::{self, Strategy};

const fn key(
    path: &'static str,
    kind: KeyKind<'static>,
    presence: Presence,
    summary: &'static str,
) -> Key<'static> {
    Key { path: Cow::Borrowed(path), kind, presence, summary: Cow::Borrowed(summary) }
}

const fn integer(value: u64) -> Presence {
    Presence::Default(KeyValue::Integer(value))
}

const fn text(value: &'static str) -> Presence {
    Presence::Default(KeyValue::Text(Cow::Borrowed(value)))
}

const NO_ITEMS: Presence = Presence::Default(KeyValue::List(Vec::new()));
const NO_TAGS: Presence = Presence::Default(KeyValue::Tags(Tags::new()));
const NO_PAIRS: Presence = Presence::Default(KeyValue::Pairs(BTreeMap::new()));

/// What `handler.settings` holds.
static SETTINGS: PairFormat = PairFormat {
    key: SettingName::format,
    value: SettingText::format,
    count_max: PackagedSettings::COUNT_MAX,
    of: "a setting of the handler's to text",
    check: packaged::setting,
};
/// What `handler.files` holds.
static FILES: PairFormat = PairFormat {
    key: PackagedPath::format,
    value: PackagedPath::format,
    count_max: PackagedFiles::COUNT_MAX,
    of: "a path in the package to a file's path beside `stack.yaml`",
    check: packaged::file,
};

/// The section whose sections are named after the strategies.
pub(super) const STRATEGIES: &str = "strategies";

/// The keys that do not depend on the strategies, in the order documented. Those of a section stand together.
static FIXED: &[Key<'static>] = &[
    key("name", KeyKind::Text(StackName::format), Presence::Required, "first part of every resource's name"),
    key(
        "environment",
        KeyKind::Text(Environment::format),
        text("production"),
        "second part of every resource's name; a variable of the stack, so that one rendering serves every environment",
    ),
    key(
        "region",
        KeyKind::Text(Region::format),
        text("eu-west-2"),
        "where the printed commands deploy to; the stack itself fits every region of the same partition",
    ),
    key(
        "newer_regions",
        KeyKind::List { of: Region::format, length_max: NewerRegions::LENGTH_MAX },
        NO_ITEMS,
        "regions that are newer than this program, which refuses a region that it does not know",
    ),
    key(
        "tags",
        KeyKind::Tags { count_max: Tags::COUNT_MAX },
        NO_TAGS,
        "tags of every resource that takes tags",
    ),
    key(
        "handler.architecture",
        KeyKind::Word(Cow::Borrowed(Architecture::WORDS)),
        text("x86_64"),
        "processor of the Lambda function; another one than this machine's needs a cross compiler",
    ),
    key("handler.memory_megabytes", MemoryMegabytes::KIND, integer(128), "memory of the Lambda function"),
    key(
        "handler.timeout_seconds",
        TimeoutSeconds::KIND,
        integer(30),
        "longest run of the Lambda function; a message that it holds is invisible six times as long",
    ),
    key(
        "handler.log_level",
        KeyKind::Word(Cow::Borrowed(LogLevel::WORDS)),
        text("info"),
        "least serious messages that the Lambda function logs",
    ),
    key(
        "handler.reserved_concurrency",
        ReservedConcurrency::KIND,
        Presence::Optional,
        "instances of the Lambda function set aside for it; 0 switches it off, and SQS starts with 5",
    ),
    key(
        "handler.allowed_step_functions",
        KeyKind::List { of: StateMachineName::format, length_max: StateMachineNames::LENGTH_MAX },
        NO_ITEMS,
        "other state machines that a group may choose by its tag `autorecycle_step_function_name`",
    ),
    key(
        "handler.settings",
        KeyKind::Pairs(&SETTINGS),
        NO_PAIRS,
        "how the handler reaches AWS, packaged as `settings.json`; see docs/package.md",
    ),
    key(
        "handler.files",
        KeyKind::Pairs(&FILES),
        NO_PAIRS,
        "files that the package holds beside the handler, e.g. the authorities that TLS trusts",
    ),
    key(
        "handler.alias",
        KeyKind::Text(AliasName::format),
        Presence::Optional,
        "an alias by which the queue calls the Lambda function; each deployment that changes the function publishes a version, and the alias can be pointed back to a former one",
    ),
    key(
        "handler.code_signing_config_arn",
        KeyKind::Text(CodeSigningConfigArn::format),
        Presence::Optional,
        "what says who may sign the Lambda function's zip, which then has to be signed before it is deployed; see docs/package.md",
    ),
    key(
        "package.kind",
        KeyKind::Word(Cow::Borrowed(PackageKind::WORDS)),
        text("zip"),
        "what the Lambda function is deployed as: its zip, or a container image of the same; see docs/package.md",
    ),
    key(
        "queue.batch_size",
        BatchSize::KIND,
        integer(10),
        "most messages that the Lambda function gets at once",
    ),
    key(
        "queue.batching_window_seconds",
        BatchingWindowSeconds::KIND,
        integer(0),
        "longest wait for a batch to fill",
    ),
    key(
        "queue.max_receive_count",
        MaxReceiveCount::KIND,
        integer(5),
        "deliveries of a message before it goes to the dead-letter queue",
    ),
    key(
        "queue.maximum_concurrency",
        MaximumConcurrency::KIND,
        integer(5),
        "batches that are handled at the same time, at most",
    ),
    key(
        "trigger.tag_changes",
        KeyKind::Word(Cow::Borrowed(TagChanges::WORDS)),
        text("propagated"),
        "changes of which tags recycle a group: of those that propagate to its instances, of all, or of none",
    ),
    key(
        "trigger.ignored_tag_keys",
        KeyKind::List { of: TagKeyPattern::format, length_max: TagKeyPatterns::LENGTH_MAX },
        NO_ITEMS,
        "tags whose changes recycle nothing, besides those that AWS services and clusters mark groups with",
    ),
    key(
        "trigger.launch_template_versions",
        KeyKind::Boolean,
        Presence::Default(KeyValue::Boolean(false)),
        "whether a new version of a launch template recycles the groups that follow `$Latest` or `$Default`",
    ),
    key(
        "trigger.scheduled_maintenance",
        KeyKind::Boolean,
        Presence::Default(KeyValue::Boolean(true)),
        "whether instances that AWS will retire or maintain, as AWS Health tells of them, are replaced before that",
    ),
    key(
        "groups.name_prefixes",
        KeyKind::List { of: GroupNamePrefix::format, length_max: GroupNamePrefixes::LENGTH_MAX },
        NO_ITEMS,
        "a group belongs to the stack only if its name begins with one of these",
    ),
    key(
        "groups.tags",
        KeyKind::Tags { count_max: SelectorTags::COUNT_MAX },
        NO_TAGS,
        "a group belongs to the stack only if it carries each of these tags with this value",
    ),
    key(
        "machine.log_level",
        KeyKind::Word(Cow::Borrowed(MachineLogLevel::WORDS)),
        text("error"),
        "what Step Functions logs of each execution; with `fatal` or `off` no alarm tells of refused notifications and of the locks' failed calls",
    ),
    key(
        "notifications.slack_channel",
        KeyKind::Text(SlackChannel::format),
        Presence::Optional,
        "the Slack channel in which finished recycles are announced",
    ),
    key(
        "notifications.notifier_function_arn",
        KeyKind::Text(FunctionArn::format),
        Presence::Optional,
        "a Lambda function that gets a Slack-style message of each recycle",
    ),
    key(
        "notifications.pager_duty",
        KeyKind::Boolean,
        Presence::Default(KeyValue::Boolean(false)),
        "whether an endpoint gets the failures of groups whose tag `autorecycle_notify_pager_duty` asks for it; each deployment is given the endpoint, which holds a key and belongs into no file of a repository",
    ),
    key(
        "notifications.email_form",
        KeyKind::Word(Cow::Borrowed(EmailForm::WORDS)),
        text("json"),
        "what subscribers of the topic by e-mail get: the JSON that all get, or a text for people",
    ),
    key(
        "notifications.https_form",
        KeyKind::Word(Cow::Borrowed(HttpsForm::WORDS)),
        text("json"),
        "what subscribers of the topic by HTTPS get, the endpoint above among them: the JSON that all get, what AWS's chat integration shows, or what PagerDuty makes an incident of",
    ),
    key(
        "alarms.action_arns",
        KeyKind::List { of: AlarmActionArn::format, length_max: AlarmActionArns::LENGTH_MAX },
        NO_ITEMS,
        "what is told when an alarm fires and when it clears; a topic of the stack only with `encryption.customer_key`, which makes it the default",
    ),
    key(
        "alarms.runbook_url",
        KeyKind::Text(RunbookUrl::format),
        Presence::Optional,
        "the page that every alarm's description points to",
    ),
    key(
        "alarms.silence_hours",
        SilenceHours::KIND,
        Presence::Optional,
        "hours without a change of any group that may call for a recycle (one of sizes may not) after which an alarm fires, for accounts where there always is one: a trail that is gone shows in nothing else; after the first deployment it fires until the first such change",
    ),
    key(
        "alarms.lock_held_hours",
        LockHeldHours::KIND,
        Presence::Optional,
        "hours for which one execution may hold a group, its wait for a window or the end of a pause included, before an alarm fires, whether it lives or not; a small state machine with a role of its own looks every quarter of an hour, for less than a dollar a month, and the alarm fires too where it does not; the topic is told as well of an execution of the stack's own",
    ),
    key(
        "alarms.dashboard",
        KeyKind::Boolean,
        Presence::Default(KeyValue::Boolean(false)),
        "whether the stack has a CloudWatch dashboard with its alarms and what they watch; an account's first three are free, each further one costs three US dollars a month",
    ),
    key(
        "permissions.boundary_arn",
        KeyKind::Text(PolicyArn::format),
        Presence::Optional,
        "the policy that bounds every role that the stack makes",
    ),
    key(
        "permissions.role_path",
        KeyKind::Text(RolePath::format),
        text("/"),
        "the IAM path of every role that the stack makes",
    ),
    key(
        "permissions.handler_role_arn",
        KeyKind::Text(RoleArn::format),
        Presence::Optional,
        "a role that somebody else keeps for the Lambda function; the stack then makes none for it, and `role-policy/` in the output has the two documents that it needs",
    ),
    key(
        "permissions.machine_role_arn",
        KeyKind::Text(RoleArn::format),
        Presence::Optional,
        "the same for the state machine",
    ),
    key(
        "network.subnet_ids",
        KeyKind::List { of: SubnetId::format, length_max: SubnetIds::LENGTH_MAX },
        NO_ITEMS,
        "subnets that the Lambda function's network interfaces are in; from there it has to reach Auto Scaling, Step Functions and SNS",
    ),
    key(
        "network.security_group_ids",
        KeyKind::List { of: SecurityGroupId::format, length_max: SecurityGroupIds::LENGTH_MAX },
        NO_ITEMS,
        "security groups of those interfaces, which have to let HTTPS out",
    ),
    key(
        "tracing.enabled",
        KeyKind::Boolean,
        Presence::Default(KeyValue::Boolean(true)),
        "whether X-Ray follows an event from the queue through the Lambda function to the execution",
    ),
    key(
        "encryption.customer_key",
        KeyKind::Boolean,
        Presence::Default(KeyValue::Boolean(false)),
        "whether the stack makes a key of its own, at one US dollar a month, for the queues, the topic, the table, the logs and the function's environment; without it the stack's own topic cannot carry its alarms",
    ),
    key(
        "locks.create_table",
        KeyKind::Boolean,
        Presence::Default(KeyValue::Boolean(true)),
        "whether this stack creates the table of locks and journals; all stacks of an account and region share it, and one of them creates it",
    ),
    key(
        "logs.retention_days",
        RetentionDays::KIND,
        integer(30),
        "how long both log groups keep their events",
    ),
    key(
        "logs.destination_arn",
        KeyKind::Text(LogDestinationArn::format),
        Presence::Optional,
        "what gets every event of both log groups besides: a Kinesis stream, a Firehose stream, a Lambda function or a destination of CloudWatch Logs, with the permission that it takes: a role of its own for a stream",
    ),
];

/// The sections that do not depend on the strategies.
static SECTIONS: &[(&str, &str)] = &[
    ("handler", "the Lambda function that decides which groups are recycled"),
    ("package", "the form in which the Lambda function is deployed"),
    ("queue", "the queue between the events and the Lambda function"),
    ("trigger", "which events recycle a group"),
    (
        "groups",
        "which groups belong to the stack, where several stacks share an account and region; all of them by default",
    ),
    ("machine", "the state machine that does the recycling"),
    ("notifications", "where recycles are announced"),
    ("alarms", "alarms on every way in which the stack itself can fail"),
    ("permissions", "constraints on the IAM roles"),
    ("network", "the VPC that the Lambda function is in; in none by default"),
    ("tracing", "X-Ray"),
    ("encryption", "the key that encrypts what the stack keeps and sends; AWS's own keys by default"),
    ("locks", "the table of locks and journals"),
    ("logs", "the log groups"),
    (STRATEGIES, "settings of each strategy; a group chooses its strategy by its tag `autorecycle_strategy`"),
];

/// Every key in the order documented: top-level ones, then section by section, the strategies' last.
pub fn keys() -> impl Iterator<Item = &'static Key<'static>> {
    static SETTINGS: LazyLock<Vec<Key<'static>>> = LazyLock::new(|| {
        let settings = |(name, strategy): (&'static String, &'static Strategy)| {
            strategy
                .settings
                .iter()
                .map(move |(key, setting)| setting_key::key(&format!("{STRATEGIES}.{name}"), key, setting))
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
