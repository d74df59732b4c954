//! What AWS rejects, with its names and texts.

use serde_json::{Value, json};

use super::{WorldFixture, id, text};
use crate::world::errors::ErrorNames;

/// What the role of the machine allows: groups with the tag may be suspended and terminated in.
const CHANGES_OPTED_IN: &str = r#"{"Statement": [{
    "Sid": "Change", "Effect": "Allow", "Resource": "arn:aws:autoscaling:*:autoScalingGroupName/*",
    "Action": ["autoscaling:SuspendProcesses", "autoscaling:TerminateInstanceInAutoScalingGroup"],
    "Condition": {"Null": {"aws:ResourceTag/recycled": "false"}}
}]}"#;

/// Calls on a group of 3 to 6 with 3 desired, and what AWS says.
#[test]
fn sizes_out_of_bounds_are_refused_with_awss_words() {
    let cases: [(&str, Value, &str); 5] = [
        (
            "setDesiredCapacity",
            json!({"DesiredCapacity": 7}),
            "New SetDesiredCapacity value 7 is above max value 6 for the AutoScalingGroup.",
        ),
        (
            "setDesiredCapacity",
            json!({"DesiredCapacity": 2}),
            "New SetDesiredCapacity value 2 is below min value 3 for the AutoScalingGroup.",
        ),
        (
            "updateAutoScalingGroup",
            json!({"DesiredCapacity": 7}),
            "Desired capacity:7 must be between the specified min size:3 and max size:6",
        ),
        (
            "updateAutoScalingGroup",
            json!({"MinSize": 4, "DesiredCapacity": 3}),
            "Desired capacity:3 must be between the specified min size:4 and max size:6",
        ),
        (
            "updateAutoScalingGroup",
            json!({"MinSize": 7}),
            "Max bound, 6, must be greater than or equal to min bound, 7",
        ),
    ];
    for (action, arguments, expected) in cases {
        let mut fixture = WorldFixture::plain();
        let error = fixture.on_group(action, arguments).expect_err(expected);
        assert_eq!(error.name, "AutoScaling.AutoScalingException");
        assert_eq!(text(&error), expected);
        assert!(error.cause.contains("(Service: AutoScaling, Status Code: 400, Request ID: "), "{error:?}");
        assert_eq!(fixture.sizes(), (3, 6, 3), "{action} changed something");
    }
}

#[test]
fn a_minimum_above_the_desired_capacity_raises_it_and_a_maximum_below_lowers_it() {
    let mut fixture = WorldFixture::plain();
    fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 8, "MaxSize": 8})).expect("min <= max");
    assert_eq!(fixture.sizes(), (8, 8, 8));
    fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 1, "MaxSize": 2})).expect("min <= max");
    assert_eq!(fixture.sizes(), (1, 2, 2));
    fixture.on_group("updateAutoScalingGroup", json!({"MaxSize": 9})).expect("min <= max");
    assert_eq!(fixture.sizes(), (1, 9, 2));
}

#[test]
fn a_termination_with_decrement_at_the_minimum_is_refused() {
    let mut fixture = WorldFixture::plain();
    let error = fixture.terminate(&id(1), true).expect_err("desired equals min");
    assert_eq!(
        text(&error),
        "Currently, desiredSize equals minSize (3). Terminating instance without replacement will violate group's min \
         size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size."
    );
    assert_eq!(fixture.states(), ["InService"; 3]);
}

#[test]
fn an_unknown_instance_is_refused_and_so_is_one_that_has_left() {
    let mut fixture = WorldFixture::plain();
    let error = fixture.terminate("i-0123456789abcdef0", false).expect_err("nobody's instance");
    assert_eq!(
        text(&error),
        "Instance Id not found - No managed instance found for instance ID: i-0123456789abcdef0"
    );
    fixture.terminate(&id(1), false).expect("a managed instance");
    fixture.wait(1000);
    let error = fixture.terminate(&id(1), false).expect_err("it has left");
    assert!(text(&error).starts_with("Instance Id not found"), "{error:?}");
}

#[test]
fn an_unknown_group_is_an_error_for_changes_and_an_empty_list_for_reads() {
    let mut fixture = WorldFixture::plain();
    for action in [
        "updateAutoScalingGroup",
        "suspendProcesses",
        "describeScalingActivities",
        "describeInstanceRefreshes",
    ] {
        let error = fixture.autoscaling(action, &json!({"AutoScalingGroupName": "gone"})).expect_err(action);
        assert_eq!(text(&error), "AutoScalingGroup name not found - AutoScalingGroup 'gone' not found");
    }
    let answer =
        fixture.autoscaling("describeAutoScalingGroups", &json!({"AutoScalingGroupNames": ["gone"]}));
    assert_eq!(answer, Ok(json!({"AutoScalingGroups": []})));
}

#[test]
fn a_group_without_the_tag_may_not_be_changed_and_one_whose_tag_says_false_may() {
    let mut fixture = WorldFixture::with(|group| group.opted_in = None, "");
    fixture.of_machine(CHANGES_OPTED_IN);
    let error =
        fixture.on_group("suspendProcesses", json!({"ScalingProcesses": ["Launch"]})).expect_err("no tag");
    assert!(error.cause.contains("is not authorized to perform: autoscaling:SuspendProcesses"), "{error:?}");
    assert!(error.cause.contains("Status Code: 403"), "{error:?}");
    let error = fixture.terminate(&id(1), false).expect_err("no tag");
    assert!(error.cause.contains("is not authorized"), "{error:?}");
    assert_eq!(fixture.world.record().denials, [""; 0], "the owner of the group said so");
    let mut fixture = WorldFixture::with(|group| group.opted_in = Some("false".to_owned()), "");
    fixture.of_machine(CHANGES_OPTED_IN);
    assert!(fixture.on_group("suspendProcesses", json!({"ScalingProcesses": ["Launch"]})).is_ok());
}

#[test]
fn a_call_that_no_statement_is_about_is_refused_recorded_and_makes_no_change() {
    let mut fixture = WorldFixture::plain();
    fixture.of_machine(CHANGES_OPTED_IN);
    let error =
        fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 4})).expect_err("not allowed");
    assert!(error.cause.contains("perform: autoscaling:SetDesiredCapacity"), "{error:?}");
    assert_eq!(fixture.group().sizes.desired, 3);
    for (service, action, arguments, resource) in [
        (
            "dynamodb",
            "getItem",
            json!({"TableName": "recycles"}),
            "arn:aws:dynamodb:eu-west-2:123456789012:table/recycles",
        ),
        ("sns", "publish", json!({"TopicArn": "arn:t"}), "arn:t"),
        ("sfn", "describeExecution", json!({"ExecutionArn": "arn:e"}), "arn:e"),
        ("lambda", "invoke", json!({"FunctionName": "arn:f"}), "arn:f"),
        ("vpclattice", "listTargets", json!({"TargetGroupIdentifier": "arn:g"}), "arn:g"),
        ("autoscaling", "describeAutoScalingGroups", json!({}), "*"),
    ] {
        let error = fixture.call(service, action, &arguments).expect_err(action);
        assert!(error.cause.contains("is not authorized"), "{error:?}");
        let denials = &fixture.world.record().denials;
        assert!(denials.last().is_some_and(|last| last.ends_with(&format!(" on {resource}"))), "{denials:?}");
    }
    let answered = fixture.call("sfn", "describeExecution", &json!({"ExecutionArn": "no-arn"}));
    assert!(
        answered.expect_err("no ARN").cause.contains("Invalid Arn"),
        "what names nothing gets the service's own refusal"
    );
}

#[test]
fn suspending_an_empty_list_suspends_everything_and_so_does_no_list() {
    for arguments in [json!({"ScalingProcesses": []}), json!({})] {
        let mut fixture = WorldFixture::plain();
        fixture.on_group("suspendProcesses", arguments).expect("AWS takes it");
        assert_eq!(fixture.group().suspended.len(), 9);
    }
    let mut fixture = WorldFixture::plain();
    let error =
        fixture.on_group("suspendProcesses", json!({"ScalingProcesses": ["Lunch"]})).expect_err("no process");
    assert!(text(&error).contains("Lunch"), "{error:?}");
}

#[test]
fn a_group_that_is_being_deleted_may_not_be_changed_and_says_so_in_reads() {
    let mut fixture = WorldFixture::with(|_| {}, "[{at: 1s, do: delete_group}]");
    fixture.wait(1);
    let error =
        fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 1})).expect_err("pending delete");
    assert_eq!(text(&error), "The AutoScaling group may not be modified while it is pending delete");
    assert_eq!(fixture.describe()["Status"], "Delete in progress");
    fixture.wait(1000);
    let answer = fixture.autoscaling("describeAutoScalingGroups", &json!({}));
    assert_eq!(answer, Ok(json!({"AutoScalingGroups": []})));
    assert_eq!(fixture.events().last(), Some(&"deleted"));
}

#[test]
fn the_launch_source_may_not_change_under_a_refresh_with_a_desired_configuration() {
    let start =
        "[{at: 0s, do: {start_instance_refresh: {desired_configuration: {template: {version: '1'}}}}}]";
    let mut fixture = WorldFixture::with(|_| {}, start);
    fixture.wait(1);
    let template = json!({"LaunchTemplate": {"LaunchTemplateId": "lt-00000000000000001", "Version": "1"}});
    let error =
        fixture.on_group("updateAutoScalingGroup", template.clone()).expect_err("a refresh is active");
    assert!(
        text(&error).starts_with("An active instance refresh with a desired configuration exists."),
        "{error:?}"
    );
    assert!(fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 4})).is_ok());
    let mut fixture = WorldFixture::plain();
    assert!(fixture.on_group("updateAutoScalingGroup", template).is_ok());
}

#[test]
fn batches_above_awss_limits_are_refused() {
    let mut fixture = WorldFixture::with(|group| (group.max, group.desired) = (200, 120), "");
    let ids = |n: u32| (1..=n).map(id).collect::<Vec<_>>();
    let protect = |n| json!({"InstanceIds": ids(n), "ProtectedFromScaleIn": true});
    let error = fixture.on_group("setInstanceProtection", protect(51)).expect_err("51");
    assert_eq!(error.name, "AutoScaling.LimitExceededException");
    assert!(fixture.on_group("setInstanceProtection", protect(50)).is_ok());
    assert!(fixture.group().instances[49].protected && !fixture.group().instances[50].protected);
    let terminate = |n| json!({"InstanceIds": ids(n), "ShouldDecrementDesiredCapacity": true});
    let error = fixture.on_group("terminateInstanceInAutoScalingGroup", terminate(101)).expect_err("101");
    assert!(text(&error).contains("less than or equal to 100"), "{error:?}");
    let answer = fixture.on_group("terminateInstanceInAutoScalingGroup", terminate(100)).expect("100");
    assert_eq!(answer["Activities"].as_array().map(Vec::len), Some(100));
    assert_eq!(fixture.sizes().2, 20);
}

#[test]
fn a_batch_with_one_unknown_instance_changes_nothing() {
    let mut fixture = WorldFixture::with(|group| group.min = 0, "");
    let arguments = json!({"InstanceIds": [id(1), id(99)], "ShouldDecrementDesiredCapacity": true});
    assert!(fixture.on_group("terminateInstanceInAutoScalingGroup", arguments).is_err());
    assert_eq!((fixture.states(), fixture.sizes().2), (vec!["InService"; 3], 3));
}

#[test]
fn the_other_spelling_of_error_names_can_be_had() {
    let mut fixture = WorldFixture::of(|spec| spec.error_names = ErrorNames::Spaced, "");
    let error = fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 7})).expect_err("above max");
    assert_eq!(error.name, "Auto Scaling.AutoScalingException");
}

#[test]
fn what_the_world_does_not_know_is_refused_by_name_and_makes_the_run_void() {
    let mut fixture = WorldFixture::plain();
    let error = fixture.autoscaling("attachInstances", &json!({})).expect_err("unknown");
    assert_eq!(error.name, "States.Runtime");
    assert_eq!(error.cause, "the modelled world has no action autoscaling:attachInstances");
    let error =
        fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": "3"})).expect_err("no number");
    assert_eq!(error.name, "States.Runtime");
    let error = fixture.on_group("setDesiredCapacity", json!({"DesiredCapacty": 3})).expect_err("misspelt");
    assert!(error.cause.contains("has no argument DesiredCapacty"), "{error:?}");
    assert_eq!(fixture.world.record().refusals.len(), 3);
}

#[test]
fn an_operator_alone_may_change_its_group_and_a_zonal_shift_is_told_of() {
    let mut fixture = WorldFixture::with(|group| group.operator = Some("eks.amazonaws.com".to_owned()), "");
    assert_eq!(fixture.describe()["Operator"]["Principal"], "eks.amazonaws.com");
    let error =
        fixture.on_group("updateAutoScalingGroup", json!({"MaxSize": 9})).expect_err("not the operator");
    assert!(error.cause.contains("is not authorized to perform"), "{error:?}");

    let mut fixture = WorldFixture::with(|group| group.shifted_away_from = Some("eu-west-2b".to_owned()), "");
    let arn = fixture.describe()["AutoScalingGroupARN"].clone();
    let resource = json!({"ResourceIdentifier": arn});
    let answer = fixture.call("arczonalshift", "getManagedResource", &resource).expect("it is managed");
    assert_eq!(answer["ZonalShifts"][0]["AwayFrom"], "eu-west-2b");
    let error =
        WorldFixture::plain().call("arczonalshift", "getManagedResource", &resource).expect_err("it is not");
    assert_eq!(error.name, "ArcZonalShift.ResourceNotFoundException");
}
