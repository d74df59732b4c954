//! The templates under `templates/strategies/` to the text of one definition.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use asg_recycle_handler::contract::{
    DRY_RUN, EXCLUSION_WINDOW, RECYCLE_ON_ASG_UPDATE, RECYCLE_WINDOW, STRATEGY, TIME_ZONE,
};
use minijinja::{Environment, Value as Argument, context};
use serde_json::{Map, Value};

use super::child;
use super::expression;
use super::hooks::hooks;
use super::origin::{self, Marks, Origins, Plain};
use super::printed;
use super::source::Source;
use super::tables::Tables;
use super::template_fault;
use crate::problem::{Problem, Problems};
use crate::strategy::{self, Catalog, FRAME};
use crate::template;

/// The Choices whose rules lead to a state, by that state.
type Callers = BTreeMap<String, Vec<String>>;

/// What a machine says of itself once it is rendered.
#[derive(Default)]
struct Known {
    callers: Callers,
    /// The phases that a journal can have, as a JSONata list.
    phases: String,
}

/// What templates are told of the machine that they make up, and whether one asked.
struct Mirror {
    known: Known,
    asked: bool,
}

/// A file's states.
struct StatesOfFile {
    path: String,
    states: Map<String, Value>,
    plain: Plain,
    /// Whether it says something of the machine as a whole.
    asks: bool,
}

/// Renders the frame and every file of states, and joins them: the shared files in the order of their numbers, then
/// each strategy's. Files that ask what they alone cannot know (where states that several others share go back to,
/// which phases there are) are rendered twice: the first time finds out.
pub(super) fn render(source: &Source, tables: &Arc<Tables>, marks: Marks) -> Result<Rendered, Problems> {
    let unknown = Known { phases: "[]".to_owned(), ..Known::default() };
    let mirror = Arc::new(Mutex::new(Mirror { known: unknown, asked: false }));
    let environment = environment(source, tables, &mirror, marks);
    let context = context(source);
    let catalog = source.catalog();
    let mut problems = Problems::default();
    let mut once = |path: &str| {
        lock(&mirror).asked = false;
        let rendered = render_states(&environment, catalog, path, &context);
        let rendered = rendered.map_err(|reason| problems.push(fault("template", path, reason))).ok()?;
        let (states, plain) = rendered;
        Some(StatesOfFile { path: path.to_owned(), states, plain, asks: lock(&mirror).asked })
    };
    let mut files: Vec<_> = catalog.state_files().iter().filter_map(|path| once(path)).collect();
    let frame = once(FRAME);
    lock(&mirror).known = Known { callers: callers(&files), phases: phases(&files, catalog) };
    for file in files.iter_mut().filter(|file| file.asks) {
        if let Some(again) = once(&file.path) {
            *file = again;
        }
    }
    problems.or_ok(())?;
    let frame = frame.expect("whose fault was told, were there one");
    join(frame, files)
}

fn lock(mirror: &Mutex<Mirror>) -> MutexGuard<'_, Mirror> {
    mirror.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ask(mirror: &Mutex<Mirror>) -> MutexGuard<'_, Mirror> {
    let mut mirror = lock(mirror);
    mirror.asked = true;
    mirror
}

/// A definition, and where its states come from.
#[derive(Debug)]
pub(super) struct Rendered {
    /// As it is deployed: without white space between its tokens, newline at the end.
    pub(super) text: Arc<str>,
    /// What is printed.
    pub(super) machine: Map<String, Value>,
    /// The states by the stage of the frame or the strategy whose templates hold them, in order.
    pub(super) stages: Vec<(String, Vec<String>)>,
    /// Where its states stand in the templates; of none is known where marks were left out.
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

/// The frame with the states of every file.
fn join(frame: StatesOfFile, files: Vec<StatesOfFile>) -> Result<Rendered, Problems> {
    let mut machine = frame.states;
    let mut problems = Problems::default();
    let mut all = Map::new();
    let mut stages = Vec::<(String, Vec<String>)>::new();
    let mut origins = Origins::of_frame(FRAME, frame.plain);
    let length: usize = files.iter().map(|file| file.plain.len()).sum();
    for StatesOfFile { path, states, plain, .. } in files {
        let names = states.keys().cloned();
        match stages.last_mut().filter(|(stage, _)| stage == stage_of(&path)) {
            Some((_, known)) => known.extend(names),
            None => stages.push((stage_of(&path).to_owned(), names.collect())),
        }
        for (name, state) in states {
            if all.contains_key(&name) {
                let known = origins.of(&name, None).unwrap_or_else(|| "another file".to_owned());
                let reason = format!("the state `{name}` stands in {known}, too");
                let place = plain.state(&path, &name);
                problems.push(fault("duplicate-state", &name, reason).in_template(place));
            } else {
                all.insert(name, state);
            }
        }
        origins.add(&path, plain);
    }
    machine.insert("States".to_owned(), Value::Object(all));
    let text = printed::minified(&machine, length);
    problems.or_ok(Rendered { text: text.into(), machine, stages, origins })
}

/// Whose rules lead where.
fn callers(files: &[StatesOfFile]) -> Callers {
    let mut callers = Callers::new();
    for (name, state) in files.iter().flat_map(|file| &file.states) {
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
fn phases(files: &[StatesOfFile], catalog: &Catalog) -> String {
    let mut journals = Vec::new();
    for state in files.iter().flat_map(|file| file.states.values()) {
        collect_journals(state, &mut journals);
    }
    let journals = journals.into_iter().filter_map(|value| match value {
        Value::Object(fields) => {
            fields.get("phase").and_then(Value::as_str).map(|phase| vec![phase.to_owned()])
        }
        value => value.as_str().and_then(expression::delimited).map(|source| {
            // Only one in which the key stands has such an entry, and parsing takes long.
            let has_key = ["'phase'", "\"phase\""].iter().any(|key| source.contains(key));
            let entries = if has_key { expression::entries_of(source) } else { Vec::new() };
            entries.into_iter().filter(|entry| entry.key == "phase").flat_map(|entry| entry.texts).collect()
        }),
    });
    let hooks = catalog.strategies().values().flat_map(|strategy| strategy.phases.keys().cloned());
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

fn environment(
    source: &Source,
    tables: &Arc<Tables>,
    mirror: &Arc<Mutex<Mirror>>,
    marks: Marks,
) -> Environment<'static> {
    let is_embedded = marks == Marks::LeftOut && Arc::ptr_eq(source.catalog(), Catalog::embedded());
    let mut environment =
        if is_embedded { template::compiled(strategy::ROOT) } else { template::environment() };
    let known = Arc::clone(mirror);
    let callers = move |target: &str| ask(&known).known.callers.get(target).cloned().unwrap_or_default();
    environment.add_function("callers", callers);
    let known = Arc::clone(mirror);
    environment.add_function("phases", move || ask(&known).known.phases.clone());
    let catalog = Arc::clone(source.catalog());
    environment.set_loader(move |path| Ok(catalog.text(path).map(|text| marks.in_text(path, text))));
    environment.add_global("partition", source.partition); // global: macros see no context
    environment.add_global("console", source.console);
    environment.add_global("email_form", source.email_form.as_str());
    environment.add_global("https_form", source.https_form.as_str());
    environment.add_global("opt_in_tag", RECYCLE_ON_ASG_UPDATE.key);
    environment.add_global("dry_run_tag", DRY_RUN.key);
    environment.add_global("strategy_tag", STRATEGY.key);
    let of_windows = [RECYCLE_WINDOW, EXCLUSION_WINDOW, TIME_ZONE].map(|tag| tag.key);
    environment.add_global("window_tags", Argument::from_iter(of_windows));
    environment.add_global("groups", Argument::from(minijinja::value::Serde(chosen_groups(source))));
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

/// What `groups` of `stack.yaml` says, as the templates ask for it.
fn chosen_groups(source: &Source) -> Value {
    let prefixes: Vec<_> = source.groups.name_prefixes.iter().map(ToString::to_string).collect();
    let tags: BTreeMap<_, _> =
        source.groups.tags.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    serde_json::json!({"name_prefixes": prefixes, "tags": tags})
}

fn context(source: &Source) -> Argument {
    context! {
        version => env!("CARGO_PKG_VERSION"),
        settings => minijinja::value::Serde(&source.strategies),
        poll_interval_seconds => source.poll_interval_seconds_min(),
        hooks => minijinja::value::Serde(hooks(source.catalog())),
        any_units => minijinja::value::Serde(any_units(source.catalog())),
        windowed => minijinja::value::Serde(windowed(source.catalog())),
        named_by => minijinja::value::Serde(named_by(source.catalog())),
        processes => minijinja::value::Serde(processes(source.catalog())),
    }
}

/// The strategies that recycle groups whose capacity is no number of instances.
fn any_units(catalog: &Catalog) -> Vec<&str> {
    catalog.strategies().values().filter(|one| one.any_units).map(|one| one.name.as_str()).collect()
}

/// The strategies that keep to windows.
fn windowed(catalog: &Catalog) -> Vec<&str> {
    catalog.strategies().values().filter(|one| one.windowed).map(|one| one.name.as_str()).collect()
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

fn render_states(
    environment: &Environment<'_>,
    catalog: &Catalog,
    path: &str,
    context: &Argument,
) -> Result<(Map<String, Value>, Plain), String> {
    let rendered = environment.get_template(path).and_then(|template| template.render(context));
    let text = rendered.map_err(|error| template_fault::told(environment, catalog, &error))?;
    let plain = Plain::of(text);
    match origin::parse(path, &plain)? {
        Value::Object(states) => Ok((states, plain)),
        _ => Err(format!("templates/{path}:1: not a JSON object")),
    }
}

fn fault(code: &'static str, pointer: &str, reason: String) -> Problem {
    Problem::new(code, pointer, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn render_with(config: &Config) -> Result<Rendered, Problems> {
        render(&Source::of(config), &Arc::new(Tables::read(config.catalog())?), Marks::Made)
    }

    #[test]
    fn an_expression_over_several_lines_becomes_one_string() {
        assert_eq!(jsonata("\n  $a = 'x'\n    and $b\n"), r#""{% $a = 'x' and $b %}""#);
    }

    #[test]
    fn the_states_that_list_instances_go_back_to_every_choice_that_asks() {
        let rendered = render_with(&Config::with_defaults("demo".parse().unwrap())).unwrap();
        let mut definition: Value = serde_json::from_str(&rendered.text).unwrap();
        let Value::Object(states) = definition["States"].take() else { panic!("no states") };
        let file = StatesOfFile { path: String::new(), states, plain: Plain::of(String::new()), asks: false };
        let files = [file];
        let leads_to = |target: &str| -> Vec<String> { callers(&files).remove(target).unwrap_or_default() };
        let looks = leads_to("List instances");
        assert!(looks.len() > 5, "{looks:?}");
        for look in &looks {
            assert!(leads_to(look).contains(&"Back to the look".to_owned()), "{look}");
        }
    }
}
