//! What a batch asks of AWS, and what it does about groups that are at fault.

use std::collections::BTreeMap;

use asg_recycle_handler::group::GroupTag;
use asg_recycle_handler::ports::CALLS_MAX;
use serde_json::{Value, json};

use crate::bench::{Bench, World, group, record, update};

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("web-asg-{number:03}")).collect()
}

fn template_event(event_id: &str) -> Value {
    json!({"detail": {
        "eventName": "CreateLaunchTemplateVersion", "eventID": event_id,
        "requestParameters": {"CreateLaunchTemplateVersionRequest": {"LaunchTemplateName": "web"}},
    }})
}

#[test]
fn an_empty_batch_is_answered_exactly() {
    let bench = Bench::with_groups([]);
    assert_eq!(bench.invoke(json!({"Records": []})), Ok(json!({"batchItemFailures": []})));
}

#[test]
fn a_hundred_and_twenty_groups_are_described_in_three_calls_and_started_a_few_at_a_time() {
    let names = names(120);
    let bench = Bench::with_groups(names.iter().map(String::as_str));
    let records: Vec<_> = names.iter().map(|name| record(name, &update(name, name))).collect();
    assert!(bench.failures(&records).is_empty());
    assert_eq!(bench.recycled(), names);
    let seen = bench.world.seen.lock().unwrap();
    assert_eq!(seen.descriptions.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 20]);
    assert_eq!((seen.listings, seen.starting_max), (0, CALLS_MAX));
}

#[test]
fn one_group_changed_twice_is_described_once_and_recycled_for_each_change() {
    let bench = Bench::with_groups(["web-asg-1"]);
    let records = [record("m-1", &update("e-1", "web-asg-1")), record("m-2", &update("e-2", "web-asg-1"))];
    assert!(bench.failures(&records).is_empty());
    assert_eq!(bench.recycled(), ["web-asg-1", "web-asg-1"]);
    assert_eq!(bench.world.seen.lock().unwrap().descriptions, [["web-asg-1"]]);
}

#[test]
fn the_same_event_a_hundred_times_starts_one_recycle() {
    let bench = Bench::with_groups(["web-asg-1"]);
    for _ in 0..10 {
        let records: Vec<_> =
            (0..10).map(|number| record(&format!("m-{number}"), &update("e-1", "web-asg-1"))).collect();
        assert!(bench.failures(&records).is_empty());
    }
    assert_eq!(bench.recycled(), ["web-asg-1"]);
    let skips = bench.lines().iter().filter(|line| line["decision"] == "skip").count();
    assert_eq!(skips, 99);
}

#[test]
fn an_event_that_is_skipped_unseen_asks_nothing_of_aws() {
    let bench = Bench::with_groups(["web-asg-1"]);
    let mut own = update("e-1", "web-asg-1");
    own["detail"]["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] =
        json!("arn:aws:iam::123456789012:role/asg-recycle-test-machine");
    let mut own_template = template_event("e-2");
    own_template["detail"]["userIdentity"] = own["detail"]["userIdentity"].clone();
    let mut elsewhere = update("e-3", "web-asg-1");
    elsewhere["account"] = json!("999999999999");
    assert!(
        bench
            .failures(&[record("m-1", &own), record("m-2", &own_template), record("m-3", &elsewhere)])
            .is_empty()
    );
    let seen = bench.world.seen.lock().unwrap();
    assert_eq!((seen.descriptions.len(), seen.listings, seen.executions.len()), (0, 0, 0));
}

#[test]
fn launch_template_changes_of_a_batch_take_one_listing() {
    let mut groups: BTreeMap<_, _> =
        ["api-asg-1", "web-asg-1", "job-asg-1"].map(|name| (name.to_owned(), group(name, "out-in"))).into();
    groups.get_mut("job-asg-1").unwrap().templates[0].version = Some("7".to_owned());
    let bench = Bench::with(World { groups, ..World::default() });
    let records = [record("m-1", &template_event("e-1")), record("m-2", &template_event("e-2"))];
    assert!(bench.failures(&records).is_empty());
    assert_eq!(bench.recycled(), ["api-asg-1", "api-asg-1", "web-asg-1", "web-asg-1"]);
    let seen = bench.world.seen.lock().unwrap();
    assert_eq!((seen.descriptions.len(), seen.listings), (0, 1));
}

#[test]
fn a_fault_is_published_once_and_the_record_is_done() {
    let groups = [("web-asg-1".to_owned(), group("web-asg-1", "out_in"))].into();
    let bench = Bench::with(World { groups, ..World::default() });
    assert!(bench.failures(&[record("m-1", &update("e-1", "web-asg-1"))]).is_empty());
    assert!(bench.recycled().is_empty());
    let seen = bench.world.seen.lock().unwrap();
    assert_eq!(seen.rejections.len(), 1);
    assert_eq!(seen.rejections[0].auto_scaling_group_name.as_deref(), Some("web-asg-1"));
    assert!(seen.rejections[0].reason().contains("did you mean `out-in`?"));
}

#[test]
fn a_group_that_did_not_opt_in_is_never_started() {
    let mut untagged = group("web-asg-1", "out-in");
    untagged.tags = [("team".to_owned(), GroupTag::default())].into();
    let bench =
        Bench::with(World { groups: [("web-asg-1".to_owned(), untagged)].into(), ..World::default() });
    let records = [record("m-1", &update("e-1", "web-asg-1")), record("m-2", &update("e-2", "gone-asg-1"))];
    assert!(bench.failures(&records).is_empty());
    assert!(bench.recycled().is_empty());
}
