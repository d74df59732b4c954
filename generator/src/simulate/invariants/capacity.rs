//! The bounds of capacity: the promise below, and what replacing needs above.

use std::collections::BTreeSet;

use asg_recycle_simulator::time::Moment;
use asg_recycle_simulator::world::group::Group;
use asg_recycle_simulator::world::ids::InstanceId;
use asg_recycle_simulator::world::instance::{Instance, Lifecycle};
use asg_recycle_simulator::world::record::{
    Author, GroupChange, GroupEvent, Resized, Sample, Sizes, TerminationCause,
};

use super::Promise;
use super::beside::{Act, Beside};
use super::sizes::{BETWEEN_LOOK_AND_WRITE, is_number};

/// The bounds, as they move with what the world does.
#[derive(Debug, Clone)]
pub(super) struct Capacity {
    promise: Promise,
    /// What the promise counted at the start.
    at_start: u32,
    /// Units of the heaviest instance.
    heaviest: u32,
    /// How far the world has lowered the desired capacity at most, and by how much it has changed it in all.
    cut: i64,
    world_delta: i64,
    /// By how much the world has raised it, and at most. What it lowers below the group's own minimum it would not have lowered
    /// without the recycle that had added room for it.
    raised: i64,
    raised_max: i64,
    /// Instances that Auto Scaling may still take for a capacity no lower than at the start, or that weights had exceeded.
    may_be_scaled_in: u32,
    /// What is launched for instances at risk.
    beside: Beside,
    /// Instances that the world put out of action and that are still in the group.
    disrupted: BTreeSet<InstanceId>,
    /// Instances that have come into service since the start.
    came_into_service: BTreeSet<InstanceId>,
    /// When AWS last took one for a refresh, until an execution lets another go.
    refresh_took_at: Option<Moment>,
    /// Serving instances that the world took, that have left, and that have not been made up for.
    losses: u32,
    desired_at_start: u32,
    /// The desired capacity that the group was meant to have at the start, whatever a dead execution left it with.
    intended: u32,
    /// The highest minimum that the world has set, or capacity with it: Auto Scaling keeps the desired capacity at it at least.
    min_of_world: u32,
    /// The group's own minimum: as it was at the start, or as the world has set it.
    own_min: u32,
    /// Most instances that are to be replaced at once; more, where all are and the world has added some.
    to_replace: u32,
    replaces_all: bool,
    max: u32,
    /// By how much the world has changed the desired capacity, whatever maximum it set, and no further down than to the group's own minimum.
    asked_by_world: i64,
    /// Instances that an execution took out and that EC2 has not terminated.
    taken_out: BTreeSet<InstanceId>,
    /// Instances that the world put in standby: they hold no place.
    aside: BTreeSet<InstanceId>,
    /// Those that were out when the world set a lower number, which has no place for them.
    without_place: BTreeSet<InstanceId>,
    dead: BTreeSet<InstanceId>,
    /// Who started the instance refresh that is active.
    refresh_by: Option<Author>,
    deleting: bool,
}

impl Capacity {
    /// Bounds for a group as it is now.
    pub(super) fn new(promise: Promise, sample: Sample, sizes: Sizes) -> Self {
        Self {
            promise,
            at_start: promise.counted(sample),
            heaviest: 1,
            cut: 0,
            world_delta: 0,
            raised: 0,
            raised_max: 0,
            may_be_scaled_in: sample.units.saturating_sub(sample.desired.max(sample.live)),
            beside: Beside::new(promise),
            disrupted: BTreeSet::new(),
            came_into_service: BTreeSet::new(),
            refresh_took_at: None,
            losses: 0,
            desired_at_start: sizes.desired,
            intended: sizes.desired,
            min_of_world: 0,
            own_min: sizes.min,
            to_replace: sample.outdated,
            replaces_all: false,
            max: sizes.max,
            asked_by_world: 0,
            taken_out: BTreeSet::new(),
            aside: BTreeSet::new(),
            without_place: BTreeSet::new(),
            dead: BTreeSet::new(),
            refresh_by: None,
            deleting: false,
        }
    }

    /// What the strategy promises.
    pub(super) fn promise(&self) -> Promise {
        self.promise
    }

    /// Of what serves now, no more than so many were promised: the others were added by a dead execution.
    pub(super) fn promise_at_most(&mut self, desired: u32) {
        self.at_start = self.at_start.min(desired);
        self.intended = desired;
    }

    /// Every instance may be replaced, not only those that are outdated now.
    pub(super) fn everything_may_be_replaced(&mut self) {
        self.replaces_all = true;
    }

    /// Moves the lower bound with a change, and says how the promise was broken where it was. `group` is as the change
    /// left it, and `act` what an execution did by it.
    pub(super) fn below_promise(
        &mut self,
        change: &GroupChange,
        group: Option<&Group>,
        act: Option<Act>,
    ) -> Option<String> {
        self.follow(change);
        // Beyond the desired capacity while Auto Scaling moves some to other zones, or makes up for those at risk.
        let weights = group.iter().flat_map(|group| &group.instances).map(|one| one.weight);
        self.heaviest = weights.max().unwrap_or(1).max(self.heaviest);
        let rebalancing = group.map_or(0, Group::extra_beside);
        if let GroupEvent::Disrupted { instance, .. } = &change.event
            && group.and_then(|group| group.instance(*instance)).is_some_and(is_aside)
        {
            self.aside.insert(*instance);
        }
        self.beside.follow(change, group.map_or(0, Group::extra_for_those_at_risk), act);
        let order = self.watch_order(change, rebalancing);
        let sample = change.sample;
        let cut = u32::try_from(self.cut).unwrap_or(u32::MAX);
        // While there are more instances than wanted, the world may still choose healthy ones to take.
        let serving = self.promise.counted(sample);
        let is_whole = serving >= sample.desired.max(self.at_start.saturating_sub(cut));
        if is_whole && sample.live <= sample.desired {
            self.losses = 0;
        }
        if self.deleting || self.promise == Promise::Nothing {
            return None;
        }
        let (out, lost, floor) = (self.may_be_out(), self.lost(), self.floor());
        let low = (serving < floor).then(|| {
            format!(
                "{serving} healthy instances in service, at least {floor} promised: {} at the start, {lost} lost to the world, \
                 {cut} scaled in by it, {out} allowed to be out",
                self.at_start
            )
        });
        low.or(order)
    }

    /// How many have to serve at least.
    pub(super) fn floor(&self) -> u32 {
        // A maximum that the world lowers while an instance is out takes its place for good.
        let most = self.at_start.saturating_sub(u32::try_from(self.cut).unwrap_or(u32::MAX)).min(self.max);
        most.saturating_sub(self.lost()).saturating_sub(self.may_be_out())
    }

    /// Whether it is promised how many are healthy, whether or not they serve.
    fn goes_by_own_checks(&self) -> bool {
        matches!(self.promise, Promise::Percent { .. })
    }

    /// Whether who goes is lost to the world: who counts by its own checks need not serve.
    fn is_loss(&self, instance: InstanceId, cause: &TerminationCause, served: bool) -> bool {
        !self.is_ours(cause)
            && (served || self.goes_by_own_checks() && self.came_into_service.contains(&instance))
    }

    /// An execution lets one go that no load balancer takes, by a look from before AWS took another in its refresh: once for each.
    fn let_go(&mut self, instance: InstanceId, at: Moment) {
        if self.refresh_took_at.take().is_some_and(|took| at <= took + BETWEEN_LOOK_AND_WRITE) {
            self.disrupted.insert(instance);
        }
    }

    /// How many may be out at a time because of the recycle itself.
    fn may_be_out(&self) -> u32 {
        match self.promise {
            Promise::OneOut => 1,
            Promise::Percent { minimum, may_grow } => {
                let out = self.at_start - (self.at_start * minimum.min(100)).div_ceil(100);
                out.max(if may_grow { 0 } else { self.heaviest })
            }
            Promise::KeepsServing | Promise::Nothing => 0,
        }
    }

    fn lost(&self) -> u32 {
        let lost = self.losses + u32::try_from(self.disrupted.len()).unwrap_or(u32::MAX);
        if self.goes_by_own_checks() { lost.saturating_mul(self.heaviest) } else { lost }
    }

    /// A maximum that was put back took what others had just asked for, before it could be seen: Auto Scaling chooses who goes.
    pub(super) fn allow_scale_in(&mut self, units: u32) {
        self.may_be_scaled_in += units;
    }

    /// Auto Scaling chooses one that serves to go, which it may while there is one too many. What is launched for instances at risk may be
    /// that when these have left by another hand; a recycle that begins meanwhile takes it for one of the group's.
    fn scale_in(&mut self, instance: InstanceId) {
        let is_left = self.may_be_scaled_in > 0;
        self.may_be_scaled_in -= u32::from(is_left);
        if is_left || self.beside.take() {
            self.disrupted.insert(instance);
        }
    }

    /// Follows what the world takes, and what it allows.
    fn follow(&mut self, change: &GroupChange) {
        match &change.event {
            GroupEvent::Disrupted { instance, served: true } => {
                self.disrupted.insert(*instance);
            }
            GroupEvent::InService(instance) => {
                self.came_into_service.insert(*instance);
            }
            GroupEvent::Terminating { instance, cause, served }
                if self.is_loss(*instance, cause, *served) =>
            {
                self.disrupted.insert(*instance);
            }
            GroupEvent::Terminating { cause: TerminationCause::InstanceRefresh, .. } => {
                self.refresh_took_at = Some(change.moment);
            }
            GroupEvent::Terminating { instance, cause: TerminationCause::Execution(_), served: false }
                if self.goes_by_own_checks() =>
            {
                self.let_go(*instance, change.moment);
            }
            GroupEvent::MarkedUnhealthy(instance) | GroupEvent::Disrupted { instance, .. }
                if self.goes_by_own_checks() =>
            {
                self.disrupted.insert(*instance);
            }
            // A healthy one may be chosen while its replacement boots.
            GroupEvent::Terminating { instance, cause: TerminationCause::ScaleIn, served: true } => {
                self.scale_in(*instance);
            }
            // What nobody replaces is missing for good; what has left is made up for by its replacement.
            GroupEvent::Left(instance) if self.disrupted.remove(instance) => self.losses += 1,
            GroupEvent::TargetsHealthy(instance) => {
                self.disrupted.remove(instance);
            }
            GroupEvent::Sized { by: Author::World, before, after, how } => {
                if is_number(*before, *after, *how) {
                    self.min_of_world = self.min_of_world.max(after.desired);
                    if after.desired < before.desired {
                        self.without_place.extend(self.taken_out.iter().copied());
                    }
                }
                self.follow_sizes(self.meant_from(*before, *after, *how), *after);
            }
            GroupEvent::LaunchSourceChanged => self.replaces_all = true,
            GroupEvent::RefreshStarted(by) => self.refresh_by = Some(by.clone()),
            GroupEvent::RefreshEnded(_) => self.refresh_by = None,
            GroupEvent::Deleting => self.deleting = true,
            _ => {}
        }
    }

    /// What the sizes before a change were to whoever made it: a lower number that is set while one is out takes its place, too. A
    /// higher one is launched at once, whoever is out.
    fn meant_from(&self, before: Sizes, after: Sizes, how: Resized) -> Sizes {
        let own = i64::from(self.desired_at_start) + self.asked_by_world;
        match u32::try_from(own) {
            Ok(own)
                if self.promise == Promise::OneOut
                    && after.desired < before.desired
                    && is_number(before, after, how) =>
            {
                Sizes { desired: own.max(before.desired), ..before }
            }
            _ => before,
        }
    }

    /// Follows sizes that the world sets.
    fn follow_sizes(&mut self, before: Sizes, after: Sizes) {
        let lowered = before.desired.saturating_sub(after.desired);
        let cut_before = self.cut;
        self.world_delta += i64::from(after.desired) - i64::from(before.desired);
        self.cut = self.cut.max(-self.world_delta);
        self.may_be_scaled_in += lowered - lowered.min(u32::try_from(self.cut - cut_before).unwrap_or(0));
        // What a policy takes below the group's own minimum, which an execution has lowered, is filled again when that is put back.
        let own_least = i64::from(self.own_min) - i64::from(self.intended);
        self.asked_by_world = (self.asked_by_world + i64::from(after.desired) - i64::from(before.desired))
            .max(own_least.min(self.asked_by_world));
        if after.min != before.min {
            // Who sets the capacity with a minimum means that number.
            let is_meant = before.desired != after.desired && after.desired < after.max;
            self.min_of_world = self.min_of_world.max(if is_meant { after.desired } else { after.min });
            self.own_min = after.min;
        }
        let least = i64::from(self.own_min) - i64::from(self.desired_at_start);
        self.raised = (self.raised + i64::from(after.desired) - i64::from(before.desired)).max(least);
        self.raised_max = self.raised_max.max(self.raised);
        if after.max != before.max {
            self.max = after.max;
        }
        self.follow_max();
    }

    /// A maximum below what the group is meant to have takes that for good, though one that is out hides it from the
    /// desired capacity of the moment, and though doubling had made room for more.
    fn follow_max(&mut self) {
        let fits = i64::from(self.max) - i64::from(self.intended);
        self.world_delta = self.world_delta.min(fits);
        self.cut = self.cut.max(-self.world_delta);
    }

    /// Whether an instance goes because of what an execution does: it resizes the group, or started the refresh. Who lets
    /// AWS refresh never resizes, so that every scaling in is the world's.
    fn is_ours(&self, cause: &TerminationCause) -> bool {
        match cause {
            TerminationCause::Execution(_) => true,
            TerminationCause::ScaleIn => !matches!(self.promise, Promise::Percent { .. }),
            TerminationCause::InstanceRefresh => matches!(self.refresh_by, Some(Author::Execution(_))),
            _ => false,
        }
    }

    /// One after the other: none is taken out, and its place is not filled, before the last one taken out is terminated in EC2.
    fn watch_order(&mut self, change: &GroupChange, rebalancing: u32) -> Option<String> {
        match &change.event {
            GroupEvent::Terminating { instance, cause: TerminationCause::Execution(_), .. }
                if !self.dead.contains(instance) =>
            {
                let others = self.still_out();
                self.taken_out.insert(*instance);
                others.map(|others| {
                    format!("{instance} was taken out while {others} was not terminated in EC2")
                })
            }
            GroupEvent::Ec2Terminated(instance) => {
                self.taken_out.remove(instance);
                self.dead.insert(*instance);
                None
            }
            // What others took and asked for is launched meanwhile, be it with a minimum that fills the place. One that they
            // had put in standby held none.
            GroupEvent::Launched(instance) => {
                let meant = (i64::from(self.intended) + self.asked_by_world).max(i64::from(self.own_min))
                    + i64::from(rebalancing);
                let held = self.taken_out.difference(&self.aside);
                let places = held.filter(|out| !self.without_place.contains(out)).count();
                let is_filled = i64::from(change.sample.live) + i64::try_from(places).unwrap_or(0) > meant;
                self.still_out().filter(|_| is_filled).map(|others| {
                    format!(
                        "{instance} was launched into the place of {others}, which was not terminated in EC2"
                    )
                })
            }
            _ => None,
        }
    }

    fn still_out(&self) -> Option<String> {
        let others: Vec<_> = self.taken_out.difference(&self.aside).map(ToString::to_string).collect();
        (self.promise == Promise::OneOut && !others.is_empty()).then(|| others.join(", "))
    }

    /// Says how the upper bound was broken, where a change broke it. Instance refreshes have bounds of their own.
    pub(super) fn above_allowed(&mut self, change: &GroupChange) -> Option<String> {
        // Those of a warm pool may be outdated when they come out of it.
        self.to_replace = self.to_replace.max(change.sample.outdated);
        if self.refresh_by.is_some() || self.deleting || !matches!(change.event, GroupEvent::Launched(_)) {
            return None;
        }
        let grown = u32::try_from(self.raised_max).unwrap_or(0);
        let wanted = (self.desired_at_start + grown).max(self.min_of_world);
        // AWS lets rebalancing exceed the maximum by ten per cent, and by one at least.
        let rebalancing = (change.sample.max.max(self.max) / 10).max(1).max(2 * self.beside.most);
        // What rebalancing has added is replaced like all the others.
        let to_replace = if self.replaces_all { wanted + rebalancing } else { self.to_replace };
        let needed = wanted + to_replace;
        let bound = self.max.max(needed) + rebalancing;
        (change.sample.live > bound).then(|| {
            format!(
                "{} live instances, at most {bound} allowed: a maximum of {}, {needed} to replace {to_replace}, and \
                 {rebalancing} for rebalancing",
                change.sample.live, self.max
            )
        })
    }
}

/// Whether an instance is in standby, or on its way there.
fn is_aside(instance: &Instance) -> bool {
    matches!(instance.lifecycle, Lifecycle::Standby | Lifecycle::EnteringStandby)
}
