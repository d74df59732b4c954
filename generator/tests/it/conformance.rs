//! The simulator's interpreter against others, over what every scenario makes it do: the language against moto's and
//! `MiniStack`'s interpreters, its expressions against the reference implementation of `JSONata`.

mod replayed;
mod language;
mod reference;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::thread;

use asg_recycle::simulate::runner::Detail;
use asg_recycle::simulate::scenario::Case;
use asg_recycle_simulator::interpreter::{Evaluation, Outcome};
use serde_json::Value;

use crate::cases::{Deployments, all_cases};
use replayed::{Definition, Recorded};

/// What happened in the scenarios.
struct Recording {
    executions: Vec<Recorded>,
    evaluations: Vec<Evaluated>,
}

/// An expression that was evaluated.
struct Evaluated {
    source: String,
    variables: Value,
    now: u64,
    outcome: Outcome,
}

impl Evaluated {
    fn of(evaluation: &Evaluation<'_>) -> Self {
        Self {
            source: evaluation.source.to_owned(),
            variables: evaluation.variables(),
            now: evaluation.now.0,
            outcome: evaluation.outcome(),
        }
    }
}

/// Runs the scenarios once, for all tests here, on two threads: every test here waits for it.
fn recording() -> &'static Recording {
    static RECORDING: OnceLock<Recording> = OnceLock::new();
    RECORDING.get_or_init(|| {
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for case in one_strategy_each() {
            one.push(case);
            std::mem::swap(&mut one, &mut other); // dealt out in turn: long ones stand beside each other
        }
        thread::scope(|scope| {
            let first = scope.spawn(|| record(one));
            let mut both = record(other);
            let first = first.join().expect("the first half");
            both.executions.extend(first.executions);
            both.evaluations.extend(first.evaluations);
            both
        })
    })
}

/// Runs some of the scenarios.
fn record(cases: Vec<Case>) -> Recording {
    let mut deployments = Deployments::default();
    let mut definitions = HashMap::new();
    let mut executions = Vec::new();
    let kept = Rc::new(RefCell::new(Kept::default()));
    for case in cases {
        let stacks = deployments.of(&case);
        kept.borrow_mut().sources.clear();
        for stack in &stacks {
            let keeping = Rc::clone(&kept);
            let keep = move |evaluation: &Evaluation<'_>| keeping.borrow_mut().keep(evaluation);
            stack.machine().observe_evaluations(Box::new(keep));
        }
        let runner =
            case.scenario.runner(&stacks, &case.strategy, Detail::Recording).expect("it makes sense");
        // moto redrives no execution.
        let is_played = case.scenario.redrives.is_empty();
        for (index, report) in runner.finish().executions.iter().enumerate().filter(|_| is_played) {
            let title = format!("{} {}, execution {index}", case.strategy, case.name);
            let recording = report.recording.as_ref().expect("it was asked for");
            let text = stacks[report.stack].machine().text();
            let definition =
                definitions.entry(text.to_owned()).or_insert_with(|| Arc::new(Definition::new(text)));
            let begun = (&*report.arn, report.began_at);
            executions.push(Recorded::new(title, Arc::clone(definition), begun, recording));
        }
    }
    Recording { executions, evaluations: kept.take().evaluations }
}

/// Of each scenario, what each expression first gave, unless as many have given the same before: most of what there is is the same over
/// and over.
#[derive(Default)]
struct Kept {
    /// Expressions of this scenario.
    sources: BTreeSet<String>,
    /// How many are kept of an expression and what it gave.
    outcomes: HashMap<(String, String), u32>,
    evaluations: Vec<Evaluated>,
}

/// Most evaluations of one expression with one outcome: whether something is so may be asked of very different groups.
const OF_ONE_OUTCOME_MAX: u32 = 8;

impl Kept {
    fn keep(&mut self, evaluation: &Evaluation<'_>) {
        if !self.sources.insert(evaluation.source.to_owned()) {
            return;
        }
        let outcome = format!("{:?}", evaluation.outcome());
        let kept = self.outcomes.entry((evaluation.source.to_owned(), outcome)).or_default();
        if *kept < OF_ONE_OUTCOME_MAX {
            *kept += 1;
            self.evaluations.push(Evaluated::of(evaluation));
        }
    }
}

/// What moto does not follow: an answer that is too large, after which its execution goes no further, whatever would catch the
/// error; a catcher that leads to its own state, from which it goes on to the next; and the words with which an expression fails,
/// which are those of its own library.
const NOT_FOLLOWED: [&str; 7] = [
    "event-at-no-moment",
    "grows-out-of-one-answer",
    "mark-with-words-for-moments",
    "request-that-is-no-json",
    "window-that-closes-before-it-opens",
    "window-without-an-end",
    "windows-written-by-hand",
];

/// Largest group of a scenario that is recorded.
const INSTANCES_MAX: u32 = 100;

/// Where somebody looks into one difference: part of the names of the scenarios to be played.
const NAMED: &str = "CONFORMANCE_SCENARIOS";

/// Every scenario with one of the strategies that it is for, each strategy in its turn.
fn one_strategy_each() -> Vec<Case> {
    let mut files = BTreeMap::<String, Vec<Case>>::new();
    for case in all_cases() {
        files.entry(case.path.clone()).or_default().push(case);
    }
    // Groups of hundreds take longer than all others together: they are left to the model alone.
    let is_small =
        |case: &Case| case.scenario.group.as_ref().is_none_or(|group| group.desired <= INSTANCES_MAX);
    let is_played = |case: &Case| is_small(case) && !NOT_FOLLOWED.contains(&&*case.name);
    let files = files.into_values().filter(|cases| cases.iter().all(is_played));
    let cases = files.enumerate().map(|(turn, mut cases)| cases.swap_remove(turn % cases.len()));
    let named = std::env::vars().find(|(name, _)| name == NAMED).map(|(_, value)| value);
    cases.filter(|case| named.as_ref().is_none_or(|named| case.name.contains(named))).collect()
}
