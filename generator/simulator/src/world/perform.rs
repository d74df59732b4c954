//! Performs the deeds of a script.

use crate::time::Span;

use super::World;
use super::autoscaling::sizes::bounded;
use super::build::launch_source;
use super::deed::{Amount, Choice, Deed, RefreshSpec, SizeChange, Transition, Which};
use super::effects::{Effect, Step};
use super::group::Phase;
use super::instance::{Application, InstanceId, Lifecycle, Machine, Target};
use super::processes::{Process, listed_or_all};
use super::record::{Author, Cause, GroupIndex, Happening, Sizes};
use super::refresh_terms::{Preferences, RefreshStatus};
use super::scaling::LaunchFault;

/// How long entering standby takes.
const STANDBY_AFTER: Span = Span::seconds(5);

impl World {
    /// Entry number `entry` of the script is due.
    pub(super) fn do_entry(&mut self, entry: usize) {
        let script = self.script.clone();
        let group = script.group_of(entry, |name| self.fleet.find(name));
        let Some(group) = group.filter(|group| self.fleet.get(*group).phase == Phase::Present) else {
            return;
        };
        self.do_deed(group, &script.entries[entry].deed);
    }

    fn do_deed(&mut self, group: GroupIndex, deed: &Deed) {
        let now = self.now;
        match deed {
            Deed::ScalingPolicy(amount) => self.scale_by_policy(group, *amount),
            Deed::ScheduledAction(change) if self.fleet.get(group).runs(Process::ScheduledActions) => {
                self.set_sizes(group, *change);
            }
            Deed::ScheduledAction(_) => {}
            Deed::SetSizes(change) => self.set_sizes(group, *change),
            Deed::Kill(choice) => self.each(group, *choice, Self::kill),
            Deed::BreakApplication(choice) => self.each(group, *choice, Self::break_application),
            Deed::BreakLaunches(lasting) => self.launches_broken_until = now + lasting.lasts,
            Deed::FailLaunches(fault) => self.launch_faults.push(LaunchFault {
                until: now + fault.lasts,
                zone: fault.zone.as_deref().map(Into::into),
                message: fault.message.as_str().into(),
            }),
            Deed::StickHook(stuck) => match stuck.on {
                Transition::Launch => self.launch_hook_stuck_until = now + stuck.lasts,
                Transition::Terminate => self.terminate_hook_stuck_until = now + stuck.lasts,
            },
            Deed::DeleteGroup => self.delete_group(group),
            Deed::NewTemplateVersion(new) => self.change_template(&new.id, |template| {
                template.latest += 1;
                if new.make_default {
                    template.default = template.latest;
                }
            }),
            Deed::SetDefaultVersion(new) => {
                self.change_template(&new.id, |template| template.default = new.version);
            }
            Deed::LaunchFrom(spec) => {
                if let Some(source) = launch_source(spec) {
                    self.fleet.edit(group, now).launch = source;
                    self.note(group, Happening::LaunchSourceChanged);
                }
            }
            Deed::Suspend(listed) => {
                let mut after = self.fleet.get(group).suspended.clone();
                after.extend(listed_or_all(listed));
                self.set_suspended(group, after, Author::World);
            }
            Deed::Resume(listed) => {
                let resumed = listed_or_all(listed);
                let after = self.fleet.get(group).suspended.difference(&resumed).copied().collect();
                self.set_suspended(group, after, Author::World);
            }
            Deed::FailCalls(fault) => self.faults.begin(fault.clone(), now),
            other => self.do_deed_to_instances_or_tags(group, other),
        }
    }

    fn do_deed_to_instances_or_tags(&mut self, group: GroupIndex, deed: &Deed) {
        let now = self.now;
        match deed {
            Deed::StartInstanceRefresh(spec) => self.refresh_by_somebody(group, spec),
            Deed::CancelInstanceRefresh => {
                let refreshes = &mut self.fleet.edit(group, now).refreshes;
                if let Some(active) = refreshes.iter_mut().rev().find(|one| one.status.is_active()) {
                    active.status = RefreshStatus::Cancelling;
                }
            }
            Deed::RefreshAlarm => self.refresh_alarm(group),
            Deed::Protect(choice) => {
                self.each(group, *choice, |world, group, id| {
                    world.change(group, id, |one| one.protected = true);
                });
                self.note(group, Happening::Changed("protection"));
            }
            Deed::Unprotect(choice) => {
                self.each(group, *choice, |world, group, id| {
                    world.change(group, id, |one| one.protected = false);
                });
                self.note(group, Happening::Changed("protection"));
            }
            Deed::Standby(choice) => self.each(group, *choice, Self::enter_standby),
            Deed::SetTag(tag) => {
                self.fleet.edit(group, now).tags.insert(tag.key.as_str().into(), tag.value.as_str().into());
                self.note(group, Happening::Changed("tags"));
            }
            Deed::RemoveTag(key) => {
                self.fleet.edit(group, now).tags.remove(key.as_str());
                self.note(group, Happening::Changed("tags"));
            }
            _ => {}
        }
    }

    /// Does something to each instance that is chosen.
    fn each(
        &mut self,
        group: GroupIndex,
        choice: Choice,
        mut act: impl FnMut(&mut Self, GroupIndex, InstanceId),
    ) {
        let looked_at = self.fleet.get(group);
        let fits = |one: &&super::instance::Instance| {
            one.lifecycle.is_counted()
                && match choice.which {
                    Which::Any => true,
                    Which::Old => one.id < looked_at.first_new,
                    Which::New => one.id >= looked_at.first_new,
                    Which::Pending => one.id >= looked_at.first_new && one.lifecycle.is_pending(),
                }
        };
        let count = usize::try_from(choice.count).unwrap_or(usize::MAX);
        let chosen: Vec<InstanceId> =
            looked_at.instances.iter().filter(fits).take(count).map(|one| one.id).collect();
        for id in chosen {
            act(self, group, id);
        }
    }

    /// A machine dies. Auto Scaling sees it at its next check.
    fn kill(&mut self, group: GroupIndex, id: InstanceId) {
        let served = self.fleet.get(group).instance(id).is_some_and(super::instance::Instance::serves);
        self.change(group, id, |one| {
            one.machine = Machine::Terminated;
            for target in one.targets.iter_mut().filter(|target| **target != Target::Unregistered) {
                *target = Target::Unhealthy;
            }
        });
        self.note(group, Happening::Struck { instance: id, served });
        self.note(group, Happening::MachineTerminated(id));
        let check = self.fleet.get(group).timing.health_check;
        self.step_in(group, id, check, Step::CheckHealth);
    }

    fn break_application(&mut self, group: GroupIndex, id: InstanceId) {
        let served = self.fleet.get(group).instance(id).is_some_and(super::instance::Instance::serves);
        self.change(group, id, |one| {
            one.application = Application::Broken;
            for target in one.targets.iter_mut().filter(|target| **target == Target::Healthy) {
                *target = Target::Unhealthy;
            }
        });
        self.note(group, Happening::Struck { instance: id, served });
        if served {
            self.check_targets(group, id);
        }
    }

    /// Standby lowers the desired capacity, as the operator's call does by default here.
    fn enter_standby(&mut self, group: GroupIndex, id: InstanceId) {
        let looked_at = self.fleet.get(group);
        let Some(instance) = looked_at.instance(id).filter(|one| one.lifecycle == Lifecycle::InService)
        else {
            return;
        };
        let (served, weight, sizes) = (instance.serves(), instance.weight, looked_at.sizes);
        self.change(group, id, |one| {
            one.lifecycle = Lifecycle::EnteringStandby;
            one.targets.fill(Target::Unregistered);
        });
        self.note(group, Happening::Struck { instance: id, served });
        if sizes.desired >= sizes.min + weight {
            self.resize(group, Sizes { desired: sizes.desired - weight, ..sizes }, Author::World);
        }
        self.step_in(group, id, STANDBY_AFTER, Step::Standby);
        self.reconcile_soon(group);
    }

    fn scale_by_policy(&mut self, group: GroupIndex, amount: Amount) {
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
        self.resize(group, Sizes { desired, ..sizes }, Author::World);
    }

    /// An update by somebody else, held to the same rules as ours: what AWS refuses does not happen.
    fn set_sizes(&mut self, group: GroupIndex, change: SizeChange) {
        let before = self.fleet.get(group).sizes;
        if let Ok(after) = bounded(before, change.min, change.max, change.desired) {
            self.resize(group, after, Author::World);
        }
    }

    /// The group goes with its instances, as `ForceDelete` has it.
    fn delete_group(&mut self, group: GroupIndex) {
        let now = self.now;
        self.fleet.edit(group, now).phase = Phase::Deleting;
        self.note(group, Happening::Deleting);
        let ids: Vec<InstanceId> = self.fleet.get(group).instances.iter().map(|one| one.id).collect();
        if ids.is_empty() {
            self.effects.at(now + STANDBY_AFTER, Effect::Delete(group));
        }
        for id in ids {
            self.take_out(group, id, Cause::GroupDeleted, "the group was deleted.");
        }
    }

    fn change_template(&mut self, id: &str, change: impl FnOnce(&mut super::launch::Template)) {
        let Some(template) = self.templates.get_mut(id) else { return };
        change(template);
        for group in self.fleet.indices() {
            if self.fleet.get(group).launches_from(id) {
                self.note(group, Happening::LaunchSourceChanged);
            }
        }
    }

    fn refresh_by_somebody(&mut self, group: GroupIndex, spec: &RefreshSpec) {
        if self.fleet.get(group).active_refresh().is_some() {
            return;
        }
        let target = spec.desired_configuration.as_ref().and_then(launch_source);
        let default = Preferences::default();
        let preferences = Preferences {
            min_healthy: spec.min_healthy.unwrap_or(default.min_healthy),
            max_healthy: spec.max_healthy.unwrap_or(default.max_healthy),
            warmup: self.fleet.get(group).grace,
            ..default
        };
        self.start_refresh(group, preferences, target, Author::World);
    }
}
