//! Sizes that others set while an execution sets its own: which of them it can tell from its own, and which nobody can.

use serde_json::json;

use super::super::Promise;
use super::{CheckerFixture, ONE};
use asg_recycle_simulator::world::executions::ExecutionStatus;

/// Puts back the sizes that the group began with, and ends: what somebody set meanwhile is gone.
fn put_back(mut fixture: CheckerFixture) -> Vec<&'static str> {
    fixture.look();
    fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 3}));
    fixture.terminate(1, true);
    fixture.end(ONE, ExecutionStatus::Aborted, None, None);
    fixture.names()
}

const LOST: [&str; 2] = ["outage-not-prolonged", "sizes-restored"];

#[test]
fn who_sets_what_a_call_may_have_set_cannot_be_told_from_it_before_the_next_look() {
    let cases = [
        ("throttling", false, vec![]),
        ("throttling", true, LOST.to_vec()),
        ("scaling_activity_in_progress", false, LOST.to_vec()),
    ];
    for (error, looks, expected) in cases {
        let events = format!(
            "[{{at: 5s, do: {{fail_calls: {{action: updateAutoScalingGroup, error: {error}, count: 1}}}}}},
              {{at: 20s, do: {{set_sizes: {{min: 4}}}}}}]"
        );
        let mut fixture = CheckerFixture::started(Promise::Nothing, |_| {}, &events);
        fixture.look();
        fixture.wait(6);
        fixture.refused("updateAutoScalingGroup", json!({"MinSize": 4}));
        fixture.wait(5);
        if looks {
            fixture.look();
        }
        fixture.wait(20);
        assert_eq!(put_back(fixture), expected, "{error}, a look between: {looks}");
    }
}

#[test]
fn another_number_than_a_call_may_have_set_is_its_owners() {
    let events = "[{at: 5s, do: {fail_calls: {action: updateAutoScalingGroup, error: throttling, count: 1}}},
                   {at: 20s, do: {set_sizes: {min: 5}}}]";
    let mut fixture = CheckerFixture::started(Promise::Nothing, |_| {}, events);
    fixture.look();
    fixture.wait(6);
    fixture.refused("updateAutoScalingGroup", json!({"MinSize": 4}));
    fixture.wait(20);
    assert_eq!(put_back(fixture), LOST);
}

#[test]
fn a_minimum_that_raises_the_group_just_before_we_set_the_same_is_nobodys() {
    for (is_throttled, is_seen, expected) in [
        (false, false, vec![]),
        (true, false, vec![]),
        (false, true, LOST.to_vec()),
        (true, true, LOST.to_vec()),
    ] {
        let events = format!(
            "[{{at: 10s, do: {{set_sizes: {{min: 4}}}}}},
              {{at: 10s, do: {{fail_calls: {{action: updateAutoScalingGroup, error: throttling, count: {}}}}}}}]",
            u32::from(is_throttled)
        );
        let mut fixture = CheckerFixture::started(Promise::Nothing, |_| {}, &events);
        fixture.look();
        fixture.wait(11);
        if is_seen {
            fixture.look();
        }
        if is_throttled {
            fixture.refused("updateAutoScalingGroup", json!({"MinSize": 4}));
        } else {
            fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 4}));
        }
        fixture.wait(20);
        let found = put_back(fixture);
        assert_eq!(found, expected, "throttled: {is_throttled}, seen: {is_seen}");
    }
}

#[test]
fn a_capacity_that_is_set_is_a_number_and_what_a_policy_asks_for_is_one_with_its_owners_minimum_alone() {
    for (by_owner, what, fault) in [
        (true, "scheduled_action: {desired: 6}", None),
        (false, "scheduled_action: {desired: 6}", None),
        (true, "scaling_policy: {to: 6}", None),
        (false, "scaling_policy: {to: 6}", Some("the desired capacity is 6, not 4")),
    ] {
        let minimum = if by_owner { "{at: 20s, do: {set_sizes: {min: 1}}}, " } else { "" };
        let events = format!("[{minimum}{{at: 200s, do: {{{what}}}}}]");
        let change = |group: &mut asg_recycle_simulator::world::spec::GroupSpec| {
            (group.min, group.desired, group.max) = (1, 2, 8);
        };
        let mut fixture = CheckerFixture::started(Promise::Nothing, change, &events);
        fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 4}));
        fixture.wait(30);
        fixture.look();
        if !by_owner {
            fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 1}));
        }
        fixture.wait(300);
        fixture.look();
        fixture.end(ONE, ExecutionStatus::Aborted, None, None);
        let violations = fixture.violated();
        assert_eq!(
            violations.first().map(|one| one.detail.as_str()),
            fault,
            "{what}, after its owner's minimum: {by_owner}"
        );
    }
}

#[test]
fn a_number_that_is_set_while_one_is_out_has_its_place_in_it_and_a_policys_wish_has_not() {
    for (what, is_given_back, fault) in [
        ("set_desired_capacity: 3", false, None),
        ("set_desired_capacity: 3", true, Some("the desired capacity is 4, not 3")),
        ("set_sizes: {min: 1, max: 6, desired: 3}", true, Some("the desired capacity is 4, not 3")),
        ("scaling_policy: {by: 1}", false, Some("the desired capacity is 3, not 4")),
        ("scaling_policy: {by: 1}", true, None),
        ("exit_standby: {}", false, Some("the desired capacity is 3, not 4")),
        ("exit_standby: {}", true, None),
    ] {
        let events = format!("[{{at: 20s, do: {{{what}}}}}]");
        let change = |group: &mut asg_recycle_simulator::world::spec::GroupSpec| {
            (group.min, group.desired, group.max, group.standby_instances) = (1, 3, 6, 1);
        };
        let mut fixture = CheckerFixture::started(Promise::OneOut, change, &events);
        fixture.look();
        fixture.terminate(1, true);
        fixture.wait(600);
        fixture.look();
        if is_given_back {
            fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 4}));
            fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 1}));
        }
        fixture.wait(300);
        fixture.look();
        fixture.end(ONE, ExecutionStatus::Aborted, None, None);
        let violations = fixture.violated();
        let found = violations.iter().find(|one| one.detail.starts_with("the desired capacity"));
        assert_eq!(found.map(|one| one.detail.as_str()), fault, "{what}, given back: {is_given_back}");
    }
}

#[test]
fn a_number_below_the_groups_own_minimum_is_raised_to_it() {
    let change = |group: &mut asg_recycle_simulator::world::spec::GroupSpec| {
        (group.min, group.desired, group.max) = (3, 3, 6);
    };
    let events = "[{at: 20s, do: {scaling_policy: {by: 1}}}, {at: 60s, do: {set_desired_capacity: 2}}]";
    let mut fixture = CheckerFixture::started(Promise::OneOut, change, events);
    fixture.look();
    fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 2}));
    fixture.terminate(1, true);
    fixture.wait(600);
    fixture.look();
    fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 3}));
    fixture.wait(300);
    fixture.look();
    fixture.end(ONE, ExecutionStatus::Aborted, None, None);
    let found: Vec<_> = fixture.violated().into_iter().map(|one| one.detail).collect();
    assert!(!found.iter().any(|one| one.starts_with("the desired capacity")), "{found:?}");
}
