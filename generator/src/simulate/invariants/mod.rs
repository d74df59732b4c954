//! What must hold at every moment of a run and at its end, each invariant with a name and a sentence.
//!
//! A [`Checker`] watches one group of a world. Whoever runs executions tells it of their starts and ends, lets it
//! observe the world after every step, and asks it at the end for what was violated.

mod announcements;
mod beside;
mod capacity;
mod conduct;
mod endings;
mod invariant;
mod leaving;
mod outage;
mod promise;
mod proof;
mod sizes;
mod verdict;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use asg_recycle_handler::contract::{Mode, RECYCLE_ON_ASG_UPDATE, Replace, STRATEGY};
use asg_recycle_simulator::time::{Moment, Span};
use asg_recycle_simulator::world::World;
use asg_recycle_simulator::world::group::Group;
use asg_recycle_simulator::world::ids::{GroupIndex, InstanceId};
use asg_recycle_simulator::world::processes::Process;
use asg_recycle_simulator::world::record::{Author, GroupEvent, Sizes, TerminationCause};
use asg_recycle_simulator::world::warm_pool::PoolConfiguration;

use announcements::Announcements;
use capacity::Capacity;
use outage::Outage;
use sizes::{Bound, Demand};

pub use endings::Ending;
pub use invariant::Invariant;
pub use promise::{Promise, UnknownPromise};
pub use sizes::OwnSizes;
pub use verdict::{Termination, Verdict, judge};

/// An invariant that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{invariant} at {moment}: {detail}")]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// When.
    pub moment: Moment,
    /// What was seen, and what should have been.
    pub detail: String,
}

/// When an execution may change the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// At any time.
    Always,
    /// It may begin within these periods, each without its end, and finish what it has begun.
    BeginWithin(Vec<(Moment, Moment)>),
    /// Within these periods only.
    Within(Vec<(Moment, Moment)>),
    /// Never: a dry run.
    Never,
}

/// An execution, as it starts.
#[derive(Debug, Clone)]
pub struct ExpectedExecution {
    /// Its ARN.
    pub arn: Arc<str>,
    /// What it is for.
    pub mode: Mode,
    /// What it replaces.
    pub replace: Replace,
    /// Keys of the tags that its instances are compared by: those that do not carry what the group's say are replaced.
    pub tags: Vec<String>,
    /// When it may change the group.
    pub allowed: Allowed,
    /// Periods in which the first of what it replaces may leave, each without its end; `None` where that is no matter.
    pub leaves_within: Option<Vec<(Moment, Moment)>>,
    /// Whether it replaces instances that are protected from scale-in.
    pub replaces_protected: bool,
    /// How long new instances have to be in service before those that they replace leave.
    pub proving: Span,
    /// How long it waits for new instances to serve.
    pub launch_timeout: Span,
    /// Whether it makes a warm pool again that holds outdated instances.
    pub renews_pool: bool,
    /// What its strategy promises about capacity, where that is known.
    pub promise: Option<Promise>,
}

/// An execution as the checker knows it.
#[derive(Debug, Clone)]
struct Known {
    run: ExpectedExecution,
    /// Whether it was redriven: then it is to leave everything to its restore.
    redriven: bool,
    /// Whether the group was opted in when it started.
    opted_in: bool,
    /// Instances before this one were there when it started, for so long that any read tells of them.
    newcomers_from: InstanceId,
    /// Those that waited in the group's warm pool then: they keep their tags.
    pooled: BTreeSet<InstanceId>,
    started_at: Moment,
    /// When it first changed the group.
    first_write: Option<Moment>,
    /// When it last changed the group, or tried to.
    last_write: Option<Moment>,
    /// When it last looked at the group.
    last_look: Option<Moment>,
    /// As of when the youngest of its looks shows the group, and the youngest that tells of instances shows these.
    seen_until: Moment,
    instances_seen_until: Moment,
    /// The look before it last announced something: what it says of the group then, it says of that look.
    announced_look: Option<Moment>,
    /// When the first of what it replaces left by it.
    let_leave_at: Option<Moment>,
    /// What it launched and took away again, though nobody had asked for that.
    taken_again: BTreeSet<InstanceId>,
    /// How many of those that it was to replace protected themselves, at most, when it took one again.
    stayed_protected: usize,
    /// How it ended, and when.
    ending: Option<(Moment, Ending)>,
}

/// Watches one group of a world.
#[derive(Debug, Clone)]
pub struct Checker {
    group: GroupIndex,
    capacity: Capacity,
    outage: Outage,
    min: Bound,
    max: Bound,
    demand: Demand,
    /// Since when instances are protected from scale-in.
    protected_since: BTreeMap<InstanceId, Moment>,
    suspended: BTreeSet<Process>,
    /// When others last suspended a process, and which of these an execution suspended too before it can have seen that.
    suspended_at: BTreeMap<Process, Moment>,
    suspended_unseen: BTreeSet<Process>,
    /// How its owner has configured its warm pool.
    pool: Option<PoolConfiguration>,
    runs: Vec<Known>,
    changes_seen: usize,
    calls_seen: usize,
    announcements: Announcements,
    /// When instances have gone by others' hands, or were to go at their word, and when they added places: once for each.
    gone: Vec<Moment>,
    /// When the world last did something that a verdict reached just before cannot know of.
    disrupted_at: Option<Moment>,
    /// Whether the handler told people that nothing puts the group back any more.
    is_left_to_people: bool,
    /// When what the group launches from last changed.
    source_changed_at: Option<Moment>,
    /// Its tags when it was last opted in: what is changed after that is nobody's to follow.
    tags: BTreeMap<Arc<str>, Arc<str>>,
    /// When another group was made under its name.
    made_again_at: Option<Moment>,
    violations: Vec<Violation>,
}

impl Checker {
    /// Watches a group from now on, for a strategy that promises so much; `None` for an index that is no group.
    pub fn new(promise: Promise, world: &World, group: GroupIndex) -> Option<Self> {
        let watched = world.group(group)?;
        Some(Self {
            group,
            capacity: Capacity::new(promise, watched.sample(world.templates()), watched.sizes),
            outage: Outage::new(promise, watched.sizes, watched.suspended.clone()),
            min: Bound::new(watched.sizes.min),
            max: Bound::new(watched.sizes.max),
            demand: Demand::new(watched.sizes.desired, watched.sizes.max),
            protected_since: conduct::protected(watched, &BTreeMap::new(), world.now()),
            suspended: watched.suspended.clone(),
            suspended_at: BTreeMap::new(),
            suspended_unseen: BTreeSet::new(),
            pool: watched.pool_at(world.now()).map(|pool| pool.configuration.clone()),
            runs: Vec::new(),
            changes_seen: world.record().changes.len(),
            calls_seen: world.record().calls.len(),
            announcements: Announcements::default(),
            gone: Vec::new(),
            disrupted_at: None,
            is_left_to_people: false,
            source_changed_at: None,
            tags: watched.tags.clone(),
            made_again_at: None,
            violations: Vec::new(),
        })
    }

    /// The group is to end with these, whatever it begins with.
    pub fn expect_put_back_to(&mut self, own: OwnSizes) {
        self.capacity.promise_at_most(own.desired);
        self.outage.expect(&own);
        (self.min, self.max) = (Bound::new(own.min), Bound::new(own.max));
        (self.demand, self.suspended) = (Demand::new(own.desired, own.max), own.suspended);
    }

    /// Looks at what has happened since it last looked.
    pub fn observe(&mut self, world: &World) {
        let is_opted_in = |group: &&Group| {
            group.tags.get(RECYCLE_ON_ASG_UPDATE.key).is_some_and(|value| value.eq_ignore_ascii_case("true"))
        };
        if let Some(group) = world.group(self.group).filter(is_opted_in)
            && group.tags != self.tags
        {
            let is_of_another = group.tags.get(STRATEGY.key) != self.tags.get(STRATEGY.key);
            self.tags.clone_from(&group.tags);
            if is_of_another {
                self.follow_strategy(world, Promise::Nothing); // what waits may follow the tag, until the next is started
            }
        }
        self.watch_changes(world);
        self.watch_calls(world);
    }

    /// What was violated so far.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// An execution for this group starts.
    pub fn execution_started(&mut self, world: &World, run: ExpectedExecution) {
        self.observe(world);
        if let Some(promise) = run.promise.filter(|_| run.mode == Mode::Recycle) {
            self.follow_strategy(world, promise);
        }
        let Some(group) = world.group(self.group) else { return };
        if run.mode == Mode::Recycle && (run.replace != Replace::Outdated || !run.tags.is_empty()) {
            self.capacity.everything_may_be_replaced();
        }
        let read_lag = world.spec().read_lag.by;
        let seen = group.instances.iter().rfind(|one| one.launched_at + read_lag <= world.now());
        let known = Known {
            opted_in: group.has_tag(RECYCLE_ON_ASG_UPDATE.key),
            newcomers_from: InstanceId(seen.map_or(0, |one| one.id.0) + 1),
            pooled: group.warm_pool.iter().flat_map(|pool| &pool.instances).map(|one| one.id).collect(),
            redriven: false,
            run,
            started_at: world.now(),
            first_write: None,
            last_write: None,
            last_look: None,
            seen_until: Moment(0),
            instances_seen_until: Moment(0),
            announced_look: None,
            let_leave_at: None,
            taken_again: BTreeSet::new(),
            stayed_protected: 0,
            ending: None,
        };
        self.runs.push(known);
    }

    /// The group has another strategy since: it is held to what that promises, from how it is now. Where an execution of the former goes on,
    /// or has left the group changed, which of them takes what is not known, and it is held to neither.
    fn follow_strategy(&mut self, world: &World, promise: Promise) {
        let Some(group) = world.group(self.group).filter(|_| promise != self.capacity.promise()) else {
            return;
        };
        let is_over = self.runs.iter().all(|known| known.ending.is_some());
        let is_put_back = self.min.missed_by(group.sizes.min).is_none()
            && self.max.missed_by(group.sizes.max).is_none()
            && self.demand.missed_by(group.sizes).is_none();
        let promise = if is_over && is_put_back { promise } else { Promise::Nothing };
        self.capacity = Capacity::new(promise, group.sample(world.templates()), group.sizes);
        self.outage.hold_to(promise);
    }

    /// An execution that had ended goes on.
    pub fn execution_redriven(&mut self, world: &World, arn: &str) {
        self.observe(world);
        if let Some(known) = self.runs.iter_mut().find(|known| *known.run.arn == *arn) {
            known.redriven = true;
        }
    }

    /// The handler told people that nothing puts the group back any more.
    pub fn restore_given_up(&mut self) {
        self.is_left_to_people = true;
        self.announce_given_up();
    }

    fn watch_changes(&mut self, world: &World) {
        let (changes, watched) = (&world.record().changes, self.group);
        for change in changes[self.changes_seen..].iter().filter(|change| change.group == watched) {
            let act = self.act_behind(world, change);
            if let Some(detail) = self.capacity.below_promise(change, world.group(watched), act) {
                self.violate(Invariant::NeverBelowPromise, change.moment, detail);
            }
            if let Some(detail) = self.capacity.above_allowed(change) {
                self.violate(Invariant::NeverAboveAllowed, change.moment, detail);
            }
            let late = world.group(watched).and_then(|group| self.outage.follow(group, change));
            if let Some(detail) = late.filter(|_| !self.is_left_to_somebody()) {
                self.violate(Invariant::OutageNotProlonged, change.moment, detail);
            }
            self.follow(world, change.moment, &change.event);
        }
        self.changes_seen = changes.len();
    }

    /// Follows what somebody else changes, which is not ours to put back.
    fn follow(&mut self, world: &World, moment: Moment, event: &GroupEvent) {
        match event {
            GroupEvent::Sized { by, before, after, how } => {
                let seen_until = self.seen_until(world, by);
                self.follow_bounds(by, *before, *after);
                if matches!(by, Author::Execution(_)) && self.demand.was_set_between(seen_until, moment) {
                    self.capacity.allow_scale_in(before.desired.saturating_sub(after.desired));
                }
                self.min.follow(by, (before.min, after.min), moment, seen_until);
                self.max.follow(by, (before.max, after.max), moment, seen_until);
                self.demand.follow(by, *before, *after, moment, seen_until);
                if *by == Author::World && sizes::is_number(*before, *after, *how) {
                    self.demand.set_to(after.desired, self.min.own(), self.capacity.promise());
                }
                if *by == Author::World && before.min != after.min && self.min.may_be_ours(after.min) {
                    self.forget_lift();
                }
            }
            GroupEvent::MadeAgain => {
                self.made_again_at = Some(moment);
                self.begin_anew(world);
            }
            GroupEvent::Suspended { by: Author::World, before, after } => {
                self.suspended.extend(after.difference(before));
                self.suspended_at.extend(after.difference(before).map(|process| (*process, moment)));
                self.suspended.retain(|process| after.contains(process) || !before.contains(process));
            }
            GroupEvent::Changed(_) | GroupEvent::InService(_) => {
                if let Some(group) = world.group(self.group) {
                    self.protected_since = conduct::protected(group, &self.protected_since, moment);
                }
            }
            GroupEvent::PoolConfigured => {
                let pool = world.group(self.group).and_then(|group| group.pool_at(world.now()));
                self.pool = pool.map(|pool| pool.configuration.clone()).or_else(|| self.pool.take());
            }
            GroupEvent::Terminating { instance, cause: TerminationCause::Execution(arn), served } => {
                self.watch_protection(world, moment, *instance, arn);
                self.watch_leaving(world, moment, (*instance, *served), arn);
            }
            _ => {}
        }
        self.gone.extend((0..leaving::gone_by_others(event)).map(|_| moment));
        if *event == GroupEvent::LaunchSourceChanged {
            self.source_changed_at = Some(moment);
        }
        if conduct::is_disruption(event) {
            self.disrupted_at = Some(moment);
        }
    }

    /// What others last raised the group by cannot be told from what an execution meant to.
    fn forget_lift(&mut self) {
        self.demand.forget_lift();
        self.outage.forget_lift();
    }

    /// AWS takes no minimum above the maximum: who sets one beyond the group's own other bound, which an execution has moved, moves it too.
    fn follow_bounds(&mut self, by: &Author, before: Sizes, after: Sizes) {
        if *by != Author::World {
            return;
        }
        if after.min != before.min && after.min > self.max.value() {
            self.max.allow(after.min);
        }
        if after.max != before.max && after.max < self.min.value() {
            self.min.allow(after.max);
        }
    }

    /// Another group has the name: nothing that was done to the one before is to be put back there.
    fn begin_anew(&mut self, world: &World) {
        let Some(Self { capacity, outage, min, max, demand, suspended, pool, protected_since, .. }) =
            Self::new(self.capacity.promise(), world, self.group)
        else {
            return;
        };
        (self.capacity, self.outage, self.demand) = (capacity, outage, demand);
        (self.min, self.max, self.suspended) = (min, max, suspended);
        (self.pool, self.protected_since) = (pool, protected_since);
    }

    fn violate(&mut self, invariant: Invariant, moment: Moment, detail: String) {
        // The first of a kind at a moment says it all.
        if !self.violations.iter().any(|one| one.invariant == invariant && one.moment == moment) {
            self.violations.push(Violation { invariant, moment, detail });
        }
    }
}
