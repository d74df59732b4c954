//! When a restore is started for an execution that ended, and when no more.

use super::tests::{MACHINE, dead, faults, now, started};
use super::*;
use crate::restore::RESTORE_ATTEMPTS_MAX;
use crate::samples;

#[test]
fn a_dead_execution_is_restored_from_its_own_input_without_its_group() {
    let input = json!({
        "component": "web", "auto_scaling_group_name": "web-asg-1", "mode": "recycle", "extra": {"kept": 1},
        "strategy": "no longer known", "trigger": {"event_name": "DeleteTags", "event_id": "older"},
    });
    let request = started(decide(&dead(Some(&input.to_string())), None, now(), &samples::settings()));
    assert_eq!(
        request.input,
        json!({
            "component": "web", "auto_scaling_group_name": "web-asg-1", "mode": "restore", "extra": {"kept": 1},
            "strategy": "no longer known", "restore_attempt": 1,
            "trigger": {
                "event_name": "TIMED_OUT",
                "event_id": "trail-id",
                "execution_arn": "arn:aws:states:eu-west-2:123456789012:execution:asg-recycle-test:web-1",
            },
        })
    );
    assert_eq!(request.machine.to_string(), MACHINE);
    assert!(request.name.starts_with("web-"));
}

#[test]
fn a_restore_is_of_the_handlers_own_version() {
    let input = json!({"auto_scaling_group_name": "web-asg-1", "mode": "recycle", "version": 9});
    let request = started(decide(&dead(Some(&input.to_string())), None, now(), &samples::settings()));
    assert_eq!(request.input["version"], json!(INPUT_VERSION));
}

/// The death of a restore, by its status, its error, and the input's number of attempts.
fn dead_restore(status: &str, error: Option<&str>, attempt: Option<u64>) -> Trigger {
    let mut input = json!({"auto_scaling_group_name": "web-asg-1", "mode": "restore", "team": "web"});
    if let Some(attempt) = attempt {
        input["restore_attempt"] = json!(attempt);
    }
    let mut trigger = dead(Some(&input.to_string()));
    trigger.source.event_name = status.to_owned();
    let Cause::DeadExecution(dead) = &mut trigger.cause else { panic!("a dead execution") };
    dead.error = error.map(str::to_owned);
    trigger
}

#[test]
fn a_restore_that_told_nobody_is_followed_by_another() {
    let settings = samples::settings();
    for (status, error, attempt, next) in [
        ("ABORTED", None, None, 2),
        ("ABORTED", None, Some(1), 2),
        ("TIMED_OUT", None, Some(2), 3),
        ("FAILED", Some("States.Runtime"), Some(1), 2),
    ] {
        let request = started(decide(&dead_restore(status, error, attempt), None, now(), &settings));
        assert_eq!(request.input["restore_attempt"], next, "{status}");
        assert_eq!(request.input["mode"], "restore");
        assert_eq!(
            request.input["trigger"]["execution_arn"],
            "arn:aws:states:eu-west-2:123456789012:execution:asg-recycle-test:web-1"
        );
    }
}

#[test]
fn a_restore_that_told_of_its_failure_is_left_to_people() {
    let settings = samples::settings();
    for error in [Some("Recycle.RestoreFailed"), None] {
        let decision = decide(&dead_restore("FAILED", error, Some(1)), None, now(), &settings);
        assert_eq!(decision, Decision::Skip(Skip::FailedRestore), "{error:?}");
    }
}

#[test]
fn the_last_restore_that_died_is_told_to_people() {
    for attempt in [RESTORE_ATTEMPTS_MAX, u64::MAX] {
        let trigger = dead_restore("ABORTED", None, Some(attempt));
        let decision = decide(&trigger, None, now(), &samples::settings());
        let Decision::Reject(rejection) = decision else { panic!("{decision:?}") };
        assert_eq!(rejection.auto_scaling_group_name.as_deref(), Some("web-asg-1"));
        assert_eq!(rejection.team.as_deref(), Some("web"));
        assert!(rejection.faults[0].reason.contains("by hand"), "{rejection:?}");
    }
}

#[test]
fn a_dead_execution_whose_input_cannot_be_used_is_a_fault() {
    for (input, expected) in [
        (None, "start an execution with `\"mode\": \"restore\"` by hand"),
        (Some("{"), "not a JSON object"),
        (Some("[]"), "not a JSON object"),
        (Some("{}"), "names no group"),
        (Some(r#"{"auto_scaling_group_name": ""}"#), "names no group"),
    ] {
        let found = faults(decide(&dead(input), None, now(), &samples::settings()));
        assert!(found.contains(expected), "{input:?}: {found}");
    }
}
