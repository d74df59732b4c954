//! Every action that the world knows: one table.

use serde_json::Value;

use super::alarms::{self, Alarms};
use super::autoscaling::api;
use super::autoscaling::model::state::AutoScaling;
use super::context::Context;
use super::dynamodb::{self, Tables};
use super::errors::AwsError;
use super::executions::{self, Executions};
use super::messages::{self, Messages};
use super::record::Access::{self, Read, Write};
use super::request::Request;
use super::{ec2, load_balancing, zonal_shift};

type Answer = Result<Value, AwsError>;

/// Who performs an action, and how.
pub(crate) enum Performer {
    /// Changes groups.
    AutoScaling(fn(&mut AutoScaling, &mut Context, &Request<'_>) -> Answer),
    /// Tells of groups, instances, targets or launch templates.
    View(fn(&AutoScaling, &Request<'_>) -> Answer),
    /// Tells of alarms.
    Alarms(fn(&Alarms, &Request<'_>) -> Answer),
    /// Reads or writes items.
    Tables(fn(&mut Tables, &Request<'_>) -> Answer),
    /// Tells of executions, or asks for one.
    Executions(fn(&mut Executions, &Context, &Request<'_>) -> Answer),
    /// Sends something out.
    Messages(fn(&mut Messages, &Context, &Request<'_>) -> Answer),
}

/// An action.
pub(crate) struct Action {
    /// Step Functions' name of the service.
    pub(crate) service: &'static str,
    /// The action in camel case.
    pub(crate) name: &'static str,
    /// Whether it changes something.
    pub(crate) access: Access,
    /// Whether its answer tells of groups and their instances only, and of no time: it stays the same while they do.
    pub(crate) is_cacheable: bool,
    /// Performs it.
    pub(crate) performer: Performer,
}

const fn action(service: &'static str, name: &'static str, access: Access, performer: Performer) -> Action {
    Action { service, name, access, is_cacheable: false, performer }
}

/// A read that tells of groups and their instances only.
const fn look(
    service: &'static str,
    name: &'static str,
    answer: fn(&AutoScaling, &Request<'_>) -> Answer,
) -> Action {
    Action { service, name, access: Read, is_cacheable: true, performer: Performer::View(answer) }
}

/// A read of something that changes by itself.
const fn read(
    service: &'static str,
    name: &'static str,
    answer: fn(&AutoScaling, &Request<'_>) -> Answer,
) -> Action {
    action(service, name, Read, Performer::View(answer))
}

/// A change of a group.
const fn change(
    name: &'static str,
    answer: fn(&mut AutoScaling, &mut Context, &Request<'_>) -> Answer,
) -> Action {
    action(AUTOSCALING, name, Write, Performer::AutoScaling(answer))
}

const AUTOSCALING: &str = "autoscaling";

static ACTIONS: &[Action] = &[
    look(AUTOSCALING, "describeAutoScalingGroups", api::describe::groups),
    look(AUTOSCALING, "describeAutoScalingInstances", api::instances::describe),
    read(AUTOSCALING, "describeScalingActivities", api::activities::describe),
    read(AUTOSCALING, "describeLifecycleHooks", api::hooks::describe),
    read(AUTOSCALING, "describeWarmPool", api::warm_pool::describe),
    read(AUTOSCALING, "describeInstanceRefreshes", api::refreshes::describe),
    change("startInstanceRefresh", api::refreshes::start),
    change("cancelInstanceRefresh", api::refreshes::cancel),
    change("rollbackInstanceRefresh", api::refreshes::roll_back),
    change("updateAutoScalingGroup", api::sizes::update),
    change("setDesiredCapacity", api::sizes::set_desired),
    change("terminateInstanceInAutoScalingGroup", api::terminate::terminate),
    change("suspendProcesses", api::suspension::suspend),
    change("resumeProcesses", api::suspension::resume),
    change("setInstanceProtection", api::protection::set),
    change("putWarmPool", api::warm_pool::put),
    change("deleteWarmPool", api::warm_pool::delete),
    look("ec2", "describeInstances", ec2::describe_instances),
    look("ec2", "describeTags", ec2::describe_tags),
    read("ec2", "describeLaunchTemplates", ec2::describe_launch_templates),
    look("elasticloadbalancingv2", "describeTargetHealth", load_balancing::describe_target_health),
    read("arczonalshift", "getManagedResource", zonal_shift::get_managed_resource),
    look("elasticloadbalancing", "describeInstanceHealth", load_balancing::describe_instance_health),
    look("vpclattice", "listTargets", load_balancing::list_targets),
    action("cloudwatch", "describeAlarms", Read, Performer::Alarms(alarms::describe)),
    action("dynamodb", "getItem", Read, Performer::Tables(dynamodb::get_item)),
    action("dynamodb", "putItem", Write, Performer::Tables(dynamodb::put_item)),
    action("dynamodb", "updateItem", Write, Performer::Tables(dynamodb::update_item)),
    action("dynamodb", "deleteItem", Write, Performer::Tables(dynamodb::delete_item)),
    action("sfn", "describeExecution", Read, Performer::Executions(executions::describe)),
    action("sfn", "startExecution", Write, Performer::Executions(executions::start)),
    action("sns", "publish", Write, Performer::Messages(messages::publish)),
    action("lambda", "invoke", Write, Performer::Messages(messages::invoke)),
];

/// The action of that name.
pub(crate) fn find(service: &str, name: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.name == name && action.service == service)
}
