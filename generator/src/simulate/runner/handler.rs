//! The handler in a simulated world: its real reading of events and its real decision, with the world's groups.

use std::collections::BTreeMap;

use asg_recycle_handler::contract::RECYCLE_ON_ASG_UPDATE;
use asg_recycle_handler::decide::{self, Decision, Skip, StartRequest, Trigger};
use asg_recycle_handler::event::{self, Cause, Subject, TemplateChange};
use asg_recycle_handler::group::{Group as Described, GroupTag, TemplateReference};
use jiff::Timestamp;
use serde_json::Value;

use super::deployment::{ACCOUNT, Deployment};
use asg_recycle_simulator::time::Moment;
use asg_recycle_simulator::world::World;
use asg_recycle_simulator::world::group::{Group, GroupPhase};
use asg_recycle_simulator::world::launch::{LaunchSource, TemplateVersion};

/// What the handler makes of an event.
pub(super) enum HandlerAnswer {
    /// It starts an execution.
    Start(Box<StartRequest>),
    /// It does nothing, for this reason.
    Skip(String),
    /// It tells people why it does nothing, and about which group, where it knows that.
    Reject {
        /// Why.
        reason: String,
        /// The group's name.
        group: Option<String>,
    },
    /// Its role does not allow what it asks for.
    Denied(String),
}

/// Hands an event to the handler; one answer for each group that the event is about.
pub(super) fn handle(deployment: &Deployment, world: &World, event: &Value) -> Vec<HandlerAnswer> {
    let settings = &deployment.handler;
    let event = match event::read(event, ACCOUNT) {
        Ok(event) => event,
        Err(malformed) => {
            return vec![HandlerAnswer::Reject { reason: malformed.to_string(), group: None }];
        }
    };
    let denied = |action: &str, resource: &str| {
        let reason = deployment.roles.as_ref()?.handler_denial(action, resource);
        reason.map(HandlerAnswer::Denied)
    };
    let looked_up = match event.subject {
        Subject::Instances(_) => denied("autoscaling:DescribeAutoScalingInstances", "*"),
        _ => None,
    };
    if let Some(denied) = looked_up {
        return vec![denied];
    }
    let causes = match event.subject {
        Subject::Causes(causes) => causes,
        Subject::Template(change) => followers(world, &change),
        Subject::Instances(ids) => match groups_of(world, &ids) {
            causes if causes.is_empty() => {
                return vec![HandlerAnswer::Skip(Skip::NoGroupOfInstances.to_string())];
            }
            causes => causes,
        },
        Subject::Nothing(nothing) => return vec![HandlerAnswer::Skip(Skip::Nothing(nothing).to_string())],
    };
    let now = timestamp(world.now());
    let decide = |cause: Cause| {
        let trigger = Trigger { source: event.source.clone(), cause };
        let name = trigger.cause.group();
        if let Some(denied) = name.and_then(|_| denied("autoscaling:DescribeAutoScalingGroups", "*")) {
            return denied;
        }
        let group = name.and_then(|name| describe(world, name));
        match decide::decide(&trigger, group.as_ref(), now, settings) {
            Decision::Start(request) => denied("states:StartExecution", &request.machine.to_string())
                .unwrap_or_else(|| HandlerAnswer::Start(Box::new(request))),
            Decision::Skip(skip) => HandlerAnswer::Skip(skip.to_string()),
            Decision::Reject(rejection) => denied("sns:Publish", &settings.topic_arn).unwrap_or_else(|| {
                HandlerAnswer::Reject { reason: rejection.reason(), group: rejection.auto_scaling_group_name }
            }),
        }
    };
    causes.into_iter().map(decide).collect()
}

fn timestamp(moment: Moment) -> Timestamp {
    let millis = i64::try_from(moment.0).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
}

/// The groups that follow a launch template.
fn followers(world: &World, change: &TemplateChange) -> Vec<Cause> {
    let groups = (0..).map_while(|index| world.group(index));
    let present =
        groups.filter(|group| group.phase == GroupPhase::Present && group.has_tag(RECYCLE_ON_ASG_UPDATE.key));
    let following = present.map(described).filter(|group| decide::follows(group, change));
    following.map(|group| Cause::Template { group: group.name, change: change.clone() }).collect()
}

/// The groups that have some of the instances.
fn groups_of(world: &World, ids: &[String]) -> Vec<Cause> {
    let groups = world.groups().filter(|group| group.phase != GroupPhase::Deleted);
    let cause = |group: &Group| {
        let theirs = ids.iter().filter(|id| group.instances.iter().any(|one| one.id.to_string() == **id));
        let instances: Vec<String> = theirs.cloned().collect();
        (!instances.is_empty()).then(|| Cause::Maintenance { group: group.name.to_string(), instances })
    };
    groups.filter_map(cause).collect()
}

fn describe(world: &World, name: &str) -> Option<Described> {
    let group = world.group(world.find_group(name)?)?;
    (group.phase != GroupPhase::Deleted).then(|| described(group))
}

fn described(group: &Group) -> Described {
    let tag = |value: &str| GroupTag { value: value.to_owned(), propagates: true };
    let tags: BTreeMap<String, GroupTag> =
        group.tags.iter().map(|(key, value)| (key.to_string(), tag(value))).collect();
    let reference = |one: &TemplateVersion| TemplateReference {
        id: Some(one.template.to_string()),
        name: None,
        version: Some(one.version.text()),
    };
    let templates = match &group.launch {
        LaunchSource::Template(one) => vec![reference(one)],
        LaunchSource::Configuration(_) => Vec::new(),
        LaunchSource::Mixed { template, overrides } => {
            let own = overrides.iter().filter_map(|one| one.template.as_ref());
            std::iter::once(template).chain(own).map(reference).collect()
        }
    };
    Described { name: group.name.to_string(), tags, templates }
}
