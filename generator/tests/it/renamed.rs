//! No name of a state decides anything: a machine in which each state has another name, wherever it is named, does what it did.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::rc::Rc;

use asg_recycle::AsgRecycle;
use asg_recycle::config::Config;
use asg_recycle::simulate::report::timeline;
use asg_recycle::simulate::runner::{Deployment, Detail, PLACE, handler_settings};
use asg_recycle::simulate::scenario::Case;
use regex::Regex;
use serde_json::{Map, Value};

use crate::cases::all_cases;

/// Of so many scenarios one is run.
const OF: usize = 9;

/// Another name for each state, those that a Map runs for each item among them; as long, for what is told may be cut.
fn other_names(states: &Value, names: &mut BTreeMap<String, String>) {
    for (name, state) in states.as_object().expect("states") {
        let (number, length) = (format!("#{:03x}", names.len()), name.chars().count());
        names.insert(name.clone(), format!("{number:#<length$}"));
        if let Some(inner) = state["ItemProcessor"].get("States") {
            other_names(inner, names);
        }
    }
}

/// A definition with other names: of states, of those that it goes on to, and where an expression has one as a text.
fn renamed(value: &Value, names: &BTreeMap<String, String>) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, field)| {
                let new = names.get(key).filter(|_| field.get("Type").is_some());
                (new.unwrap_or(key).clone(), renamed(field, names))
            });
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(|item| renamed(item, names)).collect(),
        Value::String(text) => match names.get(text) {
            Some(new) => new.as_str().into(),
            None => Value::String(in_expression(text, names)),
        },
        other => other.clone(),
    }
}

fn in_expression(text: &str, names: &BTreeMap<String, String>) -> String {
    let parts = text.split('\'').map(|part| names.get(part).map_or(part, String::as_str));
    parts.collect::<Vec<_>>().join("'")
}

/// A stack whose machine this is.
fn deployed(recycle: &AsgRecycle, definition: &Value) -> Rc<Deployment> {
    let settings = handler_settings(recycle.stack()).expect("the handler takes them");
    let deployment = Deployment::deployed(recycle.config(), &definition.to_string(), settings);
    Rc::new(deployment.unwrap_or_else(|problems| panic!("{problems}")))
}

/// What a case comes to, with the names of states as they were.
fn told(deployment: &Rc<Deployment>, case: &Case, names: &BTreeMap<String, String>) -> String {
    let runner = case
        .scenario
        .runner(std::slice::from_ref(deployment), &case.strategy, Detail::Plain)
        .expect(&case.path);
    let run = runner.finish();
    let lines: Vec<String> = timeline(&run).iter().map(|line| format!("{line:?}")).collect();
    let told = format!("{:?}\n{:?}\n{}", run.endings(), run.verdict, lines.join("\n"));
    let told = names.iter().fold(told, |told, (old, new)| told.replace(new, old));
    // Lines of templates are known by the names that these print.
    Regex::new(r",(?: for)? templates/[a-z0-9_./-]*:[0-9]+")
        .expect("a pattern")
        .replace_all(&told, "")
        .into_owned()
}

#[test]
fn a_machine_in_which_every_state_has_another_name_does_what_it_did() {
    let config = Config::with_defaults("asg-recycle".parse().expect("a name"));
    let stack = AsgRecycle::from_config(config).expect("it builds");
    let values = stack.stack().resolve(&stack.stack().machine.substitutions, PLACE).expect("texts");
    let definition = values.as_object().expect("names").iter().fold(
        stack.machine().definition.to_string(),
        |definition, (name, value)| {
            definition.replace(&format!("${{{name}}}"), value.as_str().unwrap_or_default())
        },
    );
    let definition: Value = serde_json::from_str(&definition).expect("JSON");
    let mut names = BTreeMap::new();
    other_names(&definition["States"], &mut names);
    assert!(names.len() > 300, "{}", names.len());
    let other = renamed(&definition, &names);
    assert!(names.keys().all(|name| !other["States"].as_object().expect("states").contains_key(name)));
    // A scenario may stop an execution in a state, which it names.
    let names_none = |case: &Case| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates").join(&case.path);
        let text = fs::read_to_string(file).expect(&case.path);
        !names.keys().any(|name| text.contains(name))
    };
    let is_of_defaults = |case: &Case| case.scenario.stack.is_empty() && case.scenario.stacks.is_empty();
    let cases = all_cases().into_iter().filter(|case| is_of_defaults(case) && names_none(case));
    let cases: Vec<Case> = cases.step_by(OF).collect();
    assert!(cases.len() > 40, "{}", cases.len());
    let [definition, other] = [definition, other].map(|definition| deployed(&stack, &definition));
    for case in &cases {
        let (as_it_is, as_renamed) = (told(&definition, case, &BTreeMap::new()), told(&other, case, &names));
        let differing = as_it_is.lines().zip(as_renamed.lines()).find(|(one, other)| one != other);
        assert_eq!(differing, None, "{}", case.path);
        assert_eq!(as_it_is.lines().count(), as_renamed.lines().count(), "{}", case.path);
    }
}
