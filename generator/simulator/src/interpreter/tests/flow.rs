//! Pass, Choice, Wait, Succeed, Fail, and what leaving a state does.

use super::*;

#[test]
fn assign_and_output_see_the_values_on_entry() {
    let ran = run(&json!({
        "A": {"Type": "Pass", "Assign": {"x": 1}, "Output": {"n": 5}, "Next": "B"},
        "B": {"Type": "Pass", "Assign": {"x": "{% $x + $states.input.n %}", "y": "{% $x %}"},
              "Output": "{% $x %}", "Next": "C"},
        "C": {"Type": "Succeed", "Output": {"x": "{% $x %}", "y": "{% $y %}", "input": "{% $states.input %}"}},
    }));
    assert_eq!(*ran.output(), json!({"x": 6, "y": 1, "input": 1}));
}

#[test]
fn without_output_the_input_goes_on() {
    let states = json!({"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Succeed"}});
    assert_eq!(*run_with(&states, json!({"a": [1]}), &[]).output(), json!({"a": [1]}));
}

#[test]
fn a_literal_null_is_an_output() {
    assert_eq!(*run(&json!({"A": {"Type": "Succeed", "Output": null}})).output(), Value::Null);
}

#[test]
fn the_first_rule_that_holds_decides_and_brings_its_own_results() {
    let states = json!({
        "A": {"Type": "Pass", "Assign": {"x": "none"}, "Next": "Choose"},
        "Choose": {
            "Type": "Choice",
            "Assign": {"x": "default"},
            "Choices": [
                {"Condition": "{% $states.input.n = 1 %}", "Assign": {"x": "one"}, "Output": "first", "Next": "End"},
                {"Condition": "{% $states.input.n < 3 %}", "Next": "End"},
            ],
            "Default": "End",
        },
        "End": {"Type": "Succeed", "Output": ["{% $x %}", "{% $states.input %}"]},
    });
    let output = |n: i64| run_with(&states, json!({"n": n}), &[]).output().clone();
    assert_eq!(output(1), json!(["one", "first"]));
    assert_eq!(output(2), json!(["none", {"n": 2}]));
    assert_eq!(output(3), json!(["default", {"n": 3}]));
}

#[test]
fn a_choice_without_a_match_and_a_default_fails() {
    let ran = run(&json!({
        "A": {"Type": "Choice", "Choices": [{"Condition": "{% false %}", "Next": "B"}]},
        "B": {"Type": "Succeed"},
    }));
    assert_eq!(ran.failure().0, "States.NoChoiceMatched");
}

#[test]
fn a_condition_that_is_no_boolean_fails() {
    for condition in ["{% 1 %}", "{% 'true' %}", "{% $states.input.missing %}", "{% [true] %}"] {
        let ran = run(&json!({
            "A": {"Type": "Choice", "Choices": [{"Condition": condition, "Next": "B"}], "Default": "B"},
            "B": {"Type": "Succeed"},
        }));
        let (error, cause) = ran.failure();
        assert_eq!(error, "States.QueryEvaluationError", "{condition}");
        assert!(cause.contains("the state 'A'") && cause.contains("'Condition'"), "{cause}");
    }
}

#[test]
fn waits_take_their_seconds_and_past_times_none() {
    let wait = |field: Value| {
        let mut state = json!({"Type": "Wait", "Next": "B"});
        state.as_object_mut().expect("an object").extend(field.as_object().expect("an object").clone());
        run_with(&json!({"A": state, "B": {"Type": "Succeed"}}), json!({"at": "2026-01-05T09:02:00Z"}), &[])
    };
    for (field, seconds) in [
        (json!({"Seconds": 15}), 15.0),
        (json!({"Seconds": 0}), 0.0),
        (json!({"Seconds": "{% 2 * 5 %}"}), 10.0),
        (json!({"Timestamp": "{% $states.input.at %}"}), 120.0),
        (json!({"Timestamp": "{% $fromMillis($millis() + 1500) %}"}), 1.5),
        (json!({"Timestamp": "2020-01-01T00:00:00Z"}), 0.0),
    ] {
        let ran = wait(field.clone());
        ran.output();
        assert!((ran.seconds - seconds).abs() < 1e-9, "{field}: {}", ran.seconds);
    }
    for field in [
        json!({"Seconds": "{% -1 %}"}),
        json!({"Seconds": "{% 1.5 %}"}),
        json!({"Seconds": "{% '15' %}"}),
        json!({"Seconds": "{% 100000000 %}"}),
        json!({"Timestamp": "{% 'soon' %}"}),
        json!({"Timestamp": "{% 12 %}"}),
    ] {
        assert_eq!(wait(field.clone()).failure().0, "States.QueryEvaluationError", "{field}");
    }
}

#[test]
fn a_fail_state_fails_with_what_it_computes() {
    let failed = |error: &str, cause: &str| {
        run(&json!({"A": {"Type": "Fail", "Error": error, "Cause": cause}})).status
    };
    assert_eq!(
        failed("{% 'Recycle.' & 'Refused' %}", "because"),
        Status::Failed(super::super::Failure::new("Recycle.Refused", "because"))
    );
    for (error, expected) in [
        ("{% 'States.Timeout' %}", "States.Runtime"),
        ("{% 1 %}", "States.QueryEvaluationError"),
        ("{% $states.input.none %}", "States.QueryEvaluationError"),
    ] {
        match failed(error, "") {
            Status::Failed(failure) => assert_eq!(failure.error, expected, "{error}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_call_gets_the_evaluated_arguments_in_json_numbers() {
    let arguments =
        json!({"Name": "{% $states.input.name %}", "Ids": ["{% 'a' & 'b' %}"], "Size": "{% 4 / 2 %}"});
    let states = json!({"A": task(json!({"Arguments": arguments, "Output": "{% $states.result.Answer %}"}))});
    let ran = run_with(&states, json!({"name": "web"}), &[("describe", &[ok(json!({"Answer": 42}))])]);
    assert_eq!(*ran.output(), json!(42));
    let (at, action, arguments) = &ran.script.calls[0];
    assert_eq!((*at, action.as_str()), (START, "describe"));
    assert_eq!(*arguments, json!({"Name": "web", "Ids": ["ab"], "Size": 2}));
    assert_eq!(ran.script.callers, [ARN]);
}

#[test]
fn an_execution_can_be_cut_at_every_transition_and_goes_on_from_a_clone() {
    let machine = machine(&json!({
        "A": {"Type": "Pass", "Assign": {"n": 0}, "Next": "Call"},
        "Call": task(json!({"Assign": {"n": "{% $n + 1 %}"}, "Next": "Wait"})),
        "Wait": {"Type": "Wait", "Seconds": 10, "Next": "Again"},
        "Again": {"Type": "Choice", "Choices": [{"Condition": "{% $n < 3 %}", "Next": "Call"}], "Default": "Done"},
        "Done": {"Type": "Map", "Items": [1, 2], "Output": "{% $n %}", "End": true, "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED"}, "StartAt": "Children", "States": {"Children": {
                "Type": "Map", "Items": [3, 4], "End": true, "ItemProcessor": {
                    "StartAt": "One", "States": {"One": task(json!({"Arguments": {"Item": "{% $states.input %}"}}))},
                },
            }},
        }},
    }));
    let whole = run_machine(&machine, json!({}), Script::default());
    assert_eq!((whole.output(), whole.counters.transitions), (&json!(3), 11 + 2 + 4));
    for cut in 1..=whole.counters.transitions {
        let mut execution = Execution::start(&machine, ARN, json!({}), START, 1).expect("it starts");
        let mut script = Script::default();
        let mut now = START;
        while execution.transitions() < cut {
            now = execution.next_wake().expect("it is under way").max(now);
            execution.advance_to_transition(now, &mut script, cut);
        }
        assert_eq!(execution.transitions(), cut);
        let mut copy = execution.clone();
        copy.stop(now);
        assert_eq!((copy.status(), copy.next_wake()), (&Status::Aborted, None));
        while let Some(wake) = execution.next_wake() {
            execution.advance(wake, &mut script);
        }
        assert_eq!(*execution.status(), whole.status);
        assert_eq!(script.calls, whole.script.calls);
    }
}

#[test]
fn a_redriven_execution_goes_on_where_it_ended() {
    let seconds = "{% $states.context.Execution.RedriveCount > 0 ? $error('redriven') : 60 %}";
    let states = json!({
        "A": {"Type": "Pass", "Assign": {"kept": "before"}, "Next": "B"},
        "B": {"Type": "Wait", "Seconds": 10, "Output": "{% $kept %}", "Next": "C"},
        "C": task(json!({"TimeoutSeconds": seconds, "Output": "made", "Catch": [
            {"ErrorEquals": ["States.QueryEvaluationError"], "Output": "{% $states.input %}", "Next": "D"},
        ], "Next": "D"})),
        "D": {"Type": "Succeed"},
    });
    let mut execution = Execution::start(&machine(&states), ARN, json!({}), START, 1).expect("it starts");
    let mut script = Script::default();
    assert!(!execution.redrive(START), "it runs");
    execution.advance(START + Span::seconds(5), &mut script);
    execution.stop(START + Span::seconds(5));
    assert!(execution.redrive(START + Span::seconds(100)));
    assert_eq!(execution.next_wake(), Some(START + Span::seconds(100)), "the state is entered once more");
    execution.advance(START + Span::seconds(100), &mut script);
    assert_eq!(execution.next_wake(), Some(START + Span::seconds(110)));
    execution.advance(START + Span::seconds(110), &mut script);
    assert_eq!(*execution.status(), Status::Succeeded { output: json!("before") });
    assert_eq!(script.calls.len(), 0, "its time is evaluated before the call");
    assert!(!execution.redrive(START + Span::seconds(200)), "it succeeded");
}
