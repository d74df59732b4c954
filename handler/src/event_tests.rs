//! Table tests of the event forms.

use serde_json::json;

use super::*;

const OWN: &str = "123456789012";

fn subject(event: &Value) -> Subject {
    read(event, OWN).unwrap_or_else(|error| panic!("{error}: {event}")).subject
}

fn call(name: &str, parameters: &Value) -> Value {
    json!({
        "id": "envelope-id", "account": "111122223333", "region": "eu-west-2", "source": "aws.autoscaling",
        "detail": {"eventName": name, "eventID": "trail-id", "requestParameters": parameters},
    })
}

fn launch(group: &str) -> Subject {
    launches_from(group, LaunchAsked::default())
}

fn launches_from(group: &str, launch: LaunchAsked) -> Subject {
    Subject::Causes(vec![Cause::Launch { group: group.to_owned(), launch }])
}

#[test]
fn an_update_counts_when_it_sets_a_launch_source() {
    let template = |id: Option<&str>, name: Option<&str>, version: &str| {
        let (id, name) = (id.map(str::to_owned), name.map(str::to_owned));
        let template = LaunchTemplateAsked { id, name, version: Some(version.to_owned()) };
        launches_from("web", LaunchAsked { template: Some(template), configuration: None })
    };
    let configuration = LaunchAsked { template: None, configuration: Some("lc-2".to_owned()) };
    for (parameters, expected) in [
        (
            json!({"launchTemplate": {"launchTemplateId": "lt-1", "version": "2"}}),
            template(Some("lt-1"), None, "2"),
        ),
        (json!({"launchConfigurationName": "lc-2"}), launches_from("web", configuration)),
        (json!({"mixedInstancesPolicy": {"launchTemplate": {}}}), launch("web")),
        (
            json!({"mixedInstancesPolicy": {"launchTemplate": {"launchTemplateSpecification": {
                "launchTemplateName": "web", "version": "$Latest",
            }}}}),
            template(None, Some("web"), "$Latest"),
        ),
        (json!({"maxSize": 4}), Subject::Nothing(Nothing::NoLaunchChange)),
        (json!({"launchTemplate": null}), Subject::Nothing(Nothing::NoLaunchChange)),
    ] {
        let mut parameters = parameters;
        parameters["autoScalingGroupName"] = json!("web");
        assert_eq!(subject(&call("UpdateAutoScalingGroup", &parameters)), expected, "{parameters}");
    }
}

#[test]
fn the_minimal_form_is_an_update_in_the_functions_own_account() {
    let event =
        json!({"detail": {"requestParameters": {"autoScalingGroupName": "web", "launchTemplate": {}}}});
    let Event { source, subject } = read(&event, OWN).unwrap();
    assert_eq!(subject, launch("web"));
    assert_eq!((source.account_id.as_str(), source.event_name.as_str()), (OWN, "UpdateAutoScalingGroup"));
    assert_eq!((source.event_id, source.stated_account_id, source.region), (None, None, None));
    assert_eq!(source.identity, name::content_hash(&event));
}

#[test]
fn the_trail_id_stands_before_the_envelope_id() {
    let parameters = json!({"autoScalingGroupName": "web", "launchTemplate": {}});
    let mut event = call("UpdateAutoScalingGroup", &parameters);
    let source = read(&event, OWN).unwrap().source;
    assert_eq!((source.identity.as_str(), source.event_id.as_deref()), ("trail-id", Some("trail-id")));
    assert_eq!(source.account_id, "111122223333");
    assert_eq!(source.stated_account_id.as_deref(), Some("111122223333"));
    event["detail"]["eventID"] = Value::Null;
    assert_eq!(read(&event, OWN).unwrap().source.identity, "envelope-id");
}

#[test]
fn tag_changes_are_gathered_for_every_distinct_group() {
    let tags = json!({"tags": [
        {"resourceId": "b", "resourceType": "auto-scaling-group", "key": "x", "value": "1", "propagateAtLaunch": true},
        {"resourceId": "a", "key": "x"},
        {"resourceId": "b", "resourceType": "auto-scaling-group", "key": "y", "propagateAtLaunch": "false"},
        {"resourceId": "i-1", "resourceType": "instance", "key": "x", "propagateAtLaunch": true},
    ]});
    for (name, are_set) in [("CreateOrUpdateTags", true), ("DeleteTags", false)] {
        let change = |key: &str, value: &str, propagates| TagChange {
            key: key.to_owned(),
            value: are_set.then(|| value.to_owned()),
            propagates,
        };
        let expected = Subject::Causes(vec![
            Cause::Tags { group: "a".to_owned(), changes: vec![change("x", "", None)] },
            Cause::Tags {
                group: "b".to_owned(),
                changes: vec![change("x", "1", Some(true)), change("y", "", Some(false))],
            },
        ]);
        assert_eq!(subject(&call(name, &tags)), expected, "{name}");
    }
    let others = json!({"tags": [{"resourceId": "i-1", "resourceType": "instance", "key": "x"}]});
    assert_eq!(subject(&call("DeleteTags", &others)), Subject::Nothing(Nothing::NoGroup));
    assert_eq!(subject(&call("DeleteTags", &json!({"tags": []}))), Subject::Nothing(Nothing::NoGroup));
}

#[test]
fn launch_template_calls_are_read_in_every_case_of_their_keys() {
    let template = |id: Option<&str>, name: Option<&str>, moved, version| {
        let (id, name) = (id.map(str::to_owned), name.map(str::to_owned));
        Subject::Template(TemplateChange { id, name, moved, version })
    };
    for (event_name, parameters, expected) in [
        (
            "CreateLaunchTemplateVersion",
            json!({"CreateLaunchTemplateVersionRequest": {
                "LaunchTemplateData": {"LaunchTemplateId": "lt-not-this"}, "LaunchTemplateId": "lt-1",
            }}),
            template(Some("lt-1"), None, MovedAlias::Latest, None),
        ),
        (
            "ModifyLaunchTemplate",
            json!({"ModifyLaunchTemplateRequest": {"LaunchTemplateName": "web", "SetDefaultVersion": "3"}}),
            template(None, Some("web"), MovedAlias::Default, Some(3)),
        ),
        (
            "ModifyLaunchTemplate",
            json!({"launchTemplateId": "lt-1"}),
            template(Some("lt-1"), None, MovedAlias::Default, None),
        ),
    ] {
        assert_eq!(subject(&call(event_name, &parameters)), expected, "{parameters}");
    }
    let mut answered = call("CreateLaunchTemplateVersion", &json!({"launchTemplateName": "web"}));
    answered["detail"]["responseElements"] = json!({"CreateLaunchTemplateVersionResponse": {"launchTemplateVersion": {"launchTemplateId": "lt-1", "versionNumber": 7}}});
    assert_eq!(subject(&answered), template(Some("lt-1"), Some("web"), MovedAlias::Latest, Some(7)));
}

#[test]
fn an_event_happened_when_its_call_was_made() {
    let mut event = call("CreateOrUpdateTags", &json!({"tags": []}));
    assert_eq!(read(&event, OWN).unwrap().source.at, None);
    event["time"] = json!("2026-06-01T12:00:30Z");
    assert_eq!(read(&event, OWN).unwrap().source.at, "2026-06-01T12:00:30Z".parse().ok());
    event["detail"]["eventTime"] = json!("2026-06-01T12:00:00Z");
    assert_eq!(read(&event, OWN).unwrap().source.at, "2026-06-01T12:00:00Z".parse().ok());
    event["detail"]["eventTime"] = json!("yesterday");
    assert_eq!(read(&event, OWN).unwrap().source.at, "2026-06-01T12:00:30Z".parse().ok());
}

fn status(status: &str, redrives: u64) -> Value {
    json!({
        "id": "envelope-id", "account": OWN, "region": "eu-west-2", "source": "aws.states",
        "detail": {
            "executionArn": "arn:execution", "stateMachineArn": "arn:machine", "status": status,
            "input": "{}", "redriveCount": redrives, "startDate": 1, "stopDate": 2,
        },
    })
}

#[test]
fn a_dead_execution_is_a_cause_and_a_living_one_is_not() {
    for word in ["ABORTED", "TIMED_OUT", "FAILED"] {
        let dead = DeadExecution {
            execution_arn: "arn:execution".to_owned(),
            machine_arn: "arn:machine".to_owned(),
            input: Some("{}".to_owned()),
            error: None,
        };
        assert_eq!(subject(&status(word, 0)), Subject::Causes(vec![Cause::DeadExecution(dead.clone())]));
        let mut failed = status(word, 0);
        failed["detail"]["error"] = json!("States.Runtime");
        let dead = DeadExecution { error: Some("States.Runtime".to_owned()), ..dead };
        assert_eq!(subject(&failed), Subject::Causes(vec![Cause::DeadExecution(dead)]));
    }
    for word in ["RUNNING", "SUCCEEDED", "PENDING_REDRIVE"] {
        assert_eq!(subject(&status(word, 0)), Subject::Nothing(Nothing::NotATrigger));
    }
}

#[test]
fn each_death_of_an_execution_is_another() {
    let identity = |word, redrives| read(&status(word, redrives), OWN).unwrap().source.identity;
    assert_eq!(identity("FAILED", 0), identity("FAILED", 0));
    assert_ne!(identity("FAILED", 0), identity("FAILED", 1));
    assert_ne!(identity("FAILED", 0), identity("ABORTED", 0));
}

#[test]
fn failed_calls_and_strange_calls_are_about_nothing() {
    let mut failed = call("UpdateAutoScalingGroup", &Value::Null);
    failed["detail"]["errorCode"] = json!("AccessDenied");
    assert_eq!(subject(&failed), Subject::Nothing(Nothing::FailedCall("AccessDenied".to_owned())));
    assert_eq!(subject(&call("CreateAutoScalingGroup", &json!({}))), Subject::Nothing(Nothing::NotATrigger));
    let mut elsewhere = call("CreateOrUpdateTags", &json!({"tags": []}));
    elsewhere["detail"]["eventSource"] = json!("other.amazonaws.com");
    assert_eq!(subject(&elsewhere), Subject::Nothing(Nothing::NotATrigger));
}

#[test]
fn the_callers_role_is_found() {
    let mut event =
        call("UpdateAutoScalingGroup", &json!({"autoScalingGroupName": "web", "launchTemplate": {}}));
    event["detail"]["userIdentity"] = json!({"sessionContext": {"sessionIssuer": {"arn": "arn:role"}}});
    assert_eq!(read(&event, OWN).unwrap().source.caller_role_arn.as_deref(), Some("arn:role"));
}

#[test]
fn what_is_missing_is_named() {
    let long = "x".repeat(256);
    for (event, expected) in [
        (json!([]), "the event has no `detail`"),
        (json!({"detail": "text"}), "the event has no `detail`"),
        (json!({"detail": {}}), "the event has no `detail.eventName`"),
        (call("UpdateAutoScalingGroup", &json!({})), "no `detail.requestParameters.autoScalingGroupName`"),
        (
            call("UpdateAutoScalingGroup", &json!({"autoScalingGroupName": 7})),
            "requestParameters.autoScalingGroupName`",
        ),
        (call("DeleteTags", &json!({"omitted": true})), "no `detail.requestParameters.tags`"),
        (
            call("DeleteTags", &json!({"tags": [{"key": "x"}]})),
            "no `detail.requestParameters.tags[].resourceId`",
        ),
        (call("DeleteTags", &json!({"tags": [{"resourceId": long}]})), "its name has 256 characters"),
        (call("DeleteTags", &json!({"tags": [{"resourceId": "a\u{7}"}]})), "control characters"),
        (call("ModifyLaunchTemplate", &json!({})), "no `detail.requestParameters.*.LaunchTemplateId`"),
        (json!({"detail": {"executionArn": 1}}), "no `detail.executionArn`"),
        (json!({"detail": {"executionArn": "a"}}), "no `detail.stateMachineArn`"),
        (json!({"detail": {"executionArn": "a", "stateMachineArn": "m"}}), "no `detail.status`"),
    ] {
        let fault = read(&event, OWN).expect_err("malformed").to_string();
        assert!(fault.contains(expected), "{event}: {fault}");
    }
    assert!(parse("{", OWN).unwrap_err().to_string().starts_with("the event is not JSON: "));
    assert!(parse(&"[".repeat(5000), OWN).is_err());
}
