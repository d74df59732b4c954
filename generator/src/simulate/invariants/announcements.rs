//! What people are told of a group: each start has exactly one end, whatever becomes of the executions.

use std::collections::BTreeMap;
use std::sync::Arc;

use asg_recycle_handler::contract::Mode;
use asg_recycle_simulator::time::{Moment, Span};
use asg_recycle_simulator::world::World;
use asg_recycle_simulator::world::executions::ExecutionStatus;
use asg_recycle_simulator::world::record::CallRecord;
use serde_json::Value;

use super::{Checker, Invariant, Known};

/// The announcements of one group, as they were decided: a message that is lost is no decision less.
#[derive(Debug, Clone, Default)]
pub(super) struct Announcements {
    /// The start that has no end yet.
    open: Option<Arc<str>>,
    /// Whether a start was about to be announced since the last end; its message may not have been sent.
    noted: bool,
    last: Option<Announcement>,
    /// Statuses whose message was sent and not answered, by who sent it: it is sent again, whoever tells something in between.
    unanswered: BTreeMap<Arc<str>, String>,
    /// How many refusals of requests were announced that had been left to an execution.
    refusals: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Announcement {
    by: Arc<str>,
    status: String,
    answered: bool,
}

impl Checker {
    /// Follows the announcements about the group.
    pub(super) fn watch_announcements(&mut self, world: &World, call: &CallRecord, root: &str) {
        let Some(group) = world.group(self.group) else { return };
        match &*call.action {
            "updateItem" if is_note_of_start(call, &group.name) => self.announcements.noted = true,
            "publish" if announces(call, &group.name) => {
                let status = call.arguments.pointer("/MessageAttributes/status/StringValue");
                let status = status.and_then(Value::as_str).unwrap_or_default().to_owned();
                // Whoever has no answer in time sends the message again, though it has been sent.
                let answered = call.answer.is_ok() && call.delay == Span(0);
                let told = Announcement { by: root.into(), status, answered };
                if let Some(detail) = self.announced(world, &told) {
                    self.violate(Invariant::OneEndForEachStart, call.moment, detail);
                }
            }
            _ => {}
        }
    }

    /// Takes notice of a message, and says what is wrong with it.
    fn announced(&mut self, world: &World, told: &Announcement) -> Option<String> {
        if self.is_aside(world, told) {
            return None;
        }
        let unanswered = self.announcements.unanswered.remove(&told.by);
        if !told.answered {
            self.announcements.unanswered.insert(Arc::clone(&told.by), told.status.clone());
        }
        let last = self.announcements.last.replace(told.clone());
        if unanswered.is_some_and(|status| status == told.status) {
            return None; // the same message is tried again
        }
        if told.status == "started" {
            let before = self.announcements.open.replace(Arc::clone(&told.by));
            return before.map(|before| {
                format!("{} announced a start before the one of {before} had an end", told.by)
            });
        }
        // Another execution may have been refused or stood back meanwhile: that is no end of this one's. Only the holder of the
        // lock can have changed anything, or put it back.
        let is_restore = self.is_restore(&told.by);
        if let Some(by) = self.announcements.open.as_ref().filter(|by| self.goes_on_beside(world, told, by)) {
            let is_a_holders = ["recycled", "rolled_back", "restored"].contains(&&*told.status);
            return is_a_holders
                .then(|| format!("{} announced {} while {by} had not ended", told.by, told.status));
        }
        if self.announcements.open.take().is_some() {
            self.announcements.noted = false;
            return None;
        }
        let noted = std::mem::take(&mut self.announcements.noted);
        // An end without a start is a refusal; one that a restore tells of is a second end, but where a start was about to
        // be announced, where a failure left something to put back, or where it repeats what a dead execution may have said.
        let last = last.filter(|last| last.status != "started" && last.status != "failed")?;
        // Nor is the refusal of a request that was left to it, or to the dead execution whose lock it took: one for each request.
        let requests = self.runs.iter().filter(|known| known.was_left_to(&told.by, world)).count();
        let refuses_a_request = told.status == "failed" && self.announcements.refusals < requests;
        self.announcements.refusals += usize::from(refuses_a_request);
        let said_by_the_dead = last.status == told.status && died(world, &last.by);
        (is_restore && !noted && !said_by_the_dead && !refuses_a_request).then(|| {
            format!("{} announced {} after {} had announced {}", told.by, told.status, last.by, last.status)
        })
    }

    /// Whether it tells of an execution that found nothing to do beside what goes on, or beside what others have told, or that stood
    /// back while another holds the lock: without it nobody can end what another has started.
    fn is_aside(&self, world: &World, told: &Announcement) -> bool {
        let Some(group) = world.group(self.group) else { return false };
        let mut holders = world.lock_holders(&group.name);
        match &*told.status {
            "up_to_date" => !holders.any(|holder| *holder == *told.by),
            "skipped" => holders.any(|holder| self.goes_on_beside(world, told, holder)),
            _ => false,
        }
    }

    /// Whether another execution than who tells something runs. One that is redriven does nothing more.
    fn goes_on_beside(&self, world: &World, told: &Announcement, by: &str) -> bool {
        let is_redriven = self.runs.iter().any(|known| *known.run.arn == *by && known.redriven);
        *by != *told.by && is_running(world, by) && !is_redriven
    }

    fn is_restore(&self, arn: &str) -> bool {
        self.runs.iter().any(|known| *known.run.arn == *arn && known.run.mode == Mode::Restore)
    }

    /// The handler tells people that nothing puts the group back any more: an end of whatever was announced.
    pub(super) fn announce_given_up(&mut self) {
        self.announcements.open = None;
    }

    /// Says which start has no end, when all is over.
    pub(super) fn judge_announcements(&mut self, now: Moment) {
        if let Some(by) = self.announcements.open.clone() {
            let detail = format!("the start that {by} announced has no end");
            self.violate(Invariant::OneEndForEachStart, now, detail);
        }
    }
}

fn is_running(world: &World, arn: &str) -> bool {
    world.executions.get(arn).is_some_and(|one| one.status == ExecutionStatus::Running)
}

impl Known {
    /// Whether its request was left to an execution, or to a dead one whose lock that may have taken.
    pub(super) fn was_left_to(&self, arn: &str, world: &World) -> bool {
        let ending = self.ending.as_ref().filter(|(_, one)| one.outcome() == "coalesced");
        let holder = ending.and_then(|(_, one)| one.output.as_ref()?.get("continued_by")?.as_str());
        holder.is_some_and(|holder| holder == arn || died(world, holder))
    }
}

fn died(world: &World, arn: &str) -> bool {
    let status = world.executions.get(arn).map(|one| one.status);
    matches!(status, Some(ExecutionStatus::Aborted | ExecutionStatus::TimedOut | ExecutionStatus::Failed))
}

fn is_note_of_start(call: &CallRecord, group: &str) -> bool {
    let text = |pointer: &str| call.arguments.pointer(pointer).and_then(Value::as_str);
    text("/Key/auto_scaling_group_name/S") == Some(group)
        && text("/UpdateExpression").is_some_and(|update| update.contains("SET started ="))
}

fn announces(call: &CallRecord, group: &str) -> bool {
    let message = call.arguments.get("Message").and_then(Value::as_str);
    let body = message.and_then(|text| serde_json::from_str::<Value>(text).ok());
    // Where each protocol gets a form of its own, this is what all others get.
    let default = body.as_ref().and_then(|body| serde_json::from_str(body.get("default")?.as_str()?).ok());
    let body = default.or(body);
    body.is_some_and(|body| body.get("auto_scaling_group_name").and_then(Value::as_str) == Some(group))
}
