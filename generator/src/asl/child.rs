//! The states of a child execution, kept apart from those of the machine around it.

use std::collections::BTreeSet;

use minijinja::{Error, ErrorKind, context};
use serde_json::Value;

use super::expression;
use super::origin::{self, Plain};

/// The states of a child execution, with every variable they assign renamed to `<prefix>_<name>`, so that no name
/// stands in two nested scopes.
pub(super) fn states(state: &minijinja::State<'_, '_>, path: &str, prefix: &str) -> Result<String, Error> {
    let text = state.env().get_template(path)?.render(context! {
        settings => state.lookup("settings"),
        hooks => state.lookup("hooks"),
    })?;
    let plain = Plain::of(text);
    let parsed =
        origin::parse(path, &plain).map_err(|reason| Error::new(ErrorKind::InvalidOperation, reason))?;
    Ok(origin::print(path, plain, &rename_variables(&parsed, prefix)))
}

fn rename_variables(states: &Value, prefix: &str) -> Value {
    let mut names = BTreeSet::new();
    collect_assigned(states, &mut names);
    rename(states, &names, prefix)
}

fn collect_assigned(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                if key == "Assign" {
                    names.extend(field.as_object().into_iter().flat_map(|assigned| assigned.keys().cloned()));
                }
                collect_assigned(field, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_assigned(item, names)),
        _ => {}
    }
}

fn rename(value: &Value, names: &BTreeSet<String>, prefix: &str) -> Value {
    match value {
        Value::String(text) => Value::String(expression::rename_variables(text, names, prefix)),
        Value::Array(items) => items.iter().map(|item| rename(item, names, prefix)).collect(),
        Value::Object(fields) => {
            let renamed = fields.iter().map(|(key, field)| {
                let field = match field.as_object() {
                    Some(assigned) if key == "Assign" => assigned
                        .iter()
                        .map(|(name, value)| (format!("{prefix}_{name}"), rename(value, names, prefix)))
                        .collect(),
                    _ => rename(field, names, prefix),
                };
                (key.clone(), field)
            });
            Value::Object(renamed.collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_of_a_child_gets_the_prefix() {
        let states = serde_json::json!({
            "A": {"Type": "Pass", "Assign": {"id": "{% $states.input.id %}"}, "Next": "B"},
            "B": {"Type": "Pass", "Output": "{% $id & $idle & '$id' %}", "End": true},
        });
        let renamed = rename_variables(&states, "turn");
        assert_eq!(renamed["A"]["Assign"]["turn_id"], "{% $states.input.id %}");
        assert_eq!(renamed["B"]["Output"], "{% $turn_id & $idle & '$id' %}");
    }
}
