//! The whole product on an emulated AWS: the generated stack is deployed, an event put on the bus, the real handler
//! run on the message that arrives, and the state machine that it starts replaces instances in virtual time.
//!
//! A case is a [`Stage`], what happens on it, and what has to be true afterwards. Each has an AWS of its own.

mod permissions;
pub(crate) mod stage;

use serde_json::json;

use stage::{GROUP, Stage};

#[test]
fn out_in_replaces_every_instance_and_never_serves_with_fewer() {
    let mut stage = Stage::new("out-in");
    let execution = stage.recycle();
    stage.assert_recycled(&execution, 3);
}

#[test]
fn out_in_timed_waits_for_its_window_and_then_replaces_every_instance() {
    let mut stage = Stage::new_with("out-in-timed", |now| {
        let hour = |hours: u64| format!("{:02}:00", (now.hour + hours) % 24);
        vec![
            ("autorecycle_recycle_window", format!("{},{}", hour(2), hour(6))),
            ("autorecycle_time_zone", "UTC".to_owned()),
        ]
    });
    let execution = stage.recycle();
    stage.assert_recycled(&execution, 3);
    assert!(execution.states.iter().any(|state| state == "Wait for window"), "{:?}", execution.states);
    let first_launch = stage.launches()[0].at;
    assert!(
        first_launch >= 3600.0,
        "it acted after {first_launch} s, and the window opens in an hour or two"
    );
}

#[test]
fn in_out_replaces_one_instance_at_a_time_and_launches_none_before_the_old_one_is_terminated() {
    let mut stage = Stage::new("in-out");
    let execution = stage.recycle();
    stage.assert_recycled(&execution, 2);
    stage.assert_no_launch_while_an_instance_ends();
}

#[test]
fn an_instance_refresh_replaces_every_instance_by_aws_own_hand() {
    let mut stage = Stage::new("instance-refresh");
    let execution = stage.recycle();
    // A refresh counts what is in service, not what its targets say: one may still be on its way to healthy.
    stage.assert_recycled(&execution, 2);
    assert!(execution.states.iter().any(|state| state == "Wait for the refresh"), "{:?}", execution.states);
}

#[test]
fn a_tag_that_the_instances_lack_replaces_them_and_one_that_they_carry_does_not() {
    let mut stage = Stage::new("out-in");
    stage.set_tag("Release", "2");
    let event = stage.tag_event("Release", "2");
    let started = stage.send(&event);
    let execution = stage.emulator.wait(&started);
    assert_eq!(execution.input["replace"], json!("outdated"));
    stage.assert_recycled(&execution, 3);
    let launches = stage.launches().len();

    let again = stage.tag_event("Release", "2");
    let started = stage.send(&again);
    let execution = stage.emulator.wait(&started);
    assert_eq!(execution.output["outcome"], json!("up_to_date"), "{execution:?}");
    assert_eq!(stage.launches().len(), launches);
}

#[test]
fn a_dry_run_reports_and_changes_nothing() {
    let mut stage = Stage::new_with("out-in", |_| vec![("autorecycle_dry_run", "true".to_owned())]);
    let execution = stage.recycle();
    assert_eq!(execution.status, "SUCCEEDED", "{execution:?}");
    stage.assert_untouched();
    assert_eq!(stage.statuses(), ["dry_run"]);
}

#[test]
fn a_group_that_is_up_to_date_is_left_alone() {
    let mut stage = Stage::new("out-in");
    let event = stage.launch_event();
    let started = stage.send(&event);
    let execution = stage.emulator.wait(&started);
    assert_eq!(execution.status, "SUCCEEDED", "{execution:?}");
    stage.assert_untouched();
}

#[test]
fn a_group_that_has_not_opted_in_starts_nothing() {
    let mut stage =
        Stage::new_with("out-in", |_| vec![("autorecycle_recycle_on_asg_update", "false".to_owned())]);
    stage.new_launch_template_version();
    let event = stage.launch_event();
    let delivery = stage.deliver(&event);
    assert!(delivery.started.is_empty(), "{delivery:?}");
    stage.assert_untouched();
}

#[test]
fn the_same_event_twice_starts_one_recycle() {
    let mut stage = Stage::new("out-in");
    stage.new_launch_template_version();
    let event = stage.launch_event();
    let started = stage.send(&event);
    let again = stage.deliver(&event);
    assert!(again.started.is_empty(), "{again:?}");
    let execution = stage.emulator.wait(&started);
    stage.assert_recycled(&execution, 3);
}

#[test]
fn two_stacks_that_see_one_group_recycle_it_once() {
    let mut stage = Stage::new("out-in");
    let [first, second] = stage.start_in_two_stacks();
    let second = stage.emulator.wait(&second);
    assert_eq!(second.status, "SUCCEEDED", "{second:?}");
    assert_eq!(second.output["outcome"], json!("coalesced"), "{second:?}");
    let execution = stage.emulator.wait(&first);
    stage.assert_recycled(&execution, 3);
}

#[test]
fn launches_that_never_become_healthy_end_the_recycle_with_the_old_fleet_intact() {
    let mut stage = Stage::new_with("out-in-timed", stage::open_all_day);
    stage.emulator.order("fault_launches", json!({"kind": "stuck-pending"}));
    let execution = stage.recycle();
    assert_eq!(execution.status, "FAILED", "{execution:?}");
    assert_eq!(execution.error.as_deref(), Some("Recycle.LaunchTimeout"));
    let cause = execution.cause.as_deref().unwrap_or_default();
    assert!(cause.contains("healthy"), "the cause says what was waited for: {execution:?}");
    stage.assert_rolled_back();
    stage.assert_restore_finds_nothing();
}

#[test]
fn a_target_group_that_finds_the_new_instances_unhealthy_ends_the_recycle_too() {
    let mut stage = Stage::new_with("out-in-timed", stage::open_all_day);
    stage.emulator.order("fault_launches", json!({"kind": "target-unhealthy"}));
    let execution = stage.recycle();
    assert_eq!(execution.status, "FAILED", "{execution:?}");
    stage.assert_rolled_back();
}

#[test]
fn an_execution_that_is_stopped_half_way_is_restored() {
    for (strategy, first_change) in
        [("out-in", "launched"), ("in-out", "terminating"), ("instance-refresh", "launched")]
    {
        let mut stage = Stage::new(strategy);
        stage.new_launch_template_version();
        let event = stage.launch_event();
        let started = stage.send(&event);
        stage.wait_for(first_change);
        let stopped: crate::emulator::Execution = stage.emulator.ask("stop", json!({"execution": started}));
        assert_eq!(stopped.status, "ABORTED", "{stopped:?}");
        let restore = stage.deliver_status_event();
        let restored = stage.emulator.wait(&restore);
        assert_eq!(restored.input["mode"], json!("restore"));
        assert_eq!(restored.input["auto_scaling_group_name"], json!(GROUP));
        assert_eq!(restored.status, "SUCCEEDED", "{strategy}: {restored:?}");
        stage.emulator.order("advance", json!({"seconds": 600}));
        stage.assert_as_before(strategy);
    }
}

#[test]
fn throttled_calls_are_tried_again() {
    let mut stage = Stage::new("out-in");
    for action in
        ["DescribeAutoScalingGroups", "UpdateAutoScalingGroup", "TerminateInstanceInAutoScalingGroup"]
    {
        let action = format!("autoscaling:{action}");
        let fault = json!({"action": action, "code": "Throttling", "message": "Rate exceeded", "count": 2});
        stage.emulator.order("fault_calls", fault);
    }
    let execution = stage.recycle();
    stage.assert_recycled(&execution, 3);
}
