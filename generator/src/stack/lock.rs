//! The table of locks and journals: one item per group that is being recycled, by whichever stack of the account and region.

use serde::Serialize;

use super::key;
use super::parameter::ParameterKey;
use super::value::Value;
use crate::config::Config;
use crate::names;

/// The table: on demand, encrypted, recoverable to any moment, kept when the stack goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LockTable {
    /// Its name, which the state machine is given as a placeholder.
    pub name: Value,
    /// Whether the stack creates it; otherwise another stack of the account and region has.
    pub create: Value,
    /// Whether it does so where nobody says otherwise at deployment.
    pub is_created_by_default: bool,
    /// The attribute that identifies an item: text.
    pub hash_key: &'static str,
    /// Whether it refuses to be deleted. A journal is the only record of a group's original sizes.
    pub deletion_protection: Value,
    /// ARN of the key that encrypts it; DynamoDB's own in the account where there is none.
    pub key_arn: Option<Value>,
}

/// Its ARN, by name: which stack of the account and region has created it does not matter.
pub(super) fn arn() -> Value {
    Value::regional_arn("dynamodb", ["table/".into(), names::LOCK_TABLE.into()])
}

pub(super) fn table(config: &Config) -> LockTable {
    LockTable {
        is_created_by_default: config.locks.create_table,
        name: names::LOCK_TABLE.into(),
        create: Value::parameter(ParameterKey::CreateLockTable),
        hash_key: "auto_scaling_group_name",
        deletion_protection: Value::parameter(ParameterKey::DeletionProtection),
        key_arn: key::arn(config),
    }
}
