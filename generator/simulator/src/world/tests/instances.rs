//! An instance's way in and out.

use serde_json::json;

use super::{WorldFixture, id, round_times, text};
use crate::time::Span;
use crate::world::spec::{HookResult, HookSpec, TerminatedTwice};

#[test]
fn a_group_grows_after_its_reaction_time_and_instances_take_their_boot_time() {
    let mut fixture = WorldFixture::with(round_times, "");
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 4})).expect("within the bounds");
    fixture.wait(5);
    assert_eq!(fixture.states().len(), 3);
    fixture.wait(1);
    assert_eq!(fixture.states()[3], "Pending");
    assert_eq!(fixture.machine(&id(4)), "pending");
    fixture.wait(10);
    assert_eq!(fixture.machine(&id(4)), "running");
    fixture.wait(89);
    assert_eq!(fixture.states()[3], "Pending");
    fixture.wait(1);
    assert_eq!(fixture.states()[3], "InService");
}

#[test]
fn in_service_does_not_mean_that_the_target_group_says_healthy() {
    let mut fixture = WorldFixture::with(round_times, "");
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 4})).expect("within the bounds");
    fixture.wait(106);
    assert_eq!(fixture.states()[3], "InService");
    assert_eq!(fixture.targets()[3], (id(4), "initial".to_owned()));
    fixture.wait(20);
    assert_eq!(fixture.targets()[3], (id(4), "healthy".to_owned()));
}

#[test]
fn a_terminated_instance_drains_shuts_down_leaves_the_group_and_only_then_is_terminated_in_ec2() {
    let mut fixture = WorldFixture::with(round_times, "");
    fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 2})).expect("a change of the minimum");
    let answer = fixture.terminate(&id(1), true).expect("a managed instance");
    assert_eq!(answer["Activity"]["StatusCode"], "InProgress");
    assert_eq!(fixture.states()[0], "Terminating");
    assert_eq!(fixture.targets()[0].1, "draining");
    assert_eq!(fixture.machine(&id(1)), "running");
    fixture.wait(50);
    assert_eq!(fixture.states()[0], "Terminating:Proceed");
    assert_eq!(fixture.targets().len(), 2);
    assert_eq!(fixture.machine(&id(1)), "shutting-down");
    fixture.wait(30);
    assert_eq!(fixture.states().len(), 2);
    assert_eq!(fixture.machine(&id(1)), "shutting-down");
    fixture.wait(5);
    assert_eq!(fixture.machine(&id(1)), "terminated");
    fixture.wait(3600);
    assert_eq!(fixture.machine(&id(1)), "unknown");
    assert_eq!(fixture.sizes(), (2, 6, 2));
}

#[test]
fn termination_without_decrement_launches_a_replacement_before_the_old_instance_is_gone() {
    let mut fixture = WorldFixture::with(round_times, "");
    fixture.terminate(&id(1), false).expect("a managed instance");
    fixture.wait(6);
    assert_eq!(fixture.states(), ["Terminating", "InService", "InService", "Pending"]);
    assert_eq!(fixture.sizes().2, 3);
}

#[test]
fn with_launch_suspended_the_replacement_waits_and_comes_when_launch_is_resumed() {
    let mut fixture = WorldFixture::with(round_times, "");
    fixture.on_group("suspendProcesses", json!({"ScalingProcesses": ["Launch"]})).expect("a known process");
    fixture.terminate(&id(1), false).expect("a managed instance");
    fixture.wait(1000);
    assert_eq!(fixture.states(), ["InService", "InService"]);
    fixture.on_group("resumeProcesses", json!({"ScalingProcesses": ["Launch"]})).expect("a known process");
    fixture.wait(6);
    assert_eq!(fixture.states(), ["InService", "InService", "Pending"]);
}

#[test]
fn scale_in_protection_does_not_stop_a_termination_by_id() {
    let mut fixture = WorldFixture::with(|group| group.protected_instances = 3, "");
    assert!(fixture.terminate(&id(1), false).is_ok());
    assert_eq!(fixture.states()[0], "Terminating");
}

#[test]
fn a_launch_hook_holds_an_instance_in_pending_wait_until_it_completes() {
    let mut fixture = WorldFixture::with(
        |group| {
            round_times(group);
            group.launch_hook = Some(HookSpec { takes: Span::seconds(40), ..HookSpec::default() });
        },
        "",
    );
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 4})).expect("within the bounds");
    fixture.wait(106);
    assert_eq!(fixture.states()[3], "Pending:Wait");
    fixture.wait(40);
    assert_eq!(fixture.states()[3], "Pending:Proceed");
    fixture.wait(1);
    assert_eq!(fixture.states()[3], "InService");
}

#[test]
fn an_abandoned_launch_hook_ends_the_instance_at_its_heartbeat_and_another_is_launched() {
    let mut fixture = WorldFixture::with(
        |group| {
            round_times(group);
            group.launch_hook = Some(HookSpec { heartbeat: Span::seconds(300), ..HookSpec::default() });
        },
        "[{at: 0s, do: {stick_hook: {on: launch, for: 200s}}}]",
    );
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 4})).expect("within the bounds");
    fixture.wait(406);
    assert_eq!(fixture.states()[3], "Terminating:Proceed");
    fixture.wait(6);
    assert_eq!(fixture.states()[4], "Pending");
    let activities = fixture.on_group("describeScalingActivities", json!({})).expect("reads succeed");
    let abandoned = activities["Activities"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|one| one["StatusCode"] == "Cancelled");
    let message = abandoned.expect("a cancelled launch")["StatusMessage"].as_str().expect("a message");
    assert!(message.contains("abandoned"), "{message}");
    fixture.wait(300);
    assert_eq!(fixture.in_service(), 4);
}

#[test]
fn a_launch_hook_whose_default_is_continue_lets_go_at_its_heartbeat() {
    let mut fixture = WorldFixture::with(
        |group| {
            round_times(group);
            let hook = HookSpec {
                heartbeat: Span::seconds(300),
                default_result: HookResult::Continue,
                ..HookSpec::default()
            };
            group.launch_hook = Some(hook);
        },
        "[{at: 0s, do: {stick_hook: {on: launch}}}]",
    );
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 4})).expect("within the bounds");
    fixture.wait(407);
    assert_eq!(fixture.in_service(), 4);
}

#[test]
fn a_termination_hook_holds_an_instance_after_draining() {
    let mut fixture = WorldFixture::with(
        |group| {
            round_times(group);
            group.terminate_hook = Some(HookSpec { takes: Span::seconds(70), ..HookSpec::default() });
        },
        "",
    );
    fixture.terminate(&id(1), false).expect("a managed instance");
    fixture.wait(50);
    assert_eq!(fixture.states()[0], "Terminating:Wait");
    assert_eq!(fixture.machine(&id(1)), "running");
    fixture.wait(70);
    assert_eq!(fixture.states()[0], "Terminating:Proceed");
}

#[test]
fn a_retained_termination_never_goes_away() {
    let mut fixture = WorldFixture::with(
        |group| {
            round_times(group);
            group.terminate_hook =
                Some(HookSpec { heartbeat: Span::seconds(60), retains: true, ..HookSpec::default() });
        },
        "[{at: 0s, do: {stick_hook: {on: terminate}}}]",
    );
    fixture.terminate(&id(1), false).expect("a managed instance");
    fixture.wait(50_000);
    assert_eq!(fixture.states()[0], "Terminating:Retained");
    assert_eq!(fixture.machine(&id(1)), "running");
}

#[test]
fn a_dead_machine_is_marked_unhealthy_even_in_grace_and_replaced() {
    let mut fixture = WorldFixture::with(
        |group| {
            round_times(group);
            group.grace = Span::seconds(1_000_000);
        },
        "[{at: 10s, do: {kill: {which: old}}}]",
    );
    fixture.wait(10);
    assert_eq!(fixture.machine(&id(1)), "terminated");
    assert_eq!(fixture.describe()["Instances"][0]["HealthStatus"], "Healthy");
    fixture.wait(30);
    assert_eq!(fixture.describe()["Instances"][0]["HealthStatus"], "Unhealthy");
    fixture.wait(6);
    // It has nothing to drain and nothing to shut down.
    assert_eq!(fixture.states(), ["InService", "InService", "Pending"]);
}

#[test]
fn with_replace_unhealthy_suspended_an_unhealthy_instance_stays_until_it_is_resumed() {
    let mut fixture = WorldFixture::with(
        round_times,
        "[{at: 1s, do: {suspend: [ReplaceUnhealthy]}}, {at: 10s, do: {kill: {}}}]",
    );
    fixture.wait(500);
    assert_eq!(fixture.describe()["Instances"][0]["HealthStatus"], "Unhealthy");
    assert_eq!(fixture.states(), ["InService"; 3]);
    fixture
        .on_group("resumeProcesses", json!({"ScalingProcesses": ["ReplaceUnhealthy"]}))
        .expect("a known process");
    fixture.wait(6);
    assert_eq!(fixture.states().last(), Some(&"Pending"));
}

#[test]
fn with_health_check_suspended_a_dead_machine_is_seen_only_when_it_is_resumed() {
    let mut fixture = WorldFixture::with(
        round_times,
        "[{at: 1s, do: {suspend: [HealthCheck]}}, {at: 10s, do: {kill: {}}}]",
    );
    fixture.wait(500);
    assert_eq!(fixture.describe()["Instances"][0]["HealthStatus"], "Healthy");
    fixture
        .on_group("resumeProcesses", json!({"ScalingProcesses": ["HealthCheck"]}))
        .expect("a known process");
    fixture.wait(30);
    assert_eq!(fixture.describe()["Instances"][0]["HealthStatus"], "Unhealthy");
}

#[test]
fn an_instance_whose_target_fails_is_replaced_after_the_grace_period_with_elb_checks_only() {
    use crate::world::spec::HealthCheck::{Ec2, Elb};
    for (check, replaced) in [(Elb, true), (Ec2, false)] {
        let mut fixture = WorldFixture::with(
            |group| {
                round_times(group);
                group.health_check = check;
            },
            "[{at: 0s, do: {break_launches: {for: 60s}}}]",
        );
        fixture.wait(1);
        fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 4})).expect("within the bounds");
        fixture.wait(150);
        assert_eq!(fixture.targets()[3], (id(4), "unhealthy".to_owned()));
        assert_eq!(fixture.describe()["Instances"][3]["HealthStatus"], "Healthy", "{check:?}: in grace");
        fixture.wait(300);
        assert_eq!(fixture.count("marked_unhealthy") == 1, replaced, "{check:?}");
    }
}

#[test]
fn with_add_to_load_balancer_suspended_an_instance_is_never_registered() {
    let mut fixture = WorldFixture::with(round_times, "");
    fixture
        .on_group("suspendProcesses", json!({"ScalingProcesses": ["AddToLoadBalancer"]}))
        .expect("a known process");
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 4})).expect("within the bounds");
    fixture.wait(500);
    assert_eq!(fixture.in_service(), 4);
    assert_eq!(fixture.targets().len(), 3);
    fixture
        .on_group("resumeProcesses", json!({"ScalingProcesses": ["AddToLoadBalancer"]}))
        .expect("a known process");
    fixture.wait(500);
    assert_eq!(fixture.targets().len(), 3);
}

#[test]
fn terminating_an_instance_twice_is_blocked_by_its_own_activity() {
    let mut fixture = WorldFixture::plain();
    fixture.terminate(&id(1), false).expect("a managed instance");
    let error = fixture.terminate(&id(1), false).expect_err("it is on its way");
    assert_eq!(error.name, "AutoScaling.ScalingActivityInProgressException");
    assert!(text(&error).ends_with("is in progress and blocks this action"), "{error:?}");
}

#[test]
fn terminating_an_instance_twice_may_be_answered_and_takes_no_second_place() {
    let mut fixture = WorldFixture::of(|spec| spec.terminated_twice = TerminatedTwice::Answered, "");
    fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 0})).expect("it is below what is desired");
    let first = fixture.terminate(&id(1), true).expect("a managed instance");
    let desired = fixture.group().sizes.desired;
    let again = fixture.terminate(&id(1), true).expect("the activity by which it goes");
    assert_eq!(again["Activity"]["ActivityId"], first["Activity"]["ActivityId"]);
    assert_eq!(fixture.group().sizes.desired, desired);
    fixture.wait(2000);
    assert_eq!(fixture.count("left"), 1);
}

#[test]
fn times_spread_around_what_is_set_and_stay_the_same_for_the_same_seed() {
    let in_service_at = |seed| {
        let mut fixture = WorldFixture::of(
            |spec| {
                spec.seed = seed;
                spec.groups[0].timing.spread_percent = 20;
            },
            "",
        );
        fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 6})).expect("within the bounds");
        fixture.wait(1000);
        fixture.group().instances[3..]
            .iter()
            .map(|one| one.in_service_at.expect("in service") - one.launched_at)
            .collect::<Vec<_>>()
    };
    let boots = in_service_at(7);
    assert!(boots.iter().all(|boot| (192..=288).contains(&(boot.0 / 1000))), "{boots:?}");
    assert_eq!(boots, in_service_at(7));
    assert_ne!(boots, in_service_at(8));
}
