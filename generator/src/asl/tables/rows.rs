//! The rows of any table, and how its faults are told.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::problem::Problem;
use crate::strategy::{Catalog, line_of, yaml_fault};

/// The rows of a table, in the order in which they are written.
pub(super) fn rows<T: DeserializeOwned>(text: &str) -> Result<Vec<(String, T)>, String> {
    typed(serde_yaml::from_str(text).map_err(|error| unreadable(&error))?)
}

/// Each row as its type has it.
pub(super) fn typed<T: DeserializeOwned>(rows: Map<String, Value>) -> Result<Vec<(String, T)>, String> {
    let row = |(name, row)| match serde_json::from_value(row) {
        Ok(row) => Ok((name, row)),
        Err(error) => Err(format!("{name}: {error}")),
    };
    rows.into_iter().map(row).collect()
}

/// How a reason begins that has a line of its own.
const LINE: &str = "line ";

/// What is wrong with a text that is no table, as `fault` takes it.
pub(super) fn unreadable(error: &serde_yaml::Error) -> String {
    match yaml_fault(error) {
        (Some(line), reason) => format!("{LINE}{line}: {reason}"),
        (None, reason) => reason,
    }
}

/// What is wrong with a table, by its file, and by the line: its own, that of the row where the reason begins with the row's name, or
/// that of what it names.
pub(super) fn fault(catalog: &Catalog, path: &str, reason: &str) -> Problem {
    let own = reason.strip_prefix(LINE).and_then(|rest| rest.split_once(": "));
    if let Some((line, reason)) = own.filter(|(line, _)| line.parse::<u64>().is_ok()) {
        return Problem::new("table", path, format!("templates/{path}:{line}: {reason}"));
    }
    let row = reason.split(':').next().and_then(|name| place(catalog, path, name));
    let named = || format!("templates/{path}:{}", line_of(catalog.text(path).unwrap_or_default(), reason));
    let place = row.unwrap_or_else(named);
    Problem::new("table", path, format!("{place}: {reason}"))
}

/// Where a row stands, `templates/FILE:LINE`.
pub(super) fn place(catalog: &Catalog, path: &str, row: &str) -> Option<String> {
    place_within(catalog, path, None, row)
}

/// Where a row of a section of a table stands.
pub(super) fn place_within(
    catalog: &Catalog,
    path: &str,
    section: Option<&str>,
    row: &str,
) -> Option<String> {
    let begins = |line: &str, key: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
    let mut lines = (1..).zip(catalog.text(path)?.lines());
    if let Some(section) = section {
        lines.find(|(_, line)| begins(line, section))?;
    }
    let (number, _) = lines.find(|(_, line)| begins(line.trim_start(), row))?;
    Some(format!("templates/{path}:{number}"))
}
