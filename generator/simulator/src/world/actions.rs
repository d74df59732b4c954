//! Every action that the world knows: one table.

use std::sync::Arc;

use serde_json::Value;

use crate::time::Moment;

use super::World;
use super::errors::AwsError;
use super::record::Access::{self, Read, Write};
use super::{autoscaling, dynamodb, ec2, executions, load_balancer, messages};

/// A call, as its action sees it.
#[derive(Debug)]
pub(super) struct Request<'a> {
    /// The action's name.
    pub(super) action: &'static str,
    /// The arguments.
    pub(super) arguments: &'a Value,
    /// The execution that calls.
    pub(super) execution: Arc<str>,
    /// The moment whose state a read shows; earlier than now where the read is late.
    pub(super) seen_at: Moment,
}

/// An action.
pub(super) struct Action {
    /// Step Functions' name of the service.
    pub(super) service: &'static str,
    /// The action in camel case.
    pub(super) name: &'static str,
    /// Whether it changes something.
    pub(super) access: Access,
    /// Whether its answer tells of groups and their instances only, and of no time: it stays the same while they do.
    pub(super) stays: bool,
    /// Performs it.
    pub(super) answer: fn(&mut World, &Request<'_>) -> Result<Value, AwsError>,
}

const fn action(
    service: &'static str,
    name: &'static str,
    access: Access,
    answer: fn(&mut World, &Request<'_>) -> Result<Value, AwsError>,
) -> Action {
    Action { service, name, access, stays: false, answer }
}

/// A read that tells of groups and their instances only.
const fn look(
    service: &'static str,
    name: &'static str,
    answer: fn(&mut World, &Request<'_>) -> Result<Value, AwsError>,
) -> Action {
    Action { service, name, access: Read, stays: true, answer }
}

const AUTOSCALING: &str = "autoscaling";

static ACTIONS: &[Action] = &[
    look(AUTOSCALING, "describeAutoScalingGroups", autoscaling::describe::groups),
    look(AUTOSCALING, "describeAutoScalingInstances", autoscaling::instances::describe),
    look(AUTOSCALING, "describeScalingActivities", autoscaling::activities::describe),
    action(AUTOSCALING, "describeLifecycleHooks", Read, autoscaling::hooks::describe),
    action(AUTOSCALING, "describeInstanceRefreshes", Read, autoscaling::refreshes::describe),
    action(AUTOSCALING, "startInstanceRefresh", Write, autoscaling::refreshes::start),
    action(AUTOSCALING, "cancelInstanceRefresh", Write, autoscaling::refreshes::cancel),
    action(AUTOSCALING, "rollbackInstanceRefresh", Write, autoscaling::refreshes::roll_back),
    action(AUTOSCALING, "updateAutoScalingGroup", Write, autoscaling::sizes::update),
    action(AUTOSCALING, "setDesiredCapacity", Write, autoscaling::sizes::set_desired),
    action(AUTOSCALING, "terminateInstanceInAutoScalingGroup", Write, autoscaling::terminate::terminate),
    action(AUTOSCALING, "suspendProcesses", Write, autoscaling::suspension::suspend),
    action(AUTOSCALING, "resumeProcesses", Write, autoscaling::suspension::resume),
    action(AUTOSCALING, "setInstanceProtection", Write, autoscaling::protection::set),
    look("ec2", "describeInstances", ec2::describe_instances),
    look("ec2", "describeTags", ec2::describe_tags),
    action("ec2", "describeLaunchTemplates", Read, ec2::describe_launch_templates),
    look("elasticloadbalancingv2", "describeTargetHealth", load_balancer::describe_target_health),
    action("dynamodb", "getItem", Read, dynamodb::get_item),
    action("dynamodb", "putItem", Write, dynamodb::put_item),
    action("dynamodb", "updateItem", Write, dynamodb::update_item),
    action("dynamodb", "deleteItem", Write, dynamodb::delete_item),
    action("sfn", "describeExecution", Read, executions::describe),
    action("sfn", "startExecution", Write, executions::start),
    action("sns", "publish", Write, messages::publish),
    action("lambda", "invoke", Write, messages::invoke),
];

/// The action of that name.
pub(super) fn find(service: &str, name: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.name == name && action.service == service)
}
