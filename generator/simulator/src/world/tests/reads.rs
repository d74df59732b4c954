//! The shape of what reads answer, and reads that are late.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{EXECUTION, GROUP, WorldFixture, id, round_times};
use crate::services::{ServiceCall, ServiceError, Services};
use crate::time::Span;
use crate::world::processes::Process;
use crate::world::spec::{LaunchSpec, ReadLag, TemplateVersionSpec};

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn a_group_is_described_with_the_sdks_fields_and_nothing_that_aws_leaves_out() {
    let mut fixture = WorldFixture::plain();
    let group = fixture.describe();
    assert_eq!(
        keys(&group),
        [
            "AutoScalingGroupName",
            "AutoScalingGroupARN",
            "LaunchTemplate",
            "MinSize",
            "MaxSize",
            "DesiredCapacity",
            "DefaultCooldown",
            "AvailabilityZones",
            "LoadBalancerNames",
            "TargetGroupARNs",
            "HealthCheckType",
            "HealthCheckGracePeriod",
            "Instances",
            "CreatedTime",
            "SuspendedProcesses",
            "VPCZoneIdentifier",
            "EnabledMetrics",
            "Tags",
            "TerminationPolicies",
            "NewInstancesProtectedFromScaleIn",
            "ServiceLinkedRoleARN",
            "TrafficSources",
        ]
    );
    assert_eq!(group["SuspendedProcesses"], json!([]));
    assert_eq!(group["LaunchTemplate"]["Version"], "2");
    assert_eq!(group["CreatedTime"], "2026-01-04T09:00:00.000Z");
    assert_eq!(group["Tags"][0]["Key"], "recycled");
    assert_eq!(
        group["Instances"][0],
        json!({
            "InstanceId": id(1), "InstanceType": "m6g.large", "AvailabilityZone": "eu-west-2a", "LifecycleState": "InService",
            "HealthStatus": "Healthy",
            "LaunchTemplate": {
                "LaunchTemplateId": "lt-00000000000000001", "LaunchTemplateName": "name-lt-00000000000000001", "Version": "1",
            },
            "ProtectedFromScaleIn": false,
        })
    );
}

#[test]
fn a_group_with_a_launch_configuration_has_no_template_and_neither_have_its_instances() {
    let mut fixture =
        WorldFixture::with(|group| group.launch = LaunchSpec::Configuration("webops-2".to_owned()), "");
    let group = fixture.describe();
    assert_eq!(group["LaunchConfigurationName"], "webops-2");
    assert_eq!(group["Instances"][0]["LaunchConfigurationName"], "webops-2-previous");
    assert!(group.get("LaunchTemplate").is_none() && group["Instances"][0].get("LaunchTemplate").is_none());
}

#[test]
fn latest_and_default_are_resolved_at_launch_and_instances_carry_numbers() {
    for (version, launched) in [("$Latest", "3"), ("$Default", "2")] {
        let mut fixture = WorldFixture::of(
            |spec| {
                spec.groups[0].launch = LaunchSpec::Template(TemplateVersionSpec {
                    version: version.to_owned(),
                    ..Default::default()
                });
            },
            "[{at: 0s, do: {new_template_version: {}}}]",
        );
        fixture.wait(0);
        fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 4})).expect("within the bounds");
        fixture.wait(10);
        let group = fixture.describe();
        assert_eq!(group["LaunchTemplate"]["Version"], version);
        assert_eq!(group["Instances"][3]["LaunchTemplate"]["Version"], launched);
    }
}

#[test]
fn groups_come_in_pages_and_by_tag() {
    let mut fixture = WorldFixture::of(
        |spec| {
            let group = spec.groups[0].clone();
            spec.groups = (0..60)
                .map(|n| {
                    let mut group = group.clone();
                    group.name = format!("group-{n:02}");
                    group.opted_in = (n % 2 == 0).then(|| "true".to_owned());
                    group
                })
                .collect();
        },
        "",
    );
    let first = fixture.autoscaling("describeAutoScalingGroups", &json!({})).expect("reads succeed");
    assert_eq!(first["AutoScalingGroups"].as_array().map(Vec::len), Some(50));
    let next = fixture
        .autoscaling("describeAutoScalingGroups", &json!({"NextToken": first["NextToken"]}))
        .expect("reads succeed");
    assert_eq!(next["AutoScalingGroups"][0]["AutoScalingGroupName"], "group-50");
    assert!(next.get("NextToken").is_none());
    let filters = json!([{"Name": "tag:recycled", "Values": ["true"]}]);
    let tagged = fixture
        .autoscaling("describeAutoScalingGroups", &json!({"Filters": filters, "IncludeInstances": false}));
    let tagged = tagged.expect("reads succeed");
    assert_eq!(tagged["AutoScalingGroups"].as_array().map(Vec::len), Some(30));
    assert!(tagged["AutoScalingGroups"][0].get("Instances").is_none());
    assert!(fixture.autoscaling("describeAutoScalingGroups", &json!({"MaxRecords": 101})).is_err());
    assert!(fixture.autoscaling("describeAutoScalingGroups", &json!({"NextToken": "x"})).is_err());
}

#[test]
fn a_late_read_shows_the_state_before_the_write_and_a_later_one_does_not() {
    let mut fixture = WorldFixture::of(
        |spec| {
            round_times(&mut spec.groups[0]);
            spec.read_lag = ReadLag { by: Span::seconds(5), percent: 100 };
        },
        "",
    );
    fixture.wait(100);
    fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 6})).expect("min <= max");
    assert_eq!(fixture.describe()["MinSize"], 3);
    fixture.wait(4);
    assert_eq!(fixture.describe()["DesiredCapacity"], 3);
    fixture.wait(1);
    assert_eq!(fixture.describe()["DesiredCapacity"], 6);
    fixture.terminate(&id(1), false).expect("a managed instance");
    assert_eq!(fixture.describe()["Instances"][0]["LifecycleState"], "InService");
    assert_eq!(fixture.targets()[0].1, "healthy");
    fixture.wait(5);
    assert_eq!(fixture.describe()["Instances"][0]["LifecycleState"], "Terminating");
    assert_eq!(fixture.targets()[0].1, "draining");
}

#[test]
fn standby_warm_pool_and_capacity_type_are_reported() {
    let mut fixture = WorldFixture::with(
        |group| {
            group.standby_instances = 1;
            group.warm_pool = 4;
            group.capacity_type = Some("vcpu".to_owned());
        },
        "",
    );
    let group = fixture.describe();
    assert_eq!(group["Instances"].as_array().map(Vec::len), Some(4));
    assert_eq!(group["Instances"][3]["LifecycleState"], "Standby");
    assert_eq!((&group["WarmPoolSize"], &group["DesiredCapacityType"]), (&json!(4), &json!("vcpu")));
    assert_eq!(fixture.sizes().2, 3);
    assert_eq!(fixture.targets().len(), 3);
}

#[test]
fn hooks_are_described_with_their_times() {
    let mut fixture =
        WorldFixture::with(|group| group.launch_hook = Some(super::super::spec::HookSpec::default()), "");
    let answer = fixture.on_group("describeLifecycleHooks", json!({})).expect("reads succeed");
    let hooks = answer["LifecycleHooks"].as_array().expect("a list");
    assert_eq!(hooks.len(), 1);
    assert_eq!(hooks[0]["HeartbeatTimeout"], 3600);
    assert_eq!(hooks[0]["GlobalTimeout"], 172_800);
    assert_eq!(hooks[0]["AutoScalingGroupName"], GROUP);
}

#[test]
fn a_copy_of_a_world_goes_on_by_itself() {
    let mut fixture = WorldFixture::with(round_times, "");
    fixture.wait(10);
    let copy = fixture.world.clone();
    fixture.terminate(&id(1), false).expect("a managed instance");
    fixture.wait(1000);
    assert_eq!(copy.group(0).map(|group| group.instances[0].id.0), Some(1));
    assert_eq!(copy.record().calls.len(), 0);
    assert_eq!(fixture.group().instances[0].id.0, 2);
}

fn tags(fixture: &mut WorldFixture, more: &Value) -> Result<Value, ServiceError> {
    let mut arguments = json!({"Filters": [
        {"Name": "resource-type", "Values": ["instance"]},
        {"Name": "key", "Values": ["aws:autoscaling:groupName"]},
        {"Name": "value", "Values": [GROUP]},
    ]});
    arguments.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    fixture.call("ec2", "describeTags", &arguments)
}

#[test]
fn the_tags_of_a_groups_instances_come_in_pages_terminated_ones_among_them() {
    let mut fixture = WorldFixture::with(|group| (group.desired, group.max) = (7, 7), "");
    fixture.terminate(&id(7), true).expect("it is there");
    fixture.wait(1200);
    assert_eq!(fixture.describe()["Instances"].as_array().map(Vec::len), Some(6));
    let first = tags(&mut fixture, &json!({"MaxResults": 5})).expect("a page of five");
    assert_eq!(first["Tags"].as_array().map(Vec::len), Some(5));
    assert_eq!(
        first["Tags"][0],
        json!({"Key": "aws:autoscaling:groupName", "ResourceId": id(1), "ResourceType": "instance", "Value": GROUP})
    );
    let second = tags(&mut fixture, &json!({"MaxResults": 5, "NextToken": first["NextToken"]}))
        .expect("the token of the page before");
    assert_eq!(second["Tags"].as_array().map(Vec::len), Some(2));
    assert_eq!(second.get("NextToken"), None);
    assert!(tags(&mut fixture, &json!({"MaxResults": 4})).is_err());
}

#[test]
fn the_tags_of_instances_are_those_of_their_launch() {
    let mut fixture = WorldFixture::with(
        |group| {
            group.tags.insert("release".to_owned(), "1".to_owned());
        },
        "[{at: 1s, do: {set_tag: {key: release, value: '2'}}}]",
    );
    fixture.wait(2);
    fixture.terminate(&id(3), false).expect("it is there");
    fixture.wait(600);
    let of = |ids: &[String]| json!({"Filters": [{"Name": "key", "Values": ["release"]}, {"Name": "resource-id", "Values": ids}]});
    let mut described = |arguments: &Value| fixture.call("ec2", "describeTags", arguments);
    let found = described(&of(&[id(1), id(4)])).expect("a list");
    let values: Vec<_> = found["Tags"].as_array().into_iter().flatten().map(|tag| &tag["Value"]).collect();
    assert_eq!(values, ["1", "2"]);
    let many: Vec<String> = (1..=201).map(id).collect();
    assert!(described(&of(&many)).is_err());
}

#[test]
fn instances_are_described_by_id_fifty_at_a_time_and_unknown_ones_left_out() {
    let mut fixture = WorldFixture::plain();
    let answer = fixture
        .autoscaling(
            "describeAutoScalingInstances",
            &json!({"InstanceIds": [id(2), id(99)], "MaxRecords": 50}),
        )
        .expect("an unknown id is no error");
    assert_eq!(answer["AutoScalingInstances"].as_array().map(Vec::len), Some(1));
    let one = &answer["AutoScalingInstances"][0];
    assert_eq!((&one["InstanceId"], &one["AutoScalingGroupName"]), (&json!(id(2)), &json!(GROUP)));
    assert_eq!(one["HealthStatus"], "HEALTHY");
    let page = fixture
        .autoscaling("describeAutoScalingInstances", &json!({"InstanceIds": [id(2), id(3)], "MaxRecords": 1}))
        .expect("a page of one");
    let rest = json!({"InstanceIds": [id(2), id(3)], "MaxRecords": 1, "NextToken": page["NextToken"]});
    let rest =
        fixture.autoscaling("describeAutoScalingInstances", &rest).expect("the token of the page before");
    assert_eq!(rest["AutoScalingInstances"][0]["InstanceId"], json!(id(3)));
    assert_eq!(rest.get("NextToken"), None);
    let many: Vec<String> = (1..=51).map(id).collect();
    for refused in [json!({"InstanceIds": many}), json!({"InstanceIds": []})] {
        assert!(fixture.autoscaling("describeAutoScalingInstances", &refused).is_err(), "{refused}");
    }
}

#[test]
fn an_answer_is_given_again_until_something_changes() {
    let mut fixture = WorldFixture::plain();
    let answer = |fixture: &mut WorldFixture| {
        let (arguments, now) = (json!({"AutoScalingGroupNames": [GROUP]}), fixture.world.now());
        let call = ServiceCall {
            service: "autoscaling",
            action: "describeAutoScalingGroups",
            arguments: &arguments,
            execution_arn: EXECUTION,
            now,
        };
        fixture.world.call(&call).result.expect("reads succeed")
    };
    let first = answer(&mut fixture);
    fixture.wait(60);
    assert!(Arc::ptr_eq(&first, &answer(&mut fixture)));
    fixture.terminate(&id(1), false).expect("it is there");
    let second = answer(&mut fixture);
    assert_eq!(second["AutoScalingGroups"][0]["Instances"][0]["LifecycleState"], "Terminating");
    fixture.wait(60);
    assert_ne!(second, answer(&mut fixture));
}

#[test]
fn a_suspension_says_since_when() {
    let mut fixture = WorldFixture::with(|group| group.suspended = vec![Process::Terminate], "");
    let said = |fixture: &mut WorldFixture| fixture.describe()["SuspendedProcesses"].clone();
    fixture.wait(90);
    let launch = json!({"ScalingProcesses": ["Launch"]});
    fixture.on_group("suspendProcesses", launch.clone()).expect("nothing is denied");
    let suspended = said(&mut fixture);
    let reason = |at: usize| suspended[at]["SuspensionReason"].as_str().expect("a text").to_owned();
    assert_eq!(
        (suspended[0]["ProcessName"].as_str(), &*reason(0)),
        (Some("Launch"), "User suspended at 2026-01-05T09:01:30Z")
    );
    assert!(reason(1) < reason(0), "{suspended}");
    fixture.wait(60);
    fixture.on_group("suspendProcesses", launch).expect("nothing is denied");
    assert_eq!(said(&mut fixture), suspended);
}
