//! The emitted machine with scripted answers, and its calls.

mod calls;
mod emitted;
mod lock_watch;
mod refresh;

use std::collections::{BTreeMap, VecDeque};

use asg_recycle_simulator::interpreter::{Execution, HistoryEntry, HistoryEvent, Machine, Status};
use asg_recycle_simulator::services::{Answer, ServiceCall, ServiceError, Services};
use asg_recycle_simulator::time::{Moment, Span};
use serde_json::{Value, json};

const ARN: &str = "arn:aws:states:eu-west-1:123456789012:execution:recycle:run-1";
const START: Moment = Moment(1_767_603_600_000); // 2026-01-05T09:00:00Z

/// Answers by action, in order; the last is given again and again. Without any, an empty object at once.
#[derive(Default)]
struct Script {
    answers: BTreeMap<String, VecDeque<Answer>>,
    calls: Vec<(Moment, String, Value)>,
}

impl Services for Script {
    fn call(&mut self, call: &ServiceCall<'_>) -> Answer {
        self.calls.push((call.now, call.action.to_owned(), call.arguments.clone()));
        let answers = self.answers.entry(call.action.to_owned()).or_default();
        let next = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        next.unwrap_or_else(|| ok(json!({})))
    }
}

fn ok(value: Value) -> Answer {
    Answer { latency: Span(0), result: Ok(value.into()) }
}

fn error(name: &str) -> Answer {
    let error = ServiceError { name: name.to_owned(), cause: format!("cause of {name}") };
    Answer { latency: Span(0), result: Err(error) }
}

/// A run from beginning to end.
struct Ran {
    status: Status,
    events: Vec<HistoryEntry>,
    script: Script,
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

    fn states(&self) -> Vec<&str> {
        self.events
            .iter()
            .filter_map(|event| match &event.event {
                HistoryEvent::Entered { state } => Some(&**state),
                _ => None,
            })
            .collect()
    }
}

fn run_machine(machine: &Machine, input: Value, mut script: Script) -> Ran {
    let mut execution = Execution::start(machine, ARN, input, START, 1).expect("it starts");
    let mut now = START;
    while let Some(wake) = execution.next_wake() {
        now = wake.max(now);
        execution.advance(now, &mut script);
    }
    Ran { status: execution.status().clone(), events: execution.take_events(), script }
}
