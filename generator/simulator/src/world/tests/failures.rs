//! Launches that fail, and calls that do.

use serde_json::json;

use super::{WorldFixture, id, round_times, text};
use crate::services::{ServiceCall, Services as _};
use crate::time::Span;

#[test]
fn a_launch_without_capacity_becomes_a_failed_activity_with_awss_message_and_is_tried_again() {
    let mut fixture = WorldFixture::with(round_times, "[{at: 0s, do: {fail_launches: {for: 100s}}}]");
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 4})).expect("within the bounds");
    fixture.wait(10);
    let from = json!([{"Name": "Status", "Values": ["Failed"]}]);
    let answer =
        fixture.on_group("describeScalingActivities", json!({"Filters": from})).expect("reads succeed");
    let failed = &answer["Activities"][0];
    assert_eq!(failed["StatusCode"], "Failed");
    assert!(
        failed["StatusMessage"].as_str().is_some_and(|text| text.contains("sufficient m6g.large capacity")),
        "{failed}"
    );
    assert!(failed["EndTime"].is_string() && failed["ActivityId"].is_string());
    fixture.wait(60);
    assert_eq!(fixture.count("launch_failed"), 2);
    fixture.wait(400);
    assert_eq!(fixture.in_service(), 4);
}

#[test]
fn when_one_zone_has_no_capacity_the_others_are_used() {
    let mut fixture = WorldFixture::with(
        |group| {
            round_times(group);
            group.max = 9;
        },
        "[{at: 0s, do: {fail_launches: {zone: eu-west-2a}}}]",
    );
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 6})).expect("within the bounds");
    fixture.wait(10);
    assert_eq!(fixture.zones()[0], 1);
    assert_eq!(fixture.zones().iter().sum::<u32>(), 6);
}

#[test]
fn activities_are_listed_newest_first_and_filtered_by_their_start() {
    let mut fixture = WorldFixture::with(round_times, "");
    fixture.terminate(&id(1), false).expect("a managed instance");
    fixture.wait(30);
    let bound = fixture.world.now().to_string();
    fixture.wait(30);
    fixture.terminate(&id(2), false).expect("a managed instance");
    let all = fixture.on_group("describeScalingActivities", json!({})).expect("reads succeed");
    let all = all["Activities"].as_array().expect("a list").clone();
    assert_eq!(all.len(), 3);
    assert_eq!(all[0]["Description"], format!("Terminating EC2 instance: {}", id(2)));
    assert_eq!(all[0]["StatusCode"], "WaitingForELBConnectionDraining");
    let filter = json!([{"Name": "StartTimeLowerBound", "Values": [bound]}]);
    let late =
        fixture.on_group("describeScalingActivities", json!({"Filters": filter})).expect("reads succeed");
    assert_eq!(late["Activities"].as_array().map(Vec::len), Some(1));
}

#[test]
fn activities_are_told_for_six_weeks() {
    let mut fixture = WorldFixture::with(round_times, "");
    fixture.terminate(&id(1), false).expect("a managed instance");
    let mut told_after = |days: u64| {
        fixture.wait(days * 24 * 3600);
        let answer = fixture.on_group("describeScalingActivities", json!({})).expect("reads succeed");
        answer["Activities"].as_array().map(Vec::len)
    };
    assert_eq!(told_after(41), Some(2));
    assert_eq!(told_after(2), Some(0));
}

#[test]
fn the_nth_call_of_an_action_can_fail_and_changes_nothing() {
    let events = "[{at: 0s, do: {fail_calls: {action: setDesiredCapacity, nth: 2, count: 1}}}]";
    let mut fixture = WorldFixture::with(|_| {}, events);
    fixture.wait(0);
    assert!(fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 4})).is_ok());
    let error =
        fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 5})).expect_err("the second");
    assert_eq!((error.name.as_str(), text(&error)), ("AutoScaling.AutoScalingException", "Rate exceeded"));
    assert_eq!(fixture.sizes().2, 4);
    assert!(fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 5})).is_ok());
}

#[test]
fn a_lost_answer_is_an_error_whose_change_is_made() {
    let events =
        "[{at: 0s, do: {fail_calls: {action: setDesiredCapacity, count: 1, error: internal, change: made}}}]";
    let mut fixture = WorldFixture::with(|_| {}, events);
    fixture.wait(0);
    let error = fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 5})).expect_err("lost");
    assert!(error.cause.contains("Status Code: 500"), "{error:?}");
    assert_eq!(fixture.sizes().2, 5);
    assert!(fixture.world.record().calls[0].lost);
}

#[test]
fn errors_have_the_names_that_their_services_give_them() {
    for (error, service, name) in [
        ("resource_contention", "autoscaling", "AutoScaling.ResourceContentionException"),
        ("scaling_activity_in_progress", "autoscaling", "AutoScaling.ScalingActivityInProgressException"),
        ("throttling", "dynamodb", "DynamoDb.DynamoDbException"),
        ("internal", "ec2", "Ec2.Ec2Exception"),
        ("access_denied", "autoscaling", "AutoScaling.AutoScalingException"),
        ("no_answer", "sfn", "Sfn.SdkClientException"),
        ("not_yet_there", "sfn", "Sfn.ExecutionDoesNotExistException"),
    ] {
        let mut fixture =
            WorldFixture::with(|_| {}, &format!("[{{at: 0s, do: {{fail_calls: {{error: {error}}}}}}}]"));
        fixture.wait(0);
        let (action, arguments) = match service {
            "autoscaling" => ("describeAutoScalingGroups", json!({})),
            "dynamodb" => ("getItem", json!({})),
            "ec2" => ("describeInstances", json!({})),
            _ => ("describeExecution", json!({})),
        };
        assert_eq!(fixture.call(service, action, &arguments).expect_err(error).name, name);
    }
}

#[test]
fn faults_can_be_limited_to_a_time_a_kind_of_call_and_a_share() {
    let events = "[{at: 10s, do: {fail_calls: {access: read, for: 20s}}}]";
    let mut fixture = WorldFixture::with(|_| {}, events);
    let mut reads = |seconds| {
        fixture.wait(seconds);
        let write = fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 4}));
        assert!(write.is_ok());
        fixture.autoscaling("describeAutoScalingGroups", &json!({})).is_ok()
    };
    assert_eq!([reads(5), reads(5), reads(15), reads(5)], [true, false, false, true]);
    let mut fixture = WorldFixture::with(|_| {}, "[{at: 0s, do: {fail_calls: {percent: 30}}}]");
    fixture.wait(0);
    let failed =
        (0..1000).filter(|_| fixture.autoscaling("describeAutoScalingGroups", &json!({})).is_err()).count();
    assert!((230..370).contains(&failed), "{failed}");
}

#[test]
fn an_answer_that_does_not_come_takes_longer_than_any_task_waits() {
    let mut fixture =
        WorldFixture::with(|_| {}, "[{at: 0s, do: {fail_calls: {error: no_answer, count: 1}}}]");
    fixture.wait(0);
    let now = fixture.world.now();
    let arguments = json!({});
    let call = ServiceCall {
        service: "autoscaling",
        action: "describeAutoScalingGroups",
        arguments: &arguments,
        execution_arn: super::EXECUTION,
        now,
    };
    assert!(fixture.world.call(&call).latency > Span::seconds(60));
    assert_eq!(fixture.world.call(&call).latency, Span(100));
}

#[test]
fn a_late_answer_is_one_and_what_was_asked_for_is_done_at_once() {
    let mut fixture = WorldFixture::with(
        |_| {},
        "[{at: 0s, do: {fail_calls: {access: write, nth: 2, count: 1, takes: 40s}}}]",
    );
    fixture.wait(0);
    let mut latency = |desired: u32| {
        let arguments = json!({"AutoScalingGroupName": &*fixture.group().name, "DesiredCapacity": desired});
        let now = fixture.world.now();
        let call = ServiceCall {
            service: "autoscaling",
            action: "setDesiredCapacity",
            arguments: &arguments,
            execution_arn: super::EXECUTION,
            now,
        };
        let answer = fixture.world.call(&call);
        (answer.result.is_ok(), answer.latency, fixture.group().sizes.desired)
    };
    assert_eq!(latency(4), (true, Span(100), 4));
    assert_eq!(latency(5), (true, Span(40_100), 5));
    assert_eq!(latency(4), (true, Span(100), 4));
}

#[test]
fn an_activity_says_from_which_capacity_the_group_was_changed() {
    let mut fixture = WorldFixture::with(
        |group| {
            group.min = 1;
            group.max = 12;
        },
        "[{at: 1s, do: {scaling_policy: {by: 2}}}]",
    );
    fixture.wait(1);
    fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 6})).expect("it is within its bounds");
    fixture.wait(60);
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 7})).expect("it is within its bounds");
    fixture.wait(60);
    let answer = fixture.on_group("describeScalingActivities", json!({})).expect("reads succeed");
    let cause = |at: usize| answer["Activities"][at]["Cause"].as_str().unwrap_or_default().to_owned();
    assert!(cause(0).contains(
        "a user request explicitly set group desired capacity changing the desired capacity from 6 to 7."
    ));
    let first = cause(1);
    let by_policy = first.find("triggered policy scale changing the desired capacity from 3 to 5.");
    let by_update = first.find(
        "a user request update of AutoScalingGroup constraints to min: 6, max: 12, desired: 6 changing the desired capacity from 5 to 6.",
    );
    assert!(by_policy.is_some() && by_policy < by_update, "{first}");
}

#[test]
fn a_launch_that_fails_says_what_it_was_for_and_the_next_what_was_asked_for_meanwhile() {
    let mut fixture =
        WorldFixture::with(|group| group.max = 12, "[{at: 0s, do: {fail_launches: {for: 150s}}}]");
    let said = |fixture: &mut WorldFixture, text: &str| {
        let answer = fixture.on_group("describeScalingActivities", json!({})).expect("reads succeed");
        let all = answer["Activities"].as_array().cloned().unwrap_or_default();
        let told = all.iter().filter(|one| one["Cause"].as_str().is_some_and(|cause| cause.contains(text)));
        told.map(|one| one["StatusCode"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    fixture.wait(1);
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 4})).expect("it is within its bounds");
    fixture.wait(40);
    assert_eq!(said(&mut fixture, "changing the desired capacity from 3 to 4."), ["Failed"]);
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 5})).expect("it is within its bounds");
    fixture.wait(5);
    assert_eq!(said(&mut fixture, "changing the desired capacity from 4 to 5."), Vec::<String>::new());
    fixture.wait(600);
    let later = said(&mut fixture, "changing the desired capacity from 4 to 5.");
    assert!(!later.is_empty(), "{later:?}");
}
