//! What the role of a function that is in a VPC may do besides.

use super::policy::Statement;
use super::value::Value;
use crate::names;

/// What Lambda asks of the role of a function that is in a VPC.
const INTERFACES: &[&str] = &[
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
];

/// Lambda makes the network interfaces of a function by the function's role. What the function runs may not use that.
pub(super) fn attach() -> [Statement; 2] {
    let of = |statement: Statement| statement.actions(INTERFACES.iter().copied()).resources(["*".into()]);
    let own = |rest: &str| {
        let name = Value::prefixed(names::FUNCTION.suffix);
        Value::regional_arn("lambda", ["function:".into(), name, rest.into()])
    };
    // Whether the ARN of a version that runs is qualified is not documented.
    let running = Value::list([own(""), own(":*")]);
    [
        of(Statement::allow("AttachNetwork"))
            .because("Lambda makes and removes the function's network interfaces in its name: where `network` is given, and for a version after."),
        of(Statement::deny("DenyNetworkToCode"))
            .condition("ArnLike", "lambda:SourceFunctionArn", running)
            .because("What the function runs may not make network interfaces itself."),
    ]
}
