//! Tables of variables: the frame's, a strategy's, and those of a child execution.

use serde::Deserialize;
use serde_json::Value;

use super::super::kind::Kind;

/// Where the frame's tables stand.
pub(super) const FRAME: &str = "strategies/_shared/";
/// How the name of a table of a child execution's variables ends; what comes before is the prefix of their names.
pub(super) const OF_A_CHILD: &str = ".variables.yaml";

/// A variable of the machine, or of a child execution.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::asl) struct Variable {
    pub(in crate::asl) kind: Kind,
    /// For people, with its unit.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "printed in docs/machine-state.md, which a test holds")
    )]
    pub(in crate::asl) meaning: String,
    /// The stages of the frame that assign it, `strategies` for any strategy, `everywhere`. A strategy's own variables
    /// and those of children need none: nobody else knows them.
    #[serde(default)]
    pub(in crate::asl) written_by: Vec<String>,
    /// What an execution begins with: JSON, a text that begins with `{%` an expression. Without one it is assigned by
    /// the states alone.
    #[serde(default)]
    pub(in crate::asl) initial: Option<Value>,
}

/// A table of variables.
#[derive(Debug)]
pub(in crate::asl) struct VariableTable {
    /// Of its file, under `templates/`.
    pub(in crate::asl) path: String,
    /// What the names begin with in the definition: `turn_` in a child execution's.
    pub(in crate::asl) prefix: String,
    /// By name, without the prefix, as it is written.
    pub(in crate::asl) variables: Vec<(String, Variable)>,
}

impl VariableTable {
    /// The child execution whose variables these are, by its file of states.
    pub(super) fn child(&self) -> Option<&str> {
        prefix(&self.path)
    }
}

/// The prefix of the variables of a table: the name of a child execution's file of states.
pub(super) fn prefix(path: &str) -> Option<&str> {
    path.rsplit('/').next()?.strip_suffix(OF_A_CHILD)
}
