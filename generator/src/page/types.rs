//! What a page tells of a run, whether it is real or simulated.

use asg_recycle_simulator::time::Moment;
use serde::Serialize;

use super::lanes::Lane;
use crate::simulate::report::Tone;

/// What is told of a run.
#[derive(Debug, Clone)]
pub struct RunPage {
    /// The groups, and with which strategies.
    pub title: String,
    /// What kind of run it is, from when, and how long it took.
    pub kind: String,
    /// What it is about, and what of it is not known.
    pub remarks: Vec<String>,
    /// What came of it, each with how it is meant.
    pub findings: Vec<(Tone, String)>,
    /// From when to when it is drawn.
    pub period: (Moment, Moment),
    /// The capacity over time, drawn.
    pub chart: String,
    /// What its figures are from: the first ones, and the last ones.
    pub figures_of: (String, String),
    /// The groups.
    pub groups: Vec<GroupOnPage>,
    /// The executions.
    pub executions: Vec<ExecutionOnPage>,
    /// What happened, in order.
    pub timeline: Vec<TimelineRow>,
    /// The states that were entered, in order.
    pub entered: Vec<(Moment, String)>,
    /// The command that gives it again, where one does.
    pub again: Option<String>,
}

/// A group of a run.
#[derive(Debug, Clone)]
pub struct GroupOnPage {
    /// Its name.
    pub name: String,
    /// What became of it.
    pub sentence: String,
    /// What it is held to, before and after.
    pub figures: Vec<Figure>,
    /// Its instances.
    pub lanes: Vec<Lane>,
}

/// An execution of a run.
#[derive(Debug, Clone, Serialize)]
pub struct ExecutionOnPage {
    /// Its name.
    pub name: String,
    /// How it ended, in a few words.
    pub ending: String,
    /// Whether that was well.
    pub is_good: bool,
    /// What it was for.
    pub purpose: String,
    /// Why it ended so.
    pub reason: String,
    /// How long each phase took.
    pub phases: Vec<String>,
    /// What it took: transitions, cost.
    pub cost: String,
    /// Outdated instances that it left alone, each with the reason; 100 at most.
    pub left_alone: Vec<(String, String)>,
    /// How many more it left alone.
    pub left_alone_more: u64,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub struct TimelineRow {
    /// When.
    pub at: Moment,
    /// Who did it.
    pub actor: String,
    /// What.
    pub text: String,
    /// How it is meant.
    pub tone: Tone,
}

/// Something of a group, before and after; absent where it is not known.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    /// What.
    pub what: &'static str,
    /// How it was.
    pub before: Option<String>,
    /// How it is.
    pub after: Option<String>,
}
