//! What a page tells of a simulated run.

use std::collections::BTreeMap;

use asg_recycle_simulator::time::Moment;
use asg_recycle_simulator::world::ids::InstanceId;
use asg_recycle_simulator::world::record::{GroupEvent, Sample};
use serde_json::Value;

use super::lanes::{Lane, Standing};
use super::types::{ExecutionOnPage, Figure, GroupOnPage, RunPage, TimelineRow};
use crate::simulate::report::{GroupSummary, Tone, svg, timeline, words};
use crate::simulate::runner::{ExecutionReport, GroupReport, LogEvent, PRICE, Run, dollars_of};

/// What a page tells of a simulated run; `about` says what it is a run of, `again` how it is run again.
pub fn of_run(run: &Run, about: &str, again: String) -> RunPage {
    let title = |group: &GroupReport| format!("{} with {}", group.name, group.strategy);
    let began = run.began_at;
    let violations = run.verdict.lines().into_iter().map(|line| (Tone::Bad, line));
    let row = |line: crate::simulate::report::Line| TimelineRow {
        at: line.at,
        actor: line.actor.to_string(),
        text: line.text,
        tone: line.tone,
    };
    let entered = run.log.iter().filter_map(|entry| match &entry.event {
        LogEvent::Entered { state, .. } => Some((entry.at, state.clone())),
        _ => None,
    });
    RunPage {
        title: run.groups.iter().map(title).collect::<Vec<_>>().join(", "),
        kind: format!(
            "A simulated run from {began}, {} long, by asg-recycle {}.",
            words(run.ended_at - began),
            crate::VERSION
        ),
        remarks: Some(about.trim().to_owned()).filter(|about| !about.is_empty()).into_iter().collect(),
        findings: if run.verdict.is_sound() {
            vec![(Tone::Good, "Every invariant held.".to_owned())]
        } else {
            violations.collect()
        },
        period: (began, run.ended_at),
        chart: svg(run),
        figures_of: ("before".to_owned(), "after".to_owned()),
        groups: run.groups.iter().map(|group| of_group(run, group)).collect(),
        executions: run.executions.iter().map(of_execution).collect(),
        timeline: timeline(run).into_iter().map(row).collect(),
        entered: entered.collect(),
        again: Some(again),
    }
}

fn of_group(run: &Run, group: &GroupReport) -> GroupOnPage {
    let (before, after) = (group.first(), group.last());
    let figure = |what, figure: fn(&Sample) -> u32| Figure {
        what,
        before: Some(figure(&before).to_string()),
        after: Some(figure(&after).to_string()),
    };
    GroupOnPage {
        name: group.name.clone(),
        sentence: GroupSummary::of(run, group).sentence(None),
        figures: vec![
            figure("minimum", |one| one.min),
            figure("desired capacity", |one| one.desired),
            figure("maximum", |one| one.max),
            figure("instances", |one| one.live),
            figure("serving", |one| one.serving),
            figure("outdated", |one| one.outdated),
            suspended(run, group),
        ],
        lanes: lanes(run, group),
    }
}

/// The processes that are suspended; what none changed was so at first.
fn suspended(run: &Run, group: &GroupReport) -> Figure {
    let index = run.world.groups().position(|one| *one.name == *group.name);
    let first = run.world.record().changes.iter().find_map(|change| match &change.event {
        GroupEvent::Suspended { before, .. } if Some(change.group) == index => {
            Some(before.iter().map(|process| process.as_str()).collect())
        }
        _ => None,
    });
    let after = &group.suspended;
    Figure {
        what: "suspended processes",
        before: Some(listed(&first.unwrap_or_else(|| after.clone()))),
        after: Some(listed(after)),
    }
}

/// Names with commas, or that there are none.
pub(crate) fn listed(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn of_execution(one: &ExecutionReport) -> ExecutionOnPage {
    let account = one.account.clone().unwrap_or_default();
    let (left_alone, left_alone_more) = left_alone(&account);
    let transitions = one.counters.transitions;
    ExecutionOnPage {
        name: one.name().to_owned(),
        ending: one.ending(),
        is_good: one.status == "SUCCEEDED",
        purpose: match one.mode.as_str() {
            "restore" => format!("{}: puts back what was left changed", one.group),
            _ => format!("{}: {} with {}", one.group, one.mode, one.strategy),
        },
        reason: one.reason.clone(),
        phases: phases(&account),
        cost: cost(transitions),
        left_alone,
        left_alone_more,
    }
}

/// State transitions, and what they cost.
pub(crate) fn cost(transitions: u64) -> String {
    let dollars = dollars_of(transitions);
    format!("{transitions} state transitions, ${dollars:.4} ({PRICE})")
}

/// The seconds of each phase that took any, of what an execution says of itself.
pub(crate) fn phases(account: &Value) -> Vec<String> {
    let seconds = account.get("seconds").and_then(Value::as_object).into_iter().flatten();
    let took = seconds.filter(|(_, seconds)| seconds.as_f64().is_some_and(|seconds| seconds > 0.0));
    took.map(|(phase, seconds)| format!("{phase} {seconds} s")).collect()
}

/// What an execution says that it left alone, each with the reason, and how many more.
pub(crate) fn left_alone(account: &Value) -> (Vec<(String, String)>, u64) {
    let list = account.get("left_alone").and_then(Value::as_array).into_iter().flatten();
    let text = |one: &Value, key: &str| one.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let named: Vec<(String, String)> = list.map(|one| (text(one, "id"), text(one, "reason"))).collect();
    let count = account.pointer("/counts/left_alone").and_then(Value::as_u64).unwrap_or_default();
    let more = count.saturating_sub(named.len() as u64);
    (named, more)
}

/// The lanes of a group, in order of launch.
fn lanes(run: &Run, group: &GroupReport) -> Vec<Lane> {
    let index = run.world.groups().position(|one| *one.name == *group.name);
    let changes = run.world.record().changes.iter().filter(|change| Some(change.group) == index);
    let modelled = run.world.groups().find(|one| *one.name == *group.name);
    // Nothing checks an instance besides where the group has no load balancer.
    let is_checked = modelled.is_some_and(|modelled| !modelled.load_balancers.is_empty());
    let in_service = if is_checked { Standing::InService } else { Standing::Serving };
    let mut lanes: BTreeMap<InstanceId, Vec<(Moment, Option<Standing>)>> = BTreeMap::new();
    for change in changes {
        let (id, standing) = match &change.event {
            GroupEvent::Launched(id) => (*id, Some(Standing::Pending)),
            GroupEvent::InService(id) => (*id, Some(in_service)),
            GroupEvent::MarkedUnhealthy(id) | GroupEvent::Disrupted { instance: id, .. } => {
                (*id, Some(Standing::InService))
            }
            GroupEvent::TargetsHealthy(id) => (*id, Some(Standing::Serving)),
            GroupEvent::Terminating { instance, .. } => (*instance, Some(Standing::Leaving)),
            GroupEvent::Left(id) => (*id, None),
            _ => continue,
        };
        // One that was there at first serves until something is heard of it.
        let lane = lanes.entry(id).or_insert_with(|| match standing {
            Some(Standing::Pending) => Vec::new(),
            _ => vec![(run.began_at, Some(Standing::Serving))],
        });
        lane.push((change.moment, standing));
    }
    for instance in modelled.into_iter().flat_map(|modelled| &modelled.instances) {
        lanes.entry(instance.id).or_insert_with(|| vec![(run.began_at, Some(Standing::Serving))]);
    }
    lanes.into_iter().map(|(id, changes)| Lane { name: id.to_string(), changes }).collect()
}
