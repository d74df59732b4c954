//! How executions end, and what they leave.

use asg_recycle_handler::contract::Replace;
use serde_json::{Value, json};

use super::super::{Allowed, Invariant, Promise};
use super::{CheckerFixture, ONE};
use asg_recycle_simulator::world::executions::ExecutionStatus;
use asg_recycle_simulator::world::ids::InstanceId;
use asg_recycle_simulator::world::processes::Process;
use asg_recycle_simulator::world::spec::GroupSpec;

#[test]
fn what_is_left_changed_is_told_in_one_violation() {
    let mut fixture = CheckerFixture::started(Promise::KeepsServing, |_| {}, "");
    fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 2, "MaxSize": 9}));
    fixture.on_group("suspendProcesses", json!({"ScalingProcesses": ["Launch"]}));
    fixture.end(ONE, ExecutionStatus::Aborted, None, None);
    let violations = fixture.violated();
    assert_eq!(violations.len(), 1);
    assert_eq!(violations[0].invariant, Invariant::SizesRestored);
    assert_eq!(violations[0].detail, "the minimum is 2, not 3; the maximum is 9, not 6; Launch is suspended");
}

#[test]
fn a_group_that_nobody_else_touched_is_as_large_as_it_was() {
    let mut fixture = CheckerFixture::started(Promise::KeepsServing, |_| {}, "");
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 5}));
    fixture.end(ONE, ExecutionStatus::Aborted, None, None);
    let violations = fixture.violated();
    assert_eq!(violations[0].detail, "the desired capacity is 5, not 3");
}

#[test]
fn a_group_is_as_large_as_others_have_made_it_and_not_larger_for_an_instance_that_died() {
    let died = "[{at: 5s, do: {kill: {}}}]";
    let cases = [
        (died, 4, Some("the desired capacity is 4, not 3")),
        (died, 3, None),
        ("[{at: 5s, do: {scaling_policy: {by: 1}}}]", 3, Some("the desired capacity is 3, not 4")),
        ("[{at: 5s, do: {scaling_policy: {by: 1}}}]", 4, None),
        (
            "[{at: 5s, do: {scheduled_action: {desired: 2}}}]",
            4,
            Some("the desired capacity is 4, not between 2 and 3"),
        ),
        ("[{at: 5s, do: {scheduled_action: {desired: 2}}}]", 3, None),
    ];
    for (events, desired, fault) in cases {
        let mut fixture = CheckerFixture::started(Promise::KeepsServing, |group| group.min = 1, events);
        fixture.wait(200);
        fixture.look();
        fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": desired}));
        fixture.end(ONE, ExecutionStatus::Aborted, None, None);
        let violations = fixture.violated();
        let found = violations.first().map(|one| one.detail.as_str());
        assert_eq!(found, fault, "{events} and {desired}");
    }
}

#[test]
fn a_minimum_that_was_to_raise_and_came_too_late_is_no_fault() {
    for (waits, fault) in [(10, None), (200, Some("the desired capacity is 4, not 5"))] {
        let events = "[{at: 5s, do: {scaling_policy: {by: 2}}}]";
        let mut fixture = CheckerFixture::started(Promise::OneOut, |group| group.min = 1, events);
        fixture.terminate(1, true);
        fixture.look();
        fixture.wait(waits);
        fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 3}));
        fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 1}));
        fixture.end(ONE, ExecutionStatus::Failed, None, Some(("E", "c")));
        let sizes = |one: &&super::super::Violation| one.invariant == Invariant::SizesRestored;
        let violations = fixture.violated();
        assert_eq!(violations.iter().find(sizes).map(|one| one.detail.as_str()), fault);
    }
}

#[test]
fn what_somebody_else_set_meanwhile_is_not_ours_to_put_back() {
    let events = "[{at: 10s, do: {set_sizes: {min: 2, max: 9}}}, {at: 11s, do: {suspend: [Launch]}}]";
    let mut fixture = CheckerFixture::started(
        Promise::KeepsServing,
        |group| group.suspended = vec![Process::AZRebalance],
        events,
    );
    fixture.wait(20);
    fixture.end(ONE, ExecutionStatus::Aborted, None, None);
    assert_eq!(fixture.violated(), []);
    let mut fixture = CheckerFixture::started(Promise::KeepsServing, |_| {}, events);
    fixture.wait(20);
    fixture.look();
    fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 3}));
    fixture.on_group("resumeProcesses", json!({"ScalingProcesses": ["Launch"]}));
    fixture.end(ONE, ExecutionStatus::Aborted, None, None);
    let violations = fixture.violated();
    assert_eq!(violations[0].detail, "the minimum is 3, not 2; Launch is not suspended any more");
}

#[test]
fn a_size_that_somebody_else_set_just_before_we_set_the_same_is_nobodys() {
    let events = "[{at: 10s, do: {set_sizes: {max: 9}}}]";
    for (is_seen, expected) in [(false, vec![]), (true, vec!["sizes-restored"])] {
        let mut fixture = CheckerFixture::started(Promise::KeepsServing, |_| {}, events);
        fixture.look();
        fixture.wait(11);
        if is_seen {
            fixture.look();
        }
        fixture.on_group("updateAutoScalingGroup", json!({"MaxSize": 9}));
        fixture.on_group("updateAutoScalingGroup", json!({"MaxSize": 6}));
        fixture.end(ONE, ExecutionStatus::Aborted, None, None);
        assert_eq!(fixture.names(), expected, "seen: {is_seen}");
    }
}

#[test]
fn success_with_something_left_to_replace_is_no_success() {
    let mut fixture = CheckerFixture::started(Promise::KeepsServing, |_| {}, "");
    fixture.look();
    fixture.succeed("recycled", "");
    assert_eq!(fixture.names(), ["true-success", "no-request-lost"]);
}

#[test]
fn success_without_enough_healthy_instances_is_no_success() {
    let mut fixture = CheckerFixture::started(Promise::Nothing, |group| group.min = 0, "");
    for n in 1..=3 {
        fixture.terminate(n, false);
    }
    fixture.wait(200);
    fixture.look();
    fixture.succeed("recycled", "");
    assert_eq!(fixture.names(), ["true-success"]);
}

#[test]
fn success_is_judged_by_what_could_be_known_and_leaves_alone_what_is_protected() {
    let mut fixture = CheckerFixture::started(
        Promise::KeepsServing,
        |group| group.current_instances = 3,
        "[{at: 10s, do: {launch_from: {template: {version: '1'}}}}]",
    );
    fixture.look();
    fixture.wait(10);
    fixture.succeed("up_to_date", "every instance is current");
    assert_eq!(fixture.violated(), []);
    let mut fixture =
        CheckerFixture::started(Promise::KeepsServing, |group| group.protected_instances = 3, "");
    fixture.look();
    fixture.succeed("recycled", "");
    assert_eq!(fixture.violated(), []);
}

#[test]
fn a_recycle_of_everything_has_to_replace_current_instances_too() {
    let mut fixture = CheckerFixture::of(Promise::KeepsServing, |group| group.current_instances = 3, "");
    fixture.start(ONE, Replace::All, Allowed::Always);
    fixture.look();
    fixture.succeed("recycled", "");
    assert_eq!(fixture.names(), ["true-success", "no-request-lost"]);
}

/// A status, an output, and an error with its cause.
type Said<'a> = (ExecutionStatus, Option<Value>, Option<(&'a str, &'a str)>);

#[test]
fn endings_have_to_say_why() {
    let cases: [(Said<'_>, bool); 7] = [
        ((ExecutionStatus::Failed, None, Some(("Recycle.LaunchTimeout", "not healthy"))), true),
        ((ExecutionStatus::Failed, None, Some(("Recycle.LaunchTimeout", " "))), false),
        ((ExecutionStatus::Failed, None, None), false),
        ((ExecutionStatus::Succeeded, Some(json!({"outcome": "skipped", "reason": "gone"})), None), true),
        ((ExecutionStatus::Succeeded, Some(json!({"outcome": "skipped", "reason": ""})), None), false),
        ((ExecutionStatus::Succeeded, Some(json!({})), None), false),
        ((ExecutionStatus::Aborted, None, None), true),
    ];
    for ((status, output, error), says_why) in cases {
        let mut fixture =
            CheckerFixture::started(Promise::KeepsServing, |group| group.current_instances = 3, "");
        fixture.end(ONE, status, output.clone(), error);
        let expected = if says_why { vec![] } else { vec!["failure-says-why"] };
        assert_eq!(fixture.names(), expected, "{status:?} {output:?} {error:?}");
    }
}

#[test]
fn a_request_is_lost_when_nobody_meets_it_and_nobody_says_so() {
    // It is coalesced, and the holder ends without looking again.
    let mut fixture = CheckerFixture::started(Promise::KeepsServing, |group| group.current_instances = 3, "");
    fixture.wait(10);
    let other = format!("{ONE}-other");
    fixture.start(&other, Replace::All, Allowed::Always);
    let left = json!({"outcome": "coalesced", "reason": "left to one"});
    fixture.end(&other, ExecutionStatus::Succeeded, Some(left), None);
    let mut loud = fixture.clone();
    fixture.succeed("recycled", "");
    assert_eq!(fixture.names(), ["no-request-lost"]);
    loud.end(ONE, ExecutionStatus::Failed, None, Some(("Recycle.X", "says why")));
    assert_eq!(loud.violated(), []);
}

#[test]
fn a_failure_before_a_request_does_not_account_for_it() {
    let mut fixture = CheckerFixture::started(Promise::KeepsServing, |group| group.current_instances = 3, "");
    fixture.end(ONE, ExecutionStatus::Failed, None, Some(("Recycle.X", "says why")));
    fixture.wait(10);
    let later = format!("{ONE}-later");
    fixture.start(&later, Replace::All, Allowed::Always);
    let left = json!({"outcome": "coalesced", "reason": "left to one"});
    fixture.end(&later, ExecutionStatus::Succeeded, Some(left), None);
    assert_eq!(fixture.names(), ["no-request-lost"]);
}

#[test]
fn a_request_is_of_the_group_that_has_the_name_then() {
    // What the second group is to launch from changes when nobody follows that any more.
    let events = "[{at: 10s, do: {replace_group: {min: 3, max: 6, desired: 3}}},
                   {at: 1000s, do: {launch_from: {template: {version: '1'}}}}]";
    for (asks_again, expected) in [(false, vec![]), (true, vec!["no-request-lost"])] {
        let mut fixture = CheckerFixture::started(Promise::Nothing, |_| {}, events);
        fixture.look();
        fixture.wait(1100);
        fixture.look();
        let gone = "the group does not exist any more";
        if asks_again {
            let other = format!("{ONE}-other");
            fixture.start(&other, Replace::Outdated, Allowed::Always);
            let skipped = json!({"outcome": "skipped", "reason": gone});
            fixture.end(&other, ExecutionStatus::Succeeded, Some(skipped), None);
        }
        fixture.succeed("skipped", gone);
        assert_eq!(fixture.names(), expected, "asked again: {asks_again}");
    }
}

#[test]
fn who_is_named_before_it_is_launched_is_not_asked_for() {
    for (named, expected) in [(4, vec![]), (3, vec!["true-success", "no-request-lost"])] {
        let events = "[{at: 10s, do: {scaling_policy: {by: 1}}}]";
        let mut fixture =
            CheckerFixture::of(Promise::KeepsServing, |group| group.current_instances = 3, events);
        fixture.start(ONE, Replace::Named(vec![InstanceId(named).to_string()]), Allowed::Always);
        fixture.wait(1000);
        fixture.look();
        fixture.succeed("up_to_date", "named and left alone");
        assert_eq!(fixture.names(), expected, "instance {named}");
    }
}

/// A current instance is named, and what comes for it is of an old version, as out of a warm pool that nobody made again.
#[test]
fn what_comes_for_a_named_instance_has_to_be_what_the_group_launches() {
    for (pooled, is_false) in [(1, true), (0, false)] {
        let large = |group: &mut GroupSpec| {
            group.min = 1;
            group.current_instances = 3;
            group.warm_pool = pooled;
        };
        let mut fixture = CheckerFixture::of(Promise::KeepsServing, large, "");
        fixture.start(ONE, Replace::Named(vec![InstanceId(1).to_string()]), Allowed::Always);
        fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 4}));
        fixture.wait(360);
        fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 1}));
        fixture.terminate(1, true);
        fixture.wait(400);
        fixture.look();
        fixture.tell(ONE, "recycled");
        fixture.succeed("recycled", "");
        assert_eq!(fixture.names().contains(&"true-success"), is_false, "{pooled} in the pool");
    }
}

#[test]
fn a_deleted_group_asks_for_nothing() {
    let mut fixture = CheckerFixture::started(Promise::KeepsServing, |_| {}, "[{at: 10s, do: delete_group}]");
    fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 6}));
    fixture.wait(1000);
    fixture.succeed("skipped", "the group does not exist any more");
    assert_eq!(fixture.violated(), []);
}

#[test]
fn a_lock_may_be_left_only_where_people_were_told_that_putting_back_failed() {
    for (error, violated) in [("Recycle.StepFailed", true), ("Recycle.RestoreFailed", false)] {
        let mut fixture = CheckerFixture::started(Promise::KeepsServing, |_| {}, "");
        fixture.end(ONE, ExecutionStatus::Failed, None, Some((error, "because")));
        let found = fixture.violated_as_it_stands();
        let locks = found.iter().filter(|one| one.invariant == Invariant::LockReleased).count();
        assert_eq!(locks == 1, violated, "{error}: {found:?}");
    }
}
