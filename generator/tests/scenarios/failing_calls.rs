//! Every call of the emitted machine fails: the runs of `failing_calls.yaml` are followed, and where one first comes to a
//! state that makes a call, that call fails in each way in which the state can go on from there.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use asg_recycle::config;
use asg_recycle::simulate::runner::{Deployment, Detail, LogEvent, Run, Runner, Step};
use asg_recycle::simulate::scenario::Scenario;
use asg_recycle::strategy;
use asg_recycle_simulator::states_language::{Kind, State, StateMachine};
use asg_recycle_simulator::world::alarms::AlarmState;
use asg_recycle_simulator::world::injected_failures::{FailureKind, InjectedFailure};
use serde::Deserialize;

use crate::cases::all_cases;
use crate::outcome::Published;

/// The strategy whose trial looks at a state of the frame, too: one is enough; what is proved at the end comes after turns alone,
/// and a refresh has its launches judged by itself.
fn trial_of_frame(state: &str) -> &'static str {
    if state.ends_with(" to prove at the end") || state == "Describe alarms at the end" {
        "in-out"
    } else if state.ends_with(" of the refresh") {
        "instance-refresh"
    } else {
        "out-in"
    }
}

/// How the call of a state fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CallFails {
    /// It is denied until the state gives up; the next state that makes the same call gets its answer.
    UntilGivenUp,
    /// It is denied from then on, to whoever makes it.
    ForGood,
    /// Its first answer is more than a state may pass on.
    TooLarge,
}

/// The call of a state.
struct Call {
    service: String,
    action: String,
    /// How often it is made before the state gives up.
    tries: u32,
    /// Whether the state says what happens when the answer is too large; those whose answers are small do not.
    catches_too_large: bool,
}

impl Call {
    fn of(state: &State) -> Option<Self> {
        let Kind::Task { call, .. } = &state.kind else { return None };
        // The retrier for all errors comes last.
        let tries = 1 + state.retriers.last().map_or(0, |last| last.attempts_max);
        let mut caught = state.catchers.iter().flat_map(|catcher| &catcher.errors);
        let catches_too_large = caught.any(|error| error == "States.DataLimitExceeded");
        Some(Self { service: call.service.clone(), action: call.action.clone(), tries, catches_too_large })
    }

    fn failing(&self, fails: CallFails) -> InjectedFailure {
        let (error, count) = match fails {
            CallFails::UntilGivenUp => (FailureKind::AccessDenied, Some(self.tries)),
            CallFails::ForGood => (FailureKind::AccessDenied, None),
            CallFails::TooLarge => (FailureKind::TooLarge, Some(1)),
        };
        let (service, action) = (Some(self.service.clone()), Some(self.action.clone()));
        InjectedFailure { service, action, error, count, ..InjectedFailure::default() }
    }
}

/// Follows a run that logs states, and tells `look` what comes of it when the call fails, in each of these ways, of a state
/// that it is the first to come to: that is no longer among the states that are `left` then.
fn fail_each(
    left: &mut BTreeMap<String, Call>,
    mut runner: Runner,
    ways: &[CallFails],
    mut look: impl FnMut(&str, CallFails, &Run),
) {
    let mut logged = 0;
    loop {
        let ended = matches!(runner.step(), Step::Ended(_));
        let entered = runner.log()[logged..].iter().filter_map(|entry| match &entry.event {
            LogEvent::Entered { state, .. } => Some(state.clone()),
            _ => None,
        });
        let entered: BTreeSet<String> = entered.collect();
        logged = runner.log().len();
        for state in entered {
            let Some(call) = left.remove(&state) else { continue };
            let is_known = |fails: &CallFails| *fails != CallFails::TooLarge || call.catches_too_large;
            for fails in ways.iter().copied().filter(is_known) {
                let mut disturbed = runner.clone();
                disturbed.fail_calls(call.failing(fails));
                look(&state, fails, &disturbed.finish());
            }
        }
        if ended {
            return;
        }
    }
}

/// Most instances of a group that is not big.
const INSTANCES_MAX: u32 = 100;

/// The stack whose machine it is; with alarms, so that the states which look at them are there.
pub(crate) fn deployment() -> Rc<Deployment> {
    let stack = include_str!("failing_calls_stack.yaml");
    let config = config::parse(stack.as_bytes()).expect("the stack has no fault");
    Rc::new(Deployment::build(&config).unwrap_or_else(|problems| panic!("{problems}")))
}

/// A run that is followed.
#[derive(Deserialize)]
#[serde(untagged)]
enum Followed {
    /// A case of the strategy, by its name.
    Case(String),
    /// One of its own, by what it is about.
    Own(serde_json::Value),
}

impl Followed {
    fn scenario(&self, strategy: &str) -> (String, Scenario) {
        match self {
            Self::Case(name) => {
                let case =
                    all_cases().into_iter().find(|case| case.strategy == strategy && case.name == *name);
                (name.clone(), case.unwrap_or_else(|| panic!("{strategy} has no case {name}")).scenario)
            }
            Self::Own(value) => {
                let scenario = Scenario::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}"));
                (scenario.about.clone(), scenario)
            }
        }
    }
}

/// The strategies, each with a trial.
pub(crate) fn strategies() -> impl Iterator<Item = &'static String> {
    strategy::all().keys()
}

/// The runs of a strategy that are followed, each with its name: those that are listed, or else every case in its folder.
fn followed_of(strategy: &str) -> Vec<(String, Scenario)> {
    let runs: BTreeMap<String, Vec<Followed>> =
        serde_yaml::from_str(include_str!("failing_calls.yaml")).expect("the runs are in order");
    if let Some(listed) = runs.get(strategy) {
        return listed.iter().map(|followed| followed.scenario(strategy)).collect();
    }
    let folder = format!("strategies/{strategy}/");
    let own = all_cases().into_iter().filter(|case| case.path.starts_with(&folder));
    own.map(|case| (case.name, case.scenario)).collect()
}

/// What is wrong in any of the runs of a strategy.
pub(crate) fn unmet(deployment: &Rc<Deployment>, strategy: &str, published: &Published) -> Vec<String> {
    let folder = format!("strategies/{strategy}/");
    let is_meant = |state: &str| {
        // A macro's state is of whoever asks for it.
        let origin = deployment.origin(state).and_then(|origin| origin.rsplit(", for ").next());
        let origin = origin.unwrap_or_default();
        let file = origin.strip_prefix("templates/").unwrap_or(origin);
        file.starts_with(&folder)
            || (strategy == trial_of_frame(state) && file.starts_with("strategies/_shared/"))
    };
    let (definition, _) = StateMachine::read(deployment.machine().text());
    let calls = definition.states().filter_map(|(_, name, state)| Some((name.to_owned(), Call::of(state)?)));
    let mut left: BTreeMap<String, Call> = calls.filter(|(name, _)| is_meant(name)).collect();
    let mut unmet = Vec::new();
    for (name, mut scenario) in followed_of(strategy) {
        scenario.world.alarms.entry("errors".to_owned()).or_insert(AlarmState::Ok);
        let runner = scenario.runner(std::slice::from_ref(deployment), strategy, Detail::States);
        let runner = runner.unwrap_or_else(|error| panic!("{name}: {error}"));
        // A run of a big group takes seconds, so one way fewer has to do.
        let is_big = scenario.group.as_ref().is_some_and(|group| group.desired > INSTANCES_MAX);
        let ways = [CallFails::UntilGivenUp, CallFails::TooLarge, CallFails::ForGood];
        fail_each(&mut left, runner, &ways[..if is_big { 2 } else { 3 }], |state, fails, run| {
            let faults = run.verdict.lines().into_iter().chain(published.faults(run));
            unmet.extend(faults.map(|fault| format!("{name}, `{state}` fails {fails:?}: {fault}")));
        });
    }
    unmet.extend(left.into_keys().map(|state| format!("no run comes to `{state}`")));
    unmet
}
