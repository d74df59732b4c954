//! Events of a script.

use serde_json::json;

use super::{WorldFixture, id, round_times};
use crate::world::World;
use crate::world::record::{Author, GroupEvent};
use crate::world::script::{Script, ScriptError};
use crate::world::spec::WorldSpec;

#[test]
fn a_scaling_policy_acts_within_the_bounds_and_not_while_it_is_suspended() {
    let mut fixture = WorldFixture::with(
        |_| {},
        "[{at: 10s, do: {scaling_policy: {by: 9}}}, {at: 30s, do: {scaling_policy: {to: 1}}}]",
    );
    fixture.wait(10);
    assert_eq!(fixture.sizes().2, 6);
    fixture
        .on_group("suspendProcesses", json!({"ScalingProcesses": ["AlarmNotification"]}))
        .expect("a known process");
    fixture.wait(30);
    assert_eq!(fixture.sizes().2, 6);
    let by_world = fixture
        .world
        .record()
        .changes
        .iter()
        .any(|change| matches!(&change.event, GroupEvent::Sized { by: Author::World, .. }));
    assert!(by_world);
}

#[test]
fn a_group_made_again_has_another_arn_and_no_past() {
    let events = "[{at: 5s, do: {suspend: [AZRebalance]}}, {at: 10s, do: {replace_group: {min: 2, max: 4, desired: 2}}}]";
    let mut fixture = WorldFixture::with(round_times, events);
    let before = fixture.describe();
    fixture.wait(900);
    let after = fixture.describe();
    assert_ne!(before["AutoScalingGroupARN"], after["AutoScalingGroupARN"]);
    assert_eq!(before["AutoScalingGroupName"], after["AutoScalingGroupName"]);
    assert_eq!((fixture.sizes(), fixture.in_service()), ((2, 4, 2), 2));
    assert_eq!(after["SuspendedProcesses"], json!([]));
    let activities = fixture.on_group("describeScalingActivities", json!({})).expect("it is there");
    assert_eq!(activities["Activities"].as_array().map(Vec::len), Some(2), "{activities}");
}

#[test]
fn a_scheduled_action_that_is_missed_while_suspended_is_skipped() {
    let events = "[{at: 1s, do: {suspend: [ScheduledActions]}}, {at: 5s, do: {scheduled_action: {max: 9}}},
        {at: 9s, do: {resume: [ScheduledActions]}}, {at: 12s, do: {scheduled_action: {min: 4, max: 8}}}]";
    let mut fixture = WorldFixture::with(|_| {}, events);
    fixture.wait(10);
    assert_eq!(fixture.sizes(), (3, 6, 3));
    fixture.wait(10);
    assert_eq!(fixture.sizes(), (4, 8, 4));
}

#[test]
fn an_event_can_follow_a_call_or_another_event() {
    let events = "[{after_call: {action: setDesiredCapacity, nth: 2}, do: {set_tag: {key: a, value: b}}},
        {after_event: {event: in_service}, delay: 3s, do: {kill: {which: new}}}]";
    let mut fixture = WorldFixture::with(round_times, events);
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 4})).expect("within the bounds");
    assert!(!fixture.group().tags.contains_key("a"));
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 4})).expect("within the bounds");
    assert!(fixture.group().tags.contains_key("a"));
    fixture.wait(106);
    assert_eq!(fixture.machine(&id(4)), "running");
    fixture.wait(3);
    assert_eq!(fixture.machine(&id(4)), "terminated");
}

#[test]
fn who_comes_back_from_standby_raises_the_desired_capacity_as_far_as_the_maximum_allows() {
    for (max, desired, in_service) in [(4, 4, 4), (3, 3, 3)] {
        let mut fixture = WorldFixture::with(
            |group| {
                round_times(group);
                (group.desired, group.max, group.standby_instances) = (3, max, 1);
            },
            "[{at: 1s, do: {exit_standby: {}}}]",
        );
        fixture.wait(100);
        assert_eq!((fixture.sizes().2, fixture.in_service()), (desired, in_service), "of at most {max}");
        let told = fixture.group().activities.last().map(|one| format!("{}, {}", one.description, one.cause));
        let said = "Moving EC2 instance out of Standby: i-00000000000000004, At 2026-01-05T09:00:01Z instance was moved out of \
                    standby in response to a user request, increasing the capacity from 3 to 4.";
        assert_eq!(told.as_deref(), (max == 4).then_some(said));
    }
}

#[test]
fn standby_takes_an_instance_out_of_service_and_lowers_the_desired_capacity() {
    let mut fixture = WorldFixture::with(
        |group| {
            round_times(group);
            group.min = 1;
        },
        "[{at: 1s, do: {standby: {}}}]",
    );
    fixture.wait(1);
    assert_eq!(fixture.states()[0], "EnteringStandby");
    fixture.wait(100);
    assert_eq!((fixture.states()[0], fixture.sizes().2, fixture.in_service()), ("Standby", 2, 2));
    fixture.terminate("i-00000000000000001", true).expect("it is taken");
    fixture.terminate("i-00000000000000002", true).expect("it is taken");
    let told: Vec<_> =
        fixture.group().activities.iter().map(|one| (&*one.description, &*one.cause)).collect();
    let told: Vec<_> = told[told.len() - 3..].iter().map(|(what, why)| format!("{what}, {why}")).collect();
    assert_eq!(
        told,
        [
            "Moving EC2 instance to Standby: i-00000000000000001, At 2026-01-05T09:00:01Z instance was moved to standby in response to a user request, \
         shrinking the capacity from 3 to 2.",
            "Terminating EC2 instance: i-00000000000000001, At 2026-01-05T09:01:41Z instance was taken out of service in response to a user request.",
            "Terminating EC2 instance: i-00000000000000002, At 2026-01-05T09:01:41Z instance was taken out of service in response to a user request, \
         shrinking the capacity from 2 to 1.",
        ]
    );
}

#[test]
fn protection_and_tags_come_and_go() {
    let events = "[{at: 1s, do: {protect: {count: 2}}}, {at: 2s, do: {unprotect: {}}},
        {at: 3s, do: {remove_tag: recycled}}]";
    let mut fixture = WorldFixture::with(|_| {}, events);
    fixture.wait(2);
    let protected: Vec<bool> = fixture.group().instances.iter().map(|one| one.protected).collect();
    assert_eq!(protected, [false, true, false]);
    assert!(fixture.group().has_tag("recycled"));
    fixture.wait(1);
    assert!(!fixture.group().has_tag("recycled"));
}

#[test]
fn a_new_version_or_default_makes_instances_outdated_where_the_group_follows_it() {
    for (version, event, outdated) in [
        ("2", "new_template_version: {make_default: true}", 0),
        ("$Latest", "new_template_version: {}", 3),
        ("$Default", "new_template_version: {}", 0),
        ("$Default", "new_template_version: {make_default: true}", 3),
        ("$Default", "set_default_version: {version: 1}", 3),
        ("2", "launch_from: {template: {version: '1'}}", 3),
    ] {
        let mut fixture = WorldFixture::with(
            |group| {
                group.current_instances = 3;
                group.launch =
                    super::super::spec::LaunchSpec::Template(super::super::spec::TemplateVersionSpec {
                        version: version.to_owned(),
                        ..Default::default()
                    });
            },
            &format!("[{{at: 1s, do: {{{event}}}}}]"),
        );
        fixture.wait(1);
        assert_eq!(
            fixture.group().sample(fixture.world.templates()).outdated,
            outdated,
            "{version}: {event}"
        );
        assert_eq!(fixture.events(), ["launch_source_changed"], "{version}: {event}");
    }
}

#[test]
fn what_somebody_else_may_not_do_does_not_happen() {
    let mut fixture = WorldFixture::with(|_| {}, "[{at: 1s, do: {set_sizes: {desired: 40}}}]");
    fixture.wait(10);
    assert_eq!(fixture.sizes(), (3, 6, 3));
}

#[test]
fn a_script_that_makes_no_sense_is_refused_with_the_reason() {
    for (events, expected) in [
        ("[{do: delete_group}]", "event 1 needs exactly one of `at`, `after_call` and `after_event`"),
        ("[{at: 1s, after_call: {action: x}, do: delete_group}]", "event 1 needs exactly one of"),
        ("[{at: 1x, do: delete_group}]", "`1x` is no length of time"),
        ("[{at: 1s, do: explode}]", "explode"),
        ("[{at: 1s, do: {kill: {how: hard}}}]", "how"),
        ("[{at: 1s, when: 2s, do: delete_group}]", "when"),
    ] {
        let error = Script::parse(events).expect_err(events).to_string();
        assert!(error.contains(expected), "{events}: {error}");
    }
    let build =
        |events: &str| World::new(WorldSpec::default(), Script::parse(events).expect("well-formed")).err();
    let unknown = build("[{at: 1s, group: other, do: delete_group}]");
    assert_eq!(unknown, Some(ScriptError::Group { entry: 1, group: "other".to_owned() }));
    assert!(matches!(
        build("[{after_event: {event: eaten}, do: delete_group}]"),
        Some(ScriptError::Event { entry: 1, .. })
    ));
}

#[test]
fn every_event_name_is_one_that_happens() {
    let events = "[{at: 1s, do: {kill: {}}}, {at: 2s, do: {set_tag: {key: a, value: b}}}, {at: 3s, do: {fail_launches: {for: 30s}}},
        {at: 4s, do: {new_template_version: {}}}, {at: 5s, do: {suspend: [AZRebalance]}}, {at: 400s, do: {start_instance_refresh: {}}},
        {at: 4000s, do: {configure_warm_pool: {min_size: 1}}}, {at: 5000s, do: {replace_group: {min: 2, max: 4, desired: 2}}},
        {at: 6000s, do: delete_group}]";
    let mut fixture = WorldFixture::with(
        |group| {
            round_times(group);
            group.launch =
                super::super::spec::LaunchSpec::Template(super::super::spec::TemplateVersionSpec {
                    version: "$Latest".to_owned(),
                    ..Default::default()
                });
            group.launch_hook = Some(super::super::spec::HookSpec::default());
            group.warm_pool = 1;
        },
        events,
    );
    fixture.wait(1);
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 4})).expect("within the bounds");
    fixture.wait(10_000);
    let met: std::collections::BTreeSet<_> = fixture.events().into_iter().collect();
    let listed: std::collections::BTreeSet<_> = GroupEvent::NAMES.iter().copied().collect();
    assert_eq!(met, listed);
}

#[test]
fn a_whole_world_is_read_from_yaml() {
    let spec: WorldSpec = serde_yaml::from_str(
        "seed: 9\nread_lag: {by: 3s, percent: 50}\ngroups:\n- {name: g, min: 1, max: 2, desired: 1, timing: {boot: 4m, drain: 330s},\n   launch: {configuration: lc}, launch_hook: {takes: 10s}, termination_policies: [OldestInstance], health_check: EC2}\n",
    ).expect("well-formed");
    assert_eq!(spec.groups[0].timing.boot.0, 240_000);
    let world = World::new(spec, Script::default()).expect("a world");
    assert_eq!(world.find_group("g"), Some(0));
    let error =
        serde_yaml::from_str::<WorldSpec>("groups: [{colour: red}]").expect_err("unknown").to_string();
    assert!(error.contains("colour"), "{error}");
}
