//! A read that leaves a big group's instances out goes on to a Choice that fetches them first: to miss that would be to
//! take the group for empty.

use serde_json::{Value, json};

use super::super::definition::Definition;
use super::super::expression;
use super::report::Report;

/// The condition of the rule `list_first` of `templates/strategies/_shared/macros.j2`.
const UNLISTED: &str = "{% $group.unlisted %}";

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    for (index, name, state) in definition.states() {
        if !state.fields.get("Arguments").is_some_and(may_leave_instances_out) {
            continue;
        }
        let next = state.fields.get("Next").and_then(Value::as_str).unwrap_or_default();
        let first_rule = definition.scopes[index].states.get(next).map(|next| &next.fields);
        let lists = first_rule
            .and_then(|fields| fields.get("Choices"))
            .is_some_and(|choices| choices[0]["Condition"] == json!(UNLISTED));
        if !lists {
            report.add(
                name,
                format!("`{next}`, where it goes on, is no Choice that begins with the rule `{UNLISTED}`"),
            );
        }
    }
}

/// Whether it depends on what is known of the group if the instances are in the answer.
fn may_leave_instances_out(arguments: &Value) -> bool {
    let read = arguments
        .as_str()
        .filter(|text| text.contains("'IncludeInstances'"))
        .and_then(expression::delimited)
        .and_then(|text| expression::variables(text).ok());
    read.is_some_and(|names| names.contains("group"))
}
