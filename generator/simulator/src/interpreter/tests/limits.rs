//! Events, transitions, and the limits of Standard workflows.

use super::*;

fn counted(states: &Value, input: Value, answers: &[Answer]) -> (u32, u64) {
    let ran = run_with(states, input, &[("describe", answers)]);
    ran.output();
    (ran.counters.history_events, ran.counters.transitions)
}

#[test]
fn events_and_transitions_are_counted_as_aws_counts_them() {
    let end = json!({"Type": "Succeed"});
    let next = |state: Value| json!({"A": state, "End": end});
    let retry = json!({"Retry": [{"ErrorEquals": ["States.ALL"]}], "Next": "End"});
    let answers = [error("T.E"), error("T.E"), ok(json!({}))];
    // ExecutionStarted, ExecutionSucceeded and the two of Succeed are in every count.
    for (what, states, answers, expected) in [
        ("pass", next(json!({"Type": "Pass", "Next": "End"})), &[][..], (2, 1)),
        ("wait", next(json!({"Type": "Wait", "Seconds": 1, "Next": "End"})), &[], (2, 1)),
        ("task", next(task(json!({"Next": "End"}))), &[], (5, 1)),
        ("task with two retries", next(task(retry)), &answers, (11, 3)),
        (
            "caught task",
            next(task(json!({"Catch": [{"ErrorEquals": ["T.E"], "Next": "End"}]}))),
            &answers[..1],
            (5, 1),
        ),
        (
            "choice",
            next(json!({"Type": "Choice", "Choices": [{"Condition": true, "Next": "End"}]})),
            &[],
            (2, 1),
        ),
    ] {
        let (events, transitions) = counted(&states, json!({}), answers);
        assert_eq!((events - 4, transitions - 1), expected, "{what}");
    }
}

fn map(config: Option<Value>) -> Value {
    let mut processor = json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}});
    if let Some(config) = config {
        processor["ProcessorConfig"] = config;
    }
    json!({"A": {"Type": "Map", "Items": [1, 2, 3], "ItemProcessor": processor, "End": true}})
}

#[test]
fn an_inline_map_shares_its_history_and_a_distributed_one_does_not() {
    // MapStateEntered, -Started, -Succeeded, -Exited; per iteration Started, Succeeded and the two of the Pass.
    assert_eq!(counted(&map(None), json!({}), &[]), (2 + 4 + 3 * 4, 4));
    // MapRunStarted and -Succeeded besides, and nothing of the children.
    assert_eq!(counted(&map(Some(json!({"Mode": "DISTRIBUTED"}))), json!({}), &[]), (2 + 6, 4));
}

/// Three states a turn, six events; two more to start and to end.
fn turning(turns: i64) -> Value {
    json!({
        "A": {"Type": "Pass", "Assign": {"n": 0}, "Next": "Turn"},
        "Turn": {"Type": "Pass", "Assign": {"n": "{% $n + 1 %}"}, "Next": "More"},
        "More": {"Type": "Choice", "Choices": [
            {"Condition": format!("{{% $n < {turns} %}}"), "Next": "Turn"},
        ], "Default": "Done"},
        "Done": {"Type": "Succeed"},
    })
}

#[test]
fn the_last_event_can_only_be_the_success() {
    // 1 started, 2 of A, 4 a turn, 2 of Done, 1 succeeded.
    let turns_max = (25_000 - 6) / 4;
    let long = run(&turning(turns_max));
    long.output();
    assert_eq!(long.counters.history_events, 2 + 4 * 6248 + 4);
    let ran = run(&turning(turns_max + 1));
    assert_eq!(ran.counters.history_events, 25_000);
    let (error, cause) = ran.failure();
    assert_eq!(error, "States.Runtime");
    assert!(cause.contains("25000"));
}

#[test]
fn a_full_history_is_not_caught_by_the_map_around_it() {
    let mut inner = turning(10_000);
    inner["Start"] = json!({"Type": "Pass", "Next": "A"});
    let states = json!({
        "A": {
            "Type": "Map", "Items": [1], "End": true,
            "ItemProcessor": {"StartAt": "Start", "States": inner},
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Done"}],
        },
        "Done": {"Type": "Succeed"},
    });
    assert_eq!(run(&states).failure().0, "States.Runtime");
    let mut distributed = states;
    distributed["A"]["ItemProcessor"]["ProcessorConfig"] = json!({"Mode": "DISTRIBUTED"});
    assert_eq!(run(&distributed).output()["Error"], "States.ExceedToleratedFailureThreshold");
}

/// An expression for a text of so many bytes, quotes not counted.
fn text(bytes: usize) -> String {
    format!("{{% $pad('', {bytes}, 'x') %}}")
}

#[test]
fn payloads_are_limited() {
    const FITS: usize = 262_142;
    for (field, state) in [
        ("Output", json!({"Type": "Pass", "Output": "TEXT", "End": true})),
        ("Assign", json!({"Type": "Pass", "Assign": {"x": "TEXT"}, "Output": {}, "End": true})),
        ("Arguments", task(json!({"Arguments": "TEXT"}))),
        (
            "ItemSelector",
            json!({
                "Type": "Map", "Items": [1], "ItemSelector": "TEXT", "Output": {}, "End": true,
                "ItemProcessor": {"StartAt": "P", "States": {"P": {"Type": "Pass", "Output": 1, "End": true}}},
            }),
        ),
        (
            "result of a Map",
            json!({
                "Type": "Map", "Items": [1], "Output": {}, "End": true,
                "ItemProcessor": {"StartAt": "P", "States": {"P": {"Type": "Pass", "Output": "TEXT", "End": true}}},
            }),
        ),
    ] {
        let with = |bytes| {
            let definition = json!({"A": state}).to_string().replace("TEXT", &text(bytes));
            run(&serde_json::from_str(&definition).expect("it is JSON")).status
        };
        let brackets = if field == "result of a Map" { 2 } else { 0 };
        assert!(matches!(with(FITS - brackets), Status::Succeeded { .. }), "{field} fits");
        match with(FITS - brackets + 1) {
            Status::Failed(failure) => assert_eq!(failure.error, "States.DataLimitExceeded", "{field}"),
            other => panic!("{field}: {other:?}"),
        }
    }
}

#[test]
fn all_variables_of_one_assign_count_together() {
    let half = text(140_000);
    let states = json!({"A": {"Type": "Pass", "Assign": {"x": half, "y": half}, "Output": {}, "End": true}});
    assert_eq!(run(&states).failure().0, "States.DataLimitExceeded");
}

#[test]
fn all_variables_of_an_execution_count_together() {
    // 43 variables of 250,000 bytes exceed 10 MiB; assigning one of them again and again does not.
    let chain = |name: fn(usize) -> String| {
        let mut states = serde_json::Map::new();
        for index in 0..43 {
            let this = if index == 0 { "A".to_owned() } else { format!("S{index}") };
            let assign = json!({name(index): text(250_000)});
            let state =
                json!({"Type": "Pass", "Assign": assign, "Output": {}, "Next": format!("S{}", index + 1)});
            states.insert(this, state);
        }
        states.insert("S43".to_owned(), json!({"Type": "Succeed"}));
        run(&Value::Object(states)).status
    };
    assert!(matches!(chain(|_| "same".to_owned()), Status::Succeeded { .. }));
    match chain(|index| format!("v{index}")) {
        Status::Failed(failure) => assert_eq!(failure.error, "States.DataLimitExceeded"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_result_that_is_too_large_is_not_caught_by_all() {
    let states = |errors: &str| {
        json!({
            "A": task(json!({
                "Retry": [{"ErrorEquals": ["States.TaskFailed"]}],
                "Catch": [{"ErrorEquals": [errors], "Next": "Done"}],
            })),
            "Done": {"Type": "Succeed"},
        })
    };
    let large = [ok(json!("x".repeat(262_143)))];
    let ran = run_with(&states("States.ALL"), json!({}), &[("describe", &large)]);
    assert_eq!((ran.failure().0, ran.script.calls.len()), ("States.DataLimitExceeded", 1));
    run_with(&states("States.DataLimitExceeded"), json!({}), &[("describe", &large)]).output();
}

#[test]
fn an_evaluation_beyond_the_bounds_of_aws_fails_and_can_be_caught() {
    let evaluated = |expression: String| {
        let catch = json!([{
            "ErrorEquals": ["States.QueryEvaluationError"], "Output": "{% $states.errorOutput.Cause %}", "Next": "End",
        }]);
        let states = json!({
            "A": task(json!({"Output": expression, "Catch": catch, "Next": "End"})), "End": {"Type": "Succeed"},
        });
        run_with(&states, json!({}), &[("describe", &[ok(json!({}))])]).output().to_string()
    };
    let nested = |depth: u32| {
        evaluated(format!("{{% ($f := function($n) {{ $n = 0 ? 0 : 1 + $f($n - 1) }}; $f({depth})) %}}"))
    };
    assert_eq!(nested(10), "10");
    assert!(nested(100).contains("Stack overflow"), "{}", nested(100));
    let sequence = |length: u32| evaluated(format!("{{% $count([1..{length}]) %}}"));
    assert_eq!(sequence(873_782), "873782");
    assert!(sequence(873_783).contains("threw an error during evaluation"), "{}", sequence(873_783));
}
