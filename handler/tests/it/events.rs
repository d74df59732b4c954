//! Every kind of event, as AWS writes it, and what is decided about it.

use asg_recycle_handler::contract::{ExecutionInput, Mode, Replace};
use serde_json::{Value, json};

use crate::bench::{Bench, record};

const MACHINE: &str = "arn:aws:states:eu-west-2:123456789012:execution:asg-recycle-test:";

fn event(file: &str) -> Value {
    let path = format!("{}/../templates/events/{file}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(&path).expect(&path)).expect(&path)
}

/// The decisions, each as `decision group: reason`.
fn decisions(file: &str) -> Vec<String> {
    let bench =
        Bench::with_groups(["api-asg-1", "web-asg-1"]).with_member("i-0123456789abcdef0", "web-asg-1");
    let answer = bench.invoke(event(file)).expect("an answer");
    let line = |item: &Value| {
        let text = |key: &str| item[key].as_str().unwrap_or("-").to_owned();
        format!("{} {}: {}", text("decision"), text("group"), text("reason"))
    };
    answer["decisions"].as_array().expect("decisions").iter().map(line).collect()
}

#[test]
fn each_event_leads_to_its_decision() {
    let cases: &[(&str, &[&str])] = &[
        ("update-launch-template", &["start web-asg-1: recycle with out-in after UpdateAutoScalingGroup"]),
        (
            "update-launch-configuration",
            &["start web-asg-1: recycle with out-in after UpdateAutoScalingGroup"],
        ),
        ("update-mixed-instances", &["start web-asg-1: recycle with out-in after UpdateAutoScalingGroup"]),
        ("update-sizes", &["skip -: the update changes no launch source"]),
        ("update-denied", &["skip -: the call failed with AccessDenied"]),
        ("update-own-role", &["skip web-asg-1: the call was made by one of this stack's own roles"]),
        (
            "create-tags-two-groups",
            &[
                "start api-asg-1: recycle with out-in after CreateOrUpdateTags",
                "start web-asg-1: recycle with out-in after CreateOrUpdateTags",
            ],
        ),
        (
            "create-tags-not-propagated",
            &["skip web-asg-1: the tags that changed do not count (`TAG_CHANGES`)"],
        ),
        ("delete-tags", &["start web-asg-1: recycle with out-in after DeleteTags"]),
        (
            "create-template-version",
            &[
                "start api-asg-1: recycle with out-in after CreateLaunchTemplateVersion",
                "start web-asg-1: recycle with out-in after CreateLaunchTemplateVersion",
            ],
        ),
        ("modify-template-default", &["skip -: no group with the opt-in tag follows the launch template"]),
        ("minimal", &["start web-asg-1: recycle with out-in after UpdateAutoScalingGroup"]),
        (
            "maintenance-scheduled",
            &["start web-asg-1: recycle with out-in after AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED"],
        ),
        ("execution-timed-out", &["start -: restore with out-in after TIMED_OUT"]),
        ("execution-aborted", &["start -: restore with out-in after ABORTED"]),
        ("execution-failed", &["start -: restore with out-in after FAILED"]),
    ];
    for (file, expected) in cases {
        assert_eq!(decisions(file), *expected, "{file}");
    }
    let folder = format!("{}/../templates/events", env!("CARGO_MANIFEST_DIR"));
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), cases.len(), "an event file without a case");
}

#[test]
fn queued_and_direct_events_start_the_same_execution() {
    for file in ["update-launch-template", "create-tags-two-groups", "minimal", "execution-timed-out"] {
        let (direct, queued) =
            (Bench::with_groups(["api-asg-1", "web-asg-1"]), Bench::with_groups(["api-asg-1", "web-asg-1"]));
        direct.invoke(event(file)).expect("an answer");
        assert!(queued.failures(&[record("m-1", &event(file))]).is_empty());
        let executions = |bench: &Bench| bench.world.seen.lock().unwrap().executions.clone();
        assert_eq!(executions(&direct), executions(&queued), "{file}");
        assert!(!executions(&direct).is_empty(), "{file}");
    }
}

#[test]
fn every_input_is_of_the_contracts_type() {
    for (file, mode, replace) in [
        ("update-launch-template", Mode::Recycle, Replace::Outdated),
        ("create-template-version", Mode::Recycle, Replace::Outdated),
        ("delete-tags", Mode::Recycle, Replace::Outdated),
        ("minimal", Mode::Recycle, Replace::Outdated),
        ("maintenance-scheduled", Mode::Recycle, Replace::Named(vec!["i-0123456789abcdef0".to_owned()])),
        ("execution-timed-out", Mode::Restore, Replace::Outdated),
    ] {
        let bench = Bench::with_groups(["web-asg-1"]).with_member("i-0123456789abcdef0", "web-asg-1");
        bench.invoke(event(file)).expect("an answer");
        let seen = bench.world.seen.lock().unwrap();
        let input = seen.executions.values().next().expect("an execution");
        let typed: ExecutionInput = serde_json::from_value(input.clone()).expect("the contract's input");
        assert_eq!((typed.mode, &typed.replace), (mode, &replace), "{file}");
        assert_eq!(json!(typed), *input, "{file} holds more than the contract");
    }
}

/// Maintenance of these instances, with its status.
fn maintenance(ids: &[&str], status: &str) -> Value {
    let mut event = event("maintenance-scheduled");
    event["detail"]["statusCode"] = json!(status);
    event["detail"]["affectedEntities"] = ids.iter().map(|id| json!({"entityValue": id})).collect();
    event
}

#[test]
fn maintenance_replaces_the_instances_of_each_group_that_opted_in_and_no_others() {
    let ids: Vec<String> = (0..60).map(|number| format!("i-{number:017x}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let bench = Bench::with_groups(["api-asg-1", "web-asg-1"])
        .with_member(ids[0], "web-asg-1")
        .with_member(ids[1], "a-group-that-did-not-opt-in")
        .with_member(ids[58], "api-asg-1")
        .with_member(ids[59], "web-asg-1");
    bench.invoke(maintenance(&ids, "upcoming")).expect("an answer");
    let seen = bench.world.seen.lock().unwrap();
    let mut started: Vec<_> = seen
        .executions
        .values()
        .map(|input| (input["auto_scaling_group_name"].clone(), input["replace"].clone()))
        .collect();
    started.sort_by_key(|(group, _)| group.to_string());
    let expected = [(json!("api-asg-1"), json!([ids[58]])), (json!("web-asg-1"), json!([ids[0], ids[59]]))];
    assert_eq!(started, expected);
}

#[test]
fn maintenance_that_asks_for_nothing_starts_nothing() {
    let bench = Bench::with_groups(["web-asg-1"]).with_member("i-00000000000000001", "web-asg-1");
    let mut elsewhere = maintenance(&["i-00000000000000001"], "upcoming");
    elsewhere["detail"]["eventRegion"] = json!("us-west-2");
    for (event, reason) in [
        (
            maintenance(&["i-00000000000000001"], "closed"),
            "what AWS Health tells of is over, or was called off",
        ),
        (maintenance(&["vol-00000001"], "upcoming"), "what AWS Health tells of concerns no instance"),
        (
            maintenance(&["i-00000000000000002"], "upcoming"),
            "none of the instances is in an Auto Scaling group",
        ),
        (elsewhere, "the event is about another account or region than this stack's"),
    ] {
        let answer = bench.invoke(event).expect("an answer");
        assert_eq!(answer["decisions"][0]["reason"], reason);
    }
    assert!(bench.world.seen.lock().unwrap().executions.is_empty());
}

#[test]
fn instances_that_cannot_be_described_hand_back_their_record_and_no_other() {
    let bench = Bench::with_groups(["web-asg-1"]).faulty(|faults| faults.instances = true);
    let records = [
        record("m-1", &maintenance(&["i-00000000000000001"], "upcoming")),
        record("m-2", &event("update-launch-template")),
    ];
    assert_eq!(bench.failures(&records), ["m-1"]);
    assert_eq!(bench.recycled(), ["web-asg-1"]);
}

#[test]
fn a_direct_invocation_is_told_what_was_started() {
    let bench = Bench::with_groups(["web-asg-1"]);
    let answer = bench.invoke(event("minimal")).expect("an answer");
    let arn = answer["decisions"][0]["execution_arn"].as_str().expect("an ARN");
    let name = arn.strip_prefix(MACHINE).expect("an execution of the machine");
    assert!(bench.world.seen.lock().unwrap().executions.contains_key(name), "{name}");
    assert_eq!(answer["decisions"][0]["component"], "web");
}

#[test]
fn a_direct_invocation_that_fails_is_an_error() {
    let bench = Bench::with_groups(["web-asg-1"]).faulty(|faults| {
        faults.start.insert("web-asg-1".to_owned(), "ThrottlingException");
    });
    let error = bench.invoke(event("minimal")).expect_err("an error").to_string();
    assert_eq!(error, "states:StartExecution failed: ThrottlingException: as ordered");
    for (payload, expected) in [
        (json!({}), "the event has no `detail`"),
        (json!([]), "expected an EventBridge event or {\"Records\": [...]}"),
        (json!({"Records": "none"}), "expected an EventBridge event or {\"Records\": [...]}"),
        (Value::Null, "expected an EventBridge event or {\"Records\": [...]}"),
    ] {
        assert_eq!(bench.invoke(payload).expect_err("an error").to_string(), expected);
    }
}
