//! The state machine, as it is deployed.

use serde::Serialize;

use super::parameter::ParameterKey;
use super::value::{MACHINE_LOGS, MACHINE_ROLE, TOPIC, Value};
use crate::asl::{Machine, Placeholder};
use crate::config::Config;
use crate::names;

/// The state machine: the definition, and what is put into it at deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StateMachine {
    /// Its name: the prefix alone, so that its executions read well.
    pub name: Value,
    /// ARN of its role.
    pub role_arn: Value,
    /// The exact bytes of the definition as it is deployed, placeholders unfilled: without white space, on one line.
    pub definition: String,
    /// The same for people, laid out.
    #[serde(skip)]
    pub readable: String,
    /// How long the definition is, in thousands of characters, rounded up to tens.
    pub definition_kilobytes: usize,
    /// The definition's file name.
    pub file: &'static str,
    /// A value for each placeholder of the definition.
    pub substitutions: Value,
    /// What is logged of each execution.
    pub log_level: String,
    /// ARN of the log group's streams.
    pub log_group_arn: Value,
    /// Whether X-Ray follows its executions.
    pub tracing: bool,
}

/// The definition's name in the output folder.
const FILE: &str = "state_machine.asl.json";

pub(super) fn machine(config: &Config, machine: &Machine) -> StateMachine {
    let definition = minified(&machine.definition) + "\n";
    StateMachine {
        name: Value::prefixed(names::MACHINE.suffix),
        role_arn: MACHINE_ROLE.arn(),
        definition_kilobytes: definition.len().div_ceil(10_000) * 10,
        definition,
        readable: machine.definition.clone(),
        file: FILE,
        substitutions: Value::map(Placeholder::ALL.iter().map(|each| (each.as_str(), substitution(*each)))),
        log_level: config.machine.log_level.as_str().to_uppercase(),
        log_group_arn: MACHINE_LOGS.arn(),
        tracing: config.tracing.enabled,
    }
}

/// JSON without the white space between its tokens. Texts stay as they are spelled.
fn minified(json: &str) -> String {
    let mut minified = String::with_capacity(json.len());
    let mut rest = json;
    while !rest.is_empty() {
        let (between, text) = rest.split_at(rest.find('"').unwrap_or(rest.len()));
        minified.extend(between.split_ascii_whitespace());
        let (text, after) = text.split_at(text_length(text));
        minified.push_str(text);
        rest = after;
    }
    minified
}

/// Bytes of the text in quotes that JSON begins with.
fn text_length(json: &str) -> usize {
    let mut escaped = false;
    let mut closes = |byte: u8| {
        let closes = byte == b'"' && !escaped;
        escaped = !escaped && byte == b'\\';
        closes
    };
    json.bytes().skip(1).position(&mut closes).map_or(json.len(), |at| at + 2)
}

fn substitution(placeholder: Placeholder) -> Value {
    match placeholder {
        Placeholder::LockTableName => names::LOCK_TABLE.into(),
        Placeholder::NotifierFunctionArn => Value::or_empty(ParameterKey::NotifierFunctionArn),
        Placeholder::TopicArn => TOPIC.arn(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;
    use crate::asl;

    #[test]
    fn only_white_space_between_tokens_goes() {
        let text = "{\n  \"a b\": [ 1, \"\\\" \\\\\", true ],\t\"c\\\\\": \"{% $x = ' y' %}\"\n}\n";
        assert_eq!(minified(text), "{\"a b\":[1,\"\\\" \\\\\",true],\"c\\\\\":\"{% $x = ' y' %}\"}");
    }

    /// Step Functions takes 1 MB, and CloudFormation as much of a whole template.
    #[test]
    fn what_is_deployed_is_what_people_read_and_leaves_room_in_what_aws_takes() {
        let config = Config::with_defaults("demo".parse().unwrap());
        let machine = machine(&config, &asl::build(&config).unwrap());
        let parsed = |text: &str| serde_json::from_str::<Json>(text).expect("it is JSON");
        assert_eq!(parsed(&machine.definition), parsed(&machine.readable));
        assert_eq!(machine.definition.lines().count(), 1);
        assert!(machine.definition.len() < 800_000, "{}", machine.definition.len());
        assert!(machine.definition.len() < machine.readable.len() * 4 / 5);
    }
}
