//! Warm pools.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::spec::GroupSpec;
use super::WorldFixture;

fn with_pool() -> WorldFixture {
    WorldFixture::with(
        |group| {
            group.warm_pool = 2;
            group.desired = 3;
            group.max = 8;
        },
        "",
    )
}

fn versions(fixture: &mut WorldFixture) -> Vec<(String, String)> {
    let answer = fixture.on_group("describeWarmPool", json!({})).expect("reads succeed");
    let text =
        |one: &Value, pointer| one.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let instances = answer["Instances"].as_array().expect("a list");
    instances.iter().map(|one| (text(one, "/LifecycleState"), text(one, "/LaunchTemplate/Version"))).collect()
}

#[test]
fn a_warm_pool_feeds_launches_with_what_it_was_filled_from_and_is_filled_from_the_version_of_now() {
    let mut fixture = with_pool();
    let stale = versions(&mut fixture);
    assert_eq!(stale.iter().map(|(state, _)| state.as_str()).collect::<Vec<_>>(), ["Warmed:Stopped"; 2]);
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 4})).expect("it is within its bounds");
    fixture.wait(300);
    let instances = fixture.describe()["Instances"].clone();
    let of = |one: &Value| one.pointer("/LaunchTemplate/Version").and_then(Value::as_str).map(str::to_owned);
    let launched = instances.as_array().and_then(|all| all.iter().filter_map(of).next_back());
    assert_eq!(launched.as_deref(), Some(stale[0].1.as_str()), "{instances}");
    fixture.wait(600);
    let refilled = versions(&mut fixture);
    assert_eq!(refilled.len(), 2);
    assert_ne!(refilled[1].1, stale[1].1, "what fills it is launched from the version of now");
}

#[test]
fn a_warm_pool_is_filled_where_fewest_wait_and_activities_tell_who_went_in_and_who_came_out() {
    let mut fixture = with_pool();
    let zones = |fixture: &mut WorldFixture| {
        let answer = fixture.on_group("describeWarmPool", json!({})).expect("reads succeed");
        let instances = answer["Instances"].as_array().expect("a list").iter();
        instances.map(|one| one["AvailabilityZone"].to_string()).collect::<std::collections::BTreeSet<_>>()
    };
    let before = zones(&mut fixture);
    assert_eq!(before.len(), 2, "two wait in two zones");
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 4})).expect("it is within its bounds");
    fixture.wait(900);
    assert_eq!(zones(&mut fixture), before, "who came out is made up for in the same zone");
    let activities = fixture.on_group("describeScalingActivities", json!({})).expect("reads succeed");
    let told = activities["Activities"].as_array().expect("a list").iter();
    let told: Vec<_> = told.filter_map(|one| one["Description"].as_str()?.split(": ").next()).collect();
    assert!(told.contains(&"Launching a new EC2 instance from warm pool"), "{told:?}");
    assert!(told.contains(&"Launching a new EC2 instance into warm pool"), "{told:?}");
}

#[test]
fn a_warm_pool_goes_with_its_instances_and_takes_no_change_until_it_is_gone() {
    let mut fixture = with_pool();
    let configured = fixture.describe()["WarmPoolConfiguration"].clone();
    assert!(fixture.on_group("deleteWarmPool", json!({})).is_err(), "it has instances");
    fixture.on_group("deleteWarmPool", json!({"ForceDelete": true})).expect("it is forced");
    assert_eq!(fixture.describe()["WarmPoolConfiguration"]["Status"], "PendingDelete");
    assert!(fixture.on_group("putWarmPool", configured.clone()).is_err(), "it is being deleted");
    fixture.wait(900);
    assert_eq!(fixture.describe().get("WarmPoolConfiguration"), None);
    assert!(fixture.on_group("deleteWarmPool", json!({"ForceDelete": true})).is_err(), "there is none");
    fixture.on_group("putWarmPool", configured.clone()).expect("it is gone");
    assert_eq!(fixture.describe()["WarmPoolConfiguration"], configured);
}

#[test]
fn instances_of_a_warm_pool_keep_the_tags_that_the_group_had() {
    let change = |group: &mut GroupSpec| {
        group.warm_pool = 2;
        group.desired = 3;
        group.max = 8;
        group.tags.insert("release".to_owned(), "7".to_owned());
    };
    let mut fixture = WorldFixture::with(change, "[{at: 1s, do: {set_tag: {key: release, value: '8'}}}]");
    fixture.wait(2);
    let tags = |fixture: &mut WorldFixture| {
        let filters = json!([{"Name": "key", "Values": ["release"]}]);
        let answer =
            fixture.call("ec2", "describeTags", &json!({"Filters": filters})).expect("reads succeed");
        let tags = answer["Tags"].as_array().expect("a list").iter();
        tags.map(|one| (one["ResourceId"].to_string(), one["Value"].to_string())).collect::<BTreeMap<_, _>>()
    };
    let pooled = fixture.on_group("describeWarmPool", json!({})).expect("reads succeed")["Instances"].clone();
    let pooled: Vec<String> = (0..2).map(|at| pooled[at]["InstanceId"].to_string()).collect();
    let before = tags(&mut fixture);
    assert!(pooled.iter().all(|id| before[id] == "\"7\""), "{before:?}");
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 5})).expect("it is within its bounds");
    fixture.wait(900);
    let after = tags(&mut fixture);
    assert!(pooled.iter().all(|id| after[id] == "\"7\""), "{after:?}");
    assert!(
        after.values().any(|value| value == "\"8\""),
        "what fills the pool is tagged as the group is now"
    );
}
