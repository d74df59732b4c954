//! An account that is modelled: it answers the handler's calls from a scenario's world, and runs what is started in it.
//!
//! Each invocation finds the world as the scenario begins, so that an event on a desk shows the same as often as it is sent.

use std::sync::mpsc::Sender;

use asg_recycle_simulator::services::{ServiceCall, Services as _};
use serde_json::{Value, json};

use crate::simulate::runner::{Run, Runner, StartRefusal};

/// A call of one of the three services.
#[derive(Debug, Clone, PartialEq)]
pub struct AwsCall {
    /// E.g. `DescribeAutoScalingGroups`.
    pub action: String,
    /// Its arguments.
    pub arguments: Value,
}

/// An error of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceFault {
    /// As the service spells it.
    pub code: String,
    /// What it says.
    pub message: String,
}

/// A call that waits for its answer.
#[derive(Debug)]
pub struct Asked {
    /// The call.
    pub call: AwsCall,
    /// Where the answer goes.
    pub answer: Sender<Result<Value, ServiceFault>>,
}

/// Makes the world of a scenario anew.
type Begin = dyn Fn() -> Result<Runner, String>;

/// The world of an invocation that has ended, with what was started in it.
pub struct Left(Runner);

impl Left {
    /// Runs what was started to its end, in virtual time, unless `goes_on` says otherwise.
    pub fn finish(self, goes_on: impl FnMut(&Runner) -> bool) -> Option<Run> {
        self.0.finish_while(goes_on)
    }
}

/// The account.
pub struct Account {
    begin: Box<Begin>,
    /// The world of the invocation under way, and whether anything was started in it.
    world: Option<(Runner, bool)>,
    /// What was published since it was last asked.
    published: Vec<String>,
}

impl Account {
    /// An account with the world that `begin` makes.
    pub fn new(begin: impl Fn() -> Result<Runner, String> + 'static) -> Self {
        Self { begin: Box::new(begin), world: None, published: Vec::new() }
    }

    /// Answers a call.
    ///
    /// # Errors
    /// As the service would.
    pub fn answer(&mut self, call: &AwsCall) -> Result<Value, ServiceFault> {
        let text = |key: &str| call.arguments.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        match call.action.as_str() {
            "DescribeAutoScalingGroups" => {
                describe(&self.world()?.0, "describeAutoScalingGroups", &call.arguments)
            }
            "DescribeAutoScalingInstances" => {
                describe(&self.world()?.0, "describeAutoScalingInstances", &call.arguments)
            }
            "StartExecution" => {
                let (runner, has_started) = self.world()?;
                let input = serde_json::from_str(&text("input"));
                let input = input.map_err(|error| fault("InvalidExecutionInput", error.to_string()))?;
                let started = runner.start_execution(&text("stateMachineArn"), &text("name"), input);
                let arn = started.map_err(|refusal| refused(&refusal))?;
                *has_started = true;
                Ok(json!({"executionArn": arn, "startDate": runner.world().now().0 / 1000}))
            }
            "Publish" => {
                self.published.push(text("Message"));
                Ok(json!({"MessageId": "00000000-0000-4000-8000-000000000001"}))
            }
            other => Err(fault("InvalidAction", format!("the modelled account has no action {other}"))),
        }
    }

    /// The invocation has ended: its world, where anything was started in it. The next invocation has one of its own, also where it comes
    /// before this one is run.
    pub fn leave(&mut self) -> Option<Left> {
        let (runner, has_started) = self.world.take()?;
        has_started.then_some(Left(runner))
    }

    /// What was published since this was last asked.
    pub fn take_published(&mut self) -> Vec<String> {
        std::mem::take(&mut self.published)
    }

    fn world(&mut self) -> Result<&mut (Runner, bool), ServiceFault> {
        if self.world.is_none() {
            let runner = (self.begin)().map_err(|error| fault("InternalFailure", error))?;
            self.world = Some((runner, false));
        }
        self.world.as_mut().ok_or_else(|| fault("InternalFailure", "there is no world".to_owned()))
    }
}

fn describe(runner: &Runner, action: &str, arguments: &Value) -> Result<Value, ServiceFault> {
    // The handler's own reads are no part of the run: a copy of the world answers them.
    let mut world = runner.world().clone();
    let now = world.now();
    let call = ServiceCall { service: "autoscaling", action, arguments, execution_arn: "handler", now };
    let answer = world.call(&call).result;
    let answer = answer.map(|answer| (*answer).clone());
    answer.map_err(|error| fault(error.name.rsplit('.').next().unwrap_or("ValidationError"), error.cause))
}

fn fault(code: &str, message: String) -> ServiceFault {
    ServiceFault { code: code.to_owned(), message }
}

fn refused(refusal: &StartRefusal) -> ServiceFault {
    let code = match refusal {
        StartRefusal::NoSuchMachine(_) => "StateMachineDoesNotExist",
        StartRefusal::AlreadyExists(_) => "ExecutionAlreadyExists",
    };
    fault(code, refusal.to_string())
}
