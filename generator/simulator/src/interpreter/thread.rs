//! One thread of control: where it stands, and how it enters, leaves, fails, retries and catches.

use std::rc::Rc;

use jsonata_core::value::JValue;

use super::context::{self, Item, StateContext};
use super::data::{PAYLOAD_BYTES_MAX, SizedValue, VARIABLES_BYTES_MAX, Variables};
use super::evaluate::{Sources, object};
use super::failure::Failure;
use super::history::{Counters, HistoryEvent};
use super::machine::{LoadedState, Next, Program, Results, ScopeIndex, StateIndex};
use super::observer::Way;
use super::retry;
use super::step::{Shared, StepContext};
use super::template::Template;
use crate::time::Moment;

/// What runs inside a state, under way: the iterations of a Map, the branches of a Parallel. A thread knows no more of it, since
/// what is inside are threads and executions again.
pub(super) trait Inside {
    /// When its next step is due.
    fn due(&self) -> Option<Moment>;
    /// Does the smallest thing inside, or ends the state that it is inside of.
    fn step(self: Box<Self>, outer: &mut Thread, step: &mut StepContext<'_>);
    /// Throws away what has not ended.
    fn abort(&mut self, shared: &mut Shared, now: Moment);
    /// As [`Self::abort`], but nothing is thrown away.
    fn stop(&mut self, shared: &mut Shared, now: Moment);
    /// What was stopped or has failed goes on; what has not begun begins when its turn comes.
    fn redrive(&mut self, program: &Program, shared: &mut Shared, now: Moment);
    /// Adds what child executions have cost so far.
    fn add_children(&self, counters: &mut Counters);
    fn to_box(&self) -> Box<dyn Inside>;
}

impl Clone for Box<dyn Inside> {
    fn clone(&self) -> Self {
        (**self).to_box()
    }
}

/// A state that is under way, with the variables and the input it sees.
#[derive(Clone)]
pub(super) struct Thread {
    pub scope: ScopeIndex,
    pub state: StateIndex,
    pub input: SizedValue,
    pub variables: Variables,
    pub item: Option<Rc<Item>>,
    entered: Moment,
    /// Number of the event that entered the state.
    entry_event: u32,
    /// How often each retrier has retried since the state was entered.
    attempts: Vec<u32>,
    pub progress: Progress,
}

/// How far the state is.
#[derive(Clone)]
pub(super) enum Progress {
    /// Entered, or to be tried again; its work has not begun.
    Ready(Moment),
    /// Failed; it is tried again then.
    Backoff(Moment),
    /// A Wait.
    Waiting(Moment),
    /// The call is made; its answer arrives then.
    Answer(Moment, Result<SizedValue, Failure>),
    /// A Map or Parallel.
    Inside(Box<dyn Inside>),
    /// The last state was left, or an error was not caught.
    Ended(Result<SizedValue, Failure>),
}

/// What leaving a state changes.
pub(super) struct Changes {
    assign: Vec<(Rc<str>, SizedValue)>,
    output: SizedValue,
}

impl Thread {
    /// Begins a scope at its first state.
    pub(super) fn begin(
        (program, shared, now): (&Program, &mut Shared, Moment),
        scope: ScopeIndex,
        input: SizedValue,
        variables: Variables,
        item: Option<Rc<Item>>,
    ) -> Self {
        let start = program.scopes[scope].start;
        let mut thread = Self {
            scope,
            state: start,
            input,
            variables,
            item,
            entered: now,
            entry_event: 0,
            attempts: Vec::new(),
            progress: Progress::Ready(now),
        };
        thread.enter(program, shared, now, start);
        thread
    }

    fn enter(&mut self, program: &Program, shared: &mut Shared, now: Moment, index: StateIndex) {
        let state = &program.scopes[self.scope].states[index];
        shared.count(1);
        shared.counters.transitions += 1;
        program.takes(&state.name, Way::Enters);
        shared.log(now, HistoryEvent::Entered { state: Rc::clone(&state.name) });
        self.state = index;
        self.entered = now;
        self.entry_event = shared.counters.history_events;
        self.attempts.clear();
        self.attempts.resize(state.retriers.len(), 0);
        self.progress = Progress::Ready(now);
    }

    /// The state that it stands in.
    pub(super) fn state<'p>(&self, program: &'p Program) -> &'p LoadedState {
        &program.scopes[self.scope].states[self.state]
    }

    /// When its next step is due; never, once it has ended.
    pub(super) fn due(&self) -> Option<Moment> {
        match &self.progress {
            Progress::Ready(at) | Progress::Backoff(at) | Progress::Waiting(at) | Progress::Answer(at, _) => {
                Some(*at)
            }
            Progress::Inside(inside) => inside.due(),
            Progress::Ended(_) => None,
        }
    }

    /// Does the smallest next thing.
    pub(super) fn step(&mut self, step: &mut StepContext<'_>) {
        match std::mem::replace(&mut self.progress, Progress::Ready(step.now)) {
            Progress::Ready(_) => self.perform(step),
            Progress::Backoff(_) => step.shared.counters.transitions += 1,
            Progress::Waiting(_) => self.succeed(step, None),
            Progress::Answer(_, answer) => {
                step.shared.count(1);
                match answer {
                    Ok(result) => self.succeed(step, Some(result)),
                    Err(failure) => self.fail(step, failure),
                }
            }
            Progress::Inside(inside) => inside.step(self, step),
            ended @ Progress::Ended(_) => self.progress = ended,
        }
    }

    /// Evaluates something over what the state sees.
    pub(super) fn over<T>(
        &self,
        step: &StepContext<'_>,
        (result, error_output): (Option<&JValue>, Option<&JValue>),
        item: Option<&Item>,
        evaluate: impl FnOnce(&Sources<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let state = StateContext {
            name: &self.state(step.program).name,
            entered: self.entered,
            retry_count: self.attempts.iter().sum(),
            item: item.or(self.item.as_deref()),
        };
        let shared = &*step.shared;
        evaluate(&Sources {
            variables: &self.variables,
            input: &self.input.value,
            result,
            error_output,
            context: &|| {
                context::context(&shared.identity, &shared.input, (shared.started, shared.redrives), &state)
            },
            now: step.now,
            random: &shared.random,
        })
    }

    /// A field of the state, within the limit of a payload.
    pub(super) fn field(
        &self,
        step: &StepContext<'_>,
        name: &str,
        template: &Template,
    ) -> Result<SizedValue, Failure> {
        self.over(step, (None, None), None, |over| step.program.engine.field(name, template, over))?
            .within_limit(name)
    }

    /// `Assign` and `Output`, both over the values on entry; without `Output` the given value stands.
    pub(super) fn evaluate_results(
        &self,
        step: &StepContext<'_>,
        results: &Results,
        sources: (Option<&JValue>, Option<&JValue>),
        otherwise: SizedValue,
    ) -> Result<Changes, Failure> {
        let engine = &step.program.engine;
        self.over(step, sources, None, |over| {
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
            if step.shared.variables_bytes + assign_bytes > VARIABLES_BYTES_MAX {
                let growth: usize = assign.iter().map(|(name, value)| self.growth(name, value)).sum();
                if step.shared.variables_bytes + growth > VARIABLES_BYTES_MAX {
                    return Err(Failure::too_large("total of all variables"));
                }
            }
            Ok(Changes { assign, output: output.within_limit("output")? })
        })
    }

    fn growth(&self, name: &str, value: &SizedValue) -> usize {
        value.bytes.saturating_sub(self.variables.bytes_of(name))
    }

    /// Leaves the state with its result, if it has one.
    pub(super) fn succeed(&mut self, step: &mut StepContext<'_>, result: Option<SizedValue>) {
        let program = Rc::clone(step.program);
        let state = self.state(&program);
        let otherwise = result.as_ref().unwrap_or(&self.input).clone();
        let value = result.map(|result| result.value);
        match self.evaluate_results(step, &state.results, (value.as_ref(), None), otherwise) {
            Ok(changes) => self.leave(step, changes, state.next),
            Err(failure) => self.fail_inside(step, failure),
        }
    }

    pub(super) fn leave(&mut self, step: &mut StepContext<'_>, changes: Changes, next: Next) {
        let before = self.variables.own_bytes;
        for (name, value) in changes.assign {
            self.variables.assign(&name, value);
        }
        let total = step.shared.variables_bytes + self.variables.own_bytes;
        step.shared.variables_bytes = total.saturating_sub(before);
        step.shared.count(1);
        step.shared.log(step.now, HistoryEvent::Exited { state: Rc::clone(&self.state(step.program).name) });
        match next {
            Next::State(index) => {
                self.input = changes.output;
                self.enter(step.program, step.shared, step.now, index);
            }
            Next::End => self.progress = Progress::Ended(Ok(changes.output)),
        }
    }

    /// An error of the interpreter's own, of which the cause tells the place.
    pub(super) fn fail_inside(&mut self, step: &mut StepContext<'_>, failure: Failure) {
        step.shared.count(1);
        let failure = self.placed(step, failure);
        self.fail(step, failure);
    }

    pub(super) fn placed(&self, step: &StepContext<'_>, failure: Failure) -> Failure {
        let name = &self.state(step.program).name;
        let entry = self.entry_event;
        let cause = format!(
            "An error occurred while executing the state '{name}' (entered at the event id #{entry}). {}",
            failure.cause
        );
        Failure { cause, ..failure }
    }

    /// Tries the state again, goes on at a catcher, or ends.
    pub(super) fn fail(&mut self, step: &mut StepContext<'_>, failure: Failure) {
        let program = Rc::clone(step.program);
        let state = self.state(&program);
        if let Some(index) = retry::choose(&state.retriers, &self.attempts, &failure) {
            let delay = retry::delay(&state.retriers[index], self.attempts[index], &step.shared.random);
            self.attempts[index] += 1;
            program.takes(&state.name, Way::Retries(index));
            step.shared
                .log(step.now, HistoryEvent::Retrying { state: Rc::clone(&state.name), failure, delay });
            self.progress = Progress::Backoff(step.now + delay);
            return;
        }
        let mut catchers = state.catchers.iter().enumerate();
        let Some((index, catcher)) = catchers.find(|(_, catcher)| failure.is_matched_by(&catcher.errors))
        else {
            self.progress = Progress::Ended(Err(failure));
            return;
        };
        let error_output = error_output(&failure);
        let value = error_output.value.clone();
        match self.evaluate_results(step, &catcher.results, (None, Some(&value)), error_output) {
            Ok(changes) => {
                program.takes(&state.name, Way::Catches(index));
                step.shared.log(step.now, HistoryEvent::Caught { state: Rc::clone(&state.name), failure });
                self.leave(step, changes, Next::State(catcher.next));
            }
            Err(failure) => {
                step.shared.count(1);
                self.progress = Progress::Ended(Err(self.placed(step, failure)));
            }
        }
    }

    /// Ends it from outside, with everything inside it.
    pub(super) fn abort(&mut self, shared: &mut Shared, now: Moment) {
        if let Progress::Inside(inside) = &mut self.progress {
            inside.abort(shared, now);
        }
        self.release(shared);
    }

    /// Ends it with its execution: what is inside it stays where it stands, for a redrive.
    pub(super) fn stop(&mut self, shared: &mut Shared, now: Moment) {
        if let Progress::Inside(inside) = &mut self.progress {
            inside.stop(shared, now);
        }
        self.release(shared);
    }

    /// Goes on after a stop or a failure: the state is entered once more, or what is inside it goes on.
    pub(super) fn redrive(&mut self, program: &Program, shared: &mut Shared, now: Moment) {
        match &mut self.progress {
            Progress::Inside(inside) => inside.redrive(program, shared, now),
            Progress::Ended(Ok(_)) => {}
            _ => self.enter(program, shared, now, self.state),
        }
    }

    fn release(&mut self, shared: &mut Shared) {
        shared.variables_bytes = shared.variables_bytes.saturating_sub(self.variables.own_bytes);
        self.variables.own_bytes = 0;
    }

    /// Adds what child executions that are under way have cost.
    pub(super) fn add_children(&self, counters: &mut Counters) {
        if let Progress::Inside(inside) = &self.progress {
            inside.add_children(counters);
        }
    }
}

/// `$states.errorOutput`.
fn error_output(failure: &Failure) -> SizedValue {
    let error = JValue::from(failure.error.as_str());
    let value = if failure.cause.is_empty() {
        object([("Error", error)])
    } else {
        object([("Error", error), ("Cause", failure.cause.as_str().into())])
    };
    SizedValue::plain(value)
}
