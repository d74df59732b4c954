//! What a group's sizes should be in the end, whoever changes them meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use asg_recycle_simulator::time::{Moment, Span};
use asg_recycle_simulator::world::processes::Process;
use asg_recycle_simulator::world::record::{Author, Resized, Sizes};
use schemars::JsonSchema;
use serde::Deserialize;

use super::promise::Promise;

/// What a group is to be put back to that begins as a dead execution left it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnSizes {
    /// Minimum size.
    pub min: u32,
    /// Maximum size.
    pub max: u32,
    /// Desired capacity.
    pub desired: u32,
    /// Processes that were suspended before, and stay so.
    #[serde(default)]
    pub suspended: BTreeSet<Process>,
}

/// At most so long after a look its answer is acted on: a call may be tried again for two minutes.
pub(super) const BETWEEN_LOOK_AND_WRITE: Span = Span::seconds(150);

/// What a minimum or a maximum should be in the end.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    /// As it was, or as somebody set it meanwhile.
    value: u32,
    /// What executions have set it to.
    ours: BTreeSet<u32>,
    /// What it should have been before somebody else set it.
    earlier: BTreeSet<u32>,
    /// Whether it may be any of those: somebody set it to what an execution had set it to, and nobody can tell these two
    /// apart; or so shortly before an execution did that it was not seen yet.
    is_ambiguous: bool,
    /// When somebody else last set it.
    set_at: Option<Moment>,
    /// What somebody set the other bound to, beyond this one.
    beyond: Option<u32>,
    /// What executions tried to set it to, by calls whose answers do not say what came of them, and when: none has looked since.
    tried: BTreeMap<u32, Moment>,
}

impl Bound {
    /// As it is when the watch begins.
    pub(super) fn new(value: u32) -> Self {
        Self {
            value,
            ours: BTreeSet::new(),
            earlier: BTreeSet::new(),
            is_ambiguous: false,
            set_at: None,
            beyond: None,
            tried: BTreeMap::new(),
        }
    }

    /// Its own value: as it was, or as somebody set it meanwhile.
    pub(super) fn value(&self) -> u32 {
        self.value
    }

    /// Follows a change at a moment, whose author can have seen what was done before `seen_until`.
    pub(super) fn follow(
        &mut self,
        by: &Author,
        (before, after): (u32, u32),
        moment: Moment,
        seen_until: Moment,
    ) {
        if before == after {
            return;
        }
        match by {
            Author::Execution(_) => self.written(after, moment, seen_until),
            Author::World => {
                self.set_at = Some(moment);
                self.earlier.insert(self.value);
                self.is_ambiguous = self.ours.contains(&after) || self.may_be_ours(after);
                self.value = after;
            }
        }
    }

    /// An execution writes it at a moment, having seen what was done before `seen_until`. That changes nothing where somebody else
    /// has just set the same: nobody can tell then whose it is, and decision 003 says so.
    pub(super) fn written(&mut self, value: u32, moment: Moment, seen_until: Moment) {
        self.ours.insert(value);
        self.is_ambiguous |= self.is_unseen(moment, seen_until);
    }

    /// Whether somebody has just set it, as far as one who writes at a moment can have seen.
    fn is_unseen(&self, moment: Moment, seen_until: Moment) -> bool {
        self.set_at.is_some_and(|at| at >= seen_until && at + BETWEEN_LOOK_AND_WRITE >= moment)
    }

    /// Whether an execution that writes this at a moment, or tries to, means what somebody else has just set.
    pub(super) fn is_just_set_to(&self, value: u32, moment: Moment, seen_until: Moment) -> bool {
        value == self.value && self.is_unseen(moment, seen_until)
    }

    /// An execution tried to write it, and its answer does not say whether it did. Who sets the same before it looks again cannot be
    /// told from it, nor who had just set it.
    pub(super) fn tried(&mut self, value: u32, moment: Moment, seen_until: Moment) {
        self.tried.insert(value, moment);
        self.is_ambiguous |= self.is_just_set_to(value, moment, seen_until);
    }

    /// Whether an execution tried to write this, and nobody can tell whether it did.
    pub(super) fn may_be_ours(&self, value: u32) -> bool {
        self.tried.contains_key(&value)
    }

    /// An execution looks, and sees what was done until a moment: what it had tried before has come to nothing.
    pub(super) fn looked(&mut self, seen_at: Moment) {
        self.tried.retain(|_, tried_at| *tried_at >= seen_at);
    }

    /// Whether nobody can tell whose it is.
    pub(super) fn is_ambiguous(&self) -> bool {
        self.is_ambiguous
    }

    /// Somebody set the other bound beyond it, which AWS would have refused had ours not been there: it may be as far as that.
    pub(super) fn allow(&mut self, value: u32) {
        self.beyond = Some(value);
    }

    /// The group's own.
    pub(super) fn own(&self) -> u32 {
        self.value
    }

    /// What it should be, where it is not.
    pub(super) fn missed_by(&self, found: u32) -> Option<u32> {
        let is_excused = self.is_ambiguous && self.earlier.contains(&found);
        (found != self.value && self.beyond != Some(found) && !is_excused).then_some(self.value)
    }
}

/// What the desired capacity should be in the end: as it was, and as others have raised and lowered it meanwhile.
#[derive(Debug, Clone)]
pub(super) struct Demand {
    /// As it was at the start.
    at_start: u32,
    /// What it is at most without the recycle: others raised it, or set a minimum that would have.
    most: u32,
    /// What it is at least: with all that they took, and below the group's own maximum, which takes places for good, whatever it
    /// is raised to later.
    least: u32,
    /// The group's own maximum: as it was at the start, or as others have set it.
    own_max: u32,
    /// Whether others have lowered it, by less than they meant to where our minimum was in the way, or have set a minimum or a
    /// maximum: how far that would have lowered or raised the group is not known.
    is_lowered_or_bounded: bool,
    /// Whether others have set a minimum and the capacity, at once or one after the other: they may mean that number and no difference, and so
    /// may who sets it later.
    is_set_by_others: bool,
    /// Whether an execution changed it before it can have seen what others did, or meant to: a minimum that is to raise it
    /// raises nothing where they did so in the same moment.
    is_ambiguous: bool,
    /// When somebody else last changed it.
    set_at: Option<Moment>,
    /// The minimum that others have set since an execution last did.
    minimum_of_others: Option<u32>,
    /// By how much a minimum of others last raised what it is at least.
    lifted_by: u32,
}

impl Demand {
    /// As it is when the watch begins.
    pub(super) fn new(at_start: u32, own_max: u32) -> Self {
        Self {
            at_start,
            most: at_start,
            least: at_start,
            own_max,
            is_lowered_or_bounded: false,
            is_set_by_others: false,
            is_ambiguous: false,
            set_at: None,
            minimum_of_others: None,
            lifted_by: 0,
        }
    }

    /// Follows a change at a moment, whose author can have seen what was done before `seen_until`.
    pub(super) fn follow(
        &mut self,
        by: &Author,
        before: Sizes,
        after: Sizes,
        moment: Moment,
        seen_until: Moment,
    ) {
        match by {
            Author::Execution(_) => {
                let is_meant = before.desired != after.desired || after.min != before.min;
                self.is_ambiguous |= is_meant && self.was_set_between(seen_until, moment);
                self.minimum_of_others = self.minimum_of_others.filter(|_| before.min == after.min);
            }
            Author::World => {
                let raised = after.desired.saturating_sub(before.desired);
                let lowered = before.desired.saturating_sub(after.desired);
                let is_bounded = (before.min, before.max) != (after.min, after.max);
                self.is_lowered_or_bounded |= is_bounded || lowered > 0;
                self.most += raised;
                // A minimum that raises it would have raised what there is without the recycle to that number, or by nothing.
                let is_lifted = is_lifted(before, after);
                let least_before = self.least;
                // Who wants none at all means it, whatever is out at the moment.
                self.least = if after.desired == 0 {
                    0
                } else if is_lifted {
                    self.least.max(after.min)
                } else {
                    (self.least + raised).saturating_sub(lowered)
                };
                self.lifted_by = if is_lifted { self.least.saturating_sub(least_before) } else { 0 };
                let is_clipped = after.desired == after.max;
                if after.min != before.min {
                    self.minimum_of_others = Some(after.min);
                    self.most = self.most.max(after.min);
                }
                self.is_set_by_others |=
                    self.minimum_of_others.is_some() && before.desired != after.desired && !is_clipped;
                if self.is_set_by_others && before.desired != after.desired && !is_clipped {
                    self.most = self.most.max(after.desired);
                }
                if after.max != before.max {
                    self.own_max = after.max;
                }
                self.least = self.least.min(self.own_max);
                self.set_at = Some(moment);
            }
        }
    }

    /// Others set it to a number. While at most one instance is out, its place is in that number; while a group is doubled, and old
    /// instances leave, it is that number or a difference to the one that stands, by how many of them have left. A number below the
    /// group's own minimum can only be set while an execution has lowered that, and is raised to it in the end.
    pub(super) fn set_to(&mut self, number: u32, own_min: u32, promise: Promise) {
        let number = number.max(own_min);
        if promise == Promise::OneOut {
            (self.least, self.most) = (number, number);
        } else {
            self.is_lowered_or_bounded |= number > self.most;
            self.most = self.most.max(number);
        }
    }

    /// The minimum that last raised it cannot be told from an execution's: it is raised by that or not.
    pub(super) fn forget_lift(&mut self) {
        self.least = self.least.saturating_sub(std::mem::take(&mut self.lifted_by));
    }

    /// Whether others changed it at or after a moment, and not long before another: who writes then cannot know it.
    pub(super) fn was_set_between(&self, seen_until: Moment, moment: Moment) -> bool {
        self.set_at.is_some_and(|at| at >= seen_until && at + BETWEEN_LOOK_AND_WRITE >= moment)
    }

    /// Whether an execution changed it before it can have seen what others did.
    pub(super) fn is_ambiguous(&self) -> bool {
        self.is_ambiguous
    }

    /// Whether it is more than it should be.
    pub(super) fn is_exceeded_by(&self, found: Sizes) -> bool {
        found.desired > self.most
    }

    /// What it should be, where it is not. Those who lower it may have been held up, so that it is lower by what they
    /// took or by less; those who raise it have what they asked for. Bounds of others can have lowered it while it was raised,
    /// and never make more of it than the highest minimum.
    pub(super) fn missed_by(&self, found: Sizes) -> Option<String> {
        if self.is_ambiguous {
            return None;
        }
        let most = self.most.min(found.max.max(self.at_start));
        let least = if self.is_lowered_or_bounded { self.least.min(most) } else { most };
        if (least..=most).contains(&found.desired) {
            return None;
        }
        let expected = if least == most { most.to_string() } else { format!("between {least} and {most}") };
        Some(format!("the desired capacity is {}, not {expected}", found.desired))
    }
}

/// Whether somebody sets the capacity to a number, and it does not only follow a minimum or a maximum, nor a policy.
pub(super) fn is_number(before: Sizes, after: Sizes, how: Resized) -> bool {
    let is_capped = after.desired < before.desired && after.max != before.max && after.desired == after.max;
    let follows = is_lifted(before, after) || is_capped;
    how.is_number() && before.desired != after.desired && !follows
}

/// Whether a minimum that somebody sets raises the capacity with it.
pub(super) fn is_lifted(before: Sizes, after: Sizes) -> bool {
    after.desired > before.desired && after.min != before.min && after.desired == after.min
}
