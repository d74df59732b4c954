//! Log lines and metrics, whose names are stable.

use asg_recycle_handler::log::{Format, Level};
use serde_json::json;

use crate::bench::{Bench, World, group, record, update};

fn three_kinds() -> Bench {
    let groups = [
        ("web-asg-1".to_owned(), group("web-asg-1", "out-in")),
        ("bad-asg-1".to_owned(), group("bad-asg-1", "nonsense")),
    ];
    Bench::with(World { groups: groups.into(), ..World::default() })
}

fn run(bench: &Bench) {
    let records = [
        record("m-1", &update("e-1", "web-asg-1")),
        record("m-2", &update("e-2", "gone-asg-1")),
        record("m-3", &update("e-3", "bad-asg-1")),
        json!({"messageId": "m-4", "body": "{"}),
    ];
    assert_eq!(bench.failures(&records), ["m-4"]);
}

#[test]
fn every_decision_is_one_line_with_the_same_fields() {
    let bench = three_kinds();
    run(&bench);
    let lines = bench.lines();
    let decisions: Vec<_> = lines.iter().filter(|line| line["message"] == "decision").collect();
    assert_eq!(decisions.len(), 4);
    for line in &decisions {
        let mut fields: Vec<_> = line.as_object().expect("an object").keys().map(String::as_str).collect();
        fields.sort_unstable();
        let expected = [
            "component",
            "decision",
            "event_id",
            "execution_arn",
            "group",
            "level",
            "message",
            "message_id",
            "milliseconds",
            "reason",
            "request_id",
            "timestamp",
        ];
        assert_eq!(fields, expected);
    }
    let name = bench.world.seen.lock().unwrap().executions.keys().next().expect("an execution").clone();
    let start = decisions.iter().find(|line| line["decision"] == "start").expect("a start");
    assert_eq!(
        **start,
        json!({
            "timestamp": "2026-06-01T12:00:00Z",
            "level": "INFO",
            "message": "decision",
            "request_id": "request-1",
            "message_id": "m-1",
            "event_id": "e-1",
            "group": "web-asg-1",
            "component": "web",
            "decision": "start",
            "reason": "recycle with out-in after UpdateAutoScalingGroup",
            "execution_arn": format!("arn:aws:states:eu-west-2:123456789012:execution:asg-recycle-test:{name}"),
            "milliseconds": 0,
        })
    );
}

#[test]
fn rejections_and_failures_are_errors() {
    let bench = three_kinds();
    run(&bench);
    let level_of = |decision: &str| {
        let line = bench.lines().into_iter().find(|line| line["decision"] == decision).expect(decision);
        line["level"].as_str().expect("a level").to_owned()
    };
    assert_eq!(["start", "skip", "reject", "fail"].map(level_of), ["INFO", "INFO", "ERROR", "ERROR"]);
}

#[test]
fn a_batch_ends_with_its_metrics_whatever_the_level() {
    let mut bench = three_kinds();
    bench.level = Level::Error;
    run(&bench);
    let lines = bench.lines();
    assert_eq!(lines.len(), 3, "a rejection, a failure and the metrics: {lines:?}");
    let metrics = lines.last().expect("metrics");
    let metric_names = ["EventsSeen", "Started", "Skipped", "Rejected", "Failed"]
        .map(|name| json!({"Name": name, "Unit": "Count"}));
    assert_eq!(
        *metrics,
        json!({
            "_aws": {
                "Timestamp": 1_780_315_200_000_u64,
                "CloudWatchMetrics": [{
                    "Namespace": "AsgRecycle",
                    "Dimensions": [["FunctionName"]],
                    "Metrics": metric_names,
                }],
            },
            "FunctionName": "asg-recycle-test-handler",
            "EventsSeen": 4, "Started": 1, "Skipped": 1, "Rejected": 1, "Failed": 1,
        })
    );
}

#[test]
fn whole_events_are_logged_at_debug_only() {
    let mut bench = three_kinds();
    run(&bench);
    assert!(!bench.lines().iter().any(|line| line["message"] == "event"));
    bench = three_kinds();
    bench.level = Level::Debug;
    run(&bench);
    assert_eq!(bench.lines().iter().filter(|line| line["message"] == "event").count(), 4);
}

#[test]
fn text_lines_hold_the_same_and_metrics_stay_json() {
    let mut bench = three_kinds();
    bench.format = Format::Text;
    run(&bench);
    let printed = bench.printed();
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), 5, "four decisions and the metrics: {lines:?}");
    let name = bench.world.seen.lock().unwrap().executions.keys().next().expect("an execution").clone();
    let execution = format!("arn:aws:states:eu-west-2:123456789012:execution:asg-recycle-test:{name}");
    let fields = [
        "component=\"web\"".to_owned(),
        "decision=\"start\"".to_owned(),
        "event_id=\"e-1\"".to_owned(),
        format!("execution_arn=\"{execution}\""),
        "group=\"web-asg-1\"".to_owned(),
        "message_id=\"m-1\"".to_owned(),
        "milliseconds=0".to_owned(),
        "reason=\"recycle with out-in after UpdateAutoScalingGroup\"".to_owned(),
        "request_id=\"request-1\"".to_owned(),
    ];
    let started = lines.iter().find(|line| line.contains(&fields[1])).expect("a start");
    // The order of the fields is that of the JSON library, which another crate's features may change.
    let rest = fields.iter().fold((*started).to_owned(), |line, field| line.replacen(field, "", 1));
    assert_eq!(rest.trim_end(), "2026-06-01T12:00:00Z INFO decision", "{started}");
    assert!(lines[4].starts_with('{') && lines[4].contains("\"_aws\":"), "{}", lines[4]);
    for (text, expected) in [
        (None, Format::Json),
        (Some("JSON"), Format::Json),
        (Some("Text"), Format::Text),
        (Some("text"), Format::Text),
    ] {
        assert_eq!(Format::parse(text), expected, "{text:?}");
    }
}

#[test]
fn the_level_is_lambdas() {
    for (text, expected) in [
        (None, Level::Info),
        (Some("TRACE"), Level::Debug),
        (Some("debug"), Level::Debug),
        (Some("INFO"), Level::Info),
        (Some("WARN"), Level::Warn),
        (Some("FATAL"), Level::Error),
        (Some("loud"), Level::Info),
    ] {
        assert_eq!(Level::parse(text), expected, "{text:?}");
    }
}
