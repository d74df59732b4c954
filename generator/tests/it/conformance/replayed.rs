//! The same definition, input, answers and times give the same steps in moto's interpreter and in `MiniStack`'s, which others
//! wrote, each from sources of its own.
//!
//! A scenario is run in the simulator, and every execution in it recorded: its input, and each answer of the modelled
//! world. `tests/emulator/replay.py` gives the same to moto's interpreter, `replay_ministack.py` to the other. What each did
//! has to be the same: each state entered, each call with its arguments, each retry, in the same order and at the same
//! virtual moment, and the end with its output or its error. So only the interpreters differ, and every difference is a
//! fault of one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{Seek as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use asg_recycle::simulate::runner::{RecordedCall, Recording};
use asg_recycle_simulator::interpreter::{HistoryEntry, HistoryEvent, Status};
use asg_recycle_simulator::time::Moment;
use serde::Deserialize;
use serde_json::{Value, json};

use super::recording;
use crate::python;

/// An interpreter that others wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Other {
    Moto,
    MiniStack,
}

impl Other {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Moto => "moto",
            Self::MiniStack => "MiniStack",
        }
    }

    /// What plays tapes to it.
    fn command(self) -> Command {
        let (python, module) = match self {
            Self::Moto => (python::program("python"), "emulator.replay"),
            Self::MiniStack => (python::ministack(), "emulator.replay_ministack"),
        };
        let mut command = Command::new(python);
        command.args(["-m", module]).env("PYTHONPATH", python::sources()).env("PYTHONDONTWRITEBYTECODE", "1");
        command.current_dir(env!("CARGO_TARGET_TMPDIR"));
        command
    }
}

/// An execution as the simulator ran it.
#[derive(Clone)]
pub(super) struct Recorded {
    /// The scenario, and the execution's place in it.
    title: String,
    /// The definition that was run.
    definition: Arc<Definition>,
    /// What the other interpreter is given.
    tape: Value,
    played: Played,
}

/// A definition, which many executions share.
pub(super) struct Definition {
    text: String,
    concurrent_states: BTreeSet<String>,
}

impl Definition {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), concurrent_states: concurrent_states(text) }
    }
}

/// What an interpreter made of an execution.
#[derive(Debug, Clone, Deserialize)]
struct Played {
    status: String,
    /// When it ended.
    at: u64,
    output: Value,
    error: Option<String>,
    cause: Option<String>,
    steps: Vec<Step>,
}

/// A state entered, a call made, or a retry.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Step {
    at: u64,
    execution: Option<String>,
    state: Option<String>,
    what: String,
    arguments: Value,
}

impl Recorded {
    /// What an execution with this ARN did, which began at this moment.
    pub(super) fn new(
        title: String,
        definition: Arc<Definition>,
        (arn, began_at): (&str, Moment),
        recording: &Recording,
    ) -> Self {
        let mut steps: Vec<_> = recording.events.iter().filter_map(step).collect();
        settle(&mut steps, &definition.concurrent_states);
        let ended = recording.events.iter().rev().find_map(|event| match &event.event {
            HistoryEvent::Ended(status) if *event.execution == *arn => Some((event.at.0, status)),
            _ => None,
        });
        let (at, status) = ended.expect("it has ended");
        let (output, error, cause) = match status {
            Status::Succeeded { output } => (output.clone(), None, None),
            Status::Failed(failure) => {
                (Value::Null, Some(failure.error.clone()), Some(failure.cause.clone()))
            }
            _ => (Value::Null, None, None),
        };
        let played = Played { status: status.as_str().to_owned(), at, output, error, cause, steps };
        Self { title, definition, tape: taped((arn, began_at), recording), played }
    }

    /// The ways it goes, each from a state to the next of its execution, or to a retry.
    fn ways(&self) -> BTreeSet<(Option<&str>, &str)> {
        let mut last = BTreeMap::new();
        let mut ways = BTreeSet::new();
        let mut latest = None;
        for step in &self.played.steps {
            let Some((execution, state)) = step.execution.as_deref().zip(step.state.as_deref()) else {
                ways.insert((latest, "retry"));
                continue;
            };
            latest = Some(state);
            if step.what == "enters" {
                ways.insert((last.insert(execution, state), state));
            }
        }
        ways.insert((latest, &self.played.status));
        ways
    }

    /// How the other differs, if it does.
    fn difference(&self, other: &Played) -> Option<String> {
        let (ours, theirs) = (&self.played.steps, &other.steps);
        let same = ours.iter().zip(theirs).take_while(|(one, other)| one == other).count();
        let told = |steps: &[Step]| {
            let mut told = String::new();
            for step in steps.iter().skip(same.saturating_sub(2)).take(4) {
                let _ = writeln!(told, "    {step:?}");
            }
            told
        };
        // Where an execution was stopped from outside, the other goes on until it asks for what is not on the tape.
        let stopped = self.played.status == "ABORTED" && other.status == "BEYOND";
        if same < ours.len() || (same < theirs.len() && !stopped) {
            return Some(format!("step {same}:\n  ours\n{}  theirs\n{}", told(ours), told(theirs)));
        }
        let ending = |played: &Played| {
            // The text of the language's own errors is everybody's own.
            let told = played.error.as_ref().is_some_and(|error| !error.starts_with("States."));
            let cause = played.cause.as_ref().filter(|_| told);
            json!([played.status, played.at, played.output, played.error, cause]).to_string()
        };
        let (ours, theirs) = (ending(&self.played), ending(other));
        (ours != theirs && !stopped).then(|| format!("it ends\n  ours   {ours}\n  theirs {theirs}"))
    }
}

fn step(event: &HistoryEntry) -> Option<Step> {
    let (state, what, arguments) = match &event.event {
        HistoryEvent::Entered { state } => (Some(state), "enters".to_owned(), Value::Null),
        HistoryEvent::Called { state, service, action, arguments, .. } => {
            (Some(state), format!("calls {service}:{action}"), (**arguments).clone())
        }
        // The others do not tell which state a retry is of.
        HistoryEvent::Retrying { delay, .. } => {
            (None, format!("is tried again after {} ms", delay.0), Value::Null)
        }
        _ => return None,
    };
    let execution = state.map(|_| event.execution.to_string());
    Some(Step { at: event.at.0, execution, state: state.map(ToString::to_string), what, arguments })
}

/// States inside inline Maps and Parallels. Their iterations and branches run at once, and which is first at one moment, the language leaves open.
fn concurrent_states(definition: &str) -> BTreeSet<String> {
    fn collect(states: &Value, concurrent: &mut BTreeSet<String>) {
        for state in states.as_object().into_iter().flat_map(serde_json::Map::values) {
            let processor = &state["ItemProcessor"];
            let is_inline = processor["ProcessorConfig"]["Mode"] != "DISTRIBUTED";
            let branches = state["Branches"].as_array().into_iter().flatten();
            for (inner, at_once) in branches.map(|branch| (branch, true)).chain([(processor, is_inline)]) {
                let states = inner["States"].as_object().into_iter().flat_map(serde_json::Map::keys);
                concurrent.extend(states.filter(|_| at_once).cloned());
                collect(&inner["States"], concurrent);
            }
        }
    }
    let definition: Value = serde_json::from_str(definition).expect("a definition is JSON");
    let mut concurrent = BTreeSet::new();
    collect(&definition["States"], &mut concurrent);
    concurrent
}

/// Puts steps of concurrent iterations that follow each other in an order of their own.
fn settle(steps: &mut [Step], concurrent: &BTreeSet<String>) {
    let is_concurrent = |step: &Step| step.state.as_ref().is_some_and(|state| concurrent.contains(state));
    for run in steps.chunk_by_mut(|one, next| is_concurrent(one) && is_concurrent(next)) {
        run.sort_by_cached_key(|step| (step.at, format!("{step:?}")));
    }
}

/// All that the other interpreter is given.
fn taped((arn, began_at): (&str, Moment), recording: &Recording) -> Value {
    let children = recording.events.iter().filter_map(|event| match event.event {
        HistoryEvent::Started if *event.execution != *arn => event.execution.rsplit(':').next(),
        _ => None,
    });
    let delays = recording.events.iter().filter_map(|event| match event.event {
        HistoryEvent::Retrying { delay, .. } => Some(delay.0),
        _ => None,
    });
    json!({
        "execution": arn,
        "at": began_at.0,
        "input": *recording.input,
        "calls": recording.calls.iter().map(call).collect::<Vec<_>>(),
        "delays": delays.collect::<Vec<_>>(),
        "children": children.collect::<Vec<_>>(),
    })
}

fn call(call: &RecordedCall) -> Value {
    let mut taped = json!({
        "at": call.at.0,
        "execution": *call.execution,
        "service": *call.service,
        "action": *call.action,
        "arguments": call.arguments,
        "latency": call.answer.latency.0,
    });
    match &call.answer.result {
        Ok(result) => taped["result"] = Value::clone(result),
        Err(error) => {
            taped["error"] = json!(error.name);
            taped["cause"] = json!(error.cause);
        }
    }
    taped
}

/// What another interpreter makes of them, in two processes.
fn replay(recorded: &[Recorded], other: Other) -> Vec<Played> {
    let halves = recorded.split_at(recorded.len() / 2);
    let mut played = thread::scope(|scope| {
        let first = scope.spawn(|| replay_in_turn(halves.0, other));
        let second = replay_in_turn(halves.1, other);
        first.join().expect("the first half").into_iter().chain(second).collect::<Vec<_>>()
    });
    for (ours, theirs) in recorded.iter().zip(&mut played) {
        settle(&mut theirs.steps, &ours.definition.concurrent_states);
    }
    played
}

fn replay_in_turn(recorded: &[Recorded], other: Other) -> Vec<Played> {
    let mut orders = tempfile::tempfile().expect("a file for the tapes");
    let mut definition = None;
    for each in recorded {
        if !definition.is_some_and(|last| Arc::ptr_eq(last, &each.definition)) {
            definition = Some(&each.definition);
            writeln!(orders, "{}", json!({"definition": each.definition.text})).expect("the file takes text");
        }
        writeln!(orders, "{}", each.tape).expect("the file takes text");
    }
    orders.rewind().expect("the file can be read");
    let output = other.command().stdin(Stdio::from(orders)).output().expect("python starts");
    let lines = String::from_utf8(output.stdout).expect("an answer is text");
    let answers = lines.lines().map(|line| serde_json::from_str(line).expect("an answer is JSON"));
    let played: Vec<Played> = answers.collect();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(played.len() == recorded.len(), "{} of {} were played: {said}", played.len(), recorded.len());
    played
}

/// What another interpreter does otherwise.
pub(super) fn differences(recorded: &[Recorded], other: Other) -> Vec<String> {
    let played = replay(recorded, other);
    let differing = recorded
        .iter()
        .zip(&played)
        .filter_map(|(ours, theirs)| Some(format!("{}: {}", ours.title, ours.difference(theirs)?)));
    differing.collect()
}

/// Of the executions some that, among them, go every way that any goes: from a state to the next, or to a retry. Taken are those
/// that go most new ways for their length.
///
/// The rest goes the same ways with other values, and what expressions make of those is for the interpreters that evaluate
/// them otherwise.
fn every_way(recorded: &[Recorded]) -> Vec<Recorded> {
    let mut left: BTreeMap<usize, BTreeSet<_>> = recorded.iter().map(Recorded::ways).enumerate().collect();
    let mut chosen = BTreeSet::new();
    let worth =
        |(each, ways): &(&usize, &BTreeSet<_>)| 1_000 * ways.len() / recorded[**each].played.steps.len();
    while let Some((&each, _)) = left.iter().max_by_key(worth) {
        chosen.insert(each);
        let gone = left.remove(&each).unwrap_or_default();
        left.retain(|_, ways| {
            ways.retain(|way| !gone.contains(way));
            !ways.is_empty()
        });
    }
    chosen.into_iter().map(|each| recorded[each].clone()).collect() // long and short ones mixed, as they were
}

fn takes_the_same_steps(recorded: &[Recorded], by: Other) {
    let differing = differences(recorded, by);
    assert!(differing.is_empty(), "{} of {}:\n{}", differing.len(), recorded.len(), differing.join("\n"));
}

#[test]
fn moto_takes_the_same_steps_on_every_way() {
    takes_the_same_steps(&every_way(&recording().executions), Other::Moto);
}

#[test]
fn ministack_takes_the_same_steps_on_every_way() {
    takes_the_same_steps(&every_way(&recording().executions), Other::MiniStack);
}

/// Here, a group that is not there.
#[test]
fn another_answer_is_seen() {
    let looks = |call: &Value| call["action"] == "describeAutoScalingGroups";
    let calls_of = |each: &Recorded| each.tape["calls"].as_array().cloned().unwrap_or_default();
    let has_look = |each: &&Recorded| calls_of(each).iter().any(looks);
    let mut other = recording().executions.iter().find(has_look).expect("one looks at its group").clone();
    let mut calls = calls_of(&other);
    let call = calls.iter_mut().find(|call| looks(call)).expect("a look");
    call["result"] = json!({"AutoScalingGroups": []});
    other.tape["calls"] = calls.into();
    for by in [Other::Moto, Other::MiniStack] {
        assert_eq!(differences(std::slice::from_ref(&other), by).len(), 1, "{}", by.name());
    }
}
