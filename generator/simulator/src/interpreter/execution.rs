//! An execution of a machine: started, moved through virtual time, stopped.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

use super::context::Identity;
use super::data::{self, PAYLOAD_BYTES_MAX, SizedValue, Variables};
use super::failure::Failure;
use super::history::{Counters, HistoryEntry, HistoryEvent, Status};
use super::machine::{Machine, Program, ScopeIndex};
use super::step::{Shared, StepContext};
use super::thread::{Progress, Thread};
use crate::random::Random;
use crate::services::{EXECUTION_NAME_LENGTH_MAX, Services, is_execution_name};
use crate::time::Moment;

/// An execution. A clone goes its own way from where it stands.
#[derive(Clone)]
pub struct Execution {
    program: Rc<Program>,
    shared: Shared,
    root: Thread,
    status: Status,
    deadline: Option<Moment>,
}

/// Why `StartExecution` would refuse.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum StartError {
    /// The ARN is not one of an execution.
    #[error("`{0}` is not arn:<partition>:states:<region>:<account>:execution:<machine>:<name>")]
    InvalidArn(String),
    /// The name is too long, or has characters that names must not have.
    #[error(
        "`{0}` cannot be the name of an execution: at most {EXECUTION_NAME_LENGTH_MAX} characters, no blanks, no wildcards, brackets or special characters"
    )]
    InvalidName(String),
    /// The input is too large.
    #[error("the input has {0} bytes of at most {PAYLOAD_BYTES_MAX}")]
    InputTooLarge(usize),
}

impl Execution {
    /// Starts an execution and enters its first state; nothing is done in it until [`Self::advance`]. `seed` decides
    /// everything that is left to chance.
    ///
    /// # Errors
    /// What `StartExecution` would refuse.
    pub fn start(
        machine: &Machine,
        arn: &str,
        input: Value,
        now: Moment,
        seed: u64,
    ) -> Result<Self, StartError> {
        let identity = Identity::parse(arn).ok_or_else(|| StartError::InvalidArn(arn.to_owned()))?;
        if !is_execution_name(&identity.name) {
            return Err(StartError::InvalidName(identity.name.to_string()));
        }
        let input = SizedValue::from_json(input);
        if input.bytes > PAYLOAD_BYTES_MAX {
            return Err(StartError::InputTooLarge(input.bytes));
        }
        let deadline = machine.0.timeout.map(|timeout| now + timeout);
        Ok(Self::begin(&machine.0, identity, 0, input, (now, seed), deadline))
    }

    pub(super) fn begin(
        program: &Rc<Program>,
        identity: Identity,
        scope: ScopeIndex,
        input: SizedValue,
        (now, seed): (Moment, u64),
        deadline: Option<Moment>,
    ) -> Self {
        let mut shared = Shared {
            identity,
            input: input.value.clone(),
            started: now,
            redrives: 0,
            random: Random::seeded(seed),
            counters: Counters::default(),
            events: Vec::new(),
            variables_bytes: 0,
        };
        shared.count(1);
        shared.log(now, HistoryEvent::Started);
        let root = Thread::begin((program, &mut shared, now), scope, input, Variables::default(), None);
        Self { program: Rc::clone(program), shared, root, status: Status::Running, deadline }
    }

    /// Its ARN.
    pub fn arn(&self) -> &str {
        &self.shared.identity.arn
    }

    /// How it stands.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// What it has cost so far.
    pub fn counters(&self) -> Counters {
        let mut counters = self.shared.counters;
        self.root.add_children(&mut counters);
        counters
    }

    /// State transitions so far, those of child executions included; see [`Self::advance_to_transition`].
    pub fn transitions(&self) -> u64 {
        self.counters().transitions
    }

    /// The state that it stands in; that of its Map or Parallel, while one is under way.
    pub fn current_state(&self) -> &str {
        &self.root.state(&self.program).name
    }

    /// Its variables, those of inner scopes and children not included.
    pub fn variables(&self) -> BTreeMap<String, Value> {
        self.root.variables.iter().map(|(name, value)| (name.to_owned(), data::to_json(value))).collect()
    }

    /// What has happened since this was last asked, children included, in order.
    pub fn take_events(&mut self) -> Vec<HistoryEntry> {
        std::mem::take(&mut self.shared.events)
    }

    /// When something is due next; never, once it has ended. A caller that lets a wake pass makes what was due then
    /// happen later.
    pub fn next_wake(&self) -> Option<Moment> {
        if self.status != Status::Running {
            return None;
        }
        self.root.due().into_iter().chain(self.deadline).min()
    }

    /// Does everything that is due by `now`, as happening at `now`.
    pub fn advance(&mut self, now: Moment, services: &mut dyn Services) {
        self.advance_to_transition(now, services, u64::MAX);
    }

    /// As [`Self::advance`], but stops as soon as there have been `transitions` state transitions: a state is entered
    /// then, or is to be tried again, and has done nothing yet. The rest stays due.
    pub fn advance_to_transition(&mut self, now: Moment, services: &mut dyn Services, transitions: u64) {
        while self.next_wake().is_some_and(|wake| wake <= now)
            && (transitions == u64::MAX || self.transitions() < transitions)
        {
            self.step(now, services);
        }
    }

    /// Does the smallest thing that is due.
    pub(super) fn step(&mut self, now: Moment, services: &mut dyn Services) {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.end(now, Status::TimedOut);
            return;
        }
        self.root.step(&mut StepContext { program: &self.program, shared: &mut self.shared, services, now });
        if self.shared.history_is_full() {
            let cause = "The execution reached the maximum number of history events (25000).";
            self.end(now, Status::Failed(Failure::runtime(cause)));
            return;
        }
        match &self.root.progress {
            Progress::Ended(Ok(output)) => {
                let output = data::to_json(&output.value);
                self.end(now, Status::Succeeded { output });
            }
            Progress::Ended(Err(failure)) => {
                let failure = failure.clone();
                self.end(now, Status::Failed(failure));
            }
            _ => {}
        }
    }

    /// `StopExecution`: it and its children are ABORTED, and no Catch runs. Nothing, once it has ended.
    pub fn stop(&mut self, now: Moment) {
        if self.status == Status::Running {
            self.end(now, Status::Aborted);
        }
    }

    /// `RedriveExecution`: goes on from where it failed, timed out or was stopped, with its variables, and with all the
    /// time that its machine gives. Whether there was anything to redrive: one that runs or succeeded is refused.
    pub fn redrive(&mut self, now: Moment) -> bool {
        if matches!(self.status, Status::Running | Status::Succeeded { .. }) {
            return false;
        }
        self.status = Status::Running;
        self.deadline = self.deadline.and(self.program.timeout).map(|timeout| now + timeout);
        self.shared.redrives += 1;
        self.shared.count(1);
        self.shared.log(now, HistoryEvent::Redriven);
        self.root.redrive(&self.program, &mut self.shared, now);
        true
    }

    fn end(&mut self, now: Moment, status: Status) {
        self.root.stop(&mut self.shared, now);
        self.shared.count(1);
        self.shared.log(now, HistoryEvent::Ended(status.clone()));
        self.status = status;
    }

    /// What it ended with, for the Map whose child it is.
    pub(super) fn into_result(self) -> Result<SizedValue, Failure> {
        match (self.status, self.root.progress) {
            (Status::Succeeded { .. }, Progress::Ended(outcome)) => outcome,
            (Status::Failed(failure), _) => Err(failure),
            (status, _) => Err(Failure::runtime(format!("the child execution is {}", status.as_str()))),
        }
    }
}
