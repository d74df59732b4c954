//! Why a call to AWS came to nothing, and what to do.

use serde_json::{Value, json};

use crate::names::regions;

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum AwsError {
    /// Nobody says which region.
    #[error("no region is set: write `--region REGION`, or set `AWS_REGION`")]
    NoRegion,
    /// What was given as the region is no name of one.
    #[error("`{region}` cannot be the name of a region{}", meant(region))]
    RegionName {
        /// What was given.
        region: String,
    },
    /// There is no such region: AWS had none, and the network finds no host of it.
    #[error(
        "AWS had no region `{region}` on {}, and no host `{host}` is found{}",
        regions::LISTED_ON,
        meant(region)
    )]
    NoSuchRegion {
        /// What was given.
        region: String,
        /// The host that was looked for.
        host: String,
    },
    /// What was given as the place of the services is no URL.
    #[error("`{url}` cannot be where services are: {reason}; write a URL, such as `http://localhost:4566`")]
    EndpointUrl {
        /// What was given.
        url: String,
        /// Why not.
        reason: String,
    },
    /// The profile that was asked for is not there, or takes what is not followed here.
    #[error("the profile `{profile}` cannot be used: {reason}")]
    Profile {
        /// Its name.
        profile: String,
        /// Why not, and what to write instead.
        reason: String,
    },
    /// No credentials could be found, or they could not be used.
    #[error(
        "there are no credentials: {reason}; set `AWS_PROFILE` or `--profile`, or put them into the environment with \
             `eval \"$(aws configure export-credentials --format env)\"`"
    )]
    Credentials {
        /// What the chain of providers says.
        reason: String,
    },
    /// AWS does not take the credentials.
    #[error(
        "AWS does not take these credentials for {action}: {code}: {message}; get new ones, e.g. with `aws sso login`"
    )]
    NotAccepted {
        /// As IAM spells it.
        action: String,
        /// As the service spells it.
        code: String,
        /// What the service says.
        message: String,
    },
    /// The clock of this machine is off, so that no signature is taken.
    #[error("AWS does not take the time of this machine for {action}: {message}; set its clock right")]
    Clock {
        /// As IAM spells it.
        action: String,
        /// What the service says.
        message: String,
    },
    /// The caller may not make the call.
    #[error(
        "{action} is denied: {message}\nthis statement allows it:\n{}\n`asg-recycle operator-policy` prints all that the commands need which operate a stack",
        statement(action, resource, condition)
    )]
    Denied {
        /// As IAM spells it.
        action: String,
        /// What it would touch.
        resource: String,
        /// What the statement that allows it asks besides; null where that is nothing.
        condition: Value,
        /// What the service says.
        message: String,
    },
    /// AWS throttled every attempt.
    #[error("AWS throttles {action}, {attempts} times in a row: {message}; try again in a minute")]
    Throttled {
        /// As IAM spells it.
        action: String,
        /// How often it was asked.
        attempts: u32,
        /// What the service says.
        message: String,
    },
    /// The service refuses the call.
    #[error("{action} is refused: {code}: {message}")]
    Refused {
        /// As IAM spells it.
        action: String,
        /// As the service spells it.
        code: String,
        /// What the service says.
        message: String,
    },
    /// The service fails, every attempt.
    #[error("{action} fails at AWS: {code}: {message}; try again in a minute")]
    Failing {
        /// As IAM spells it.
        action: String,
        /// As the service spells it.
        code: String,
        /// What the service says.
        message: String,
    },
    /// Nothing answers.
    #[error("cannot reach {endpoint} for {action}: {reason}; {}", way_there(endpoint))]
    Unreachable {
        /// As IAM spells it.
        action: String,
        /// Where the service was looked for.
        endpoint: String,
        /// What the network says.
        reason: String,
    },
    /// The answer is not one.
    #[error("the answer to {action} cannot be read: {reason}")]
    Unreadable {
        /// As IAM spells it.
        action: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl AwsError {
    /// Whether what was asked for is at fault, and nobody at AWS.
    pub fn is_of_the_asker(&self) -> bool {
        let is_region = matches!(self, Self::NoRegion | Self::RegionName { .. } | Self::NoSuchRegion { .. });
        is_region || matches!(self, Self::Profile { .. } | Self::EndpointUrl { .. })
    }

    /// Whether asking again later may help, with no more than time gone by.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Throttled { .. } | Self::Failing { .. } | Self::Unreachable { .. })
    }

    /// Whether the call may have been carried out all the same: no answer came, or none that tells.
    pub fn may_be_done(&self) -> bool {
        matches!(self, Self::Failing { .. } | Self::Unreachable { .. } | Self::Unreadable { .. })
    }

    /// The same, with what a statement that allows the call asks besides.
    #[must_use]
    pub fn limited_by(self, asked: Option<Value>) -> Self {
        match (self, asked) {
            (Self::Denied { action, resource, message, .. }, Some(condition)) => {
                Self::Denied { action, resource, condition, message }
            }
            (error, _) => error,
        }
    }

    /// Whether the service says that what the call is about does not exist (fact G1).
    pub fn is_gone(&self) -> bool {
        const CODES: &[&str] = &[
            "ResourceNotFoundException",
            "StateMachineDoesNotExist",
            "QueueDoesNotExist",
            "AWS.SimpleQueueService.NonExistentQueue",
            "NoSuchEntity",
            "NoSuchEntityException",
            "NotFound",
            "NotFoundException",
        ];
        CODES.iter().any(|code| self.is(code))
    }

    /// Whether the service refused the call with this code, whatever stands before it.
    pub fn is(&self, code: &str) -> bool {
        matches!(self, Self::Refused { code: said, .. } if said == code)
    }
}

/// The question after a region that was probably meant; nothing where none is near.
fn meant(region: &str) -> String {
    regions::meant(region).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default()
}

/// A statement of a policy that allows one action.
fn statement(action: &str, resource: &str, condition: &Value) -> String {
    let mut statement: Value = json!({"Effect": "Allow", "Action": action, "Resource": resource});
    if !condition.is_null() {
        statement["Condition"] = condition.clone();
    }
    format!("{statement:#}")
}

/// What whoever cannot reach an endpoint looks at first.
fn way_there(endpoint: &str) -> &'static str {
    if endpoint.contains(".amazonaws.com") || endpoint.contains(".api.aws") {
        "is this machine on the network, and may it connect to AWS?"
    } else {
        "is what `--endpoint-url`, or `AWS_ENDPOINT_URL`, names right, and does it run?"
    }
}

/// Whether a signature is refused for its time, and not for its credentials.
pub(super) fn is_of_the_clock(code: &str, message: &str) -> bool {
    let is_said = |part: &&str| message.contains(*part);
    ["RequestExpired", "RequestTimeTooSkewed"].contains(&code)
        || ["Signature expired", "Signature not yet current"].iter().any(is_said)
}

/// What kind of refusal a code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Throttled,
    Failing,
    Denied,
    NotAccepted,
    Other,
}

/// The kind of a refusal, by its status and its code as the service spells it.
pub(super) fn kind(status: u16, code: &str) -> Kind {
    const THROTTLED: &[&str] = &[
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "BandwidthLimitExceeded",
        "SlowDown",
    ];
    const DENIED: &[&str] = &[
        "AccessDenied",
        "AccessDeniedException",
        "UnauthorizedOperation",
        "AuthorizationError",
        "AuthFailure",
    ];
    const NOT_ACCEPTED: &[&str] = &[
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "InvalidAccessKeyId",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    ];
    match code {
        _ if THROTTLED.contains(&code) || status == 429 => Kind::Throttled,
        _ if DENIED.contains(&code) => Kind::Denied,
        _ if NOT_ACCEPTED.contains(&code) => Kind::NotAccepted,
        _ if status >= 500 => Kind::Failing,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_cannot_be_reached_is_told_with_what_to_look_at() {
        let of = |endpoint: &str| {
            let (action, reason) = ("s3:GetObject".to_owned(), "nothing listens there".to_owned());
            AwsError::Unreachable { action, endpoint: endpoint.to_owned(), reason }.to_string()
        };
        let ours = of("http://127.0.0.1:1");
        assert!(ours.contains("nothing listens there; is what `--endpoint-url`"), "{ours}");
        let of_aws = of("https://s3.cn-north-1.amazonaws.com.cn");
        assert!(of_aws.contains("is this machine on the network"), "{of_aws}");
    }

    #[test]
    fn a_clock_that_is_off_is_told_from_credentials_that_are_not_taken() {
        let expired = "Signature expired: 20260105T090000Z is now earlier than 20260105T091000Z";
        assert!(is_of_the_clock("SignatureDoesNotMatch", expired));
        assert!(is_of_the_clock("InvalidSignatureException", "Signature not yet current: 20260105T090000Z"));
        assert!(is_of_the_clock("RequestExpired", ""));
        assert!(!is_of_the_clock("ExpiredToken", "The security token included in the request is expired"));
    }
}
