//! Scaling, zones and the choice of what goes.

use serde_json::json;

use super::{WorldFixture, id, round_times};
use crate::random::Random;
use crate::time::Moment;
use crate::world::autoscaling::model::instance::Origin;
use crate::world::autoscaling::model::scale_in;
use crate::world::ids::InstanceId;
use crate::world::spec::{GroupSpec, LaunchSpec, OverrideSpec, TemplateVersionSpec, TerminationPolicy};

/// What a group of 3 old and 3 new instances, one of each in every zone, terminates first.
fn first_to_go(
    change: impl FnOnce(&mut GroupSpec),
    arrange: impl FnOnce(&mut super::super::Group),
) -> Option<InstanceId> {
    let fixture = WorldFixture::with(
        |group| {
            (group.max, group.desired, group.current_instances) = (12, 6, 3);
            change(group);
        },
        "",
    );
    let mut group = fixture.group().clone();
    arrange(&mut group);
    scale_in::choose(
        &group,
        fixture.world.templates(),
        Moment(fixture.world.now().0 + 7_200_000),
        &Random::seeded(1),
    )
}

#[test]
fn the_default_policy_terminates_instances_of_older_template_versions_first() {
    for seed in 0..5 {
        let _ = seed;
        let victim = first_to_go(|_| {}, |_| {});
        assert!(victim.is_some_and(|victim| victim.0 <= 3), "{victim:?}");
    }
}

#[test]
fn balance_over_the_zones_comes_before_every_policy() {
    // The third zone has two new instances and one old; the others have two each. With its old one protected, a new one goes.
    let victim = first_to_go(
        |group| group.termination_policies = vec![TerminationPolicy::OldestInstance],
        |group| {
            group.instances[4].zone = 2;
            group.instances[2].protected = true;
        },
    );
    assert!(victim == Some(InstanceId(5)), "{victim:?}");
}

#[test]
fn protected_instances_are_passed_over_and_when_all_are_protected_none_goes() {
    assert_eq!(first_to_go(|group| group.protected_instances = 6, |_| {}), None);
    let victim = first_to_go(|group| group.protected_instances = 5, |_| {});
    assert_eq!(victim, Some(InstanceId(6)));
}

#[test]
fn each_policy_has_its_own_choice() {
    use TerminationPolicy::{Default, NewestInstance, OldestInstance, OldestLaunchTemplate};
    for (policy, expected) in
        [(OldestInstance, 1), (NewestInstance, 6), (OldestLaunchTemplate, 2), (Default, 2)]
    {
        let victim = first_to_go(
            |group| group.termination_policies = vec![policy],
            |group| {
                // Instance 2 is of an even older version.
                group.instances[1].origin =
                    Origin::Template { template: "lt-00000000000000001".into(), version: 0 };
            },
        );
        assert_eq!(victim, Some(InstanceId(expected)), "{policy:?}");
    }
}

#[test]
fn instances_of_an_old_launch_configuration_go_first() {
    let victim = first_to_go(
        |group| group.launch = LaunchSpec::Configuration("webops-2".to_owned()),
        |group| {
            group.instances[4].origin = Origin::Configuration("webops-1".into());
            for position in [0, 1, 2] {
                group.instances[position].origin = Origin::Configuration("webops-2".into());
            }
        },
    );
    assert_eq!(victim, Some(InstanceId(5)));
}

#[test]
fn lowering_the_desired_capacity_of_a_doubled_group_can_kill_new_instances() {
    let mut fixture = WorldFixture::with(
        |group| {
            round_times(group);
            group.zones.truncate(2);
            group.termination_policies = vec![TerminationPolicy::OldestInstance];
        },
        "",
    );
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 4})).expect("within the bounds");
    fixture.wait(200);
    // The zones have 2 each; the first old instances are in both.
    assert_eq!(fixture.zones(), [2, 2]);
    fixture.terminate(&id(1), false).expect("a managed instance");
    fixture.wait(200);
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 3})).expect("within the bounds");
    fixture.wait(6);
    assert_eq!(fixture.zones().iter().sum::<u32>(), 3);
}

#[test]
fn launches_go_to_the_emptiest_zone() {
    let mut fixture = WorldFixture::with(|group| (group.max, group.desired) = (9, 4), "");
    assert_eq!(fixture.zones(), [2, 1, 1]);
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 6})).expect("within the bounds");
    fixture.wait(10);
    assert_eq!(fixture.zones(), [2, 2, 2]);
}

/// Six instances over three zones, of which two of one zone are terminated by id with decrement: 0, 2 and 2 are left.
fn unbalanced(group: &mut GroupSpec) {
    round_times(group);
    (group.min, group.max, group.desired) = (1, 4, 4);
    group.zones.truncate(2);
}

#[test]
fn rebalancing_launches_first_may_exceed_the_maximum_and_then_terminates() {
    let mut fixture = WorldFixture::with(unbalanced, "");
    for n in [1, 3] {
        fixture.terminate(&id(n), true).expect("a managed instance");
    }
    assert_eq!(fixture.zones(), [0, 2]);
    fixture.on_group("updateAutoScalingGroup", json!({"MaxSize": 2})).expect("min <= max");
    fixture.wait(6);
    assert_eq!((fixture.zones(), fixture.sizes()), (vec![1, 2], (1, 2, 2)));
    fixture.wait(106);
    assert_eq!(fixture.zones(), [1, 1]);
}

#[test]
fn nothing_is_moved_while_the_emptiest_zone_has_no_capacity() {
    let mut fixture =
        WorldFixture::with(unbalanced, "[{at: 0s, do: {fail_launches: {zone: eu-west-2a, for: 500s}}}]");
    for n in [1, 3] {
        fixture.terminate(&id(n), true).expect("a managed instance");
    }
    fixture.wait(400);
    assert_eq!((fixture.zones(), fixture.count("launched")), (vec![0, 2], 0));
}

#[test]
fn zones_are_not_evened_out_from_a_warm_pool_of_another_zone() {
    let with_pool = |group: &mut GroupSpec| {
        unbalanced(group);
        group.warm_pool = 1;
    };
    let mut fixture = WorldFixture::with(with_pool, "");
    for n in [2, 4] {
        fixture.terminate(&id(n), true).expect("a managed instance");
    }
    assert_eq!(fixture.zones(), [2, 0]);
    fixture.wait(400);
    assert_eq!((fixture.zones(), fixture.count("launched")), (vec![1, 1], 1));
}

#[test]
fn with_az_rebalance_suspended_the_zones_stay_as_they_are() {
    let mut fixture = WorldFixture::with(unbalanced, "");
    fixture
        .on_group("suspendProcesses", json!({"ScalingProcesses": ["AZRebalance"]}))
        .expect("a known process");
    for n in [1, 3] {
        fixture.terminate(&id(n), true).expect("a managed instance");
    }
    fixture.wait(1000);
    assert_eq!(fixture.zones(), [0, 2]);
    fixture
        .on_group("resumeProcesses", json!({"ScalingProcesses": ["AZRebalance"]}))
        .expect("a known process");
    fixture.wait(300);
    assert_eq!(fixture.zones(), [1, 1]);
}

#[test]
fn with_terminate_suspended_a_lower_desired_capacity_waits() {
    let mut fixture = WorldFixture::with(
        |group| {
            round_times(group);
            group.min = 1;
        },
        "",
    );
    fixture
        .on_group("suspendProcesses", json!({"ScalingProcesses": ["Terminate"]}))
        .expect("a known process");
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 2})).expect("within the bounds");
    fixture.wait(500);
    assert_eq!(fixture.in_service(), 3);
    fixture.on_group("resumeProcesses", json!({"ScalingProcesses": ["Terminate"]})).expect("a known process");
    fixture.wait(6);
    assert_eq!(fixture.in_service(), 2);
}

#[test]
fn a_group_with_all_instances_protected_keeps_them_when_its_desired_capacity_falls() {
    let mut fixture = WorldFixture::with(|group| (group.min, group.protected_instances) = (1, 3), "");
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 1})).expect("within the bounds");
    fixture.wait(100);
    assert_eq!((fixture.sizes().2, fixture.in_service()), (1, 3));
}

#[test]
fn weights_count_as_units_of_capacity() {
    let mut fixture = WorldFixture::with(
        |group| {
            round_times(group);
            (group.min, group.max, group.desired) = (4, 16, 8);
            let override_of = |name: &str, weight| OverrideSpec {
                instance_type: name.to_owned(),
                weight: Some(weight),
                template: None,
            };
            group.launch = LaunchSpec::Mixed {
                template: TemplateVersionSpec::default(),
                overrides: vec![override_of("m6g.large", 2), override_of("m6g.xlarge", 4)],
            };
        },
        "",
    );
    let weights: Vec<u32> = fixture.group().instances.iter().map(|one| one.weight).collect();
    assert_eq!(weights, [2, 4, 2]);
    let described = fixture.describe();
    assert_eq!(described["Instances"][1]["WeightedCapacity"], "4");
    assert_eq!(described["MixedInstancesPolicy"]["LaunchTemplate"]["Overrides"][0]["WeightedCapacity"], "2");
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 12})).expect("within the bounds");
    fixture.wait(6);
    assert_eq!(fixture.group().capacity(), 12);
    fixture.terminate(&id(2), true).expect("a managed instance");
    assert_eq!(fixture.sizes().2, 8);
}

#[test]
fn an_override_with_a_template_of_its_own_decides_what_is_current() {
    let mut fixture = WorldFixture::of(
        |spec| {
            spec.templates.insert(
                "lt-2".to_owned(),
                super::super::spec::TemplateSpec { latest: 7, ..Default::default() },
            );
            let own = TemplateVersionSpec { id: "lt-2".to_owned(), version: "$Latest".to_owned() };
            spec.groups[0].launch = LaunchSpec::Mixed {
                template: TemplateVersionSpec::default(),
                overrides: vec![
                    OverrideSpec { instance_type: "m6g.large".to_owned(), weight: None, template: None },
                    OverrideSpec { instance_type: "c6g.large".to_owned(), weight: None, template: Some(own) },
                ],
            };
            spec.groups[0].current_instances = 3;
        },
        "[{at: 10s, do: {new_template_version: {id: lt-2}}}]",
    );
    let outdated = |fixture: &WorldFixture| fixture.group().sample(fixture.world.templates()).outdated;
    assert_eq!(outdated(&fixture), 0);
    assert_eq!(fixture.describe()["Instances"][1]["LaunchTemplate"]["Version"], "7");
    fixture.wait(10);
    assert_eq!(outdated(&fixture), 1);
}
