//! A stack is upgraded in every state of a run: the execution goes on with the machine that it began with and the newer
//! role, the handler and its settings are the newer ones. It ends as it would have undisturbed; and where it is stopped at
//! that moment, what the newer version starts puts everything back.
//!
//! `former_version.json.gz` is what an earlier commit of this repository emitted for a stack of defaults, with the names of
//! a deployment filled in: definition, policies, the function's environment, and the keys of the input that it wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::rc::Rc;
use std::sync::Arc;

use asg_recycle::AsgRecycle;
use asg_recycle::asl;
use asg_recycle::config;
use asg_recycle::simulate::abort::{Abort, disturb_where};
use asg_recycle::simulate::invariants::Invariant;
use asg_recycle::simulate::runner::{Deployment, Detail, Roles, Run, Runner};
use asg_recycle::simulate::scenario::Scenario;
use asg_recycle::strategy::{self, Catalog};
use asg_recycle_handler::settings::Settings;
use asg_recycle_simulator::iam_policy::RolePolicies;
use serde::Deserialize;
use serde_json::Value;

/// What the former version emitted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FormerVersion {
    /// The commit that emitted it.
    #[serde(rename = "commit")]
    _commit: String,
    definition: Value,
    machine_role: Vec<Value>,
    handler_role: Vec<Value>,
    environment: BTreeMap<String, String>,
    input_keys: BTreeSet<String>,
}

/// The runs of a strategy that are upgraded.
fn scenarios(strategy: &str) -> &'static [&'static str] {
    match strategy {
        "out-in" => &["group: {min: 1, desired: 3, max: 4}"],
        "out-in-timed" => {
            &["group: {min: 3, desired: 3, max: 3, tags: {autorecycle_recycle_window: '10:00,11:00'}}"]
        }
        "in-out" => &["group: {min: 2, desired: 2, max: 2, zones: [eu-west-2a, eu-west-2b]}"],
        _ => &["group: {min: 1, desired: 2, max: 4}"],
    }
}

/// Steps of each state that are disturbed: two visits or three.
const STEPS_IN_A_STATE: usize = 6;

/// A run has more steps than this, else it was none.
const POINTS_MIN: usize = 50;

impl FormerVersion {
    fn read() -> Self {
        let packed = include_bytes!("former_version.json.gz");
        let mut text = String::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut text).expect("it is packed");
        serde_json::from_str(&text).expect("it is in order")
    }

    fn deployment(&self) -> Deployment {
        let settings = Settings::parse(&self.environment).expect("the handler takes its former settings");
        let read = |documents: &[Value]| Arc::new(RolePolicies::read(documents).expect("policies are read"));
        let roles = Roles { machine: read(&self.machine_role), handler: read(&self.handler_role) };
        let deployed = Deployment::deployed(&without_proof(), &self.definition.to_string(), settings);
        deployed.unwrap_or_else(|problems| panic!("{problems}")).with_roles(roles)
    }

    /// What this version emits over it.
    fn newer(&self) -> Deployment {
        let kept = asl::calls_of(&self.definition.to_string());
        let upgraded = AsgRecycle::from_config(defaults()).and_then(|stack| stack.upgrading(kept));
        upgraded.and_then(|stack| Deployment::of(&stack)).unwrap_or_else(|problems| panic!("{problems}"))
    }

    /// The run of an execution that the former version began, with the input that it wrote.
    fn begun(&self, strategy: &str, scenario: &str) -> Runner {
        let former = Rc::new(self.deployment());
        let of = |scenario: &Scenario, detail| {
            scenario.runner(&[Rc::clone(&former)], strategy, detail).expect("the scenario makes sense")
        };
        let mut scenario = Scenario::parse(scenario).unwrap_or_else(|error| panic!("{error}"));
        let decided = of(&scenario, Detail::Recording).finish();
        let recorded = decided.executions.first().and_then(|one| one.recording.as_ref()).expect("one began");
        let mut input = recorded.input.as_ref().clone();
        input.as_object_mut().expect("an object").retain(|key, _| self.input_keys.contains(key));
        scenario.triggers = Some(Vec::new());
        let mut runner = of(&scenario, Detail::Plain);
        runner.start_execution(former.machine_arn(), "former", input).expect("it begins");
        runner
    }
}

fn defaults() -> config::Config {
    config::parse(b"name: asg-recycle\n").expect("a name is all that a stack needs")
}

/// The same where nothing has to prove itself: the former version did not know of that.
fn without_proof() -> config::Config {
    let settings =
        ["in-out", "out-in", "out-in-timed"].map(|name| format!("  {name}: {{proving_seconds: 0}}\n"));
    let text = format!("name: asg-recycle\nstrategies:\n{}", settings.concat());
    config::parse(text.as_bytes()).expect("settings are known")
}

/// How a run left its group, and how it ended.
fn end(run: &Run) -> (Vec<String>, String) {
    let groups = run.groups.iter().map(|group| format!("{:?} {:?}", group.last(), group.suspended));
    (run.endings(), groups.collect::<Vec<_>>().join("; "))
}

/// A state that is come back to, as those that look again and again are, stands there as it did before.
fn first_visits() -> impl FnMut(&str, usize) -> bool {
    let mut steps_in = BTreeMap::<String, usize>::new();
    move |state, _| {
        let steps = steps_in.entry(state.to_owned()).or_default();
        *steps += 1;
        *steps <= STEPS_IN_A_STATE
    }
}

/// The strategies that the former version has, too: of another there is nothing to upgrade.
pub(crate) fn strategies() -> impl Iterator<Item = &'static String> {
    let former = FormerVersion::read().environment.remove("STRATEGIES").unwrap_or_default();
    strategy::all()
        .keys()
        .filter(move |name| former.split(',').any(|known| known.split(':').next() == Some(name.as_str())))
}

/// What is wrong after an upgrade at any step of the strategy's runs.
pub(crate) fn unmet(strategy: &str) -> Vec<String> {
    unmet_with(strategy, |newer| newer)
}

fn unmet_with(strategy: &str, change: impl Fn(Deployment) -> Deployment) -> Vec<String> {
    let former = FormerVersion::read();
    let newer = Rc::new(change(former.newer()));
    let mut unmet = Vec::new();
    for scenario in scenarios(strategy) {
        let runner = former.begun(strategy, scenario);
        let undisturbed = end(&runner.clone().finish());
        if undisturbed.0 != ["recycled"] {
            unmet.push(format!("undisturbed, it ends {:?}", undisturbed.0));
        }
        let mut restored = 0;
        let mut tell = |what: &str, abort: &Abort, faults: Vec<String>| {
            let at = format!("{what} after {} transitions, in `{}`", abort.transitions, abort.state);
            unmet.extend(faults.into_iter().map(|fault| format!("{at}: {fault}")));
        };
        let upgrade = |runner: &mut Runner| runner.upgrade(0, &newer);
        let points = disturb_where(runner.clone(), first_visits(), upgrade, |upgraded| {
            let mut faults = upgraded.unmet();
            let ended = end(&upgraded.run);
            if ended != undisturbed {
                faults.push(format!("it ends {ended:?}, undisturbed {undisturbed:?}"));
            }
            tell("upgraded", &upgraded, faults);
        });
        let upgrade_and_stop = |runner: &mut Runner| {
            upgrade(runner);
            runner.stop(0);
        };
        disturb_where(runner, first_visits(), upgrade_and_stop, |aborted| {
            restored += usize::from(aborted.run.endings().iter().skip(1).any(|ending| ending == "restored"));
            let mut faults = aborted.unmet();
            // The former version wrote down nowhere that it had announced its start, so who cleans up cannot know.
            faults.retain(|fault| !fault.starts_with(Invariant::OneEndForEachStart.name()));
            tell("upgraded and stopped", &aborted, faults);
        });
        if points < POINTS_MIN || restored == 0 {
            unmet.push(format!("{points} points and {restored} restores are no run"));
        }
    }
    unmet
}

/// Whether it is noticed that the newer role is without something that the former machine calls.
pub(crate) fn notices_a_role_that_shrinks() -> bool {
    let without = |newer: Deployment| {
        let roles = newer.roles().cloned().expect("a stack that is built has its roles");
        let machine = Arc::new(roles.machine.without("KeepLocks", "dynamodb:DeleteItem"));
        newer.with_roles(Roles { machine, ..roles })
    };
    unmet_with("instance-refresh", without)
        .iter()
        .any(|one| one.contains("does not allow dynamodb:DeleteItem"))
}

/// A run tells the notifier that it began with of its end, whichever notifier the upgraded stack has, and is denied it where nothing is kept.
/// What is wrong with that.
pub(crate) fn unmet_former_notifier(strategy: &str) -> Vec<String> {
    let arn = |name: &str| format!("arn:aws:lambda:eu-west-2:123456789012:function:{name}");
    let stack = |name: Option<&str>| {
        let notifier =
            name.map(|name| format!("notifications: {{notifier_function_arn: '{}'}}\n", arn(name)));
        let text = format!("name: asg-recycle\n{}", notifier.unwrap_or_default());
        AsgRecycle::from_config(config::parse(text.as_bytes()).expect("it has no fault")).expect("it builds")
    };
    let deployed =
        |stack: &AsgRecycle| Rc::new(Deployment::of(stack).unwrap_or_else(|problems| panic!("{problems}")));
    let scenario = match strategy {
        "out-in-timed" => {
            "group: {min: 1, desired: 1, max: 2, tags: {autorecycle_recycle_window: '10:00,11:00'}}"
        }
        _ => "group: {min: 1, desired: 1, max: 2}",
    };
    let scenario = Scenario::parse(scenario).unwrap_or_else(|error| panic!("{error}"));
    let former = deployed(&stack(Some("former")));
    let mut unmet = Vec::new();
    for (name, keeps) in [(Some("newer"), true), (None, true), (Some("newer"), false), (None, false)] {
        let newer = stack(name);
        let newer = deployed(&if keeps { newer.keeping_notifier(&arn("former")) } else { newer });
        let runner = scenario.runner(&[Rc::clone(&former)], strategy, Detail::Plain).expect("it makes sense");
        let (mut told, mut denied) = (0, 0);
        let mut visited = BTreeSet::new();
        disturb_where(
            runner,
            |state, _| visited.insert(state.to_owned()),
            |runner| runner.upgrade(0, &newer),
            |upgraded| {
                let calls = upgraded.run.world.record().calls.iter();
                let (answered, refused): (Vec<_>, Vec<_>) = calls
                    .filter(|call| call.action.to_string().ends_with("nvoke"))
                    .partition(|call| call.answer.is_ok());
                (told, denied) = (told + answered.len(), denied + refused.len());
            },
        );
        if told == 0 || keeps != (denied == 0) {
            unmet.push(format!("to {name:?}, kept: {keeps}: told {told} times, and denied {denied}"));
        }
    }
    unmet
}

/// A request that comes after an upgrade in any state of a run is of the newer release: the holder that cannot read it leaves it to a
/// successor, which can. What is wrong with that.
pub(crate) fn unmet_newer_requests() -> Vec<String> {
    let of = |config: config::Config| {
        let stack = AsgRecycle::from_config(config).and_then(|stack| Deployment::of(&stack));
        Rc::new(stack.unwrap_or_else(|problems| panic!("{problems}")))
    };
    let (present, newer) = (of(defaults()), of(defaults().with_catalog(knows_one_version_more())));
    let scenario = "{group: {min: 3, desired: 3, max: 3}, triggers: [{at: 0s}, {at: 4m, event: started_by_hand, input: {replace: all}}]}";
    let scenario = Scenario::parse(scenario).unwrap_or_else(|error| panic!("{error}"));
    let runner = scenario.runner(&[present], "out-in", Detail::Plain).expect("the scenario makes sense");
    let (mut unmet, mut handed_over) = (Vec::new(), 0);
    let mut visited = BTreeSet::new();
    let first_visit = |state: &str, _| visited.insert(state.to_owned());
    disturb_where(
        runner,
        first_visit,
        |runner| runner.upgrade(0, &newer),
        |upgraded| {
            let at = format!("upgraded after {} transitions, in `{}`", upgraded.transitions, upgraded.state);
            let mut tell = |fault: String| unmet.push(format!("{at}: {fault}"));
            upgraded.unmet().into_iter().for_each(&mut tell);
            let calls = upgraded.run.world.record().calls.iter();
            let taken = calls
                .filter(|call| call.action.to_string().contains("erminateInstance") && call.answer.is_ok());
            // The first event is for three, and the second, which is for every instance, for the three that came.
            let taken = taken.count();
            if taken != 6 {
                tell(format!("{taken} terminations, {:?}", upgraded.run.endings()));
            }
            let mut executions = upgraded.run.executions.iter();
            handed_over += usize::from(executions.any(|one| one.reason.contains("goes on in")));
        },
    );
    if handed_over == 0 {
        unmet.push("no holder met a request that it could not read".to_owned());
    }
    unmet
}

/// The strategies as a release has them that reads inputs and requests of one version more.
fn knows_one_version_more() -> Catalog {
    let known = "  known: [1]\n";
    let table = include_str!("../../../templates/strategies/_shared/request.yaml");
    assert!(table.contains(known));
    let files = [("request.yaml".to_owned(), table.replace(known, "  known: [1, 2]\n"))].into();
    Catalog::embedded().with_folder("_shared", files).expect("the strategies are as they were")
}
