//! The rows of any table, and how its faults are told.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::problem::Problem;
use crate::strategy::Catalog;

/// The rows of a table, in the order in which they are written.
pub(super) fn rows<T: DeserializeOwned>(text: &str) -> Result<Vec<(String, T)>, String> {
    typed(serde_yaml::from_str(text).map_err(|error| error.without_snippet().to_string())?)
}

/// Each row as its type has it.
pub(super) fn typed<T: DeserializeOwned>(rows: Map<String, Value>) -> Result<Vec<(String, T)>, String> {
    let row = |(name, row)| match serde_json::from_value(row) {
        Ok(row) => Ok((name, row)),
        Err(error) => Err(format!("{name}: {error}")),
    };
    rows.into_iter().map(row).collect()
}

/// What is wrong with a table, by its file, and by the line of the row where the reason begins with the row's name.
pub(super) fn fault(catalog: &Catalog, path: &str, reason: &str) -> Problem {
    let row = reason.split(':').next().and_then(|name| place(catalog, path, name));
    let place = row.unwrap_or_else(|| format!("templates/{path}"));
    Problem::new("table", path, format!("{place}: {reason}"))
}

/// Where a row stands, `templates/FILE:LINE`.
pub(super) fn place(catalog: &Catalog, path: &str, row: &str) -> Option<String> {
    let is_row = |line: &str| line.trim_start().strip_prefix(row).is_some_and(|rest| rest.starts_with(':'));
    let index = catalog.text(path)?.lines().position(is_row)?;
    Some(format!("templates/{path}:{}", index + 1))
}
