//! The ARNs of the two roles: of those that the stack makes, or of those that somebody else keeps.

use super::parameter_key::ParameterKey;
use super::value::{HANDLER_ROLE, MACHINE_ROLE, Value};
use crate::config::{Config, RoleArn};

/// Of the function's role.
pub(super) fn handler(config: &Config) -> Value {
    let given = config.permissions.handler_role_arn.as_ref();
    given.map_or_else(|| HANDLER_ROLE.arn(), |arn| deployed(arn, ParameterKey::HandlerRoleArn, config))
}

/// Of the state machine's role.
pub(super) fn machine(config: &Config) -> Value {
    let given = config.permissions.machine_role_arn.as_ref();
    given.map_or_else(|| MACHINE_ROLE.arn(), |arn| deployed(arn, ParameterKey::MachineRoleArn, config))
}

/// Where versions are published, `stack.yaml` alone decides.
fn deployed(arn: &RoleArn, key: ParameterKey, config: &Config) -> Value {
    if config.handler.alias.is_some() { (&**arn).into() } else { Value::parameter(key) }
}
