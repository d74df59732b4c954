//! The state machine, as it is deployed.

use std::sync::Arc;

use serde::Serialize;

use super::parameter::ParameterKey;
use super::role_arn;
use super::value::{MACHINE_LOGS, TOPIC, Value};
use crate::asl::{self, Machine, Placeholder};
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
    #[serde(skip)]
    pub definition: Arc<str>,
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

impl StateMachine {
    /// The definition for people, laid out.
    pub fn readable(&self) -> String {
        asl::laid_out(&self.definition)
    }
}

pub(super) fn machine(config: &Config, machine: &Machine) -> StateMachine {
    StateMachine {
        name: Value::prefixed(names::MACHINE.suffix),
        role_arn: role_arn::machine(config),
        definition_kilobytes: machine.definition.len().div_ceil(10_000) * 10,
        definition: Arc::clone(&machine.definition),
        file: FILE,
        substitutions: Value::map(Placeholder::ALL.iter().map(|each| (each.as_str(), substitution(*each)))),
        log_level: config.machine.log_level.as_str().to_uppercase(),
        log_group_arn: MACHINE_LOGS.arn(),
        tracing: config.tracing.enabled,
    }
}

fn substitution(placeholder: Placeholder) -> Value {
    match placeholder {
        Placeholder::Environment => Value::parameter(ParameterKey::Environment),
        Placeholder::LockTableName => names::LOCK_TABLE.into(),
        Placeholder::NotifierFunctionArn => Value::or_empty(ParameterKey::NotifierFunctionArn),
        Placeholder::RunbookUrl => Value::or_empty(ParameterKey::RunbookUrl),
        Placeholder::TopicArn => TOPIC.arn(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;

    /// Step Functions takes 1 MB, and CloudFormation as much of a whole template.
    #[test]
    fn what_is_deployed_is_what_people_read_and_leaves_room_in_what_aws_takes() {
        let config = Config::with_defaults("demo".parse().unwrap());
        let machine = machine(&config, &asl::build(&config).unwrap());
        let parsed = |text: &str| serde_json::from_str::<Json>(text).expect("it is JSON");
        assert_eq!(parsed(&machine.definition), parsed(&machine.readable()));
        assert_eq!(machine.definition.lines().count(), 1);
        assert!(machine.definition.len() < 800_000, "{}", machine.definition.len());
        assert!(machine.definition.len() < machine.readable().len() * 4 / 5);
    }
}
