//! What Auto Scaling does by itself: it replaces what is unhealthy, meets the desired capacity, and evens out the zones.

use std::sync::Arc;

use crate::time::{Moment, Span};

use super::World;
use super::effects::Effect;
use super::group::{Group, Phase};
use super::instance::{Health, Lifecycle};
use super::processes::Process;
use super::record::{Author, Cause, GroupIndex, Happening, Sizes};
use super::scale_in;

/// A launch that finds no capacity, for a time.
#[derive(Debug, Clone)]
pub(super) struct LaunchFault {
    /// Until when.
    pub(super) until: Moment,
    /// Only in this zone.
    pub(super) zone: Option<Arc<str>>,
    /// What AWS says.
    pub(super) message: Arc<str>,
}

/// Most failed activities of one try: Auto Scaling launches in batches.
const FAILURES_SHOWN: u32 = 5;

impl World {
    /// Lets Auto Scaling look at a group within its reaction time.
    pub(super) fn reconcile_soon(&mut self, group: GroupIndex) {
        let timing = self.fleet.get(group).timing;
        let reaction = Span(self.random.between(timing.reaction_min.0, timing.reaction_max.0));
        self.reconcile_at(group, self.now + reaction);
    }

    fn reconcile_at(&mut self, group: GroupIndex, moment: Moment) {
        if self.fleet.get(group).reconciles_at.is_some_and(|planned| planned <= moment) {
            return;
        }
        let now = self.now;
        self.fleet.edit(group, now).reconciles_at = Some(moment);
        self.effects.at(moment, Effect::Reconcile(group));
    }

    /// Auto Scaling looks at a group and acts.
    pub(super) fn reconcile(&mut self, group: GroupIndex) {
        let now = self.now;
        // An earlier look took this one's place.
        if self.fleet.get(group).reconciles_at != Some(now) {
            return;
        }
        self.fleet.edit(group, now).reconciles_at = None;
        if self.fleet.get(group).phase != Phase::Present {
            return;
        }
        self.replace_unhealthy(group);
        self.settle_rebalancing(group);
        self.launch_missing(group);
        self.scale_in(group, &Cause::ScaleIn);
        self.rebalance(group);
    }

    fn replace_unhealthy(&mut self, group: GroupIndex) {
        let looked_at = self.fleet.get(group);
        if !looked_at.runs(Process::ReplaceUnhealthy) || !looked_at.runs(Process::Terminate) {
            return;
        }
        let counted = looked_at.instances.iter().filter(|one| one.lifecycle.is_counted());
        let unhealthy: Vec<_> =
            counted.filter(|one| one.health == Health::Unhealthy).map(|one| one.id).collect();
        for id in unhealthy {
            self.take_out(
                group,
                id,
                Cause::Unhealthy,
                "an instance was taken out of service in response to a health check failure.",
            );
        }
    }

    fn launch_missing(&mut self, group: GroupIndex) {
        let looked_at = self.fleet.get(group);
        let (wanted, mut capacity) = (looked_at.wanted(), looked_at.capacity());
        if capacity >= wanted || !looked_at.runs(Process::Launch) {
            return;
        }
        if looked_at.no_launch_before > self.now {
            return self.reconcile_at(group, looked_at.no_launch_before);
        }
        while capacity < wanted {
            match self.launch_into_best_zone(group) {
                Ok(weight) => capacity += weight.max(1),
                Err(message) => return self.put_launches_off(group, wanted - capacity, &message),
            }
        }
    }

    /// Launches where fewest instances are, and where there is capacity; the units of capacity that it adds.
    fn launch_into_best_zone(&mut self, group: GroupIndex) -> Result<u32, Arc<str>> {
        let looked_at = self.fleet.get(group);
        let live = looked_at.live_by_zone();
        let mut refused: Option<Arc<str>> = None;
        let mut best: Option<usize> = None;
        for (zone, count) in live.iter().enumerate() {
            match self.launch_fault(&looked_at.zones[zone]) {
                Some(message) => refused = Some(message),
                None if best.is_none_or(|best| *count < live[best]) => best = Some(zone),
                None => {}
            }
        }
        let Some(zone) = best else {
            return Err(refused.unwrap_or_else(|| "The group has no Availability Zones.".into()));
        };
        let source = looked_at.active_refresh().and_then(|refresh| refresh.target.as_ref());
        let source = source.unwrap_or(&looked_at.launch);
        let Some(recipe) = source.recipe(&self.templates, looked_at.launches) else {
            return Err("Launching EC2 instance failed: the specified launch template does not exist.".into());
        };
        let weight = recipe.weight;
        self.launch(
            group,
            zone,
            recipe,
            "an instance was started in response to a difference between desired and actual capacity.",
        );
        Ok(weight)
    }

    fn launch_fault(&self, zone: &Arc<str>) -> Option<Arc<str>> {
        let active = self.launch_faults.iter().filter(|fault| fault.until > self.now);
        let mut hits = active.filter(|fault| fault.zone.as_ref().is_none_or(|only| only == zone));
        hits.next().map(|fault| fault.message.clone())
    }

    fn put_launches_off(&mut self, group: GroupIndex, missing: u32, message: &Arc<str>) {
        for _ in 0..missing.min(FAILURES_SHOWN) {
            self.launch_failed(group, message);
        }
        let now = self.now;
        let edited = self.fleet.edit(group, now);
        edited.launch_failures = edited.launch_failures.saturating_add(1);
        let doublings = u64::from((edited.launch_failures - 1).min(4));
        let wait = Span((edited.timing.launch_retry.0 << doublings).min(edited.timing.launch_retry.0 * 10));
        edited.no_launch_before = now + wait;
        self.reconcile_at(group, now + wait);
    }

    /// Terminates what the group has too much of.
    fn scale_in(&mut self, group: GroupIndex, cause: &Cause) {
        if !self.fleet.get(group).runs(Process::Terminate) {
            return;
        }
        loop {
            let looked_at = self.fleet.get(group);
            let surplus = looked_at.capacity().saturating_sub(looked_at.wanted());
            if surplus == 0 {
                return;
            }
            let Some(victim) = scale_in::choose(looked_at, &self.templates, self.now, &self.random) else {
                return;
            };
            if looked_at.instance(victim).is_none_or(|one| one.weight > surplus) {
                return;
            }
            self.take_out(
                group,
                victim,
                cause.clone(),
                "an instance was terminated in response to a difference between desired and actual capacity.",
            );
        }
    }

    /// Launches into the emptiest zones first; what is then too much goes from the fullest.
    fn rebalance(&mut self, group: GroupIndex) {
        let looked_at = self.fleet.get(group);
        let steady = looked_at.capacity() == looked_at.wanted()
            && looked_at.surge == 0
            && looked_at.instances.iter().filter(|one| one.lifecycle.is_counted()).all(is_in_service);
        let may = [Process::AZRebalance, Process::Launch, Process::Terminate]
            .into_iter()
            .all(|one| looked_at.runs(one));
        if !steady || !may || looked_at.rebalancing > 0 {
            return;
        }
        let moves = looked_at.moves_to_balance();
        let Sizes { max, desired, .. } = looked_at.sizes;
        // AWS allows itself ten per cent above the maximum, and at least one instance.
        let room = (max + (max / 10).max(1)).saturating_sub(desired);
        let extra = moves.min(room);
        if extra > 0 {
            let now = self.now;
            self.fleet.edit(group, now).rebalancing = extra;
            self.launch_missing(group);
        }
    }

    /// Once the extra instances serve, as many go from the fullest zones.
    fn settle_rebalancing(&mut self, group: GroupIndex) {
        let looked_at = self.fleet.get(group);
        let arrived = looked_at.capacity() >= looked_at.wanted()
            && looked_at.instances.iter().filter(|one| one.lifecycle.is_counted()).all(is_in_service);
        let stopped = !looked_at.runs(Process::AZRebalance);
        if looked_at.rebalancing > 0 && (arrived || stopped) {
            let now = self.now;
            self.fleet.edit(group, now).rebalancing = 0;
            self.scale_in(group, &Cause::Rebalance);
        }
    }

    /// Sets sizes, and lets Auto Scaling act on them.
    pub(super) fn resize(&mut self, group: GroupIndex, after: Sizes, by: Author) {
        let now = self.now;
        let edited = self.fleet.edit(group, now);
        let before = std::mem::replace(&mut edited.sizes, after);
        if before != after {
            self.note(group, Happening::Sized { by, before, after });
            self.reconcile_soon(group);
        }
    }
}

fn is_in_service(instance: &super::instance::Instance) -> bool {
    instance.lifecycle == Lifecycle::InService
}

impl Group {
    /// How many instances have to move so that no two zones differ by more than one.
    fn moves_to_balance(&self) -> u32 {
        let live = self.live_by_zone();
        let zones = u32::try_from(live.len()).unwrap_or(u32::MAX).max(1);
        let total: u32 = live.iter().sum();
        let (most, least) =
            (live.iter().max().copied().unwrap_or(0), live.iter().min().copied().unwrap_or(0));
        if most - least < 2 {
            return 0;
        }
        let low = total / zones;
        live.iter().map(|count| low.saturating_sub(*count)).sum::<u32>().max(1)
    }
}
