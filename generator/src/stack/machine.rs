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
    /// The exact bytes of the definition, placeholders unfilled.
    pub definition: String,
    /// The definition's file name.
    pub file: &'static str,
    /// A value for each placeholder of the definition.
    pub substitutions: Value,
    /// What is logged of each execution.
    pub log_level: String,
    /// ARN of the log group's streams.
    pub log_group_arn: Value,
}

/// The definition's name in the output folder.
const FILE: &str = "state_machine.asl.json";

pub(super) fn machine(config: &Config, machine: &Machine) -> StateMachine {
    StateMachine {
        name: Value::prefixed(names::MACHINE.suffix),
        role_arn: MACHINE_ROLE.arn(),
        definition: machine.definition.clone(),
        file: FILE,
        substitutions: Value::map(Placeholder::ALL.iter().map(|each| (each.as_str(), substitution(*each)))),
        log_level: config.machine.log_level.as_str().to_uppercase(),
        log_group_arn: MACHINE_LOGS.arn(),
    }
}

fn substitution(placeholder: Placeholder) -> Value {
    match placeholder {
        Placeholder::LockTableName => names::LOCK_TABLE.into(),
        Placeholder::NotifierFunctionArn => Value::or_empty(ParameterKey::NotifierFunctionArn),
        Placeholder::TopicArn => TOPIC.arn(),
    }
}
