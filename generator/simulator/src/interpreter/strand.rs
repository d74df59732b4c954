//! One thread of control: where it stands, and how it enters, leaves, fails, retries and catches.

use std::rc::Rc;

use jsonata_core::value::JValue;

use super::context::{self, Identity, Item, StateContext};
use super::data::{PAYLOAD_BYTES_MAX, Sized, VARIABLES_BYTES_MAX, Variables};
use super::evaluate::{Sources, object};
use super::failure::Failure;
use super::fanout::Fanout;
use super::history::{Counters, EVENTS_MAX, Event, Happening};
use super::machine::{Next, Program, Results, ScopeIndex, State, StateIndex};
use super::retry;
use super::template::Template;
use crate::random::Random;
use crate::services::Services;
use crate::time::Moment;

/// What the strands of one execution share.
#[derive(Clone)]
pub(super) struct Core {
    pub identity: Identity,
    pub input: JValue,
    pub started: Moment,
    pub random: Random,
    pub counters: Counters,
    pub events: Vec<Event>,
    /// Of all variables of the execution.
    pub variables_bytes: usize,
}

impl Core {
    /// Adds events to the history.
    pub(super) fn count(&mut self, events: u32) {
        self.counters.history_events = (self.counters.history_events + events).min(EVENTS_MAX);
    }

    /// Whether only `ExecutionSucceeded` could have been the last event, and something else was.
    pub(super) fn history_is_full(&self) -> bool {
        self.counters.history_events >= EVENTS_MAX
    }

    pub(super) fn log(&mut self, at: Moment, what: Happening) {
        self.events.push(Event { at, execution: Rc::clone(&self.identity.arn), what });
    }
}

/// What a step works with.
pub(super) struct Run<'a> {
    pub program: &'a Rc<Program>,
    pub core: &'a mut Core,
    pub services: &'a mut dyn Services,
    pub now: Moment,
}

/// A state that is under way, with the variables and the input it sees.
#[derive(Clone)]
pub(super) struct Strand {
    pub scope: ScopeIndex,
    pub state: StateIndex,
    pub input: Sized,
    pub variables: Variables,
    pub item: Option<Rc<Item>>,
    entered: Moment,
    /// Number of the event that entered the state.
    entry_event: u32,
    /// How often each retrier has retried since the state was entered.
    attempts: Vec<u32>,
    pub phase: Phase,
}

/// How far the state is.
#[derive(Clone)]
pub(super) enum Phase {
    /// Entered, or to be tried again; its work has not begun.
    Ready(Moment),
    /// Failed; it is tried again then.
    Backoff(Moment),
    /// A Wait.
    Waiting(Moment),
    /// The call is made; its answer arrives then.
    Answer(Moment, Result<Sized, Failure>),
    /// A Map or Parallel.
    Fanning(Box<Fanout>),
    /// The last state was left, or an error was not caught.
    Ended(Result<Sized, Failure>),
}

/// What leaving a state changes.
pub(super) struct Changes {
    assign: Vec<(Rc<str>, Sized)>,
    output: Sized,
}

impl Strand {
    /// Begins a scope at its first state.
    pub(super) fn begin(
        (program, core, now): (&Program, &mut Core, Moment),
        scope: ScopeIndex,
        input: Sized,
        variables: Variables,
        item: Option<Rc<Item>>,
    ) -> Self {
        let start = program.scopes[scope].start;
        let mut strand = Self {
            scope,
            state: start,
            input,
            variables,
            item,
            entered: now,
            entry_event: 0,
            attempts: Vec::new(),
            phase: Phase::Ready(now),
        };
        strand.enter(program, core, now, start);
        strand
    }

    fn enter(&mut self, program: &Program, core: &mut Core, now: Moment, index: StateIndex) {
        let state = &program.scopes[self.scope].states[index];
        core.count(1);
        core.counters.transitions += 1;
        core.log(now, Happening::Entered { state: Rc::clone(&state.name) });
        self.state = index;
        self.entered = now;
        self.entry_event = core.counters.history_events;
        self.attempts.clear();
        self.attempts.resize(state.retriers.len(), 0);
        self.phase = Phase::Ready(now);
    }

    /// The state that it stands in.
    pub(super) fn state<'p>(&self, program: &'p Program) -> &'p State {
        &program.scopes[self.scope].states[self.state]
    }

    /// When its next step is due; never, once it has ended.
    pub(super) fn due(&self) -> Option<Moment> {
        match &self.phase {
            Phase::Ready(at) | Phase::Backoff(at) | Phase::Waiting(at) | Phase::Answer(at, _) => Some(*at),
            Phase::Fanning(fanout) => fanout.due(),
            Phase::Ended(_) => None,
        }
    }

    /// Does the smallest next thing.
    pub(super) fn step(&mut self, run: &mut Run<'_>) {
        match std::mem::replace(&mut self.phase, Phase::Ready(run.now)) {
            Phase::Ready(_) => self.perform(run),
            Phase::Backoff(_) => run.core.counters.transitions += 1,
            Phase::Waiting(_) => self.succeed(run, None),
            Phase::Answer(_, answer) => {
                run.core.count(1);
                match answer {
                    Ok(result) => self.succeed(run, Some(result)),
                    Err(failure) => self.fail(run, failure),
                }
            }
            Phase::Fanning(fanout) => self.step_fanout(run, fanout),
            ended @ Phase::Ended(_) => self.phase = ended,
        }
    }

    /// Evaluates something over what the state sees.
    pub(super) fn over<T>(
        &self,
        run: &Run<'_>,
        (result, error_output): (Option<&JValue>, Option<&JValue>),
        item: Option<&Item>,
        evaluate: impl FnOnce(&Sources<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let state = StateContext {
            name: &self.state(run.program).name,
            entered: self.entered,
            retry_count: self.attempts.iter().sum(),
            item: item.or(self.item.as_deref()),
        };
        let core = &*run.core;
        evaluate(&Sources {
            variables: &self.variables,
            input: &self.input.value,
            result,
            error_output,
            context: &|| context::context(&core.identity, &core.input, core.started, &state),
            now: run.now,
            random: &core.random,
        })
    }

    /// A field of the state, within the limit of a payload.
    pub(super) fn field(&self, run: &Run<'_>, name: &str, template: &Template) -> Result<Sized, Failure> {
        self.over(run, (None, None), None, |over| run.program.engine.field(name, template, over))?
            .within_limit(name)
    }

    /// `Assign` and `Output`, both over the values on entry; without `Output` the given value stands.
    pub(super) fn evaluate_results(
        &self,
        run: &Run<'_>,
        results: &Results,
        sources: (Option<&JValue>, Option<&JValue>),
        otherwise: Sized,
    ) -> Result<Changes, Failure> {
        let engine = &run.program.engine;
        self.over(run, sources, None, |over| {
            let mut assign = Vec::with_capacity(results.assign.len());
            for (name, template) in &results.assign {
                assign.push((Rc::clone(name), engine.field(name, template, over)?.within_limit("variable")?));
            }
            let output = match &results.output {
                Some(template) => engine.field("Output", template, over)?,
                None => otherwise,
            };
            let assign_bytes: usize = assign.iter().map(|(_, value)| value.bytes).sum();
            if assign_bytes > PAYLOAD_BYTES_MAX {
                return Err(Failure::too_large("Assign"));
            }
            if run.core.variables_bytes + assign_bytes > VARIABLES_BYTES_MAX {
                let growth: usize = assign.iter().map(|(name, value)| self.growth(name, value)).sum();
                if run.core.variables_bytes + growth > VARIABLES_BYTES_MAX {
                    return Err(Failure::too_large("total of all variables"));
                }
            }
            Ok(Changes { assign, output: output.within_limit("output")? })
        })
    }

    fn growth(&self, name: &str, value: &Sized) -> usize {
        value.bytes.saturating_sub(self.variables.bytes_of(name))
    }

    /// Leaves the state with its result, if it has one.
    pub(super) fn succeed(&mut self, run: &mut Run<'_>, result: Option<Sized>) {
        let program = Rc::clone(run.program);
        let state = self.state(&program);
        let otherwise = result.as_ref().unwrap_or(&self.input).clone();
        let value = result.map(|result| result.value);
        match self.evaluate_results(run, &state.results, (value.as_ref(), None), otherwise) {
            Ok(changes) => self.leave(run, changes, state.next),
            Err(failure) => self.fail_inside(run, failure),
        }
    }

    pub(super) fn leave(&mut self, run: &mut Run<'_>, changes: Changes, next: Next) {
        let before = self.variables.own_bytes;
        for (name, value) in changes.assign {
            self.variables.assign(&name, value);
        }
        let total = run.core.variables_bytes + self.variables.own_bytes;
        run.core.variables_bytes = total.saturating_sub(before);
        run.core.count(1);
        run.core.log(run.now, Happening::Exited { state: Rc::clone(&self.state(run.program).name) });
        match next {
            Next::State(index) => {
                self.input = changes.output;
                self.enter(run.program, run.core, run.now, index);
            }
            Next::End => self.phase = Phase::Ended(Ok(changes.output)),
        }
    }

    /// An error of the interpreter's own, of which the cause tells the place.
    pub(super) fn fail_inside(&mut self, run: &mut Run<'_>, failure: Failure) {
        run.core.count(1);
        let failure = self.placed(run, failure);
        self.fail(run, failure);
    }

    pub(super) fn placed(&self, run: &Run<'_>, failure: Failure) -> Failure {
        let name = &self.state(run.program).name;
        let entry = self.entry_event;
        let cause = format!(
            "An error occurred while executing the state '{name}' (entered at the event id #{entry}). {}",
            failure.cause
        );
        Failure { cause, ..failure }
    }

    /// Tries the state again, goes on at a catcher, or ends.
    pub(super) fn fail(&mut self, run: &mut Run<'_>, failure: Failure) {
        let program = Rc::clone(run.program);
        let state = self.state(&program);
        if let Some(index) = retry::choose(&state.retriers, &self.attempts, &failure) {
            let delay = retry::delay(&state.retriers[index], self.attempts[index], &run.core.random);
            self.attempts[index] += 1;
            run.core.log(run.now, Happening::Retrying { state: Rc::clone(&state.name), failure, delay });
            self.phase = Phase::Backoff(run.now + delay);
            return;
        }
        let Some(catcher) = state.catchers.iter().find(|catcher| failure.is_matched_by(&catcher.errors))
        else {
            self.phase = Phase::Ended(Err(failure));
            return;
        };
        let error_output = error_output(&failure);
        let value = error_output.value.clone();
        match self.evaluate_results(run, &catcher.results, (None, Some(&value)), error_output) {
            Ok(changes) => {
                run.core.log(run.now, Happening::Caught { state: Rc::clone(&state.name), failure });
                self.leave(run, changes, Next::State(catcher.next));
            }
            Err(failure) => {
                run.core.count(1);
                self.phase = Phase::Ended(Err(self.placed(run, failure)));
            }
        }
    }

    /// Ends it from outside, with everything inside it.
    pub(super) fn abort(&mut self, core: &mut Core, now: Moment) {
        if let Phase::Fanning(fanout) = &mut self.phase {
            fanout.abort(core, now);
        }
        core.variables_bytes = core.variables_bytes.saturating_sub(self.variables.own_bytes);
        self.variables.own_bytes = 0;
    }

    /// Adds what child executions that are under way have cost.
    pub(super) fn add_children(&self, counters: &mut Counters) {
        if let Phase::Fanning(fanout) = &self.phase {
            fanout.add_children(counters);
        }
    }
}

/// `$states.errorOutput`.
fn error_output(failure: &Failure) -> Sized {
    let error = JValue::from(failure.error.as_str());
    let value = if failure.cause.is_empty() {
        object([("Error", error)])
    } else {
        object([("Error", error), ("Cause", failure.cause.as_str().into())])
    };
    Sized::plain(value)
}
