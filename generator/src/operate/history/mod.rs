//! What a stack did: its executions of the last 90 days, as they told of themselves. Pure.

pub mod execution_cost;
pub mod reads;
pub mod recorded;
pub mod recorded_reads;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::operate::answers::execution::{SeenExecution, status_in_words};
use crate::operate::fleet::moment;
use crate::operate::place::{ReportHead, StackPlace, without_account};
use crate::operate::span::span;
use crate::operate::table::{TableColumn, printed};
use crate::simulate::report::{Paint, wrapped};
use execution_cost::ExecutionCost;

/// What the cause of an execution begins with that `abort` stopped; who did so follows.
pub const ABORTED_BY: &str = "asg-recycle abort by ";

/// How long Step Functions knows an execution that has ended.
pub const KNOWN_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Executions that were looked at.
#[derive(Debug, Clone, Default)]
pub struct HistoryFacts {
    /// Newest first.
    pub executions: Vec<SeenExecution>,
    /// Whether there are older ones within the time, which were not looked at.
    pub has_more: bool,
    /// Whether the group that was asked for exists; that of none does.
    pub is_there: bool,
    /// Who made the calls that they were started by, by the ids of the events; of those that were asked about and are known.
    pub callers: BTreeMap<String, String>,
    /// What they cost, by their ARNs; of those that were asked about.
    pub costs: BTreeMap<String, ExecutionCost>,
}

/// What `history --format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct HistoryReport {
    /// Its form, where it was asked, and what that took.
    #[serde(flatten)]
    pub head: ReportHead,
    /// Since when executions are told of, RFC 3339.
    pub since: String,
    /// Whether there are older ones since then, beyond `--limit`.
    pub has_more: bool,
    /// The executions, newest first.
    pub executions: Vec<PastExecution>,
}

/// An execution, running or ended.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PastExecution {
    /// Its ARN.
    pub execution: String,
    /// The group that it was started for.
    pub group: Option<String>,
    /// `recycle` or `restore`.
    pub mode: Option<String>,
    /// The call or status change that it was started by.
    pub trigger: Option<String>,
    /// Id of the event that told of it, by which CloudTrail finds who made the call.
    pub event_id: Option<String>,
    /// Who made the call, an ARN; absent without `--who`, and where CloudTrail does not know. Of what was started by hand, who did, and
    /// of what puts back after an `abort` that is told of too, who aborted: that is always told.
    pub by: Option<String>,
    /// The strategy that it was asked for.
    pub strategy: Option<String>,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// When it ended.
    pub ended_at: Option<String>,
    /// How long it took, or has been running, in seconds.
    pub seconds: i64,
    /// `RUNNING`, or how Step Functions says that it ended.
    pub status: String,
    /// Its own word for that: `docs/execution-output.md`; absent where it runs, was stopped, or timed out.
    pub outcome: Option<String>,
    /// The error that it failed with.
    pub error: Option<String>,
    /// Why it ended so.
    pub reason: Option<String>,
    /// Seconds of each phase that took any.
    pub seconds_by_phase: BTreeMap<String, u64>,
    /// How many instances it was to replace, in all rounds; of a restore, the recycle that it puts back after.
    pub to_replace: Option<u64>,
    /// How many of these have left the group, be there others in their place or not; absent where it was stopped: its restore tells.
    pub replaced: Option<u64>,
    /// Outdated instances that it left alone; 100 at most.
    pub left_alone: Vec<LeftAlone>,
    /// How many it left alone in all.
    pub left_alone_count: u64,
    /// The execution that went on for it.
    pub continued_by: Option<String>,
    /// Its state transitions, those of its child executions left out; absent without `--cost`.
    pub transitions: Option<u64>,
    /// What these cost by the list price of us-east-1, in dollars.
    pub dollars: Option<f64>,
    /// Hours of instances beyond as many as at its beginning; absent without `--cost`, and where the group is gone.
    pub extra_instance_hours: Option<f64>,
    /// What these cost, in dollars; absent without `--price-per-hour`.
    pub dollars_of_instances: Option<f64>,
}

/// An instance that was left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftAlone {
    /// Its id.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// The JSON Schema of what `history --format json` prints.
pub fn json_schema() -> Value {
    schemars::schema_for!(HistoryReport).to_value()
}

/// Puts together what executions told.
pub fn report(facts: &HistoryFacts, place: &StackPlace, calls: u32, now: Timestamp) -> HistoryReport {
    HistoryReport {
        head: ReportHead::new(place, calls),
        since: (now - KNOWN_FOR).to_string(),
        has_more: facts.has_more,
        executions: facts.executions.iter().map(|seen| past(seen, facts, now)).collect(),
    }
}

fn past(seen: &SeenExecution, facts: &HistoryFacts, now: Timestamp) -> PastExecution {
    let account = seen.account().unwrap_or_default();
    let text = |key: &str| {
        account.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let count = |key: &str| account.pointer(&format!("/counts/{key}")).and_then(Value::as_u64);
    let started = moment(seen.start_date).unwrap_or_default();
    let ended = seen.stop_date.and_then(moment);
    let phases = account.get("seconds").and_then(Value::as_object).into_iter().flatten();
    let took = |(phase, seconds): (&String, &Value)| Some((phase.clone(), seconds.as_f64()?.round()));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "seconds of an execution, not below 1"
    )]
    let seconds_by_phase = phases
        .filter_map(took)
        .filter(|(phase, seconds)| phase != "total" && *seconds >= 1.0)
        .map(|(phase, seconds)| (phase, seconds as u64))
        .collect();
    let left_alone = account.get("left_alone").cloned().unwrap_or_default();
    let left_alone: Vec<LeftAlone> = serde_json::from_value(left_alone).unwrap_or_default();
    let event_id = seen.trigger("event_id");
    let cost = facts.costs.get(&seen.execution_arn);
    PastExecution {
        by: seen
            .trigger("by")
            .or_else(|| aborter(seen, facts))
            .or_else(|| event_id.as_ref().and_then(|id| facts.callers.get(id)).cloned()),
        transitions: cost.map(|cost| cost.transitions),
        dollars: cost.map(ExecutionCost::dollars),
        extra_instance_hours: cost.and_then(|cost| cost.extra_instance_hours),
        dollars_of_instances: cost.and_then(ExecutionCost::dollars_of_instances),
        execution: seen.execution_arn.clone(),
        group: seen.asked("auto_scaling_group_name"),
        mode: seen.asked("mode"),
        trigger: seen.trigger("event_name"),
        event_id,
        strategy: seen.asked("strategy"),
        started_at: started.to_string(),
        seconds: (ended.unwrap_or(now).as_second() - started.as_second()).max(0),
        ended_at: ended.map(|at| at.to_string()),
        status: seen.status.clone(),
        outcome: text("outcome"),
        error: seen.error.clone().filter(|error| !error.is_empty()),
        reason: seen.why(),
        seconds_by_phase,
        to_replace: count("to_replace"),
        replaced: count("replaced"),
        left_alone_count: count("left_alone").unwrap_or(left_alone.len() as u64),
        left_alone,
        continued_by: text("continued_by"),
    }
}

/// Who aborted the execution after which this one puts back; none where nobody did, and where that one is not among those looked at.
fn aborter(seen: &SeenExecution, facts: &HistoryFacts) -> Option<String> {
    let stopped = seen.trigger("execution_arn")?;
    let stopped = facts.executions.iter().find(|one| one.execution_arn == stopped)?;
    stopped.cause.as_ref()?.strip_prefix(ABORTED_BY).map(str::to_owned)
}

/// A history as an operator reads it: a line for each execution, and what is to be said of some below.
pub fn text(report: &HistoryReport, group: Option<&str>, columns: Option<usize>) -> String {
    let HistoryReport { head, executions, .. } = report;
    let since = report.since.split('T').next().unwrap_or_default();
    let mut text = format!("{}; since {since}\n", head.place);
    if executions.is_empty() {
        let nothing = if report.has_more {
            "nothing of what was looked at; there are older ones: `--limit` looks at more\n"
        } else {
            "nothing ran\n"
        };
        return text + nothing;
    }
    text += &table(executions, group, columns);
    text + &below(report, columns)
}

/// What is to be said of some below the table; broken between words where a terminal has so many columns.
fn below(report: &HistoryReport, columns: Option<usize>) -> String {
    let mut text = String::new();
    for one in &report.executions {
        let which = format!("{} {}", minute(&one.started_at), ending(one));
        let tells_reason = one.outcome.as_deref() != Some("recycled");
        if let Some(reason) = one.reason.as_ref().filter(|_| tells_reason) {
            let error = one.error.as_ref().map(|error| format!(" ({error})")).unwrap_or_default();
            let _ = writeln!(text, "{which}{error}: {reason}"); // text takes text
        }
        // A reason that names whom it left alone has said it.
        let is_said = |left: &&LeftAlone| {
            let said = format!("{}, because {}", left.id, left.reason);
            tells_reason && one.reason.as_ref().is_some_and(|reason| reason.contains(&said))
        };
        for left in one.left_alone.iter().filter(|left| !is_said(left)) {
            let _ = writeln!(text, "{which}: left {} alone: {}", left.id, left.reason);
        }
        let more = one.left_alone_count.saturating_sub(one.left_alone.len() as u64);
        if more > 0 {
            let _ = writeln!(text, "{which}: left {more} more alone");
        }
    }
    if report.has_more {
        text += "there are older ones: `--limit` shows more\n";
    }
    let Some(columns) = columns else { return text };
    let rows = |line| wrapped(line, columns.saturating_sub(2)).join("\n  ") + "\n";
    text.lines().map(rows).collect()
}

fn table(executions: &[PastExecution], group: Option<&str>, columns: Option<usize>) -> String {
    let column = |title, weight, cell: &dyn Fn(&PastExecution) -> String| {
        TableColumn::of(title, weight, executions, cell)
    };
    let replaced = |one: &PastExecution| match (one.replaced, one.to_replace) {
        (Some(replaced), Some(to_replace)) => format!("{replaced} of {to_replace}"),
        _ => String::new(),
    };
    let phases = |one: &PastExecution| {
        let phases = one.seconds_by_phase.iter().map(|(phase, seconds)| format!("{phase} {seconds}"));
        phases.collect::<Vec<_>>().join(", ")
    };
    let mut table = vec![column("STARTED", 9, &|one| minute(&one.started_at))];
    if group.is_none() {
        table.push(column("GROUP", 8, &|one| one.group.clone().unwrap_or_default()));
    }
    table.extend([
        column("ENDED", 7, &ending),
        column("REPLACED", 6, &replaced),
        column("TOOK", 5, &|one| span(one.seconds)),
        column("TRIGGER", 4, &|one| one.trigger.clone().unwrap_or_default()),
    ]);
    if executions.iter().any(|one| one.by.is_some()) {
        table.push(column("BY", 3, &|one| {
            one.by.as_deref().map(without_account).unwrap_or_default().to_owned()
        }));
    }
    if executions.iter().any(|one| one.dollars.is_some()) {
        table.push(column("COST", 5, &cost));
    }
    table.extend([
        column("STRATEGY", 3, &|one| one.strategy.clone().unwrap_or_default()),
        column("SECONDS", 2, &phases),
    ]);
    printed(table, (columns, Paint::Plain))
}

/// What its transitions cost, and the additional instances where that is known.
fn cost(one: &PastExecution) -> String {
    let of_transitions = one.dollars.map(|dollars| format!("${dollars:.4}")).unwrap_or_default();
    let of_instances =
        one.dollars_of_instances.map(|dollars| format!(" + ${dollars:.2}")).unwrap_or_default();
    of_transitions + &of_instances
}

/// Its own word for how it ended, else that of Step Functions.
fn ending(one: &PastExecution) -> String {
    one.outcome.clone().unwrap_or_else(|| status_in_words(&one.status))
}

/// `2026-01-05 09:00`, of an RFC 3339 time.
fn minute(at: &str) -> String {
    at.get(..16).unwrap_or(at).replace('T', " ")
}

#[cfg(test)]
mod tests;
