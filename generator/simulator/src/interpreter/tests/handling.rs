//! Retry and Catch.
#![expect(clippy::needless_pass_by_value, reason = "a literal reads better without a reference")]

use super::*;

fn retry(fields: Value) -> Value {
    task(json!({"Retry": [fields]}))
}

/// When each call was made, in seconds from the start.
fn call_seconds(ran: &Ran) -> Vec<u64> {
    ran.script.calls.iter().map(|(at, ..)| (*at - START).0 / 1000).collect()
}

#[test]
fn retries_wait_longer_each_time_up_to_the_longest_delay() {
    let state = retry(json!({
        "ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "MaxAttempts": 4, "BackoffRate": 3, "MaxDelaySeconds": 10,
    }));
    let ran = run_with(&json!({"A": state}), json!({}), &[("describe", &[error("T.E")])]);
    assert_eq!(call_seconds(&ran), [0, 2, 8, 18, 28]);
    assert_eq!(ran.failure(), ("T.E", "cause of T.E"));
}

#[test]
fn the_defaults_are_three_retries_from_one_second_doubling() {
    let ran = run_with(
        &json!({"A": retry(json!({"ErrorEquals": ["T.E"]}))}),
        json!({}),
        &[("describe", &[error("T.E")])],
    );
    assert_eq!(call_seconds(&ran), [0, 1, 3, 7]);
}

#[test]
fn no_attempts_means_no_retry_even_if_a_later_retrier_matches() {
    let state = task(json!({"Retry": [
        {"ErrorEquals": ["T.E"], "MaxAttempts": 0},
        {"ErrorEquals": ["States.ALL"], "MaxAttempts": 5},
    ]}));
    let ran = run_with(&json!({"A": state}), json!({}), &[("describe", &[error("T.E")])]);
    assert_eq!(call_seconds(&ran), [0]);
}

#[test]
fn each_retrier_counts_for_itself() {
    let state = task(json!({"Retry": [
        {"ErrorEquals": ["T.A"], "MaxAttempts": 1, "IntervalSeconds": 1, "BackoffRate": 1},
        {"ErrorEquals": ["T.B"], "MaxAttempts": 2, "IntervalSeconds": 5, "BackoffRate": 1},
    ]}));
    let answers = ["T.A", "T.B", "T.B", "T.A"].map(error);
    let ran = run_with(&json!({"A": state}), json!({}), &[("describe", &answers)]);
    assert_eq!(call_seconds(&ran), [0, 1, 6, 11]);
    assert_eq!(ran.failure().0, "T.A");
}

#[test]
fn counters_start_again_when_the_state_is_entered_again() {
    let states = json!({
        "A": {"Type": "Pass", "Assign": {"n": 0}, "Next": "Call"},
        "Call": task(json!({
            "Retry": [{"ErrorEquals": ["T.E"], "MaxAttempts": 1}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Assign": {"n": "{% $n + 1 %}"}, "Next": "Again"}],
        })),
        "Again": {"Type": "Choice", "Choices": [{"Condition": "{% $n < 2 %}", "Next": "Call"}], "Default": "Done"},
        "Done": {"Type": "Succeed"},
    });
    let ran = run_with(&states, json!({}), &[("describe", &[error("T.E")])]);
    assert_eq!(call_seconds(&ran), [0, 1, 1, 2]);
    ran.output();
}

#[test]
fn full_jitter_waits_at_most_the_delay_and_follows_the_seed() {
    let machine = machine(&json!({"A": retry(json!({
        "ErrorEquals": ["States.ALL"], "IntervalSeconds": 4, "MaxAttempts": 1, "JitterStrategy": "FULL",
    }))}));
    let waited = |seed| {
        let mut execution = Execution::start(&machine, ARN, json!({}), START, seed).expect("it starts");
        let answers = [("describe".to_owned(), [error("T.E")].into())].into();
        execution.advance(START, &mut Script { answers, ..Script::default() });
        (execution.next_wake().expect("it will retry") - START).0
    };
    let delays: Vec<_> = (0..50).map(waited).collect();
    assert!(delays.iter().all(|delay| *delay <= 4000));
    assert!(delays.iter().any(|delay| *delay < 1000) && delays.iter().any(|delay| *delay > 3000));
    assert_eq!(waited(5), waited(5));
}

#[test]
fn a_caught_error_runs_only_the_assign_of_its_catcher() {
    let states = json!({
        "A": {"Type": "Pass", "Assign": {"x": "before", "seen": ""}, "Next": "Call"},
        "Call": task(json!({
            "Assign": {"x": "succeeded"},
            "Output": "succeeded",
            "Catch": [
                {"ErrorEquals": ["T.Other"], "Assign": {"seen": "other"}, "Next": "Done"},
                {"ErrorEquals": ["T.E"], "Assign": {"seen": "{% $states.errorOutput.Error & ' ' & $x %}"}, "Next": "Done"},
            ],
            "Next": "Done",
        })),
        "Done": {"Type": "Succeed", "Output": ["{% $x %}", "{% $seen %}", "{% $states.input %}"]},
    });
    let ran = run_with(&states, json!({}), &[("describe", &[error("T.E")])]);
    assert_eq!(*ran.output(), json!(["before", "T.E before", {"Error": "T.E", "Cause": "cause of T.E"}]));
}

#[test]
fn the_output_of_a_catcher_replaces_the_error_output() {
    let states = json!({
        "A": task(json!({"Catch": [{
            "ErrorEquals": ["States.ALL"],
            "Output": {"was": "{% $states.input.a %}", "error": "{% $states.errorOutput.Error %}"},
            "Next": "Done",
        }]})),
        "Done": {"Type": "Succeed"},
    });
    let ran = run_with(&states, json!({"a": 1}), &[("describe", &[error("T.E")])]);
    assert_eq!(*ran.output(), json!({"was": 1, "error": "T.E"}));
}

#[test]
fn an_undefined_field_of_a_task_can_be_retried_and_caught() {
    for broken in [
        json!({"Arguments": {"X": "{% $states.input.missing %}"}}),
        json!({"Output": "{% $states.result.missing %}"}),
        json!({"Assign": {"x": "{% $states.result.missing %}"}}),
        json!({"TimeoutSeconds": "{% 'soon' %}"}),
    ] {
        let mut fields = broken.clone();
        fields["Retry"] = json!([{"ErrorEquals": ["States.QueryEvaluationError"], "MaxAttempts": 1}]);
        fields["Catch"] = json!([{"ErrorEquals": ["States.ALL"], "Next": "Done"}]);
        let ran = run(&json!({"A": task(fields), "Done": {"Type": "Succeed"}}));
        assert_eq!(ran.output()["Error"], "States.QueryEvaluationError", "{broken}");
        let retried = ran.events.iter().any(|entry| matches!(entry.event, HistoryEvent::Retrying { .. }));
        assert!(retried, "{broken}");
    }
}

#[test]
fn an_undefined_field_where_nothing_can_be_caught_fails_the_execution() {
    for state in [
        json!({"Type": "Pass", "Output": "{% $states.input.missing %}", "End": true}),
        json!({"Type": "Pass", "Assign": {"x": ["{% $never %}"]}, "End": true}),
        json!({"Type": "Succeed", "Output": "{% [1][$ > 1] %}"}),
        json!({"Type": "Wait", "Seconds": "{% $states.input.missing %}", "End": true}),
        json!({"Type": "Pass", "Output": "{% $error('no') %}", "End": true}),
        json!({"Type": "Pass", "Output": "{% $count %}", "End": true}),
    ] {
        let ran = run(&json!({"A": state.clone()}));
        assert_eq!(ran.failure().0, "States.QueryEvaluationError", "{state}");
    }
}

#[test]
fn an_error_in_a_catcher_is_not_caught_again() {
    let ran = run_with(
        &json!({
            "A": task(json!({"Catch": [
                {"ErrorEquals": ["T.E"], "Output": "{% $states.errorOutput.missing %}", "Next": "Done"},
                {"ErrorEquals": ["States.ALL"], "Next": "Done"},
            ]})),
            "Done": {"Type": "Succeed"},
        }),
        json!({}),
        &[("describe", &[error("T.E")])],
    );
    assert_eq!(ran.failure().0, "States.QueryEvaluationError");
}

#[test]
fn the_context_tells_how_often_a_state_was_retried() {
    let state = task(json!({
        "Arguments": {"Try": "{% $states.context.State.RetryCount %}"},
        "Retry": [{"ErrorEquals": ["States.ALL"]}],
    }));
    let ran = run_with(
        &json!({"A": state}),
        json!({}),
        &[("describe", &[error("T.E"), error("T.E"), ok(json!(1))])],
    );
    let tries: Vec<_> = ran.script.calls.iter().map(|(_, _, arguments)| arguments["Try"].clone()).collect();
    assert_eq!(tries, [0, 1, 2]);
}
