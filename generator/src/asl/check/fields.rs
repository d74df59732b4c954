//! A state has the fields that its type has in `JSONata` mode, and those that it must have.

use super::super::definition::Definition;
use super::report::Report;

/// Type, fields it must have, further fields it may have. Source: the Amazon States Language, `JSONata` mode.
const TYPES: &[(&str, &[&str], &[&str])] = &[
    ("Choice", &["Choices"], &["Default", "Assign", "Output"]),
    ("Fail", &[], &["Error", "Cause"]),
    (
        "Map",
        &["ItemProcessor"],
        &[
            "Items",
            "ItemSelector",
            "MaxConcurrency",
            "Label",
            "ToleratedFailurePercentage",
            "ToleratedFailureCount",
            "Assign",
            "Output",
            "Retry",
            "Catch",
            "Next",
            "End",
        ],
    ),
    ("Pass", &[], &["Assign", "Output", "Next", "End"]),
    ("Succeed", &[], &["Output"]),
    (
        "Task",
        &["Resource", "TimeoutSeconds"],
        &["Arguments", "Assign", "Output", "Retry", "Catch", "Next", "End"],
    ),
    ("Wait", &[], &["Seconds", "Timestamp", "Assign", "Output", "Next", "End"]),
];

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    for (_, name, state) in definition.states() {
        let Some((_, required, optional)) = TYPES.iter().find(|(kind, ..)| *kind == state.kind) else {
            report.add(name, format!("`{}` is not a type that is used here", state.kind));
            continue;
        };
        for field in required.iter().filter(|field| !state.fields.contains_key(**field)) {
            report.add(name, format!("{field} is missing"));
        }
        let known = |field: &str| required.contains(&field) || optional.contains(&field);
        for field in state.fields.keys().filter(|field| !matches!(field.as_str(), "Type" | "Comment")) {
            if !known(field) {
                report.add(name, format!("a {} state has no field {field} in JSONata mode", state.kind));
            }
        }
        let leaves = state.fields.contains_key("Next") != state.is_end();
        if !leaves && state.kind != "Choice" {
            report.add(name, "it needs either Next or End".to_owned());
        }
        if state.kind == "Wait"
            && state.fields.contains_key("Seconds") == state.fields.contains_key("Timestamp")
        {
            report.add(name, "a Wait needs either Seconds or Timestamp".to_owned());
        }
    }
}
