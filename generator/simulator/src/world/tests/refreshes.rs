//! Instance refreshes.

use serde_json::{Value, json};

use super::{WorldFixture, round_times};
use crate::time::Span;
use crate::world::spec::{GroupSpec, HookSpec, LaunchSpec, OverrideSpec, TemplateVersionSpec};

fn status(fixture: &mut WorldFixture) -> Value {
    let answer = fixture.on_group("describeInstanceRefreshes", json!({})).expect("reads succeed");
    answer["InstanceRefreshes"][0]["Status"].clone()
}

fn fewest(fixture: &WorldFixture) -> u32 {
    fixture.world.record().changes.iter().map(|change| change.sample.serving).min().unwrap_or_default()
}

fn most(fixture: &WorldFixture) -> u32 {
    fixture.world.record().changes.iter().map(|change| change.sample.live).max().unwrap_or_default()
}

#[test]
fn a_refresh_with_a_hundred_and_two_hundred_percent_doubles_and_replaces_everything() {
    let mut fixture = WorldFixture::with(round_times, "");
    let preferences = json!({"MinHealthyPercentage": 100, "MaxHealthyPercentage": 200, "InstanceWarmup": 60});
    fixture.on_group("startInstanceRefresh", json!({"Preferences": preferences})).expect("none is active");
    assert_eq!(status(&mut fixture), "Pending");
    fixture.wait(40);
    assert_eq!(status(&mut fixture), "InProgress");
    fixture.wait(1000);
    assert_eq!(status(&mut fixture), "Successful");
    assert_eq!((fewest(&fixture), most(&fixture)), (3, 6));
    assert_eq!(fixture.group().sample(fixture.world.templates()).outdated, 0);
    assert_eq!((fixture.sizes(), fixture.in_service()), ((3, 6, 3), 3));
}

#[test]
fn the_default_refresh_replaces_one_at_a_time() {
    let mut fixture = WorldFixture::with(round_times, "");
    fixture.on_group("startInstanceRefresh", json!({})).expect("none is active");
    fixture.wait(2000);
    assert_eq!(status(&mut fixture), "Successful");
    assert_eq!((fewest(&fixture), most(&fixture)), (2, 3));
}

/// Percentages of units may leave no room for an instance of several: one at a time is replaced all the same, and what comes in its place
/// may have more units.
#[test]
fn a_refresh_gets_on_in_a_group_of_unequal_weights() {
    for weights in [[1, 2], [2, 4], [3, 5]] {
        for desired in [2, 6, 7] {
            for (least, most) in [(100, 110), (100, 200), (100, 100), (90, 100)] {
                let uneven = |group: &mut GroupSpec| {
                    round_times(group);
                    (group.min, group.max, group.desired) = (0, 20, desired);
                    let overrides = weights.map(|weight| OverrideSpec {
                        instance_type: format!("m6g.{weight}xlarge"),
                        weight: Some(weight),
                        template: None,
                    });
                    let template = TemplateVersionSpec::default();
                    group.launch = LaunchSpec::Mixed { template, overrides: overrides.into() };
                };
                let mut fixture = WorldFixture::with(uneven, "");
                let preferences = json!({"MinHealthyPercentage": least, "MaxHealthyPercentage": most, "InstanceWarmup": 60});
                fixture
                    .on_group("startInstanceRefresh", json!({"Preferences": preferences}))
                    .expect("none is active");
                fixture.wait(5000);
                let case = format!("{weights:?}, {desired}, {least} to {most}");
                assert_eq!(status(&mut fixture), "Successful", "{case}");
                let changes = &fixture.world.record().changes;
                let fewest = changes.iter().map(|change| change.sample.healthy_units).min();
                let one = if most > 100 { 0 } else { weights[1] };
                assert!(fewest.is_some_and(|fewest| fewest + one >= desired), "{case}: {fewest:?}");
            }
        }
    }
}

#[test]
fn a_refresh_waits_for_the_groups_own_warm_up() {
    let ends = |warmup: Option<u64>, preferences: serde_json::Value| {
        let mut fixture = WorldFixture::with(
            |group| {
                round_times(group);
                (group.grace, group.warmup) = (Span::seconds(600), warmup.map(Span::seconds));
            },
            "",
        );
        fixture
            .on_group("startInstanceRefresh", json!({"Preferences": preferences}))
            .expect("none is active");
        let mut seconds = 0;
        while status(&mut fixture) != "Successful" {
            fixture.wait(60);
            seconds += 60;
        }
        seconds
    };
    let by_grace = ends(None, json!({}));
    assert!(ends(Some(60), json!({})) + 3 * 400 < by_grace, "the group's own comes first");
    assert!(ends(Some(600), json!({"InstanceWarmup": 0})) + 3 * 400 < by_grace, "the refresh's before that");
}

#[test]
fn a_second_refresh_is_refused_and_a_cancelled_one_leaves_what_it_replaced() {
    let mut fixture = WorldFixture::with(round_times, "");
    fixture.on_group("startInstanceRefresh", json!({})).expect("none is active");
    let error = fixture.on_group("startInstanceRefresh", json!({})).expect_err("one is active");
    assert_eq!(error.name, "AutoScaling.InstanceRefreshInProgressException");
    fixture.wait(200);
    fixture.on_group("cancelInstanceRefresh", json!({})).expect("one is active");
    assert_eq!(status(&mut fixture), "Cancelling");
    fixture.wait(500);
    assert_eq!(status(&mut fixture), "Cancelled");
    let outdated = fixture.group().sample(fixture.world.templates()).outdated;
    assert!((1..3).contains(&outdated), "{outdated}");
    let error = fixture.on_group("cancelInstanceRefresh", json!({})).expect_err("none is active");
    assert_eq!(error.name, "AutoScaling.ActiveInstanceRefreshNotFoundException");
}

#[test]
fn a_refresh_that_does_not_get_on_fails_after_an_hour_or_rolls_back() {
    let broken = "[{at: 0s, do: {fail_launches: {for: 80m}}}]";
    let mut fixture = WorldFixture::with(round_times, broken);
    fixture.on_group("startInstanceRefresh", json!({})).expect("none is active");
    fixture.wait(7000);
    assert_eq!(status(&mut fixture), "Failed");
    let mut fixture = WorldFixture::with(round_times, broken);
    let template = json!({"LaunchTemplateId": "lt-00000000000000001", "Version": "1"});
    let arguments =
        json!({"DesiredConfiguration": {"LaunchTemplate": template}, "Preferences": {"AutoRollback": true}});
    fixture.on_group("startInstanceRefresh", arguments).expect("none is active");
    fixture.wait(4000);
    assert_eq!(status(&mut fixture), "RollbackInProgress");
    fixture.wait(20_000);
    assert_eq!(status(&mut fixture), "RollbackSuccessful");
}

#[test]
fn a_desired_configuration_becomes_the_groups_own_when_the_refresh_succeeds() {
    let mut fixture = WorldFixture::with(
        |group| {
            round_times(group);
            group.current_instances = 3;
        },
        "",
    );
    let template = json!({"LaunchTemplateId": "lt-00000000000000001", "Version": "1"});
    fixture
        .on_group("startInstanceRefresh", json!({"DesiredConfiguration": {"LaunchTemplate": template}}))
        .expect("none is active");
    fixture.wait(300);
    assert_eq!(fixture.describe()["LaunchTemplate"]["Version"], "2");
    fixture.wait(3000);
    assert_eq!(status(&mut fixture), "Successful");
    let group = fixture.describe();
    assert_eq!(group["LaunchTemplate"]["Version"], "1");
    assert_eq!(group["Instances"][0]["LaunchTemplate"]["Version"], "1");
}

#[test]
fn protected_instances_are_waited_for_ignored_or_replaced() {
    for (word, expected) in [("Wait", "Failed"), ("Ignore", "Successful"), ("Refresh", "Successful")] {
        let mut fixture = WorldFixture::with(
            |group| {
                round_times(group);
                group.protected_instances = 1;
            },
            "",
        );
        fixture
            .on_group("startInstanceRefresh", json!({"Preferences": {"ScaleInProtectedInstances": word}}))
            .expect("none is active");
        fixture.wait(10_000);
        assert_eq!(status(&mut fixture), expected, "{word}");
        let outdated = fixture.group().sample(fixture.world.templates()).outdated;
        assert_eq!(outdated, u32::from(word != "Refresh"), "{word}");
    }
}

#[test]
fn a_suspended_process_pauses_a_refresh() {
    let mut fixture = WorldFixture::with(
        round_times,
        "[{at: 1s, do: {suspend: [InstanceRefresh]}}, {at: 1000s, do: {resume: [InstanceRefresh]}}]",
    );
    fixture.on_group("startInstanceRefresh", json!({})).expect("none is active");
    fixture.wait(900);
    assert_eq!(fixture.group().sample(fixture.world.templates()).outdated, 3);
    fixture.wait(3000);
    assert_eq!(status(&mut fixture), "Successful");
}

#[test]
fn preferences_that_aws_refuses_are_refused() {
    for preferences in [
        json!({"MinHealthyPercentage": 101}),
        json!({"MaxHealthyPercentage": 150}),
        json!({"MinHealthyPercentage": 50, "MaxHealthyPercentage": 200}),
        json!({"AutoRollback": true}),
        json!({"StandbyInstances": "Refresh"}),
        json!({"CheckpointPercentages": [50, 20, 100]}),
        json!({"CheckpointDelay": 172_801}),
        json!({"BakeTime": 172_801}),
        json!({"AlarmSpecification": {"Alarms": []}}),
    ] {
        let error = WorldFixture::plain()
            .on_group("startInstanceRefresh", json!({"Preferences": preferences}))
            .expect_err("refused");
        assert_eq!(error.name, "AutoScaling.AutoScalingException", "{preferences}");
    }
}

#[test]
fn matching_instances_of_a_launch_configuration_cannot_be_skipped() {
    let mut fixture =
        WorldFixture::with(|group| group.launch = LaunchSpec::Configuration("web-1".into()), "");
    let arguments = json!({"Preferences": {"SkipMatching": true}});
    let error = fixture.on_group("startInstanceRefresh", arguments).expect_err("refused");
    assert_eq!(error.name, "AutoScaling.AutoScalingException");
    fixture.on_group("startInstanceRefresh", json!({})).expect("everything is replaced");
}

#[test]
fn a_checkpoint_stops_a_refresh_for_a_while() {
    let mut fixture = WorldFixture::with(round_times, "");
    let preferences = json!({
        "MinHealthyPercentage": 0, "InstanceWarmup": 0, "CheckpointPercentages": [30, 100], "CheckpointDelay": 7200
    });
    fixture.on_group("startInstanceRefresh", json!({"Preferences": preferences})).expect("none is active");
    fixture.wait(2000);
    let at_once = fixture.group().sample(fixture.world.templates()).outdated;
    assert_eq!(at_once, 0, "a floor of nothing replaces all at once, so that no checkpoint is met");
    let mut fixture = WorldFixture::with(round_times, "");
    let preferences = json!({
        "MinHealthyPercentage": 60, "InstanceWarmup": 0, "CheckpointPercentages": [30, 100], "CheckpointDelay": 7200
    });
    fixture.on_group("startInstanceRefresh", json!({"Preferences": preferences})).expect("none is active");
    fixture.wait(7000);
    assert_eq!(fixture.group().sample(fixture.world.templates()).outdated, 2);
    assert_eq!(status(&mut fixture), "InProgress");
    fixture.wait(4000);
    assert_eq!(status(&mut fixture), "Successful");
}

#[test]
fn an_alarm_ends_only_a_refresh_that_watches_alarms() {
    let watches = |alarm: &str| json!({"AlarmSpecification": {"Alarms": [alarm]}});
    for (preferences, expected) in [(watches("web-5xx"), "Failed"), (json!({}), "Successful")] {
        for goes_off in ["refresh_alarm", "{set_alarm: {name: web-5xx, state: ALARM}}"] {
            let mut fixture = WorldFixture::with(round_times, &format!("[{{at: 300s, do: {goes_off}}}]"));
            fixture
                .on_group("startInstanceRefresh", json!({"Preferences": preferences}))
                .expect("none is active");
            fixture.wait(5000);
            assert_eq!(status(&mut fixture), expected, "{goes_off}");
        }
    }
}

#[test]
fn a_cancelled_refresh_ends_what_it_has_begun_unless_told_otherwise() {
    for (waits, expected) in [(true, "Cancelling"), (false, "Cancelled")] {
        let mut fixture = WorldFixture::with(round_times, "");
        let preferences = json!({"MinHealthyPercentage": 100, "MaxHealthyPercentage": 200});
        fixture
            .on_group("startInstanceRefresh", json!({"Preferences": preferences}))
            .expect("none is active");
        fixture.wait(60);
        fixture
            .on_group("cancelInstanceRefresh", json!({"WaitForTransitioningInstances": waits}))
            .expect("one is active");
        fixture.wait(40);
        assert_eq!(status(&mut fixture), expected);
        fixture.wait(2000);
        assert_eq!(status(&mut fixture), "Cancelled");
        assert_eq!((fixture.sizes(), fixture.in_service()), ((3, 6, 3), 3));
    }
}

#[test]
fn what_a_cancelled_refresh_had_added_is_not_launched_again_when_it_dies() {
    let abandons =
        HookSpec { takes: Span::seconds(120), heartbeat: Span::seconds(60), ..HookSpec::default() };
    let mut fixture = WorldFixture::with(
        |group| {
            round_times(group);
            group.launch_hook = Some(abandons);
        },
        "",
    );
    let preferences = json!({"MinHealthyPercentage": 100, "MaxHealthyPercentage": 200, "InstanceWarmup": 60});
    fixture.on_group("startInstanceRefresh", json!({"Preferences": preferences})).expect("none is active");
    fixture.wait(60);
    fixture
        .on_group("cancelInstanceRefresh", json!({"WaitForTransitioningInstances": false}))
        .expect("it is active");
    fixture.wait(600);
    assert_eq!((status(&mut fixture), most(&fixture)), (json!("Cancelled"), 6));
    let seen = fixture.world.record().changes.len();
    fixture.wait(5000);
    assert!(fixture.world.record().changes[seen..].is_empty());
}
