//! What tells for how long locks have been held, where `stack.yaml` asks for an alarm on that. Nothing else can: an execution counts itself
//! once it ends, and one that is dead says nothing.

use serde::Serialize;
use serde_json::Value as Json;

use super::iam::{self, Role};
use super::policy::{Principal, Statement};
use super::value::{LOCK_WATCH_ROLE, Reference, Value};
use super::{lock, metric};
use crate::config::Config;
use crate::names;

/// A small state machine that looks into the table of locks again and again, and tells CloudWatch.
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

const SCHEDULE: &str = "rate(15 minutes)";

pub(super) fn watch(config: &Config) -> Option<LockWatch> {
    config.alarms.lock_held_hours?;
    let text = DEFINITION
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
        Statement::allow("Start")
            .because("The rule starts it.")
            .actions(["states:StartExecution"])
            .resources([machine]),
    ];
    let description = "What the watch over asg-recycle's locks may do";
    iam::role(LOCK_WATCH_ROLE, &names::LOCK_WATCH_ROLE, description, trust, statements.into_iter())
}
