//! Names are at most 80 characters and stand once in the whole definition; a variable has no function's name; and no state's
//! name is a value, so that states can be renamed.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::definition::{Definition, State};
use super::super::expression;
use super::report::Report;

/// Longest name of a state or variable, in characters.
const LENGTH_MAX: usize = 80;

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    let mut seen = BTreeSet::new();
    for (_, name, state) in definition.states() {
        if !seen.insert(name) {
            report.add(name, "another scope has a state of this name".to_owned());
        }
        for variable in state.assigned().filter(|variable| expression::FUNCTIONS.contains(&variable.as_str()))
        {
            report.add(name, format!("${variable} is the name of a JSONata function"));
        }
        for long in std::iter::once(name.to_owned()).chain(state.assigned()) {
            let length = long.chars().count();
            if length > LENGTH_MAX {
                report
                    .add(name, format!("`{long}` has {length} characters; a name has at most {LENGTH_MAX}"));
            }
        }
    }
    for (_, name, state) in definition.states() {
        let mut values = BTreeSet::new();
        collect_values(state, &mut values);
        for value in values.iter().filter(|value| seen.contains(value.as_str())) {
            report.add(name, format!("`{value}` is a state's name, and stands here as a value"));
        }
    }
}

/// The texts that a state compares with, assigns and passes on. That a rule goes to a state by its name, which a state that
/// several share was given as a return address, is what the renderer writes, and no template.
fn collect_values(state: &State, values: &mut BTreeSet<String>) {
    for (field, value) in &state.fields {
        if field == "Choices" {
            for rule in value.as_array().into_iter().flatten() {
                let mut of_rule = BTreeSet::new();
                collect_texts(rule, &mut of_rule);
                let next = rule["Next"].as_str().unwrap_or_default();
                values.extend(of_rule.into_iter().filter(|text| text != next));
            }
        } else if !matches!(field.as_str(), "Type" | "Next" | "Default" | "Comment" | "ItemProcessor") {
            collect_texts(value, values);
        }
    }
}

fn collect_texts(value: &Value, texts: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => match expression::delimited(text) {
            Some(expression) => texts.extend(expression::literals(expression)),
            None => drop(texts.insert(text.clone())),
        },
        Value::Array(items) => items.iter().for_each(|item| collect_texts(item, texts)),
        Value::Object(fields) => {
            let inner = fields.iter().filter(|(key, _)| *key != "Next");
            inner.for_each(|(_, value)| collect_texts(value, texts));
        }
        _ => {}
    }
}
