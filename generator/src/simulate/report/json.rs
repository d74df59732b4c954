//! A run as JSON for programs. Times are seconds from the beginning.

use serde_json::{Value, json};

use super::summary::GroupSummary;
use super::timeline::timeline;
use crate::simulate::invariants::{Invariant, Termination};
use crate::simulate::runner::{DOLLARS_PER_THOUSAND_TRANSITIONS, GroupReport, PRICE, Run};
use asg_recycle_simulator::time::{Moment, Span};

/// The whole report.
pub fn json(run: &Run) -> Value {
    let seconds = |moment: Moment| seconds_between(run.began_at, moment);
    let executions = run.executions.iter().map(|one| {
        json!({
            "name": one.name(), "group": one.group, "mode": one.mode, "strategy": one.strategy, "replace": one.replace,
            "began_at": seconds(one.began_at), "ended_at": one.ended_at.map(seconds), "status": one.status,
            "outcome": one.outcome, "error": one.error, "reason": one.reason, "output": one.account,
            "history_events": one.counters.history_events, "transitions": one.counters.transitions,
        })
    });
    let lines = timeline(run)
        .into_iter()
        .map(|line| json!({"at": seconds(line.at), "actor": line.actor.to_string(), "text": line.text}));
    let violations = run.verdict.violations.iter().map(|one| {
        json!({
            "invariant": one.invariant.name(), "sentence": one.invariant.sentence(),
            "at": seconds(one.moment), "detail": one.detail,
        })
    });
    let calls = run.totals.calls.iter();
    let calls =
        calls.map(|(service, one)| (service.clone(), json!({"reads": one.reads, "mutations": one.writes})));
    json!({
        "version": 1,
        "sound": run.verdict.is_sound(),
        "came_to_rest": run.termination == Termination::Settled,
        "seconds": seconds(run.ended_at),
        "executions": executions.collect::<Vec<_>>(),
        "groups": run.groups.iter().map(|group| group_json(run, group)).collect::<Vec<_>>(),
        "timeline": lines.collect::<Vec<_>>(),
        "totals": {
            "calls": calls.collect::<serde_json::Map<_, _>>(),
            "transitions": run.totals.transitions,
            "dollars": run.totals.dollars(),
            "dollars_per_thousand_transitions": DOLLARS_PER_THOUSAND_TRANSITIONS,
            "price": PRICE,
            "history_events_max": run.totals.history_events_max,
            "events": run.totals.events,
        },
        "began_at": run.began_at.to_string(),
        "invariants": Invariant::ALL.map(|one| json!({"name": one.name(), "sentence": one.sentence()})),
        "violations": violations.collect::<Vec<_>>(),
        "refusals": run.refusals,
    })
}

fn group_json(run: &Run, group: &GroupReport) -> Value {
    let history = group.history.iter().map(|(moment, one)| {
        json!({
            "at": seconds_between(run.began_at, *moment), "old": one.old, "new": one.new, "serving": one.serving,
            "terminating": one.terminating, "outdated": one.outdated, "min": one.min, "max": one.max,
            "desired": one.desired,
        })
    });
    let summary = GroupSummary::of(run, group);
    json!({
        "summary": {
            "before": summary.before, "peak": summary.peak, "after": summary.after, "healthy_before": summary.healthy_before,
            "healthy_min": summary.healthy_min, "seconds_below": seconds_of(summary.below),
            "extra_instance_hours": summary.extra_instance_hours,
        },
        "name": group.name, "strategy": group.strategy, "present": group.is_present, "suspended": group.suspended,
        "history": history.collect::<Vec<_>>(),
    })
}

fn seconds_between(began_at: Moment, moment: Moment) -> f64 {
    seconds_of(moment - began_at)
}

#[expect(clippy::cast_precision_loss, reason = "a run has far fewer than 2^52 milliseconds")]
fn seconds_of(span: Span) -> f64 {
    span.0 as f64 / 1000.0
}
