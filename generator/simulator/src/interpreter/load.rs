//! Text to a [`Program`]: placeholders filled in, every expression parsed, every target found, or every reason why not.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Map as Fields, Value};

use super::evaluate::Engine;
use super::machine::{
    LoadedCatcher, LoadedKind, LoadedRule, LoadedScope, LoadedState, Machine, Map, Next, Program, Results,
    StateIndex, Task,
};
use super::memo::CachedAnswer;
use super::template::{Template, Whole, read_assign};
use super::timestamp;
use crate::states_language::{self as language, Refusal, StateMachine};
use crate::time::Span;

/// Longest wait and longest time-out, in seconds.
const SECONDS_MAX: u32 = 99_999_999;

/// Letters and digits that a label has where Step Functions makes it up.
const MADE_UP_LABEL_LENGTH_MAX: usize = 40;

/// Why a definition cannot be run: everything in it that the interpreter does not support or Step Functions would refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError(pub Vec<Refusal>);

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
    let (machine, refusals) = StateMachine::read(&text);
    let assigned = machine.states().flat_map(|(_, _, state)| state.assigned());
    let mut loader = Loader { refusals, assigned: assigned.map(str::to_owned).collect() };
    if let Some(at) = text.find("${") {
        let name: String =
            text[at..].chars().take_while(|character| !matches!(character, '}' | '"')).collect();
        loader.refuse("", format!("placeholder `{name}}}` has no value"));
    }
    let scopes = machine.scopes.iter().map(|scope| loader.scope(scope, &machine)).collect();
    if !loader.refusals.is_empty() {
        return Err(LoadError(loader.refusals));
    }
    let timeout = machine.timeout_seconds.map(|seconds| Span::seconds(u64::from(seconds)));
    Ok(Program { text, scopes, timeout, engine: Engine::new(), ways: RefCell::default() })
}

/// Puts the values in as deployment does: as text, within JSON strings.
fn fill_in(text: &str, values: &BTreeMap<String, String>) -> String {
    values.iter().fold(text.to_owned(), |text, (placeholder, value)| {
        let quoted = Value::from(value.as_str()).to_string();
        text.replace(&format!("${{{placeholder}}}"), &quoted[1..quoted.len() - 1])
    })
}

/// The places of a scope's states in [`Scope::states`].
type Indices<'a> = BTreeMap<&'a str, StateIndex>;

struct Loader {
    refusals: Vec<Refusal>,
    /// Every variable that the machine assigns anywhere.
    assigned: BTreeSet<String>,
}

impl Loader {
    fn refuse(&mut self, state: &str, reason: impl Into<String>) {
        self.refusals.push(Refusal { state: state.to_owned(), reason: reason.into(), text: None });
    }

    /// The value, or nothing and a refusal for every reason.
    fn take<T>(&mut self, state: &str, field: &str, read: Result<T, Vec<String>>) -> Option<T> {
        read.map_err(|reasons| {
            for reason in reasons {
                self.refuse(state, format!("{field}: {reason}"));
            }
        })
        .ok()
    }

    fn scope(&mut self, scope: &language::Scope, machine: &StateMachine) -> LoadedScope {
        let indices = scope.states.keys().enumerate().map(|(index, name)| (name.as_str(), index)).collect();
        let states = scope.states.iter();
        let states = states.filter_map(|(name, state)| self.state(name, state, &indices, machine)).collect();
        LoadedScope { start: target(&indices, &scope.start_at), states }
    }

    /// One state, or nothing and its refusals.
    fn state(
        &mut self,
        name: &str,
        state: &language::State,
        indices: &Indices<'_>,
        machine: &StateMachine,
    ) -> Option<LoadedState> {
        let results = self.results(name, &state.assign, state.output.as_ref());
        let catchers = state.catchers.iter().map(|catcher| LoadedCatcher {
            errors: catcher.errors.clone(),
            results: self.results(name, &catcher.assign, catcher.output.as_ref()),
            next: target(indices, &catcher.next),
        });
        let catchers = catchers.collect();
        Some(LoadedState {
            name: name.into(),
            kind: self.kind(name, &state.kind, indices, machine)?,
            results,
            next: state.next.as_ref().map_or(Next::End, |next| Next::State(target(indices, next))),
            retriers: state.retriers.clone(),
            catchers,
        })
    }

    /// `Assign` and `Output`.
    fn results(&mut self, name: &str, assign: &Fields<String, Value>, output: Option<&Value>) -> Results {
        let read = read_assign(assign, &self.assigned);
        let assign = self.take(name, "Assign", read).unwrap_or_default();
        Results { assign, output: self.optional(name, "Output", output) }
    }

    fn optional(&mut self, name: &str, field: &str, value: Option<&Value>) -> Option<Template> {
        let read = Template::read(value?, &self.assigned);
        self.take(name, field, read)
    }

    fn whole(&mut self, name: &str, field: &str, value: &Value, bounds: (u32, u32)) -> Option<Whole> {
        let read = Whole::read(value, bounds, &self.assigned);
        self.take(name, field, read)
    }

    fn kind(
        &mut self,
        name: &str,
        kind: &language::Kind,
        indices: &Indices<'_>,
        machine: &StateMachine,
    ) -> Option<LoadedKind> {
        Some(match kind {
            language::Kind::Pass => LoadedKind::Pass,
            language::Kind::Succeed => LoadedKind::Succeed,
            language::Kind::Fail { error, cause } => self.fail(name, error.as_ref(), cause.as_ref()),
            language::Kind::Task { call, arguments, timeout_seconds } => {
                let timeout_seconds = timeout_seconds.as_ref();
                let bounds = (1, SECONDS_MAX);
                LoadedKind::Task(Task {
                    timeout_seconds: timeout_seconds
                        .and_then(|value| self.whole(name, "TimeoutSeconds", value, bounds)),
                    service: call.service.as_str().into(),
                    action: call.action.as_str().into(),
                    arguments: self.optional(name, "Arguments", Some(arguments))?,
                    cached_answer: CachedAnswer::default(),
                })
            }
            language::Kind::Choice { rules, default } => {
                let rules = rules.iter().filter_map(|rule| self.rule(name, rule, indices)).collect();
                LoadedKind::Choice {
                    rules,
                    default: default.as_ref().map(|default| target(indices, default)),
                }
            }
            language::Kind::WaitSeconds(seconds) => {
                LoadedKind::WaitSeconds(self.whole(name, "Seconds", seconds, (0, SECONDS_MAX))?)
            }
            language::Kind::WaitTimestamp(timestamp) => {
                LoadedKind::WaitTimestamp(self.timestamp(name, timestamp)?)
            }
            language::Kind::Map { items, selector, concurrency_max, label, processor } => {
                let distributed = machine.scopes[*processor].distributed;
                LoadedKind::Map(Map {
                    items: self.items(name, items.as_ref()),
                    concurrency_max: match concurrency_max {
                        Some(value) => self.whole(name, "MaxConcurrency", value, (0, u32::MAX))?,
                        None => Whole::zero(),
                    },
                    selector: self.optional(name, "ItemSelector", selector.as_ref()),
                    processor: *processor,
                    distributed: distributed.then(|| self::label(name, label.as_deref())),
                })
            }
            language::Kind::Parallel { arguments, branches } => LoadedKind::Parallel {
                arguments: self.optional(name, "Arguments", arguments.as_ref()),
                branches: branches.clone(),
            },
        })
    }

    fn timestamp(&mut self, name: &str, value: &Value) -> Option<Template> {
        let template = self.optional(name, "Timestamp", Some(value))?;
        let constant = template.as_constant();
        if constant.is_some_and(|value| value.as_str().and_then(timestamp::parse).is_none()) {
            self.refuse(name, format!("Timestamp: {value} is no RFC 3339 time with `T` and `Z`"));
        }
        Some(template)
    }

    fn items(&mut self, name: &str, value: Option<&Value>) -> Option<Template> {
        let items = self.optional(name, "Items", value);
        if items.as_ref().and_then(Template::as_constant).is_some_and(|value| !value.is_array()) {
            self.refuse(name, "Items: it is neither an expression nor an array");
        }
        items
    }

    fn rule(&mut self, name: &str, rule: &language::Rule, indices: &Indices<'_>) -> Option<LoadedRule> {
        let condition = self.optional(name, "Condition", Some(&rule.condition));
        if condition.as_ref().and_then(Template::as_constant).is_some_and(|value| !value.is_bool()) {
            self.refuse(name, "Condition: it is neither an expression nor a boolean");
        }
        let results = self.results(name, &rule.assign, rule.output.as_ref());
        Some(LoadedRule { condition: condition?, results, next: target(indices, &rule.next) })
    }

    fn fail(&mut self, name: &str, error: Option<&Value>, cause: Option<&Value>) -> LoadedKind {
        let error = self.optional(name, "Error", error);
        let cause = self.optional(name, "Cause", cause);
        let constant = error.as_ref().and_then(Template::as_constant);
        if constant.is_some_and(|error| error.as_str().is_none_or(|error| error.starts_with("States."))) {
            self.refuse(name, "Error: it must be a text that does not begin with `States.`");
        }
        if cause.as_ref().and_then(Template::as_constant).is_some_and(|cause| !cause.is_string()) {
            self.refuse(name, "Cause: it must be a text");
        }
        LoadedKind::Fail { error, cause }
    }
}

/// Index of a state; any where there is none of the name, which was refused when the definition was read.
fn target(indices: &Indices<'_>, name: &str) -> StateIndex {
    indices.get(name).copied().unwrap_or_default()
}

/// The label of a distributed Map; Step Functions makes one up where there is none.
fn label(name: &str, label: Option<&str>) -> Rc<str> {
    let made_up = || {
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        letters.take(MADE_UP_LABEL_LENGTH_MAX).collect::<String>().into()
    };
    label.map_or_else(made_up, Rc::from)
}

#[cfg(test)]
mod tests;
