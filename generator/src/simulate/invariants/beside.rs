//! Who is launched beside instances at risk, and when Auto Scaling may take one that serves for it.

use asg_recycle_simulator::time::{Moment, Span};
use asg_recycle_simulator::world::World;
use asg_recycle_simulator::world::record::{Author, GroupChange, GroupEvent};

use super::{Checker, Promise};

/// How long an execution of `in-out` waits at least for what is launched beside others, and one of another strategy, unless it
/// allows less for a launch.
const WAITS_FOR: [Span; 2] = [Span::seconds(180), Span::seconds(420)];

/// Launches beyond the desired capacity, each of which is one too many if the one at risk leaves by another hand.
#[derive(Debug, Clone)]
pub(super) struct Beside {
    launched_at: Vec<Moment>,
    last: Option<Act>,
    waits_for: Span,
    /// Most that were ever beside.
    pub most: u32,
}

/// An execution changed a size; a termination with its place does so, too.
#[derive(Debug, Clone, Copy)]
pub(super) struct Act {
    at: Moment,
    /// As of when the youngest look that it had taken at the instances shows them.
    seen_until: Moment,
    /// How long it waits for a launch.
    launch_timeout: Span,
}

impl Beside {
    /// None yet.
    pub(super) fn new(promise: Promise) -> Self {
        let [in_out, others] = WAITS_FOR;
        let waits_for = if promise == Promise::OneOut { in_out } else { others };
        Self { launched_at: Vec::new(), last: None, waits_for, most: 0 }
    }

    /// Follows a change, with `beside` more wanted than are desired, and with what an execution did by it.
    pub(super) fn follow(&mut self, change: &GroupChange, beside: u32, act: Option<Act>) {
        self.most = self.most.max(beside);
        if beside > 0 && matches!(change.event, GroupEvent::Launched(_)) {
            self.launched_at.push(change.moment);
        }
        self.last = act.or(self.last);
    }

    /// Takes a launch for which Auto Scaling may choose who goes, where there is one: an execution that acts may not know of one that
    /// is young, and does not wait for ever for one that does not come into service.
    pub(super) fn take(&mut self) -> bool {
        let is_excused = |launched: &Moment| {
            self.last.is_none_or(|act| {
                let waits_for = self.waits_for.min(act.launch_timeout);
                *launched >= act.seen_until || *launched + waits_for < act.at
            })
        };
        let found = self.launched_at.iter().position(is_excused);
        found.map(|index| self.launched_at.remove(index)).is_some()
    }
}

impl Checker {
    /// What an execution did by a change.
    pub(super) fn act_behind(&self, world: &World, change: &GroupChange) -> Option<Act> {
        let GroupEvent::Sized { by: Author::Execution(arn), .. } = &change.event else { return None };
        let root = world.executions.root_of(arn);
        let known = self.runs.iter().find(|known| *known.run.arn == *root)?;
        Some(Act {
            at: change.moment,
            seen_until: known.instances_seen_until,
            launch_timeout: known.run.launch_timeout,
        })
    }
}
