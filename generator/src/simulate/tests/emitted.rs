//! The emitted machine itself.

use super::*;
use crate::asl::{self, Placeholder};
use crate::config::Config;

pub(super) fn emitted() -> Machine {
    emitted_of(&Config::with_defaults("asg-recycle".parse().unwrap()))
}

pub(super) fn emitted_of(config: &Config) -> Machine {
    let text = asl::build(config).expect("it builds").definition;
    let values = [
        (Placeholder::Environment, "production"),
        (Placeholder::LockTableName, "locks"),
        (Placeholder::NotifierFunctionArn, ""),
        (Placeholder::RunbookUrl, ""),
        (Placeholder::TopicArn, "arn:aws:sns:eu-west-1:123456789012:recycle"),
    ];
    let values =
        values.map(|(placeholder, value)| (placeholder.as_str().to_owned(), value.to_owned())).into();
    Machine::load(&text, &values).unwrap_or_else(|error| panic!("{error}"))
}

pub(super) fn group(version: &str) -> Value {
    json!({"AutoScalingGroups": [{
        "AutoScalingGroupName": "web-asg", "MinSize": 1, "MaxSize": 2, "DesiredCapacity": 1, "DefaultCooldown": 300,
        "HealthCheckType": "EC2", "AvailabilityZones": ["eu-west-1a"], "SuspendedProcesses": [], "TargetGroupARNs": [],
        "TrafficSources": [], "Tags": [{"Key": "autorecycle_recycle_on_asg_update", "Value": "true"}],
        "LaunchTemplate": {"LaunchTemplateId": "lt-1", "LaunchTemplateName": "web", "Version": "2"},
        "Instances": [{
            "InstanceId": "i-1", "InstanceType": "t3.small", "AvailabilityZone": "eu-west-1a",
            "LifecycleState": "InService", "HealthStatus": "Healthy", "ProtectedFromScaleIn": false,
            "LaunchTemplate": {"LaunchTemplateId": "lt-1", "LaunchTemplateName": "web", "Version": version},
        }],
    }]})
}

pub(super) fn input() -> Value {
    json!({
        "version": 1, "auto_scaling_group_name": "web-asg", "component": "web", "strategy": "out-in",
        "mode": "recycle", "replace": "outdated", "account_id": "123456789012",
    })
}

fn run_emitted(group: Value) -> Ran {
    let answers = [
        ("describeAutoScalingGroups", ok(group)),
        ("describeInstanceRefreshes", ok(json!({"InstanceRefreshes": []}))),
        ("describeScalingActivities", ok(json!({"Activities": []}))),
    ];
    let answers = answers.map(|(action, answer)| (action.to_owned(), [answer].into())).into();
    run_machine(&emitted(), input(), Script { answers, ..Script::default() })
}

#[test]
fn a_group_without_old_instances_is_up_to_date() {
    let ran = run_emitted(group("2"));
    assert_eq!(ran.output()["outcome"], "up_to_date", "{:?}", ran.states());
    let mutated = ran.script.calls.iter().any(|(_, action, _)| action.starts_with("setDesired"));
    assert!(!mutated);
}

#[test]
fn an_input_of_a_version_that_is_not_known_ends_before_the_lock_and_is_announced() {
    let mut newer = input();
    newer["version"] = json!(2);
    let ran = run_machine(&emitted(), newer, Script::default());
    let (error, cause) = ran.failure();
    assert_eq!(error, "Recycle.UnknownInput");
    assert!(cause.contains("this is one of version 2"), "{cause}");
    let called: Vec<_> = ran.script.calls.iter().map(|(_, action, _)| action.as_str()).collect();
    assert_eq!(called, ["publish"]);
}

#[test]
fn a_group_with_an_old_instance_is_locked_before_anything_is_changed() {
    let ran = run_emitted(group("1"));
    let first = |wanted: &str| ran.script.calls.iter().position(|(_, action, _)| action == wanted);
    let locked = first("putItem").or(first("updateItem")).expect("the lock is written");
    let changed =
        first("setDesiredCapacity").or(first("updateAutoScalingGroup")).expect("the group is changed");
    assert!(locked < changed, "{:?}", ran.script.calls);
}

/// Calls that read and of whose answer nobody catches that it is too large, which `States.ALL` does not.
fn uncaught_reads(states: &Value, caught_outside: bool, found: &mut Vec<String>) {
    for (name, state) in states.as_object().into_iter().flatten() {
        let catchers = state["Catch"].as_array().into_iter().flatten();
        let caught = catchers.flat_map(|one| one["ErrorEquals"].as_array().into_iter().flatten());
        let caught = caught.into_iter().any(|error| error == "States.DataLimitExceeded");
        let action = state["Resource"].as_str().and_then(|resource| resource.rsplit(':').next());
        let reads = action.is_some_and(|action| action.starts_with("describe") || action.starts_with("list"));
        if reads && !caught && !caught_outside {
            found.push(name.clone());
        }
        let inner = &state["ItemProcessor"];
        let distributed = inner["ProcessorConfig"]["Mode"] == "DISTRIBUTED";
        uncaught_reads(&inner["States"], caught && !distributed, found);
    }
}

#[test]
fn an_answer_that_is_too_large_ends_no_recycle_uncaught() {
    let stack = Config::with_defaults("asg-recycle".parse().unwrap());
    let definition: Value = serde_json::from_str(&asl::build(&stack).expect("it builds").definition).unwrap();
    let mut found = Vec::new();
    uncaught_reads(&definition["States"], false, &mut found);
    assert_eq!(found, Vec::<String>::new());
    let bare = json!({"A": {"Resource": "arn:aws:states:::aws-sdk:ec2:describeTags", "Catch": [{"ErrorEquals": ["States.ALL"]}]}});
    uncaught_reads(&bare, false, &mut found);
    assert_eq!(found, ["A"], "and it would be found");
}
