//! A run as JSON for programs. Times are seconds from the beginning.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::replay::Replay;
use super::summary::GroupSummary;
use super::timeline::timeline;
use crate::simulate::invariants::{Invariant, Termination};
use crate::simulate::runner::{Calls, DOLLARS_PER_THOUSAND_TRANSITIONS, GroupReport, PRICE, Run};
use asg_recycle_simulator::time::{Moment, Span};

/// What `simulate --format json` prints of one run.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SimulationReport {
    /// Of this form: 1.
    pub version: u32,
    /// Whether every invariant held.
    pub sound: bool,
    /// Whether it ended by itself, and not at a bound of the simulator.
    pub came_to_rest: bool,
    /// How long it took.
    pub seconds: f64,
    /// Its executions, in order of their starts.
    pub executions: Vec<SimulatedExecution>,
    /// Its groups.
    pub groups: Vec<SimulatedGroup>,
    /// What happened, in words.
    pub timeline: Vec<SimulatedLine>,
    /// What it cost.
    pub totals: SimulatedTotals,
    /// The moment of second 0, RFC 3339.
    pub began_at: String,
    /// What is held in every run.
    pub invariants: Vec<HeldInvariant>,
    /// What did not hold.
    pub violations: Vec<SimulatedViolation>,
    /// What the model does not know, each of which is a violation too.
    pub refusals: Vec<String>,
    /// What the scenario expects and the run lacks.
    pub unmet: Vec<String>,
    /// The version of the generator.
    pub generator_version: String,
    /// Hash of the file that the machine was made from; empty where it was the deployed one.
    pub configuration_sha256: String,
    /// The command that gives the same run again.
    pub replay: String,
}

/// An execution.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SimulatedExecution {
    /// The last part of its ARN.
    pub name: String,
    /// The group that it is for.
    pub group: String,
    /// `recycle` or `restore`.
    pub mode: String,
    /// Its strategy.
    pub strategy: String,
    /// `outdated`, `all` or `named`.
    pub replace: String,
    /// When it began.
    pub began_at: f64,
    /// When it ended; absent if it still runs.
    pub ended_at: Option<f64>,
    /// As Step Functions spells it.
    pub status: String,
    /// Its outcome; empty if it was stopped from outside.
    pub outcome: String,
    /// The error that it failed with.
    pub error: Option<String>,
    /// Why, in its own words.
    pub reason: String,
    /// What it says of itself, as `execution-output.schema.json` describes.
    pub output: Option<Value>,
    /// Events in its history.
    pub history_events: u32,
    /// Its state transitions.
    pub transitions: u64,
}

/// A group over the run.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SimulatedGroup {
    /// Its figures in short.
    pub summary: SimulatedSummary,
    /// Its name.
    pub name: String,
    /// Its strategy, by its tag.
    pub strategy: String,
    /// Whether it was there at the end.
    pub present: bool,
    /// Its processes that were suspended at the end.
    pub suspended: Vec<String>,
    /// Its figures, at each moment at which they changed.
    pub history: Vec<SimulatedSample>,
}

/// A group's figures in short.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SimulatedSummary {
    /// Instances at the beginning.
    pub before: u32,
    /// Most at a time.
    pub peak: u32,
    /// At the end.
    pub after: u32,
    /// Healthy ones at the beginning.
    pub healthy_before: u32,
    /// Fewest healthy ones at a time.
    pub healthy_min: u32,
    /// For how long there were fewer healthy ones than at the beginning.
    pub seconds_below: f64,
    /// Hours of instances beyond as many as at the beginning.
    pub extra_instance_hours: f64,
}

/// A group's figures at a moment.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SimulatedSample {
    /// When.
    pub at: f64,
    /// Instances that were there at the beginning.
    pub old: u32,
    /// Those launched since.
    pub new: u32,
    /// Those that serve.
    pub serving: u32,
    /// Those on their way out.
    pub terminating: u32,
    /// Those that are outdated.
    pub outdated: u32,
    /// The minimum.
    pub min: u32,
    /// The maximum.
    pub max: u32,
    /// The desired capacity.
    pub desired: u32,
}

/// A line of the timeline.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SimulatedLine {
    /// When.
    pub at: f64,
    /// Who.
    pub actor: String,
    /// What.
    pub text: String,
}

/// What a run cost.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SimulatedTotals {
    /// API calls by service.
    pub calls: BTreeMap<String, Calls>,
    /// State transitions.
    pub transitions: u64,
    /// What these cost.
    pub dollars: f64,
    /// At this price.
    pub dollars_per_thousand_transitions: f64,
    /// Of which region and day that is.
    pub price: String,
    /// Most events in one history.
    pub history_events_max: u32,
    /// Events that the handler got.
    pub events: u64,
}

/// An invariant.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct HeldInvariant {
    /// Its name.
    pub name: String,
    /// What it says.
    pub sentence: String,
}

/// What did not hold.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SimulatedViolation {
    /// The invariant's name.
    pub invariant: String,
    /// What it says.
    pub sentence: String,
    /// When.
    pub at: f64,
    /// What was seen, and what should have been.
    pub detail: String,
}

/// The JSON Schema of a report.
pub fn json_schema() -> Value {
    schemars::schema_for!(SimulationReport).to_value()
}

/// The whole report.
pub fn json(run: &Run, unmet: &[String], replay: &Replay) -> SimulationReport {
    let seconds = |moment: Moment| seconds_between(run.began_at, moment);
    let execution = |one: &crate::simulate::runner::ExecutionReport| SimulatedExecution {
        name: one.name().to_owned(),
        group: one.group.clone(),
        mode: one.mode.clone(),
        strategy: one.strategy.clone(),
        replace: one.replace.clone(),
        began_at: seconds(one.began_at),
        ended_at: one.ended_at.map(seconds),
        status: one.status.to_owned(),
        outcome: one.outcome.clone(),
        error: one.error.clone(),
        reason: one.reason.clone(),
        output: one.account.clone(),
        history_events: one.counters.history_events,
        transitions: one.counters.transitions,
    };
    let line = |line: super::timeline::Line| SimulatedLine {
        at: seconds(line.at),
        actor: line.actor.to_string(),
        text: line.text,
    };
    let violation = |one: &crate::simulate::invariants::Violation| SimulatedViolation {
        invariant: one.invariant.name().to_owned(),
        sentence: one.invariant.sentence().to_owned(),
        at: seconds(one.moment),
        detail: one.detail.clone(),
    };
    let held =
        |one: Invariant| HeldInvariant { name: one.name().to_owned(), sentence: one.sentence().to_owned() };
    SimulationReport {
        version: 1,
        sound: run.verdict.is_sound(),
        came_to_rest: run.termination == Termination::Settled,
        seconds: seconds(run.ended_at),
        executions: run.executions.iter().map(execution).collect(),
        groups: run.groups.iter().map(|group| simulated_group(run, group)).collect(),
        timeline: timeline(run).into_iter().map(line).collect(),
        totals: totals(run),
        began_at: run.began_at.to_string(),
        invariants: Invariant::ALL.map(held).into(),
        violations: run.verdict.violations.iter().map(violation).collect(),
        refusals: run.refusals.clone(),
        unmet: unmet.to_vec(),
        generator_version: replay.version.to_owned(),
        configuration_sha256: replay.digest.clone(),
        replay: replay.command(),
    }
}

fn totals(run: &Run) -> SimulatedTotals {
    let totals = &run.totals;
    SimulatedTotals {
        calls: totals.calls.clone(),
        transitions: totals.transitions,
        dollars: totals.dollars(),
        dollars_per_thousand_transitions: DOLLARS_PER_THOUSAND_TRANSITIONS,
        price: PRICE.to_owned(),
        history_events_max: totals.history_events_max,
        events: totals.events,
    }
}

fn simulated_group(run: &Run, group: &GroupReport) -> SimulatedGroup {
    let history = group.history.iter().map(|(moment, one)| SimulatedSample {
        at: seconds_between(run.began_at, *moment),
        old: one.old,
        new: one.new,
        serving: one.serving,
        terminating: one.terminating,
        outdated: one.outdated,
        min: one.min,
        max: one.max,
        desired: one.desired,
    });
    let summary = GroupSummary::of(run, group);
    SimulatedGroup {
        summary: SimulatedSummary {
            before: summary.before,
            peak: summary.peak,
            after: summary.after,
            healthy_before: summary.healthy_before,
            healthy_min: summary.healthy_min,
            seconds_below: seconds_of(summary.below),
            extra_instance_hours: summary.extra_instance_hours,
        },
        name: group.name.clone(),
        strategy: group.strategy.clone(),
        present: group.is_present,
        suspended: group.suspended.iter().map(ToString::to_string).collect(),
        history: history.collect(),
    }
}

fn seconds_between(began_at: Moment, moment: Moment) -> f64 {
    seconds_of(moment - began_at)
}

#[expect(clippy::cast_precision_loss, reason = "a run has far fewer than 2^52 milliseconds")]
fn seconds_of(span: Span) -> f64 {
    span.0 as f64 / 1000.0
}
