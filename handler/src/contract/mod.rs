//! The words that the handler, the generator and the state machine share: tag keys, environment variables, the
//! execution input and the API calls the handler makes. Every other place reads them from here.

mod tags;
mod variables;
mod input;

pub use input::*;
pub use tags::*;
pub use variables::*;

/// An AWS API call that the handler makes, as IAM spells it. The role's permissions are computed from these.
pub const API_CALLS: &[&str] = &[
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeAutoScalingInstances",
    "sns:Publish",
    "states:StartExecution",
];
