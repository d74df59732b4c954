//! What became of each record: a log line for every decision, the counts, and the answer.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::decide::StartRequest;
use crate::delivery::{Delivery, InvocationFault};
use crate::invocation::{Invocation, Outcome};
use crate::log::{Counts, DecisionLine, Level, Log, Verdict};
use crate::ports::Started;
use crate::rejection::Rejection;

/// What a decision is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    record: usize,
    message_id: Option<String>,
    event_id: Option<String>,
    group: Option<String>,
}

impl Place {
    /// A record, before its event was read.
    pub fn new(record: usize, message_id: Option<&str>) -> Self {
        Self { record, message_id: message_id.map(str::to_owned), event_id: None, group: None }
    }

    /// The same record, with its event's id.
    #[must_use]
    pub fn of_event(self, event_id: Option<&str>) -> Self {
        Self { event_id: event_id.map(str::to_owned), ..self }
    }

    /// One group of the same record.
    #[must_use]
    pub fn of_group(&self, group: Option<&str>) -> Self {
        Self { group: group.map(str::to_owned), ..self.clone() }
    }
}

/// The record of an invocation so far.
#[derive(Debug)]
pub struct Report<'a> {
    invocation: &'a Invocation,
    log: &'a Log,
    counts: Counts,
    failed: BTreeSet<usize>,
    lines: Vec<DecisionLine>,
}

impl<'a> Report<'a> {
    /// An empty report on `seen` records.
    pub fn new(invocation: &'a Invocation, log: &'a Log, seen: usize) -> Self {
        let counts = Counts { seen: seen as u64, ..Counts::default() };
        Self { invocation, log, counts, failed: BTreeSet::new(), lines: Vec::new() }
    }

    /// Something was skipped or has failed.
    pub fn conclude(&mut self, place: &Place, outcome: &Outcome) {
        let line = match outcome {
            Outcome::Skip(skip) => self.line(place, Verdict::Skip, skip.to_string()),
            Outcome::Fail(reason) => self.line(place, Verdict::Fail, reason.clone()),
        };
        if line.decision == Verdict::Fail {
            self.failed.insert(place.record);
        }
        self.log(line);
    }

    /// An execution was started, now or by an earlier delivery.
    pub fn start(&mut self, place: &Place, request: &StartRequest, started: Started) {
        let (decision, reason, execution_arn) = match started {
            Started::Now { execution_arn } => (Verdict::Start, request.purpose(), execution_arn),
            Started::Before => {
                let reason = "an earlier delivery of this event started it".to_owned();
                (Verdict::Skip, reason, request.machine.execution(&request.name))
            }
        };
        let line = self.line(place, decision, reason);
        let component = Some(request.component.clone());
        self.log(DecisionLine { component, execution_arn: Some(execution_arn), ..line });
    }

    /// A rejection was published.
    pub fn reject(&mut self, place: &Place, rejection: &Rejection) {
        let line = self.line(place, Verdict::Reject, rejection.reason());
        self.log(DecisionLine { component: Some(rejection.component.clone()), ..line });
    }

    /// The line of a decision, without what only some decisions have.
    fn line(&self, place: &Place, decision: Verdict, reason: String) -> DecisionLine {
        let elapsed = Instant::now().saturating_duration_since(self.invocation.received).as_millis();
        let milliseconds = u64::try_from(elapsed).unwrap_or(u64::MAX);
        let since = Duration::from_millis(milliseconds);
        let timestamp = self.invocation.now.saturating_add(since).unwrap_or(self.invocation.now);
        let level = match decision {
            Verdict::Start | Verdict::Skip => Level::Info,
            Verdict::Reject | Verdict::Fail => Level::Error,
        };
        DecisionLine {
            timestamp: timestamp.to_string(),
            level,
            message: "decision",
            request_id: self.invocation.request_id.clone(),
            message_id: place.message_id.clone(),
            event_id: place.event_id.clone(),
            group: place.group.clone(),
            component: None,
            decision,
            reason,
            execution_arn: None,
            milliseconds,
        }
    }

    fn log(&mut self, line: DecisionLine) {
        self.counts.count(line.decision);
        self.log.decision(&line);
        self.lines.push(line);
    }

    /// Writes the metrics and answers the invocation.
    pub fn answer(self, delivery: &Delivery) -> Result<Value, InvocationFault> {
        self.log.metrics(self.invocation.now, &self.invocation.function_name, self.counts);
        match delivery {
            Delivery::Queue(records) => Delivery::batch_answer(records, &self.failed),
            Delivery::Direct(_) => self.summary(),
        }
    }

    fn summary(mut self) -> Result<Value, InvocationFault> {
        self.lines.sort_by(|one, other| one.group.cmp(&other.group)); // they ended in any order
        if !self.failed.is_empty() {
            let failed = self.lines.iter().filter(|line| line.decision == Verdict::Fail);
            let reasons: Vec<&str> = failed.map(|line| line.reason.as_str()).collect();
            return Err(InvocationFault::Failed(reasons.join("; ")));
        }
        let decisions: Vec<Value> = self.lines.iter().map(summary_of).collect();
        Ok(json!({"decisions": decisions}))
    }
}

fn summary_of(line: &DecisionLine) -> Value {
    json!({
        "decision": line.decision,
        "reason": line.reason,
        "group": line.group,
        "component": line.component,
        "execution_arn": line.execution_arn,
    })
}
