//! Rules of the language, each on a small definition that both interpreters run with the same answers. The emitted
//! machines rely on them; here they are met where the scenarios may not lead, e.g. an error in a catcher.

use std::collections::BTreeMap;
use std::sync::Arc;

use asg_recycle::simulate::interpreter::{Execution, Machine};
use asg_recycle::simulate::runner::{Answered, Tape};
use asg_recycle::simulate::services::{Answer, ServiceCall, ServiceError, Services};
use asg_recycle::simulate::time::{Moment, Span};
use serde_json::{Value, json};

use super::moto::{Recorded, differences};
use super::rules::rules;

const ARN: &str = "arn:aws:states:eu-west-1:123456789012:execution:rules:run-1";
const START: Moment = Moment(1_767_603_600_123);

/// Answers in order, and a tape of them: a value, an error by its name, or a value after some milliseconds.
struct Script {
    answers: Vec<Value>,
    calls: Vec<Answered>,
}

impl Services for Script {
    fn call(&mut self, call: &ServiceCall<'_>) -> Answer {
        let next = if self.answers.is_empty() { json!({}) } else { self.answers.remove(0) };
        let latency = Span(next["after"].as_u64().unwrap_or(0));
        let result = match next["error"].as_str() {
            Some(name) => Err(ServiceError { name: name.to_owned(), cause: format!("cause of {name}") }),
            None => Ok(next),
        };
        let answer = Answer { latency, result };
        self.calls.push(Answered {
            at: call.now,
            execution: call.execution_arn.into(),
            service: call.service.into(),
            action: call.action.into(),
            arguments: call.arguments.clone(),
            answer: answer.clone(),
        });
        answer
    }
}

/// Runs a rule in our interpreter.
fn record(title: &str, definition: &Value, answers: &[Value]) -> Recorded {
    let text = definition.to_string();
    let machine =
        Machine::load(&text, &BTreeMap::new()).unwrap_or_else(|problems| panic!("{title}: {problems}"));
    let input = json!({"items": ["x", "y", "z"], "n": 1});
    let mut script = Script { answers: answers.to_vec(), calls: Vec::new() };
    let mut execution = Execution::start(&machine, ARN, input.clone(), START, 1).expect("it starts");
    while let Some(wake) = execution.next_wake() {
        execution.advance(wake, &mut script);
    }
    let tape = Tape { input: Arc::new(input), calls: script.calls, events: execution.take_events() };
    Recorded::new(title.to_owned(), &text, (ARN, START), &tape)
}

/// Rules that moto does not follow, and how they read. Ours follows them; a rule that moto has learnt is to leave here.
const NOT_FOLLOWED: &[(&str, &str)] = &[
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

#[test]
fn moto_follows_the_same_rules() {
    let recorded: Vec<_> =
        rules().iter().map(|(title, definition, answers)| record(title, definition, answers)).collect();
    let mut differing = differences(&recorded);
    for (title, why) in NOT_FOLLOWED {
        let position = differing.iter().position(|told| told.starts_with(&format!("{title}: ")));
        let position = position.unwrap_or_else(|| panic!("moto follows it now, `{title}`: {why}"));
        differing.remove(position);
    }
    assert!(differing.is_empty(), "{} of {}:\n{}", differing.len(), recorded.len(), differing.join("\n"));
}
