//! Lets the call of every state fail that a run comes to, in each of the ways in which a state can go on from there, and
//! follows each of these runs to its end.

use std::collections::{BTreeMap, BTreeSet};

use asg_recycle_simulator::interpreter::Machine;
use asg_recycle_simulator::states_language::{Kind, State, StateMachine};
use asg_recycle_simulator::world::injected_failures::{FailureKind, InjectedFailure};

use super::runner::{LogEvent, Run, Runner, Step};

/// How the call of a state fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallFails {
    /// It is denied until the state gives up; the next state that makes the same call gets its answer.
    UntilGivenUp,
    /// It is denied from then on, to whoever makes it.
    ForGood,
    /// Its first answer is more than a state may pass on.
    TooLarge,
}

impl CallFails {
    /// All ways.
    pub const ALL: [Self; 3] = [Self::UntilGivenUp, Self::ForGood, Self::TooLarge];
}

/// A run in which the call of a state failed.
pub struct FailedCall {
    /// The state.
    pub state: String,
    /// How it failed.
    pub fails: CallFails,
    /// What came of it.
    pub run: Run,
}

/// The call of a state.
#[derive(Debug, Clone)]
struct Call {
    service: String,
    action: String,
    /// How often it is made before the state gives up.
    tries: u32,
    /// Whether the state says what happens when the answer is too large; those whose answers are small do not.
    catches_too_large: bool,
}

/// The states of a machine that make a call, for runs in which each call fails once.
#[derive(Debug, Clone)]
pub struct CallingStates(BTreeMap<String, Call>);

impl CallingStates {
    /// Those of a machine of which `wanted` says so, by their names.
    pub fn of(machine: &Machine, wanted: impl Fn(&str) -> bool) -> Self {
        let (definition, _) = StateMachine::read(machine.text());
        let calls = definition.states().filter_map(|(_, name, state)| Some((name.to_owned(), call(state)?)));
        Self(calls.filter(|(name, _)| wanted(name)).collect())
    }

    /// Names of those that no run has come to yet.
    pub fn left(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Follows a run that logs states, and tells `look` what comes of it when the call fails, in each of those ways, of a
    /// state that it is the first to come to.
    pub fn fail_each(&mut self, mut runner: Runner, ways: &[CallFails], mut look: impl FnMut(FailedCall)) {
        let mut logged = 0;
        loop {
            let ended = matches!(runner.step(), Step::Ended(_));
            let entered: BTreeSet<String> =
                runner.log()[logged..].iter().filter_map(|entry| entered(&entry.event)).collect();
            logged = runner.log().len();
            for state in entered {
                let Some(call) = self.0.remove(&state) else { continue };
                let is_known = |fails: &CallFails| *fails != CallFails::TooLarge || call.catches_too_large;
                for fails in ways.iter().copied().filter(is_known) {
                    let mut disturbed = runner.clone();
                    disturbed.fail_calls(failure(&call, fails));
                    look(FailedCall { state: state.clone(), fails, run: disturbed.finish() });
                }
            }
            if ended {
                return;
            }
        }
    }
}

fn call(state: &State) -> Option<Call> {
    let Kind::Task { call, .. } = &state.kind else { return None };
    // The retrier for all errors comes last.
    let tries = 1 + state.retriers.last().map_or(0, |last| last.attempts_max);
    let mut caught = state.catchers.iter().flat_map(|catcher| &catcher.errors);
    let catches_too_large = caught.any(|error| error == "States.DataLimitExceeded");
    Some(Call { service: call.service.clone(), action: call.action.clone(), tries, catches_too_large })
}

fn entered(event: &LogEvent) -> Option<String> {
    match event {
        LogEvent::Entered { state, .. } => Some(state.clone()),
        _ => None,
    }
}

fn failure(call: &Call, fails: CallFails) -> InjectedFailure {
    let (error, count) = match fails {
        CallFails::UntilGivenUp => (FailureKind::AccessDenied, Some(call.tries)),
        CallFails::ForGood => (FailureKind::AccessDenied, None),
        CallFails::TooLarge => (FailureKind::TooLarge, Some(1)),
    };
    let (service, action) = (Some(call.service.clone()), Some(call.action.clone()));
    InjectedFailure { service, action, error, count, ..InjectedFailure::default() }
}
