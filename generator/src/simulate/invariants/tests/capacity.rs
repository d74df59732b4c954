//! The bounds of capacity.

use asg_recycle_handler::contract::Replace;
use serde_json::json;

use super::super::{Allowed, Invariant, Promise};
use super::{CheckerFixture, GROUP, ONE};
use asg_recycle_simulator::time::{Moment, Span};
use asg_recycle_simulator::world::executions::ExecutionStatus;
use asg_recycle_simulator::world::spec::{GroupSpec, HealthCheck, WorldSpec};

/// Doubles and halves the group as the strategy does.
fn out_in(fixture: &mut CheckerFixture) {
    fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 6}));
    fixture.wait(360);
    fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 3}));
    for n in 1..=3 {
        fixture.terminate(n, true);
    }
    fixture.wait(400);
    fixture.look();
}

fn in_out(fixture: &mut CheckerFixture) {
    fixture.on_group("suspendProcesses", json!({"ScalingProcesses": ["AZRebalance"]}));
    for n in 1..=3 {
        fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 2}));
        fixture.terminate(n, true);
        fixture.wait(340);
        fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 3}));
        fixture.wait(360);
    }
    fixture.on_group("resumeProcesses", json!({"ScalingProcesses": ["AZRebalance"]}));
    fixture.look();
}

#[test]
fn a_good_out_in_violates_nothing() {
    let mut fixture = CheckerFixture::started(Promise::KeepsServing, |_| {}, "");
    out_in(&mut fixture);
    fixture.succeed("recycled", "");
    assert_eq!(fixture.violated(), []);
}

#[test]
fn a_good_in_out_violates_nothing() {
    let mut fixture = CheckerFixture::started(Promise::OneOut, |_| {}, "");
    in_out(&mut fixture);
    fixture.succeed("recycled", "");
    assert_eq!(fixture.violated(), []);
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
        let mut fixture = CheckerFixture::started(Promise::KeepsServing, |group| group.min = 1, events);
        fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 6}));
        fixture.wait(330);
        if fixture.world.group(0).is_some_and(|group| group.sizes.min == 6) {
            fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 1}));
        }
        fixture.end(ONE, ExecutionStatus::Failed, None, Some(("Recycle.Stopped", "by hand")));
        let mut violated = fixture.violated();
        violated.retain(|one| one.invariant != Invariant::SizesRestored); // half of an out-in: it stays doubled
        assert_eq!(violated, [], "{events}");
    }
}

#[test]
fn terminating_before_replacements_serve_breaks_the_promise() {
    let mut fixture = CheckerFixture::started(Promise::KeepsServing, |group| group.min = 1, "");
    fixture.terminate(1, true);
    fixture.end(ONE, ExecutionStatus::Failed, None, Some(("E", "c")));
    let violations = fixture.violated();
    assert_eq!(violations[0].invariant, Invariant::NeverBelowPromise);
    assert!(
        violations[0].detail.starts_with("2 healthy instances in service, at least 3 promised"),
        "{}",
        violations[0]
    );
}

#[test]
fn in_service_without_healthy_targets_does_not_keep_the_promise() {
    let mut fixture = CheckerFixture::started(
        Promise::KeepsServing,
        |group| group.timing.health_lag = Span::seconds(120),
        "",
    );
    fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 6}));
    fixture.wait(260);
    fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 3}));
    fixture.terminate(1, true);
    fixture.end(ONE, ExecutionStatus::Failed, None, Some(("E", "c")));
    assert_eq!(fixture.names(), ["never-below-promise", "sizes-restored"]);
}

#[test]
fn what_the_world_takes_lowers_the_promise_until_it_is_made_up_for() {
    let mut fixture = CheckerFixture::started(Promise::KeepsServing, |_| {}, "[{at: 10s, do: {kill: {}}}]");
    fixture.wait(1000);
    fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 2}));
    fixture.terminate(2, true);
    fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 3}));
    fixture.end(ONE, ExecutionStatus::Failed, None, Some(("E", "c")));
    let violations = fixture.violated();
    assert_eq!(violations.len(), 1, "{violations:?}");
    assert!(violations[0].moment >= Moment(WorldSpec::default().starts_at + 1_000_000));
}

#[test]
fn what_a_policy_takes_below_the_groups_own_minimum_is_filled_again() {
    // The minimum is lowered for a turn, and a policy takes one into that room; or the group's own minimum lets it.
    for (own_min, expected) in [(3, vec![]), (1, vec!["never-below-promise"])] {
        let events = "[{at: 10s, do: {scaling_policy: {by: -1}}}, {at: 800s, do: {set_sizes: {min: 0}}},
                       {at: 1010s, do: {kill: {}}}]";
        let mut fixture = CheckerFixture::started(Promise::OneOut, |group| group.min = own_min, events);
        if own_min == 3 {
            fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 2}));
        }
        fixture.wait(300);
        fixture.look();
        fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 3}));
        fixture.wait(700);
        fixture.look();
        let oldest = fixture.world.group(0).and_then(|group| group.instances.first()).map(|one| one.id.0);
        fixture.terminate(oldest.expect("there are three"), true);
        fixture.wait(100);
        fixture.end(ONE, ExecutionStatus::Failed, None, Some(("E", "c")));
        let mut found = fixture.names();
        found.retain(|name| *name == "never-below-promise");
        assert_eq!(found, expected, "a minimum of {own_min}");
    }
}

#[test]
fn a_group_whose_strategy_has_changed_is_held_to_what_that_promises() {
    // The former execution is over, and one or two are out at a time; or it goes on beside.
    for (is_over, out, expected) in
        [(true, 1, vec![]), (true, 2, vec!["never-below-promise"]), (false, 2, vec![])]
    {
        let mut fixture = CheckerFixture::started(Promise::KeepsServing, |group| group.min = 1, "");
        if is_over {
            fixture.end(ONE, ExecutionStatus::Failed, None, Some(("E", "c")));
        }
        fixture.promise = Some(Promise::OneOut);
        let other = format!("{ONE}-other");
        fixture.start(&other, Replace::Outdated, Allowed::Always);
        for n in 1..=out {
            fixture.terminate(n, true);
        }
        fixture.end(&other, ExecutionStatus::Failed, None, Some(("E", "c")));
        let mut found = fixture.names();
        found.retain(|name| *name == "never-below-promise");
        assert_eq!(found, expected, "{out} out, the other is over: {is_over}");
    }
}

#[test]
fn two_out_at_a_time_break_the_promise_of_in_out() {
    let mut fixture = CheckerFixture::started(Promise::OneOut, |_| {}, "");
    fixture.on_group("suspendProcesses", json!({"ScalingProcesses": ["Launch"]}));
    fixture.terminate(1, false);
    fixture.terminate(2, false);
    fixture.on_group("resumeProcesses", json!({"ScalingProcesses": ["Launch"]}));
    fixture.end(ONE, ExecutionStatus::Failed, None, Some(("E", "c")));
    assert_eq!(fixture.names(), ["never-below-promise"]);
}

#[test]
fn a_launch_before_the_old_instance_is_terminated_in_ec2_breaks_the_promise_of_in_out() {
    // It has left the group after 330 s; EC2 says terminated 5 s later, and a launch takes 6 to 8 s to come.
    for (wait, expected) in [(60, vec!["never-below-promise"]), (340, vec![])] {
        let mut fixture = CheckerFixture::started(Promise::OneOut, |_| {}, "");
        fixture.on_group("suspendProcesses", json!({"ScalingProcesses": ["Launch", "AZRebalance"]}));
        fixture.terminate(1, false);
        fixture.wait(wait);
        fixture.on_group("resumeProcesses", json!({"ScalingProcesses": ["Launch", "AZRebalance"]}));
        fixture.wait(300);
        fixture.end(ONE, ExecutionStatus::Failed, None, Some(("E", "c")));
        assert_eq!(fixture.names(), expected, "after {wait} s");
    }
}

#[test]
fn what_others_ask_for_is_launched_while_one_is_out() {
    let too_early = ["never-below-promise"];
    let cases: [(&str, &[&str]); 6] = [
        ("[{at: 20s, do: {scheduled_action: {min: 3, max: 3}}}]", &[]),
        ("[{at: 20s, do: {set_desired_capacity: 1}}, {at: 25s, do: {standby: {which: any}}}]", &[]),
        ("[{at: 20s, do: {set_desired_capacity: 1}}]", &too_early),
        ("[{at: 20s, do: {scaling_policy: {by: 1}}}]", &[]),
        ("[{at: 20s, do: {set_sizes: {max: 2}}}, {at: 30s, do: {set_sizes: {max: 6}}}]", &too_early),
        ("[]", &too_early),
    ];
    for (events, expected) in cases {
        let mut fixture = CheckerFixture::started(Promise::OneOut, |group| group.min = 1, events);
        fixture.terminate(1, true);
        fixture.wait(40);
        if !expected.is_empty() {
            fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 3}));
        }
        fixture.wait(400);
        fixture.end(ONE, ExecutionStatus::Failed, None, Some(("E", "c")));
        let mut names = fixture.names();
        names.retain(|name| *name != "sizes-restored");
        assert_eq!(names, expected, "{events}");
    }
}

#[test]
fn one_in_standby_holds_no_place_that_could_be_filled() {
    let mut fixture = CheckerFixture::started(Promise::OneOut, |_| {}, "[{at: 5s, do: {standby: {}}}]");
    fixture.wait(6);
    fixture.terminate(1, false);
    fixture.wait(30);
    fixture.end(ONE, ExecutionStatus::Failed, None, Some(("E", "c")));
    assert_eq!(fixture.names(), Vec::<&str>::new());
}

#[test]
fn more_instances_than_replacing_needs_are_too_many() {
    for (size, expected) in [(7, vec![]), (8, vec!["never-above-allowed"])] {
        let mut fixture = CheckerFixture::started(Promise::KeepsServing, |_| {}, "");
        fixture.on_group("updateAutoScalingGroup", json!({"MinSize": size, "MaxSize": size}));
        fixture.wait(20);
        fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 3, "MaxSize": 6, "DesiredCapacity": 3}));
        fixture.wait(1000);
        fixture.end(ONE, ExecutionStatus::Failed, None, Some(("E", "c")));
        let violated = fixture.violated();
        let names: Vec<_> = violated
            .iter()
            .map(|one| one.invariant.name())
            .filter(|name| *name != "never-below-promise")
            .collect();
        assert_eq!(names, expected, "{size}: {violated:?}");
    }
}

/// A policy takes three while the group is doubled, which its own minimum would not have let it; what it adds later is the world's.
#[test]
fn what_a_policy_takes_of_a_doubling_is_not_taken_from_what_it_may_add() {
    let events = "[{at: 300s, do: {scaling_policy: {by: -3}}}, {at: 900s, do: {scaling_policy: {by: 3}}}]";
    let mut fixture = CheckerFixture::started(Promise::KeepsServing, |group| group.max = 6, events);
    fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 6}));
    fixture.wait(250);
    fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 3}));
    fixture.wait(1000);
    fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 9, "MaxSize": 9}));
    fixture.wait(300);
    fixture.look();
    let violated = fixture.violated();
    assert!(violated.iter().all(|one| one.invariant != Invariant::NeverAboveAllowed), "{violated:?}");
}

/// What nobody registers with its load balancers is healthy by the group's own checks, and somebody else's refresh takes it.
#[test]
fn somebody_elses_refresh_takes_what_does_not_serve() {
    let events = "[
        {at: 1s, do: {suspend: [AddToLoadBalancer]}},
        {at: 5s, do: {scaling_policy: {by: 2}}},
        {at: 600s, do: {scaling_policy: {by: -2}}},
        {at: 1200s, do: {start_instance_refresh: {min_healthy: 81}}},
    ]";
    let promise = Promise::Percent { minimum: 100, may_grow: true };
    let mut fixture = CheckerFixture::of(promise, |_| {}, events);
    fixture.wait(6000);
    let violated = fixture.violated();
    assert!(violated.iter().all(|one| one.invariant != Invariant::NeverBelowPromise), "{violated:?}");
}

/// One that its target group refuses is healthy by the group's own checks: whoever lets it go after ten minutes may do so as AWS takes another.
#[test]
fn one_that_no_load_balancer_takes_may_be_let_go_as_a_refresh_takes_another() {
    for (waits, is_broken) in [(640, false), (750, true)] {
        let promise = Promise::Percent { minimum: 100, may_grow: true };
        let by_ec2 = |group: &mut GroupSpec| {
            group.health_check = HealthCheck::Ec2;
            group.warmup = Some(Span::seconds(300));
        };
        let mut fixture = CheckerFixture::started(promise, by_ec2, "[{at: 1s, do: {break_launches: {}}}]");
        let preferences = json!({"Preferences": {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 110}});
        fixture.on_group("startInstanceRefresh", preferences);
        fixture.wait(waits);
        fixture.terminate(4, false);
        fixture.look();
        assert_eq!(fixture.names().contains(&"never-below-promise"), is_broken, "{waits}");
    }
}

/// Two are launched beside old ones at risk, and the old ones leave while they boot: Auto Scaling takes new ones that serve.
#[test]
fn what_is_launched_for_those_at_risk_excuses_who_has_not_seen_it_or_has_waited_for_it() {
    let sizes_alone = json!({"IncludeInstances": false});
    let instances = json!({});
    for (look, waits, is_broken) in [
        (None, 0, false),
        (Some(&sizes_alone), 0, false),
        (Some(&instances), 0, true),
        (Some(&instances), 300, true),
        (Some(&instances), 430, false),
    ] {
        let events = "[{at: 700s, do: {put_at_risk: {which: old, count: 2}}}]";
        let large = |group: &mut GroupSpec| {
            group.min = 1;
            group.max = 20;
            group.timing.boot = Span::seconds(600);
        };
        let mut fixture = CheckerFixture::started(Promise::KeepsServing, large, events);
        fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 6}));
        fixture.wait(690);
        fixture.look();
        fixture.wait(40);
        if let Some(look) = look {
            let mut arguments = look.clone();
            arguments["AutoScalingGroupNames"] = json!([GROUP]);
            fixture.call_by(ONE, "autoscaling", "describeAutoScalingGroups", &arguments);
        }
        fixture.wait(waits);
        fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 1}));
        for n in 1..=3 {
            fixture.terminate(n, true);
        }
        fixture.wait(60);
        assert_eq!(fixture.names().contains(&"never-below-promise"), is_broken, "{look:?} {waits}");
    }
}

/// The same where one is out at a time, which waits for three minutes.
#[test]
fn what_is_launched_for_those_at_risk_is_waited_for_before_one_is_taken_out() {
    for (waits, is_broken) in [(100, true), (200, false)] {
        let slow = |group: &mut GroupSpec| {
            group.min = 1;
            group.timing.boot = Span::seconds(600);
        };
        let events = "[{at: 5s, do: {put_at_risk: {which: old, count: 2}}}]";
        let mut fixture = CheckerFixture::started(Promise::OneOut, slow, events);
        fixture.wait(30);
        fixture.look();
        fixture.wait(waits);
        fixture.terminate(1, true);
        fixture.wait(60);
        assert_eq!(fixture.names().contains(&"never-below-promise"), is_broken, "{waits}");
    }
}
