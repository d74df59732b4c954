//! Rules of the language, each on a small definition that both interpreters run with the same answers. The emitted
//! machines rely on them; here they are met where the scenarios may not lead, e.g. an error in a catcher.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use asg_recycle::simulate::runner::{RecordedCall, Recording};
use asg_recycle_simulator::interpreter::{Execution, Machine};
use asg_recycle_simulator::services::{Answer, ServiceCall, ServiceError, Services};
use asg_recycle_simulator::time::{Moment, Span};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::replayed::{Definition, Other, Recorded, differences};

const ARN: &str = "arn:aws:states:eu-west-1:123456789012:execution:rules:run-1";
const START: Moment = Moment(1_767_603_600_123);

/// Answers in order, and a recording of them: a value, an error by its name, or a value after some milliseconds.
struct Script {
    answers: VecDeque<Value>,
    calls: Vec<RecordedCall>,
}

impl Services for Script {
    fn call(&mut self, call: &ServiceCall<'_>) -> Answer {
        let next = self.answers.pop_front().unwrap_or_else(|| json!({}));
        let latency = Span(next["after"].as_u64().unwrap_or(0));
        let result = match next["error"].as_str() {
            Some(name) => Err(ServiceError { name: name.to_owned(), cause: format!("cause of {name}") }),
            None => Ok(next),
        };
        let answer = Answer { latency, result: result.map(Into::into) };
        self.calls.push(RecordedCall::of(call, &answer));
        answer
    }
}

/// A rule, as `tests/conformance/rules.yaml` has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    #[serde(rename = "rule")]
    title: String,
    states: Map<String, Value>,
    #[serde(default)]
    answers: Vec<Value>,
    #[serde(default)]
    timeout_seconds: Option<u32>,
}

impl Rule {
    fn definition(&self) -> Value {
        let mut states = self.states.clone();
        complete(&mut states);
        states.entry("End").or_insert_with(|| {
            let output = json!({
                "input": "{% $states.input %}",
                "x": "{% $exists($x) ? $x : 'none' %}",
                "seen": "{% $exists($seen) ? $seen : 'nothing' %}",
            });
            json!({"Type": "Succeed", "Output": output})
        });
        let mut definition = json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": states});
        if let Some(seconds) = self.timeout_seconds {
            definition["TimeoutSeconds"] = json!(seconds);
        }
        definition
    }

    /// Runs it in our interpreter.
    fn record(&self) -> Recorded {
        let text = self.definition().to_string();
        let machine = Machine::load(&text, &BTreeMap::new())
            .unwrap_or_else(|problems| panic!("{}: {problems}", self.title));
        let input = json!({"items": ["x", "y", "z"], "n": 1});
        let mut script = Script { answers: self.answers.iter().cloned().collect(), calls: Vec::new() };
        let mut execution = Execution::start(&machine, ARN, input.clone(), START, 1).expect("it starts");
        while let Some(wake) = execution.next_wake() {
            execution.advance(wake, &mut script);
        }
        let recording =
            Recording { input: Arc::new(input), calls: script.calls, events: execution.take_events() };
        let definition = Arc::new(Definition::new(&text));
        Recorded::new(self.title.clone(), definition, (ARN, START), &recording)
    }
}

/// Says what the rules leave out of their states.
fn complete(states: &mut Map<String, Value>) {
    for state in states.values_mut() {
        if state["Type"] == "Task" {
            state["Resource"] = json!("arn:aws:states:::aws-sdk:autoscaling:describeAutoScalingGroups");
            if state.get("Arguments").is_none() {
                state["Arguments"] = json!({});
            }
        }
        if state.as_object_mut().and_then(|fields| fields.shift_remove("caught")).is_some() {
            // Of the language's own errors only the name: the text is everybody's own.
            let seen = "{% ($e := $states.errorOutput; $contains($e.Error, 'States.') ? $e.Error : $e) %}";
            state["Catch"] = json!([{"ErrorEquals": ["States.ALL"], "Assign": {"seen": seen}, "Output": {}, "Next": "End"}]);
            state["Next"] = json!("End");
        }
        if let Some(inner) = state.pointer_mut("/ItemProcessor/States").and_then(Value::as_object_mut) {
            complete(inner);
        }
    }
}

/// Rules that moto does not follow, and how they read. Ours follows them; a rule that it has learnt is to leave here.
const NOT_FOLLOWED_BY_MOTO: &[(&str, &str)] = &[
    ("a choice without a match fails", "States.NoChoiceMatched is its error; moto gives States.Runtime"),
    (
        "an undefined output is an error that can be caught",
        "States.QueryEvaluationError can be caught; moto evaluates Output when it is done with Catch",
    ),
    (
        "an undefined value inside a Map can be caught around it",
        "the error of an iteration is that of the Map; moto cannot name one that begins with `States.` again",
    ),
];

/// The same of `MiniStack`.
const NOT_FOLLOWED_BY_MINISTACK: &[(&str, &str)] = &[
    (
        "a whole Map is tried again",
        "the iterations beside one that failed are stopped; MiniStack lets them go on",
    ),
    (
        "a failed iteration fails the Map with its error",
        "the iterations beside one that failed are stopped; MiniStack lets them go on",
    ),
    (
        "a Fail inside fails the Map with its error",
        "the iterations beside one that failed are stopped; MiniStack lets them go on",
    ),
    (
        "an undefined value inside a Map can be caught around it",
        "the iterations beside one that failed are stopped; MiniStack lets them go on",
    ),
    (
        "branches get one input and give their outputs in order",
        "a Parallel has Arguments and Output; MiniStack reads neither in JSONata",
    ),
    (
        "a failed branch fails the Parallel",
        "the branches beside one that failed are stopped; MiniStack lets them go on",
    ),
    ("a machine takes no longer than it may", "a machine has TimeoutSeconds; MiniStack does not read it"),
];

/// Lets another interpreter run every rule, and expects it to follow all but those.
fn follows_the_same_rules(other: Other, not_followed: &[(&str, &str)]) {
    let rules: Vec<Rule> =
        serde_yaml::from_str(include_str!("../../conformance/rules.yaml")).expect("the rules are YAML");
    let recorded: Vec<_> = rules.iter().map(Rule::record).collect();
    let mut differing = differences(&recorded, other);
    for (title, why) in not_followed {
        let position = differing.iter().position(|told| told.starts_with(&format!("{title}: ")));
        let position =
            position.unwrap_or_else(|| panic!("{} follows it now, `{title}`: {why}", other.name()));
        differing.remove(position);
        let page = include_str!("../../../../docs/simulator.md");
        let row = format!("| {title} | {} ", other.name());
        assert!(page.contains(&row), "docs/simulator.md has no row that begins `{row}`");
    }
    assert!(differing.is_empty(), "{} of {}:\n{}", differing.len(), recorded.len(), differing.join("\n"));
}

#[test]
fn moto_follows_the_same_rules() {
    follows_the_same_rules(Other::Moto, NOT_FOLLOWED_BY_MOTO);
}

#[test]
fn ministack_follows_the_same_rules() {
    follows_the_same_rules(Other::MiniStack, NOT_FOLLOWED_BY_MINISTACK);
}
