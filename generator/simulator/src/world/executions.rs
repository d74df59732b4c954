//! Step Functions as its own executions see it. The world runs none: whoever does tells it of starts and ends.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::services::is_execution_name;
use crate::time::Moment;

use super::arguments::Arguments;
use super::context::Context;
use super::errors::AwsError;
use super::request::Request;

/// How an execution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecutionStatus {
    /// It runs.
    Running,
    /// It ended well.
    Succeeded,
    /// It failed.
    Failed,
    /// Its time ran out.
    TimedOut,
    /// It was stopped.
    Aborted,
}

impl ExecutionStatus {
    /// As Step Functions writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Aborted => "ABORTED",
        }
    }
}

/// An execution.
#[derive(Debug, Clone)]
pub struct ExecutionRecord {
    /// How it stands.
    pub status: ExecutionStatus,
    /// ARN of its state machine.
    pub machine_arn: Arc<str>,
    /// The execution whose Map started it.
    pub parent: Option<Arc<str>>,
    /// Its input, as text.
    pub input: Arc<str>,
    /// When it began.
    pub started_at: Moment,
    /// When it ended.
    pub stopped_at: Option<Moment>,
    /// The error with which it failed.
    pub error: Option<Arc<str>>,
    /// How often it was redriven.
    pub redrives: u32,
}

/// All executions by ARN.
#[derive(Debug, Clone, Default)]
pub struct Executions {
    known: BTreeMap<Arc<str>, ExecutionRecord>,
    requested: Vec<Arc<str>>,
}

impl Executions {
    /// Notes that an execution began.
    pub fn begin(&mut self, arn: &str, machine_arn: &str, input: &str, now: Moment) {
        self.add(arn, machine_arn, None, input, now);
    }

    /// Notes that a Map of `parent` started a child execution.
    pub fn begin_child(&mut self, arn: &str, parent: &str, now: Moment) {
        let machine = self.known.get(parent).map_or_else(|| Arc::from(""), |one| one.machine_arn.clone());
        self.add(arn, &machine, Some(parent.into()), "{}", now);
    }

    fn add(&mut self, arn: &str, machine_arn: &str, parent: Option<Arc<str>>, input: &str, now: Moment) {
        let execution = ExecutionRecord {
            status: ExecutionStatus::Running,
            machine_arn: machine_arn.into(),
            parent,
            input: input.into(),
            started_at: now,
            stopped_at: None,
            error: None,
            redrives: 0,
        };
        self.known.insert(arn.into(), execution);
    }

    /// Notes that an execution ended. Its children end with it, as Step Functions stops them.
    pub fn end(&mut self, arn: &str, status: ExecutionStatus, now: Moment) {
        let ends = |known: &Arc<str>, one: &ExecutionRecord| {
            **known == *arn || (one.parent.as_deref() == Some(arn) && one.status == ExecutionStatus::Running)
        };
        for (_, execution) in self.known.iter_mut().filter(|(known, one)| ends(known, one)) {
            execution.status = status;
            execution.stopped_at = Some(now);
        }
    }

    /// Notes with which error an execution failed.
    pub fn fail(&mut self, arn: &str, error: &str) {
        if let Some(execution) = self.known.get_mut(arn) {
            execution.error = Some(error.into());
        }
    }

    /// Notes that an execution goes on that had ended.
    pub fn redrive(&mut self, arn: &str) {
        if let Some(execution) = self.known.get_mut(arn) {
            execution.status = ExecutionStatus::Running;
            execution.stopped_at = None;
            execution.error = None;
            execution.redrives += 1;
        }
    }

    /// An execution.
    pub fn get(&self, arn: &str) -> Option<&ExecutionRecord> {
        self.known.get(arn)
    }

    /// Every execution.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ExecutionRecord)> {
        self.known.iter().map(|(arn, one)| (&**arn, one))
    }

    /// The execution that nobody's Map started, of which this one is a part: itself, or an ancestor.
    pub fn root_of<'a>(&'a self, arn: &'a str) -> &'a str {
        let mut root = arn;
        while let Some(parent) = self.known.get(root).and_then(|one| one.parent.as_deref()) {
            root = parent;
        }
        root
    }

    /// ARNs of executions that calls of `startExecution` asked for since this was last asked: somebody has to run them.
    pub fn take_requested(&mut self) -> Vec<Arc<str>> {
        std::mem::take(&mut self.requested)
    }
}

/// An execution as `DescribeExecution` gives it.
pub(crate) fn describe(
    executions: &mut Executions,
    _: &Context,
    request: &Request<'_>,
) -> Result<Value, AwsError> {
    let arguments = Arguments::of(request.action, request.arguments, &["ExecutionArn", "IncludedData"])?;
    let arn = arguments.text("ExecutionArn")?;
    if !arn.starts_with("arn:") {
        return Err(modelled("InvalidArnException", format!("Invalid Arn: '{arn}'")));
    }
    let execution = executions.get(arn).ok_or_else(|| {
        modelled("ExecutionDoesNotExistException", format!("Execution Does Not Exist: '{arn}'"))
    })?;
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| fields.insert(key.to_owned(), value);
    put("ExecutionArn", json!(arn));
    put("StateMachineArn", json!(&*execution.machine_arn));
    put("Name", json!(arn.rsplit(':').next()));
    put("Status", json!(execution.status.as_str()));
    put("StartDate", json!(execution.started_at.to_string()));
    if let Some(stopped_at) = execution.stopped_at {
        put("StopDate", json!(stopped_at.to_string()));
    }
    if let Some(error) = &execution.error {
        put("Error", json!(&**error));
    }
    put("Input", json!(&*execution.input));
    put("InputDetails", json!({"Included": true}));
    put("RedriveCount", json!(execution.redrives));
    Ok(Value::Object(fields))
}

/// Asks for an execution. The same name again is the same execution while it runs on the same input, else an error.
pub(crate) fn start(
    executions: &mut Executions,
    context: &Context,
    request: &Request<'_>,
) -> Result<Value, AwsError> {
    let arguments = Arguments::of(request.action, request.arguments, &["StateMachineArn", "Name", "Input"])?;
    let machine = arguments.text("StateMachineArn")?;
    let input = arguments.text_if_given("Input")?.unwrap_or("{}");
    let made_up = format!("execution-{}", request.number);
    let name = arguments.text_if_given("Name")?.unwrap_or(&made_up);
    if !is_execution_name(name) {
        return Err(modelled("InvalidNameException", format!("Invalid Name: '{name}'")));
    }
    let arn = format!("{}:{name}", machine.replacen(":stateMachine:", ":execution:", 1));
    if let Some(existing) = executions.get(&arn) {
        if existing.status != ExecutionStatus::Running || &*existing.input != input {
            let message = format!("Execution Already Exists: '{arn}'");
            return Err(modelled("ExecutionAlreadyExistsException", message));
        }
    } else {
        let now = context.now;
        executions.begin(&arn, machine, input, now);
        executions.requested.push(arn.as_str().into());
    }
    let started_at = executions.get(&arn).map_or(context.now, |one| one.started_at);
    Ok(json!({"ExecutionArn": arn, "StartDate": started_at.to_string()}))
}

fn modelled(name: &'static str, message: String) -> AwsError {
    AwsError::Modelled { name, status: 400, message }
}
