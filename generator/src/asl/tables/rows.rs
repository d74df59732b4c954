//! The rows of any table, and how its faults are told.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::problem::Problem;

/// The rows of a table, in the order in which they are written.
pub(super) fn rows<T: DeserializeOwned>(text: &str) -> Result<Vec<(String, T)>, String> {
    typed(serde_yaml::from_str(text).map_err(|error| error.to_string())?)
}

/// Each row as its type has it.
pub(super) fn typed<T: DeserializeOwned>(rows: Map<String, Value>) -> Result<Vec<(String, T)>, String> {
    let row = |(name, row)| match serde_json::from_value(row) {
        Ok(row) => Ok((name, row)),
        Err(error) => Err(format!("{name}: {error}")),
    };
    rows.into_iter().map(row).collect()
}

/// What is wrong with a table, by its file.
pub(super) fn fault(path: &str, reason: &str) -> Problem {
    Problem::new("table", path, format!("templates/{path}: {reason}"))
}
