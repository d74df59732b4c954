//! Who is launched beside instances at risk, and when Auto Scaling may take one that serves for it.

use asg_recycle_simulator::time::{Moment, Span};
use asg_recycle_simulator::world::record::{Author, GroupChange, GroupEvent};

use super::Promise;

/// How long an execution of `in-out` waits at most for what is launched beside others, and one of another strategy.
const WAITED_FOR: [Span; 2] = [Span::seconds(180), Span::seconds(420)];

/// Launches beyond the desired capacity, each of which is one too many if the one at risk leaves by another hand.
#[derive(Debug, Clone)]
pub(super) struct Beside {
    launched_at: Vec<Moment>,
    last: Option<Act>,
    waited_for: Span,
    /// Most that were ever beside.
    pub most: u32,
}

/// An execution changed a size, or took an instance.
#[derive(Debug, Clone, Copy)]
struct Act {
    at: Moment,
    /// Until when it can have seen what others did.
    seen_until: Moment,
}

impl Beside {
    /// None yet.
    pub(super) fn new(promise: Promise) -> Self {
        let [of_in_out, of_others] = WAITED_FOR;
        let waited_for = if promise == Promise::OneOut { of_in_out } else { of_others };
        Self { launched_at: Vec::new(), last: None, waited_for, most: 0 }
    }

    /// Follows a change, with `beside` more wanted than are desired. Where an execution made it, it can have seen what others did until
    /// `seen_until`.
    pub(super) fn follow(&mut self, change: &GroupChange, beside: u32, seen_until: Option<Moment>) {
        self.most = self.most.max(beside);
        if beside > 0 && matches!(change.event, GroupEvent::Launched(_)) {
            self.launched_at.push(change.moment);
        }
        if let Some(seen_until) = seen_until {
            self.last = Some(Act { at: change.moment, seen_until });
        }
    }

    /// Takes a launch for which Auto Scaling may choose who goes, where there is one: an execution that acts may not know of one that
    /// is young, and does not wait for ever for one that does not come into service.
    pub(super) fn take(&mut self) -> bool {
        let is_excused = |launched: &Moment| {
            self.last.is_none_or(|act| *launched >= act.seen_until || *launched + self.waited_for < act.at)
        };
        let found = self.launched_at.iter().position(is_excused);
        found.map(|index| self.launched_at.remove(index)).is_some()
    }
}

/// The execution that changed a size, or took an instance.
pub(super) fn execution(event: &GroupEvent) -> Option<&Author> {
    match event {
        GroupEvent::Sized { by: by @ Author::Execution(_), .. } => Some(by),
        _ => None,
    }
}
