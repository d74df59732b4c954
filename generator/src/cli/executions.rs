//! Executions are started and stopped. A call whose answer was lost may have been carried out all the same: that is looked at, and
//! told.

use asg_recycle_handler::decide::StartRequest;
use serde_json::json;

use super::acting::Looks;
use super::context::Context;
use super::exit_code::Failure;
use super::telling::Telling;
use crate::aws::AwsError;
use crate::operate::answers::NoAnswer;
use crate::operate::answers::execution::{SeenExecution, StartedExecution};
use crate::operate::fleet::reads;
use crate::operate::history::ABORTED_BY;
use crate::operate::session::StackSession;
use crate::operate::session::operation::{START_EXECUTION, STOP_EXECUTION};

/// Starts an execution; its ARN, which is noted as the one that is followed. The name is this request's own, so that no other
/// execution has it.
pub(super) fn start(
    session: &StackSession,
    request: &StartRequest,
    looks: &mut Looks,
    telling: &mut Telling,
    context: &mut Context,
) -> Result<String, Failure> {
    let arguments = json!({
        "stateMachineArn": request.machine.to_string(),
        "name": request.name,
        "input": request.input.to_string(),
    });
    let answer: Result<StartedExecution, AwsError> = session.ask(&START_EXECUTION, &arguments);
    let lost = match answer {
        Ok(started) => {
            telling.follows(&started.execution_arn);
            return Ok(started.execution_arn);
        }
        // An attempt before this one was carried out.
        Err(error) if error.may_be_done() || error.is("ExecutionAlreadyExists") => error,
        Err(error) => return Err(error.into()),
    };
    let execution = request.machine.execution(&request.name);
    telling.follows(&execution);
    let is_there = |seen: Option<&SeenExecution>| seen.is_some();
    let done = Lost { call: &lost, execution: &execution, done: "started" };
    done.look(session, is_there, looks, context)?;
    Ok(execution)
}

/// Stops an execution.
pub(super) fn stop(
    session: &StackSession,
    execution: &str,
    looks: &mut Looks,
    context: &mut Context,
) -> Result<(), Failure> {
    let cause = format!("{ABORTED_BY}{}", session.caller);
    let arguments = json!({"executionArn": execution, "cause": cause});
    let answer: Result<NoAnswer, AwsError> = session.ask(&STOP_EXECUTION, &arguments);
    let lost = match answer {
        Ok(NoAnswer {}) => return Ok(()),
        Err(error) if error.may_be_done() => error,
        Err(error) => return Err(error.into()),
    };
    let ends = |seen: Option<&SeenExecution>| seen.is_none_or(|seen| seen.status != "RUNNING");
    Lost { call: &lost, execution, done: "stopped" }.look(session, ends, looks, context)
}

/// A call whose answer was lost.
struct Lost<'a> {
    call: &'a AwsError,
    /// The execution that it was about.
    execution: &'a str,
    /// What would have been done to that.
    done: &'a str,
}

impl Lost<'_> {
    /// Looks until it is seen to have been done, for half a minute: what was done just now may not be seen yet.
    fn look(
        &self,
        session: &StackSession,
        is_done: impl Fn(Option<&SeenExecution>) -> bool,
        looks: &mut Looks,
        context: &mut Context,
    ) -> Result<(), Failure> {
        let Self { call, execution, done } = self;
        context.console.note(&format!("{call}\nlooking whether {execution} was {done} all the same\n"));
        loop {
            let seen = reads::known_execution(session, execution).map_err(|error| {
                Failure::World(format!(
                    "{error}\nit is not known whether {execution} was {done}: look with `asg-recycle status` before you try again"
                ))
            })?;
            if is_done(seen.as_ref()) {
                context.console.note(&format!("it was {done}\n"));
                looks.is_gone(None);
                return Ok(());
            }
            if looks.is_gone(Some(execution)) {
                return Err(Failure::World(format!("{execution} was not {done}; try again")));
            }
            looks.wait(&format!("{execution} is not seen to be {done}"), context)?;
        }
    }
}
