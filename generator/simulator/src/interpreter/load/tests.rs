//! What is refused, by its name.
#![expect(clippy::needless_pass_by_value, reason = "a literal reads better without a reference")]

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::interpreter::{LoadError, Machine};

fn load(definition: &Value) -> Result<Machine, LoadError> {
    Machine::load(&definition.to_string(), &BTreeMap::new())
}

/// Every problem as `state: reason`.
fn refusals(definition: &Value) -> String {
    match load(definition) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    }
}

fn with(state: Value) -> Value {
    json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": state, "End": {"Type": "Succeed"}}})
}

fn task(more: Value) -> Value {
    let mut task = json!({
        "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:ec2:describeInstances", "Arguments": {}, "Next": "End",
    });
    task.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    with(task)
}

fn map(more: Value) -> Value {
    let mut map = json!({
        "Type": "Map", "Items": [], "Next": "End", "Assign": {"taken": 1},
        "ItemProcessor": {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}},
    });
    map.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    with(map)
}

/// Each definition is refused with words that contain the text beside it.
fn assert_refused<const N: usize>(definitions: [(&str, Value); N]) {
    for (named, definition) in definitions {
        let refused = refusals(&definition);
        assert!(refused.contains(named), "{named} of {definition}: {refused}");
    }
}

#[test]
fn what_is_not_supported_is_refused_by_its_name() {
    assert_refused([
        ("QueryLanguage", json!({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})),
        ("JSONPath", json!({"QueryLanguage": "JSONPath", "StartAt": "A", "States": {}})),
        ("`B`", json!({"QueryLanguage": "JSONata", "StartAt": "B", "States": {"A": {"Type": "Succeed"}}})),
        ("Activity", with(json!({"Type": "Activity"}))),
        ("InputPath", with(json!({"Type": "Pass", "InputPath": "$", "Next": "End"}))),
        ("Result", with(json!({"Type": "Pass", "Result": 1, "Next": "End"}))),
        ("there is no state `B`", with(json!({"Type": "Pass", "Next": "B"}))),
        ("`Next` or `End", with(json!({"Type": "Pass"}))),
        ("`Next` or `End", with(json!({"Type": "Pass", "Next": "End", "End": true}))),
        ("HeartbeatSeconds", task(json!({"HeartbeatSeconds": 5}))),
        ("Credentials", task(json!({"Credentials": {}}))),
        ("TimeoutSeconds", task(json!({"TimeoutSeconds": 0}))),
        ("startExecution.sync", task(json!({"Resource": "arn:aws:states:::states:startExecution.sync"}))),
        ("waitForTaskToken", task(json!({"Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken"}))),
        ("http:invoke", task(json!({"Resource": "arn:aws:states:::http:invoke"}))),
        ("sns:publish", task(json!({"Resource": "arn:aws:states:::sns:publish"}))),
        ("function:f", task(json!({"Resource": "arn:aws:lambda:eu-west-1:123456789012:function:f"}))),
        ("`group`", task(json!({"Output": "{% group %}"}))),
        ("$eval", task(json!({"Assign": {"x": ["{% $eval('1') %}"]}}))),
        ("`states` cannot", task(json!({"Assign": {"states": 1}}))),
        ("`a-b` cannot", task(json!({"Assign": {"a-b": 1}}))),
        ("variable `max` hides", task(json!({"Assign": {"max": 1, "x": "{% $max([1, 2]) %}"}}))),
    ]);
}

#[test]
fn handlers_that_are_not_supported_are_refused_by_their_names() {
    let retry = |fields: Value| task(json!({"Retry": [fields]}));
    assert_refused([
        ("Budget", retry(json!({"ErrorEquals": ["A"], "Budget": 1}))),
        ("SOME", retry(json!({"ErrorEquals": ["A"], "JitterStrategy": "SOME"}))),
        ("BackoffRate", retry(json!({"ErrorEquals": ["A"], "BackoffRate": 0.5}))),
        ("IntervalSeconds", retry(json!({"ErrorEquals": ["A"], "IntervalSeconds": 0}))),
        ("MaxDelaySeconds", retry(json!({"ErrorEquals": ["A"], "IntervalSeconds": 5, "MaxDelaySeconds": 5}))),
        ("States.ALL", retry(json!({"ErrorEquals": ["States.ALL", "A"]}))),
        ("ErrorEquals is empty", retry(json!({"ErrorEquals": []}))),
        (
            "States.ALL",
            task(json!({"Catch": [
                {"ErrorEquals": ["States.ALL"], "Next": "End"}, {"ErrorEquals": ["A"], "Next": "End"},
            ]})),
        ),
    ]);
}

#[test]
fn states_that_are_not_supported_are_refused_by_their_names() {
    let assigning = |name: &str| json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "Assign": {name: 1}, "End": true}}});
    assert_refused([
        ("Seconds", with(json!({"Type": "Wait", "Seconds": -1, "Next": "End"}))),
        ("Seconds", with(json!({"Type": "Wait", "Seconds": "15", "Next": "End"}))),
        ("Timestamp", with(json!({"Type": "Wait", "Timestamp": "2026-01-05", "Next": "End"}))),
        ("`Seconds` or `Timestamp`", with(json!({"Type": "Wait", "Next": "End"}))),
        (
            "Variable",
            with(json!({"Type": "Choice", "Choices": [
                {"Variable": "$.a", "StringEquals": "b", "Next": "End"},
            ]})),
        ),
        ("Condition", with(json!({"Type": "Choice", "Choices": [{"Condition": "yes", "Next": "End"}]}))),
        ("`States.`", with(json!({"Type": "Fail", "Error": "States.Mine"}))),
        ("ItemReader", map(json!({"ItemReader": {}}))),
        ("ToleratedFailurePercentage", map(json!({"ToleratedFailurePercentage": 10}))),
        ("Items", map(json!({"Items": {"a": 1}}))),
        ("Label", map(json!({"Label": "Turns"}))),
        (
            "EXPRESS",
            map(json!({"ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
                "StartAt": "P", "States": {"P": {"Type": "Succeed"}},
            }})),
        ),
        ("`taken` is assigned in an outer scope", map(json!({"ItemProcessor": assigning("taken")}))),
        ("80 characters", with(json!({"Type": "Pass", "Assign": {"x".repeat(81): 1}, "Next": "End"}))),
    ]);
}

#[test]
fn a_distributed_map_may_use_names_of_its_parent() {
    let processor = json!({
        "ProcessorConfig": {"Mode": "DISTRIBUTED"},
        "StartAt": "P", "States": {"P": {"Type": "Pass", "Assign": {"taken": 1}, "End": true}},
    });
    assert_eq!(refusals(&map(json!({"ItemProcessor": processor}))), "");
}

#[test]
fn all_faults_are_told_at_once() {
    let definition = json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": {
        "A": {"Type": "Pass", "Output": ["{% a %}", "{% b %}"], "Next": "Nowhere"},
        "B": {"Type": "Wait", "Next": "A"},
        "C": {"Type": "Task", "Parameters": {}, "End": true},
    }});
    let refused = refusals(&definition);
    for named in ["A: Output: `a`", "A: Output: `b`", "A: Next", "B: ", "C: unknown field `Parameters`"] {
        assert!(refused.contains(named), "{named}: {refused}");
    }
}

#[test]
fn placeholders_are_filled_in_as_text() {
    let text = json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": {
        "A": {"Type": "Succeed", "Output": ["${topic_arn}", "{% '${lock_table_name}' %}"]},
    }})
    .to_string();
    let mut values = BTreeMap::from([("topic_arn".to_owned(), "quote \" and back \\".to_owned())]);
    let error = Machine::load(&text, &values).err().expect("one is missing");
    assert!(error.to_string().contains("${lock_table_name}"));
    values.insert("lock_table_name".to_owned(), "locks".to_owned());
    assert!(Machine::load(&text, &values).is_ok());
}
