//! What is deployed in a world: whoever sets one up says so, no scenario does.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::iam_policy::RolePolicies;

/// What calls can reach besides groups.
#[derive(Debug, Clone)]
pub struct Resources {
    /// The `DynamoDB` tables.
    pub tables: Vec<TableSpec>,
    /// The tag by which groups are opted in.
    pub opt_in_tag: String,
    /// What the role of each machine allows, by the machine's ARN; a machine that is not named may make every call.
    pub roles: BTreeMap<String, Arc<RolePolicies>>,
    /// ARNs of topics that exist.
    pub topics: Vec<String>,
    /// Names or ARNs of functions that exist.
    pub functions: Vec<String>,
}

/// A table whose items are locks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSpec {
    /// Its name.
    pub name: String,
    /// Name of its key, a text.
    pub key: String,
    /// The attribute of an item that names the execution holding it.
    pub lock_owner: String,
}

impl Default for TableSpec {
    fn default() -> Self {
        Self {
            name: "recycles".to_owned(),
            key: "auto_scaling_group_name".to_owned(),
            lock_owner: "held_by".to_owned(),
        }
    }
}

impl Default for Resources {
    fn default() -> Self {
        Self {
            tables: vec![TableSpec::default()],
            opt_in_tag: "recycled".to_owned(),
            roles: BTreeMap::new(),
            topics: vec!["arn:aws:sns:eu-west-2:123456789012:recycles".to_owned()],
            functions: Vec::new(),
        }
    }
}
