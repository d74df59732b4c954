//! The real binary over Lambda's protocol, against the services on this machine.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::local::aws::{Aws, Call, Group, Problem, opted_in, update};
use crate::local::function::{Function, Outcome, environment};

/// More than any of these take.
const AMPLE: Duration = Duration::from_secs(30);

pub(crate) fn bootstrap() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_bootstrap"))
}

/// An account with opted-in groups of these names.
pub(crate) fn account(names: &[&str]) -> Aws {
    let group = |name: &&str| ((*name).to_owned(), opted_in("out-in"));
    Aws::new(names.iter().map(group).collect::<BTreeMap<_, Group>>())
}

pub(crate) fn start(aws: &Aws, order: impl FnMut(&Call) -> Option<Problem> + Send + 'static) -> Function {
    // By name, so that it is looked up.
    let endpoint = format!("http://localhost:{}", aws.endpoint(None, order).port());
    Function::start(bootstrap(), &[], &environment(&endpoint))
}

fn record(message_id: &str, event: &Value) -> Value {
    json!({"messageId": message_id, "body": event.to_string(), "eventSource": "aws:sqs"})
}

fn one_each(names: &[&str]) -> Value {
    let records: Vec<_> =
        names.iter().map(|name| record(&format!("m-{name}"), &update(name, name))).collect();
    json!({"Records": records})
}

fn failures(ids: &[&str]) -> Outcome {
    let items: Vec<_> = ids.iter().map(|id| json!({"itemIdentifier": id})).collect();
    Outcome::Answer(json!({"batchItemFailures": items}))
}

fn started(aws: &Aws) -> Vec<String> {
    let group = |input: &Value| input["auto_scaling_group_name"].as_str().expect("a group").to_owned();
    let mut groups = aws.seen(|seen| seen.executions.values().map(group).collect::<Vec<_>>());
    groups.sort();
    groups
}

#[test]
fn batches_are_answered_exactly_one_after_the_other() {
    let aws = account(&["a", "b"]);
    let function = start(&aws, |_| None);
    assert_eq!(function.invoke(&json!({"Records": []}), AMPLE), failures(&[]));
    assert_eq!(function.invoke(&one_each(&["a"]), AMPLE), failures(&[]));
    let mixed = json!({"Records": [
        {"messageId": "m-1", "body": "{\"detail\": "},
        record("m-2", &update("b", "b")),
        {"messageId": "m-3"},
        record("m-4", &json!({"hello": "world"})),
    ]});
    assert_eq!(function.invoke(&mixed, AMPLE), failures(&["m-1", "m-3", "m-4"]));
    assert_eq!(started(&aws), ["a", "b"]);
    let calls = aws.seen(|seen| seen.calls.len());
    assert_eq!(function.invoke(&one_each(&["a"]), AMPLE), failures(&[]), "a redelivery");
    assert_eq!(started(&aws), ["a", "b"]);
    assert_eq!(aws.seen(|seen| seen.calls.len()), calls + 2);
}

#[test]
fn a_failed_record_without_an_id_is_an_error_and_nothing_is_started_twice() {
    let aws = account(&["a"]);
    let function = start(&aws, |_| None);
    for anonymous in [json!({"body": "{"}), json!({"messageId": "", "body": "{"})] {
        let batch = json!({"Records": [record("m-1", &update("a", "a")), anonymous]});
        let Outcome::Error(error) = function.invoke(&batch, AMPLE) else {
            panic!("an answer would delete it")
        };
        assert_eq!(error["errorType"], "RecordsWithoutId", "{error}");
    }
    assert_eq!(started(&aws), ["a"]);
    let sound = json!({"Records": [{"body": update("b", "gone").to_string()}]});
    assert_eq!(function.invoke(&sound, AMPLE), failures(&[]), "one that is done needs no id");
}

#[test]
fn when_time_is_nearly_over_what_is_not_done_is_handed_back_before_the_deadline() {
    let aws = account(&["a", "b", "c"]);
    let hangs = |call: &Call| (*call == Call::Start { group: "b".to_owned() }).then_some(Problem::Silence);
    let function = start(&aws, hangs);
    assert_eq!(function.invoke(&one_each(&["a", "b", "c"]), Duration::from_secs(4)), failures(&["m-b"]));
    assert_eq!(started(&aws), ["a", "c"]);
    assert_eq!(
        function.invoke(&one_each(&["a", "b", "c"]), Duration::ZERO),
        failures(&["m-a", "m-b", "m-c"])
    );
}

#[test]
fn a_call_without_an_answer_is_made_again() {
    let aws = account(&["a"]);
    let mut first = true;
    let function = start(&aws, move |call| {
        let hangs = matches!(call, Call::Start { .. }) && std::mem::take(&mut first);
        hangs.then_some(Problem::Silence)
    });
    assert_eq!(function.invoke(&one_each(&["a"]), AMPLE), failures(&[]));
    assert_eq!(started(&aws), ["a"]);
    assert_eq!(starts(&aws), 2);
}

#[test]
fn an_answer_that_is_lost_on_the_way_starts_nothing_twice() {
    let aws = account(&["a"]);
    let mut first = true;
    let function = start(&aws, move |call| {
        let breaks = matches!(call, Call::Start { .. }) && std::mem::take(&mut first);
        breaks.then_some(Problem::CutAfter)
    });
    assert_eq!(function.invoke(&one_each(&["a"]), AMPLE), failures(&[]));
    assert_eq!((started(&aws).len(), starts(&aws)), (1, 2));
    let lines = decisions(function);
    assert_eq!(lines[0]["reason"], "an earlier delivery of this event started it");
}

#[test]
fn a_connection_that_was_closed_while_it_was_idle_costs_nothing() {
    let aws = account(&["a", "b", "c"]);
    let function = start(&aws, |_| Some(Problem::CloseAfter));
    for name in ["a", "b", "c"] {
        assert_eq!(function.invoke(&one_each(&[name]), AMPLE), failures(&[]));
    }
    assert_eq!(aws.seen(|seen| seen.calls.len()), 6, "none was made twice");
}

#[test]
fn throttling_is_met_with_three_attempts_and_they_dry_up() {
    let names: Vec<String> = (0..70).map(|number| format!("g-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let aws = account(&names);
    let function = start(&aws, |call| matches!(call, Call::Start { .. }).then_some(Problem::Throttled));
    assert_eq!(function.invoke(&one_each(&names[..1]), AMPLE), failures(&["m-g-0"]));
    assert_eq!(starts(&aws), 3);
    let Outcome::Answer(answer) = function.invoke(&one_each(&names[1..]), AMPLE) else { panic!("an answer") };
    assert_eq!(answer["batchItemFailures"].as_array().expect("a list").len(), 69);
    // The SDK's bucket holds 500 tokens, and a retry takes 5.
    assert_eq!(starts(&aws), 70 + 100);
    assert_eq!(aws.seen(|seen| seen.executions.len()), 0);
}

#[test]
fn a_direct_invocation_is_answered_with_its_decisions_or_an_error() {
    let aws = account(&["a"]);
    let function = start(&aws, |_| None);
    let minimal =
        json!({"detail": {"requestParameters": {"autoScalingGroupName": "a", "launchTemplate": {}}}});
    let Outcome::Answer(answer) = function.invoke(&minimal, AMPLE) else { panic!("an answer") };
    assert_eq!(answer["decisions"][0]["decision"], "start", "{answer}");
    let (name, input) = aws
        .seen(|seen| seen.executions.first_key_value().map(|(n, i)| (n.clone(), i.clone())))
        .expect("an execution");
    assert!(answer["decisions"][0]["execution_arn"].as_str().expect("an ARN").ends_with(&name), "{answer}");
    assert_eq!(input["account_id"], "123456789012", "the function's own");
    let Outcome::Error(error) = function.invoke(&json!({"detail": {}}), AMPLE) else { panic!("an error") };
    assert_eq!(error["errorType"], "EventFailed", "{error}");
}

#[test]
fn launch_template_events_take_one_listing_over_every_page() {
    let names: Vec<String> = (0..250).map(|number| format!("g-{number:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let aws = account(&names);
    let function = start(&aws, |_| None);
    let event = |id: &str| {
        let request = json!({"CreateLaunchTemplateVersionRequest": {"LaunchTemplateName": "web"}});
        json!({"detail": {
            "eventSource": "ec2.amazonaws.com", "eventName": "CreateLaunchTemplateVersion", "eventID": id,
            "requestParameters": request,
        }})
    };
    let batch = json!({"Records": [record("m-1", &event("e-1")), record("m-2", &event("e-2"))]});
    assert_eq!(function.invoke(&batch, AMPLE), failures(&[]));
    assert_eq!(aws.seen(|seen| seen.executions.len()), 500);
    let listings = |call: &&Call| **call == Call::Describe(Vec::new());
    assert_eq!(aws.seen(|seen| seen.calls.iter().filter(listings).count()), 3, "pages of one listing");
    assert_eq!(aws.seen(|seen| seen.calls.len()), 3 + 500);
}

fn starts(aws: &Aws) -> usize {
    aws.seen(|seen| seen.calls.iter().filter(|call| matches!(call, Call::Start { .. })).count())
}

/// The decisions that a function has logged.
fn decisions(function: Function) -> Vec<Value> {
    let lines = function.stop();
    let lines = lines.iter().map(|line| serde_json::from_str::<Value>(line).expect("a JSON line"));
    lines.filter(|line| line["message"] == "decision").collect()
}
