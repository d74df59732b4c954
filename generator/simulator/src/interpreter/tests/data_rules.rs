//! `JSONata` values, variables and the context.

use super::*;

#[track_caller]
fn gives(expression: &str, expected: &Value) {
    let states = json!({
        "A": {"Type": "Pass", "Assign": {
            "one": "{% [1] %}", "three": [1, 2, 3], "none": [], "nested": "{% [[1], [2, 3]] %}",
            "people": [{"name": "a", "age": 1}, {"name": "b", "age": 2}],
        }, "Next": "B"},
        "B": {"Type": "Succeed", "Output": format!("{{% {expression} %}}")},
    });
    assert_eq!(run_with(&states, json!({"a": {"b": 7}}), &[]).output(), expected, "{expression}");
}

#[test]
fn sequences_of_one_are_bare_and_array_constructors_are_kept() {
    gives("$three[$ > 2]", &json!(3));
    gives("[$three[$ > 2]]", &json!([3]));
    gives("[$three[$ > 5]]", &json!([]));
    gives("$people.name", &json!(["a", "b"]));
    gives("$people[age = 2].name", &json!("b"));
    gives("[$people[age = 2].name]", &json!(["b"]));
    gives("$one", &json!([1]));
    gives("$count($none)", &json!(0));
    gives("$people.{'n': name}", &json!([{"n": "a"}, {"n": "b"}]));
    gives("{'kept': 1, 'dropped': $people.missing}", &json!({"kept": 1}));
}

#[test]
fn a_variable_is_read_back_as_plain_json() {
    // A constructor's array would not be flattened by a later step; one that was stored is.
    gives("$nested.$", &json!([1, 2, 3]));
    gives("$append($one, 2)", &json!([1, 2]));
    gives("$exists($never)", &json!(false));
}

#[test]
fn names_bound_in_an_expression_do_not_leak_into_the_next() {
    let ran = run(&json!({
        "A": {"Type": "Pass", "Assign": {"x": 1}, "Next": "B"},
        "B": {"Type": "Pass", "Assign": {"y": "{% ($x := $x + 10; $z := 3; $x + $z) %}"}, "Next": "C"},
        "C": {"Type": "Succeed", "Output": ["{% $x %}", "{% $y %}", "{% $exists($z) %}"]},
    }));
    assert_eq!(*ran.output(), json!([1, 14, false]));
}

#[test]
fn a_variable_hides_the_function_of_its_name() {
    let machine = machine(&json!({
        "A": {"Type": "Pass", "Assign": {"round": 3}, "Next": "B"},
        "B": {"Type": "Wait", "Seconds": "{% $round %}", "End": true},
    }));
    let mut execution = Execution::start(&machine, ARN, json!({}), START, 1).expect("it starts");
    execution.advance(START, &mut Script::default());
    assert_eq!(execution.variables(), [("round".to_owned(), json!(3))].into());
    assert_eq!(execution.next_wake(), Some(START + Span::seconds(3)));
}

#[test]
fn the_context_describes_the_execution() {
    gives(
        "$states.context",
        &json!({
            "Execution": {
                "Id": ARN, "Input": {"a": {"b": 7}}, "Name": "run-1",
                "StartTime": "2026-01-05T09:00:00.000Z", "RedriveCount": 0,
            },
            "State": {"Name": "B", "EnteredTime": "2026-01-05T09:00:00.000Z", "RetryCount": 0},
            "StateMachine": {
                "Id": "arn:aws:states:eu-west-1:123456789012:stateMachine:recycle", "Name": "recycle",
            },
        }),
    );
}

#[test]
fn what_is_left_to_chance_follows_the_seed() {
    let machine = machine(&json!({"A": {"Type": "Succeed", "Output": ["{% $uuid() %}", "{% $random() %}"]}}));
    let output = |seed| {
        let mut execution = Execution::start(&machine, ARN, json!({}), START, seed).expect("it starts");
        execution.advance(START, &mut Script::default());
        execution.status().clone()
    };
    assert_eq!(output(4), output(4));
    assert_ne!(output(4), output(5));
}

#[test]
fn a_start_is_refused_as_the_api_refuses_it() {
    use super::super::StartError;
    let machine = machine(&json!({"A": {"Type": "Succeed"}}));
    let start = |arn: &str, input| Execution::start(&machine, arn, input, START, 1).err();
    let named = |name: &str| format!("arn:aws:states:eu-west-1:123456789012:execution:recycle:{name}");
    assert_eq!(start("run-1", json!({})), Some(StartError::InvalidArn("run-1".to_owned())));
    assert_eq!(start(&named("a b"), json!({})), Some(StartError::InvalidName("a b".to_owned())));
    assert!(matches!(start(&named(&"x".repeat(81)), json!({})), Some(StartError::InvalidName(_))));
    assert_eq!(start(&named(&"x".repeat(80)), json!("y".repeat(262_142))), None);
    assert_eq!(start(&named("x"), json!("y".repeat(262_143))), Some(StartError::InputTooLarge(262_145)));
}
