//! What the handler asks of AWS. [`crate::contract::API_CALLS`] lists the same calls for IAM.

use std::future::Future;

use crate::decide::StartRequest;
use crate::group::Group;
use crate::rejection::Rejection;

/// Most calls under way at a time.
pub const CALLS_MAX: usize = 8;

/// Most group names that one description takes.
pub const GROUPS_PER_CALL_MAX: usize = 50;

/// Most instance ids that one description takes.
pub const INSTANCES_PER_CALL_MAX: usize = 50;

/// The calls: the ports of a hexagonal architecture, so that decisions are tested without AWS. Each may be made from many tasks at
/// once, and is dropped half way when time runs out.
pub trait Ports: Send + Sync + 'static {
    /// Describes at most [`GROUPS_PER_CALL_MAX`] groups by name; those that do not exist are not in the answer.
    fn describe(&self, names: &[String]) -> impl Future<Output = Result<Vec<Group>, CallError>> + Send;

    /// Describes every group that has the opt-in tag, whatever its value.
    fn describe_opted_in(&self) -> impl Future<Output = Result<Vec<Group>, CallError>> + Send;

    /// The groups of at most [`INSTANCES_PER_CALL_MAX`] instances; those that are in none are not in the answer.
    fn groups_of(
        &self,
        instances: &[String],
    ) -> impl Future<Output = Result<Vec<Membership>, CallError>> + Send;

    /// Starts an execution, unless an earlier delivery of the event did.
    fn start(&self, request: &StartRequest) -> impl Future<Output = Result<Started, CallError>> + Send;

    /// Publishes a rejection on the topic, for people.
    fn publish(&self, rejection: &Rejection) -> impl Future<Output = Result<(), CallError>> + Send;
}

/// An instance and the group that it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The instance's id.
    pub instance: String,
    /// The group's name.
    pub group: String,
}

/// How a start went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// This call started the execution.
    Now {
        /// ARN of the execution that runs now.
        execution_arn: String,
    },
    /// An execution of that name exists: the same trigger was delivered before.
    Before,
}

/// A call that failed after the client's own retries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{call} failed: {code}: {message}")]
pub struct CallError {
    /// The call, as IAM spells it.
    pub call: &'static str,
    /// AWS's code, or what went wrong before AWS answered.
    pub code: String,
    /// What AWS says of it.
    pub message: String,
}

impl CallError {
    /// Whether AWS refused what was asked, so that asking again in smaller parts may help.
    pub fn is_refusal(&self) -> bool {
        matches!(self.code.as_str(), "ValidationError" | "ValidationException" | "InvalidParameterValue")
    }
}
