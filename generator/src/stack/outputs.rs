//! What the deployed stack tells others.

use serde::Serialize;

use super::alarms::Alarm;
use super::function::Function;
use super::key::EncryptionKey;
use super::lock;
use super::role_arn;
use super::rule::EventRule;
use super::value::{
    DEAD_LETTERS_QUEUE, EVENTS_QUEUE, FUNCTION, HANDLER_LOGS, HANDLER_ROLE, MACHINE, MACHINE_LOGS,
    MACHINE_ROLE, Reference, TOPIC, Value,
};
use crate::config::Config;
use crate::names;

/// One output of the deployed stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// Its name, in snake case.
    pub key: &'static str,
    /// What it is: a sentence with its period.
    pub description: &'static str,
    /// An ARN, a name or a URL, known once it is deployed.
    pub value: Value,
}

pub(super) fn outputs(
    config: &Config,
    rules: &[EventRule],
    alarms: &[Alarm],
    key: Option<&EncryptionKey>,
    function: &Function,
) -> Vec<Output> {
    let of_key = key.map(|key| {
        output("key_arn", "ARN of the key that encrypts what the stack keeps and sends.", key.arn.clone())
    });
    let all = vec![
        output(
            "prefix",
            "What every name begins with: the stack's name and the environment.",
            Reference::Prefix.into(),
        ),
        output("state_machine_arn", "ARN of the state machine that recycles groups.", MACHINE.arn()),
        output("function_arn", "ARN of the handler.", FUNCTION.arn()),
        output("function_name", "Name of the handler.", FUNCTION.name()),
        output("queue_arn", "ARN of the queue of events.", EVENTS_QUEUE.arn()),
        output("queue_url", "URL of the queue of events.", EVENTS_QUEUE.url()),
        output("dead_letter_queue_arn", "ARN of the dead-letter queue.", DEAD_LETTERS_QUEUE.arn()),
        output("dead_letter_queue_url", "URL of the dead-letter queue.", DEAD_LETTERS_QUEUE.url()),
        output("topic_arn", "ARN of the topic that recycles are announced on.", TOPIC.arn()),
        output("lock_table_name", "Name of the table of locks and journals.", names::LOCK_TABLE.into()),
        output("handler_role_arn", "ARN of the handler's role.", role_arn::handler(config)),
        output("machine_role_arn", "ARN of the state machine's role.", role_arn::machine(config)),
        output(
            "handler_log_group_arn",
            "ARN of the handler's log group, which ends in `:*`.",
            HANDLER_LOGS.arn(),
        ),
        output(
            "machine_log_group_arn",
            "ARN of the state machine's log group, which ends in `:*`.",
            MACHINE_LOGS.arn(),
        ),
        output("handler_log_group_name", "Name of the handler's log group.", HANDLER_LOGS.name()),
        output("machine_log_group_name", "Name of the state machine's log group.", MACHINE_LOGS.name()),
        output("state_machine_name", "Name of the state machine.", MACHINE.name()),
        output("queue_name", "Name of the queue of events.", EVENTS_QUEUE.name()),
        output("dead_letter_queue_name", "Name of the dead-letter queue.", DEAD_LETTERS_QUEUE.name()),
        output("topic_name", "Name of the topic that recycles are announced on.", TOPIC.name()),
        output("lock_table_arn", "ARN of the table of locks and journals.", lock::arn()),
    ];
    all.into_iter()
        .chain(lists(rules, alarms))
        .chain(names_of_roles(config))
        .chain(of_key)
        .chain(of_alias(function))
        .collect()
}

/// What there are several of, in one text each.
fn lists(rules: &[EventRule], alarms: &[Alarm]) -> [Output; 4] {
    let arn_of = |alarm: &Alarm| Value::regional_arn("cloudwatch", ["alarm:".into(), alarm.name.clone()]);

    [
        output(
            "rule_names",
            "Names of the event rules, with commas between: the kill switch disables all but the one of executions.",
            Value::joined(separated(rules.iter().map(|rule| rule.resource().name()))),
        ),
        output(
            "rule_arns",
            "ARNs of the event rules, with commas between.",
            Value::joined(separated(rules.iter().map(|rule| rule.resource().arn()))),
        ),
        output(
            "alarm_names",
            "Names of the alarms, with commas between.",
            Value::joined(separated(alarms.iter().map(|alarm| alarm.name.clone()))),
        ),
        output(
            "alarm_arns",
            "ARNs of the alarms, with commas between, in the order of their names above.",
            Value::joined(separated(alarms.iter().map(arn_of))),
        ),
    ]
}

/// Of those that the stack makes.
fn names_of_roles(config: &Config) -> impl Iterator<Item = Output> {
    let given = &config.permissions;
    let handler = output("handler_role_name", "Name of the handler's role.", HANDLER_ROLE.name());
    let machine = output("machine_role_name", "Name of the state machine's role.", MACHINE_ROLE.name());
    let made = [(&given.handler_role_arn, handler), (&given.machine_role_arn, machine)];
    made.into_iter().filter(|(given, _)| given.is_none()).map(|(_, name)| name)
}

fn of_alias(function: &Function) -> Option<Output> {
    let alias = function.alias.as_ref()?;
    let arn = Value::joined([FUNCTION.arn(), format!(":{}", alias.name).into()]);
    Some(output("function_alias_arn", "ARN of the alias by which the queue calls the handler.", arn))
}

const fn output(key: &'static str, description: &'static str, value: Value) -> Output {
    Output { key, description, value }
}

/// With a comma between each and the next: outputs of CloudFormation are text.
fn separated(values: impl Iterator<Item = Value>) -> impl Iterator<Item = Value> {
    values
        .enumerate()
        .flat_map(|(index, value)| (index > 0).then(|| Value::from(",")).into_iter().chain([value]))
}
