//! What the steps of an execution work with.

use std::rc::Rc;

use jsonata_core::value::JValue;

use super::context::Identity;
use super::history::{Counters, EVENTS_MAX, HistoryEntry, HistoryEvent};
use super::machine::Program;
use crate::random::Random;
use crate::services::Services;
use crate::time::Moment;

/// What the threads of one execution share.
#[derive(Clone)]
pub(super) struct Shared {
    pub identity: Identity,
    pub input: JValue,
    pub started: Moment,
    /// How often it was redriven.
    pub redrives: u32,
    pub random: Random,
    pub counters: Counters,
    pub events: Vec<HistoryEntry>,
    /// Of all variables of the execution.
    pub variables_bytes: usize,
}

impl Shared {
    /// Adds events to the history.
    pub(super) fn count(&mut self, events: u32) {
        self.counters.history_events = (self.counters.history_events + events).min(EVENTS_MAX);
    }

    /// Whether only `ExecutionSucceeded` could have been the last event, and something else was.
    pub(super) fn history_is_full(&self) -> bool {
        self.counters.history_events >= EVENTS_MAX
    }

    pub(super) fn log(&mut self, at: Moment, event: HistoryEvent) {
        self.events.push(HistoryEntry { at, execution: Rc::clone(&self.identity.arn), event });
    }
}

/// What a step works with.
pub(super) struct StepContext<'a> {
    pub program: &'a Rc<Program>,
    pub shared: &'a mut Shared,
    pub services: &'a mut dyn Services,
    pub now: Moment,
}
