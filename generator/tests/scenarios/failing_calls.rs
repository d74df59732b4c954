//! Every call of the emitted machine fails: the runs of `failing_calls.yaml` are followed, and where one first comes to a
//! state that makes a call, that call fails in each way in which the state can go on from there.

use std::collections::BTreeMap;
use std::rc::Rc;

use asg_recycle::config;
use asg_recycle::simulate::failing_calls::{CallFails, CallingStates};
use asg_recycle::simulate::runner::{Deployment, Detail};
use asg_recycle::simulate::scenario::Scenario;
use asg_recycle::strategy;
use asg_recycle_simulator::world::alarms::AlarmState;
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
    let mut states = CallingStates::of(deployment.machine(), is_meant);
    let mut unmet = Vec::new();
    for (name, mut scenario) in followed_of(strategy) {
        scenario.world.alarms.entry("errors".to_owned()).or_insert(AlarmState::Ok);
        let runner = scenario.runner(std::slice::from_ref(deployment), strategy, Detail::States);
        let runner = runner.unwrap_or_else(|error| panic!("{name}: {error}"));
        // A run of a big group takes seconds, so one way fewer has to do.
        let is_big = scenario.group.as_ref().is_some_and(|group| group.desired > INSTANCES_MAX);
        let ways = if is_big { &[CallFails::UntilGivenUp, CallFails::TooLarge][..] } else { &CallFails::ALL };
        states.fail_each(runner, ways, |failed| {
            let faults = failed.run.verdict.lines().into_iter().chain(published.faults(&failed.run));
            let told = |fault| format!("{name}, `{}` fails {:?}: {fault}", failed.state, failed.fails);
            unmet.extend(faults.map(told));
        });
    }
    unmet.extend(states.left().map(|state| format!("no run comes to `{state}`")));
    unmet
}
