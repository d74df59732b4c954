//! What commands that act on groups tell programs: what was done, and what came of it. Pure.

use schemars::JsonSchema;
use serde::Serialize;

use super::GroupStanding;
use crate::operate::pause::GroupPause;
use crate::operate::place::{ReportHead, StackPlace};

/// What `start`, `wait`, `abort` and `restore` print with `--format json`, at their end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OperationReport {
    /// Its form, where it was asked, and what that took.
    #[serde(flatten)]
    pub head: ReportHead,
    /// The group.
    pub group: String,
    /// ARN of the execution that was stopped; absent where none was.
    pub stopped: Option<String>,
    /// ARN of the execution that was started or followed, the last one; where the answer to a start was lost, of the one that may have
    /// been started. Of `wait` the group's that ended last. Absent where there is none.
    pub execution: Option<String>,
    /// Its page in the console, where the partition's is known.
    pub console: Option<String>,
    /// How that ended: its outcome, else its status in small letters; absent where it was not followed to its end. Of `wait` how the
    /// last one ended.
    pub outcome: Option<String>,
    /// The error that it failed with.
    pub error: Option<String>,
    /// Why it ended so, in a sentence. Of `wait`, where the group is held, not opted in, or has faulty tags, why it stands so.
    pub reason: Option<String>,
    /// How the group stands at rest; `wait` only.
    pub state: Option<GroupStanding>,
    /// Whether the command came to what it is for: its exit code is 0.
    pub is_well: bool,
}

impl OperationReport {
    /// Nothing done yet.
    pub fn new(place: &StackPlace, group: &str) -> Self {
        Self {
            head: ReportHead::new(place, 0),
            group: group.to_owned(),
            stopped: None,
            execution: None,
            console: None,
            outcome: None,
            error: None,
            reason: None,
            state: None,
            is_well: false,
        }
    }
}

/// What `pause` and `resume` print with `--format json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PauseReport {
    /// Its form, where it was asked, and what that took.
    #[serde(flatten)]
    pub head: ReportHead,
    /// The groups that were meant, as far as it came.
    pub groups: Vec<PauseDone>,
}

impl PauseReport {
    /// Nothing done yet.
    pub fn new(place: &StackPlace) -> Self {
        Self { head: ReportHead::new(place, 0), groups: Vec::new() }
    }
}

/// A group that was to be paused or resumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PauseDone {
    /// The group.
    pub group: String,
    /// What was done.
    pub change: PauseChange,
    /// The pause that it has now, as far as is known.
    pub paused: Option<GroupPause>,
    /// Whether the topic's subscribers were told; absent where there was nothing to tell, and where nobody knows.
    pub is_announced: Option<bool>,
    /// Whether they may have been told, and nobody knows: no answer came that says so.
    pub may_be_announced: bool,
}

/// What was done to the pause of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PauseChange {
    /// It is paused.
    Paused,
    /// It is paused no more.
    Resumed,
    /// Another pause ends no earlier, and stays.
    Kept,
    /// It was not paused.
    NotPaused,
    /// Somebody changed its pause meanwhile: nothing was written.
    ChangedMeanwhile,
}

/// The JSON Schema of [`OperationReport`].
pub fn operation_schema() -> serde_json::Value {
    schemars::schema_for!(OperationReport).to_value()
}

/// The JSON Schema of [`PauseReport`].
pub fn pause_schema() -> serde_json::Value {
    schemars::schema_for!(PauseReport).to_value()
}
