//! What the world takes is launched anew in time.

use serde_json::json;

use super::super::Promise;
use super::{CheckerFixture, ONE};
use asg_recycle_simulator::world::executions::ExecutionStatus;
use asg_recycle_simulator::world::spec::GroupSpec;

const ANOTHER_DIES: &str = "[{at: 60s, do: {kill: {which: old}}}]";

#[test]
fn launches_that_are_held_while_another_instance_dies_prolong_the_outage() {
    for (held, expected) in [(vec!["Launch"], vec!["outage-not-prolonged"]), (vec!["AZRebalance"], vec![])] {
        let mut fixture = CheckerFixture::started(Promise::OneOut, |_| {}, ANOTHER_DIES);
        fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 2}));
        fixture.on_group("suspendProcesses", json!({"ScalingProcesses": held}));
        fixture.terminate(1, true);
        fixture.wait(900);
        fixture.on_group("resumeProcesses", json!({"ScalingProcesses": held}));
        fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 3}));
        fixture.end(ONE, ExecutionStatus::Failed, None, Some(("E", "c")));
        assert_eq!(fixture.names(), expected, "{held:?} held");
    }
}

#[test]
fn a_place_that_is_not_given_back_prolongs_it_for_good() {
    let mut fixture = CheckerFixture::started(Promise::OneOut, |group| group.min = 1, ANOTHER_DIES);
    fixture.terminate(1, true);
    fixture.wait(900);
    fixture.end(ONE, ExecutionStatus::Failed, None, Some(("E", "c")));
    assert_eq!(fixture.names(), ["outage-not-prolonged", "sizes-restored"]);
}

#[test]
fn what_the_world_holds_or_cannot_launch_is_its_own() {
    for events in [
        "[{at: 1s, do: {suspend: [Launch]}}, {at: 60s, do: {kill: {which: old}}}, {at: 800s, do: {resume: [Launch]}}]",
        "[{at: 1s, do: {fail_launches: {for: 700s}}}, {at: 60s, do: {kill: {which: old, count: 2}}}]",
        "[{at: 60s, do: {set_sizes: {min: 1, max: 2, desired: 2}}}]",
    ] {
        let mut fixture = CheckerFixture::started(Promise::OneOut, |_| {}, events);
        fixture.wait(2400);
        fixture.end(ONE, ExecutionStatus::Failed, None, Some(("E", "c")));
        assert_eq!(fixture.names(), Vec::<&str>::new(), "{events}");
    }
}

#[test]
fn what_was_asked_for_beyond_the_groups_own_maximum_is_not_missed_when_that_is_raised_later() {
    let events = "[{at: 60s, do: {scaling_policy: {by: 2}}}, {at: 900s, do: {set_sizes: {max: 10}}}]";
    for (own, expected) in [(3, vec![]), (6, vec!["outage-not-prolonged", "sizes-restored"])] {
        let change = |group: &mut GroupSpec| {
            group.min = 1;
            group.max = own;
        };
        let mut fixture = CheckerFixture::started(Promise::Nothing, change, events);
        fixture.on_group("updateAutoScalingGroup", json!({"MaxSize": 7}));
        fixture.wait(120);
        fixture.look();
        fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 3}));
        fixture.on_group("updateAutoScalingGroup", json!({"MaxSize": own}));
        fixture.wait(1200);
        fixture.end(ONE, ExecutionStatus::Failed, None, Some(("E", "c")));
        assert_eq!(fixture.names(), expected, "a maximum of {own}");
    }
}
