//! Calls that fail by the script: throttled, contended, denied, unanswered, those whose change is made all the same, and those that are
//! only slow.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::iam_policy::iam_action;
use crate::random::Random;
use crate::time::{Moment, Span};

use super::errors::AwsError;
use super::record::Access;

/// Which calls fail, and how.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct InjectedFailure {
    /// Only calls of this service.
    pub service: Option<String>,
    /// Only calls of this action.
    pub action: Option<String>,
    /// Only reads, or only writes.
    pub access: Option<AccessSpec>,
    /// From which such call on, counted from 1 and from when the fault begins.
    pub nth: u32,
    /// How many of them.
    pub count: Option<u32>,
    /// For how long.
    #[serde(rename = "for")]
    pub lasts: Option<Span>,
    /// How many in a hundred.
    pub percent: u8,
    /// They do not fail, but are answered so much later; whoever does not wait so long has no answer.
    pub takes: Option<Span>,
    /// With what.
    pub error: FailureKind,
    /// Whether the change is made.
    pub change: FailedChange,
}

impl Default for InjectedFailure {
    fn default() -> Self {
        Self {
            service: None,
            action: None,
            access: None,
            nth: 1,
            count: None,
            lasts: None,
            percent: 100,
            takes: None,
            error: FailureKind::Throttling,
            change: FailedChange::NotMade,
        }
    }
}

/// Reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccessSpec {
    /// Reads.
    Read,
    /// Writes.
    Write,
}

/// What becomes of the change that a failing call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailedChange {
    /// Nothing.
    NotMade,
    /// It is made, and the answer is lost.
    Made,
}

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// `Rate exceeded`.
    Throttling,
    /// `ResourceContention`.
    ResourceContention,
    /// `ScalingActivityInProgress`.
    ScalingActivityInProgress,
    /// A failure inside AWS.
    Internal,
    /// The role may not.
    AccessDenied,
    /// No answer comes.
    NoAnswer,
    /// The answer is more than a state may pass on.
    TooLarge,
    /// An execution that began a moment ago is not there yet, says `DescribeExecution`.
    NotYetThere,
}

/// How long a caller that sets no limit waits for an answer that does not come.
const NO_ANSWER: Span = Span::seconds(600);

impl FailureKind {
    /// The error, and how much longer it takes.
    pub fn answer(self, service: &str, action: &str) -> (AwsError, Span) {
        let modelled =
            |name, status, message: &str| AwsError::Modelled { name, status, message: message.to_owned() };
        let unmodelled = |status, message: String| AwsError::Unmodelled { status, message };
        let error = match self {
            Self::Throttling => unmodelled(400, "Rate exceeded".to_owned()),
            Self::ResourceContention => modelled(
                "ResourceContentionException",
                500,
                "You already have a pending update to an Amazon EC2 Auto Scaling resource",
            ),
            Self::ScalingActivityInProgress => modelled(
                "ScalingActivityInProgressException",
                400,
                "Scaling activity 00000000-0000-4000-8000-000000000000 is in progress and blocks this action",
            ),
            Self::Internal => {
                unmodelled(500, "We encountered an internal error. Please try again.".to_owned())
            }
            Self::AccessDenied => access_denied(service, action),
            Self::TooLarge => AwsError::TooLarge,
            Self::NotYetThere => modelled("ExecutionDoesNotExistException", 400, "Execution Does Not Exist"),
            Self::NoAnswer => {
                let message = "Unable to execute HTTP request: Read timed out".to_owned();
                return (AwsError::Modelled { name: "SdkClientException", status: 0, message }, NO_ANSWER);
            }
        };
        (error, Span(0))
    }
}

/// IAM's refusal.
pub fn access_denied(service: &str, action: &str) -> AwsError {
    let action = iam_action(service, action);
    AwsError::Unmodelled {
        status: 403,
        message: format!(
            "User: arn:aws:sts::123456789012:assumed-role/recycler/execution is not authorized to perform: {action} \
             because no identity-based policy allows the {action} action"
        ),
    }
}

/// What is wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disturbance {
    /// It fails, and its change is made or not.
    Failed(FailureKind, FailedChange),
    /// It is answered so much later.
    Late(Span),
}

/// The faults that have begun.
#[derive(Debug, Clone, Default)]
pub struct InjectedFailures {
    active: Vec<ActiveFailure>,
}

#[derive(Debug, Clone)]
struct ActiveFailure {
    spec: Arc<InjectedFailure>,
    /// The script's entry that it is of, where it is of one.
    entry: Option<usize>,
    until: Option<Moment>,
    seen: u32,
    hits: u32,
}

impl InjectedFailures {
    /// Begins one.
    pub fn begin(&mut self, spec: InjectedFailure, now: Moment, entry: Option<usize>) {
        let until = spec.lasts.map(|lasts| now + lasts);
        self.active.push(ActiveFailure { spec: Arc::new(spec), entry, until, seen: 0, hits: 0 });
    }

    /// The script's entries whose faults met no call.
    pub(crate) fn met_none(&self) -> impl Iterator<Item = usize> {
        self.active.iter().filter(|fault| fault.seen == 0).filter_map(|fault| fault.entry)
    }

    /// What is wrong with a call, where anything is.
    pub(crate) fn decide(
        &mut self,
        service: &str,
        action: &str,
        access: Access,
        now: Moment,
        random: &Random,
    ) -> Option<Disturbance> {
        for fault in &mut self.active {
            let spec = &fault.spec;
            let access_fits = match spec.access {
                None => true,
                Some(AccessSpec::Read) => access == Access::Read,
                Some(AccessSpec::Write) => access == Access::Write,
            };
            let fits = access_fits
                && spec.service.as_deref().is_none_or(|only| only == service)
                && spec.action.as_deref().is_none_or(|only| only == action)
                && fault.until.is_none_or(|until| now < until);
            if !fits {
                continue;
            }
            fault.seen += 1;
            let due = fault.seen >= spec.nth && spec.count.is_none_or(|count| fault.hits < count);
            if due && random.happens(spec.percent) {
                fault.hits += 1;
                return Some(match spec.takes {
                    Some(takes) => Disturbance::Late(takes),
                    None => Disturbance::Failed(spec.error, spec.change),
                });
            }
        }
        None
    }
}
