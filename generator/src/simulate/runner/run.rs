//! What a run gives: what happened, how it ended, what it cost, and what was violated.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::recording::Recording;
use crate::simulate::invariants::{Termination, Verdict};
use asg_recycle_simulator::interpreter::{Counters, Failure};
use asg_recycle_simulator::time::{Moment, Span};
use asg_recycle_simulator::world::World;
use asg_recycle_simulator::world::record::Sample;

/// A run that has come to rest, or to a bound.
#[derive(Clone)]
pub struct Run {
    /// When it began.
    pub began_at: Moment,
    /// When the last execution ended.
    pub ended_at: Moment,
    /// Whether it came to rest by itself.
    pub termination: Termination,
    /// Its executions in order of their starts; children are part of their parents.
    pub executions: Vec<ExecutionReport>,
    /// What the handler and the executions did, in order.
    pub log: Vec<LogEntry>,
    /// Its groups, in the world's order.
    pub groups: Vec<GroupReport>,
    /// What it cost.
    pub totals: Totals,
    /// Whether it went well.
    pub verdict: Verdict,
    /// What the model does not know, each of which is a violation too.
    pub refusals: Vec<String>,
    /// What a scenario says that did not happen, since what it waits for did not come, or changed nothing; each as one sentence.
    pub undone: Vec<String>,
    /// The world at the end, with its whole record.
    pub world: World,
}

impl Run {
    /// Each expression that failed, with the template's line of its state.
    pub fn failed_expressions(&self) -> impl Iterator<Item = String> {
        self.log.iter().filter_map(|entry| match &entry.event {
            LogEvent::Caught { state, failure, template: Some(template), .. } => {
                Some(format!("{template}: `{state}` failed: {}: {}", failure.error, failure.cause))
            }
            _ => None,
        })
    }
}

/// An execution.
#[derive(Debug, Clone)]
pub struct ExecutionReport {
    /// Its ARN.
    pub arn: String,
    /// Index of the stack whose machine it ran.
    pub stack: usize,
    /// The group that it is for.
    pub group: String,
    /// `recycle` or `restore`.
    pub mode: String,
    /// Its strategy.
    pub strategy: String,
    /// `outdated` or `all`.
    pub replace: String,
    /// When it began.
    pub began_at: Moment,
    /// When it ended; `None` if it still runs.
    pub ended_at: Option<Moment>,
    /// As Step Functions spells it, e.g. `SUCCEEDED`.
    pub status: &'static str,
    /// `outcome` of its result; empty if it was stopped from outside.
    pub outcome: String,
    /// Why, in its own words.
    pub reason: String,
    /// The error that it failed with.
    pub error: Option<String>,
    /// What it says of itself: its output, or the text of its cause; `docs/execution-output.schema.json`.
    pub account: Option<Value>,
    /// Events in its history, its transitions and calls.
    pub counters: Counters,
    /// What it was given and did, where the setup asks for it.
    pub recording: Option<Recording>,
}

impl ExecutionReport {
    /// The last part of its ARN.
    pub fn name(&self) -> &str {
        self.arn.rsplit(':').next().unwrap_or_default()
    }

    /// Its ending in a few words, e.g. `recycled`, `failed Recycle.LaunchFailed` or `ABORTED`.
    pub fn ending(&self) -> String {
        match (&self.error, self.outcome.as_str()) {
            (Some(error), outcome) => format!("{outcome} {error}"),
            (None, "") => self.status.to_owned(),
            (None, outcome) => outcome.to_owned(),
        }
    }
}

/// Something that the handler or an execution did.
#[derive(Debug, Clone)]
pub struct LogEntry {
    /// When.
    pub at: Moment,
    /// What.
    pub event: LogEvent,
}

/// What can be done. Executions are indices into [`Run::executions`].
#[derive(Debug, Clone)]
pub enum LogEvent {
    /// An event reached the handler, and it started nothing.
    Passed {
        /// The event's name.
        event: String,
        /// Why.
        reason: String,
    },
    /// An event reached the handler, and it told people why it started nothing.
    Rejected {
        /// The event's name.
        event: String,
        /// Why.
        reason: String,
    },
    /// An execution began.
    Began {
        /// Which.
        execution: usize,
        /// The event that it began after, if the handler started it.
        event: Option<String>,
    },
    /// A call to start an execution that was there already.
    AlreadyBegan {
        /// Its name.
        name: String,
    },
    /// The scenario stopped an execution.
    Stopped {
        /// Which.
        execution: usize,
        /// The state that it stood in.
        state: String,
    },
    /// Somebody redrove an execution.
    Redriven {
        /// Which.
        execution: usize,
        /// The state that it goes on in.
        state: String,
    },
    /// A state was entered.
    Entered {
        /// Of which execution.
        execution: usize,
        /// The state.
        state: String,
    },
    /// A state failed and is tried again.
    Retrying {
        /// Of which execution.
        execution: usize,
        /// The state.
        state: String,
        /// Why.
        failure: Failure,
        /// How long it waits before.
        delay: Span,
    },
    /// A state failed, and another deals with it, or the execution ends.
    Caught {
        /// Of which execution.
        execution: usize,
        /// The state.
        state: String,
        /// Why.
        failure: Failure,
        /// Where the state stands in the templates, `templates/FILE:LINE`, if an expression of it was at fault.
        template: Option<String>,
    },
    /// An execution ended.
    Ended {
        /// Which.
        execution: usize,
    },
}

/// A group over the run.
#[derive(Debug, Clone)]
pub struct GroupReport {
    /// Its name.
    pub name: String,
    /// Its strategy, by its tag.
    pub strategy: String,
    /// Its figures from the beginning, at each moment at which they changed.
    pub history: Vec<(Moment, Sample)>,
    /// Whether it was there at the end.
    pub is_present: bool,
    /// Instances that are pending or in service at the end, by the zone's name.
    pub zones: BTreeMap<String, u32>,
    /// Processes suspended at the end.
    pub suspended: Vec<&'static str>,
}

impl GroupReport {
    /// Its figures at the beginning.
    pub fn first(&self) -> Sample {
        self.history.first().map(|(_, sample)| *sample).unwrap_or_default()
    }

    /// Its figures at the end.
    pub fn last(&self) -> Sample {
        self.history.last().map(|(_, sample)| *sample).unwrap_or_default()
    }
}

/// API calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "SimulatedCalls")]
pub struct Calls {
    /// Those that only read.
    pub reads: u64,
    /// Those that change something.
    #[serde(rename = "mutations")]
    pub writes: u64,
}

/// What a run cost.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    /// Calls by service, as Step Functions names services.
    pub calls: BTreeMap<String, Calls>,
    /// State transitions.
    pub transitions: u64,
    /// Most events in the history of one execution, or of a child of one.
    pub history_events_max: u32,
    /// Events that reached the handler.
    pub events: u64,
}

/// Dollars for a thousand state transitions; see [`PRICE`].
pub const DOLLARS_PER_THOUSAND_TRANSITIONS: f64 = 0.025;

/// What the price is that of.
pub const PRICE: &str = "Standard workflows, list price of us-east-1";

/// What so many state transitions cost.
#[expect(clippy::cast_precision_loss, reason = "a run has far fewer than 2^52 transitions")]
pub fn dollars_of(transitions: u64) -> f64 {
    transitions as f64 / 1000.0 * DOLLARS_PER_THOUSAND_TRANSITIONS
}

impl Totals {
    /// What the state transitions cost.
    pub fn dollars(&self) -> f64 {
        dollars_of(self.transitions)
    }

    /// Reads and writes of all services.
    pub fn all_calls(&self) -> Calls {
        self.calls.values().fold(Calls::default(), |sum, one| Calls {
            reads: sum.reads + one.reads,
            writes: sum.writes + one.writes,
        })
    }
}

impl Run {
    /// How long it took from its beginning to the end of its last execution.
    pub fn duration(&self) -> Span {
        self.ended_at - self.began_at
    }

    /// Whether an execution did not end well, or none was started.
    pub fn has_failed(&self) -> bool {
        self.executions.is_empty() || self.executions.iter().any(|one| one.status != "SUCCEEDED")
    }

    /// Endings of all executions, in order of their starts.
    pub fn endings(&self) -> Vec<String> {
        self.executions.iter().map(ExecutionReport::ending).collect()
    }
}
