//! The log groups.

use serde::Serialize;

use super::key;
use super::parameter::ParameterKey;
use super::value::{HANDLER_LOGS, MACHINE_LOGS, Resource, Value};
use crate::config::Config;
use crate::names;

/// A log group, which is deleted with the stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogGroup {
    /// What others refer to it by.
    pub resource: Resource,
    /// Its name; the part before the last `/` is the service's.
    pub name: Value,
    /// How long it keeps events.
    pub retention_days: Value,
    /// ARN of the key that encrypts it; CloudWatch's own where there is none.
    pub key_arn: Option<Value>,
}

pub(super) fn groups(config: &Config) -> Vec<LogGroup> {
    // Under `/aws/vendedlogs/` the groups of all machines share one entry of the account's log resource policy,
    // which is limited to 5,120 characters (fact I2).
    let machine = Value::joined(["/aws/vendedlogs/states/".into(), Value::prefixed(names::MACHINE.suffix)]);
    let handler = Value::joined(["/aws/lambda/".into(), Value::prefixed(names::FUNCTION.suffix)]);
    vec![group(HANDLER_LOGS, handler, config), group(MACHINE_LOGS, machine, config)]
}

fn group(resource: Resource, name: Value, config: &Config) -> LogGroup {
    let retention_days = Value::parameter(ParameterKey::LogRetentionDays);
    LogGroup { resource, name, retention_days, key_arn: key::arn(config) }
}
