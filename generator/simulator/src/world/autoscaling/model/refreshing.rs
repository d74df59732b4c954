//! How instance refreshes go: AWS's own replacement of instances, started by a call or by somebody else.

use std::collections::BTreeSet;

use crate::time::{Moment, Span};
use crate::world::context::Context;
use crate::world::ids::GroupIndex;
use crate::world::ids::InstanceId;
use crate::world::processes::Process;
use crate::world::record::{Author, GroupEvent, TerminationCause};
use crate::world::schedule::ScheduledEvent;

use super::group::Group;
use super::instance::{Health, Instance, Lifecycle};
use super::launch::LaunchSource;
use super::refresh::{Preferences, Refresh, RefreshStatus, Special};
use super::state::AutoScaling;

/// Between two steps.
const TICK: Span = Span::seconds(15);
/// A refresh that does not get on for so long fails.
const PATIENCE: Span = Span::seconds(3600);

impl Group {
    /// After which time in service instances count where a refresh says nothing of its own (A28).
    pub(crate) fn refresh_warmup(&self) -> Span {
        self.warmup.unwrap_or(self.grace)
    }

    /// The refresh that is under way.
    pub fn active_refresh(&self) -> Option<&Refresh> {
        self.refreshes.iter().rev().find(|refresh| refresh.status.is_active())
    }
}

impl AutoScaling {
    /// Starts a refresh; the caller has seen to it that none is active.
    pub(crate) fn start_refresh(
        &mut self,
        context: &mut Context,
        group: GroupIndex,
        preferences: Preferences,
        target: Option<LaunchSource>,
        by: Author,
    ) -> String {
        self.refreshes += 1;
        let now = context.now;
        let refresh = Refresh {
            number: self.refreshes,
            status: RefreshStatus::Pending,
            reason: None,
            started_at: now,
            ended_at: None,
            preferences,
            target,
            left: BTreeSet::new(),
            total: 0,
            moved_at: now,
            checkpoints_passed: 0,
            stops_until: now,
            waits_to_cancel: true,
            bakes_until: None,
        };
        let id = refresh.id();
        let edited = self.fleet.edit(group, now);
        edited.refreshes.push(refresh);
        let index = edited.refreshes.len() - 1;
        context.schedule(now + TICK, ScheduledEvent::Refresh(group, index));
        self.note(context, group, GroupEvent::RefreshStarted(by));
        id
    }

    /// A refresh takes its next step.
    pub(crate) fn refresh_step(&mut self, context: &mut Context, group: GroupIndex, index: usize) {
        let now = context.now;
        let Some(refresh) = self.fleet.get(group).refreshes.get(index) else { return };
        match refresh.status {
            RefreshStatus::Pending => self.refresh_begins(context, group, index),
            RefreshStatus::InProgress | RefreshStatus::RollbackInProgress => {
                self.refresh_replaces(context, group, index);
            }
            RefreshStatus::Baking if refresh.bakes_until.is_none_or(|until| until <= now) => {
                return self.end_refresh(context, group, index, RefreshStatus::Successful, None);
            }
            RefreshStatus::Baking => {}
            RefreshStatus::Cancelling => {
                if !self.cancelling_goes_on(context, group, index) {
                    return self.end_refresh(context, group, index, RefreshStatus::Cancelled, None);
                }
            }
            _ => return self.surplus_goes(context, group, index),
        }
        if self.fleet.get(group).refreshes[index].status.is_active() {
            context.schedule(now + TICK, ScheduledEvent::Refresh(group, index));
        }
    }

    /// Whether a cancelled refresh still waits for what it has launched and terminated already.
    fn cancelling_goes_on(&mut self, context: &mut Context, group: GroupIndex, index: usize) -> bool {
        let now = context.now;
        let edited = self.fleet.edit(group, now);
        edited.surge = edited.surge.min(edited.capacity().saturating_sub(edited.sizes.desired));
        let Refresh { waits_to_cancel, preferences, .. } = &edited.refreshes[index];
        let settled = |one: &Instance| {
            !one.lifecycle.is_terminating()
                && one.in_service_at.is_none_or(|at| at + preferences.warmup <= now)
        };
        *waits_to_cancel && !edited.instances.iter().all(|one| !one.lifecycle.is_pending() && settled(one))
    }

    fn refresh_begins(&mut self, context: &mut Context, group: GroupIndex, index: usize) {
        let now = context.now;
        let looked_at = self.fleet.get(group);
        let refresh = &looked_at.refreshes[index];
        let source = refresh.target.as_ref().unwrap_or(&looked_at.launch);
        let chosen = looked_at.instances.iter().filter(|one| {
            let special = match one.lifecycle {
                Lifecycle::Standby | Lifecycle::EnteringStandby => refresh.preferences.standby,
                _ if one.protected => refresh.preferences.protected,
                _ => Special::Replace,
            };
            let matches = refresh.preferences.skips_matching && source.is_current(&self.templates, one);
            !one.lifecycle.is_terminating() && special != Special::Ignore && !matches
        });
        let left: BTreeSet<InstanceId> = chosen.map(|one| one.id).collect();
        let refresh = &mut self.fleet.edit(group, now).refreshes[index];
        refresh.total = left.len();
        refresh.left = left;
        refresh.moved_at = now;
        refresh.status = RefreshStatus::InProgress;
    }

    fn refresh_replaces(&mut self, context: &mut Context, group: GroupIndex, index: usize) {
        let now = context.now;
        if !self.fleet.get(group).runs(Process::InstanceRefresh) {
            return;
        }
        let edited = self.fleet.edit(group, now);
        let gone: Vec<InstanceId> = edited.refreshes[index]
            .left
            .iter()
            .copied()
            .filter(|id| edited.instance(*id).is_none_or(|one| one.lifecycle.is_terminating()))
            .collect();
        let refresh = &mut edited.refreshes[index];
        refresh.left.retain(|id| !gone.contains(id));
        if !gone.is_empty() {
            refresh.moved_at = now;
        }
        if refresh.stops_at_checkpoint(now) {
            return;
        }
        let (victims, surge) = edited.refresh_plan(index, now);
        if edited.surge != surge {
            edited.surge = surge;
            self.reconcile_soon(context, group);
        }
        let looked_at = self.fleet.get(group);
        let refresh = &looked_at.refreshes[index];
        let done =
            refresh.left.is_empty() && surge == 0 && looked_at.is_settled(refresh.preferences.warmup, now);
        let stalled = refresh.moved_at + PATIENCE <= now;
        for id in victims {
            self.take_out(
                context,
                group,
                id,
                TerminationCause::InstanceRefresh,
                "an instance was taken out of service in response to an instance refresh.",
            );
            self.reconcile_soon(context, group);
        }
        if done {
            self.refresh_done(context, group, index);
        } else if stalled {
            self.refresh_fails(
                context,
                group,
                index,
                "Instance refresh failed to make progress for one hour.",
            );
        }
    }

    fn refresh_done(&mut self, context: &mut Context, group: GroupIndex, index: usize) {
        let now = context.now;
        let refresh = &mut self.fleet.edit(group, now).refreshes[index];
        if refresh.status == RefreshStatus::RollbackInProgress {
            return self.end_refresh(context, group, index, RefreshStatus::RollbackSuccessful, None);
        }
        if refresh.preferences.bake > Span(0) {
            refresh.status = RefreshStatus::Baking;
            refresh.bakes_until = Some(now + refresh.preferences.bake);
        } else {
            self.end_refresh(context, group, index, RefreshStatus::Successful, None);
        }
    }

    /// What a refresh leaves above the desired capacity goes once everything is ready, not before: the termination policy
    /// would take one that is ready for one that is not.
    fn surplus_goes(&mut self, context: &mut Context, group: GroupIndex, index: usize) {
        let now = context.now;
        let looked_at = self.fleet.get(group);
        if looked_at.active_refresh().is_some() || looked_at.surge == 0 {
            return;
        }
        if looked_at.is_settled(looked_at.refreshes[index].preferences.warmup, now) {
            self.fleet.edit(group, now).surge = 0;
            self.reconcile_soon(context, group);
        } else {
            context.schedule(now + TICK, ScheduledEvent::Refresh(group, index));
        }
    }

    /// An alarm is on: every active refresh that watches it fails.
    pub(crate) fn hear_of_alarm(&mut self, context: &mut Context, alarm: &str) {
        for group in self.fleet.indices() {
            self.refresh_alarm(context, group, Some(alarm));
        }
    }

    /// An alarm goes off, or one of those that are watched: the active refresh fails, if it watches it.
    pub(crate) fn refresh_alarm(&mut self, context: &mut Context, group: GroupIndex, alarm: Option<&str>) {
        let refreshes = &self.fleet.get(group).refreshes;
        let is_watched =
            |alarms: &[String]| alarms.iter().any(|watched| alarm.is_none_or(|alarm| alarm == watched));
        let watching = |one: &Refresh| one.status.is_active() && is_watched(&one.preferences.alarms);
        if let Some(index) = refreshes.iter().rposition(watching) {
            self.refresh_fails(context, group, index, "An alarm that the instance refresh watches went off.");
        }
    }

    fn refresh_fails(&mut self, context: &mut Context, group: GroupIndex, index: usize, reason: &str) {
        let refresh = &self.fleet.get(group).refreshes[index];
        match refresh.status {
            RefreshStatus::RollbackInProgress => {
                self.end_refresh(context, group, index, RefreshStatus::RollbackFailed, Some(reason));
            }
            _ if refresh.preferences.rolls_back && refresh.target.is_some() => {
                self.roll_back(context, group, index);
            }
            _ => self.end_refresh(context, group, index, RefreshStatus::Failed, Some(reason)),
        }
    }

    /// Replaces what the refresh launched by what the group's own configuration launches.
    pub(crate) fn roll_back(&mut self, context: &mut Context, group: GroupIndex, index: usize) {
        let (now, templates) = (context.now, self.templates.clone());
        let edited = self.fleet.edit(group, now);
        let strays = edited
            .instances
            .iter()
            .filter(|one| one.lifecycle.is_counted() && !edited.launch.is_current(&templates, one))
            .filter(|one| !edited.refreshes[index].left.contains(&one.id))
            .map(|one| one.id);
        let left: BTreeSet<InstanceId> = strays.collect();
        let refresh = &mut edited.refreshes[index];
        refresh.status = RefreshStatus::RollbackInProgress;
        refresh.target = None;
        refresh.total = left.len();
        refresh.left = left;
        refresh.moved_at = now;
    }

    fn end_refresh(
        &mut self,
        context: &mut Context,
        group: GroupIndex,
        index: usize,
        status: RefreshStatus,
        reason: Option<&str>,
    ) {
        let now = context.now;
        let edited = self.fleet.edit(group, now);
        edited.surge = edited.surge.min(edited.capacity().saturating_sub(edited.sizes.desired));
        let has_surplus = edited.surge > 0;
        let refresh = &mut edited.refreshes[index];
        refresh.status = status;
        refresh.ended_at = Some(now);
        refresh.reason = reason.map(Into::into);
        if let Some(target) = refresh.target.clone().filter(|_| status == RefreshStatus::Successful) {
            edited.launch = target;
            self.note(context, group, GroupEvent::LaunchSourceChanged);
        }
        self.note(context, group, GroupEvent::RefreshEnded(status.as_str()));
        if has_surplus {
            context.schedule(now + TICK, ScheduledEvent::Refresh(group, index));
        }
        self.reconcile_soon(context, group);
    }
}

impl Group {
    /// What goes now, and how far the group may grow above its desired capacity.
    fn refresh_plan(&self, index: usize, now: Moment) -> (Vec<InstanceId>, u32) {
        let refresh = &self.refreshes[index];
        let preferences = &refresh.preferences;
        let desired = self.sizes.desired;
        let weight_of = |id: &InstanceId| self.instance(*id).map_or(0, |one| one.weight);
        // Whatever the percentages come to in units, there is room for one instance at a time.
        let heaviest = refresh.left.iter().map(weight_of).max().unwrap_or(1);
        let most = (desired * preferences.max_healthy.saturating_sub(100)).div_ceil(100);
        let most = if most == 0 { 0 } else { most.max(heaviest) };
        let floor = (desired * preferences.min_healthy).div_ceil(100);
        let ready = self.instances.iter().filter(|one| is_ready(one, preferences.warmup, now));
        let ready: u32 = ready.map(|one| one.weight).sum();
        let mut room = ready.saturating_sub(floor);
        let mut victims = Vec::new();
        let mut waiting = Vec::new();
        for instance in refresh.left.iter().filter_map(|id| self.instance(*id)) {
            let standby = is_aside(instance);
            let waits = (instance.protected && preferences.protected == Special::Wait)
                || (standby && preferences.standby == Special::Wait);
            if waits {
                continue;
            }
            if !standby && instance.weight > room {
                waiting.push(instance.id);
                continue;
            }
            if !standby && is_ready(instance, preferences.warmup, now) {
                room -= instance.weight;
            }
            victims.push(instance.id);
        }
        if victims.is_empty() && most == 0 && self.is_settled(preferences.warmup, now) {
            victims.extend(waiting.first()); // a floor that leaves no room
        }
        // What goes now is made up for by what came before it, so no more is launched for it.
        let left = refresh.left.iter().filter(|id| !victims.contains(id)).map(weight_of).sum();
        let surge = most.min(left);
        // What is above that goes by the termination policy, which would take one that is ready before one that is not:
        // it has to wait until the floor allows it, as has what a launch of several units has too many.
        let leaving =
            victims.iter().filter_map(|id| self.instance(*id)).filter(|one| one.lifecycle.is_counted());
        let staying = self.capacity().saturating_sub(leaving.map(|one| one.weight).sum());
        let surplus = staying.saturating_sub(desired + self.rebalancing + surge);
        let kept = if surplus > room && surplus <= self.surge { surplus } else { 0 };
        (victims, surge + kept)
    }

    /// Nothing is on its way, and everything that counts is ready.
    fn is_settled(&self, warmup: Span, now: Moment) -> bool {
        let mut counted = self.instances.iter().filter(|one| one.lifecycle.is_counted());
        self.capacity() >= self.sizes.desired && counted.all(|one| is_ready(one, warmup, now))
    }
}

fn is_aside(instance: &Instance) -> bool {
    matches!(instance.lifecycle, Lifecycle::Standby | Lifecycle::EnteringStandby)
}

fn is_ready(instance: &Instance, warmup: Span, now: Moment) -> bool {
    instance.lifecycle == Lifecycle::InService
        && instance.health == Health::Healthy
        && instance.in_service_at.is_some_and(|since| since + warmup <= now)
}
