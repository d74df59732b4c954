//! Every status that AWS has for an instance refresh, and one that it has not yet, on the emitted machine.

use super::emitted::{emitted, emitted_of, group, input};
use super::*;
use crate::config::Config;

/// Runs the machine with these statuses one after the other, the last for ever, as AWS's answers about its refresh.
fn refreshed(statuses: &[&str]) -> Ran {
    refreshed_by(&emitted(), statuses)
}

fn refreshed_by(machine: &Machine, statuses: &[&str]) -> Ran {
    let refresh = |status: &&str| {
        let refresh = json!({
            "InstanceRefreshId": "refresh-1", "Status": status, "StatusReason": "because of it", "PercentageComplete": 50,
            "StartTime": "2026-01-05T09:00:00Z", "Preferences": {"SkipMatching": true},
        });
        ok(json!({"InstanceRefreshes": [refresh]}))
    };
    let none = ok(json!({"InstanceRefreshes": []}));
    let replaced = statuses.last() == Some(&"Successful");
    let old = [(); 3].map(|()| ok(group("1")));
    let answers: BTreeMap<String, VecDeque<Answer>> = [
        (
            "describeAutoScalingGroups".to_owned(),
            old.into_iter().chain([ok(group(if replaced { "2" } else { "1" }))]).collect(),
        ),
        (
            "describeInstanceRefreshes".to_owned(),
            [none].into_iter().chain(statuses.iter().map(refresh)).collect(),
        ),
        ("startInstanceRefresh".to_owned(), [ok(json!({"InstanceRefreshId": "refresh-1"}))].into()),
    ]
    .into();
    let mut input = input();
    input["strategy"] = json!("instance-refresh");
    run_machine(machine, input, Script { answers, ..Script::default() })
}

fn called(ran: &Ran, action: &str) -> usize {
    ran.script.calls.iter().filter(|(_, name, _)| name == action).count()
}

#[test]
fn what_is_under_way_is_waited_for_and_success_is_verified() {
    let statuses =
        ["Pending", "InProgress", "Baking", "Cancelling", "RollbackInProgress", "Levitating", "Successful"];
    let ran = refreshed(&statuses);
    assert_eq!(ran.output()["outcome"], "recycled", "{:?}", ran.states());
    let looks = ran.states().iter().filter(|state| **state == "Wait for the refresh").count();
    assert_eq!(looks, statuses.len());
    assert_eq!((called(&ran, "startInstanceRefresh"), called(&ran, "cancelInstanceRefresh")), (1, 0));
}

#[test]
fn every_other_ending_is_a_failure_with_awss_own_reason() {
    for (status, outcome, error) in [
        ("Failed", "failed", "Recycle.RefreshFailed"),
        ("Cancelled", "failed", "Recycle.RefreshCancelled"),
        ("RollbackSuccessful", "rolled_back", "Recycle.RefreshRolledBack"),
        ("RollbackFailed", "failed", "Recycle.RefreshRollbackFailed"),
    ] {
        let ran = refreshed(&["InProgress", status]);
        let (found, cause) = ran.failure();
        let account: Value = serde_json::from_str(cause).expect("a cause is an account");
        assert_eq!((found, &account["outcome"], &account["error"]), (error, &json!(outcome), &json!(error)));
        assert!(account["reason"].as_str().expect("a reason").ends_with("because of it"), "{cause}");
        assert_eq!(called(&ran, "cancelInstanceRefresh"), 0, "{status}");
    }
}

#[test]
fn what_does_not_end_is_cancelled_at_the_deadline_where_it_is_known_to_run() {
    for (status, cancels) in [("InProgress", 5), ("Levitating", 0)] {
        let ran = refreshed(&[status]);
        let (error, cause) = ran.failure();
        assert_eq!(error, "Recycle.RefreshTimeout");
        assert!(cause.contains(&format!("was {status} after 24 h, 50 % done")), "{cause}");
        assert_eq!(called(&ran, "cancelInstanceRefresh"), cancels, "{status}");
        assert_eq!(called(&ran, "deleteItem"), 1, "the lock is let go of");
    }
}

#[test]
fn times_in_reasons_read_as_people_say_them() {
    let mut config = Config::with_defaults("demo".parse().unwrap());
    for (seconds, words) in
        [(300, "5 min"), (301, "5 min 1 s"), (3_599, "59 min 59 s"), (3_600, "1 h"), (9_030, "2 h 30 min")]
    {
        let setting = crate::config::SettingValue::Integer(seconds);
        config.strategies.set("instance-refresh", "refresh_timeout_seconds", setting).unwrap();
        let ran = refreshed_by(&emitted_of(&config), &["InProgress"]);
        let (_, cause) = ran.failure();
        assert!(cause.contains(&format!("was InProgress after {words}, 50 % done")), "{seconds}: {cause}");
    }
}

#[test]
fn nothing_is_skipped_where_everything_is_to_be_replaced() {
    for (replace, skips) in [("outdated", true), ("all", false)] {
        let mut input = input();
        input["strategy"] = json!("instance-refresh");
        input["replace"] = json!(replace);
        let answers = [
            ("describeAutoScalingGroups", ok(group("1"))),
            ("describeInstanceRefreshes", ok(json!({"InstanceRefreshes": []}))),
            ("startInstanceRefresh", error("AutoScaling.AutoScalingException")),
        ];
        let answers = answers.map(|(action, answer)| (action.to_owned(), [answer].into())).into();
        let ran = run_machine(&emitted(), input, Script { answers, ..Script::default() });
        let started = ran.script.calls.iter().find(|(_, action, _)| action == "startInstanceRefresh");
        let preferences = &started.expect("it is tried").2["Preferences"];
        assert_eq!(
            preferences,
            &json!({
                "MinHealthyPercentage": 100, "MaxHealthyPercentage": 110, "SkipMatching": skips,
                "ScaleInProtectedInstances": "Ignore", "StandbyInstances": "Ignore",
            })
        );
        assert_eq!(ran.failure().0, "Recycle.StepFailed");
    }
}
