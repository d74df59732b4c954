//! An operator's pause at every safe point of a strategy: resumed, it ends as an undisturbed run; stopped meanwhile, it is put back;
//! and one that nobody ends is over by itself.

use std::collections::BTreeSet;
use std::rc::Rc;

use asg_recycle::config;
use asg_recycle::simulate::runner::{Deployment, Detail, ExecutionReport, LogEvent, Run};
use asg_recycle::simulate::scenario::Scenario;
use asg_recycle::strategy;
use asg_recycle_simulator::time::Moment;
use serde_json::{Value, json};

use crate::outcome::Published;

/// What the state is called in which a recycle finds out whether it is paused, and that in which it stands still.
const ASKS: &str = "Read the pause";
const STANDS: &str = "Wait while paused";
/// How long somebody pauses the group, in seconds.
const PAUSED_SECONDS: u64 = 2 * 3_600;

/// The stack whose machine it is.
pub(crate) fn deployment() -> Rc<Deployment> {
    let config = config::parse(b"name: asg-recycle\n").expect("a name is all that a stack needs");
    Rc::new(Deployment::build(&config).unwrap_or_else(|problems| panic!("{problems}")))
}

fn run(deployment: &Rc<Deployment>, strategy: &str, events: &Value, stops: &Value) -> Run {
    let window = json!({"autorecycle_recycle_window": "00:00,23:59"});
    let tags = if strategy == "out-in-timed" { window } else { json!({}) };
    let scenario = json!({"about": "a pause", "events": events, "stops": stops, "group": {"tags": tags}});
    let scenario = Scenario::from_value(scenario).unwrap_or_else(|error| panic!("{error}"));
    let runner = scenario.runner(std::slice::from_ref(deployment), strategy, Detail::States);
    runner.unwrap_or_else(|error| panic!("{error}")).finish()
}

/// The moments at which a run enters states whose name begins so, with the name.
fn entered<'a>(run: &'a Run, beginning: &str) -> Vec<(Moment, &'a str)> {
    let states = run.log.iter().filter_map(|entry| match &entry.event {
        LogEvent::Entered { state, .. } if state.starts_with(beginning) => Some((entry.at, &**state)),
        _ => None,
    });
    states.collect()
}

fn seconds_of(run: &Run) -> u64 {
    (run.ended_at.0 - run.began_at.0) / 1_000
}

/// What a run comes to, whatever time it takes: how its executions ended, how many were replaced, and the group.
fn comes_to(run: &Run) -> String {
    let replaced =
        |account: &Option<Value>| account.as_ref().map(|account| account["counts"]["replaced"].clone());
    let executions: Vec<_> =
        run.executions.iter().map(|one| (one.ending(), one.reason.clone(), replaced(&one.account))).collect();
    let groups: Vec<_> = run.groups.iter().map(|group| (group.last(), &group.suspended)).collect();
    format!("{executions:?} {groups:?}")
}

/// A mark from shortly before a moment of a run, and what takes it away again.
fn paused(run: &Run, at: Moment, seconds: u64) -> (u64, Value) {
    let from = (at.0 - run.began_at.0).saturating_sub(1) / 1_000;
    let until = Moment(run.began_at.0 + (from + seconds) * 1_000).to_string();
    let item = json!({"key": "pause:webops-asg-1", "attributes": {"paused_until": until}});
    (from, json!({"at": format!("{from}s"), "do": {"put_lock_item": item}}))
}

/// What is wrong in any run of a strategy that is paused.
pub(crate) fn unmet(deployment: &Rc<Deployment>, strategy: &str, published: &Published) -> Vec<String> {
    let none = json!([]);
    let undisturbed = run(deployment, strategy, &none, &none);
    let points = entered(&undisturbed, ASKS);
    let kinds: BTreeSet<&str> = points.iter().map(|(_, state)| *state).collect();
    let mut unmet = Vec::new();
    // Where the machine decides who leaves next, there is one between two, besides that before the start.
    let decides = strategy::all().get(strategy).is_some_and(|strategy| strategy.leaving_order.is_some());
    let least = if decides { 2 } else { 1 };
    if kinds.len() < least {
        unmet.push(format!("too few safe points: {kinds:?}"));
    }
    for (at, state) in points {
        let mut hold = |what: &str, run: &Run, holds: bool, why: &str| {
            let faults = run.verdict.lines().into_iter().chain(published.faults(run));
            let faults = faults.chain((!holds).then(|| format!("{why}: {}", comes_to(run))));
            unmet.extend(faults.map(|fault| format!("{what} at `{state}`, {at}: {fault}")));
        };
        let as_ever = |run: &Run| comes_to(run) == comes_to(&undisturbed) && !entered(run, STANDS).is_empty();
        // What is waited for anyway, such as a replacement before the next turn, comes in the pause.
        let longer = |run: &Run, seconds: u64| {
            let more = seconds_of(run).saturating_sub(seconds_of(&undisturbed));
            (seconds.saturating_sub(900)..seconds + 900).contains(&more)
        };
        let (from, pause) = paused(&undisturbed, at, PAUSED_SECONDS);
        let over = run(deployment, strategy, &json!([pause]), &none);
        let holds = as_ever(&over) && longer(&over, PAUSED_SECONDS);
        hold("a pause that ends by itself", &over, holds, "not as undisturbed");
        let resume =
            json!({"at": format!("{}s", from + 1_800), "do": {"delete_lock_item": "pause:webops-asg-1"}});
        let resumed = run(deployment, strategy, &json!([pause, resume]), &none);
        let holds = as_ever(&resumed) && longer(&resumed, 1_800);
        hold("a pause that is resumed", &resumed, holds, "not as undisturbed");
        let stop = json!([{"at": format!("{}s", from + 1_800)}]);
        let stopped = run(deployment, strategy, &json!([pause]), &stop);
        let endings: Vec<String> = stopped.executions.iter().map(ExecutionReport::ending).collect();
        let is_back = stopped.groups[0].suspended.is_empty();
        let holds = endings == ["ABORTED", "restored"] && is_back;
        hold("a recycle that is stopped while it is paused", &stopped, holds, "not restored");
    }
    let (_, pause) = paused(&undisturbed, undisturbed.began_at, 40 * 86_400);
    let forgotten = run(deployment, strategy, &json!([pause]), &none);
    // Each execution stands still for three days at most, and so does each of three turns.
    let most = 259_200 * if strategy == "in-out" { 4 } else { 1 };
    if comes_to(&forgotten) != comes_to(&undisturbed)
        || !(most..most + 10_800).contains(&seconds_of(&forgotten))
    {
        unmet.push(format!(
            "a pause of forty days: {} after {} s",
            comes_to(&forgotten),
            seconds_of(&forgotten)
        ));
    }
    // A round and the looks before it take 20,000 of 25,000.
    let events = forgotten.totals.history_events_max;
    if events > 5_000 + undisturbed.totals.history_events_max {
        unmet.push(format!("three days of pauses make a history of {events} events"));
    }
    unmet.extend(forgotten.verdict.lines());
    unmet
}
