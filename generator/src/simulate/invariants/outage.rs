//! An outage is not made longer: what the world takes, the group launches anew as soon as it would without a recycle.
//!
//! An execution can delay the launch, by lowering the capacity or holding processes; how long a launch takes from there on
//! is the world's. So what is measured is how long capacity is missing that the group could launch.

use std::collections::BTreeSet;

use asg_recycle_simulator::time::{Moment, Span};
use asg_recycle_simulator::world::group::Group;
use asg_recycle_simulator::world::processes::Process;
use asg_recycle_simulator::world::record::{Author, GroupChange, GroupEvent, Sizes};

use super::sizes::is_lifted;
use super::{OwnSizes, Promise};

/// What a group launches by without being held.
const NEEDED: [Process; 3] = [Process::Launch, Process::Terminate, Process::ReplaceUnhealthy];

/// Watches one group.
#[derive(Debug, Clone)]
pub(super) struct Outage {
    promise: Promise,
    /// The desired capacity at the start, and by how much others have changed it since.
    wanted: i64,
    /// The desired capacity that they set last. Who sets a number and who adds to one cannot be told apart, so the smaller counts.
    set_last: Option<u32>,
    /// By how much a minimum of others last raised it.
    lifted_by: u32,
    max: u32,
    /// Processes that others hold.
    held: BTreeSet<Process>,
    /// Since when capacity is missing that could have been launched.
    missing_since: Option<Moment>,
    is_over: bool,
}

impl Outage {
    /// A group that is meant to have its desired capacity, and of which others hold some processes.
    pub(super) fn new(promise: Promise, sizes: Sizes, held: BTreeSet<Process>) -> Self {
        Self {
            promise,
            wanted: i64::from(sizes.desired),
            set_last: None,
            lifted_by: 0,
            max: sizes.max,
            held,
            missing_since: None,
            is_over: false,
        }
    }

    /// It is recycled by another strategy from now on; what it is meant to have stays.
    pub(super) fn hold_to(&mut self, promise: Promise) {
        (self.promise, self.missing_since) = (promise, None);
    }

    /// It is meant to have another, whatever a dead execution left it with.
    pub(super) fn expect(&mut self, own: &OwnSizes) {
        (self.wanted, self.max) = (i64::from(own.desired), own.max);
        self.held.clone_from(&own.suspended);
    }

    /// The desired capacity that the group is meant to have without the recycle.
    pub(super) fn wanted(&self) -> u32 {
        let wanted = u32::try_from(self.wanted).unwrap_or(0);
        self.set_last.map_or(wanted, |set| set.min(wanted)).min(self.max)
    }

    /// The minimum that last raised it cannot be told from an execution's.
    pub(super) fn forget_lift(&mut self) {
        self.wanted -= i64::from(std::mem::take(&mut self.lifted_by));
    }

    /// By how much a strategy may put off that what is missing is launched: `in-out` holds nothing, and a minute is for what
    /// crosses its calls; while a doubling is undone launches are held, for twelve attempts at most.
    fn bound(&self) -> Option<Span> {
        match self.promise {
            Promise::OneOut => Some(Span::seconds(60)),
            Promise::KeepsServing => Some(Span::seconds(3600)),
            Promise::Percent { .. } | Promise::Nothing => None,
        }
    }

    /// Follows a change, and says what was put off for too long.
    pub(super) fn follow(&mut self, group: &Group, change: &GroupChange) -> Option<String> {
        match &change.event {
            GroupEvent::Sized { by: Author::World, before, after, .. } => {
                self.wanted += i64::from(after.desired) - i64::from(before.desired);
                self.lifted_by = if is_lifted(*before, *after) { after.desired - before.desired } else { 0 };
                if after.desired != before.desired {
                    self.set_last = Some(after.desired);
                }
                if after.max != before.max {
                    self.max = after.max;
                }
                // For good, whatever the maximum is raised to later; one that only doubling had made is not the group's own.
                self.wanted = self.wanted.min(i64::from(self.max));
            }
            GroupEvent::Suspended { by: Author::World, before, after } => {
                self.held.extend(after.difference(before));
                self.held.retain(|process| after.contains(process) || !before.contains(process));
            }
            GroupEvent::Deleting | GroupEvent::Deleted | GroupEvent::RefreshStarted(_) => self.is_over = true,
            _ => {}
        }
        let since = self.missing_since;
        let may_be_out = u32::from(self.promise == Promise::OneOut);
        let missing = self.wanted().saturating_sub(change.sample.units + may_be_out);
        let is_held = NEEDED.iter().any(|process| self.held.contains(process));
        // What others hold is not put off by the recycle, however long nothing happens. After a launch that failed, AWS itself
        // waits before the next, whatever is missing by then.
        let could_be_launched = Some(group.no_launch_before.max(change.moment));
        let has_failed = matches!(change.event, GroupEvent::LaunchFailed(_));
        self.missing_since = match missing {
            0 => None,
            _ if is_held => None,
            _ if has_failed => could_be_launched,
            _ => since.or(could_be_launched),
        };
        let late = change.moment.0.saturating_sub(since?.0);
        let allowed = self.bound()?.0 + group.timing.reaction_max.0;
        (late > allowed && !self.is_over).then(|| {
            format!(
                "{} of {} were live for {} seconds while nothing but the recycle kept the group from launching",
                change.sample.units,
                self.wanted(),
                late / 1000
            )
        })
    }
}
