//! Rules of the language, each as a small definition.

use serde_json::{Value, json};

/// A definition of these states, of which `A` is the first.
fn machine(states: &Value) -> Value {
    json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": states})
}

/// A state with more fields.
#[expect(clippy::needless_pass_by_value, reason = "a literal reads better without a reference")]
fn state(kind: &str, more: Value) -> Value {
    let mut state = json!({"Type": kind});
    state.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    state
}

/// A call.
fn task(more: Value) -> Value {
    let mut task = state("Task", more);
    task["Resource"] = json!("arn:aws:states:::aws-sdk:autoscaling:describeAutoScalingGroups");
    task
}

/// A state whose every error is seen at the end; of those of the language only the name, for the text is everybody's own.
fn caught(mut state: Value) -> Value {
    let seen = "{% ($e := $states.errorOutput; $contains($e.Error, 'States.') ? $e.Error : $e) %}";
    state["Catch"] =
        json!([{"ErrorEquals": ["States.ALL"], "Assign": {"seen": seen}, "Output": {}, "Next": "End"}]);
    state["Next"] = json!("End");
    state
}

/// The end of most rules: what is seen of the variables and the input.
fn end() -> Value {
    let output = json!({
        "input": "{% $states.input %}",
        "x": "{% $exists($x) ? $x : 'none' %}",
        "seen": "{% $exists($seen) ? $seen : 'nothing' %}",
    });
    state("Succeed", json!({"Output": output}))
}

fn error(name: &str) -> Value {
    json!({"error": name})
}

/// A Map over the input's items, one after the other.
fn map(states: Value, more: Value) -> Value {
    let mut map = state("Map", more);
    map["Items"] = json!("{% $states.input.items %}");
    map["MaxConcurrency"] = json!(1);
    map["ItemProcessor"]["StartAt"] = json!("I");
    map["ItemProcessor"]["States"] = states;
    map
}

fn distributed(states: Value, more: Value) -> Value {
    let mut map = map(states, more);
    map["Label"] = json!("Turns");
    map["ItemProcessor"]["ProcessorConfig"] = json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"});
    map
}

pub(super) type Rule = (&'static str, Value, Vec<Value>);

/// Every rule: its words, a definition, and the answers to its calls.
pub(super) fn rules() -> Vec<Rule> {
    [variables(), errors(), fan_out(), time()].concat()
}

fn variables() -> Vec<Rule> {
    let assigning = state(
        "Pass",
        json!({"Assign": {"x": "{% $states.input.n + 1 %}", "y": "{% $exists($x) %}"}, "Output": "{% $exists($x) %}", "Next": "End"}),
    );
    let choose = |n: i64| {
        machine(&json!({
            "A": state("Pass", json!({"Output": {"n": n}, "Assign": {"x": 0}, "Next": "C"})),
            "C": state("Choice", json!({
                "Choices": [
                    {"Condition": "{% $states.input.n = 1 %}", "Assign": {"x": "{% $x + 1 %}"}, "Output": "first", "Next": "End"},
                    {"Condition": "{% $states.input.n < 3 %}", "Next": "End"},
                ],
                "Assign": {"x": "default"},
                "Default": "Other",
            })),
            "Other": state("Pass", json!({"Next": "End"})),
            "End": end(),
        }))
    };
    let read = json!({
        "Output": {"result": "{% $states.result %}", "input": "{% $states.input.n %}", "list": [1, "{% $states.result.list[$ > 1] %}"]},
        "Assign": {"x": "{% $states.result.list %}"}, "Arguments": {"Names": ["{% 'a' & $states.input.n %}"], "Limit": "{% 4 / 2 %}"},
        "Next": "End",
    });
    vec![
        (
            "Assign and Output see the values on entry",
            machine(&json!({"A": assigning, "End": end()})),
            vec![],
        ),
        ("the first rule of a choice decides", choose(1), vec![]),
        ("a rule without results keeps the input", choose(2), vec![]),
        ("the default of a choice has results of its own", choose(3), vec![]),
        (
            "a result is read, and the input too",
            machine(&json!({"A": task(read), "End": end()})),
            vec![json!({"list": [1, 2]})],
        ),
        (
            "without Output the result goes on",
            machine(&json!({"A": task(json!({"Arguments": {}, "Next": "End"})), "End": end()})),
            vec![json!({"a": null})],
        ),
        (
            "a list of one stays a list once it is stored",
            machine(&json!({
                "A": state("Pass", json!({"Assign": {"x": "{% [[1, 2, 3][$ > 2]] %}"}, "Next": "B"})),
                "B": state("Pass", json!({"Assign": {"seen": ["{% $x %}", "{% $x[0] %}", "{% $count($x) %}", "{% $append($x, 4) %}"]}, "Next": "End"})),
                "End": end(),
            })),
            vec![],
        ),
        (
            "null is a value",
            machine(&json!({
                "A": state("Pass", json!({"Assign": {"x": null}, "Output": null, "Next": "B"})),
                "B": state("Pass", json!({"Assign": {"seen": ["{% $x = null %}", "{% $exists($x) %}"]}, "Next": "End"})),
                "End": end(),
            })),
            vec![],
        ),
        (
            "the context tells of the state and the execution",
            machine(&json!({
                "A": state("Pass", json!({"Assign": {"x": [
                    "{% $states.context.State.Name %}", "{% $states.context.State.EnteredTime %}",
                    "{% $states.context.Execution.Id %}", "{% $states.context.Execution.Name %}",
                    "{% $states.context.Execution.StartTime %}", "{% $states.context.Execution.Input %}",
                    "{% $states.context.StateMachine.Name %}", "{% $states.context.StateMachine.Id %}",
                ]}, "Next": "End"})),
                "End": end(),
            })),
            vec![],
        ),
    ]
}

fn errors() -> Vec<Rule> {
    let retry = |retriers: Value| json!({"Arguments": {"Try": "{% $states.context.State.RetryCount %}"}, "Retry": retriers});
    let one = |state: Value| machine(&json!({"A": caught(state), "End": end()}));
    let undefined = |fields: Value| one(task(fields));
    let catchers = json!({
        "Arguments": {},
        "Assign": {"x": "succeeded"},
        "Catch": [
            {"ErrorEquals": ["T.Other"], "Next": "End"},
            {"ErrorEquals": ["T.A", "T.B"], "Assign": {"x": "{% $states.errorOutput.Error %}"}, "Output": "{% $states.input.n %}", "Next": "End"},
            {"ErrorEquals": ["States.ALL"], "Next": "End"},
        ],
        "Next": "End",
    });
    let again = json!({
        "A": state("Pass", json!({"Assign": {"x": 0}, "Next": "Call"})),
        "Call": task(json!({
            "Arguments": {}, "Retry": [{"ErrorEquals": ["T.E"], "MaxAttempts": 1}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Assign": {"x": "{% $x + 1 %}"}, "Next": "Again"}], "Next": "End",
        })),
        "Again": state("Choice", json!({"Choices": [{"Condition": "{% $x < 2 %}", "Next": "Call"}], "Default": "End"})),
        "End": end(),
    });
    let in_a_catcher = json!({
        "A": task(json!({"Arguments": {}, "Catch": [
            {"ErrorEquals": ["T.E"], "Output": "{% $states.errorOutput.missing %}", "Next": "End"},
            {"ErrorEquals": ["States.ALL"], "Next": "End"},
        ], "Next": "End"})),
        "End": end(),
    });
    vec![
        (
            "a retry waits longer each time, up to the longest",
            one(task(retry(json!([
                {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "MaxAttempts": 4, "BackoffRate": 3, "MaxDelaySeconds": 10},
            ])))),
            vec![error("T.E"); 9],
        ),
        (
            "the defaults are three retries, from one second, doubling",
            one(task(retry(json!([{"ErrorEquals": ["T.E"]}])))),
            vec![error("T.E"); 9],
        ),
        (
            "each retrier counts for itself",
            one(task(retry(json!([
                {"ErrorEquals": ["T.A"], "MaxAttempts": 1, "BackoffRate": 1}, {"ErrorEquals": ["T.B"], "MaxAttempts": 2, "IntervalSeconds": 5},
            ])))),
            ["T.A", "T.B", "T.B", "T.A", "T.B"].map(error).to_vec(),
        ),
        (
            "no attempts are none, even if a later retrier matches",
            one(task(retry(json!([
                {"ErrorEquals": ["T.E"], "MaxAttempts": 0}, {"ErrorEquals": ["States.ALL"]},
            ])))),
            vec![error("T.E"); 3],
        ),
        (
            "a retrier for States.TaskFailed takes any error of a call",
            one(task(retry(json!([{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 1}])))),
            vec![error("T.E"); 3],
        ),
        ("attempts are counted anew when a state is entered again", machine(&again), vec![error("T.E"); 9]),
        (
            "the catcher that matches has its own results",
            machine(&json!({"A": task(catchers.clone()), "End": end()})),
            vec![error("T.B")],
        ),
        (
            "a later catcher takes the rest",
            machine(&json!({"A": task(catchers.clone()), "End": end()})),
            vec![error("T.E")],
        ),
        (
            "without an error only the state's own results count",
            machine(&json!({"A": task(catchers), "End": end()})),
            vec![json!({})],
        ),
        (
            "an error that nothing catches ends the execution",
            machine(&json!({"A": task(json!({"Arguments": {}, "Next": "End"})), "End": end()})),
            vec![error("T.E")],
        ),
        (
            "an undefined argument is an error that can be caught",
            undefined(json!({"Arguments": {"X": "{% $states.input.missing %}"}})),
            vec![],
        ),
        (
            "an undefined output is an error that can be caught",
            undefined(json!({"Arguments": {}, "Output": "{% $states.result.missing %}"})),
            vec![],
        ),
        (
            "an undefined variable is, too",
            undefined(json!({"Arguments": {}, "Assign": {"x": ["{% $states.result.missing %}"]}})),
            vec![],
        ),
        (
            "an error in an expression is, too",
            undefined(json!({"Arguments": {"X": "{% $states.input.items + 1 %}"}})),
            vec![],
        ),
        (
            "where nothing can be caught, an undefined value ends the execution",
            machine(
                &json!({"A": state("Pass", json!({"Output": "{% $states.input.missing %}", "End": true}))}),
            ),
            vec![],
        ),
        ("an error in a catcher is not caught again", machine(&in_a_catcher), vec![error("T.E")]),
        (
            "a failure computes its words",
            machine(
                &json!({"A": state("Fail", json!({"Error": "{% 'Own.' & 'Error' %}", "Cause": "{% 'because of ' & $states.input.n %}"}))}),
            ),
            vec![],
        ),
        (
            "a choice without a match fails",
            machine(
                &json!({"A": state("Choice", json!({"Choices": [{"Condition": "{% false %}", "Next": "End"}]})), "End": end()}),
            ),
            vec![],
        ),
    ]
}

fn fan_out() -> Vec<Rule> {
    let selector = json!({
        "value": "{% $states.context.Map.Item.Value %}", "index": "{% $states.context.Map.Item.Index %}", "outer": "{% $x %}",
        "of": "{% $count($states.input.items) %}",
    });
    let around = |map: Value| {
        machine(&json!({
            "A": state("Pass", json!({"Assign": {"x": "o"}, "Next": "Map"})), "Map": caught(map), "End": end(),
        }))
    };
    let seeing = |inner: &str| {
        json!({
            "I": state("Pass", json!({"Assign": {inner: "{% $states.input %}"}, "Next": "J"})),
            "J": state("Pass", json!({"Output": [format!("{{% ${inner} %}}"), "{% $exists($x) %}"], "End": true})),
        })
    };
    let calling = json!({"I": task(json!({"Arguments": "{% $states.input %}", "End": true}))});
    let item = json!({"ItemSelector": {"item": "{% $states.context.Map.Item.Value %}"}});
    let failing = json!({"I": state("Fail", json!({"Error": "Own.Error", "Cause": "why"}))});
    let undefined =
        json!({"I": state("Pass", json!({"Output": "{% $states.input.missing %}", "End": true}))});
    let branch = |name: &str, seconds: i64, output: &str| json!({"StartAt": name, "States": {name: state("Wait", json!({"Seconds": seconds, "Output": output, "End": true}))}});
    let bad = json!({"StartAt": "Bad", "States": {"Bad": state("Fail", json!({"Error": "Own.Error", "Cause": "why"}))}});
    let parallel = |branches: Value| {
        caught(state(
            "Parallel",
            json!({"Arguments": {"n": "{% $states.input.n + 1 %}"}, "Branches": branches, "Output": "{% $reverse($states.result) %}"}),
        ))
    };
    vec![
        (
            "a Map selects, in the order of the items",
            around(map(calling.clone(), json!({"ItemSelector": selector}))),
            vec![json!(1), json!(2), json!(3)],
        ),
        (
            "a distributed Map selects too",
            around(distributed(calling.clone(), json!({"ItemSelector": selector}))),
            vec![json!(1), json!(2), json!(3)],
        ),
        (
            "iterations read what is around them and keep what is theirs",
            around(map(seeing("inner"), json!({}))),
            vec![],
        ),
        (
            "child executions see nothing of what is around them",
            around(distributed(seeing("inner"), json!({}))),
            vec![],
        ),
        (
            "a failed iteration fails the Map with its error",
            around(map(calling.clone(), item.clone())),
            vec![json!(1), error("T.E"), json!(3)],
        ),
        ("a Fail inside fails the Map with its error", around(map(failing.clone(), json!({}))), vec![]),
        (
            "a failed child fails the Map by its threshold",
            around(distributed(calling, item)),
            vec![json!(1), error("T.E"), json!(3)],
        ),
        (
            "an undefined value inside a Map can be caught around it",
            around(map(undefined, json!({}))),
            vec![],
        ),
        (
            "no items give no results",
            machine(&json!({
                "A": state("Pass", json!({"Output": {"items": []}, "Next": "Map"})), "Map": caught(map(failing, json!({}))), "End": end(),
            })),
            vec![],
        ),
        (
            "branches give their outputs in order",
            machine(&json!({
                "A": parallel(json!([branch("Slow", 9, "{% ['slow', $states.input.n] %}"), branch("Quick", 2, "quick")])), "End": end(),
            })),
            vec![],
        ),
        (
            "a failed branch fails the Parallel",
            machine(&json!({"A": parallel(json!([branch("Slow", 9, "slow"), bad])), "End": end()})),
            vec![],
        ),
    ]
}

fn time() -> Vec<Rule> {
    let wait = |field: Value| {
        let mut wait = state("Wait", field);
        wait["Next"] = json!("B");
        machine(&json!({
            "A": wait, "B": state("Pass", json!({"Assign": {"x": ["{% $millis() %}", "{% $now() %}"]}, "Next": "End"})), "End": end(),
        }))
    };
    let timed = json!({
        "Arguments": {}, "TimeoutSeconds": "{% 30 * 2 %}", "Retry": [{"ErrorEquals": ["States.TaskFailed"]}],
        "Catch": [{"ErrorEquals": ["States.Timeout"], "Assign": {"seen": "{% $states.errorOutput.Error %}"}, "Output": "late", "Next": "End"}],
        "Output": "in time", "Next": "End",
    });
    let mut bounded = wait(json!({"Seconds": 7200}));
    bounded["TimeoutSeconds"] = json!(3600);
    vec![
        ("a wait takes its seconds", wait(json!({"Seconds": 15})), vec![]),
        ("a wait computes its seconds", wait(json!({"Seconds": "{% $max([0, 2 * 5]) %}"})), vec![]),
        ("no seconds are none", wait(json!({"Seconds": 0})), vec![]),
        ("a wait ends at a time", wait(json!({"Timestamp": "{% $fromMillis($millis() + 1500) %}"})), vec![]),
        ("a time that is past is no wait", wait(json!({"Timestamp": "2020-01-01T00:00:00Z"})), vec![]),
        (
            "an answer takes its time",
            machine(&json!({"A": task(timed.clone()), "End": end()})),
            vec![json!({"after": 60_000})],
        ),
        (
            "an answer that takes longer is a time-out, which is no failed task",
            machine(&json!({"A": task(timed), "End": end()})),
            vec![json!({"after": 60_001})],
        ),
        ("a machine takes no longer than it may", bounded, vec![]),
    ]
}
