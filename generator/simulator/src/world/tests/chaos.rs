//! Whatever happens, in whatever order: a world comes to rest as AWS would, and a seed replays it.

use serde_json::json;

use super::{WorldFixture, id};
use crate::random::Random;
use crate::time::Span;
use crate::world::autoscaling::model::instance::Lifecycle;
use crate::world::spec::{HookSpec, ReadLag};

const INTERVENTIONS: [&str; 15] = [
    "{kill: {count: 2}}",
    "{kill: {which: pending}}",
    "{break_application: {which: new}}",
    "{break_launches: {for: 5m}}",
    "{fail_launches: {for: 10m}}",
    "{fail_launches: {for: 10m, zone: eu-west-2b}}",
    "{scaling_policy: {by: 2}}",
    "{scaling_policy: {by: -2}}",
    "{stick_hook: {on: launch, for: 5m}}",
    "{stick_hook: {on: terminate, for: 5m}}",
    "{new_template_version: {make_default: true}}",
    "{standby: {}}",
    "{exit_standby: {}}",
    "{start_instance_refresh: {min_healthy: 90, max_healthy: 110}}",
    "{suspend: [AZRebalance, Launch]}",
];

/// An hour in which anything may happen, and a day of rest.
fn wild_day(seed: u64) -> WorldFixture {
    let dice = Random::seeded(seed);
    let events: Vec<String> = (0..dice.between(0, 6))
        .map(|_| {
            let intervention = INTERVENTIONS[usize::try_from(dice.between(0, 14)).unwrap_or_default()];
            format!("{{at: {}s, do: {intervention}}}", dice.between(0, 3600))
        })
        .collect();
    let mut fixture = WorldFixture::of(
        |spec| {
            spec.seed = seed;
            spec.read_lag = ReadLag { by: Span::seconds(dice.between(0, 5)), percent: 50 };
            let group = &mut spec.groups[0];
            (group.min, group.max, group.desired) = (1, 12, u32::try_from(dice.between(1, 6)).unwrap_or(1));
            group.timing.spread_percent = 30;
            group.launch_hook =
                dice.happens(30).then(|| HookSpec { heartbeat: Span::seconds(600), ..HookSpec::default() });
            group.terminate_hook =
                dice.happens(30).then(|| HookSpec { heartbeat: Span::seconds(600), ..HookSpec::default() });
        },
        &format!("[{}]", events.join(", ")),
    );
    for _ in 0..dice.between(5, 30) {
        fixture.wait(dice.between(0, 240));
        let size = dice.between(1, 12);
        let known = u32::try_from(dice.between(1, 20)).unwrap_or(1);
        // What is refused is refused; only what it leaves behind matters here.
        let _ = match dice.between(0, 6) {
            0 => fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": size})),
            1 => fixture.on_group("updateAutoScalingGroup", json!({"MinSize": size / 2})),
            2 => fixture.terminate(&id(known), true),
            3 => fixture.terminate(&id(known), false),
            4 => fixture.on_group("suspendProcesses", json!({"ScalingProcesses": ["Launch"]})),
            5 => fixture.on_group("resumeProcesses", json!({"ScalingProcesses": ["Launch"]})),
            _ => Ok(fixture.describe()),
        };
    }
    fixture.wait(3600);
    fixture.on_group("resumeProcesses", json!({})).expect("AWS takes it");
    fixture.wait(86_400);
    fixture
}

#[test]
fn every_world_comes_to_rest_with_the_capacity_it_should_have() {
    for seed in 0..200 {
        let fixture = wild_day(seed);
        let group = fixture.group();
        assert_eq!(group.capacity(), group.sizes.desired, "seed {seed}");
        let live = fixture.zones();
        let spread = live.iter().max().copied().unwrap_or(0) - live.iter().min().copied().unwrap_or(0);
        assert!(spread <= 1, "seed {seed}: {live:?}");
        assert!(
            group.sizes.min <= group.sizes.desired && group.sizes.desired <= group.sizes.max,
            "seed {seed}"
        );
        assert!(group.instances.is_sorted_by_key(|one| one.id), "seed {seed}");
        let resting =
            |one: &super::super::instance::Instance| one.serves() || one.lifecycle == Lifecycle::Standby;
        assert!(group.instances.iter().all(resting), "seed {seed}: {:?}", fixture.states());
        assert!(group.activities.iter().all(|one| one.ended_at.is_some()), "seed {seed}");
        assert_eq!(fixture.world.next_event(), None, "seed {seed}");
        assert_eq!(fixture.world.record().refusals, Vec::<String>::new(), "seed {seed}");
    }
}

#[test]
fn the_same_seed_is_the_same_day() {
    for seed in [3, 17, 99] {
        let day = |seed| {
            let fixture = wild_day(seed);
            let changes = fixture.world.record().changes.iter();
            changes
                .map(|change| format!("{} {:?} {:?}", change.moment, change.event, change.sample))
                .collect::<Vec<_>>()
        };
        assert_eq!(day(seed), day(seed));
    }
}

#[test]
fn a_generation_decides_what_counts_as_old() {
    let mut fixture = WorldFixture::plain();
    let figures = |fixture: &WorldFixture| {
        let sample = fixture.group().sample(fixture.world.templates());
        (sample.old, sample.new)
    };
    fixture.on_group("setDesiredCapacity", json!({"DesiredCapacity": 4})).expect("within the bounds");
    fixture.wait(10);
    assert_eq!(figures(&fixture), (3, 1));
    fixture.world.begin_generation(0);
    assert_eq!(figures(&fixture), (4, 0));
}
