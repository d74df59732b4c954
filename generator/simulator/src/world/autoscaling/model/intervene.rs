//! Performs the interventions of a script.

use crate::time::{Moment, Span};
use crate::world::context::Context;
use crate::world::ids::GroupIndex;
use crate::world::ids::InstanceId;
use crate::world::interventions::{
    Amount, BrokenLaunches, HookStuck, InstanceSelector, Intervention, LaunchFailure, LifecycleTransition,
    RefreshSpec, SizeChange,
};
use crate::world::processes::{Process, listed_or_all};
use crate::world::record::{Author, GroupEvent, Resized, Sizes, TerminationCause};
use crate::world::schedule::{InstanceStep, ScheduledEvent};

use super::group::GroupPhase;
use super::instance::{Application, Ec2State, Instance, Lifecycle, Target};
use super::launch::LaunchSource;
use super::refresh::{Preferences, RefreshStatus};
use super::scaling::bounded;
use super::state::{ActiveLaunchFailure, AutoScaling};
use super::taking::{DETACHMENT, STANDBY};

/// Why what is done to a refresh changes nothing.
const NO_REFRESH: &str = "no instance refresh is active";
/// How long a group without instances takes to go.
const DELETED_AFTER: Span = Span::seconds(5);

impl AutoScaling {
    /// Somebody or something outside does something to a group. What fails calls is not about a group.
    pub(crate) fn intervene(
        &mut self,
        context: &mut Context,
        group: GroupIndex,
        intervention: &Intervention,
    ) {
        let now = context.now;
        match intervention {
            Intervention::ScalingPolicy(amount) => self.scale_by_policy(context, group, *amount),
            Intervention::ScheduledAction(change)
                if self.fleet.get(group).runs(Process::ScheduledActions) =>
            {
                self.set_sizes(context, group, *change, Resized::Schedule);
            }
            Intervention::ScheduledAction(_) => {}
            Intervention::SetSizes(change) => self.set_sizes(context, group, *change, Resized::Update),
            Intervention::SetDesiredCapacity(desired) => {
                let change = SizeChange { desired: Some(*desired), ..SizeChange::default() };
                self.set_sizes(context, group, change, Resized::Explicitly);
            }
            Intervention::Kill(selector) => self.each(context, group, *selector, Self::kill),
            Intervention::BreakApplication(selector) => {
                self.each(context, group, *selector, Self::break_application);
            }
            Intervention::BreakLaunches(broken) => self.break_launches(now, broken),
            Intervention::FailLaunches(fault) => self.fail_launches(context, group, fault),
            Intervention::StickHook(stuck) => self.stick_hook(context, group, *stuck),
            Intervention::DeleteGroup => self.delete_group(context, group),
            Intervention::ReplaceGroup(sizes) => {
                self.fleet.edit(group, now).replaced_by = Some(*sizes);
                self.delete_group(context, group);
            }
            Intervention::NewTemplateVersion(new) => self.change_template(context, &new.id, |template| {
                template.latest += 1;
                if new.make_default {
                    template.default = template.latest;
                }
            }),
            Intervention::SetDefaultVersion(new) => {
                self.change_template(context, &new.id, |template| template.default = new.version);
            }
            Intervention::DeleteTemplate(id) => self.delete_template(context, id),
            Intervention::LaunchFrom(spec) => {
                if let Some(source) = LaunchSource::described(spec) {
                    self.fleet.edit(group, now).launch = source;
                    self.note(context, group, GroupEvent::LaunchSourceChanged);
                }
            }
            Intervention::Suspend(listed) => {
                let mut after = self.fleet.get(group).suspended.clone();
                after.extend(listed_or_all(listed));
                self.set_suspended(context, group, after, Author::World);
            }
            Intervention::Resume(listed) => {
                let resumed = listed_or_all(listed);
                let after = self.fleet.get(group).suspended.difference(&resumed).copied().collect();
                self.set_suspended(context, group, after, Author::World);
            }
            other => self.intervene_with_instances_or_tags(context, group, other),
        }
    }

    /// What is launched from now on serves nobody.
    fn break_launches(&mut self, now: Moment, broken: &BrokenLaunches) {
        self.launches_broken_until = now + broken.lasts;
        self.launches_work_for = broken.works_for;
        self.refusal = (broken.reason.as_str().into(), broken.description.as_str().into());
    }

    /// Launches fail from now on.
    fn fail_launches(&mut self, context: &mut Context, group: GroupIndex, fault: &LaunchFailure) {
        let is_in = |zone: &String| self.fleet.get(group).zones.iter().any(|one| **one == **zone);
        if fault.zone.as_ref().is_some_and(|zone| !is_in(zone)) {
            context.changes_nothing("the group is not in this zone");
        }
        self.launch_failures.push(ActiveLaunchFailure {
            until: context.now + fault.lasts,
            zone: fault.zone.as_deref().map(Into::into),
            message: fault.message.as_str().into(),
            after: fault.after,
            tries: fault.tries,
        });
    }

    /// A hook that begins from now on is not completed by whom it waits for.
    fn stick_hook(&mut self, context: &mut Context, group: GroupIndex, stuck: HookStuck) {
        let until = context.now + stuck.lasts;
        let hooks = self.fleet.get(group);
        let hook = match stuck.on {
            LifecycleTransition::Launch => hooks.launch_hook.as_ref(),
            LifecycleTransition::Terminate => hooks.terminate_hook.as_ref(),
        };
        if hook.is_none() {
            context.changes_nothing("the group has no such hook");
        }
        match stuck.on {
            LifecycleTransition::Launch => self.launch_hook_stuck_until = until,
            LifecycleTransition::Terminate => self.terminate_hook_stuck_until = until,
        }
    }

    fn intervene_with_instances_or_tags(
        &mut self,
        context: &mut Context,
        group: GroupIndex,
        intervention: &Intervention,
    ) {
        let now = context.now;
        match intervention {
            Intervention::StartInstanceRefresh(spec) => self.refresh_by_somebody(context, group, spec),
            Intervention::CancelInstanceRefresh => self.cancel_refresh(context, group),
            Intervention::RefreshAlarm => {
                if self.fleet.get(group).active_refresh().is_none() {
                    context.changes_nothing(NO_REFRESH);
                }
                self.refresh_alarm(context, group, None);
            }
            Intervention::ConfigureWarmPool(change) => self.configure_pool(context, group, *change),
            Intervention::Protect(selector) => self.protect(context, group, *selector, true),
            Intervention::Unprotect(selector) => self.protect(context, group, *selector, false),
            Intervention::HoldTargets(held) => self.hold_targets(context, group, held),
            Intervention::Standby(selector) => {
                self.each(context, group, *selector, |service, context, group, id| {
                    service.set_aside(context, group, id, &STANDBY);
                });
            }
            Intervention::ExitStandby(selector) => {
                let is_in_standby = |one: &Instance| one.lifecycle == Lifecycle::Standby;
                self.each_of(context, group, (*selector, is_in_standby), Self::end_standby);
            }
            Intervention::Detach(selector) => {
                self.each(context, group, *selector, |service, context, group, id| {
                    service.set_aside(context, group, id, &DETACHMENT);
                });
            }
            Intervention::Terminate(termination) => {
                let decrements = termination.decrement;
                self.each(context, group, termination.of(), |service, context, group, id| {
                    service.terminate_for_somebody(context, group, id, decrements);
                });
            }
            Intervention::Expire(selector) => self.each(context, group, *selector, Self::expire),
            Intervention::PutAtRisk(selector) => self.each(context, group, *selector, Self::put_at_risk),
            Intervention::SetTag(tag) => {
                self.fleet.edit(group, now).tags.insert(tag.key.as_str().into(), tag.value.as_str().into());
                self.note(context, group, GroupEvent::Changed("tags"));
            }
            Intervention::RemoveTag(key) => {
                if self.fleet.edit(group, now).tags.remove(key.as_str()).is_none() {
                    context.changes_nothing("the group has no such tag");
                }
                self.note(context, group, GroupEvent::Changed("tags"));
            }
            _ => context.changes_nothing("nothing does this to a group"),
        }
    }

    fn cancel_refresh(&mut self, context: &mut Context, group: GroupIndex) {
        let refreshes = &mut self.fleet.edit(group, context.now).refreshes;
        match refreshes.iter_mut().rev().find(|one| one.status.is_active()) {
            Some(active) => active.status = RefreshStatus::Cancelling,
            None => context.changes_nothing(NO_REFRESH),
        }
    }

    /// Protects instances from scale-in, or no longer.
    fn protect(&mut self, context: &mut Context, group: GroupIndex, selector: InstanceSelector, is_on: bool) {
        self.each(context, group, selector, |service, context, group, id| {
            service.change(context, group, id, |one| one.protected = is_on);
        });
        self.note(context, group, GroupEvent::Changed("protection"));
    }

    /// Does something to each instance that is chosen.
    fn each(
        &mut self,
        context: &mut Context,
        group: GroupIndex,
        selector: InstanceSelector,
        act: impl FnMut(&mut Self, &mut Context, GroupIndex, InstanceId),
    ) {
        self.each_of(context, group, (selector, |one| one.lifecycle.is_counted()), act);
    }

    /// The same, of those of a kind.
    fn each_of(
        &mut self,
        context: &mut Context,
        group: GroupIndex,
        (selector, is_one): (InstanceSelector, fn(&Instance) -> bool),
        mut act: impl FnMut(&mut Self, &mut Context, GroupIndex, InstanceId),
    ) {
        let looked_at = self.fleet.get(group);
        let fits = |one: &&Instance| is_one(one) && looked_at.fits(selector.which, one);
        let count = usize::try_from(selector.count).unwrap_or(usize::MAX);
        let chosen: Vec<InstanceId> =
            looked_at.instances.iter().filter(fits).take(count).map(|one| one.id).collect();
        if chosen.is_empty() {
            context.changes_nothing("no such instance is there");
        }
        for id in chosen {
            act(self, context, group, id);
        }
    }

    /// A machine dies. Auto Scaling sees it at its next check.
    fn kill(&mut self, context: &mut Context, group: GroupIndex, id: InstanceId) {
        let served = self.fleet.get(group).instance(id).is_some_and(Instance::serves);
        self.change(context, group, id, |one| {
            one.ec2_state = Ec2State::Terminated;
            for target in one.targets.iter_mut().filter(|target| target.is_checked()) {
                *target = Target::Unhealthy;
            }
        });
        self.note(context, group, GroupEvent::Disrupted { instance: id, served });
        self.note(context, group, GroupEvent::Ec2Terminated(id));
        let check = self.fleet.get(group).timing.health_check;
        context.step_in(group, id, check, InstanceStep::CheckHealth);
    }

    pub(crate) fn break_application(&mut self, context: &mut Context, group: GroupIndex, id: InstanceId) {
        let served = self.fleet.get(group).instance(id).is_some_and(Instance::serves);
        self.change(context, group, id, |one| {
            one.application = Application::Broken;
            for target in one.targets.iter_mut().filter(|target| **target == Target::Healthy) {
                *target = Target::Unhealthy;
            }
        });
        self.note(context, group, GroupEvent::Disrupted { instance: id, served });
        if served {
            self.check_targets(context, group, id);
        }
    }

    fn scale_by_policy(&mut self, context: &mut Context, group: GroupIndex, amount: Amount) {
        let looked_at = self.fleet.get(group);
        if !looked_at.runs(Process::AlarmNotification) {
            return;
        }
        let sizes = looked_at.sizes;
        let wanted = match amount {
            Amount::By(by) => sizes.desired.saturating_add_signed(by),
            Amount::To(to) => to,
        };
        let desired = wanted.clamp(sizes.min, sizes.max);
        self.resize(context, group, Sizes { desired, ..sizes }, Author::World, Resized::Policy);
    }

    /// An update by somebody else, held to the same rules as ours: what AWS refuses does not happen.
    fn set_sizes(&mut self, context: &mut Context, group: GroupIndex, change: SizeChange, how: Resized) {
        let before = self.fleet.get(group).sizes;
        match bounded(before, change.min, change.max, change.desired) {
            Ok(after) => self.resize(context, group, after, Author::World, how),
            Err(_) => context.changes_nothing("AWS refuses these sizes beside those of the group"),
        }
    }

    /// The group goes with its instances, as `ForceDelete` has it.
    fn delete_group(&mut self, context: &mut Context, group: GroupIndex) {
        let now = context.now;
        self.fleet.edit(group, now).phase = GroupPhase::Deleting;
        self.note(context, group, GroupEvent::Deleting);
        let ids: Vec<InstanceId> = self.fleet.get(group).instances.iter().map(|one| one.id).collect();
        if ids.is_empty() {
            context.schedule(now + DELETED_AFTER, ScheduledEvent::Delete(group));
        }
        for id in ids {
            self.take_out(context, group, id, TerminationCause::GroupDeleted, "the group was deleted.");
        }
    }

    fn change_template(
        &mut self,
        context: &mut Context,
        id: &str,
        change: impl FnOnce(&mut super::launch::LaunchTemplate),
    ) {
        let Some(template) = self.templates.get_mut(id) else {
            return context.changes_nothing("there is no such launch template");
        };
        change(template);
        for group in self.fleet.indices() {
            if self.fleet.get(group).launches_from(id) {
                self.note(context, group, GroupEvent::LaunchSourceChanged);
            }
        }
    }

    /// Groups that launch from it keep its id, and can launch no more.
    fn delete_template(&mut self, context: &mut Context, id: &str) {
        let Some(template) = self.templates.get_mut(id) else {
            return context.changes_nothing("there is no such launch template");
        };
        template.is_deleted = true;
        for group in self.fleet.indices() {
            if self.fleet.get(group).launches_from(id) {
                self.note(context, group, GroupEvent::Changed("a launch template is deleted"));
            }
        }
    }

    fn refresh_by_somebody(&mut self, context: &mut Context, group: GroupIndex, spec: &RefreshSpec) {
        if self.fleet.get(group).active_refresh().is_some() {
            return context.changes_nothing("an instance refresh is active already");
        }
        let target = spec.desired_configuration.as_ref().and_then(LaunchSource::described);
        let default = Preferences::default();
        let preferences = Preferences {
            min_healthy: spec.min_healthy.unwrap_or(default.min_healthy),
            max_healthy: spec.max_healthy.unwrap_or(default.max_healthy),
            warmup: self.fleet.get(group).refresh_warmup(),
            ..default
        };
        self.start_refresh(context, group, preferences, target, Author::World);
    }
}
