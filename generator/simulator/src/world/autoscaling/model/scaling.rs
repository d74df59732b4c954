//! What Auto Scaling does by itself: it replaces what is unhealthy, meets the desired capacity, and evens out the zones.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::time::{Moment, Span};
use crate::world::context::Context;
use crate::world::errors::AwsError;
use crate::world::ids::GroupIndex;
use crate::world::processes::Process;
use crate::world::record::{Author, GroupEvent, Resized, Sizes, TerminationCause};
use crate::world::schedule::{InstanceStep, ScheduledEvent};

use super::activity::because;
use super::group::{Group, GroupPhase};
use super::instance::Lifecycle;
use super::refresh::Refresh;
use super::scale_in;
use super::state::AutoScaling;

/// Most failed activities of one try: Auto Scaling launches in batches.
const FAILURES_SHOWN: u32 = 5;

impl AutoScaling {
    /// Auto Scaling looks at a group and acts.
    pub(crate) fn reconcile(&mut self, context: &mut Context, group: GroupIndex) {
        let now = context.now;
        // An earlier look took this one's place.
        if self.fleet.get(group).reconciles_at != Some(now) {
            return;
        }
        self.fleet.edit(group, now).reconciles_at = None;
        if self.fleet.get(group).phase != GroupPhase::Present {
            return;
        }
        self.replace_unhealthy(context, group);
        self.settle_rebalancing(context, group);
        self.let_go_those_at_risk(context, group);
        self.forget_surplus(context, group);
        let told = self.fleet.get(group).activities.len();
        self.launch_missing(context, group);
        self.scale_in(context, group, &TerminationCause::ScaleIn);
        // A change that is not acted on yet is told of by the activity that does.
        let looked_at = self.fleet.get(group);
        if looked_at.activities.len() > told || looked_at.capacity() == looked_at.wanted() {
            self.fleet.edit(group, now).resized = "".into();
        }
        self.rebalance(context, group);
        self.fill_pool(context, group);
    }

    fn replace_unhealthy(&mut self, context: &mut Context, group: GroupIndex) {
        let looked_at = self.fleet.get(group);
        if !looked_at.runs(Process::ReplaceUnhealthy) || !looked_at.runs(Process::Terminate) {
            return;
        }
        for id in looked_at.to_be_replaced() {
            self.take_out(
                context,
                group,
                id,
                TerminationCause::Unhealthy,
                "an instance was taken out of service in response to a health check failure.",
            );
        }
    }

    /// What an instance refresh that has ended, or is being cancelled, added, and what has died since, is not launched again.
    fn forget_surplus(&mut self, context: &mut Context, group: GroupIndex) {
        let looked_at = self.fleet.get(group);
        if looked_at.surge > 0 && looked_at.active_refresh().is_none_or(Refresh::is_cancelling) {
            let edited = self.fleet.edit(group, context.now);
            edited.surge = edited.surge.min(edited.capacity().saturating_sub(edited.sizes.desired));
        }
    }

    fn launch_missing(&mut self, context: &mut Context, group: GroupIndex) {
        let looked_at = self.fleet.get(group);
        let (wanted, mut capacity) = (looked_at.wanted(), looked_at.capacity());
        if capacity >= wanted || !looked_at.runs(Process::Launch) {
            return;
        }
        if looked_at.no_launch_before > context.now {
            return self.reconcile_at(context, group, looked_at.no_launch_before);
        }
        while capacity < wanted {
            match self.launch_into_best_zone(context, group) {
                Ok(weight) => capacity += weight.max(1),
                Err(message) => return self.put_launches_off(context, group, wanted - capacity, &message),
            }
        }
        // What one of several units has too many stays until the refresh can spare it.
        if self.fleet.get(group).active_refresh().is_some() {
            self.fleet.edit(group, context.now).surge += capacity - wanted;
        }
    }

    /// Launches where fewest instances are, and where there is capacity; the units of capacity that it adds.
    fn launch_into_best_zone(&mut self, context: &mut Context, group: GroupIndex) -> Result<u32, Arc<str>> {
        let looked_at = self.fleet.get(group);
        let live = looked_at.live_by_zone();
        let mut refused: Option<Arc<str>> = None;
        let mut best: Option<usize> = None;
        if let Some(message) = self.exceeds_quota() {
            return Err(message);
        }
        for (zone, count) in live.iter().enumerate() {
            if looked_at.shifted_away_from.as_ref() == Some(&looked_at.zones[zone]) {
                continue;
            }
            match self.launch_failure(context.now, &looked_at.zones[zone]) {
                Some(message) => refused = Some(message),
                None if best.is_none_or(|best| *count < live[best]) => best = Some(zone),
                None => {}
            }
        }
        let Some(zone) = best else {
            return Err(refused.unwrap_or_else(|| "The group has no Availability Zones.".into()));
        };
        if let Some(pooled) = self.take_from_pool(context, group, zone) {
            let weight = pooled.recipe.weight;
            self.launch_from_pool(context, group, pooled);
            return Ok(weight);
        }
        let looked_at = self.fleet.get(group);
        let source = looked_at.active_refresh().and_then(|refresh| refresh.target.as_ref());
        let source = source.unwrap_or(&looked_at.launch);
        let Some(recipe) = source.recipe(&self.templates, looked_at.launches) else {
            return Err("Launching EC2 instance failed: the specified launch template does not exist.".into());
        };
        let weight = recipe.weight;
        let why = looked_at.because(
            "an instance was started in response to a difference between desired and actual capacity.",
        );
        self.launch(context, group, zone, recipe, &why);
        Ok(weight)
    }

    /// What AWS says where the account has as many instances as it may have, over all groups.
    fn exceeds_quota(&self) -> Option<Arc<str>> {
        let groups = self.fleet.indices().map(|index| self.fleet.get(index));
        let running = groups.map(|group| group.instances.len()).sum::<usize>();
        let quota =
            self.instance_quota.filter(|quota| running >= usize::try_from(*quota).unwrap_or(usize::MAX))?;
        let message = format!(
            "You have requested more vCPU capacity than your current vCPU limit of {quota} allows for the instance bucket \
             that the specified instance type belongs to. Launching EC2 instance failed."
        );
        Some(message.into())
    }

    pub(crate) fn launch_failure(&self, now: Moment, zone: &Arc<str>) -> Option<Arc<str>> {
        let active = self.launch_failures.iter().filter(|failure| failure.is_due(now));
        let mut hits = active.filter(|failure| failure.zone.as_ref().is_none_or(|only| only == zone));
        hits.next().map(|failure| failure.message.clone())
    }

    fn put_launches_off(
        &mut self,
        context: &mut Context,
        group: GroupIndex,
        missing: u32,
        message: &Arc<str>,
    ) {
        for _ in 0..missing.min(FAILURES_SHOWN) {
            self.launch_failed(context, group, message);
        }
        let now = context.now;
        for failure in self.launch_failures.iter_mut().filter(|failure| failure.is_due(now)) {
            failure.tries = failure.tries.map(|left| left.saturating_sub(1));
        }
        let edited = self.fleet.edit(group, now);
        edited.launch_failures = edited.launch_failures.saturating_add(1);
        let longer = (1 << (edited.launch_failures - 1).min(4)).min(10);
        let wait = Span(edited.timing.launch_retry.0.saturating_mul(longer));
        edited.no_launch_before = now + wait;
        self.reconcile_at(context, group, now + wait);
    }

    /// Terminates what the group has too much of.
    fn scale_in(&mut self, context: &mut Context, group: GroupIndex, cause: &TerminationCause) {
        if !self.fleet.get(group).runs(Process::Terminate) {
            return;
        }
        loop {
            let looked_at = self.fleet.get(group);
            let surplus = looked_at.capacity().saturating_sub(looked_at.wanted());
            if surplus == 0 {
                return;
            }
            let Some(victim) = scale_in::choose(looked_at, &self.templates, context.now, &context.random)
            else {
                return;
            };
            if looked_at.instance(victim).is_none_or(|one| one.weight > surplus) {
                return;
            }
            let before = looked_at.capacity();
            let after = before - looked_at.instance(victim).map_or(0, |one| one.weight);
            let why = because(
                "an instance was taken out of service in response to a difference between desired and actual capacity",
                before,
                after,
            );
            let why = looked_at.because(&why);
            self.take_out(context, group, victim, cause.clone(), &why);
        }
    }

    /// Launches into the emptiest zones first; what is then too much goes from the fullest.
    fn rebalance(&mut self, context: &mut Context, group: GroupIndex) {
        let looked_at = self.fleet.get(group);
        let steady = looked_at.capacity() == looked_at.wanted()
            && looked_at.surge == 0
            && looked_at.at_risk.is_empty()
            && looked_at.instances.iter().filter(|one| one.lifecycle.is_counted()).all(is_in_service);
        let may = [Process::AZRebalance, Process::Launch, Process::Terminate]
            .into_iter()
            .all(|one| looked_at.runs(one));
        if !steady || !may || looked_at.rebalancing > 0 {
            return;
        }
        // It launches first: where the emptiest zone has no capacity nothing is moved.
        let live = looked_at.live_by_zone();
        let emptiest = live.iter().zip(&looked_at.zones).min_by_key(|(count, _)| **count);
        if emptiest.is_some_and(|(_, zone)| self.launch_failure(context.now, zone).is_some()) {
            return;
        }
        let moves = looked_at.moves_to_balance();
        let extra = moves.min(looked_at.sizes.room_above(looked_at.sizes.desired));
        if extra > 0 {
            let now = context.now;
            self.fleet.edit(group, now).rebalancing = extra;
            self.launch_missing(context, group);
        }
    }

    /// Once the extra instances serve, as many go from the fullest zones.
    fn settle_rebalancing(&mut self, context: &mut Context, group: GroupIndex) {
        let looked_at = self.fleet.get(group);
        let arrived = looked_at.capacity() >= looked_at.wanted()
            && looked_at.instances.iter().filter(|one| one.lifecycle.is_counted()).all(is_in_service);
        let stopped = !looked_at.runs(Process::AZRebalance);
        if looked_at.rebalancing > 0 && (arrived || stopped) {
            let now = context.now;
            self.fleet.edit(group, now).rebalancing = 0;
            self.scale_in(context, group, &TerminationCause::Rebalance);
        }
    }

    /// Sets sizes, and lets Auto Scaling act on them.
    pub(crate) fn resize(
        &mut self,
        context: &mut Context,
        group: GroupIndex,
        after: Sizes,
        by: Author,
        how: Resized,
    ) {
        let now = context.now;
        let edited = self.fleet.edit(group, now);
        let before = std::mem::replace(&mut edited.sizes, after);
        if before.desired != after.desired
            && let Some(said) = said(how, after)
        {
            let said = format!(
                "At {} {said} changing the desired capacity from {} to {}.",
                now.to_the_second(),
                before.desired,
                after.desired
            );
            edited.resized = if edited.resized.is_empty() {
                said.into()
            } else {
                format!("{}  {said}", edited.resized).into()
            };
        }
        if before != after {
            self.note(context, group, GroupEvent::Sized { by, before, after, how });
            self.reconcile_soon(context, group);
        }
    }

    /// Sets which processes are suspended. What a resumed process missed is caught up on.
    pub(crate) fn set_suspended(
        &mut self,
        context: &mut Context,
        index: GroupIndex,
        after: BTreeSet<Process>,
        by: Author,
    ) {
        let now = context.now;
        let group = self.fleet.edit(index, now);
        let before = std::mem::replace(&mut group.suspended, after.clone());
        if before == after {
            return;
        }
        group.suspended_at.retain(|process, _| after.contains(process));
        for process in after.difference(&before) {
            group.suspended_at.insert(*process, now);
        }
        if before.contains(&Process::HealthCheck) && !after.contains(&Process::HealthCheck) {
            let checked_at = now + group.timing.health_check;
            let ids: Vec<_> = group.instances.iter().map(|one| one.id).collect();
            for id in ids {
                context.schedule(checked_at, ScheduledEvent::Step(index, id, InstanceStep::CheckHealth));
            }
        }
        self.note(context, index, GroupEvent::Suspended { by, before, after });
        self.reconcile_soon(context, index);
    }
}

/// How sizes are changed, in the words of activities, with what they are after that.
fn said(how: Resized, after: Sizes) -> Option<String> {
    let Sizes { min, max, desired } = after;
    let constraints =
        format!("update of AutoScalingGroup constraints to min: {min}, max: {max}, desired: {desired}");
    Some(match how {
        Resized::Update => format!("a user request {constraints}"),
        Resized::Schedule => format!("a scheduled action {constraints}"),
        Resized::Explicitly => "a user request explicitly set group desired capacity".to_owned(),
        Resized::Policy => "a monitor alarm load in state ALARM triggered policy scale".to_owned(),
        Resized::WithAnInstance => return None,
    })
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

/// The sizes after an update, or why AWS refuses them.
pub(crate) fn bounded(
    before: Sizes,
    min: Option<u32>,
    max: Option<u32>,
    desired: Option<u32>,
) -> Result<Sizes, AwsError> {
    let (min, max) = (min.unwrap_or(before.min), max.unwrap_or(before.max));
    if min > max {
        // The text is from memory of AWS's answer; that it refuses is certain.
        return Err(AwsError::validation(format!(
            "Max bound, {max}, must be greater than or equal to min bound, {min}"
        )));
    }
    match desired {
        Some(desired) if desired < min || desired > max => Err(AwsError::validation(format!(
            "Desired capacity:{desired} must be between the specified min size:{min} and max size:{max}"
        ))),
        Some(desired) => Ok(Sizes { min, max, desired }),
        None => Ok(Sizes { min, max, desired: before.desired.clamp(min, max) }),
    }
}
