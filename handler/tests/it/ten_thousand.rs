//! Ten thousand events, of which one in twenty meets a fault: each ends as one execution, one rejection, a documented
//! skip, or in the dead-letter queue; none is lost and none is doubled.
//!
//! A fleet of real `bootstrap` processes serves the queue. One more process, which can panic, is the library of the
//! same binary in this test's program (see `panics.rs`), for nothing is known that makes the real one panic.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::local::aws::{Aws, Call, Group, Problem, opted_in, update};
use crate::local::function::{Function, Killer, Outcome, environment};
use crate::local::queue::{Message, Queue, payload};
use crate::panics;
use crate::protocol::bootstrap;

const EVENTS: usize = 10_000;
const SEED: u64 = 20_261_121;
/// Processes that serve the queue at the same time; most of their time is waiting.
const FLEET: usize = 8;
/// What Lambda leaves a batch: enough for a busy machine, and short where a call never answers.
const TIME_LEFT: Duration = Duration::from_secs(3);

/// How an event ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Started,
    Rejected,
    Skipped,
    Dead,
}

/// Kinds of events, by what the names of their groups begin with: how many there are, and how each ends.
const KINDS: &[(&str, usize, End)] = &[
    // Throttled beyond the attempts of one delivery.
    ("throttled", 60, End::Started),
    // The start is never answered.
    ("silent", 40, End::Started),
    // Denied until somebody mends the role, and for good.
    ("refused", 60, End::Started),
    ("denied", 40, End::Dead),
    // The description of the whole batch is denied.
    ("batch", 50, End::Started),
    // The start takes effect and its answer is lost.
    ("cut", 50, End::Started),
    // The process is killed at its start, which takes no effect, or takes effect.
    ("killed", 40, End::Started),
    ("orphan", 40, End::Started),
    // It panics at the first delivery, or at each.
    ("panics", 40, End::Started),
    ("panics_always", 20, End::Dead),
    // The record's body is cut short.
    ("malformed", 40, End::Dead),
    // Publishing the rejection is throttled beyond the attempts of one delivery.
    ("unheard", 20, End::Rejected),
    // No faults: groups that did not opt in, calls that failed, and unknown strategies.
    ("bystander", 300, End::Skipped),
    ("failed", 100, End::Skipped),
    ("mistagged", 100, End::Rejected),
];
/// Every other event: its group is recycled.
const SOUND: (&str, End) = ("sound", End::Started);
/// The first so many of `KINDS` are faults.
const FAULTS: usize = 12;

fn kind_of(group: &str) -> &str {
    group.split_once("-asg-").expect("a name of ours").0
}

fn end_of(group: &str) -> End {
    KINDS.iter().find(|(kind, ..)| *kind == kind_of(group)).map_or(SOUND.1, |(_, _, end)| *end)
}

/// Names of the groups, one for each event, the kinds well mixed.
fn groups() -> Vec<String> {
    let mut kinds: Vec<&str> =
        KINDS.iter().flat_map(|(kind, count, _)| std::iter::repeat_n(*kind, *count)).collect();
    kinds.resize(EVENTS, SOUND.0);
    fastrand::Rng::with_seed(SEED).shuffle(&mut kinds);
    kinds.iter().enumerate().map(|(number, kind)| format!("{kind}-asg-{number}")).collect()
}

fn described(name: &str) -> Group {
    match kind_of(name) {
        "bystander" => Group::default(),
        "mistagged" | "unheard" => opted_in("nonsense"),
        _ => opted_in("out-in"),
    }
}

/// The event about a group; the group's name is also its id.
fn message(id: String, group: &str) -> Message {
    let mut event = update(group, group);
    if kind_of(group) == "failed" {
        event["detail"]["errorCode"] = json!("AccessDenied");
    }
    let mut body = event.to_string();
    if kind_of(group) == "malformed" {
        body.truncate(body.len() / 2);
    }
    Message::new(id, body)
}

/// How often each group met its fault.
type Attempts = Arc<Mutex<BTreeMap<String, u32>>>;

/// What goes wrong with a call of the process that `killer` aims at.
fn fault(call: &Call, attempts: &Attempts, killer: &Killer) -> Option<Problem> {
    let group = match call {
        Call::Describe(names) => names.iter().find(|name| kind_of(name) == "batch")?.clone(),
        Call::Start { group } => group.clone(),
        Call::Publish(message) => {
            let message: Value = serde_json::from_str(message).expect("JSON");
            message["auto_scaling_group_name"].as_str().expect("a group").to_owned()
        }
    };
    let attempt = {
        let mut attempts = attempts.lock().expect("no panic");
        let attempt = attempts.entry(group.clone()).or_default();
        *attempt += 1;
        *attempt
    };
    match kind_of(&group) {
        "throttled" | "unheard" => (attempt <= 4).then_some(Problem::Throttled),
        "silent" => (attempt == 1).then_some(Problem::Silence),
        "refused" => (attempt <= 2).then_some(Problem::Denied),
        "batch" if matches!(call, Call::Describe(_)) => (attempt == 1).then_some(Problem::Denied),
        "denied" => Some(Problem::Denied),
        "cut" => (attempt == 1).then_some(Problem::CutAfter),
        "killed" | "orphan" if attempt == 1 => {
            killer.kill();
            (kind_of(&group) == "killed").then_some(Problem::Silence)
        }
        _ => None,
    }
}

/// Which messages a member of the fleet takes: those that are to panic go to the one that can.
fn takes(can_panic: bool, message: &Message) -> bool {
    let panics = message.body.contains("\"autoScalingGroupName\":\"panics");
    let is_first = message.received == 0 || message.body.contains("panics_always");
    can_panic || !(panics && is_first)
}

/// Serves the queue until it is empty; returns what its processes printed.
fn serve(queue: &Mutex<Queue>, aws: &Aws, attempts: &Attempts, can_panic: bool) -> Vec<String> {
    let killer = Killer::default();
    let order = {
        let (attempts, killer) = (Arc::clone(attempts), killer.clone());
        move |call: &Call| fault(call, &attempts, &killer)
    };
    let endpoint = format!("http://{}", aws.endpoint(None, order));
    let start = || {
        let function = if can_panic {
            panics::start(&endpoint)
        } else {
            Function::start(bootstrap(), &[], &environment(&endpoint))
        };
        killer.aim(&function);
        function
    };
    let mut function = start();
    let mut printed = Vec::new();
    loop {
        let batch = {
            let mut queue = queue.lock().expect("no panic");
            if queue.is_done() {
                break;
            }
            queue.receive(|message| takes(can_panic, message))
        };
        if batch.is_empty() {
            thread::park_timeout(Duration::from_millis(20)); // the rest is in flight, or not for this one
            continue;
        }
        let outcome = function.invoke(&payload(&batch), TIME_LEFT);
        queue.lock().expect("no panic").settle(&batch, &outcome);
        if outcome == Outcome::Died {
            printed.extend(std::mem::replace(&mut function, start()).stop());
        }
    }
    printed.extend(function.stop());
    printed
}

/// Groups of which a decision of this kind was logged.
fn decided(printed: &[String], decision: &str) -> BTreeSet<String> {
    let lines = printed.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let lines = lines.filter(|line| line["message"] == "decision" && line["decision"] == decision);
    lines.filter_map(|line| line["event_id"].as_str().map(str::to_owned)).collect()
}

#[test]
fn none_is_lost_and_none_is_doubled() {
    let groups = groups();
    let faults: usize = KINDS[..FAULTS].iter().map(|(_, count, _)| count).sum();
    assert_eq!(faults * 20, EVENTS, "one in twenty meets a fault");
    let mut messages: Vec<_> = groups.iter().map(|group| message(format!("m-{group}"), group)).collect();
    // Delivery is at least once: every hundredth event comes a second time, as another message.
    let again = groups.iter().step_by(100).filter(|group| end_of(group) != End::Dead);
    messages.extend(again.map(|group| message(format!("m2-{group}"), group)));
    let queue = Mutex::new(Queue::of(messages));
    let aws = Aws::new(groups.iter().map(|name| (name.clone(), described(name))).collect());
    let attempts = Attempts::default();
    let printed: Vec<String> = thread::scope(|scope| {
        let serve = |can_panic| serve(&queue, &aws, &attempts, can_panic);
        let fleet: Vec<_> = (0..=FLEET).map(|member| scope.spawn(move || serve(member == 0))).collect();
        fleet.into_iter().flat_map(|member| member.join().expect("no panic")).collect()
    });

    let expected =
        |end: End| groups.iter().filter(|group| end_of(group) == end).cloned().collect::<BTreeSet<String>>();
    let inputs = aws.seen(|seen| seen.executions.values().cloned().collect::<Vec<_>>());
    let messages = aws.seen(|seen| seen.messages.clone());
    let dead = &queue.lock().expect("no panic").dead;
    let name = |value: &Value| value["auto_scaling_group_name"].as_str().expect("a group").to_owned();
    let started: BTreeSet<String> = inputs.iter().map(name).collect();
    assert_eq!(inputs.len(), started.len(), "an event was doubled");
    same(&started, &expected(End::Started), "started");
    same(&messages.iter().map(name).collect(), &expected(End::Rejected), "rejected");
    same(
        &dead.iter().map(|message| message.id.replacen("m-", "", 1)).collect(),
        &expected(End::Dead),
        "dead",
    );
    let acted: BTreeSet<String> =
        [End::Started, End::Rejected, End::Dead].into_iter().flat_map(expected).collect();
    let skipped = decided(&printed, "skip").difference(&acted).cloned().collect();
    same(&skipped, &expected(End::Skipped), "skipped");
}

/// Names the differences of two large sets, a few of each.
fn same(found: &BTreeSet<String>, expected: &BTreeSet<String>, what: &str) {
    let lost: Vec<_> = expected.difference(found).take(5).collect();
    let strange: Vec<_> = found.difference(expected).take(5).collect();
    assert!(
        lost.is_empty() && strange.is_empty(),
        "{what}: {} of {}; among those missing {lost:?}, among those too many {strange:?}",
        found.len(),
        expected.len(),
    );
}
