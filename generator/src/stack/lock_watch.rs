//! What tells for how long locks have been held, where `stack.yaml` asks for an alarm on that. Nothing else can: an execution counts itself
//! once it ends, and one that is dead says nothing.

use serde::Serialize;
use serde_json::Value as Json;

use super::iam::{self, Role};
use super::parameter_key::ParameterKey;
use super::policy::{Principal, Statement};
use super::value::{LOCK_WATCH_ROLE, Reference, TOPIC, Value};
use super::{lock, metric};
use crate::config::{Config, HttpsForm};
use crate::names;

/// A small state machine that looks into the table of locks again and again, and tells CloudWatch; and people, once a lock of the
/// stack's own has been held for too long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LockWatch {
    /// Name of the state machine and of the rule that starts it.
    pub name: Value,
    /// What the rule does, as EventBridge shows it.
    pub description: &'static str,
    /// When it is started, in EventBridge's words.
    pub schedule: &'static str,
    /// The definition, whole.
    pub definition: Value,
    /// The role of both: EventBridge starts the state machine by it, and the state machine looks.
    pub role: Role,
    /// ARN of that role.
    pub role_arn: Value,
}

/// The longest time for which a lock has been held, in seconds; 0 where none is.
pub(super) const METRIC: &str = "LockHeldSeconds";

/// What it does, with words in capitals for what depends on the stack.
const DEFINITION: &str = include_str!("../../../templates/lock_watch/lock_watch.asl.json");

/// Of a lock that has become too old, as expressions, with words in capitals likewise: what its execution was asked to tell whom, and what is
/// said of it: in words, to the topic in its forms, and to the notifier.
const EXPRESSIONS: [(&str, &str); 4] = [
    ("\"ASKED\"", include_str!("../../../templates/lock_watch/asked.jsonata")),
    ("\"WORDS\"", include_str!("../../../templates/lock_watch/words.jsonata")),
    ("\"MESSAGE\"", include_str!("../../../templates/lock_watch/message.jsonata")),
    ("\"SLACK_STYLE\"", include_str!("../../../templates/lock_watch/notifier.jsonata")),
];

/// What the subject begins with where PagerDuty is told: what makes an incident (fact N2).
const ALARM_WORD: &str = "ALARM: ";

const SCHEDULE: &str = "rate(15 minutes)";
/// The same in milliseconds.
const INTERVAL_MILLISECONDS: u64 = 15 * 60 * 1_000;
/// How often people are told again, in hours, where the time that a lock may be held is no shorter.
const REPEAT_HOURS_MAX: u64 = 24;
const HOUR_MILLISECONDS: u64 = 3_600_000;

pub(super) fn watch(config: &Config) -> Option<LockWatch> {
    let hours = u64::from(config.alarms.lock_held_hours?.get());
    let expressed = EXPRESSIONS.iter().fold(DEFINITION.to_owned(), |text, (word, expression)| {
        let lines: Vec<&str> = expression.lines().map(str::trim).collect();
        text.replace(word, &Json::from(format!("{{% {} %}}", lines.join(" "))).to_string())
    });
    let is_pager_duty = config.notifications.https_form == HttpsForm::PagerDuty;
    let text = expressed
        .replace("ALARM_WORD", if is_pager_duty { ALARM_WORD } else { "" })
        .replace("HELD_HOURS", &format!("the {hours} of alarms.lock_held_hours"))
        .replace("HELD_MILLISECONDS", &(hours * HOUR_MILLISECONDS).to_string())
        .replace("REPEAT_MILLISECONDS", &(hours.min(REPEAT_HOURS_MAX) * HOUR_MILLISECONDS).to_string())
        .replace("INTERVAL_MILLISECONDS", &INTERVAL_MILLISECONDS.to_string())
        .replace("EMAIL_FORM", config.notifications.email_form.as_str())
        .replace("HTTPS_FORM", config.notifications.https_form.as_str())
        .replace("CONSOLE", names::console(&config.region).unwrap_or_default())
        .replace("PARTITION", names::partition(&config.region))
        .replace("LOCK_TABLE", names::LOCK_TABLE)
        .replace("METRIC", METRIC);
    let definition = serde_json::from_str(&text).expect("a template of ours is JSON");
    Some(LockWatch {
        name: Value::prefixed(names::LOCK_WATCH.suffix),
        description: "Has the table of locks looked into",
        schedule: SCHEDULE,
        definition: described(definition),
        role: role(),
        role_arn: LOCK_WATCH_ROLE.arn(),
    })
}

/// The definition as a value, the namespace of the stack's metrics in it.
fn described(json: Json) -> Value {
    match json {
        Json::String(text) if text == "NAMESPACE" => metric::namespace(),
        Json::String(text) if text == "PREFIX" => Reference::Prefix.into(),
        Json::String(text) if text == "ENVIRONMENT" => Value::parameter(ParameterKey::Environment),
        Json::String(text) if text == "RUNBOOK" => Value::or_empty(ParameterKey::RunbookUrl),
        Json::String(text) if text == "NOTIFIER" => Value::or_empty(ParameterKey::NotifierFunctionArn),
        Json::String(text) if text == "TOPIC_ARN" => TOPIC.arn(),
        Json::String(text) => text.into(),
        Json::Bool(truth) => truth.into(),
        Json::Number(number) => {
            Value::Number(number.as_u64().expect("a template of ours counts whole things"))
        }
        Json::Array(items) => Value::list(items.into_iter().map(described)),
        Json::Object(entries) => Value::map(entries.into_iter().map(|(key, value)| (key, described(value)))),
        Json::Null => unreachable!("a template of ours leaves nothing open"),
    }
}

fn role() -> Role {
    let own = || Value::prefixed(names::LOCK_WATCH.suffix);
    let assume = |sid, service| {
        Statement::allow(sid).principal(Principal::Service(service)).actions(["sts:AssumeRole"]).condition(
            "StringEquals",
            "aws:SourceAccount",
            Reference::Account.into(),
        )
    };
    let rule = Value::regional_arn("events", ["rule/".into(), own()]);
    let machine = Value::regional_arn("states", ["stateMachine:".into(), own()]);
    let trust = [
        assume("AssumeToLook", "states.amazonaws.com")
            .because("Step Functions looks in its name.")
            .condition("ArnLike", "aws:SourceArn", machine.clone()),
        assume("AssumeToStart", "events.amazonaws.com")
            .because("The rule starts the state machine in its name.")
            .condition("ArnEquals", "aws:SourceArn", rule),
    ];
    let statements = [
        Statement::allow("ReadLocks")
            .because("Reads who holds which group.")
            .actions(["dynamodb:Scan"])
            .resources([lock::arn()]),
        Statement::allow("AskHolders")
            .because("Asks since when a holder runs, whichever stack of the account it is of.")
            .actions(["states:DescribeExecution"])
            .resources([Value::regional_arn("states", ["execution:*".into()])]),
        Statement::allow("Tell")
            .because("Tells the longest time, in the stack's own namespace; AWS limits it to no resource.")
            .actions(["cloudwatch:PutMetricData"])
            .resources(["*".into()]) // there are no resources to limit it to
            .condition("StringEquals", "cloudwatch:namespace", metric::namespace()),
        Statement::allow("Announce")
            .because("Tells people of a lock that is held too long.")
            .actions(["sns:Publish"])
            .resources([TOPIC.arn()]),
        Statement::allow("TellNotifier")
            .because("Tells the notifier function of the same, where there is one.")
            .actions(["lambda:InvokeFunction"])
            .resources(iam::notifier())
            .needing(ParameterKey::NotifierFunctionArn),
        Statement::allow("Start")
            .because("The rule starts it.")
            .actions(["states:StartExecution"])
            .resources([machine]),
    ];
    let description = "What the watch over asg-recycle's locks may do";
    iam::role(LOCK_WATCH_ROLE, &names::LOCK_WATCH_ROLE, description, trust, statements.into_iter())
}
