//! AWS's errors as a state of Step Functions sees them: the SDK's prefix, the exception's name, the text as cause.
//!
//! Names and texts come from the service models and from public logs. Where a prefix is not certain, the world can
//! be told to use the other spelling, and a state machine has to survive both.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::services::ServiceError;

/// How the names of Auto Scaling's errors begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorNames {
    /// `AutoScaling.AutoScalingException`.
    #[default]
    Joined,
    /// `Auto Scaling.AutoScalingException`: the service's display name, which some services' errors do carry.
    Spaced,
}

/// What AWS answers instead of a result. The call's service decides the prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AwsError {
    /// An error that the service's model has a shape for, e.g. `ResourceContentionException`.
    Modelled {
        /// The exception's name in the SDK.
        name: &'static str,
        /// HTTP status.
        status: u16,
        /// The message.
        message: String,
    },
    /// One that it has not, such as `ValidationError` or `Throttling`: the SDK throws the service's own exception.
    Unmodelled {
        /// HTTP status.
        status: u16,
        /// The message.
        message: String,
    },
    /// The answer is more than a state may pass on, by Step Functions itself.
    TooLarge,
    /// The call cannot be made in this world: an action, argument or value that it does not know. Step Functions
    /// fails such a call with an error that no state can catch, and so does the simulation: it must not pass for a
    /// failure of AWS that a state machine survives.
    Refused {
        /// What is unknown.
        reason: String,
    },
}

impl AwsError {
    /// A refusal of the request as it stands.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::Unmodelled { status: 400, message: message.into() }
    }

    /// A call that this world does not know.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into() }
    }

    /// As the state that made the call sees it.
    pub fn seen_by_state(&self, service: &str, names: ErrorNames, request: u64) -> ServiceError {
        let (prefix, own) = prefix(service, names);
        let shown = |status: u16, message: &str| {
            format!(
                "{message} (Service: {prefix}, Status Code: {status}, Request ID: {})",
                request_id(request)
            )
        };
        match self {
            Self::Modelled { name, status, message } => {
                ServiceError { name: format!("{prefix}.{name}"), cause: shown(*status, message) }
            }
            Self::Unmodelled { status, message } => {
                ServiceError { name: format!("{prefix}.{own}"), cause: shown(*status, message) }
            }
            Self::TooLarge => ServiceError {
                name: "States.DataLimitExceeded".to_owned(),
                cause: "The result has a size that exceeds the maximum number of bytes service limit."
                    .to_owned(),
            },
            Self::Refused { reason } => {
                ServiceError { name: "States.Runtime".to_owned(), cause: reason.clone() }
            }
        }
    }
}

/// The error prefix of a service and the name of its general exception.
fn prefix(service: &str, names: ErrorNames) -> (&str, &str) {
    match (service, names) {
        ("autoscaling", ErrorNames::Joined) => ("AutoScaling", "AutoScalingException"),
        ("autoscaling", ErrorNames::Spaced) => ("Auto Scaling", "AutoScalingException"),
        ("arczonalshift", _) => ("ArcZonalShift", "ArcZonalShiftException"),
        ("ec2", _) => ("Ec2", "Ec2Exception"),
        ("elasticloadbalancing", _) => ("ElasticLoadBalancing", "ElasticLoadBalancingException"),
        ("vpclattice", _) => ("VpcLattice", "VpcLatticeException"),
        ("elasticloadbalancingv2", _) => ("ElasticLoadBalancingV2", "ElasticLoadBalancingV2Exception"),
        ("dynamodb", _) => ("DynamoDb", "DynamoDbException"),
        ("sfn", _) => ("Sfn", "SfnException"),
        ("sns", _) => ("Sns", "SnsException"),
        ("lambda", _) => ("Lambda", "LambdaException"),
        (other, _) => (other, "SdkClientException"),
    }
}

/// A request id in AWS's form, from a counter.
fn request_id(request: u64) -> String {
    format!("00000000-0000-4000-8000-{request:012x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_request_carries_the_services_general_exception_and_the_text_as_cause() {
        let error = AwsError::validation("no").seen_by_state("autoscaling", ErrorNames::Joined, 10);
        assert_eq!(error.name, "AutoScaling.AutoScalingException");
        assert_eq!(
            error.cause,
            "no (Service: AutoScaling, Status Code: 400, Request ID: 00000000-0000-4000-8000-00000000000a)"
        );
    }

    #[test]
    fn the_other_spelling_changes_auto_scaling_only() {
        let contention =
            AwsError::Modelled { name: "ResourceContentionException", status: 500, message: "busy".into() };
        let name = |service| contention.seen_by_state(service, ErrorNames::Spaced, 1).name;
        assert_eq!(name("autoscaling"), "Auto Scaling.ResourceContentionException");
        assert_eq!(name("dynamodb"), "DynamoDb.ResourceContentionException");
    }

    #[test]
    fn what_the_world_does_not_know_cannot_be_caught() {
        let error = AwsError::refused("no action x").seen_by_state("ec2", ErrorNames::Joined, 1);
        assert_eq!((error.name.as_str(), error.cause.as_str()), ("States.Runtime", "no action x"));
    }
}
