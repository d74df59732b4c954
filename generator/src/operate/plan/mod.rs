//! What a recycle would do to a real group: what it would replace and why, what speaks against it now, and a forecast by the
//! simulator with the definition that is deployed.

pub mod facts;
pub mod leaving;
pub mod model;
pub mod reads;
pub mod text;

use std::rc::Rc;

use asg_recycle_handler::contract::STRATEGY;
use asg_recycle_handler::settings::Settings;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::config::{self, Config};
use crate::operate::answers::{SeenGroup, SeenInstance};
use crate::operate::deployed;
use crate::operate::fleet::outdated::{OutdatedInstance, outdated};
use crate::operate::fleet::{self, GroupStanding};
use crate::operate::history::LeftAlone;
use crate::operate::place::{ReportHead, StackPlace};
use crate::operate::request::{self, Hand, ReplaceAsked, StartAsked};
use crate::problem::Problems;
use crate::simulate::report::GroupSummary;
use crate::simulate::runner::{Deployment, Detail, Run};
use crate::simulate::scenario::Scenario;
use crate::strategy::{Catalog, LeavingOrder, Strategy};
use facts::{PlanFacts, Times};

/// What `plan GROUP --format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PlanReport {
    /// Its form, where it was asked, and what that took.
    #[serde(flatten)]
    pub head: ReportHead,
    /// The group.
    pub group: String,
    /// The strategy that its tag names.
    pub strategy: Option<String>,
    /// What that does, in a sentence.
    pub does: Option<String>,
    /// In which order instances leave, in words.
    pub order: String,
    /// Why nothing would be started now, or would have to wait.
    pub refusals: Vec<String>,
    /// What would be replaced, in the order in which it leaves where the group stays as it is.
    pub replace: Vec<Replacement>,
    /// What is outdated and would be left alone.
    pub left_alone: Vec<LeftAlone>,
    /// The times that the forecast takes.
    pub times: Times,
    /// What the forecast leaves out.
    pub leaves_out: Vec<String>,
    /// The forecast; absent where the simulator cannot run the deployed definition.
    pub forecast: Option<Forecast>,
}

/// An instance that would be replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Replacement {
    /// Its place in the order, from 1; absent where AWS chooses.
    pub place: Option<usize>,
    /// Its id.
    pub id: String,
    /// Its Availability Zone.
    pub zone: String,
    /// What it was launched from.
    pub has: String,
    /// What it is to be launched from.
    pub wants: String,
}

/// What the simulator says that would come of it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Forecast {
    /// How its executions end, e.g. `recycled`.
    pub endings: Vec<String>,
    /// Why, where that is not plain.
    pub reason: String,
    /// How long it takes, a wait for a window within, in seconds.
    pub seconds: u64,
    /// Most instances at a time.
    pub peak: u32,
    /// Fewest healthy instances at a time.
    pub fewest_healthy: u32,
    /// Hours of instances beyond as many as at the beginning.
    pub extra_instance_hours: f64,
    /// API calls that only read.
    pub reads: u64,
    /// API calls that change something.
    pub writes: u64,
    /// State transitions.
    pub transitions: u64,
    /// What these cost, in dollars.
    pub dollars: f64,
}

/// A plan, and the run that it forecasts by.
pub struct GroupPlan {
    /// What is told.
    pub report: PlanReport,
    /// The scenario, as a file.
    pub scenario: Value,
    /// The simulated run.
    pub run: Option<Run>,
}

/// The JSON Schema of what `plan GROUP --format json` prints.
pub fn json_schema() -> Value {
    schemars::schema_for!(PlanReport).to_value()
}

/// Plans a recycle of a group; none where there is no such group, or none that the simulator knows how to describe.
pub fn of(
    facts: &PlanFacts,
    place: &StackPlace,
    settings: &Settings,
    calls: u32,
    now: Timestamp,
) -> Option<GroupPlan> {
    let group = facts.fleet.groups.first()?;
    let scenario = model::scenario(facts, place, now)?;
    let described = group.as_handler_sees_it();
    let strategy = described.tag(STRATEGY.key).map(str::to_owned);
    let (run, unsimulated) =
        match simulated(&scenario, facts, settings, strategy.as_deref().unwrap_or_default()) {
            Ok(run) => (Some(run), None),
            Err(why) => (None, Some(format!("the forecast: {why}"))),
        };
    let described = strategy.as_ref().and_then(|name| Catalog::embedded().strategies().get(name));
    let order = described.and_then(|strategy| strategy.leaving_order);
    let (replace, left_alone) = sorted(group, facts, strategy.as_deref(), order);
    let mut leaves_out = leaves_out(facts);
    leaves_out.extend(unsimulated);
    let report = PlanReport {
        head: ReportHead::new(place, calls),
        group: group.name.clone(),
        does: described.map(|strategy| strategy.summary.clone()),
        order: leaving::in_words(order).to_owned(),
        strategy,
        refusals: refusals(group, facts, &place.account, settings, now),
        replace,
        left_alone,
        times: model::times(&facts.activities),
        leaves_out,
        forecast: run.as_ref().and_then(|run| forecast(run, facts)),
    };
    Some(GroupPlan { report, scenario, run })
}

fn refusals(
    group: &SeenGroup,
    facts: &PlanFacts,
    account: &str,
    settings: &Settings,
    now: Timestamp,
) -> Vec<String> {
    let asked =
        StartAsked { strategy: None, replace: ReplaceAsked::Outdated, dry_run: false, despite_alarms: false };
    let nobody = Hand { account, caller: "" }; // it is decided and not started
    let decided = request::recycle(group.as_handler_sees_it(), &asked, nobody, now, settings);
    let (locks, pauses) = (&facts.fleet.locks, &facts.fleet.pauses);
    let skips = skips(facts, group.as_handler_sees_it().tag(STRATEGY.key));
    let row = fleet::rows(&facts.fleet, settings, now).into_iter().next();
    let has_ended = row.as_ref().is_some_and(|row| row.state == GroupStanding::Held);
    let waits_for = request::waits_for(locks.get(&group.name), has_ended, pauses.get(&group.name), now);
    let opens = row.filter(|row| !row.window_is_open).and_then(|row| row.window_opens_at);
    let window = opens.map(|opens| format!("its window opens {opens}: a recycle waits for that"));
    decided.err().into_iter().chain(waits_for).chain(window).chain(skips).collect()
}

/// Why the machine would leave the group alone. Of these the simulator knows shifted zones and suspended processes only, and its
/// forecast ends with them.
fn skips(facts: &PlanFacts, strategy: Option<&str>) -> Vec<String> {
    let operator = facts.settings.operator.as_ref().filter(|one| !one.principal.is_empty());
    let operator = operator
        .map(|one| format!("the group has an operator, which alone may change it: {}", one.principal));
    let refresh = facts.refresh.as_ref();
    let refresh = refresh.map(|status| format!("an instance refresh of the group is active: {status}"));
    let known = strategy.and_then(|strategy| Catalog::embedded().strategies().get(strategy));
    let weights = known.filter(|strategy| !strategy.any_units && is_weighted(facts)).map(|strategy| {
        format!("the group counts its capacity in weights, which {} does not", strategy.name)
    });
    let suspended = known.map(|strategy| suspended(facts, strategy)).unwrap_or_default();
    let name = strategy.unwrap_or_default();
    let suspended = (!suspended.is_empty()).then(|| {
        format!("these processes of the group are suspended: {}; {name} needs them", suspended.join(", "))
    });
    let zones = facts.shifted_away.join(", ");
    let shifted =
        (!zones.is_empty()).then(|| format!("traffic of the group is shifted away from a zone: {zones}"));
    [operator, refresh, suspended, shifted, weights].into_iter().flatten().collect()
}

/// The processes that are suspended and that the strategy needs; that registers targets only where there are target groups.
fn suspended<'a>(facts: &'a PlanFacts, strategy: &Strategy) -> Vec<&'a str> {
    let Some(group) = facts.fleet.groups.first() else { return Vec::new() };
    let names = group.suspended_processes.list.iter().map(|one| &*one.process_name);
    let is_needed = |name: &&str| {
        strategy.processes.iter().any(|needed| needed == name)
            && (*name != "AddToLoadBalancer" || !group.target_groups.list.is_empty())
    };
    names.filter(is_needed).collect()
}

/// Whether an instance of the group may count for other than one.
fn is_weighted(facts: &PlanFacts) -> bool {
    let policy = facts.settings.mixed_instances_policy.as_ref();
    let types = policy.map(|policy| &policy.launch_template.overrides.list[..]).unwrap_or_default();
    types.iter().any(|one| one.weighted_capacity.as_ref().is_some_and(|weight| weight != "1"))
}

/// What would be replaced, and what would be left alone by the settings of the strategy.
fn sorted(
    group: &SeenGroup,
    facts: &PlanFacts,
    strategy: Option<&str>,
    order: Option<LeavingOrder>,
) -> (Vec<Replacement>, Vec<LeftAlone>) {
    let settings = deployed::settings(&facts.definition);
    let of_strategy = strategy.and_then(|strategy| settings.get(strategy));
    let replaces = |setting: &str| {
        of_strategy
            .and_then(|settings| settings.get(setting))
            .and_then(Value::as_str)
            .is_some_and(|value| value != "leave")
    };
    let outdated = outdated(group, &facts.fleet.aliases);
    let (mut chosen, mut left_alone) = (Vec::new(), Vec::new());
    for OutdatedInstance { id, .. } in &outdated {
        let Some(instance) = group.instances.list.iter().find(|one| one.id == *id) else { continue };
        let reason = if instance.lifecycle_state.contains("Standby") && !replaces("standby_instances") {
            Some("it is in standby")
        } else if instance.protected_from_scale_in && !replaces("protected_instances") {
            Some("it is protected from scale-in")
        } else {
            None
        };
        match reason {
            Some(reason) => left_alone.push(LeftAlone { id: id.clone(), reason: reason.to_owned() }),
            None => chosen.push(instance),
        }
    }
    let replacement = |(at, instance): (usize, &SeenInstance)| {
        let OutdatedInstance { id, has, wants } = outdated.iter().find(|one| one.id == instance.id)?.clone();
        let (place, zone) = (order.map(|_| at + 1), instance.availability_zone.clone());
        Some(Replacement { place, id, zone, has, wants: wants.to_string() })
    };
    let chosen = leaving::in_order(group, chosen, order);
    (chosen.into_iter().enumerate().filter_map(replacement).collect(), left_alone)
}

fn leaves_out(facts: &PlanFacts) -> Vec<String> {
    let mut left_out = vec!["scaling policies and scheduled actions".to_owned()];
    if facts.fleet.locks.values().any(|lock| lock.unread_journal.is_some()) {
        left_out.push(
            "what was changed, for its journal cannot be read: the group is taken as it is now".to_owned(),
        );
    } else if facts.fleet.locks.values().any(|lock| lock.journal.is_some()) {
        left_out.push("what is under way, or is put back first: the group is taken with its own sizes, as it is after that".to_owned());
    }
    if facts.refresh.is_some() {
        left_out.push("the instance refresh that is active".to_owned());
    }
    if is_weighted(facts) {
        left_out.push("weights of types".to_owned());
    }
    if facts.settings.warm_pool_size.is_some_and(|size| size > 0) {
        left_out.push("which instances of the warm pool are outdated: all are taken to be".to_owned());
    }
    left_out
}

/// What is deployed, for the simulator, and a configuration with its settings.
///
/// # Errors
/// Why the simulator cannot take it.
pub fn deployment(
    scenario: &Scenario,
    facts: &PlanFacts,
    settings: &Settings,
) -> Result<(Config, Deployment), String> {
    let problems = |problems: Problems| problems.to_string();
    let base = config::parse(b"name: asg-recycle\n").map_err(problems)?;
    let config = scenario.configs(&base).map_err(problems)?.into_iter().next().unwrap_or(base);
    let deployment = Deployment::deployed(&config, &facts.definition, settings.clone()).map_err(problems)?;
    Ok((config, deployment))
}

/// Runs a group's scenario on what is deployed.
fn simulated(
    scenario: &Value,
    facts: &PlanFacts,
    settings: &Settings,
    strategy: &str,
) -> Result<Run, String> {
    let scenario = Scenario::from_value(scenario.clone()).map_err(|error| error.to_string())?;
    let (_, deployment) = deployment(&scenario, facts, settings)?;
    let runner = scenario.runner(&[Rc::new(deployment)], strategy, Detail::Plain);
    Ok(runner.map_err(|error| error.to_string())?.finish())
}

fn forecast(run: &Run, facts: &PlanFacts) -> Option<Forecast> {
    let group = &model::put_back(facts)?;
    let summary = GroupSummary::of(run, run.groups.first()?);
    let calls = run.totals.all_calls();
    let reason = run.executions.last().map(|one| &*one.reason);
    Some(Forecast {
        endings: summary.endings.clone(),
        reason: model::with_real_ids(reason.unwrap_or_default(), group, &facts.fleet.aliases),
        seconds: summary.took.0 / 1_000,
        peak: summary.peak,
        fewest_healthy: summary.healthy_min,
        extra_instance_hours: summary.extra_instance_hours,
        reads: calls.reads,
        writes: calls.writes,
        transitions: run.totals.transitions,
        dollars: run.totals.dollars(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::fleet::FleetFacts;
    use crate::operate::lock::{GroupLock, SeenJournal};

    #[test]
    fn what_the_machine_leaves_alone_and_the_simulator_does_not_know_is_told() {
        let told = |xml: &str, strategy: &str| {
            let settings = quick_xml::de::from_str(&format!("<member>{xml}</member>")).expect("settings");
            let facts = PlanFacts { settings, ..PlanFacts::default() };
            (skips(&facts, Some(strategy)), leaves_out(&facts)[1..].to_vec())
        };
        assert_eq!(told("", "out-in"), (Vec::new(), Vec::new()));
        let changed = GroupLock { journal: Some(SeenJournal::default()), ..GroupLock::default() };
        let fleet = FleetFacts { locks: [(String::new(), changed)].into(), ..FleetFacts::default() };
        let changed = leaves_out(&PlanFacts { fleet, ..PlanFacts::default() });
        assert_eq!(
            changed[1],
            "what is under way, or is put back first: the group is taken with its own sizes, as it is after that"
        );
        let operated = "<Operator><Principal>eks.amazonaws.com</Principal></Operator>";
        let skip = "the group has an operator, which alone may change it: eks.amazonaws.com";
        assert_eq!(told(operated, "out-in").0, [skip]);
        let zones = vec!["euw2-az1".to_owned(), "euw2-az2".to_owned()];
        let shifted = PlanFacts { shifted_away: zones, ..PlanFacts::default() };
        assert_eq!(
            skips(&shifted, None),
            ["traffic of the group is shifted away from a zone: euw2-az1, euw2-az2"]
        );
        let weighted = "<MixedInstancesPolicy><LaunchTemplate><Overrides><member><WeightedCapacity>2</WeightedCapacity></member>\
            </Overrides></LaunchTemplate></MixedInstancesPolicy>";
        let (skip, left_out) = told(weighted, "in-out");
        assert_eq!(skip, ["the group counts its capacity in weights, which in-out does not"]);
        assert_eq!(left_out, ["weights of types"]);
        assert!(told(weighted, "instance-refresh").0.is_empty());
    }
}
