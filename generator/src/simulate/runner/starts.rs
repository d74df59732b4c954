//! How executions begin: started by a handler, asked for by another execution, or redriven after they ended; and of which
//! version.

use std::rc::Rc;
use std::sync::Arc;

use asg_recycle_simulator::interpreter::{Execution, Status};
use serde_json::Value;

use super::deployment::Deployment;
use super::running_execution::RunningExecution;
use super::{Detail, LogEvent, Recording, Runner};

/// Why an execution was not started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartRefusal {
    /// No stack of the world has the machine.
    #[error("there is no state machine {0} in the modelled world")]
    NoSuchMachine(String),
    /// There is one of that name.
    #[error("there is an execution {0}")]
    AlreadyExists(String),
}

impl Runner {
    /// Deploys another version over a stack, by its index: its executions go on with the machine that they began with, and
    /// have the new role at once; whatever begins from now on, and the handler, are of the new version.
    pub fn upgrade(&mut self, stack: usize, to: &Rc<Deployment>) {
        if let Some(roles) = &to.roles {
            self.world.set_role(&to.machine_arn, Arc::clone(&roles.machine));
        }
        self.deployments[stack] = Rc::clone(to);
    }

    /// `StartExecution` from outside the run; the execution's ARN.
    ///
    /// # Errors
    /// As Step Functions refuses it.
    pub fn start_execution(
        &mut self,
        machine_arn: &str,
        name: &str,
        input: Value,
    ) -> Result<String, StartRefusal> {
        let stack = self.deployments.iter().position(|one| one.machine_arn == machine_arn);
        let stack = stack.ok_or_else(|| StartRefusal::NoSuchMachine(machine_arn.to_owned()))?;
        let arn = self.deployments[stack].handler.machine.execution(name);
        if self.world.executions.get(&arn).is_some() {
            return Err(StartRefusal::AlreadyExists(arn));
        }
        let event = input.pointer("/trigger/event_name").and_then(Value::as_str).unwrap_or("?").to_owned();
        self.start(stack, name, input, event);
        Ok(arn)
    }

    /// `StartExecution` by the handler.
    pub(super) fn start(&mut self, stack: usize, name: &str, input: Value, event: String) {
        let arn = self.deployments[stack].handler.machine.execution(name);
        if self.world.executions.get(&arn).is_some() {
            return self.note(LogEvent::AlreadyBegan { name: name.to_owned() });
        }
        let now = self.world.now();
        let machine_arn = &self.deployments[stack].machine_arn;
        self.world.executions.begin(&arn, machine_arn, &input.to_string(), now);
        self.begin(stack, &arn, input, Some(event));
    }

    /// Begins an execution that the world knows of already.
    fn begin(&mut self, stack: usize, arn: &str, input: Value, event: Option<String>) {
        let now = self.world.now();
        let seed = self
            .world
            .spec()
            .seed
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_add(self.executions.len() as u64);
        let execution =
            match Execution::start(&self.deployments[stack].machine, arn, input.clone(), now, seed) {
                Ok(execution) => execution,
                Err(error) => {
                    self.refusals.push(error.to_string());
                    return;
                }
            };
        let index = self.executions.len();
        let input = Arc::new(input);
        let recording = (self.detail == Detail::Recording).then(|| Recording::of(&input));
        self.executions.push(RunningExecution {
            stack,
            execution,
            input,
            began_at: now,
            ended_at: None,
            recording,
        });
        self.note(LogEvent::Began { execution: index, event });
        self.notify_started(index);
    }

    /// Begins an execution that another has asked for.
    pub(super) fn begin_requested(&mut self, arn: &str) -> Result<(), String> {
        let Some(known) = self.world.executions.get(arn) else { return Ok(()) };
        let input = serde_json::from_str(&known.input)
            .map_err(|error| format!("the input of {arn} is no JSON: {error}"))?;
        let stack = self.deployments.iter().position(|one| one.machine_arn == *known.machine_arn);
        let stack = stack.ok_or_else(|| format!("no stack has the machine {}", known.machine_arn))?;
        self.begin(stack, arn, input, None);
        Ok(())
    }

    /// Redrives an execution, as `RedriveExecution` does: one that failed, timed out or was stopped goes on from there.
    pub fn redrive(&mut self, execution: usize) {
        let now = self.world.now();
        let Some(live) = self.executions.get_mut(execution).filter(|live| !live.is_running()) else { return };
        if !live.execution.redrive(now) {
            return;
        }
        live.ended_at = None;
        let arn = live.execution.arn().to_owned();
        let state = live.execution.current_state().to_owned();
        self.world.executions.redrive(&arn);
        self.notify_redriven(execution);
        self.note(LogEvent::Redriven { execution, state });
        self.after(execution);
    }

    /// Redrives the first execution that failed, timed out or was stopped, where there is one.
    pub(super) fn redrive_first_dead(&mut self) {
        let dead = |live: &RunningExecution| {
            !matches!(live.execution.status(), Status::Running | Status::Succeeded { .. })
        };
        if let Some(execution) = self.executions.iter().position(dead) {
            self.redrive(execution);
        }
    }
}
