//! An execution under way, and what is known of it.

use std::sync::Arc;

use asg_recycle_handler::contract::{Mode, Replace};
use serde_json::Value;

use super::deployment::{StrategyProfile, WithinWindows};
use super::recording::Recording;
use super::run::ExecutionReport;
use crate::simulate::invariants::{self, Allowed, Ending};
use asg_recycle_simulator::interpreter::{Execution, HistoryEntry, Status};
use asg_recycle_simulator::time::{Moment, Span};
use asg_recycle_simulator::world::executions::ExecutionStatus;

/// An execution of the machine; children of its Maps are part of it.
#[derive(Clone)]
pub(super) struct RunningExecution {
    /// Index of the stack whose machine it runs.
    pub(super) stack: usize,
    pub(super) execution: Execution,
    pub(super) input: Arc<Value>,
    pub(super) began_at: Moment,
    pub(super) ended_at: Option<Moment>,
    /// Where everything it is given and does is to be kept.
    pub(super) recording: Option<Recording>,
}

impl RunningExecution {
    pub(super) fn is_running(&self) -> bool {
        self.ended_at.is_none()
    }

    /// What has happened in it since this was last asked.
    pub(super) fn take_events(&mut self) -> Vec<HistoryEntry> {
        let events = self.execution.take_events();
        if let Some(recording) = &mut self.recording {
            recording.events.extend(events.iter().cloned());
        }
        events
    }

    fn text(&self, key: &str) -> &str {
        text(&self.input, key)
    }

    pub(super) fn group(&self) -> &str {
        self.text("auto_scaling_group_name")
    }

    /// Keys of the tags that its instances are compared by.
    fn asked_tags(&self) -> Vec<String> {
        let tags = self.input.pointer("/asked_for/tags").and_then(Value::as_object);
        tags.map(|tags| tags.keys().cloned().collect()).unwrap_or_default()
    }

    /// What is expected of it.
    pub(super) fn expected(&self, profile: Option<&StrategyProfile>) -> invariants::ExpectedExecution {
        let is = |key: &str, value: &str| self.text(key) == value;
        // A restore has the input of the execution that it cleans up after, but is not to do its work.
        let mode = if is("mode", "restore") { Mode::Restore } else { Mode::Recycle };
        let asked = self.input.get("replace").filter(|_| mode == Mode::Recycle);
        let replace = asked.and_then(|asked| serde_json::from_value(asked.clone()).ok());
        let windows = windows(&self.input);
        invariants::ExpectedExecution {
            arn: self.execution.arn().into(),
            mode,
            replace: replace.unwrap_or(Replace::Outdated),
            tags: self.asked_tags(),
            allowed: allowed(
                &self.input,
                windows.clone().filter(|_| profile.is_none_or(StrategyProfile::keeps_to_windows)),
            ),
            leaves_within: profile
                .filter(|one| one.within_windows == WithinWindows::BeginsAndLeaves)
                .and(windows),
            replaces_protected: profile.is_some_and(|one| one.replaces_protected),
            proving: profile.map_or(Span::seconds(0), |one| one.proving),
            launch_timeout: profile.map_or(Span::seconds(0), |one| one.launch_timeout),
            renews_pool: profile.is_some_and(|one| one.renews_pool),
            promise: profile.map(|one| one.promise),
        }
    }

    /// How it ended.
    pub(super) fn ending(&self) -> Ending {
        let failure = match self.execution.status() {
            Status::Failed(failure) => Some(failure),
            _ => None,
        };
        Ending {
            arn: self.execution.arn().into(),
            status: world_status(self.execution.status()),
            output: self.output(),
            error: failure.map(|failure| failure.error.clone()),
            cause: failure.map(|failure| match self.account() {
                Some(account) => text(&account, "reason").to_owned(),
                None => failure.cause.clone(),
            }),
        }
    }

    fn output(&self) -> Option<Value> {
        match self.execution.status() {
            Status::Succeeded { output } => Some(output.clone()),
            _ => None,
        }
    }

    /// What the execution says of itself: its output, or the text of its cause. A failure that the machine did not
    /// see coming has a cause in other words.
    fn account(&self) -> Option<Value> {
        match self.execution.status() {
            Status::Succeeded { output } => Some(output.clone()),
            Status::Failed(failure) => serde_json::from_str(&failure.cause).ok().filter(Value::is_object),
            _ => None,
        }
    }

    pub(super) fn report(&self) -> ExecutionReport {
        let ending = self.ending();
        let account = self.account();
        let said = |key: &str| account.as_ref().map(|account| text(account, key).to_owned());
        let outcome = said("outcome").unwrap_or_else(|| match ending.status {
            ExecutionStatus::Failed => "failed".to_owned(),
            _ => String::new(),
        });
        let reason = said("reason").or(ending.cause).unwrap_or_default();
        ExecutionReport {
            arn: self.execution.arn().to_owned(),
            stack: self.stack,
            group: self.group().to_owned(),
            mode: self.text("mode").to_owned(),
            strategy: self.text("strategy").to_owned(),
            replace: match self.input.get("replace") {
                Some(Value::Array(ids)) => format!("{} named", ids.len()),
                _ => self.text("replace").to_owned(),
            },
            began_at: self.began_at,
            ended_at: self.ended_at,
            status: self.execution.status().as_str(),
            outcome,
            reason,
            error: ending.error,
            account,
            counters: self.execution.counters(),
            recording: self.recording.clone(),
        }
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// When the input allows changes, with the windows that the strategy keeps to.
fn allowed(input: &Value, windows: Option<Vec<(Moment, Moment)>>) -> Allowed {
    let dry_run = text(input, "dry_run").eq_ignore_ascii_case("true");
    if dry_run {
        return Allowed::Never;
    }
    windows.map_or(Allowed::Always, Allowed::BeginWithin)
}

/// The windows that the input names, each without its end.
fn windows(input: &Value) -> Option<Vec<(Moment, Moment)>> {
    let moment = |window: &Value, key: &str| {
        let time: jiff::Timestamp = text(window, key).parse().ok()?;
        u64::try_from(time.as_millisecond()).ok().map(Moment)
    };
    let windows = input.get("windows")?.as_array()?.iter();
    Some(windows.filter_map(|one| Some((moment(one, "opens_at")?, moment(one, "closes_at")?))).collect())
}

/// The same status in the world's words.
pub(super) fn world_status(status: &Status) -> ExecutionStatus {
    match status {
        Status::Running => ExecutionStatus::Running,
        Status::Succeeded { .. } => ExecutionStatus::Succeeded,
        Status::Failed(_) => ExecutionStatus::Failed,
        Status::TimedOut => ExecutionStatus::TimedOut,
        Status::Aborted => ExecutionStatus::Aborted,
    }
}
