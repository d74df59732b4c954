//! An instance's way into the group and out of it, step by step.

use std::sync::Arc;

use crate::time::Span;
use crate::world::context::Context;
use crate::world::ids::GroupIndex;
use crate::world::ids::InstanceId;
use crate::world::interventions::LifecycleTransition;
use crate::world::processes::Process;
use crate::world::record::{GroupEvent, TerminationCause};
use crate::world::schedule::{InstanceStep, ScheduledEvent};
use crate::world::spec::{HookResult, HookSpec};

use super::activity::{Activity, ActivityStatus};
use super::group::GroupPhase;
use super::instance::{Ec2State, Health, Instance, Lifecycle, Target};
use super::launch::Recipe;
use super::load_balancer::Registration;
use super::state::AutoScaling;
use super::warm_pool::Pooled;

/// How long EC2 shows a terminated machine.
const REMEMBERED: Span = Span::seconds(3600);
/// From the end of a launch hook to service.
const PROCEEDS_AFTER: Span = Span::seconds(1);

impl AutoScaling {
    /// Launches one instance into a zone.
    pub(crate) fn launch(
        &mut self,
        context: &mut Context,
        group: GroupIndex,
        zone: usize,
        recipe: Recipe,
        why: &str,
    ) {
        self.instances += 1;
        for failure in &mut self.launch_failures {
            failure.after = failure.after.saturating_sub(1);
        }
        let (id, tags) = (InstanceId(self.instances), Arc::new(self.fleet.get(group).tags.clone()));
        let timing = self.fleet.get(group).timing;
        let start = context.spread(timing.spread_percent, timing.start);
        let boot = context.spread(timing.spread_percent, timing.boot).max(start);
        let newcomer = Pooled { id, zone, recipe, tags, ready_at: context.now };
        let activity = Activity::launch(self.next_activity(), Some(id), context.now, why);
        self.join(context, group, newcomer, (start, boot), activity);
    }

    /// Puts an instance of the warm pool into service: it only has to be started.
    pub(crate) fn launch_from_pool(&mut self, context: &mut Context, group: GroupIndex, pooled: Pooled) {
        let timing = self.fleet.get(group).timing;
        let start = context.spread(timing.spread_percent, timing.start);
        let why = self.fleet.get(group).because("an instance was started from the warm pool.");
        let activity = Activity::launch_from_pool(self.next_activity(), pooled.id, context.now, &why);
        self.join(context, group, pooled, (start, start), activity);
    }

    fn join(
        &mut self,
        context: &mut Context,
        group: GroupIndex,
        newcomer: Pooled,
        (start, boot): (Span, Span),
        activity: Activity,
    ) {
        let Pooled { id, zone, recipe, tags, .. } = newcomer;
        let (now, application) = (context.now, self.application_of_launches(context.now));
        let edited = self.fleet.edit(group, now);
        edited.activities.push(activity);
        edited.launches += 1;
        let instance = Instance {
            id,
            zone,
            instance_type: recipe.instance_type,
            weight: recipe.weight,
            origin: recipe.origin,
            tags,
            lifecycle: Lifecycle::Pending,
            ec2_state: Ec2State::Pending,
            health: Health::Healthy,
            application,
            targets: vec![Target::Unregistered; edited.registrations.len()],
            protected: false,
            launched_at: now,
            in_service_at: None,
            cause: None,
            activity: Some(edited.activities.len() - 1),
        };
        // One of the pool has an id that is older than those of instances launched since.
        let position = edited.instances.partition_point(|one| one.id < id);
        edited.instances.insert(position, instance);
        context.step_in(group, id, start, InstanceStep::Run);
        context.step_in(group, id, boot, InstanceStep::Boot);
        self.note(context, group, GroupEvent::Launched(id));
    }

    /// Takes an instance out. Does nothing to one that is already on its way.
    pub(crate) fn take_out(
        &mut self,
        context: &mut Context,
        group: GroupIndex,
        id: InstanceId,
        cause: TerminationCause,
        why: &str,
    ) {
        let Some(instance) = self.fleet.get(group).instance(id) else { return };
        if instance.lifecycle.is_terminating() {
            return;
        }
        let served = instance.serves();
        let registered = instance.targets.iter().any(|target| target.is_checked());
        let drains = registered && instance.ec2_state == Ec2State::Running;
        let launch = instance.activity;
        let (now, number) = (context.now, self.next_activity());
        let timing = self.fleet.get(group).timing;
        let drain = if drains { context.spread(timing.spread_percent, timing.drain) } else { Span(0) };
        let edited = self.fleet.edit(group, now);
        if let Some(launch) =
            launch.and_then(|at| edited.activities.get_mut(at)).filter(|one| one.ended_at.is_none())
        {
            launch.end(now, ActivityStatus::Cancelled, None);
        }
        let mut activity = Activity::termination(number, id, now, why);
        if drains {
            activity.status = ActivityStatus::WaitingForElbConnectionDraining;
        }
        edited.activities.push(activity);
        let activity = edited.activities.len() - 1;
        if let Some(instance) = edited.instance_mut(id) {
            instance.lifecycle = Lifecycle::Terminating;
            instance.cause = Some(cause.clone());
            instance.activity = Some(activity);
            for target in instance.targets.iter_mut().filter(|target| target.is_checked()) {
                *target = Target::Draining;
            }
        }
        context.step_in(group, id, drain, InstanceStep::Drained);
        self.note(context, group, GroupEvent::Terminating { instance: id, cause, served });
    }

    /// Takes a due step, where it still applies.
    pub(crate) fn take_step(
        &mut self,
        context: &mut Context,
        group: GroupIndex,
        id: InstanceId,
        step: InstanceStep,
    ) {
        match step {
            InstanceStep::Terminated => return self.machine_terminated(context, group, id),
            InstanceStep::Forget => {
                let now = context.now;
                return self.fleet.edit(group, now).departed.retain(|one| one.id != id);
            }
            _ => {}
        }
        let Some(instance) = self.fleet.get(group).instance(id) else { return };
        let lifecycle = instance.lifecycle;
        match (step, lifecycle) {
            (InstanceStep::Run, _) if instance.ec2_state == Ec2State::Pending => {
                self.change(context, group, id, |one| one.ec2_state = Ec2State::Running);
            }
            (InstanceStep::Boot, Lifecycle::Pending) => self.booted(context, group, id),
            (InstanceStep::LaunchHook, Lifecycle::PendingWait) => {
                let with = self.fleet.get(group).launch_hook.unwrap_or_default().completed_with;
                self.launch_hook_ended(context, group, id, (with, "Completed with ABANDON result"));
            }
            (InstanceStep::LaunchHookTimeout, Lifecycle::PendingWait) => {
                let with = self.fleet.get(group).launch_hook.unwrap_or_default().default_result;
                self.launch_hook_ended(context, group, id, (with, "Heartbeat Timeout"));
            }
            (InstanceStep::Break, Lifecycle::InService) => self.break_application(context, group, id),
            (InstanceStep::Serve, Lifecycle::PendingProceed) => self.serve(context, group, id),
            (InstanceStep::CheckTargets, Lifecycle::InService) => self.check_targets(context, group, id),
            (InstanceStep::CheckHealth, _) if lifecycle.is_counted() => self.check_health(context, group, id),
            (InstanceStep::Drained, Lifecycle::Terminating) => self.drained(context, group, id),
            (InstanceStep::TerminateHook, Lifecycle::TerminatingWait) => self.shut_down(context, group, id),
            (InstanceStep::TerminateHookTimeout, Lifecycle::TerminatingWait) => {
                self.terminate_hook_timed_out(context, group, id);
            }
            (InstanceStep::Leave, Lifecycle::TerminatingProceed)
            | (InstanceStep::Detached, Lifecycle::Detaching) => self.leave(context, group, id),
            (InstanceStep::Standby, Lifecycle::EnteringStandby) => {
                self.change(context, group, id, |one| one.lifecycle = Lifecycle::Standby);
                let now = context.now;
                self.activity_of(context, group, id, |activity| {
                    activity.end(now, ActivityStatus::Successful, None);
                });
                self.note(context, group, GroupEvent::Changed("standby"));
            }
            _ => {}
        }
    }

    fn booted(&mut self, context: &mut Context, group: GroupIndex, id: InstanceId) {
        if self.fleet.get(group).instance(id).is_none_or(|one| one.ec2_state != Ec2State::Running) {
            return;
        }
        match self.fleet.get(group).launch_hook {
            Some(hook) => self.hold(context, group, id, hook, LifecycleTransition::Launch),
            None => self.serve(context, group, id),
        }
    }

    /// A hook holds an instance until it completes or its time runs out.
    fn hold(
        &mut self,
        context: &mut Context,
        group: GroupIndex,
        id: InstanceId,
        hook: HookSpec,
        transition: LifecycleTransition,
    ) {
        let (waiting, stuck_until, over, timed_out) = match transition {
            LifecycleTransition::Launch => (
                Lifecycle::PendingWait,
                self.launch_hook_stuck_until,
                InstanceStep::LaunchHook,
                InstanceStep::LaunchHookTimeout,
            ),
            LifecycleTransition::Terminate => (
                Lifecycle::TerminatingWait,
                self.terminate_hook_stuck_until,
                InstanceStep::TerminateHook,
                InstanceStep::TerminateHookTimeout,
            ),
        };
        self.change(context, group, id, |one| one.lifecycle = waiting);
        self.activity_of(context, group, id, |activity| {
            activity.status = ActivityStatus::MidLifecycleAction;
        });
        let is_late = stuck_until > context.now || hook.takes > hook.heartbeat;
        let (after, step) = if is_late { (hook.heartbeat, timed_out) } else { (hook.takes, over) };
        context.step_in(group, id, after, step);
        self.note(context, group, GroupEvent::HeldByHook(id));
    }

    fn proceed_to_service(&mut self, context: &mut Context, group: GroupIndex, id: InstanceId) {
        self.change(context, group, id, |one| one.lifecycle = Lifecycle::PendingProceed);
        context.step_in(group, id, PROCEEDS_AFTER, InstanceStep::Serve);
    }

    /// A launch hook is over, with what and why; an abandoned launch is cancelled.
    fn launch_hook_ended(
        &mut self,
        context: &mut Context,
        group: GroupIndex,
        id: InstanceId,
        (with, why): (HookResult, &str),
    ) {
        if with == HookResult::Continue {
            return self.proceed_to_service(context, group, id);
        }
        let now = context.now;
        self.activity_of(context, group, id, |activity| {
            let token = format!("{:08x}-0000-4000-8000-000000000001", activity.number);
            let message = format!(
                "Instance failed to complete user's Lifecycle Action: Lifecycle Action with token {token} was abandoned: {why}"
            );
            activity.end(now, ActivityStatus::Cancelled, Some(message.into()));
        });
        self.take_out(
            context,
            group,
            id,
            TerminationCause::LaunchAbandoned,
            "an instance's launch hook was abandoned.",
        );
        self.reconcile_soon(context, group);
    }

    fn serve(&mut self, context: &mut Context, group: GroupIndex, id: InstanceId) {
        let now = context.now;
        let edited = self.fleet.edit(group, now);
        edited.launch_failures = 0;
        let registers = edited.runs(Process::AddToLoadBalancer);
        let (protects, timing) = (edited.protects_new_instances, edited.timing);
        let first = |one: &Registration| one.first_state(&edited.load_balancers, Target::Initial);
        let registered: Vec<Target> = edited.registrations.iter().map(first).collect();
        let Some(instance) = edited.instance_mut(id).filter(|one| one.ec2_state == Ec2State::Running) else {
            return;
        };
        instance.lifecycle = Lifecycle::InService;
        instance.in_service_at = Some(now);
        instance.protected = protects;
        if registers {
            instance.targets.clone_from(&registered);
        }
        let breaks_in = self.launches_work_for.filter(|_| self.launches_broken_until > now);
        if let Some(breaks_in) = breaks_in {
            context.step_in(group, id, breaks_in, InstanceStep::Break);
        }
        let is_target = instance.targets.iter().any(|target| target.is_checked());
        self.activity_of(context, group, id, |activity| activity.end(now, ActivityStatus::Successful, None));
        if is_target {
            let lag = context.spread(timing.spread_percent, timing.health_lag);
            context.step_in(group, id, lag, InstanceStep::CheckTargets);
        }
        self.note(context, group, GroupEvent::InService(id));
        self.reconcile_soon(context, group);
    }

    fn drained(&mut self, context: &mut Context, group: GroupIndex, id: InstanceId) {
        self.change(context, group, id, |one| one.targets.fill(Target::Unregistered));
        let drained = self.fleet.get(group);
        let alive = drained.instance(id).is_some_and(|one| one.ec2_state == Ec2State::Running);
        match drained.terminate_hook.filter(|_| alive) {
            Some(hook) => self.hold(context, group, id, hook, LifecycleTransition::Terminate),
            None => self.shut_down(context, group, id),
        }
    }

    fn terminate_hook_timed_out(&mut self, context: &mut Context, group: GroupIndex, id: InstanceId) {
        let hook = self.fleet.get(group).terminate_hook.unwrap_or_default();
        if hook.retains && hook.default_result == HookResult::Abandon {
            self.change(context, group, id, |one| one.lifecycle = Lifecycle::TerminatingRetained);
            self.note(context, group, GroupEvent::Changed("a termination is retained"));
        } else {
            self.shut_down(context, group, id);
        }
    }

    fn shut_down(&mut self, context: &mut Context, group: GroupIndex, id: InstanceId) {
        let timing = self.fleet.get(group).timing;
        let mut shutdown = context.spread(timing.spread_percent, timing.shutdown);
        self.change(context, group, id, |one| {
            one.lifecycle = Lifecycle::TerminatingProceed;
            if one.ec2_state == Ec2State::Terminated {
                shutdown = Span(0);
            } else {
                one.ec2_state = Ec2State::ShuttingDown;
            }
        });
        self.activity_of(context, group, id, |activity| activity.status = ActivityStatus::InProgress);
        context.step_in(group, id, shutdown, InstanceStep::Leave);
    }

    fn leave(&mut self, context: &mut Context, group: GroupIndex, id: InstanceId) {
        let now = context.now;
        self.activity_of(context, group, id, |activity| activity.end(now, ActivityStatus::Successful, None));
        let edited = self.fleet.edit(group, now);
        let Ok(position) = edited.instances.binary_search_by_key(&id, |one| one.id) else { return };
        let mut instance = edited.instances.remove(position);
        let is_detached = instance.lifecycle == Lifecycle::Detaching;
        instance.lifecycle = if is_detached { Lifecycle::Detached } else { Lifecycle::Gone };
        let shuts_down = instance.ec2_state != Ec2State::Terminated && !is_detached;
        edited.departed.push_back(instance);
        let (release, deleted) =
            (edited.timing.release, edited.phase == GroupPhase::Deleting && edited.instances.is_empty());
        if shuts_down {
            context.step_in(group, id, release, InstanceStep::Terminated);
        }
        if !is_detached {
            context.step_in(group, id, REMEMBERED, InstanceStep::Forget);
        }
        if deleted {
            context.schedule(now + Span::seconds(5), ScheduledEvent::Delete(group));
        }
        self.note(context, group, GroupEvent::Left(id));
        self.reconcile_soon(context, group);
    }

    fn machine_terminated(&mut self, context: &mut Context, group: GroupIndex, id: InstanceId) {
        let now = context.now;
        if let Some(instance) = self.fleet.edit(group, now).departed.iter_mut().find(|one| one.id == id) {
            instance.ec2_state = Ec2State::Terminated;
            self.note(context, group, GroupEvent::Ec2Terminated(id));
        }
    }

    /// A failed try to launch, as an activity.
    pub(crate) fn launch_failed(&mut self, context: &mut Context, group: GroupIndex, message: &Arc<str>) {
        let (now, number) = (context.now, self.next_activity());
        let why = self.fleet.get(group).because(
            "an instance was started in response to a difference between desired and actual capacity.",
        );
        let mut activity = Activity::launch(number, None, now, &why);
        activity.end(now, ActivityStatus::Failed, Some(message.clone()));
        self.fleet.edit(group, now).activities.push(activity);
        self.note(context, group, GroupEvent::LaunchFailed(message.to_string()));
    }
}
