//! The states of a child execution, kept apart from those of the machine around it.

use std::collections::BTreeSet;
use std::mem;

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
    let mut states =
        origin::parse(path, &plain).map_err(|reason| Error::new(ErrorKind::InvalidOperation, reason))?;
    rename_variables(&mut states, prefix);
    Ok(origin::print(path, plain, &states))
}

fn rename_variables(states: &mut Value, prefix: &str) {
    let mut names = BTreeSet::new();
    collect_assigned(states, &mut names);
    rename(states, &names, prefix);
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

fn rename(value: &mut Value, names: &BTreeSet<String>, prefix: &str) {
    match value {
        Value::String(text) => {
            if let Some(renamed) = expression::rename_variables(text, names, prefix) {
                *text = renamed;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, names, prefix)),
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                rename(field, names, prefix);
                if let (Some(assigned), "Assign") = (field.as_object_mut(), key.as_str()) {
                    let renamed = mem::take(assigned).into_iter();
                    *assigned = renamed.map(|(name, value)| (format!("{prefix}_{name}"), value)).collect();
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_of_a_child_gets_the_prefix() {
        let mut states = serde_json::json!({
            "A": {"Type": "Pass", "Assign": {"id": "{% $states.input.id %}"}, "Next": "B"},
            "B": {"Type": "Pass", "Output": "{% $id & $idle & '$id' %}", "End": true},
        });
        rename_variables(&mut states, "turn");
        assert_eq!(states["A"]["Assign"]["turn_id"], "{% $states.input.id %}");
        assert_eq!(states["B"]["Output"], "{% $turn_id & $idle & '$id' %}");
    }
}
