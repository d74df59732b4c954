//! The templates under `templates/strategies/` to the text of one definition.

use std::collections::{BTreeMap, BTreeSet};

use include_dir::Dir;
use minijinja::{Environment, Error, ErrorKind, Value as Argument, context};
use serde::Serialize;
use serde_json::{Map, Value};

use super::expression;
use crate::config::{Config, SettingValue};
use crate::names;
use crate::problem::{Problem, Problems};
use crate::strategy::{self, PutBack};
use crate::template::{self, TEMPLATES};

const SHARED: &str = "strategies/_shared";
const FRAME: &str = "strategies/_shared/machine.asl.json.j2";
const STATES: &str = "states.asl.json.j2";

/// The Choices whose rules lead to a state, by that state.
type Callers = BTreeMap<String, Vec<String>>;

/// Renders the frame and every file of states, and joins them: the shared files in the order of their numbers, then
/// each strategy's. Twice, because states that several others share must know where to go back to: the first time
/// finds out who calls whom.
pub(super) fn render(config: &Config) -> Result<String, Problems> {
    let callers = callers(&render_definition(config, Callers::new())?);
    let definition = render_definition(config, callers)?;
    Ok(serde_json::to_string_pretty(&definition).expect("a JSON value prints") + "\n")
}

fn render_definition(config: &Config, callers: Callers) -> Result<Map<String, Value>, Problems> {
    let mut environment = environment(config);
    environment.add_function("callers", move |target: &str| callers.get(target).cloned().unwrap_or_default());
    let context = context(config);
    let mut problems = Problems::default();
    let mut states = Map::new();
    for path in files() {
        match render_states(&environment, &path, &context) {
            Ok(rendered) => join(&mut states, &path, rendered, &mut problems),
            Err(reason) => problems.push(fault("template", &path, reason)),
        }
    }
    let frame = render_states(&environment, FRAME, &context).unwrap_or_else(|reason| {
        problems.push(fault("template", FRAME, reason));
        Map::new()
    });
    let mut definition = frame;
    definition.insert("States".to_owned(), Value::Object(states));
    problems.or_ok(definition)
}

/// Whose rules lead where.
fn callers(definition: &Map<String, Value>) -> Callers {
    let mut callers = Callers::new();
    for (name, state) in definition["States"].as_object().into_iter().flatten() {
        for rule in state["Choices"].as_array().into_iter().flatten() {
            let known = rule["Next"].as_str().map(|next| callers.entry(next.to_owned()).or_default());
            if let Some(known) = known.filter(|known| !known.contains(name)) {
                known.push(name.clone());
            }
        }
    }
    callers
}

/// The templates that hold states.
fn files() -> Vec<String> {
    let in_folder = |folder: &Dir<'_>| -> Vec<String> {
        folder.files().filter_map(|file| file.path().to_str()).map(str::to_owned).collect()
    };
    let mut shared: Vec<_> = TEMPLATES.get_dir(SHARED).map(in_folder).unwrap_or_default();
    shared.retain(|path| path.ends_with(".asl.json.j2") && path != FRAME);
    shared.sort();
    shared.extend(strategy::all().keys().map(|name| format!("strategies/{name}/{STATES}")));
    shared
}

fn environment(config: &Config) -> Environment<'static> {
    let mut environment = template::environment();
    environment.add_global("partition", names::partition(&config.region)); // global: macros see no context
    environment.add_filter("jsonata", jsonata);
    environment.add_function("child_states", child_states);
    environment
}

/// An expression over several lines to one JSON string that Step Functions takes for an expression. The blanks keep
/// `{%` and a following `{` apart: together they would be a directive in Terraform's `templatefile`.
fn jsonata(expression: &str) -> String {
    let one_line: Vec<_> = expression.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    Value::String(format!("{{% {} %}}", one_line.join(" "))).to_string()
}

/// The states of a child execution, with every variable they assign renamed to `<prefix>_<name>`, so that no name
/// stands in two nested scopes.
fn child_states(state: &minijinja::State<'_, '_>, path: &str, prefix: &str) -> Result<String, Error> {
    let text = state.env().get_template(path)?.render(context! {
        settings => state.lookup("settings"),
        strategies => state.lookup("strategies"),
    })?;
    let parsed: Value = serde_json::from_str(&text)
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, format!("{path}: {error}")))?;
    Ok(rename_variables(&parsed, prefix).to_string())
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

#[derive(Serialize)]
struct StrategyContext<'a> {
    name: &'a str,
    before_start: Option<&'a str>,
    before_halving: Option<&'a str>,
    start_at: &'a str,
    on_active_refresh: Option<&'a str>,
    put_back: Option<&'a PutBack>,
}

fn context(config: &Config) -> Argument {
    let strategies: Vec<_> = strategy::all()
        .values()
        .map(|strategy| StrategyContext {
            name: &strategy.name,
            before_start: strategy.before_start.as_deref(),
            before_halving: strategy.before_halving.as_deref(),
            start_at: &strategy.start_at,
            on_active_refresh: strategy.on_active_refresh.as_deref(),
            put_back: strategy.put_back.as_ref(),
        })
        .collect();
    context! {
        version => env!("CARGO_PKG_VERSION"),
        settings => minijinja::value::Serde(&config.strategies),
        // A restore may be for a strategy that this machine no longer has; it polls at the shortest interval.
        poll_interval_seconds => config.strategies.values().filter_map(poll_interval_seconds).min(),
        strategies => minijinja::value::Serde(strategies),
    }
}

fn poll_interval_seconds(settings: &std::collections::BTreeMap<String, SettingValue>) -> Option<u64> {
    match settings.get("poll_interval_seconds") {
        Some(SettingValue::Integer(seconds)) => Some(*seconds),
        _ => None,
    }
}

fn render_states(
    environment: &Environment<'_>,
    path: &str,
    context: &Argument,
) -> Result<Map<String, Value>, String> {
    let text = environment
        .get_template(path)
        .and_then(|template| template.render(context))
        .map_err(|error| format!("{error:#}"))?;
    serde_json::from_str(&text).map_err(|error| {
        let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
        format!("rendered text is not a JSON object: {error}: `{}`", line.trim())
    })
}

fn join(states: &mut Map<String, Value>, path: &str, rendered: Map<String, Value>, problems: &mut Problems) {
    for (name, state) in rendered {
        if states.contains_key(&name) {
            problems.push(fault(
                "duplicate-state",
                &name,
                format!("{path} defines a state that stands elsewhere"),
            ));
        } else {
            states.insert(name, state);
        }
    }
}

fn fault(code: &'static str, pointer: &str, reason: String) -> Problem {
    Problem { code, pointer: pointer.to_owned(), location: None, reason, help: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_over_several_lines_becomes_one_string() {
        assert_eq!(jsonata("\n  $a = 'x'\n    and $b\n"), r#""{% $a = 'x' and $b %}""#);
    }

    #[test]
    fn the_states_that_list_instances_go_back_to_every_choice_that_asks() {
        let definition: Value =
            serde_json::from_str(&render(&Config::with_defaults("demo".parse().unwrap())).unwrap()).unwrap();
        let leads_to = |target: &str| -> Vec<String> {
            callers(definition.as_object().unwrap()).remove(target).unwrap_or_default()
        };
        let looks = leads_to("List instances");
        assert!(looks.len() > 5, "{looks:?}");
        for look in &looks {
            assert!(leads_to(look).contains(&"Back to the look".to_owned()), "{look}");
        }
    }

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
