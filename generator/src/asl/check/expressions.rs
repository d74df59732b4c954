//! `JSONata` stands in whole strings only, parses, and uses no name that Step Functions refuses.

use serde_json::Value;

use super::super::definition::Definition;
use super::super::expression;
use super::report::Report;

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    for (_, name, state) in definition.states() {
        for (field, value) in state.fields.iter().filter(|(field, _)| *field != "ItemProcessor") {
            check_value(name, field, value, report);
        }
    }
}

fn check_value(state: &str, field: &str, value: &Value, report: &mut Report<'_>) {
    match value {
        Value::String(text) => check_text(state, field, text, report),
        Value::Array(items) => items.iter().for_each(|item| check_value(state, field, item, report)),
        Value::Object(fields) => {
            fields
                .iter()
                .for_each(|(key, value)| check_value(state, &format!("{field}.{key}"), value, report));
        }
        _ => {}
    }
}

fn check_text(state: &str, field: &str, text: &str, report: &mut Report<'_>) {
    let Some(expression) = expression::delimited(text) else {
        if text.contains("{%") || text.contains("%}") {
            report.add(state, format!("{field}: an expression must be the whole string: `{text}`"));
        }
        return;
    };
    match expression::variables(expression) {
        Err(reason) => report.add(state, format!("{field}: {reason}: `{expression}`")),
        Ok(variables) if variables.contains("eval") => {
            report.add(state, format!("{field}: Step Functions has no $eval; use $parse"));
        }
        Ok(_) => {}
    }
}
