//! What every service gets of the world besides its own state: the moment, chance, the schedule and the record.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::random::Random;
use crate::time::{Moment, Span};

use super::ids::{GroupIndex, InstanceId};
use super::record::{GroupChange, Record};
use super::schedule::{EventQueue, InstanceStep, ScheduledEvent};
use super::script::{Script, Undone, When, WhyUndone};

/// The moment and everything that is shared.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// Now.
    pub(crate) now: Moment,
    /// Everything that is left to chance.
    pub(crate) random: Random,
    /// What has happened.
    pub(crate) record: Record,
    queue: EventQueue,
    script: Arc<Script>,
    /// Entries of the script that wait for a call or an event, and how many of them have been.
    waiting: Vec<(usize, u32)>,
    /// Those that were performed, and the one that is.
    performed: BTreeSet<usize>,
    performing: Option<usize>,
    /// Those that changed nothing, and why.
    idle: Vec<(usize, &'static str)>,
}

impl Context {
    /// Begins at a moment, with the script's entries where they wait.
    pub(crate) fn new(now: Moment, seed: u64, script: Script) -> Self {
        let script = Arc::new(script);
        let mut context = Self {
            now,
            random: Random::seeded(seed),
            record: Record::default(),
            queue: EventQueue::default(),
            script: Arc::clone(&script),
            waiting: Vec::new(),
            performed: BTreeSet::new(),
            performing: None,
            idle: Vec::new(),
        };
        for (index, entry) in script.entries.iter().enumerate() {
            match entry.when {
                When::At(after) => context.schedule(now + after + entry.delay, ScheduledEvent::Script(index)),
                When::AfterCall(_) | When::AfterEvent(_) => context.waiting.push((index, 0)),
            }
        }
        context
    }

    /// The script.
    pub(crate) fn script(&self) -> &Arc<Script> {
        &self.script
    }

    /// What the script says and the world did not do. `met_none` are entries whose faults met no call.
    pub(crate) fn undone(&self, met_none: impl Iterator<Item = usize>) -> Vec<Undone> {
        let left = (0..self.script.entries.len()).filter(|entry| !self.performed.contains(entry));
        let left = left.map(|entry| {
            let waits = self.waiting.iter().any(|(waiting, _)| *waiting == entry);
            let when = waits.then(|| self.script.entries[entry].when.clone());
            Undone { entry: entry + 1, why: WhyUndone::NeverCame(when) }
        });
        let idle =
            self.idle.iter().copied().chain(met_none.map(|entry| (entry, "no call that it is for was made")));
        let idle = idle.map(|(entry, why)| Undone { entry: entry + 1, why: WhyUndone::ChangedNothing(why) });
        left.chain(idle).collect()
    }

    /// An entry of the script is performed, until the next event.
    pub(crate) fn perform(&mut self, entry: usize) {
        self.performed.insert(entry);
        self.performing = Some(entry);
    }

    /// What is performed changes nothing.
    pub(crate) fn changes_nothing(&mut self, why: &'static str) {
        self.idle.extend(self.performing.map(|entry| (entry, why)));
    }

    /// Lets something happen at its time.
    pub(crate) fn schedule(&mut self, at: Moment, event: ScheduledEvent) {
        self.queue.at(at, event);
    }

    /// Lets an instance take a step after some time.
    pub(crate) fn step_in(&mut self, group: GroupIndex, id: InstanceId, after: Span, step: InstanceStep) {
        self.schedule(self.now + after, ScheduledEvent::Step(group, id, step));
    }

    /// When the next scheduled event is due.
    pub(crate) fn next_event(&self) -> Option<Moment> {
        self.queue.next()
    }

    /// Moves time to the next event that is due by `moment`, and gives it; without one, to `moment`.
    pub(crate) fn advance(&mut self, moment: Moment) -> Option<ScheduledEvent> {
        self.performing = None;
        let due = self.queue.take_due(moment);
        self.now = self.now.max(due.map_or(moment, |(at, _)| at));
        due.map(|(_, event)| event)
    }

    /// A time as it turns out: up to `percent` shorter or longer.
    pub(crate) fn spread(&self, percent: u8, span: Span) -> Span {
        if percent == 0 {
            return span;
        }
        let percent = u64::from(percent.min(100));
        Span(span.0.saturating_mul(self.random.between(100 - percent, 100 + percent)) / 100)
    }

    /// Records a change of a group, and schedules what waited for it.
    pub(crate) fn record_change(&mut self, change: GroupChange) {
        let name = change.event.name();
        self.record.changes.push(change);
        self.count_waiting(|when| match when {
            When::AfterEvent(point) if point.event == name => Some(point.nth),
            _ => None,
        });
    }

    /// Schedules what waited for this call.
    pub(crate) fn call_made(&mut self, service: &str, action: &str) {
        self.count_waiting(|when| match when {
            When::AfterCall(point) => {
                let service_fits = point.service.as_deref().is_none_or(|only| only == service);
                (service_fits && point.action == action).then_some(point.nth)
            }
            _ => None,
        });
    }

    /// Counts one more for each waiting entry that `nth` names a number for, and schedules those that have theirs.
    fn count_waiting(&mut self, nth: impl Fn(&When) -> Option<u32>) {
        let (now, queue, script) = (self.now, &mut self.queue, &self.script);
        self.waiting.retain_mut(|(entry, seen)| {
            let Some(nth) = nth(&script.entries[*entry].when) else { return true };
            *seen += 1;
            if *seen < nth {
                return true;
            }
            queue.at(now + script.entries[*entry].delay, ScheduledEvent::Script(*entry));
            false
        });
    }
}
