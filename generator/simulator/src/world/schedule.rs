//! What is still to happen: a queue of events by moment, first in first out within one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::time::Moment;
use crate::world::ids::GroupIndex;
use crate::world::ids::InstanceId;

/// Something that happens by itself at its time. Each checks that it still applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ScheduledEvent {
    /// Auto Scaling looks at the group and acts.
    Reconcile(GroupIndex),
    /// An instance takes its next step.
    Step(GroupIndex, InstanceId, InstanceStep),
    /// A running instance refresh takes its next step.
    Refresh(GroupIndex, usize),
    /// A deleted group is gone.
    Delete(GroupIndex),
    /// A warm pool that was deleted is gone.
    PoolGone(GroupIndex),
    /// Entry number n of the script is due.
    Script(usize),
}

/// A step of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum InstanceStep {
    /// The machine runs.
    Run,
    /// It has booted.
    Boot,
    /// Its launch hook completes.
    LaunchHook,
    /// Its launch hook's time runs out.
    LaunchHookTimeout,
    /// It comes into service.
    Serve,
    /// Its targets' checks decide.
    CheckTargets,
    /// Its application stops answering.
    Break,
    /// Auto Scaling's health check looks at it.
    CheckHealth,
    /// It is drained.
    Drained,
    /// Its termination hook completes.
    TerminateHook,
    /// Its termination hook's time runs out.
    TerminateHookTimeout,
    /// It leaves the group.
    Leave,
    /// EC2 says `terminated`.
    Terminated,
    /// EC2 forgets it.
    Forget,
    /// It is in standby.
    Standby,
    /// It is out of the group.
    Detached,
}

/// The queue.
#[derive(Debug, Clone, Default)]
pub(crate) struct EventQueue {
    heap: BinaryHeap<Reverse<(Moment, u64, ScheduledEvent)>>,
    pushed: u64,
}

impl EventQueue {
    /// Adds an event.
    pub(crate) fn at(&mut self, moment: Moment, event: ScheduledEvent) {
        self.pushed += 1;
        self.heap.push(Reverse((moment, self.pushed, event)));
    }

    /// When the next one is due.
    pub(crate) fn next(&self) -> Option<Moment> {
        self.heap.peek().map(|Reverse((moment, ..))| *moment)
    }

    /// Takes the next one that is due by `moment`.
    pub(crate) fn take_due(&mut self, moment: Moment) -> Option<(Moment, ScheduledEvent)> {
        if self.next()? > moment {
            return None;
        }
        self.heap.pop().map(|Reverse((due, _, event))| (due, event))
    }
}
