//! Every single failure hands back its own record and no other.

use serde_json::{Value, json};

use crate::bench::{Bench, World, group, record, update};

fn one_each(names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| record(name, &update(name, name))).collect()
}

#[test]
fn malformed_records_fail_alone() {
    let bench = Bench::with_groups(["a", "b"]);
    let records = [
        record("a", &update("a", "a")),
        json!({"messageId": "no-body"}),
        json!({"messageId": "not-json", "body": "{\"detail\": "}),
        json!({"messageId": "not-text", "body": {"detail": {}}}),
        record("no-detail", &json!({"hello": "world"})),
        record("no-group", &update("x", "")),
        record("long-name", &update("x", &"x".repeat(300))),
        record("b", &update("b", "b")),
    ];
    assert_eq!(
        bench.failures(&records),
        ["long-name", "no-body", "no-detail", "no-group", "not-json", "not-text"]
    );
    assert_eq!(bench.recycled(), ["a", "b"]);
}

#[test]
fn a_start_that_fails_or_panics_fails_alone() {
    let bench = Bench::with_groups(["a", "b", "c", "d"]).faulty(|faults| {
        faults.start.insert("b".to_owned(), "ExecutionLimitExceeded");
        faults.start_panics.insert("c".to_owned());
    });
    assert_eq!(bench.failures(&one_each(&["a", "b", "c", "d"])), ["b", "c"]);
    assert_eq!(bench.recycled(), ["a", "d"]);
    let reasons: Vec<_> = bench.lines().iter().filter(|line| line["decision"] == "fail").cloned().collect();
    assert!(reasons.iter().any(|line| line["reason"] == "panicked: ordered to panic"), "{reasons:?}");
}

#[test]
fn one_failed_group_hands_back_the_record_and_its_other_group_is_started_once() {
    let tags = json!({"detail": {"eventName": "DeleteTags", "eventID": "e-1", "requestParameters": {"tags": [
        {"resourceId": "a", "key": "release", "propagateAtLaunch": true},
        {"resourceId": "b", "key": "release", "propagateAtLaunch": true},
    ]}}});
    let failing = Bench::with_groups(["a", "b"]).faulty(|faults| {
        faults.start.insert("a".to_owned(), "ThrottlingException");
    });
    assert_eq!(failing.failures(&[record("m-1", &tags)]), ["m-1"]);
    assert_eq!(failing.recycled(), ["b"]);
    let well = Bench::with_groups(["a", "b"]);
    well.world.seen.lock().unwrap().executions = failing.world.seen.lock().unwrap().executions.clone();
    assert!(well.failures(&[record("m-1", &tags)]).is_empty());
    assert_eq!(well.recycled(), ["a", "b"]);
}

#[test]
fn a_failed_description_fails_the_records_that_need_it() {
    let names: Vec<String> = (0..60).map(|number| format!("g-{number:02}")).collect();
    let bench = Bench::with_groups(names.iter().map(String::as_str)).faulty(|faults| {
        faults.describe.insert("g-55".to_owned(), "Throttling");
    });
    let records: Vec<_> = names.iter().map(|name| record(name, &update(name, name))).collect();
    assert_eq!(bench.failures(&records), names[50..]);
    assert_eq!(bench.recycled(), names[..50]);
}

#[test]
fn a_description_that_panics_fails_the_records_that_need_it() {
    let bench = Bench::with_groups(["a"]).faulty(|faults| {
        faults.describe_panics.insert("a".to_owned());
    });
    let restore = json!({"detail": {
        "executionArn": "arn:x", "status": "FAILED", "input": "{\"auto_scaling_group_name\": \"a\"}",
        "stateMachineArn": "arn:aws:states:eu-west-2:123456789012:stateMachine:asg-recycle-test",
    }});
    let records = [record("a", &update("a", "a")), record("restore", &restore)];
    assert_eq!(bench.failures(&records), ["a"]);
    assert_eq!(bench.recycled(), ["a"], "the restore");
}

#[test]
fn a_name_that_aws_refuses_does_not_fail_the_others() {
    let bench = Bench::with_groups(["a", "b"]).faulty(|faults| {
        faults.describe.insert("refused".to_owned(), "ValidationError");
    });
    assert_eq!(bench.failures(&one_each(&["a", "refused", "b"])), ["refused"]);
    assert_eq!(bench.recycled(), ["a", "b"]);
    assert_eq!(bench.world.seen.lock().unwrap().descriptions.len(), 4);
}

#[test]
fn a_failed_listing_fails_the_template_events_only() {
    let bench = Bench::with_groups(["a"]).faulty(|faults| faults.listing = true);
    let template = json!({"detail": {
        "eventName": "ModifyLaunchTemplate", "requestParameters": {"launchTemplateName": "web"},
    }});
    assert_eq!(bench.failures(&[record("t", &template), record("a", &update("a", "a"))]), ["t"]);
    assert_eq!(bench.recycled(), ["a"]);
}

#[test]
fn a_fault_that_cannot_be_published_comes_again() {
    let groups = ["a", "b"]
        .map(|name| (name.to_owned(), group(name, if name == "a" { "nonsense" } else { "out-in" })));
    let bench = Bench::with(World { groups: groups.into(), ..World::default() })
        .faulty(|faults| faults.publish = true);
    assert_eq!(bench.failures(&one_each(&["a", "b"])), ["a"]);
    assert_eq!(bench.recycled(), ["b"]);
}

#[test]
fn what_is_not_done_in_time_is_handed_back() {
    let names: Vec<String> = (0..20).map(|number| format!("g-{number:02}")).collect();
    let bench = Bench::with_groups(names.iter().map(String::as_str)).faulty(|faults| {
        faults.start_hangs.extend(["g-03".to_owned(), "g-07".to_owned()]);
    });
    let records: Vec<_> = names.iter().map(|name| record(name, &update(name, name))).collect();
    assert_eq!(bench.failures(&records), ["g-03", "g-07"]);
    assert_eq!(bench.recycled().len(), 18);
}

#[test]
fn when_every_slot_hangs_all_the_rest_is_handed_back() {
    let names: Vec<String> = (0..20).map(|number| format!("g-{number:02}")).collect();
    let bench = Bench::with_groups(names.iter().map(String::as_str)).faulty(|faults| {
        faults.start_hangs.extend(names[..10].iter().cloned());
    });
    let records: Vec<_> = names.iter().map(|name| record(name, &update(name, name))).collect();
    assert_eq!(bench.failures(&records), names);
    assert!(bench.recycled().is_empty());
}

#[test]
fn a_description_that_hangs_until_the_deadline_hands_all_back() {
    let bench = Bench::with_groups(["a", "b"]).faulty(|faults| {
        faults.describe_hangs.insert("b".to_owned());
    });
    assert_eq!(bench.failures(&one_each(&["a", "b"])), ["a", "b"]);
    assert!(bench.recycled().is_empty());
}

#[test]
fn a_failed_record_without_an_id_hands_back_the_whole_batch() {
    for broken in [json!({"body": "{"}), json!({"messageId": "", "body": "{"}), json!(null), json!(7)] {
        let bench = Bench::with_groups(["a"]);
        let error =
            bench.invoke(json!({"Records": [record("a", &update("a", "a")), broken]})).expect_err("an error");
        assert_eq!(error.to_string(), "1 failed records have no message id; the whole batch is handed back");
        assert_eq!(error.kind(), "RecordsWithoutId");
        assert_eq!(bench.recycled(), ["a"], "its redelivery starts nothing again");
    }
}

#[test]
fn a_record_without_an_id_that_is_done_needs_none() {
    let bench = Bench::with_groups(["a"]);
    let anonymous = json!({"body": update("a", "a").to_string()});
    assert_eq!(bench.failures(&[anonymous, json!({"messageId": "m-2", "body": "{"})]), ["m-2"]);
    assert_eq!(bench.recycled(), ["a"]);
}
