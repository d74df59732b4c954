//! The templates under `templates/strategies/` to the text of one definition.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use minijinja::{Environment, Value as Argument, context};
use serde::Serialize;
use serde_json::{Map, Value};

use super::child;
use super::expression::{self, Parsed};
use super::origin::{self, Origins, Plain};
use super::tables::Tables;
use crate::config::{Config, SettingValue};
use crate::names;
use crate::problem::{Problem, Problems};
use crate::strategy::{Catalog, Hooks};
use crate::template;

const FRAME: &str = "strategies/_shared/machine.asl.json.j2";

/// The Choices whose rules lead to a state, by that state.
type Callers = BTreeMap<String, Vec<String>>;

/// What a machine says of itself once it is rendered.
#[derive(Default)]
struct Known {
    callers: Callers,
    /// The phases that a journal can have, as a JSONata list.
    phases: String,
}

/// Renders the frame and every file of states, and joins them: the shared files in the order of their numbers, then
/// each strategy's. Twice, because states that several others share must know where to go back to, and which phases
/// there are: the first time finds out.
pub(super) fn render(config: &Config, tables: &Arc<Tables>) -> Result<Rendered, Problems> {
    let mut environment = environment(config, tables); // the second time it knows the templates
    let unknown = Known { phases: "[]".to_owned(), ..Known::default() };
    let (first, ..) = render_definition(&mut environment, config, unknown)?;
    let known = Known { callers: callers(&first), phases: phases(&first, config.catalog()) };
    let (definition, stages, origins) = render_definition(&mut environment, config, known)?;
    let text = serde_json::to_string_pretty(&definition).expect("a JSON value prints") + "\n";
    Ok(Rendered { text, stages, origins })
}

/// A definition, and where its states come from.
#[derive(Debug)]
pub(super) struct Rendered {
    /// Pretty-printed, newline at the end.
    pub(super) text: String,
    /// The states by the stage of the frame or the strategy whose templates hold them, in order.
    pub(super) stages: Vec<(String, Vec<String>)>,
    /// Where its states stand in the templates.
    pub(super) origins: Origins,
}

/// The stage of a file of states: `observe` of `_shared/2_observe.asl.json.j2`, or the strategy's name.
fn stage_of(path: &str) -> &str {
    let (folder, file) =
        path.strip_prefix("strategies/").and_then(|path| path.split_once('/')).unwrap_or(("", path));
    if folder != "_shared" {
        return folder;
    }
    let stem = file.split('.').next().unwrap_or(file);
    stem.trim_start_matches(|first: char| first.is_ascii_digit() || first == '_')
}

/// The definition, its states by their stage, and where they stand in the templates.
type Staged = (Map<String, Value>, Vec<(String, Vec<String>)>, Origins);

fn render_definition(
    environment: &mut Environment<'_>,
    config: &Config,
    known: Known,
) -> Result<Staged, Problems> {
    let catalog = config.catalog();
    let Known { callers, phases } = known;
    environment.add_function("callers", move |target: &str| callers.get(target).cloned().unwrap_or_default());
    environment.add_function("phases", move || phases.clone());
    let context = context(config);
    let mut problems = Problems::default();
    let mut states = Map::new();
    let mut homes = Vec::<(String, Vec<String>)>::new();
    let mut origins = Origins::default();
    for path in catalog.state_files() {
        match render_states(environment, &path, &context, &mut origins) {
            Ok(rendered) => {
                let names = rendered.keys().cloned();
                match homes.last_mut().filter(|(stage, _)| stage == stage_of(&path)) {
                    Some((_, known)) => known.extend(names),
                    None => homes.push((stage_of(&path).to_owned(), names.collect())),
                }
                join(&mut states, &path, rendered, &mut problems);
            }
            Err(reason) => problems.push(fault("template", &path, reason)),
        }
    }
    let frame = render_states(environment, FRAME, &context, &mut origins).unwrap_or_else(|reason| {
        problems.push(fault("template", FRAME, reason));
        Map::new()
    });
    let mut definition = frame;
    definition.insert("States".to_owned(), Value::Object(states));
    problems.or_ok((definition, homes, origins))
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

/// The phases that a state gives a journal, and those of which a strategy knows how they are put back.
fn phases(definition: &Map<String, Value>, catalog: &Catalog) -> String {
    let mut journals = Vec::new();
    collect_journals(&definition["States"], &mut journals);
    let journals = journals.into_iter().filter_map(|value| match value {
        Value::Object(fields) => {
            fields.get("phase").and_then(Value::as_str).map(|phase| vec![phase.to_owned()])
        }
        value => value.as_str().and_then(expression::delimited).map(|source| {
            let entries = Parsed::of(source).entries.into_iter();
            entries.filter(|entry| entry.key == "phase").flat_map(|entry| entry.texts).collect()
        }),
    });
    let hooks = catalog.strategies().values().flat_map(|strategy| strategy.hooks.put_back.keys().cloned());
    let phases: BTreeSet<_> = journals.flatten().chain(hooks).map(|phase| format!("'{phase}'")).collect();
    format!("[{}]", Vec::from_iter(phases).join(", "))
}

/// What is assigned to `journal`, on whatever way out of a state.
fn collect_journals<'a>(value: &'a Value, journals: &mut Vec<&'a Value>) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                journals.extend((key == "Assign").then(|| field.get("journal")).flatten());
                collect_journals(field, journals);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_journals(item, journals)),
        _ => {}
    }
}

fn environment(config: &Config, tables: &Arc<Tables>) -> Environment<'static> {
    let mut environment = template::environment();
    let catalog = Arc::clone(config.catalog());
    environment.set_loader(move |path| Ok(catalog.text(path).map(|text| origin::mark(path, text))));
    environment.add_global("partition", names::partition(&config.region)); // global: macros see no context
    environment.add_global("groups", Argument::from(minijinja::value::Serde(chosen_groups(config))));
    environment.add_global("request", Argument::from(minijinja::value::Serde(&tables.request)));
    environment.add_global("journal", Argument::from(minijinja::value::Serde(tables.journal.printed())));
    let tables = Arc::clone(tables);
    environment.add_function("initial_variables", move |path: &str| tables.initial(path));
    environment.add_filter("jsonata", jsonata);
    environment.add_function("child_states", child::states);
    environment
}

/// An expression over several lines to one JSON string that Step Functions takes for an expression. The blanks keep
/// `{%` and a following `{` apart: together they would be a directive in Terraform's `templatefile`.
fn jsonata(expression: &str) -> String {
    let expression = origin::unmarked(expression);
    let one_line: Vec<_> = expression.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    Value::String(format!("{{% {} %}}", one_line.join(" "))).to_string()
}

/// A state at which the frame goes over to a strategy.
#[derive(Serialize)]
struct Hook<'a> {
    strategy: &'a str,
    /// Of the journal; only for `put_back`.
    phase: Option<&'a str>,
    state: &'a str,
}

/// What the frame asks strategies for, hook by hook.
fn hooks(catalog: &Catalog) -> BTreeMap<&'static str, Vec<Hook<'_>>> {
    let mut put_back = BTreeMap::new(); // a phase is put back in one way, whoever names it
    for strategy in catalog.strategies().values() {
        for (phase, state) in &strategy.hooks.put_back {
            put_back.entry(phase).or_insert(Hook { strategy: &strategy.name, phase: Some(phase), state });
        }
    }
    [
        ("before_start", of(catalog, |hooks| hooks.before_start.as_ref())),
        ("start_at", of(catalog, |hooks| hooks.start_at.as_ref())),
        ("before_leaving", of(catalog, |hooks| hooks.before_leaving.as_ref())),
        ("on_active_refresh", of(catalog, |hooks| hooks.on_active_refresh.as_ref())),
        ("put_back", put_back.into_values().collect()),
    ]
    .into()
}

/// The strategies that have a hook, with their states.
fn of(catalog: &Catalog, state: fn(&Hooks) -> Option<&String>) -> Vec<Hook<'_>> {
    let mut found = Vec::new();
    for strategy in catalog.strategies().values() {
        let hook = |state| Hook { strategy: &strategy.name, phase: None, state };
        found.extend(state(&strategy.hooks).map(|state| hook(state.as_str())));
    }
    found
}

/// What `groups` of `stack.yaml` says, as the templates ask for it.
fn chosen_groups(config: &Config) -> Value {
    let prefixes: Vec<_> = config.groups.name_prefixes.iter().map(ToString::to_string).collect();
    let tags: BTreeMap<_, _> =
        config.groups.tags.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    serde_json::json!({"name_prefixes": prefixes, "tags": tags})
}

fn context(config: &Config) -> Argument {
    context! {
        version => env!("CARGO_PKG_VERSION"),
        settings => minijinja::value::Serde(&config.strategies),
        // A restore may be for a strategy that this machine no longer has; it polls at the shortest interval.
        poll_interval_seconds => config.strategies.values().filter_map(poll_interval_seconds).min(),
        hooks => minijinja::value::Serde(hooks(config.catalog())),
        any_units => minijinja::value::Serde(any_units(config.catalog())),
        named_by => minijinja::value::Serde(named_by(config.catalog())),
        processes => minijinja::value::Serde(processes(config.catalog())),
    }
}

/// The strategies that recycle groups whose capacity is no number of instances.
fn any_units(catalog: &Catalog) -> Vec<&str> {
    catalog.strategies().values().filter(|one| one.any_units).map(|one| one.name.as_str()).collect()
}

/// Who carries out requests that name instances, by the names of the strategies that cannot.
fn named_by(catalog: &Catalog) -> BTreeMap<&str, &str> {
    let strategies = catalog.strategies().values();
    strategies.filter_map(|one| Some((one.name.as_str(), one.named_by.as_deref()?))).collect()
}

/// The processes that each strategy needs, by its name.
fn processes(catalog: &Catalog) -> BTreeMap<&str, &[String]> {
    let strategies = catalog.strategies().values();
    strategies.map(|strategy| (strategy.name.as_str(), strategy.processes.as_slice())).collect()
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
    origins: &mut Origins,
) -> Result<Map<String, Value>, String> {
    let rendered = environment.get_template(path).and_then(|template| template.render(context));
    let text = rendered.map_err(|error| origin::unmarked(&format!("{error:#}")))?;
    let plain = Plain::of(text);
    match origin::parse(path, &plain)? {
        Value::Object(states) => {
            origins.add(path, plain);
            Ok(states)
        }
        _ => Err(format!("templates/{path}: not a JSON object")),
    }
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
    Problem::new(code, pointer, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render_with(config: &Config) -> Result<Rendered, Problems> {
        render(config, &Arc::new(Tables::read(config.catalog())?))
    }

    #[test]
    fn an_expression_over_several_lines_becomes_one_string() {
        assert_eq!(jsonata("\n  $a = 'x'\n    and $b\n"), r#""{% $a = 'x' and $b %}""#);
    }

    #[test]
    fn the_states_that_list_instances_go_back_to_every_choice_that_asks() {
        let definition: Value =
            serde_json::from_str(&render_with(&Config::with_defaults("demo".parse().unwrap())).unwrap().text)
                .unwrap();
        let leads_to = |target: &str| -> Vec<String> {
            callers(definition.as_object().unwrap()).remove(target).unwrap_or_default()
        };
        let looks = leads_to("List instances");
        assert!(looks.len() > 5, "{looks:?}");
        for look in &looks {
            assert!(leads_to(look).contains(&"Back to the look".to_owned()), "{look}");
        }
    }

    /// What is said of a strategy whose only file of states has this text.
    fn fault_of(states: &str, others: &[(&str, &str)]) -> String {
        let yaml = "summary: s\npromise: nothing\nhooks: {start_at: A}\nsettings: {common: [poll_interval_seconds]}\n";
        let files = [("strategy.yaml", yaml), ("states.asl.json.j2", states)];
        let files = files.iter().chain(others).map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        let catalog =
            Catalog::embedded().with_folder("broken", files.collect()).expect("its strategy.yaml is right");
        render_with(&Config::with_defaults("demo".parse().unwrap()).with_catalog(catalog))
            .expect_err("it is broken")
            .to_string()
    }

    #[test]
    fn a_fault_of_a_template_names_the_templates_own_line() {
        let looped =
            "{\n<% for name in ['A', 'B'] %>\n  \"<< name >>\": {\"Type\": \"Succeed\"}\n<% endfor %>\n}\n";
        let calling =
            "<% from 'strategies/broken/m.j2' import state %>\n{\n  \"A\": {\n    << state() >>\n  }\n}\n";
        let child =
            "{\n  \"A\": {\n    \"States\": << child_states('strategies/broken/m.j2', 'c') >>\n  }\n}\n";
        for (states, other, expected) in [
            (
                looped,
                "",
                "templates/strategies/broken/states.asl.json.j2:3: not JSON: expected `,` or `}`: `\"B\"",
            ),
            (
                calling,
                "<% macro state() %>\n\"Type\": \"Succeed\",\n<% endmacro %>\n",
                "templates/strategies/broken/states.asl.json.j2:5: not JSON: trailing comma: `}`, after templates/strategies/broken/m.j2:2",
            ),
            (
                calling,
                "<% macro state() %>\n\"Type\" \"Succeed\"\n<% endmacro %>\n",
                "templates/strategies/broken/m.j2:2: not JSON: expected `:`: `\"Type\" \"Succeed\"`, for templates/strategies/broken/states.asl.json.j2:4",
            ),
            (
                child,
                "{\n  \"B\": {}\n  \"C\": {}\n}\n",
                "templates/strategies/broken/m.j2:3: not JSON: expected `,` or `}`: `\"C\"",
            ),
            ("{\n  \"A\": << nothing >>\n}\n", "", "strategies/broken/states.asl.json.j2:2"),
            ("[]\n", "", "templates/strategies/broken/states.asl.json.j2: not a JSON object"),
        ] {
            let fault = fault_of(states, &[("m.j2", other)]);
            assert!(fault.contains(expected), "{fault}");
            assert!(!fault.contains('\u{e000}'), "{fault}");
        }
    }
}
