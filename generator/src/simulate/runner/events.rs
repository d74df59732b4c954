//! The events of a world as EventBridge delivers them to the handler.

use std::collections::BTreeMap;

use asg_recycle_handler::contract::{EMOJI, INPUT_VERSION, STRATEGY};
use serde_json::{Value, json};

use super::deployment::{ACCOUNT, REGION};
use asg_recycle_simulator::interpreter::Status;
use asg_recycle_simulator::world::World;
use asg_recycle_simulator::world::group::Group;
use asg_recycle_simulator::world::ids::{GroupIndex, InstanceId};
use asg_recycle_simulator::world::launch::{LaunchSource, LaunchTemplates, TemplateVersion};

/// An API call as CloudTrail tells of it.
fn call(id: u64, source: &str, name: &str, parameters: &Value) -> Value {
    json!({
        "id": event_id(id), "account": ACCOUNT, "region": REGION, "source": format!("aws.{source}"),
        "detail-type": "AWS API Call via CloudTrail",
        "detail": {
            "eventID": event_id(id), "eventSource": format!("{source}.amazonaws.com"), "eventName": name,
            "awsRegion": REGION, "recipientAccountId": ACCOUNT, "requestParameters": parameters,
        },
    })
}

fn event_id(id: u64) -> String {
    format!("00000000-0000-4000-9000-{id:012x}")
}

/// Somebody set what a group launches from.
pub(super) fn launch_change(id: u64, group: &Group) -> Value {
    let mut parameters = json!({"autoScalingGroupName": &*group.name});
    let spec =
        |one: &TemplateVersion| json!({"launchTemplateId": &*one.template, "version": one.version.text()});
    match &group.launch {
        LaunchSource::Template(one) => parameters["launchTemplate"] = spec(one),
        LaunchSource::Configuration(name) => parameters["launchConfigurationName"] = json!(&**name),
        LaunchSource::Mixed { template, .. } => {
            let template = json!({"launchTemplateSpecification": spec(template)});
            parameters["mixedInstancesPolicy"] = json!({"launchTemplate": template});
        }
    }
    call(id, "autoscaling", "UpdateAutoScalingGroup", &parameters)
}

/// Somebody set tags of a group, or deleted them.
pub(super) fn tag_change(id: u64, group: &str, action: &str, tags: &[(&str, &str)]) -> Value {
    let tag = |(key, value): &(&str, &str)| {
        json!({
            "resourceId": group, "resourceType": "auto-scaling-group", "key": key, "value": value,
            "propagateAtLaunch": true,
        })
    };
    let tags: Vec<Value> = tags.iter().map(tag).collect();
    call(id, "autoscaling", action, &json!({"tags": tags}))
}

fn template_change(id: u64, template: &str, action: &str, answer: Value) -> Value {
    let mut parameters = json!({});
    parameters[format!("{action}Request")] = json!({"LaunchTemplateId": template});
    let mut event = call(id, "ec2", action, &parameters);
    event["detail"]["responseElements"][format!("{action}Response")] = answer;
    event
}

/// An execution ended.
pub(super) fn status_change(
    id: u64,
    (arn, machine): (&str, &str),
    (status, redrives): (&Status, u32),
    input: &str,
) -> Value {
    let error = match status {
        Status::Failed(failure) => Some(&*failure.error),
        _ => None,
    };
    json!({
        "id": event_id(id), "account": ACCOUNT, "region": REGION, "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": {
            "executionArn": arn, "stateMachineArn": machine, "name": arn.rsplit(':').next(), "status": status.as_str(), "redriveCount": redrives,
            "input": input, "inputDetails": {"included": true}, "output": null, "error": error,
        },
    })
}

/// What an execution was started with, before the run, to recycle a group.
pub(super) fn former_input(group: &Group) -> Value {
    let strategy = tags(group).into_iter().find(|(key, _)| key == STRATEGY.key).map(|(_, strategy)| strategy);
    json!({
        "version": INPUT_VERSION, "mode": "recycle", "replace": "outdated", "strategy": strategy,
        "auto_scaling_group_name": &*group.name, "component": "webops", "account_id": ACCOUNT,
        "success_channel": "", "emoji": EMOJI, "trigger": {"event_name": "UpdateAutoScalingGroup"},
    })
}

/// AWS will retire instances.
pub(super) fn maintenance(id: u64, instances: &[u32]) -> Value {
    let entities: Vec<Value> =
        ids(instances).map(|id| json!({"entityValue": id, "status": "PENDING"})).collect();
    json!({
        "id": event_id(id), "account": ACCOUNT, "region": REGION, "source": "aws.health",
        "detail-type": "AWS Health Event", "resources": ids(instances).collect::<Vec<_>>(),
        "detail": {
            "eventArn": format!("arn:aws:health:{REGION}::event/EC2/{id}"), "service": "EC2", "statusCode": "upcoming",
            "eventTypeCode": "AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED", "eventTypeCategory": "scheduledChange",
            "communicationId": id.to_string(), "eventRegion": REGION, "affectedAccount": ACCOUNT, "affectedEntities": entities,
        },
    })
}

/// What somebody starts an execution with: to have instances replaced, where there are some, and with keys of their own.
pub(super) fn written_by_hand(group: &Group, instances: &[u32], keys: &BTreeMap<String, Value>) -> Value {
    let mut input = former_input(group);
    if !instances.is_empty() {
        input["replace"] = ids(instances).collect();
    }
    input["trigger"] = json!({"event_name": "by hand"});
    for (key, value) in keys {
        input[key] = value.clone();
    }
    if let Some(fields) = input.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    input
}

fn ids(instances: &[u32]) -> impl Iterator<Item = String> {
    instances.iter().map(|number| InstanceId(*number).to_string())
}

/// What a watch compares with.
#[derive(Clone)]
pub(super) struct ChangeDetector {
    templates: LaunchTemplates,
    groups: Vec<(LaunchSource, Vec<(String, String)>)>,
    changes_seen: usize,
}

impl ChangeDetector {
    /// Watches a world from now on.
    pub(super) fn begin(world: &World) -> Self {
        Self {
            templates: world.templates().clone(),
            groups: world.groups().map(|group| (group.launch.clone(), tags(group))).collect(),
            changes_seen: world.record().changes.len(),
        }
    }

    /// The events of what has changed since it last looked, each numbered by `next_id`.
    pub(super) fn detect(&mut self, world: &World, mut next_id: impl FnMut() -> u64) -> Vec<Value> {
        let mut events = Vec::new();
        let changes = &world.record().changes;
        let mut groups: Vec<(GroupIndex, &str)> = changes[self.changes_seen..]
            .iter()
            .map(|change| (change.group, change.event.name()))
            .filter(|(_, name)| matches!(*name, "launch_source_changed" | "changed"))
            .collect();
        self.changes_seen = changes.len();
        groups.dedup();
        let moved = self.moved_templates(world, &mut next_id);
        for (index, name) in groups {
            let Some(group) = world.group(index) else { continue };
            let (launch, known_tags) = &mut self.groups[index];
            if name == "launch_source_changed" && (*launch != group.launch || moved.is_empty()) {
                launch.clone_from(&group.launch);
                events.push(launch_change(next_id(), group));
            } else if name == "changed" {
                let now = tags(group);
                events.extend(tag_events(&group.name, known_tags, &now, &mut next_id));
                *known_tags = now;
            }
        }
        events.extend(moved);
        events
    }

    fn moved_templates(&mut self, world: &World, next_id: &mut impl FnMut() -> u64) -> Vec<Value> {
        let mut events = Vec::new();
        if self.templates == *world.templates() {
            return events;
        }
        for (id, template) in world.templates() {
            let before = self.templates.get(id);
            if before.is_some_and(|before| before.latest != template.latest) {
                let answer = json!({"launchTemplateVersion": {"versionNumber": template.latest}});
                events.push(template_change(next_id(), id, "CreateLaunchTemplateVersion", answer));
            }
            if before.is_some_and(|before| before.default != template.default) {
                let answer = json!({"launchTemplate": {"defaultVersionNumber": template.default}});
                events.push(template_change(next_id(), id, "ModifyLaunchTemplate", answer));
            }
        }
        self.templates.clone_from(world.templates());
        events
    }
}

fn tags(group: &Group) -> Vec<(String, String)> {
    group.tags.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

fn tag_events(
    group: &str,
    before: &[(String, String)],
    after: &[(String, String)],
    next_id: &mut impl FnMut() -> u64,
) -> Vec<Value> {
    fn of(tags: &[(String, String)], keep: impl Fn(&(String, String)) -> bool) -> Vec<(&str, &str)> {
        tags.iter().filter(|tag| keep(tag)).map(|(key, value)| (key.as_str(), value.as_str())).collect()
    }
    let set = of(after, |tag| !before.contains(tag));
    let deleted = of(before, |(key, _)| !after.iter().any(|(other, _)| other == key));
    let all = [("CreateOrUpdateTags", set), ("DeleteTags", deleted)];
    let changed = all.into_iter().filter(|(_, tags)| !tags.is_empty());
    changed.map(|(action, tags)| tag_change(next_id(), group, action, &tags)).collect()
}
