//! How far a turn is. A turn is an execution of its own, which is not asked: what it writes beside the lock, the group's
//! instances and what Auto Scaling did tell which instance is out, what is waited for and until when. Pure.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::capacity::instance_of;
use super::phases::Deadline;
use crate::operate::answers::SeenGroup;
use crate::operate::answers::group::SeenActivity;
use crate::operate::fleet;
use crate::operate::lock::{GroupLock, SeenTurn};
use crate::strategy::Catalog;

/// What a turn does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TurnStep {
    /// It waits until the group is whole: the one that came for the last one that left boots, or is not healthy yet.
    Refilling,
    /// The group is whole; the new one has to prove itself.
    Proving,
    /// It stands still for a pause; nothing is out.
    Paused,
    /// The group is whole, and it is looked who leaves next.
    Choosing,
    /// It is written down who leaves, and that one is there still.
    Taking,
    /// The instance is on its way out of the group: connections drain, hooks hold it, it shuts down.
    Draining,
    /// The instance has left the group, and EC2 has to call it terminated.
    Terminating,
    /// It is terminated, and its place in the desired capacity is given back.
    Returning,
}

/// A turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TurnStatus {
    /// What it does.
    pub step: TurnStep,
    /// The instance whose turn it is; absent while none is out.
    pub instance: Option<String>,
    /// Ids of those that are waited for until the group is whole; empty where one is still to be launched.
    pub waits_for: Vec<String>,
    /// Whether the group is paused, and the recycle stands still for that once the group is whole.
    pub pauses_next: bool,
}

impl std::fmt::Display for TurnStatus {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let id = self.instance.as_deref().unwrap_or_default();
        let told = match self.step {
            TurnStep::Refilling if self.waits_for.is_empty() => {
                "none is out; the next one has to be launched".to_owned()
            }
            TurnStep::Refilling => format!("none is out; {} has to be healthy", self.waits_for.join(", ")),
            TurnStep::Proving => "none is out; the new one has to prove itself".to_owned(),
            TurnStep::Paused => "stands still in the pause; none is out".to_owned(),
            TurnStep::Choosing => "none is out; the next one is chosen".to_owned(),
            TurnStep::Taking => format!("{id} is being taken out"),
            TurnStep::Draining => format!("{id} is out, and drains or shuts down"),
            TurnStep::Terminating => format!("{id} is out; EC2 has to call it terminated"),
            TurnStep::Returning => format!("{id} is terminated; its place is given back"),
        };
        let pauses = match self.step {
            _ if !self.pauses_next => "",
            TurnStep::Refilling | TurnStep::Proving => "; stands still then",
            _ => "; stands still once the group is whole",
        };
        write!(formatter, "{told}{pauses}")
    }
}

/// What tells of a turn besides the lock.
#[derive(Debug, Clone)]
pub struct TurnFacts<'a> {
    /// The group.
    pub group: &'a SeenGroup,
    /// Those of its instances that are not known to serve and are not on their way out, by their ids.
    pub unfit: Vec<String>,
    /// What it did since its recycle began, newest first.
    pub activities: &'a [SeenActivity],
    /// The state that the execution entered last, and when; none where it does not run.
    pub at_state: Option<(&'a str, Option<Timestamp>)>,
    /// What the execution assigned to its variables last.
    pub assigned: &'a BTreeMap<String, Value>,
    /// Whether the group is paused.
    pub is_paused: bool,
    /// The time.
    pub now: Timestamp,
}

/// The turn that is under way, or was when its execution died, and what has to be over by when; none where there is none.
pub fn of(lock: &GroupLock, facts: &TurnFacts<'_>) -> Option<(TurnStatus, Option<Deadline>)> {
    let takes_turns = Catalog::embedded().turns().map(|turns| turns.state.as_str());
    let entered = facts.at_state.filter(|(name, _)| takes_turns == Some(&**name));
    if let Some(turn) = &lock.turn {
        return Some(facts.of_record(turn, lock, entered.is_some()));
    }
    let (_, entered_at) = entered?;
    let given_at = lock.place_given_at.and_then(|at| fleet::moment(at / 1_000.0));
    let members = facts.group.instances.list.iter().filter(|one| !one.is_leaving()).count();
    let has_all = members - facts.unfit.len().min(members) >= facts.group.desired_capacity as usize;
    let (step, deadline) = if !has_all {
        let over =
            facts.after(given_at.or(entered_at), "launch_timeout_seconds", "the group has to be whole");
        // A turn's clock begins anew after a pause, which is not written down: what is over here may not be over there.
        (TurnStep::Refilling, over.filter(|deadline| deadline.seconds_left >= 0))
    } else if let Some(proved) = given_at.and_then(|_| facts.proof()) {
        (TurnStep::Proving, Some(proved))
    } else {
        (if facts.is_paused { TurnStep::Paused } else { TurnStep::Choosing }, None)
    };
    let waits_for = if step == TurnStep::Refilling { facts.unfit.clone() } else { Vec::new() };
    let pauses_next = facts.is_paused && step != TurnStep::Paused;
    Some((TurnStatus { step, instance: None, waits_for, pauses_next }, deadline))
}

fn step_of(turn: &SeenTurn, group: &SeenGroup) -> TurnStep {
    let member = group.instances.list.iter().find(|one| one.id == turn.id);
    match member {
        _ if turn.is_returning() => TurnStep::Returning,
        Some(member) if member.is_leaving() => TurnStep::Draining,
        Some(_) => TurnStep::Taking,
        None => TurnStep::Terminating,
    }
}

impl TurnFacts<'_> {
    /// One that is written down.
    fn of_record(&self, turn: &SeenTurn, lock: &GroupLock, runs: bool) -> (TurnStatus, Option<Deadline>) {
        let step = step_of(turn, self.group);
        let mut further =
            lock.journal.iter().flat_map(|journal| &journal.replace).filter(|id| **id != turn.id);
        let is_there =
            |id: &String| self.group.instances.list.iter().any(|one| one.id == *id && !one.is_leaving());
        let told = TurnStatus {
            step,
            instance: Some(turn.id.clone()),
            waits_for: Vec::new(),
            // After the last one there is no safe point.
            pauses_next: runs && self.is_paused && further.any(is_there),
        };
        let left =
            self.activities.iter().find(|one| one.is_termination() && instance_of(one) == Some(&turn.id));
        (told, left.filter(|_| runs).and_then(|left| self.of_leaving(step, left)))
    }

    /// How long something may take, by the strategy's settings, which the execution took over when it began.
    fn after(&self, began: Option<Timestamp>, setting: &str, what: &str) -> Option<Deadline> {
        let seconds = self.assigned.get("settings")?.get(setting)?.as_i64().filter(|seconds| *seconds > 0)?;
        let at = began? + SignedDuration::from_secs(seconds);
        let seconds_left = at.as_second() - self.now.as_second();
        Some(Deadline { what: what.to_owned(), at: at.to_string(), seconds_left })
    }

    /// The turn's clock starts with the termination, and again when that is over.
    fn of_leaving(&self, step: TurnStep, left: &SeenActivity) -> Option<Deadline> {
        let moment = |text: &String| text.parse::<Timestamp>().ok();
        match step {
            TurnStep::Draining | TurnStep::Terminating => {
                let what = "the instance has to be terminated";
                self.after(moment(&left.start_time), "drain_timeout_seconds", what)
            }
            TurnStep::Returning => {
                let what = "its place has to be given back";
                self.after(left.end_time.as_ref().and_then(moment), "launch_timeout_seconds", what)
            }
            _ => None,
        }
    }

    /// When the one that came last has proved itself at the earliest, where it has not yet.
    fn proof(&self) -> Option<Deadline> {
        let launches =
            self.activities.iter().filter(|one| one.is_launch() && one.status_code == "Successful");
        let came = launches.filter_map(|one| one.end_time.as_ref()?.parse().ok());
        let came = came.max().filter(|came| *came <= self.now); // else it is of another clock than this one
        let proved = self.after(came, "proving_seconds", "the new one has proved itself at the earliest")?;
        Some(proved).filter(|proved| proved.seconds_left > 0)
    }
}

#[cfg(test)]
#[path = "turn_tests.rs"]
mod tests;
