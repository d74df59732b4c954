//! Who changes the group, and when.

use std::sync::Arc;

use asg_recycle_handler::contract::{Mode, Replace};
use serde_json::json;

use super::super::{Allowed, Invariant, Promise};
use super::{CheckerFixture, GROUP, ONE};
use asg_recycle_simulator::iam_policy::RolePolicies;
use asg_recycle_simulator::services::{ServiceCall, Services as _};
use asg_recycle_simulator::time::Moment;
use asg_recycle_simulator::world::executions::ExecutionStatus;
use asg_recycle_simulator::world::spec::{GroupSpec, HealthCheck, WorldSpec};

#[test]
fn only_the_holder_of_the_lock_and_its_children_may_change_the_group() {
    let suspend = json!({"AutoScalingGroupName": GROUP, "ScalingProcesses": ["AZRebalance"]});
    let resume = suspend.clone();
    for (caller, expected) in
        [("holder", vec![]), ("child", vec![]), ("other", vec!["one-recycle-at-a-time"])]
    {
        let mut fixture =
            CheckerFixture::started(Promise::KeepsServing, |group| group.current_instances = 3, "");
        let now = fixture.world.now();
        let arn: Arc<str> = match caller {
            "holder" => ONE.into(),
            "child" => {
                let child = format!("{ONE}-child");
                fixture.world.executions.begin_child(&child, ONE, now);
                child.as_str().into()
            }
            _ => {
                let other = format!("{ONE}-other");
                fixture.start(&other, Replace::Outdated, Allowed::Always);
                other.as_str().into()
            }
        };
        fixture.call_by(&arn, "autoscaling", "suspendProcesses", &suspend);
        fixture.call_by(&arn, "autoscaling", "resumeProcesses", &resume);
        assert_eq!(fixture.names(), expected, "{caller}");
    }
}

#[test]
fn nothing_may_be_changed_in_a_dry_run_or_outside_the_windows() {
    let start = WorldSpec::default().starts_at;
    let hour = vec![(Moment(start), Moment(start + 3_600_000))];
    for (allowed, wait, expected) in [
        (Allowed::Always, 10, 0),
        (Allowed::Never, 10, 1),
        (Allowed::Within(hour.clone()), 3599, 1),
        (Allowed::Within(hour.clone()), 10, 0),
        (Allowed::BeginWithin(hour.clone()), 3599, 0),
        (Allowed::BeginWithin(hour), 3600, 1),
    ] {
        let mut fixture = CheckerFixture::of(Promise::KeepsServing, |group| group.current_instances = 3, "");
        fixture.start(ONE, Replace::Outdated, allowed.clone());
        fixture.lock(ONE);
        fixture.wait(wait);
        fixture.on_group("suspendProcesses", json!({"ScalingProcesses": ["AZRebalance"]}));
        fixture.wait(30);
        fixture.on_group("resumeProcesses", json!({"ScalingProcesses": ["AZRebalance"]}));
        let names = fixture.names();
        assert_eq!(names, vec!["no-mutation-when-forbidden"; expected], "{allowed:?} after {wait} s");
    }
}

#[test]
fn a_request_that_was_left_to_it_allows_what_its_own_does_not() {
    let start = WorldSpec::default().starts_at;
    let hour = vec![(Moment(start + 3_600_000), Moment(start + 7_200_000))];
    for (left_to, expected) in [(ONE, 0), ("somebody else", 1)] {
        let mut fixture = CheckerFixture::of(Promise::KeepsServing, |group| group.current_instances = 3, "");
        fixture.start(ONE, Replace::Outdated, Allowed::BeginWithin(hour.clone()));
        let other = format!("{ONE}-other");
        fixture.start(&other, Replace::Outdated, Allowed::Always);
        let left = json!({"outcome": "coalesced", "reason": "left", "continued_by": left_to});
        fixture.end(&other, ExecutionStatus::Succeeded, Some(left), None);
        fixture.lock(ONE);
        fixture.wait(10);
        fixture.on_group("suspendProcesses", json!({"ScalingProcesses": ["AZRebalance"]}));
        fixture.on_group("resumeProcesses", json!({"ScalingProcesses": ["AZRebalance"]}));
        assert_eq!(fixture.names(), vec!["no-mutation-when-forbidden"; expected], "left to {left_to}");
    }
}

#[test]
fn outside_the_windows_who_does_not_serve_may_leave_for_one_that_has_come_and_nobody_else() {
    let start = WorldSpec::default().starts_at;
    let events = "[{at: 400s, do: {break_application: {which: old, count: 1}}}]";
    for (is_doubled, broken, leavers, expected) in [
        (true, events, vec![1], 0),
        (true, events, vec![1, 2], 1),
        (true, "", vec![1], 1),
        (false, events, vec![1], 1),
    ] {
        let mut fixture =
            CheckerFixture::of(Promise::Nothing, |group| group.health_check = HealthCheck::Ec2, broken);
        fixture.leaves_within = Some(vec![(Moment(start), Moment(start + 1_000))]);
        fixture.start(ONE, Replace::Outdated, Allowed::Always);
        fixture.lock(ONE);
        fixture.on_group("updateAutoScalingGroup", json!({"MinSize": if is_doubled { 6 } else { 1 }}));
        fixture.wait(600);
        fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 1}));
        for leaver in &leavers {
            fixture.terminate(*leaver, true);
        }
        let mut names = fixture.names();
        names.retain(|name| *name == "no-mutation-when-forbidden");
        assert_eq!(names.len(), expected, "doubled: {is_doubled}, broken: {broken}, leave: {leavers:?}");
    }
}

fn deny_all_but_locks(fixture: &mut CheckerFixture) {
    let locks = json!({"Statement": [{"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}]});
    fixture.world.set_role(super::MACHINE, Arc::new(RolePolicies::read([&locks]).expect("it is read")));
}

fn is_denied(fixture: &mut CheckerFixture, execution_arn: &str, action: &str) -> bool {
    let arguments = json!({"AutoScalingGroupName": GROUP, "ScalingProcesses": ["Launch"]});
    let now = fixture.world.now();
    let call = ServiceCall { service: "autoscaling", action, arguments: &arguments, execution_arn, now };
    fixture.world.call(&call).result.is_err()
}

#[test]
fn a_group_that_was_never_opted_in_may_not_even_be_tried() {
    let mut fixture = CheckerFixture::of(
        Promise::KeepsServing,
        |group| (group.opted_in, group.current_instances) = (None, 3),
        "",
    );
    fixture.start(ONE, Replace::Outdated, Allowed::Always);
    fixture.lock(ONE);
    deny_all_but_locks(&mut fixture);
    assert!(is_denied(&mut fixture, ONE, "suspendProcesses"));
    assert_eq!(fixture.names(), ["no-mutation-when-forbidden"]);
}

/// An owner takes the tag away half way, and whoever puts back is denied it.
#[test]
fn what_was_changed_while_the_group_was_opted_in_may_be_tried_to_be_put_back() {
    let key = "autorecycle_recycle_on_asg_update";
    let events = format!("[{{at: 5s, do: {{remove_tag: recycled}}}}, {{at: 5s, do: {{remove_tag: {key}}}}}]");
    let opted_in = |group: &mut GroupSpec| {
        group.current_instances = 3;
        group.tags.insert(key.to_owned(), "true".to_owned());
    };
    let mut fixture = CheckerFixture::started(Promise::KeepsServing, opted_in, &events);
    let suspended = json!({"ScalingProcesses": ["Launch"]});
    fixture.on_group("suspendProcesses", suspended);
    fixture.wait(10);
    fixture.end(ONE, ExecutionStatus::Aborted, None, None);
    let two = "arn:aws:states:eu-west-2:123456789012:execution:recycle:two";
    fixture.start_as(Mode::Restore, two, Replace::Outdated, Allowed::Always);
    fixture.lock(two);
    deny_all_but_locks(&mut fixture);
    assert!(is_denied(&mut fixture, two, "resumeProcesses"));
    fixture.checker.observe(&fixture.world);
    let violated = fixture.violated_as_it_stands();
    assert!(violated.iter().all(|one| one.invariant != Invariant::NoMutationWhenForbidden), "{violated:?}");
}

#[test]
fn an_instance_that_is_protected_is_not_terminated() {
    let events = "[{at: 5s, do: {protect: {}}}]";
    let mut fixture = CheckerFixture::started(Promise::Nothing, |group| group.min = 1, events);
    fixture.wait(10);
    let mut late = fixture.clone();
    fixture.terminate(1, true);
    fixture.succeed("skipped", "as it was asked");
    assert_eq!(
        fixture.names(),
        ["outage-not-prolonged", "sizes-restored"],
        "it may have become protected just now"
    );
    late.wait(200);
    late.terminate(1, true);
    late.succeed("skipped", "as it was asked");
    assert_eq!(late.names(), ["outage-not-prolonged", "sizes-restored", "no-mutation-when-forbidden"]);
}
