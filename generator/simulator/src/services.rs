//! The seam between the interpreter, which runs states, and the modelled world, which answers their calls.

use std::sync::Arc;

use serde_json::Value;

use crate::time::{Moment, Span};

/// One API call of a task.
#[derive(Debug, Clone)]
pub struct ServiceCall<'a> {
    /// Step Functions' name of the service, e.g. `autoscaling`, `elasticloadbalancingv2`, `sfn`.
    pub service: &'a str,
    /// The action in camel case, e.g. `describeAutoScalingGroups`.
    pub action: &'a str,
    /// The evaluated arguments, in the `PascalCase` of the integration.
    pub arguments: &'a Value,
    /// ARN of the execution that makes the call; a child of a distributed Map has its own.
    pub execution_arn: &'a str,
    /// When it is made.
    pub now: Moment,
}

/// What comes back, and when.
#[derive(Debug, Clone)]
pub struct Answer {
    /// How long the call takes.
    pub latency: Span,
    /// The result as the integration gives it, or an error. Who answers twice with the same may give the same value.
    pub result: Result<Arc<Value>, ServiceError>,
}

/// An error as a state sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceError {
    /// E.g. `AutoScaling.AutoScalingException`, `DynamoDb.ConditionalCheckFailedException`.
    pub name: String,
    /// E.g. `Rate exceeded (Service: AutoScaling, Status Code: 400, Request ID: ...)`.
    pub cause: String,
}

/// What a task's resource reaches.
pub trait Services {
    /// Performs a call. A change that it makes is made at `call.now`, even where the answer is an error that says
    /// otherwise: answers can be lost.
    fn call(&mut self, call: &ServiceCall<'_>) -> Answer;
}

/// Longest name of an execution, in characters.
pub const EXECUTION_NAME_LENGTH_MAX: usize = 80;

/// Whether Step Functions takes `name` for an execution: 1 to [`EXECUTION_NAME_LENGTH_MAX`] characters, none of them blank, a control
/// character, a wildcard, a bracket or one of its other special characters.
pub fn is_execution_name(name: &str) -> bool {
    let is_forbidden = |character: char| {
        character.is_whitespace() || character.is_control() || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(character)
    };
    (1..=EXECUTION_NAME_LENGTH_MAX).contains(&name.chars().count()) && !name.contains(is_forbidden)
}
