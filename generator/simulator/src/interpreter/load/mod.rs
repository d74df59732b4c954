//! Text to a [`Program`]: placeholders filled in, every field read, every target found, or every reason why not.

mod handlers;
mod raw;
mod states;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::Value;

use super::data::NAME_LENGTH_MAX;
use super::evaluate::Engine;
use super::machine::{Machine, Program, Scope, ScopeIndex, StateIndex};
use crate::time::Span;

use raw::RawMachine;

/// Why a definition cannot be run: everything in it that the interpreter does not support or Step Functions would refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError(pub Vec<Refusal>);

/// One thing that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Name of the state it stands in; empty for the definition as a whole.
    pub state: String,
    /// What is refused, and why.
    pub reason: String,
}

impl std::error::Error for LoadError {}

/// A line for each refusal, after the state that it stands in.
impl std::fmt::Display for LoadError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, refusal) in self.0.iter().enumerate() {
            let line_break = if index == 0 { "" } else { "\n" };
            write!(out, "{line_break}{}: {}", refusal.state, refusal.reason)?;
        }
        Ok(())
    }
}

impl Machine {
    /// Reads a definition in which `values` stand for the placeholders `${name}`.
    ///
    /// # Errors
    /// Everything in it that the interpreter does not support or Step Functions would refuse, each with the state it
    /// stands in.
    pub fn load(text: &str, values: &BTreeMap<String, String>) -> Result<Self, LoadError> {
        load(text, values).map(|program| Self(Rc::new(program)))
    }
}

fn load(text: &str, values: &BTreeMap<String, String>) -> Result<Program, LoadError> {
    let text = fill_in(text, values);
    let mut loader = Loader::default();
    if let Some(at) = text.find("${") {
        let name: String =
            text[at..].chars().take_while(|character| !matches!(character, '}' | '"')).collect();
        loader.refuse("", format!("placeholder `{name}}}` has no value"));
    }
    let machine = match serde_json::from_str::<RawMachine>(&text) {
        Ok(machine) => machine,
        Err(error) => {
            loader.refuse("", error.to_string());
            return Err(LoadError(loader.refusals));
        }
    };
    collect_assigned(machine.states.values(), &mut loader.assigned);
    loader.load_scope("", &machine.start_at, &machine.states, &BTreeSet::new());
    let timeout = machine.timeout_seconds.map(|seconds| Span::seconds(u64::from(seconds)));
    if !loader.refusals.is_empty() {
        return Err(LoadError(loader.refusals));
    }
    let scopes = loader.scopes.into_iter().flatten().collect();
    Ok(Program { text, scopes, timeout, engine: Engine::new() })
}

/// Puts the values in as deployment does: as text, within JSON strings.
fn fill_in(text: &str, values: &BTreeMap<String, String>) -> String {
    values.iter().fold(text.to_owned(), |text, (placeholder, value)| {
        let quoted = Value::from(value.as_str()).to_string();
        text.replace(&format!("${{{placeholder}}}"), &quoted[1..quoted.len() - 1])
    })
}

/// Every name below an `Assign`, at any depth.
fn collect_assigned<'a>(values: impl Iterator<Item = &'a Value>, names: &mut BTreeSet<String>) {
    for value in values {
        match value {
            Value::Object(fields) => {
                names.extend(
                    fields
                        .get("Assign")
                        .and_then(Value::as_object)
                        .into_iter()
                        .flat_map(|assigned| assigned.keys().cloned()),
                );
                collect_assigned(fields.values(), names);
            }
            Value::Array(items) => collect_assigned(items.iter(), names),
            _ => {}
        }
    }
}

/// The names that a scope's own states assign.
fn own_assigned(states: &BTreeMap<String, Value>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for state in states.values() {
        let inside = ["ItemProcessor", "Branches"];
        let own = state.as_object().into_iter().flatten().filter(|(key, _)| !inside.contains(&key.as_str()));
        for (key, value) in own {
            if key == "Assign" {
                names.extend(value.as_object().into_iter().flat_map(|assigned| assigned.keys().cloned()));
            }
            if key == "Choices" || key == "Catch" {
                collect_assigned(value.as_array().into_iter().flatten(), &mut names);
            }
        }
    }
    names
}

#[derive(Default)]
struct Loader {
    refusals: Vec<Refusal>,
    /// A scope takes its place before its states, and those inside it, are read.
    scopes: Vec<Option<Scope>>,
    /// Every variable that the machine assigns anywhere.
    assigned: BTreeSet<String>,
}

/// What the states of a scope can refer to.
struct LoadScope<'a> {
    /// The scope's states.
    indices: &'a BTreeMap<&'a str, StateIndex>,
    /// Variables that this scope and those around it assign; an inner one must not.
    outer: &'a BTreeSet<String>,
}

impl Loader {
    fn refuse(&mut self, state: &str, reason: impl Into<String>) {
        self.refusals.push(Refusal { state: state.to_owned(), reason: reason.into() });
    }

    /// The value, or nothing and a problem for every reason.
    fn take<T>(&mut self, state: &str, field: &str, read: Result<T, Vec<String>>) -> Option<T> {
        read.map_err(|reasons| {
            for reason in reasons {
                self.refuse(state, format!("{field}: {reason}"));
            }
        })
        .ok()
    }

    /// Reads the states of a scope inside `owner`, where variables of `outer` are taken.
    fn load_scope(
        &mut self,
        owner: &str,
        start_at: &str,
        states: &BTreeMap<String, Value>,
        outer: &BTreeSet<String>,
    ) -> ScopeIndex {
        let index = self.scopes.len();
        self.scopes.push(None);
        let indices = states.keys().enumerate().map(|(index, name)| (name.as_str(), index)).collect();
        let own = own_assigned(states);
        for name in &own {
            self.check_variable(owner, name, outer);
        }
        let outer = outer.union(&own).cloned().collect();
        let scope = LoadScope { indices: &indices, outer: &outer };
        let start = self.target(owner, "StartAt", start_at, &scope);
        let states = states
            .iter()
            .filter_map(|(name, state)| {
                self.check_name(name, "name of a state");
                self.load_state(name, state, &scope)
            })
            .collect();
        self.scopes[index] = Some(Scope { start, states });
        index
    }

    fn check_name(&mut self, name: &str, what: &str) {
        if name.chars().count() > NAME_LENGTH_MAX {
            self.refuse(name, format!("the {what} is longer than {NAME_LENGTH_MAX} characters"));
        }
    }

    fn check_variable(&mut self, owner: &str, name: &str, outer: &BTreeSet<String>) {
        self.check_name(name, "name of a variable");
        let mut characters = name.chars();
        let begins_well = characters.next().is_some_and(|first| first.is_alphabetic() || first == '_');
        if !begins_well || !characters.all(|next| next.is_alphanumeric() || next == '_') || name == "states" {
            self.refuse(owner, format!("`{name}` cannot be the name of a variable"));
        }
        if outer.contains(name) {
            self.refuse(owner, format!("variable `{name}` is assigned in an outer scope too"));
        }
    }

    /// Index of a state; a problem, and any index, where there is none of the name.
    fn target(&mut self, state: &str, field: &str, name: &str, around: &LoadScope<'_>) -> StateIndex {
        around.indices.get(name).copied().unwrap_or_else(|| {
            self.refuse(state, format!("{field}: there is no state `{name}`"));
            0
        })
    }
}

#[cfg(test)]
mod tests;
