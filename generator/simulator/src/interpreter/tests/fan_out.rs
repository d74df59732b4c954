//! Map, inline and distributed, and Parallel.
#![expect(clippy::needless_pass_by_value, reason = "a literal reads better without a reference")]

use super::*;

/// A Map whose iterations call `describe` with their input.
fn map(more: Value) -> Value {
    let mut map = json!({
        "Type": "Map",
        "Items": "{% $states.input.items %}",
        "ItemProcessor": {"StartAt": "Inner", "States": {"Inner": task(json!({"Arguments": "{% $states.input %}"}))}},
        "End": true,
    });
    map.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    map
}

fn distributed(more: Value) -> Value {
    let mut map = map(more);
    map["Label"] = json!("Turns");
    map["ItemProcessor"]["ProcessorConfig"] = json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"});
    map
}

fn slow(seconds: u64, value: Value) -> Answer {
    Answer { latency: Span::seconds(seconds), result: Ok(value.into()) }
}

fn call_seconds(ran: &Ran) -> Vec<u64> {
    ran.script.calls.iter().map(|(at, ..)| (*at - START).0 / 1000).collect()
}

#[test]
fn results_stand_in_the_order_of_the_items() {
    for kind in [map, distributed] {
        let answers = [slow(9, json!("a")), slow(1, json!("b")), slow(5, json!("c"))];
        let ran =
            run_with(&json!({"A": kind(json!({}))}), json!({"items": [1, 2, 3]}), &[("describe", &answers)]);
        assert_eq!(*ran.output(), json!(["a", "b", "c"]));
        assert!((ran.seconds - 9.0).abs() < 1e-9);
    }
}

#[test]
fn no_items_give_no_results() {
    for kind in [map, distributed] {
        assert_eq!(*run_with(&json!({"A": kind(json!({}))}), json!({"items": []}), &[]).output(), json!([]));
    }
}

#[test]
fn no_more_run_at_once_than_allowed() {
    for kind in [map, distributed] {
        for (concurrency_max, expected) in
            [(json!(1), vec![0, 10, 20]), (json!("{% 1 + 1 %}"), vec![0, 0, 10])]
        {
            let state = kind(json!({"MaxConcurrency": concurrency_max}));
            let answers = [slow(10, json!(1))];
            let ran = run_with(&json!({"A": state}), json!({"items": [1, 2, 3]}), &[("describe", &answers)]);
            assert_eq!(call_seconds(&ran), expected);
        }
    }
    let many: Vec<_> = (0..41).collect();
    let ran = run_with(
        &json!({"A": map(json!({}))}),
        json!({"items": many}),
        &[("describe", &[slow(10, json!(1))])],
    );
    assert_eq!(call_seconds(&ran)[39..], [0, 10], "an inline Map runs 40 at once at most");
}

#[test]
fn the_selector_sees_the_item_and_the_outer_state() {
    let selector = json!({
        "value": "{% $states.context.Map.Item.Value %}", "index": "{% $states.context.Map.Item.Index %}",
        "of": "{% $count($states.input.items) %}", "outer": "{% $outer %}",
    });
    for kind in [map, distributed] {
        let states = json!({
            "A": {"Type": "Pass", "Assign": {"outer": "o"}, "Next": "Map"},
            "Map": kind(json!({"ItemSelector": selector})),
        });
        let ran = run_with(&states, json!({"items": ["x", "y"]}), &[]);
        let arguments: Vec<_> = ran.script.calls.iter().map(|(_, _, arguments)| arguments.clone()).collect();
        assert_eq!(
            arguments,
            [
                json!({"value": "x", "index": 0, "of": 2, "outer": "o"}),
                json!({"value": "y", "index": 1, "of": 2, "outer": "o"}),
            ]
        );
    }
}

/// A Map over two items whose iterations assign a variable of their own and give what they see.
fn seeing(config: &Value) -> Value {
    json!({
        "A": {"Type": "Pass", "Assign": {"outer": "o"}, "Next": "Map"},
        "Map": {
            "Type": "Map", "Items": [1, 2], "MaxConcurrency": 1, "Next": "End",
            "ItemProcessor": {
                "ProcessorConfig": config,
                "StartAt": "Set",
                "States": {
                    "Set": {"Type": "Pass", "Assign": {"inner": "{% [$exists($inner), $states.input] %}"}, "Next": "Get"},
                    "Get": {"Type": "Pass", "Output": {
                        "inner": "{% $inner %}", "outer": "{% $exists($outer) %}",
                        "id": "{% $states.context.Execution.Id %}",
                        "machine": "{% $states.context.StateMachine.Name %}",
                    }, "End": true},
                },
            },
        },
        "End": {"Type": "Succeed", "Output": {"results": "{% $states.input %}", "inner": "{% $exists($inner) %}"}},
    })
}

#[test]
fn inline_iterations_read_outer_variables_and_keep_their_own() {
    let ran = run(&seeing(&json!({"Mode": "INLINE"})));
    let seen = |value: i64| json!({"inner": [false, value], "outer": true, "id": ARN, "machine": "recycle"});
    assert_eq!(*ran.output(), json!({"results": [seen(1), seen(2)], "inner": false}));
}

#[test]
fn a_distributed_child_is_an_execution_of_its_own() {
    let ran = run(&seeing(&json!({"Mode": "DISTRIBUTED"})));
    let results = ran.output()["results"].as_array().expect("an array");
    let ids: Vec<_> = results.iter().map(|result| result["id"].as_str().expect("a text")).collect();
    let prefix = "arn:aws:states:eu-west-1:123456789012:execution:recycle/Map:";
    assert!(ids.iter().all(|id| id.starts_with(prefix) && id.len() == prefix.len() + 36));
    assert_ne!(ids[0], ids[1]);
    assert!(results.iter().all(|result| result["outer"] == false && result["machine"] == "recycle/Map"));
}

#[test]
fn an_inline_failure_is_the_error_of_the_map_and_stops_the_others() {
    let answers = [slow(20, json!(1)), error("T.E"), slow(20, json!(1))];
    let states = json!({
        "A": map(json!({"Catch": [{"ErrorEquals": ["T.E"], "Next": "Done"}], "MaxConcurrency": 2})),
        "Done": {"Type": "Succeed"},
    });
    let ran = run_with(&states, json!({"items": [1, 2, 3]}), &[("describe", &answers)]);
    assert_eq!(*ran.output(), json!({"Error": "T.E", "Cause": "cause of T.E"}));
    assert_eq!((call_seconds(&ran), ran.seconds < 1e-9), (vec![0, 0], true));
}

#[test]
fn a_failed_child_fails_the_map_by_its_threshold_and_stops_the_others() {
    let answers = [slow(20, json!(1)), error("T.E"), slow(20, json!(1))];
    let states = json!({
        "A": distributed(json!({"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Done"}], "MaxConcurrency": 2})),
        "Done": {"Type": "Succeed"},
    });
    let ran = run_with(&states, json!({"items": [1, 2, 3]}), &[("describe", &answers)]);
    assert_eq!(ran.output()["Error"], "States.ExceedToleratedFailureThreshold");
    assert_eq!(ran.output()["Cause"], "The specified tolerated failure threshold was exceeded");
    let ends: Vec<_> = ran
        .events
        .iter()
        .filter_map(|entry| match &entry.event {
            HistoryEvent::Ended(end) => Some(end.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(ends, ["FAILED", "ABORTED", "SUCCEEDED"]);
    assert_eq!(ran.counters.calls, 2);
}

#[test]
fn stopping_the_parent_stops_its_children() {
    let machine = machine(&json!({"A": distributed(json!({}))}));
    let mut execution =
        Execution::start(&machine, ARN, json!({"items": [1, 2]}), START, 1).expect("it starts");
    let answers = [("describe".to_owned(), [slow(20, json!(1))].into())].into();
    execution.advance(START, &mut Script { answers, ..Script::default() });
    let before = execution.counters();
    execution.stop(START + Span::seconds(5));
    let aborted = |entry: &HistoryEntry| matches!(&entry.event, HistoryEvent::Ended(Status::Aborted));
    assert_eq!(execution.take_events().iter().filter(|event| aborted(event)).count(), 3);
    assert_eq!((before.transitions, execution.counters().transitions), (3, 3));
}

#[test]
fn what_cannot_be_iterated_fails_and_can_be_caught() {
    for items in [json!({"items": {"a": 1}}), json!({"items": 1}), json!({})] {
        let states = json!({
            "A": map(json!({"Catch": [{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "Done"}]})),
            "Done": {"Type": "Succeed", "Output": "caught"},
        });
        assert_eq!(*run_with(&states, items.clone(), &[]).output(), json!("caught"), "{items}");
    }
}

#[test]
fn a_fatal_error_inside_a_map_can_be_caught_by_the_map() {
    let mut state = map(json!({
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Done"}],
        "Retry": [{"ErrorEquals": ["States.QueryEvaluationError"], "MaxAttempts": 1, "IntervalSeconds": 3}],
    }));
    state["ItemProcessor"]["States"]["Inner"] =
        json!({"Type": "Pass", "Output": "{% $states.input.missing %}", "End": true});
    let ran = run_with(&json!({"A": state, "Done": {"Type": "Succeed"}}), json!({"items": [1]}), &[]);
    assert_eq!(ran.output()["Error"], "States.QueryEvaluationError");
    assert!((ran.seconds - 3.0).abs() < 1e-9, "the whole Map is tried again");
}

#[test]
fn parallel_branches_get_one_input_and_give_their_outputs_in_order() {
    let branch = |seconds: i64, output: &str| {
        json!({"StartAt": format!("W{seconds}"), "States": {
            format!("W{seconds}"): {"Type": "Wait", "Seconds": seconds, "Output": output, "End": true},
        }})
    };
    let states = json!({"A": {
        "Type": "Parallel",
        "Arguments": {"n": "{% $states.input.n + 1 %}"},
        "Branches": [branch(9, "{% ['slow', $states.input.n] %}"), branch(2, "quick")],
        "Output": "{% $reverse($states.result) %}",
        "End": true,
    }});
    let ran = run_with(&states, json!({"n": 1}), &[]);
    assert_eq!(*ran.output(), json!(["quick", ["slow", 2]]));
    assert!((ran.seconds - 9.0).abs() < 1e-9);
}

#[test]
fn a_failing_branch_fails_the_parallel_at_once() {
    let states = json!({
        "A": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "Long", "States": {"Long": {"Type": "Wait", "Seconds": 60, "End": true}}},
                {"StartAt": "Bad", "States": {"Bad": {"Type": "Fail", "Error": "T.Bad", "Cause": "it is bad"}}},
            ],
            "Catch": [{"ErrorEquals": ["T.Bad"], "Next": "Done"}],
            "End": true,
        },
        "Done": {"Type": "Succeed"},
    });
    let ran = run(&states);
    assert_eq!(*ran.output(), json!({"Error": "T.Bad", "Cause": "it is bad"}));
    assert!(ran.seconds < 1e-9);
}

#[test]
fn a_redriven_map_goes_on_with_the_children_that_were_stopped() {
    let machine = machine(&json!({"A": distributed(json!({}))}));
    let mut execution =
        Execution::start(&machine, ARN, json!({"items": [1, 2]}), START, 1).expect("it starts");
    let answers = [("describe".to_owned(), [slow(20, json!(1))].into())].into();
    let mut script = Script { answers, ..Script::default() };
    execution.advance(START, &mut script);
    execution.stop(START + Span::seconds(5));
    let again = START + Span::seconds(60);
    assert!(execution.redrive(again));
    while let Some(wake) = execution.next_wake() {
        execution.advance(wake, &mut script);
    }
    assert!(matches!(execution.status(), Status::Succeeded { .. }), "{:?}", execution.status());
    let callers: std::collections::BTreeSet<_> = script.callers.iter().collect();
    assert_eq!((script.calls.len(), callers.len()), (4, 2), "each child calls once more");
}
