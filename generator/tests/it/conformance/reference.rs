//! Expressions give what the reference implementation of `JSONata` gives: those of the emitted machines over the very
//! data that they met in the scenarios, and the rules that they rely on, one by one.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Seek as _, Write as _};
use std::process::Stdio;
use std::rc::Rc;

use asg_recycle_simulator::interpreter::{Execution, Machine, Outcome};
use asg_recycle_simulator::services::{Answer, ServiceCall, Services};
use asg_recycle_simulator::time::Moment;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Evaluated, recording};
use crate::node;

/// What the reference implementation makes of an expression.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Referred {
    Value(Value),
    Nothing,
    NoJson,
    /// The code of the error.
    Error(String),
}

/// What the reference implementation makes of them.
fn refer(evaluations: &[Evaluated]) -> Vec<Referred> {
    let mut orders = tempfile::tempfile().expect("a file for the expressions");
    for Evaluated { source, variables, now, .. } in evaluations {
        let order = json!({"source": source, "variables": variables, "now": now});
        writeln!(orders, "{order}").expect("the file takes text");
    }
    orders.rewind().expect("the file can be read");
    let output =
        node::script("conformance", "evaluate.js").stdin(Stdio::from(orders)).output().expect("node starts");
    let lines = String::from_utf8(output.stdout).expect("an answer is text");
    let answers = lines.lines().map(|line| serde_json::from_str(line).expect("an answer is JSON"));
    let referred: Vec<Referred> = answers.collect();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(referred.len() == evaluations.len(), "{} of {}: {said}", referred.len(), evaluations.len());
    referred
}

/// Whether both give the same; of errors, the same code. `$parse` is Step Functions' own: what is no JSON has no code.
fn agree(ours: &Outcome, theirs: &Referred) -> bool {
    match (ours, theirs) {
        (Outcome::Value(ours), Referred::Value(theirs)) => same(ours, theirs),
        (Outcome::Error(text), Referred::Error(code)) => {
            let is_no_json = text.starts_with("function \"parse\"") && code.starts_with("SyntaxError");
            is_no_json || text.starts_with(&**code)
        }
        (Outcome::Nothing, Referred::Nothing) | (Outcome::NoJson, Referred::NoJson) => true,
        _ => false,
    }
}

/// The same values, keys in the same order: `$string` and `$keys` show it.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(ours), Value::Number(theirs)) => ours.as_f64() == theirs.as_f64(),
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            let fields = ours.iter().zip(theirs);
            ours.len() == theirs.len()
                && fields.into_iter().all(|(ours, theirs)| ours.0 == theirs.0 && same(ours.1, theirs.1))
        }
        _ => ours == theirs,
    }
}

/// Those on which the two do not agree, as text.
fn disagreements(evaluations: &[Evaluated]) -> Vec<String> {
    let referred = refer(evaluations);
    let pairs = evaluations.iter().zip(&referred).filter(|(ours, theirs)| !agree(&ours.outcome, theirs));
    let told = pairs.map(|(Evaluated { source, variables, outcome, .. }, theirs)| {
        format!("{source}\n  over {variables}\n  ours      {outcome:?}\n  reference {theirs:?}")
    });
    told.collect()
}

#[test]
fn every_expression_of_the_machines_gives_what_the_reference_gives() {
    let evaluations = &recording().evaluations;
    let found = disagreements(evaluations);
    assert!(found.is_empty(), "{} of {}:\n{}", found.len(), evaluations.len(), found.join("\n"));
    let sources: BTreeSet<&str> = evaluations.iter().map(|each| &*each.source).collect();
    assert!(sources.len() > 150, "only {} expressions were evaluated", sources.len());
}

/// No calls are made.
struct NoServices;

impl Services for NoServices {
    fn call(&mut self, call: &ServiceCall<'_>) -> Answer {
        panic!("nothing is called here: {call:?}")
    }
}

/// Evaluates an expression as the interpreter does, over variables that stand for every kind of value.
fn evaluated(source: &str) -> Evaluated {
    let definition = json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": {
        "A": {"Type": "Pass", "Assign": "VARIABLES", "Output": "{% $states.input %}", "Next": "B"},
        "B": {"Type": "Succeed", "Output": format!("{{% {source} %}}")},
    }});
    let definition = definition.to_string().replace("\"VARIABLES\"", VARIABLES);
    let machine = Machine::load(&definition, &BTreeMap::new())
        .unwrap_or_else(|problems| panic!("{source}: {problems}"));
    let kept = Rc::new(RefCell::new(None));
    let keeping = Rc::clone(&kept);
    machine.observe_evaluations(Box::new(move |evaluation| {
        keeping.replace(Some(Evaluated::of(evaluation)));
    }));
    let arn = "arn:aws:states:eu-west-1:123456789012:execution:recycle:run-1";
    let now = Moment(1_767_603_600_123);
    let input = json!({"list": [3, 1, 2], "text": "a-b", "nested": {"empty": {}, "none": []}});
    let mut execution = Execution::start(&machine, arn, input, now, 1).expect("it starts");
    execution.advance(now, &mut NoServices);
    let last = kept.take();
    last.filter(|last| last.source == source).unwrap_or_else(|| panic!("{source} was not evaluated"))
}

const VARIABLES: &str = r#"{
  "one": [1], "three": [1, 2, 3], "none": [], "nested": [[1], [2, 3]], "nothing": null, "yes": true, "text": "InService",
  "people": [
    {"name": "a", "age": 30, "tags": ["x", "y"]}, {"name": "b", "age": 20, "tags": ["z"]}, {"name": "c", "tags": []}
  ],
  "group": {"size": 3, "zones": {"b": 2, "a": 1}, "instances": [{"id": "i-1", "zone": "a"}, {"id": "i-2", "zone": "b"}]}
}"#;

#[test]
fn the_rules_of_jsonata_are_those_of_the_reference() {
    let lines = include_str!("../../conformance/expressions.txt").lines();
    let expressions = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let evaluations: Vec<_> = expressions.map(evaluated).collect();
    let found = disagreements(&evaluations);
    assert!(found.is_empty(), "{} of {}:\n{}", found.len(), evaluations.len(), found.join("\n"));
}

#[test]
fn a_wrong_value_is_seen() {
    let mut wrong = evaluated("$three[$ > 1]");
    wrong.outcome = Outcome::Value(json!([2]));
    assert_eq!(disagreements(&[wrong]).len(), 1);
}
