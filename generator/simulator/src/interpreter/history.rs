//! What happened, for reports, and how much of it Step Functions would have counted.

use std::rc::Rc;

use serde_json::Value;

use super::failure::Failure;
use crate::time::{Moment, Span};

/// Most events in the history of one execution. The last can only be `ExecutionSucceeded`: an execution that needs it
/// for anything else fails.
pub const EVENTS_MAX: u32 = 25_000;

/// One thing that happened.
#[derive(Debug, Clone)]
pub struct HistoryEntry {
    /// When.
    pub at: Moment,
    /// ARN of the execution that it happened to; a child of a distributed Map has its own.
    pub execution: Rc<str>,
    /// What.
    pub event: HistoryEvent,
}

/// What can happen.
#[derive(Debug, Clone)]
pub enum HistoryEvent {
    /// The execution began.
    Started,
    /// The execution had ended, and goes on from there.
    Redriven,
    /// A state was entered.
    Entered {
        /// Its name.
        state: Rc<str>,
    },
    /// A state was left, whether it succeeded or its error was caught.
    Exited {
        /// Its name.
        state: Rc<str>,
    },
    /// A task made its call.
    Called {
        /// Name of the task.
        state: Rc<str>,
        /// E.g. `autoscaling`.
        service: Rc<str>,
        /// E.g. `setDesiredCapacity`.
        action: Rc<str>,
        /// As they were sent.
        arguments: Rc<Value>,
        /// The error that the task will see, if any.
        failure: Option<Failure>,
    },
    /// A state failed and will be tried again.
    Retrying {
        /// Name of the state.
        state: Rc<str>,
        /// Why.
        failure: Failure,
        /// How long it waits before.
        delay: Span,
    },
    /// A state failed and went on at a catcher.
    Caught {
        /// Name of the state.
        state: Rc<str>,
        /// Why.
        failure: Failure,
    },
    /// The execution came to its end.
    Ended(Status),
}

/// How an execution stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Status {
    /// It goes on.
    Running,
    /// It came to its end.
    Succeeded {
        /// What it gave back.
        output: Value,
    },
    /// An error that nothing caught, or a Fail state.
    Failed(Failure),
    /// It ran longer than the machine's `TimeoutSeconds`.
    TimedOut,
    /// It was stopped from outside.
    Aborted,
}

impl Status {
    /// As the API spells it, e.g. `TIMED_OUT`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded { .. } => "SUCCEEDED",
            Self::Failed(_) => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Aborted => "ABORTED",
        }
    }
}

/// What an execution has cost so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Events in its own history; that of a child execution is another's.
    pub history_events: u32,
    /// Events in the longest history of a child execution.
    pub child_history_events_max: u32,
    /// State transitions that are billed: every state entered and every retry, those of child executions included.
    pub transitions: u64,
    /// API calls made, those of child executions included.
    pub calls: u64,
}

impl Counters {
    /// Events in the longest history of the execution and its children.
    #[must_use]
    pub fn longest_history(&self) -> u32 {
        self.history_events.max(self.child_history_events_max)
    }

    pub(super) fn add_child(&mut self, child: Self) {
        self.transitions += child.transitions;
        self.calls += child.calls;
        self.child_history_events_max = self.child_history_events_max.max(child.longest_history());
    }
}
