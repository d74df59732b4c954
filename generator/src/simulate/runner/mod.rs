//! Runs executions of the emitted machine in one world: their wakes, the world's own events, the handler between them.
//!
//! A [`Runner`] goes from one thing that happens to the next: the world's events first, then what reaches the handler,
//! then one transition of the execution that has waited longest. A clone goes its own way from where it stands, so a
//! run can be followed to its end from any of its moments. Everything is decided by the world's seed.

mod beginning;
mod deployment;
mod events;
mod handler;
mod running_execution;
mod deliveries;
mod run;
mod setup;
mod starts;
mod recording;
mod roles;
mod watching;

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

use super::invariants::{Checker, Termination};
use asg_recycle_simulator::interpreter::{Failure, HistoryEvent, Status};
use asg_recycle_simulator::services::Services;
use asg_recycle_simulator::time::{Moment, Span};
use asg_recycle_simulator::world::World;
use asg_recycle_simulator::world::record::Sample;
use asg_recycle_simulator::world::script::{Script, ScriptError, When};
use asg_recycle_simulator::world::spec::WorldSpec;

use events::ChangeDetector;
use recording::RecordingServices;
use running_execution::RunningExecution;

pub use deployment::{Deployment, PLACE, StrategyProfile, handler_environment, handler_settings};
pub use recording::{RecordedCall, Recording};
pub use roles::Roles;
pub use run::{
    Calls, DOLLARS_PER_THOUSAND_TRANSITIONS, ExecutionReport, GroupReport, LogEntry, LogEvent, PRICE, Run,
    Totals, dollars_of,
};
pub use setup::{Detail, Setup, Stop, TriggerEvent, TriggerSpec};
pub use starts::StartRefusal;

/// From a call to the handler's look at it: CloudTrail, rule, queue.
const DELIVERY: Span = Span::seconds(2);

/// How long the world is followed after the last execution has ended and the last event of the script has been.
const SETTLING: Span = Span::seconds(2 * 3600);

/// A run goes on for no longer than this: windows are known for 15 days, and an execution times out after 30.
const DURATION_MAX: Span = Span::seconds(60 * 86_400);

/// Nor has it more steps.
const STEPS_MAX: u64 = 5_000_000;

/// A run under way.
#[derive(Clone)]
pub struct Runner {
    /// The stacks, whose indices executions and deliveries carry.
    deployments: Vec<Rc<Deployment>>,
    world: World,
    executions: Vec<RunningExecution>,
    pending: BTreeMap<(Moment, u64), Delivery>,
    stops: Vec<Stop>,
    checkers: Vec<Checker>,
    changes: ChangeDetector,
    log: Vec<LogEntry>,
    detail: Detail,
    began_at: Moment,
    /// Figures of the groups at the beginning.
    first: Vec<Sample>,
    /// Nothing is expected to happen after this, but for what executions do.
    settled_at: Moment,
    last_event: Option<Rc<Value>>,
    numbered: u64,
    delivered: u64,
    steps: u64,
    refusals: Vec<String>,
    /// Calls of the handler that its role does not allow.
    denials: Vec<String>,
}

/// What waits for its moment.
#[derive(Clone)]
enum Delivery {
    Trigger(TriggerSpec),
    /// For the handler of a stack, by its index.
    Event(usize, Rc<Value>),
    Stop,
    Redrive,
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The world or the handler did something.
    Around,
    /// This execution, by its index, did.
    Execution(usize),
    /// Nothing is left to be done.
    Ended(Termination),
}

impl Runner {
    /// Sets up a world, with the deployed stacks in it.
    ///
    /// # Errors
    /// If the world's description or its script makes no sense.
    pub fn new(
        deployments: &[Rc<Deployment>],
        mut spec: WorldSpec,
        script: Script,
        setup: Setup,
    ) -> Result<Self, ScriptError> {
        deployment::configure_world(deployments, &mut spec);
        let last = script.entries.iter().filter_map(|entry| match entry.when {
            When::At(at) => Some(at.0 + entry.delay.0),
            When::AfterCall(_) | When::AfterEvent(_) => None,
        });
        let last = Span(last.max().unwrap_or(0));
        let world = World::new(spec, script)?;
        let began_at = world.now();
        let mut runner = Self {
            deployments: deployments.to_vec(),
            checkers: beginning::checkers(deployments, &world),
            changes: ChangeDetector::begin(&world),
            first: beginning::samples(&world),
            world,
            executions: Vec::new(),
            pending: BTreeMap::new(),
            stops: Vec::new(),
            log: Vec::new(),
            detail: setup.detail,
            began_at,
            settled_at: began_at + last + SETTLING,
            last_event: None,
            numbered: 0,
            delivered: 0,
            steps: 0,
            refusals: Vec::new(),
            denials: Vec::new(),
        };
        if let (Some(own), Some(checker)) = (setup.put_back_to, runner.checkers.first_mut()) {
            checker.expect_put_back_to(own);
        }
        for trigger in setup.triggers {
            runner.schedule(began_at + trigger.at, Delivery::Trigger(trigger));
        }
        for at in setup.redrives {
            runner.schedule(began_at + at, Delivery::Redrive);
        }
        for stop in setup.stops {
            match stop {
                Stop::At(at) => runner.schedule(began_at + at, Delivery::Stop),
                other => runner.stops.push(other),
            }
        }
        Ok(runner)
    }

    /// Goes on until nothing is left to be done.
    pub fn finish(mut self) -> Run {
        loop {
            if let Step::Ended(termination) = self.step() {
                return self.into_run(termination);
            }
        }
    }

    /// The same as long as `goes_on`, which is asked before each step; `None` once it does not.
    pub fn finish_while(mut self, mut goes_on: impl FnMut(&Self) -> bool) -> Option<Run> {
        while goes_on(&self) {
            if let Step::Ended(termination) = self.step() {
                return Some(self.into_run(termination));
            }
        }
        None
    }

    /// The modelled world as it stands.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// How long it has gone on, in virtual time, and how many things have happened.
    pub fn progress(&self) -> (Span, u64) {
        (self.world.now() - self.began_at, self.steps)
    }

    /// State transitions of an execution so far.
    pub fn transitions(&self, execution: usize) -> u64 {
        self.executions.get(execution).map_or(0, |live| live.execution.transitions())
    }

    /// The state that an execution stands in.
    pub fn state(&self, execution: usize) -> Option<&str> {
        self.executions.get(execution).map(|live| live.execution.current_state())
    }

    /// Indices of the executions that run.
    pub fn running(&self) -> impl Iterator<Item = usize> {
        self.executions.iter().enumerate().filter(|(_, live)| live.is_running()).map(|(index, _)| index)
    }

    /// Does the next thing.
    pub fn step(&mut self) -> Step {
        self.steps += 1;
        let world = self.world.next_event();
        let delivery = self.pending.keys().next().map(|(moment, _)| *moment);
        let wakes = self.executions.iter().enumerate().filter(|(_, live)| live.is_running());
        let wakes = wakes.filter_map(|(index, live)| Some((live.execution.next_wake()?, index)));
        let wake = wakes.min();
        let work = delivery.into_iter().chain(wake.map(|(moment, _)| moment)).min();
        let idle = work.is_none() && world.is_none_or(|next| next > self.settled_at);
        if idle {
            return Step::Ended(Termination::Settled);
        }
        let next = work.into_iter().chain(world).min().unwrap_or(self.world.now()).max(self.world.now());
        if next - self.began_at > DURATION_MAX || self.steps > STEPS_MAX {
            return Step::Ended(Termination::LimitReached);
        }
        if world.is_some_and(|due| due <= next) {
            self.world.advance_to(next);
            self.follow_world(Span(0));
            return Step::Around;
        }
        self.world.advance_to(next);
        match wake {
            Some((due, index)) if delivery.is_none_or(|moment| due < moment) => {
                self.advance(index);
                Step::Execution(index)
            }
            _ => {
                if let Some((_, delivery)) = self.pending.pop_first() {
                    self.deliver(delivery);
                }
                Step::Around
            }
        }
    }

    /// Stops an execution, as `StopExecution` does.
    pub fn stop(&mut self, execution: usize) {
        let now = self.world.now();
        let Some(live) = self.executions.get_mut(execution).filter(|live| live.is_running()) else { return };
        let state = live.execution.current_state().to_owned();
        live.execution.stop(now);
        self.note(LogEvent::Stopped { execution, state });
        self.after(execution);
    }

    fn note(&mut self, event: LogEvent) {
        self.log.push(LogEntry { at: self.world.now(), event });
    }

    fn schedule(&mut self, at: Moment, delivery: Delivery) {
        self.numbered += 1;
        self.pending.insert((at, self.numbered), delivery);
    }

    fn deliver(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Trigger(trigger) => self.trigger(&trigger),
            Delivery::Event(stack, event) => self.hand_over(stack, &event),
            Delivery::Stop => {
                let oldest = self.running().next();
                if let Some(execution) = oldest {
                    self.stop(execution);
                }
            }
            Delivery::Redrive => self.redrive_first_dead(),
        }
    }

    /// Lets an execution make its next transition, or whatever it does before that.
    fn advance(&mut self, index: usize) {
        let now = self.world.now();
        let RunningExecution { execution, recording, .. } = &mut self.executions[index];
        let next = execution.transitions() + 1;
        let services: &mut dyn Services = &mut self.world;
        match recording {
            Some(recording) => {
                execution.advance_to_transition(now, &mut RecordingServices { services, recording }, next);
            }
            None => execution.advance_to_transition(now, services, next),
        }
        self.after(index);
    }

    /// Follows up on what an execution did.
    fn after(&mut self, index: usize) {
        let events = self.executions[index].take_events();
        let root: Rc<str> = self.executions[index].execution.arn().into();
        let mut entered = None;
        for event in events {
            let is_root = *event.execution == *root;
            match event.event {
                HistoryEvent::Started if !is_root => {
                    self.world.begin_child(&event.execution, &root, event.at);
                }
                HistoryEvent::Redriven if !is_root => self.world.redrive_child(&event.execution, &root),
                HistoryEvent::Ended(status) if !is_root => {
                    self.world.executions.end(
                        &event.execution,
                        running_execution::world_status(&status),
                        event.at,
                    );
                }
                HistoryEvent::Entered { state } => {
                    if self.detail == Detail::States {
                        self.note(LogEvent::Entered { execution: index, state: state.to_string() });
                    }
                    entered = Some(state);
                }
                HistoryEvent::Retrying { state, failure, delay } => {
                    let state = state.to_string();
                    self.note(LogEvent::Retrying { execution: index, state, failure, delay });
                }
                HistoryEvent::Caught { state, failure } => {
                    self.note_failure(index, &state, failure);
                }
                _ => {}
            }
        }
        self.follow_world(Span(0));
        if *self.executions[index].execution.status() == Status::Running {
            self.stop_if_due(index, entered.as_deref());
        } else if self.executions[index].is_running() {
            self.ended(index);
        }
    }

    /// What an expression is at fault for only the template's author can mend, so he is told where it stands.
    fn note_failure(&mut self, execution: usize, state: &str, failure: Failure) {
        let is_expression = matches!(&*failure.error, "States.QueryEvaluationError" | "States.Runtime");
        let deployment = &self.deployments[self.executions[execution].stack];
        let template = is_expression.then(|| deployment.origin(state)).flatten().map(str::to_owned);
        self.note(LogEvent::Caught { execution, state: state.to_owned(), failure, template });
    }

    fn stop_if_due(&mut self, index: usize, entered: Option<&str>) {
        let transitions = self.transitions(index);
        let due = self.stops.iter().position(|stop| match stop {
            Stop::At(_) => false,
            Stop::AfterTransitions(count) => transitions >= *count,
            Stop::AtState(state) => entered == Some(state),
        });
        if let Some(position) = due {
            self.stops.remove(position);
            self.stop(index);
        }
    }

    fn ended(&mut self, index: usize) {
        let now = self.world.now();
        self.executions[index].ended_at = Some(now);
        self.settled_at = self.settled_at.max(now + SETTLING);
        let status = self.executions[index].execution.status().clone();
        let arn = self.executions[index].execution.arn().to_owned();
        self.world.executions.end(&arn, running_execution::world_status(&status), now);
        if let Status::Failed(failure) = &status {
            self.world.executions.fail(&arn, &failure.error);
            let state = self.executions[index].execution.current_state().to_owned();
            self.note_failure(index, &state, failure.clone());
        }
        self.note(LogEvent::Ended { execution: index });
        self.notify_ended(index);
        if !matches!(status, Status::Succeeded { .. }) {
            let id = self.numbered + 1;
            let machine = &*self.deployments[self.executions[index].stack].machine_arn;
            let input = self.executions[index].input.to_string();
            let redrives = self.world.executions.get(&arn).map_or(0, |one| one.redrives);
            let event = events::status_change(id, (&arn, machine), (&status, redrives), &input);
            self.send(event, Span(0));
        }
    }

    /// Takes notice of what was changed, asked for and violated meanwhile; events are delivered so much later than usual.
    fn follow_world(&mut self, delay: Span) {
        let mut id = self.numbered;
        let events = self.changes.detect(&self.world, || {
            id += 1;
            id
        });
        self.numbered = id;
        for event in events {
            self.send(event, delay);
        }
        for arn in self.world.executions.take_requested() {
            if let Err(refusal) = self.begin_requested(&arn) {
                self.refusals.push(refusal);
            }
        }
        self.observe();
    }
}
