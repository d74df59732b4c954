//! The bounds of capacity.

use serde_json::json;

use super::super::{Invariant, Promise};
use super::{ONE, Stage};
use asg_recycle_simulator::time::{Moment, Span};
use asg_recycle_simulator::world::executions::ExecutionStatus;
use asg_recycle_simulator::world::spec::WorldSpec;

/// Doubles and halves the group as the strategy does.
fn out_in(stage: &mut Stage) {
    stage.on_group("updateAutoScalingGroup", json!({"MinSize": 6}));
    stage.wait(300);
    stage.on_group("updateAutoScalingGroup", json!({"MinSize": 3}));
    for n in 1..=3 {
        stage.terminate(n, true);
    }
    stage.wait(400);
    stage.look();
}

fn in_out(stage: &mut Stage) {
    stage.on_group("suspendProcesses", json!({"ScalingProcesses": ["AZRebalance"]}));
    for n in 1..=3 {
        stage.on_group("suspendProcesses", json!({"ScalingProcesses": ["Launch"]}));
        stage.terminate(n, false);
        stage.wait(340);
        stage.on_group("resumeProcesses", json!({"ScalingProcesses": ["Launch"]}));
        stage.wait(300);
    }
    stage.on_group("resumeProcesses", json!({"ScalingProcesses": ["AZRebalance"]}));
    stage.look();
}

#[test]
fn a_good_out_in_violates_nothing() {
    let mut stage = Stage::started(Promise::KeepsServing, |_| {}, "");
    out_in(&mut stage);
    stage.succeed("recycled", "");
    assert_eq!(stage.violated(), []);
}

#[test]
fn a_good_in_out_violates_nothing() {
    let mut stage = Stage::started(Promise::OneOut, |_| {}, "");
    in_out(&mut stage);
    stage.succeed("recycled", "");
    assert_eq!(stage.violated(), []);
}

#[test]
fn a_good_out_in_violates_nothing_while_the_world_acts() {
    for events in [
        "[{at: 100s, do: {kill: {which: old}}}]",
        "[{at: 290s, do: {kill: {which: new, count: 2}}}]",
        "[{at: 100s, do: {set_sizes: {max: 20, desired: 9}}}]",
        "[{at: 320s, do: {set_sizes: {min: 1, desired: 3}}}]",
        "[{at: 100s, do: {suspend: [ScheduledActions]}}]",
        "[{at: 10s, do: {break_application: {which: old}}}]",
        "[{at: 100s, do: {new_template_version: {}}}]",
        "[{at: 50s, do: {standby: {which: old}}}]",
    ] {
        let mut stage = Stage::started(Promise::KeepsServing, |group| group.min = 1, events);
        stage.on_group("updateAutoScalingGroup", json!({"MinSize": 6}));
        stage.wait(330);
        if stage.world.group(0).is_some_and(|group| group.sizes.min == 6) {
            stage.on_group("updateAutoScalingGroup", json!({"MinSize": 1}));
        }
        stage.end(ONE, ExecutionStatus::Failed, None, Some(("Recycle.Stopped", "by hand")));
        let mut violated = stage.violated();
        violated.retain(|one| one.invariant != Invariant::SizesRestored); // half of an out-in: it stays doubled
        assert_eq!(violated, [], "{events}");
    }
}

#[test]
fn terminating_before_replacements_serve_breaks_the_promise() {
    let mut stage = Stage::started(Promise::KeepsServing, |group| group.min = 1, "");
    stage.terminate(1, true);
    stage.end(ONE, ExecutionStatus::Failed, None, Some(("E", "c")));
    let violations = stage.violated();
    assert_eq!(violations[0].invariant, Invariant::NeverBelowPromise);
    assert!(
        violations[0].detail.starts_with("2 healthy instances in service, at least 3 promised"),
        "{}",
        violations[0]
    );
}

#[test]
fn in_service_without_healthy_targets_does_not_keep_the_promise() {
    let mut stage =
        Stage::started(Promise::KeepsServing, |group| group.timing.health_lag = Span::seconds(120), "");
    stage.on_group("updateAutoScalingGroup", json!({"MinSize": 6}));
    stage.wait(260);
    stage.on_group("updateAutoScalingGroup", json!({"MinSize": 3}));
    stage.terminate(1, true);
    stage.end(ONE, ExecutionStatus::Failed, None, Some(("E", "c")));
    assert_eq!(stage.names(), ["never-below-promise", "sizes-restored"]);
}

#[test]
fn what_the_world_takes_lowers_the_promise_until_it_is_made_up_for() {
    let mut stage = Stage::started(Promise::KeepsServing, |_| {}, "[{at: 10s, do: {kill: {}}}]");
    stage.wait(1000);
    stage.on_group("updateAutoScalingGroup", json!({"MinSize": 2}));
    stage.terminate(2, true);
    stage.on_group("updateAutoScalingGroup", json!({"MinSize": 3}));
    stage.end(ONE, ExecutionStatus::Failed, None, Some(("E", "c")));
    let violations = stage.violated();
    assert_eq!(violations.len(), 1, "{violations:?}");
    assert!(violations[0].moment >= Moment(WorldSpec::default().starts_at + 1_000_000));
}

#[test]
fn two_out_at_a_time_break_the_promise_of_in_out() {
    let mut stage = Stage::started(Promise::OneOut, |_| {}, "");
    stage.on_group("suspendProcesses", json!({"ScalingProcesses": ["Launch"]}));
    stage.terminate(1, false);
    stage.terminate(2, false);
    stage.on_group("resumeProcesses", json!({"ScalingProcesses": ["Launch"]}));
    stage.end(ONE, ExecutionStatus::Failed, None, Some(("E", "c")));
    assert_eq!(stage.names(), ["never-below-promise"]);
}

#[test]
fn a_launch_before_the_old_instance_is_terminated_in_ec2_breaks_the_promise_of_in_out() {
    // It has left the group after 330 s; EC2 says terminated 5 s later, and a launch takes 6 to 8 s to come.
    for (wait, expected) in [(60, vec!["never-below-promise"]), (340, vec![])] {
        let mut stage = Stage::started(Promise::OneOut, |_| {}, "");
        stage.on_group("suspendProcesses", json!({"ScalingProcesses": ["Launch", "AZRebalance"]}));
        stage.terminate(1, false);
        stage.wait(wait);
        stage.on_group("resumeProcesses", json!({"ScalingProcesses": ["Launch", "AZRebalance"]}));
        stage.wait(300);
        stage.end(ONE, ExecutionStatus::Failed, None, Some(("E", "c")));
        assert_eq!(stage.names(), expected, "after {wait} s");
    }
}

#[test]
fn more_instances_than_replacing_needs_are_too_many() {
    for (size, expected) in [(7, vec![]), (8, vec!["never-above-allowed"])] {
        let mut stage = Stage::started(Promise::KeepsServing, |_| {}, "");
        stage.on_group("updateAutoScalingGroup", json!({"MinSize": size, "MaxSize": size}));
        stage.wait(20);
        stage.on_group("updateAutoScalingGroup", json!({"MinSize": 3, "MaxSize": 6, "DesiredCapacity": 3}));
        stage.wait(1000);
        stage.end(ONE, ExecutionStatus::Failed, None, Some(("E", "c")));
        let violated = stage.violated();
        let names: Vec<_> = violated
            .iter()
            .map(|one| one.invariant.name())
            .filter(|name| *name != "never-below-promise")
            .collect();
        assert_eq!(names, expected, "{size}: {violated:?}");
    }
}
