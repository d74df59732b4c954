//! Table tests of the decision.

use serde_json::json;

use super::*;
use crate::event::LaunchAsked;
use crate::samples;

const ON: (&str, &str) = ("autorecycle_recycle_on_asg_update", "true");
const OUT_IN: (&str, &str) = ("autorecycle_strategy", "out-in");
pub(super) const MACHINE: &str = "arn:aws:states:eu-west-2:123456789012:stateMachine:asg-recycle-test";

pub(super) fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

pub(super) fn trigger(cause: Cause) -> Trigger {
    let source = Source {
        event_name: "UpdateAutoScalingGroup".to_owned(),
        event_id: Some("trail-id".to_owned()),
        at: Some("2026-06-01T11:59:57Z".parse().unwrap()),
        identity: "trail-id".to_owned(),
        account_id: "123456789012".to_owned(),
        stated_account_id: Some("123456789012".to_owned()),
        region: Some("eu-west-2".to_owned()),
        caller_role_arn: None,
    };
    Trigger { source, cause }
}

pub(super) fn launch() -> Trigger {
    trigger(Cause::Launch { group: "web-asg-1".to_owned(), launch: LaunchAsked::default() })
}

pub(super) fn tagged(changes: &[(&str, Option<bool>)]) -> Trigger {
    let change = |(key, propagates): &(&str, Option<bool>)| TagChange {
        key: (*key).to_owned(),
        value: Some("2".to_owned()),
        propagates: *propagates,
    };
    trigger(Cause::Tags { group: "web-asg-1".to_owned(), changes: changes.iter().map(change).collect() })
}

pub(super) fn dead(input: Option<&str>) -> Trigger {
    let execution_arn = "arn:aws:states:eu-west-2:123456789012:execution:asg-recycle-test:web-1".to_owned();
    let dead = DeadExecution {
        execution_arn,
        machine_arn: MACHINE.to_owned(),
        input: input.map(str::to_owned),
        error: None,
    };
    let mut trigger = trigger(Cause::DeadExecution(dead));
    trigger.source.event_name = "TIMED_OUT".to_owned();
    trigger
}

pub(super) fn opted_in() -> Group {
    samples::group("web-asg-1", &[ON, OUT_IN])
}

pub(super) fn started(decision: Decision) -> StartRequest {
    match decision {
        Decision::Start(request) => request,
        other => panic!("not started: {other:?}"),
    }
}

pub(super) fn faults(decision: Decision) -> String {
    match decision {
        Decision::Reject(rejection) => rejection.reason(),
        other => panic!("not rejected: {other:?}"),
    }
}

#[test]
fn the_input_is_the_payload_that_teams_machines_read() {
    let group = samples::group(
        "web-asg-1",
        &[
            ("autorecycle_recycle_on_asg_update", "True"),
            ("autorecycle_strategy", "out-in"),
            ("autorecycle_slack_monitoring_channel", "#web"),
            ("autorecycle_notify_pager_duty", "True"),
            ("autorecycle_team", "web team"),
            ("autorecycle_step_function_name", "blue-green"),
            ("autorecycle_dry_run", "FALSE"),
        ],
    );
    let request = started(decide(&launch(), Some(&group), now(), &samples::settings()));
    assert_eq!(
        request.input,
        json!({
            "account_id": "123456789012",
            "success_channel": "#recycles",
            "component": "web",
            "auto_scaling_group_name": "web-asg-1",
            "emoji": ":robot_face:",
            "strategy": "out-in",
            "monitoring_slack_channel": "#web",
            "notify_pager_duty": "True",
            "team": "web team",
            "step_function_name": "blue-green",
            "dry_run": "FALSE",
            "version": 1,
            "mode": "recycle",
            "asked_for": {"at": "2026-06-01T11:59:57.000Z"},
            "replace": "outdated",
            "trigger": {"event_name": "UpdateAutoScalingGroup", "event_id": "trail-id"},
        })
    );
    assert_eq!(request.machine.to_string(), MACHINE.replace("asg-recycle-test", "blue-green"));
    assert!(request.name.starts_with("web-"), "{}", request.name);
}

#[test]
fn absent_tags_are_absent_from_the_input() {
    let request = started(decide(&launch(), Some(&opted_in()), now(), &samples::settings()));
    for key in
        ["monitoring_slack_channel", "notify_pager_duty", "team", "step_function_name", "dry_run", "windows"]
    {
        assert_eq!(request.input.get(key), None, "{key}");
    }
    assert_eq!(request.machine.to_string(), MACHINE);
}

#[test]
fn the_override_names_the_component() {
    let group = samples::group("web-asg-1", &[ON, OUT_IN, ("autorecycle_override_component_name", "Shop")]);
    let request = started(decide(&launch(), Some(&group), now(), &samples::settings()));
    assert_eq!(request.input["component"], "Shop");
    assert!(request.name.starts_with("Shop-"));
}

#[test]
fn a_group_of_another_stack_is_skipped_before_its_tags_are_read() {
    let mut settings = samples::settings();
    settings.groups.tags.insert("stage".to_owned(), "live".to_owned());
    let malformed = [ON, ("autorecycle_strategy", "nonsense"), ("stage", "test")];
    let group = samples::group("web-asg-1", &malformed);
    let trigger = launch();
    assert_eq!(decide(&trigger, Some(&group), now(), &settings), Decision::Skip(Skip::NotSelected));
    assert_eq!(screen(&trigger, &settings), None);
    settings.groups.name_prefixes.push("api-".to_owned());
    assert_eq!(screen(&trigger, &settings), Some(Skip::NotSelected));
}

#[test]
fn only_a_windowed_strategy_gets_windows() {
    let window = ("autorecycle_recycle_window", "22:00,04:00");
    let timed = samples::group("web-asg-1", &[ON, ("autorecycle_strategy", "out-in-timed"), window]);
    let windows = |group: &Group| {
        let request = started(decide(&launch(), Some(group), now(), &samples::settings()));
        request.input.get("windows").cloned()
    };
    let windows_of_timed = windows(&timed).expect("windows");
    assert_eq!(
        windows_of_timed[0],
        json!({"opens_at": "2026-06-01T21:00:00Z", "closes_at": "2026-06-02T03:00:00Z"})
    );
    assert_eq!(windows_of_timed.as_array().map(Vec::len), Some(15));
    assert_eq!(windows(&samples::group("web-asg-1", &[ON, OUT_IN, window])), None);
}

#[test]
fn groups_that_are_gone_or_not_opted_in_are_skipped() {
    let settings = samples::settings();
    let skip = |group: Option<&Group>| decide(&launch(), group, now(), &settings);
    assert_eq!(skip(None), Decision::Skip(Skip::Gone));
    let untagged = samples::group("web-asg-1", &[]);
    let missing = Skip::NotOptedIn(NotOptedIn::Missing("autorecycle_recycle_on_asg_update"));
    assert_eq!(skip(Some(&untagged)), Decision::Skip(missing));
    let off = samples::group("web-asg-1", &[("autorecycle_recycle_on_asg_update", "false"), OUT_IN]);
    assert_eq!(skip(Some(&off)), Decision::Skip(Skip::NotOptedIn(NotOptedIn::SwitchedOff)));
}

#[test]
fn own_calls_and_events_from_elsewhere_are_skipped_before_any_look() {
    let settings = samples::settings();
    let mut own = launch();
    own.source.caller_role_arn = Some("arn:aws:iam::123456789012:role/machine".to_owned());
    let mut other_account = launch();
    other_account.source.stated_account_id = Some("999999999999".to_owned());
    let mut other_region = launch();
    other_region.source.region = Some("eu-west-1".to_owned());
    for (trigger, expected) in
        [(own, Skip::OwnCall), (other_account, Skip::Elsewhere), (other_region, Skip::Elsewhere)]
    {
        assert_eq!(screen(&trigger, &settings), Some(expected.clone()));
        assert_eq!(decide(&trigger, Some(&opted_in()), now(), &settings), Decision::Skip(expected));
    }
    let mut another = launch();
    another.source.caller_role_arn = Some("arn:aws:iam::123456789012:role/deploy".to_owned());
    another.source.region = None;
    another.source.stated_account_id = None;
    assert_eq!(screen(&another, &settings), None);
}

#[test]
fn a_group_follows_the_alias_that_it_launches_from() {
    use MovedAlias::{Default, Latest};
    let reference = |id: &str, name: &str, version: Option<&str>| {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        TemplateReference { id: text(id), name: text(name), version: version.map(str::to_owned) }
    };
    for (references, moved, expected) in [
        (vec![reference("lt-1", "web", Some("$Latest"))], Latest, true),
        (vec![reference("lt-1", "web", Some("$Latest"))], Default, false),
        (vec![reference("lt-1", "web", Some("$Default"))], Default, true),
        (vec![reference("lt-1", "web", Some("$Default"))], Latest, false),
        (vec![reference("lt-1", "web", None)], Default, true),
        (vec![reference("lt-1", "web", Some("3"))], Latest, false),
        (vec![reference("lt-2", "web", Some("$Latest"))], Latest, false),
        (vec![reference("", "web", Some("$Latest"))], Latest, true),
        (
            vec![reference("lt-2", "x", Some("$Latest")), reference("lt-1", "web", Some("$Latest"))],
            Latest,
            true,
        ),
        (vec![], Latest, false),
    ] {
        let change = TemplateChange {
            id: Some("lt-1".to_owned()),
            name: Some("web".to_owned()),
            moved,
            version: Some(4),
        };
        let group = Group { templates: references, ..opted_in() };
        assert_eq!(follows(&group, &change), expected, "{:?}", group.templates);
        let cause = Cause::Template { group: group.name.clone(), change };
        match decide(&trigger(cause), Some(&group), now(), &samples::settings()) {
            Decision::Start(request) => {
                assert_eq!((expected, &request.input["replace"]), (true, &json!("outdated")));
            }
            other => assert_eq!((expected, other), (false, Decision::Skip(Skip::NotAFollower))),
        }
    }
}

#[test]
fn a_rejection_names_every_fault_and_whom_to_tell() {
    let group = samples::group(
        "web-asg-1",
        &[
            ON,
            ("autorecycle_strategy", "out_in"),
            ("autorecycle_dry_run", "no"),
            ("autorecycle_team", "web team"),
        ],
    );
    let Decision::Reject(rejection) = decide(&launch(), Some(&group), now(), &samples::settings()) else {
        panic!("not rejected");
    };
    assert_eq!(
        json!(rejection),
        json!({
            "status": "rejected",
            "component": "web",
            "auto_scaling_group_name": "web-asg-1",
            "account_id": "123456789012",
            "team": "web team",
            "faults": [
                {"subject": "autorecycle_dry_run", "value": "no", "reason": "expected `true` or `false`"},
                {
                    "subject": "autorecycle_strategy",
                    "value": "out_in",
                    "reason": "not one of `in-out`, `out-in`, `out-in-timed`; did you mean `out-in`?",
                },
            ],
            "trigger": {"event_name": "UpdateAutoScalingGroup", "event_id": "trail-id"},
        })
    );
}

#[test]
fn another_machines_death_is_skipped() {
    let settings = samples::settings();
    for machine_arn in [format!("{MACHINE}/child"), MACHINE.replace("test", "prod"), String::new()] {
        let mut other = dead(Some("{}"));
        let Cause::DeadExecution(dead) = &mut other.cause else { panic!("a dead execution") };
        dead.machine_arn = machine_arn;
        assert_eq!(decide(&other, None, now(), &settings), Decision::Skip(Skip::OtherMachine));
    }
}

#[test]
fn a_version_of_our_machine_is_our_machine() {
    let mut versioned = dead(Some(r#"{"auto_scaling_group_name": "web-asg-1"}"#));
    let Cause::DeadExecution(dead) = &mut versioned.cause else { panic!("a dead execution") };
    dead.machine_arn = format!("{MACHINE}:12");
    assert_eq!(started(decide(&versioned, None, now(), &samples::settings())).component, "web");
}

#[test]
fn names_tell_triggers_apart_and_redeliveries_together() {
    let settings = samples::settings();
    let name = |trigger: &Trigger, group: &Group, now: Timestamp| {
        started(decide(trigger, Some(group), now, &settings)).name
    };
    let first = name(&launch(), &opted_in(), now());
    assert_eq!(first, name(&launch(), &opted_in(), "2026-06-02T00:00:00Z".parse().unwrap()));
    assert_ne!(first, name(&launch(), &samples::group("web-asg-2", &[ON, OUT_IN]), now()));
    let mut second = launch();
    second.source.identity = "other-trail-id".to_owned();
    assert_ne!(first, name(&second, &opted_in(), now()));
}

#[test]
fn every_reason_to_skip_reads_as_a_fragment() {
    for skip in [
        Skip::Nothing(Nothing::FailedCall("AccessDenied".to_owned())),
        Skip::Nothing(Nothing::NotATrigger),
        Skip::NotOptedIn(NotOptedIn::Missing("autorecycle_strategy")),
        Skip::NotOptedIn(NotOptedIn::SwitchedOff),
        Skip::TagsDoNotCount,
        Skip::FailedRestore,
    ] {
        let text = skip.to_string();
        assert!(text.starts_with(|c: char| c.is_lowercase() || c == '`') && !text.ends_with('.'), "{text}");
    }
}
