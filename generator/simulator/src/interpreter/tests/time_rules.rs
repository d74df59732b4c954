//! Latency and time-outs.

use super::*;

fn slow(seconds: u64) -> Answer {
    Answer { latency: Span::seconds(seconds), result: Ok(json!({"ok": true}).into()) }
}

#[test]
fn an_answer_arrives_after_its_latency() {
    let ran = run_with(&json!({"A": task(json!({}))}), json!({}), &[("describe", &[slow(7)])]);
    assert_eq!((ran.output(), ran.script.calls[0].0), (&json!({"ok": true}), START));
    assert!((ran.seconds - 7.0).abs() < 1e-9);
}

#[test]
fn a_task_that_takes_longer_than_its_time_out_times_out() {
    let states = json!({
        "A": task(json!({
            "TimeoutSeconds": "{% 30 * 2 %}",
            "Retry": [{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 5}],
            "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Done"}],
        })),
        "Done": {"Type": "Succeed"},
    });
    let ran = run_with(&states, json!({}), &[("describe", &[slow(61)])]);
    assert_eq!(*ran.output(), json!({"Error": "States.Timeout"}));
    assert!((ran.seconds - 60.0).abs() < 1e-9, "States.TaskFailed must not match a time-out");
    let in_time = run_with(&states, json!({}), &[("describe", &[slow(60)])]);
    assert_eq!(*in_time.output(), json!({"ok": true}));
}

#[test]
fn the_time_out_of_the_machine_runs_no_catch() {
    let machine = load(&json!({
        "QueryLanguage": "JSONata", "StartAt": "A", "TimeoutSeconds": 100,
        "States": {
            "A": task(json!({"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Done"}]})),
            "Done": {"Type": "Succeed"},
        },
    }));
    let answers = [("describe".to_owned(), [slow(101)].into())].into();
    let ran = run_machine(&machine, json!({}), Script { answers, ..Script::default() });
    assert_eq!(ran.status, Status::TimedOut);
    assert!((ran.seconds - 100.0).abs() < 1e-9);
}

#[test]
fn the_clock_of_expressions_is_virtual() {
    let ran = run(&json!({
        "A": {"Type": "Wait", "Seconds": 90, "Next": "B"},
        "B": {"Type": "Succeed", "Output": [
            "{% $now() %}", "{% $millis() %}",
            "{% $states.context.Execution.StartTime %}", "{% $states.context.State.EnteredTime %}",
        ]},
    }));
    assert_eq!(
        *ran.output(),
        json!([
            "2026-01-05T09:01:30.000Z",
            START.0 + 90_000,
            "2026-01-05T09:00:00.000Z",
            "2026-01-05T09:01:30.000Z",
        ])
    );
}
