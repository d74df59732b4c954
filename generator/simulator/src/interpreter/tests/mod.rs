//! Rules of the language, each on a small definition and with scripted answers.

mod data_rules;
mod fan_out;
mod flow;
mod handling;
mod limits;
mod time_rules;

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::{Counters, Execution, HistoryEntry, HistoryEvent, Machine, Status};
use crate::services::{Answer, ServiceCall, ServiceError, Services};
use crate::time::{Moment, Span};

const ARN: &str = "arn:aws:states:eu-west-1:123456789012:execution:recycle:run-1";
const START: Moment = Moment(1_767_603_600_000); // 2026-01-05T09:00:00Z

/// Answers by action, in order; the last is given again and again. Without any, an empty object at once.
#[derive(Default)]
struct Script {
    answers: BTreeMap<String, VecDeque<Answer>>,
    calls: Vec<(Moment, String, Value)>,
    callers: Vec<String>,
}

impl Services for Script {
    fn call(&mut self, call: &ServiceCall<'_>) -> Answer {
        self.calls.push((call.now, call.action.to_owned(), call.arguments.clone()));
        self.callers.push(call.execution_arn.to_owned());
        let answers = self.answers.entry(call.action.to_owned()).or_default();
        let next = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        next.unwrap_or(Answer { latency: Span(0), result: Ok(json!({}).into()) })
    }
}

fn ok(value: Value) -> Answer {
    Answer { latency: Span(0), result: Ok(value.into()) }
}

fn error(name: &str) -> Answer {
    let error = ServiceError { name: name.to_owned(), cause: format!("cause of {name}") };
    Answer { latency: Span(0), result: Err(error) }
}

/// A definition around some states, of which the first is `A`.
fn machine(states: &Value) -> Machine {
    let definition = json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": states});
    load(&definition)
}

fn load(definition: &Value) -> Machine {
    Machine::load(&definition.to_string(), &BTreeMap::new()).unwrap_or_else(|error| panic!("{error}"))
}

/// A run from beginning to end.
struct Ran {
    status: Status,
    counters: Counters,
    events: Vec<HistoryEntry>,
    script: Script,
    seconds: f64,
}

impl Ran {
    #[track_caller]
    fn output(&self) -> &Value {
        match &self.status {
            Status::Succeeded { output } => output,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn failure(&self) -> (&str, &str) {
        match &self.status {
            Status::Failed(failure) => (&failure.error, &failure.cause),
            other => panic!("{other:?}"),
        }
    }
}

fn run_machine(machine: &Machine, input: Value, mut script: Script) -> Ran {
    let mut execution = Execution::start(machine, ARN, input, START, 1).expect("it starts");
    let mut now = START;
    while let Some(wake) = execution.next_wake() {
        now = wake.max(now);
        execution.advance(now, &mut script);
    }
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let seconds = (now - START).0 as f64 / 1000.0;
    Ran {
        status: execution.status().clone(),
        counters: execution.counters(),
        events: execution.take_events(),
        script,
        seconds,
    }
}

fn run_with(states: &Value, input: Value, answers: &[(&str, &[Answer])]) -> Ran {
    let answers =
        answers.iter().map(|(action, answers)| ((*action).to_owned(), answers.iter().cloned().collect()));
    run_machine(&machine(states), input, Script { answers: answers.collect(), ..Script::default() })
}

fn run(states: &Value) -> Ran {
    run_with(states, json!({}), &[])
}

/// A task that calls `describe` of a service `test`, with more fields.
fn task(fields: Value) -> Value {
    let mut task =
        json!({"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:test:describe", "Arguments": {}});
    let more = if let Value::Object(more) = fields { more } else { serde_json::Map::new() };
    let next = more.contains_key("Next");
    let fields = task.as_object_mut().expect("it is an object");
    fields.extend(more);
    if !next {
        fields.insert("End".to_owned(), json!(true));
    }
    task
}
