//! The EventBridge rules: which events reach the queue.

use serde::Serialize;

use super::value::{DEAD_LETTERS_QUEUE, EVENTS_QUEUE, MACHINE, Resource, Value};
use crate::config::{Config, TagChanges};
use crate::names;

/// A rule on the default bus and its one target, the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventRule {
    /// Its label among the rules.
    pub label: &'static str,
    /// Its name, unique on the account's default bus.
    pub name: Value,
    /// What it selects, as EventBridge's console shows it.
    pub description: &'static str,
    /// The event pattern; at most 2,048 characters as compact JSON.
    pub pattern: Value,
    /// Where the events go.
    pub target: RuleTarget,
}

/// The target of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleTarget {
    /// Its identity within the rule.
    pub id: &'static str,
    /// ARN of the queue that gets the events.
    pub arn: Value,
    /// ARN of the queue that gets what could not be delivered.
    pub dead_letter_arn: Value,
    /// Attempts at delivery, 0 to 185.
    pub retry_attempts_max: u32,
    /// Age at which an event is given up, 60 to 86,400.
    pub event_age_seconds_max: u32,
}

impl EventRule {
    /// The rule as something to refer to.
    pub fn resource(&self) -> Resource {
        Resource::rule(self.label)
    }
}

const CLOUD_TRAIL: &str = "AWS API Call via CloudTrail";

/// The rules that `stack.yaml` asks for.
pub(super) fn rules(config: &Config) -> Vec<EventRule> {
    let mut rules = vec![EventRule {
        label: "changes",
        name: Value::prefixed(names::CHANGES_RULE.suffix),
        description: "Changes of an Auto Scaling group that may call for a recycle",
        pattern: changes(config.trigger.tag_changes),
        target: target(),
    }];
    if config.trigger.launch_template_versions {
        rules.push(EventRule {
            label: "templates",
            name: Value::prefixed(names::TEMPLATES_RULE.suffix),
            description: "New and newly default versions of launch templates, for groups that follow them",
            pattern: templates(),
            target: target(),
        });
    }
    if config.trigger.scheduled_maintenance {
        rules.push(EventRule {
            label: "maintenance",
            name: Value::prefixed(names::MAINTENANCE_RULE.suffix),
            description: "Instances that AWS will retire or maintain, as AWS Health tells of them",
            pattern: maintenance(),
            target: target(),
        });
    }
    rules.push(EventRule {
        label: "executions",
        name: Value::prefixed(names::EXECUTIONS_RULE.suffix),
        description: "Recycles that ended without putting back what they changed",
        pattern: executions(),
        target: target(),
    });
    rules
}

fn target() -> RuleTarget {
    RuleTarget {
        id: "events-queue",
        arn: EVENTS_QUEUE.arn(),
        dead_letter_arn: DEAD_LETTERS_QUEUE.arn(),
        retry_attempts_max: 185,
        event_age_seconds_max: 86_400,
    }
}

/// `exists` works on leaves only (fact E1), so a changed launch source is recognised by the leaves it may carry. Calls
/// that only change sizes, such as the state machine's own, carry none of them.
fn changes(tag_changes: TagChanges) -> Value {
    let specification = ["mixedInstancesPolicy", "launchTemplate", "launchTemplateSpecification"];
    let in_specification = |leaf| [&specification[..], &[leaf]].concat();
    let in_override =
        |leaf: &[&'static str]| [&["mixedInstancesPolicy", "launchTemplate", "overrides"], leaf].concat();
    let launch_sources = [
        vec!["launchTemplate", "launchTemplateId"],
        vec!["launchTemplate", "launchTemplateName"],
        vec!["launchConfigurationName"],
        in_specification("launchTemplateId"),
        in_specification("launchTemplateName"),
        vec!["mixedInstancesPolicy", "launchTemplate", "overrides", "instanceType"],
        in_override(&["launchTemplateSpecification", "launchTemplateId"]),
        in_override(&["launchTemplateSpecification", "launchTemplateName"]),
        in_override(&["instanceRequirements", "vCpuCount", "min"]), // AWS asks for it with any requirements
    ];
    let mut either: Vec<Value> = launch_sources.iter().map(|path| update_with(path)).collect();
    if tag_changes != TagChanges::None {
        either.push(Value::map([("eventName", Value::list(["CreateOrUpdateTags", "DeleteTags"]))]));
    }
    api_call("aws.autoscaling", [("$or", Value::List(either))])
}

fn update_with(leaf: &[&str]) -> Value {
    let present = Value::list([Value::map([("exists", true)])]);
    let parameters = leaf.iter().rev().fold(present, |inner, name| Value::map([(*name, inner)]));
    Value::map([("eventName", Value::list(["UpdateAutoScalingGroup"])), ("requestParameters", parameters)])
}

fn templates() -> Value {
    let calls = Value::list(["CreateLaunchTemplateVersion", "ModifyLaunchTemplate"]);
    api_call("aws.ec2", [("eventName", calls)])
}

/// A call that succeeded: CloudTrail records the failed ones too.
fn api_call(source: &str, detail: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let succeeded = ("errorCode", Value::list([Value::map([("exists", false)])]));
    Value::map([
        ("source", Value::list([source])),
        ("detail-type", Value::list([CLOUD_TRAIL])),
        ("detail", Value::map([succeeded].into_iter().chain(detail))),
    ])
}

/// Every scheduled change of EC2's: the handler finds out which concern instances of groups (fact E7).
fn maintenance() -> Value {
    let detail = [("service", Value::list(["EC2"])), ("eventTypeCategory", Value::list(["scheduledChange"]))];
    Value::map([
        ("source", Value::list(["aws.health"])),
        ("detail-type", Value::list(["AWS Health Event"])),
        ("detail", Value::map(detail)),
    ])
}

/// No `Catch` runs when an execution is stopped or times out, so those are cleaned up after from outside.
fn executions() -> Value {
    let detail = [
        ("stateMachineArn", Value::list([MACHINE.arn()])),
        ("status", Value::list(["ABORTED", "FAILED", "TIMED_OUT"])),
    ];
    Value::map([
        ("source", Value::list(["aws.states"])),
        ("detail-type", Value::list(["Step Functions Execution Status Change"])),
        ("detail", Value::map(detail)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(tag_changes: TagChanges, launch_template_versions: bool) -> Vec<EventRule> {
        let mut config = Config::with_defaults("demo".parse().unwrap());
        config.trigger.tag_changes = tag_changes;
        config.trigger.launch_template_versions = launch_template_versions;
        rules(&config)
    }

    fn labels(rules: &[EventRule]) -> Vec<&str> {
        rules.iter().map(|rule| rule.label).collect()
    }

    #[test]
    fn launch_template_versions_are_followed_on_request_only() {
        assert_eq!(labels(&with(TagChanges::All, false)), ["changes", "maintenance", "executions"]);
        assert_eq!(
            labels(&with(TagChanges::All, true)),
            ["changes", "templates", "maintenance", "executions"]
        );
    }

    /// A launch may be changed by an override alone, which carries a template or requirements and no type.
    #[test]
    fn changes_of_overrides_alone_are_followed() {
        let pattern = serde_json::to_string(&with(TagChanges::None, false)[0]).unwrap();
        for leaf in ["instanceType", "launchTemplateId", "launchTemplateName", "instanceRequirements"] {
            let found = pattern
                .split("overrides")
                .skip(1)
                .any(|rest| rest.split("exists").next().is_some_and(|path| path.contains(leaf)));
            assert!(found, "{leaf}: {pattern}");
        }
    }

    #[test]
    fn maintenance_is_followed_unless_it_is_not_wanted() {
        let mut config = Config::with_defaults("demo".parse().unwrap());
        config.trigger.scheduled_maintenance = false;
        assert_eq!(labels(&rules(&config)), ["changes", "executions"]);
    }

    #[test]
    fn tag_changes_are_left_out_when_none_of_them_counts() {
        let mentions_tags = |rules: Vec<EventRule>| format!("{:?}", rules[0].pattern).contains("DeleteTags");
        assert!(mentions_tags(with(TagChanges::Propagated, false)));
        assert!(mentions_tags(with(TagChanges::All, false)));
        assert!(!mentions_tags(with(TagChanges::None, false)));
    }
}
