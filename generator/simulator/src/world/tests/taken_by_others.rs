//! What others take out of a group by Auto Scaling's own means, and what keeps it from launching.

use serde_json::json;

use super::{WorldFixture, id, round_times, text};

/// A group of three, of at most six, with round times.
fn group_of_three(min: u32, events: &str) -> WorldFixture {
    let change = |group: &mut super::GroupSpec| {
        (group.min, group.desired, group.max) = (min, 3, 6);
        round_times(group);
    };
    WorldFixture::with(change, events)
}

#[test]
fn what_somebody_terminates_is_replaced_unless_its_place_goes_with_it() {
    let mut replaced = group_of_three(1, "[{at: 10s, do: {terminate: {which: any}}}]");
    replaced.wait(400);
    assert_eq!(replaced.sizes(), (1, 6, 3));
    assert_eq!((replaced.in_service(), replaced.count("launched")), (3, 1));
    let mut smaller = group_of_three(1, "[{at: 10s, do: {terminate: {which: any, decrement: true}}}]");
    smaller.wait(400);
    assert_eq!(smaller.sizes(), (1, 6, 2));
    assert_eq!((smaller.in_service(), smaller.count("launched")), (2, 0));
    let mut refused = group_of_three(3, "[{at: 10s, do: {terminate: {which: any, decrement: true}}}]");
    refused.wait(400);
    assert_eq!(
        (refused.sizes(), refused.count("terminating")),
        ((3, 6, 3), 0),
        "AWS refuses it at the minimum"
    );
}

#[test]
fn an_instance_that_is_too_old_goes_and_is_replaced() {
    let mut fixture = group_of_three(3, "[{at: 10s, do: {expire: {which: any}}}]");
    fixture.wait(400);
    assert!(fixture.group().instance(crate::world::ids::InstanceId(1)).is_none(), "{:?}", fixture.states());
    assert_eq!((fixture.in_service(), fixture.sizes()), (3, (3, 6, 3)));
}

#[test]
fn for_instances_at_risk_others_are_launched_first_as_far_as_ten_per_cent_above_the_maximum_allow() {
    let events = "[{at: 10s, do: {put_at_risk: {which: any, count: 2}}}]";
    let mut fixture = WorldFixture::with(
        |group| {
            (group.min, group.desired, group.max) = (3, 3, 3);
            round_times(group);
        },
        events,
    );
    fixture.wait(60);
    assert_eq!(
        (fixture.count("launched"), fixture.count("terminating")),
        (1, 0),
        "one fits above the maximum"
    );
    fixture.wait(60);
    assert_eq!(fixture.count("terminating"), 0, "who is new does not serve yet");
    fixture.wait(600);
    assert_eq!(fixture.count("terminating"), 2);
    assert_eq!((fixture.in_service(), fixture.count("launched")), (3, 2));
}

#[test]
fn a_refresh_that_begins_stops_what_was_launched_for_those_at_risk_and_takes_nobody_who_serves_for_it() {
    let events = "[{at: 5s, do: {scaling_policy: {by: 1}}}, {at: 40s, do: {put_at_risk: {which: new}}},
        {at: 50s, do: {start_instance_refresh: {min_healthy: 57}}}]";
    let mut fixture = group_of_three(3, events);
    fixture.wait(49);
    assert_eq!(fixture.count("launched"), 2, "one more, and one for who is at risk: {:?}", fixture.states());
    fixture.wait(80);
    assert_eq!(fixture.count("terminating"), 1, "{:?}", fixture.states());
    assert_eq!(fixture.states()[..4], ["InService"; 4], "who served serves, and who was at risk came");
}

#[test]
fn a_quota_is_over_all_groups() {
    let mut fixture = WorldFixture::of(
        |spec| {
            spec.instance_quota = Some(7);
            let mut other = spec.groups[0].clone();
            other.name = "jobs-asg-1".to_owned();
            spec.groups.push(other);
        },
        "",
    );
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 5})).expect("it is within its bounds");
    fixture.wait(300);
    assert_eq!((fixture.count("launched"), fixture.in_service()), (1, 4));
    assert!(fixture.count("launch_failed") > 0);
}

#[test]
fn a_launch_template_that_is_deleted_is_neither_described_nor_launched_from() {
    let mut fixture = group_of_three(3, "[{at: 10s, do: {delete_template: lt-00000000000000001}}]");
    let ids = json!({"LaunchTemplateIds": ["lt-00000000000000001"]});
    assert!(fixture.call("ec2", "describeLaunchTemplates", &ids).is_ok());
    fixture.wait(20);
    let error = fixture.call("ec2", "describeLaunchTemplates", &ids).expect_err("it is gone");
    assert!(text(&error).contains("does not exist"), "{error:?}");
    fixture.terminate(&id(1), false).expect("it is there");
    fixture.wait(300);
    assert_eq!((fixture.count("launched"), fixture.in_service()), (0, 2));
}

#[test]
fn with_a_policy_by_which_others_come_first_the_unhealthy_stay_until_they_serve() {
    let dying = |fails: &str| {
        let change = |group: &mut super::GroupSpec| {
            (group.min, group.desired, group.max) = (3, 3, 3);
            group.launches_before_terminating = true;
            round_times(group);
        };
        WorldFixture::with(change, &format!("[{{at: 10s, do: {{kill: {{which: any}}}}}}{fails}]"))
    };
    let mut fixture = dying("");
    fixture.wait(100);
    assert_eq!((fixture.count("launched"), fixture.count("terminating")), (1, 0), "{:?}", fixture.states());
    fixture.wait(400);
    assert_eq!((fixture.count("launched"), fixture.count("terminating"), fixture.in_service()), (1, 1, 3));
    let mut nobody_comes = dying(", {at: 0s, do: {fail_launches: {}}}");
    nobody_comes.wait(4000);
    assert_eq!((nobody_comes.count("launched"), nobody_comes.count("terminating")), (0, 0));
}
