//! A loaded machine: its states, with every expression parsed and every target resolved.

use std::cell::RefCell;
use std::rc::Rc;

use super::evaluate::Engine;
use super::memo::CachedAnswer;
use super::observer::{EvaluationObserver, WayObserver};
use super::template::{Template, Whole};
use crate::states_language::Retrier;
use crate::time::Span;

/// A state machine that can be executed any number of times. A clone shares everything; it stays on its thread.
#[derive(Clone)]
pub struct Machine(pub(super) Rc<Program>);

impl Machine {
    /// The definition as it is run, its placeholders filled in.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Tells `observer` of every evaluation of an expression from now on, in every execution of this machine.
    pub fn observe_evaluations(&self, observer: EvaluationObserver) {
        *self.0.engine.observer.borrow_mut() = Some(observer);
    }
}

/// What a [`Machine`] shares.
pub(super) struct Program {
    /// The definition, its placeholders filled in.
    pub text: String,
    /// The first is the machine's own; the others are the insides of Map and Parallel.
    pub scopes: Vec<LoadedScope>,
    /// `TimeoutSeconds` of the machine.
    pub timeout: Option<Span>,
    pub engine: Engine,
    /// Told of every way that is taken.
    pub ways: RefCell<Option<WayObserver>>,
}

/// Index into [`Program::scopes`].
pub(super) type ScopeIndex = usize;

/// Index into [`Scope::states`].
pub(super) type StateIndex = usize;

/// States that can reach each other.
pub(super) struct LoadedScope {
    pub start: StateIndex,
    pub states: Vec<LoadedState>,
}

/// One state.
pub(super) struct LoadedState {
    pub name: Rc<str>,
    pub kind: LoadedKind,
    /// Of a Choice, these two are for its `Default`.
    pub results: Results,
    pub next: Next,
    pub retriers: Vec<Retrier>,
    pub catchers: Vec<LoadedCatcher>,
}

/// What is evaluated when a state is left.
#[derive(Default)]
pub(super) struct Results {
    pub assign: Vec<(Rc<str>, Template)>,
    pub output: Option<Template>,
}

/// What follows a state.
#[derive(Clone, Copy)]
pub(super) enum Next {
    State(StateIndex),
    End,
}

/// What a state does.
pub(super) enum LoadedKind {
    Pass,
    Succeed,
    Fail { error: Option<Template>, cause: Option<Template> },
    Task(Task),
    Choice { rules: Vec<LoadedRule>, default: Option<StateIndex> },
    WaitSeconds(Whole),
    WaitTimestamp(Template),
    Map(Map),
    Parallel { arguments: Option<Template>, branches: Vec<ScopeIndex> },
}

/// A call of an API.
pub(super) struct Task {
    pub service: Rc<str>,
    pub action: Rc<str>,
    pub arguments: Template,
    pub timeout_seconds: Option<Whole>,
    pub cached_answer: CachedAnswer,
}

/// One of a Choice's rules.
pub(super) struct LoadedRule {
    pub condition: Template,
    pub results: Results,
    pub next: StateIndex,
}

/// An iteration over items.
pub(super) struct Map {
    pub items: Option<Template>,
    pub selector: Option<Template>,
    /// 0 for no limit.
    pub concurrency_max: Whole,
    pub processor: ScopeIndex,
    /// Its label, where each item is a child execution.
    pub distributed: Option<Rc<str>>,
}

/// One entry of `Catch`.
pub(super) struct LoadedCatcher {
    pub errors: Vec<String>,
    pub results: Results,
    pub next: StateIndex,
}
