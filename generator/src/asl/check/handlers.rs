//! Retriers and catchers: `States.ALL` stands alone and last, numbers are in bounds, and no call goes without a catcher.

use serde_json::Value;

use super::super::definition::Definition;
use super::report::Report;

const RETRIER_FIELDS: &[&str] = &[
    "ErrorEquals",
    "IntervalSeconds",
    "MaxAttempts",
    "BackoffRate",
    "MaxDelaySeconds",
    "JitterStrategy",
    "Comment",
];
const CATCHER_FIELDS: &[&str] = &["ErrorEquals", "Next", "Assign", "Output", "Comment"];

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    for (index, name, state) in definition.states() {
        check_list(name, state.fields.get("Retry"), "Retry", RETRIER_FIELDS, report);
        check_list(name, state.fields.get("Catch"), "Catch", CATCHER_FIELDS, report);
        // Inside an inline Map the Map catches for its tasks.
        let scope = &definition.scopes[index];
        let caught_outside = scope.owner.as_ref().is_some_and(|(owner, map)| {
            !scope.distributed && catches_all(definition.scopes[*owner].states[map].fields.get("Catch"))
        });
        if matches!(state.kind.as_str(), "Task" | "Map")
            && !caught_outside
            && !catches_all(state.fields.get("Catch"))
        {
            report.add(
                name,
                "nothing catches States.ALL, so an error would end the execution without putting back".into(),
            );
        }
    }
}

fn catches_all(list: Option<&Value>) -> bool {
    let catchers = list.and_then(Value::as_array);
    catchers
        .and_then(|each| each.last())
        .is_some_and(|item| item["ErrorEquals"] == serde_json::json!(["States.ALL"]))
}

fn check_list(state: &str, list: Option<&Value>, field: &str, known: &[&str], report: &mut Report<'_>) {
    let items: Vec<_> = list.and_then(Value::as_array).into_iter().flatten().collect();
    for (index, item) in items.iter().enumerate() {
        let errors: Vec<_> =
            item["ErrorEquals"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if errors.is_empty() {
            report.add(state, format!("{field}[{index}] names no error"));
        }
        if errors.contains(&"States.ALL") && (errors.len() > 1 || index + 1 < items.len()) {
            report.add(state, format!("{field}[{index}]: States.ALL must stand alone and last"));
        }
        for key in item
            .as_object()
            .into_iter()
            .flat_map(|fields| fields.keys())
            .filter(|k| !known.contains(&k.as_str()))
        {
            report.add(state, format!("{field}[{index}] has no field {key}"));
        }
        if item["BackoffRate"].as_f64().is_some_and(|rate| rate < 1.0) {
            report.add(state, format!("{field}[{index}]: BackoffRate is at least 1"));
        }
        if item["IntervalSeconds"].as_u64() == Some(0) {
            report.add(state, format!("{field}[{index}]: IntervalSeconds is at least 1"));
        }
    }
}
