//! An instance's way into the group and out of it, step by step.

use std::sync::Arc;

use crate::time::Span;

use super::World;
use super::activity::{Activity, ActivityStatus};
use super::effects::{Effect, Step};
use super::group::Phase;
use super::instance::{Application, Health, Instance, InstanceId, Lifecycle, Machine, Target};
use super::launch::Recipe;
use super::processes::Process;
use super::record::{Cause, GroupIndex, Happening};
use super::spec::{HealthCheck, HookResult, HookSpec};

/// How long EC2 shows a terminated machine.
const REMEMBERED: Span = Span::seconds(3600);
/// From the end of a launch hook to service.
const PROCEEDS_AFTER: Span = Span::seconds(1);

impl World {
    /// Launches one instance into a zone.
    pub(super) fn launch(&mut self, group: GroupIndex, zone: usize, recipe: Recipe, why: &str) {
        self.instances += 1;
        let id = InstanceId(self.instances);
        let number = self.next_activity();
        let (now, application) = (self.now, self.application_of_launches());
        let edited = self.fleet.edit(group, now);
        let timing = edited.timing;
        edited.activities.push(Activity::launch(number, Some(id), now, why));
        edited.launches += 1;
        let instance = Instance {
            id,
            zone,
            instance_type: recipe.instance_type,
            weight: recipe.weight,
            origin: recipe.origin,
            lifecycle: Lifecycle::Pending,
            machine: Machine::Pending,
            health: Health::Healthy,
            application,
            targets: vec![Target::Unregistered; edited.target_groups.len()],
            protected: false,
            launched_at: now,
            in_service_at: None,
            cause: None,
            activity: Some(edited.activities.len() - 1),
        };
        edited.instances.push(instance);
        let start = self.spread(timing.spread_percent, timing.start);
        let boot = self.spread(timing.spread_percent, timing.boot);
        self.step_in(group, id, start, Step::Run);
        self.step_in(group, id, boot.max(start), Step::Boot);
        self.note(group, Happening::Launched(id));
    }

    /// Takes an instance out. Does nothing to one that is already on its way.
    pub(super) fn take_out(&mut self, group: GroupIndex, id: InstanceId, cause: Cause, why: &str) {
        let Some(instance) = self.fleet.get(group).instance(id) else { return };
        if instance.lifecycle.is_terminating() {
            return;
        }
        let served = instance.serves();
        let registered = instance.targets.iter().any(|target| *target != Target::Unregistered);
        let drains = registered && instance.machine == Machine::Running;
        let launch = instance.activity;
        let (now, number) = (self.now, self.next_activity());
        let timing = self.fleet.get(group).timing;
        let drain = if drains { self.spread(timing.spread_percent, timing.drain) } else { Span(0) };
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
            for target in instance.targets.iter_mut().filter(|target| **target != Target::Unregistered) {
                *target = Target::Draining;
            }
        }
        self.step_in(group, id, drain, Step::Drained);
        self.note(group, Happening::Terminating { instance: id, cause, served });
    }

    /// Takes a due step, where it still applies.
    pub(super) fn take_step(&mut self, group: GroupIndex, id: InstanceId, step: Step) {
        match step {
            Step::Terminated => return self.machine_terminated(group, id),
            Step::Forget => {
                let now = self.now;
                return self.fleet.edit(group, now).departed.retain(|one| one.id != id);
            }
            _ => {}
        }
        let Some(instance) = self.fleet.get(group).instance(id) else { return };
        let lifecycle = instance.lifecycle;
        match (step, lifecycle) {
            (Step::Run, _) if instance.machine == Machine::Pending => {
                self.change(group, id, |one| one.machine = Machine::Running);
            }
            (Step::Boot, Lifecycle::Pending) => self.booted(group, id),
            (Step::LaunchHook, Lifecycle::PendingWait) => self.proceed_to_service(group, id),
            (Step::LaunchHookTimeout, Lifecycle::PendingWait) => self.launch_hook_timed_out(group, id),
            (Step::Serve, Lifecycle::PendingProceed) => self.serve(group, id),
            (Step::CheckTargets, Lifecycle::InService) => self.check_targets(group, id),
            (Step::CheckHealth, _) if lifecycle.is_counted() => self.check_health(group, id),
            (Step::Drained, Lifecycle::Terminating) => self.drained(group, id),
            (Step::TerminateHook, Lifecycle::TerminatingWait) => self.shut_down(group, id),
            (Step::TerminateHookTimeout, Lifecycle::TerminatingWait) => {
                self.terminate_hook_timed_out(group, id);
            }
            (Step::Leave, Lifecycle::TerminatingProceed) => self.leave(group, id),
            (Step::Standby, Lifecycle::EnteringStandby) => {
                self.change(group, id, |one| one.lifecycle = Lifecycle::Standby);
                self.note(group, Happening::Changed("standby"));
            }
            _ => {}
        }
    }

    fn booted(&mut self, group: GroupIndex, id: InstanceId) {
        if self.fleet.get(group).instance(id).is_none_or(|one| one.machine != Machine::Running) {
            return;
        }
        match self.fleet.get(group).launch_hook {
            Some(hook) => {
                self.change(group, id, |one| one.lifecycle = Lifecycle::PendingWait);
                self.activity_of(group, id, |activity| activity.status = ActivityStatus::MidLifecycleAction);
                let stuck = self.launch_hook_stuck_until > self.now;
                self.hold(group, id, hook, stuck, (Step::LaunchHook, Step::LaunchHookTimeout));
            }
            None => self.serve(group, id),
        }
    }

    /// A hook holds an instance until it completes or its time runs out.
    fn hold(&mut self, group: GroupIndex, id: InstanceId, hook: HookSpec, stuck: bool, steps: (Step, Step)) {
        if stuck || hook.takes > hook.heartbeat {
            self.step_in(group, id, hook.heartbeat, steps.1);
        } else {
            self.step_in(group, id, hook.takes, steps.0);
        }
        self.note(group, Happening::HeldByHook(id));
    }

    fn proceed_to_service(&mut self, group: GroupIndex, id: InstanceId) {
        self.change(group, id, |one| one.lifecycle = Lifecycle::PendingProceed);
        self.step_in(group, id, PROCEEDS_AFTER, Step::Serve);
    }

    fn launch_hook_timed_out(&mut self, group: GroupIndex, id: InstanceId) {
        let hook = self.fleet.get(group).launch_hook.unwrap_or_default();
        if hook.default_result == HookResult::Continue {
            return self.proceed_to_service(group, id);
        }
        let now = self.now;
        self.activity_of(group, id, |activity| {
            activity.end(
                now,
                ActivityStatus::Cancelled,
                Some(
                    "Instance failed to complete user's Lifecycle Action: Lifecycle Action was abandoned: \
                      Timeout"
                        .into(),
                ),
            );
        });
        self.take_out(group, id, Cause::LaunchAbandoned, "an instance's launch hook was abandoned.");
        self.reconcile_soon(group);
    }

    fn serve(&mut self, group: GroupIndex, id: InstanceId) {
        let now = self.now;
        let edited = self.fleet.edit(group, now);
        edited.launch_failures = 0;
        let registers = edited.runs(Process::AddToLoadBalancer);
        let (protects, timing) = (edited.protects_new_instances, edited.timing);
        let Some(instance) = edited.instance_mut(id).filter(|one| one.machine == Machine::Running) else {
            return;
        };
        instance.lifecycle = Lifecycle::InService;
        instance.in_service_at = Some(now);
        instance.protected = protects;
        if registers {
            instance.targets.fill(Target::Initial);
        }
        let is_target = registers && !instance.targets.is_empty();
        self.activity_of(group, id, |activity| activity.end(now, ActivityStatus::Successful, None));
        if is_target {
            let lag = self.spread(timing.spread_percent, timing.health_lag);
            self.step_in(group, id, lag, Step::CheckTargets);
        }
        self.note(group, Happening::InService(id));
        self.reconcile_soon(group);
    }

    /// The load balancer's verdict, from the state of the application and the machine.
    pub(super) fn check_targets(&mut self, group: GroupIndex, id: InstanceId) {
        let Some(instance) = self.fleet.get(group).instance(id) else { return };
        let works = instance.application == Application::Works && instance.machine == Machine::Running;
        let verdict = if works { Target::Healthy } else { Target::Unhealthy };
        let served = instance.serves();
        let in_service_at = instance.in_service_at.unwrap_or(self.now);
        self.change(group, id, |one| {
            for target in one.targets.iter_mut().filter(|target| **target != Target::Unregistered) {
                *target = verdict;
            }
        });
        if works && !served {
            self.note(group, Happening::TargetsHealthy(id));
        } else if !works {
            let edited = self.fleet.get(group);
            let counts_from = (in_service_at + edited.grace).max(self.now + edited.timing.health_check);
            self.effects.at(counts_from, Effect::Step(group, id, Step::CheckHealth));
            self.note(group, Happening::Changed("a target is unhealthy"));
        }
    }

    /// Auto Scaling's verdict. A machine that does not run counts at once, a target only after the grace period.
    fn check_health(&mut self, group: GroupIndex, id: InstanceId) {
        let looked_at = self.fleet.get(group);
        let Some(instance) = looked_at.instance(id) else { return };
        let dead = matches!(instance.machine, Machine::ShuttingDown | Machine::Terminated);
        let grace_over = instance.in_service_at.is_some_and(|since| since + looked_at.grace <= self.now);
        let failing = looked_at.health_check == HealthCheck::Elb
            && grace_over
            && instance.targets.contains(&Target::Unhealthy);
        if !(dead || failing) || instance.health == Health::Unhealthy || !looked_at.runs(Process::HealthCheck)
        {
            return;
        }
        self.change(group, id, |one| one.health = Health::Unhealthy);
        self.note(group, Happening::MarkedUnhealthy(id));
        self.reconcile_soon(group);
    }

    fn drained(&mut self, group: GroupIndex, id: InstanceId) {
        self.change(group, id, |one| one.targets.fill(Target::Unregistered));
        let drained = self.fleet.get(group);
        let alive = drained.instance(id).is_some_and(|one| one.machine == Machine::Running);
        match drained.terminate_hook.filter(|_| alive) {
            Some(hook) => {
                self.change(group, id, |one| one.lifecycle = Lifecycle::TerminatingWait);
                self.activity_of(group, id, |activity| activity.status = ActivityStatus::MidLifecycleAction);
                let stuck = self.terminate_hook_stuck_until > self.now;
                self.hold(group, id, hook, stuck, (Step::TerminateHook, Step::TerminateHookTimeout));
            }
            None => self.shut_down(group, id),
        }
    }

    fn terminate_hook_timed_out(&mut self, group: GroupIndex, id: InstanceId) {
        let hook = self.fleet.get(group).terminate_hook.unwrap_or_default();
        if hook.retains && hook.default_result == HookResult::Abandon {
            self.change(group, id, |one| one.lifecycle = Lifecycle::TerminatingRetained);
            self.note(group, Happening::Changed("a termination is retained"));
        } else {
            self.shut_down(group, id);
        }
    }

    fn shut_down(&mut self, group: GroupIndex, id: InstanceId) {
        let timing = self.fleet.get(group).timing;
        let mut shutdown = self.spread(timing.spread_percent, timing.shutdown);
        self.change(group, id, |one| {
            one.lifecycle = Lifecycle::TerminatingProceed;
            if one.machine == Machine::Terminated {
                shutdown = Span(0);
            } else {
                one.machine = Machine::ShuttingDown;
            }
        });
        self.activity_of(group, id, |activity| activity.status = ActivityStatus::InProgress);
        self.step_in(group, id, shutdown, Step::Leave);
    }

    fn leave(&mut self, group: GroupIndex, id: InstanceId) {
        let now = self.now;
        self.activity_of(group, id, |activity| activity.end(now, ActivityStatus::Successful, None));
        let edited = self.fleet.edit(group, now);
        let Ok(position) = edited.instances.binary_search_by_key(&id, |one| one.id) else { return };
        let mut instance = edited.instances.remove(position);
        instance.lifecycle = Lifecycle::Gone;
        let runs_on = instance.machine != Machine::Terminated;
        edited.departed.push_back(instance);
        let (release, deleted) =
            (edited.timing.release, edited.phase == Phase::Deleting && edited.instances.is_empty());
        if runs_on {
            self.step_in(group, id, release, Step::Terminated);
        }
        self.step_in(group, id, REMEMBERED, Step::Forget);
        if deleted {
            self.effects.at(now + Span::seconds(5), Effect::Delete(group));
        }
        self.note(group, Happening::Left(id));
        self.reconcile_soon(group);
    }

    fn machine_terminated(&mut self, group: GroupIndex, id: InstanceId) {
        let now = self.now;
        if let Some(instance) = self.fleet.edit(group, now).departed.iter_mut().find(|one| one.id == id) {
            instance.machine = Machine::Terminated;
            self.note(group, Happening::MachineTerminated(id));
        }
    }

    /// Changes one instance.
    pub(super) fn change(&mut self, group: GroupIndex, id: InstanceId, change: impl FnOnce(&mut Instance)) {
        let now = self.now;
        if let Some(instance) = self.fleet.edit(group, now).instance_mut(id) {
            change(instance);
        }
    }

    /// Changes the activity that launches or terminates an instance.
    fn activity_of(&mut self, group: GroupIndex, id: InstanceId, change: impl FnOnce(&mut Activity)) {
        let now = self.now;
        let edited = self.fleet.edit(group, now);
        let at = edited.instance(id).and_then(|one| one.activity);
        if let Some(activity) = at.and_then(|at| edited.activities.get_mut(at)) {
            change(activity);
        }
    }

    /// Schedules a step of an instance.
    pub(super) fn step_in(&mut self, group: GroupIndex, id: InstanceId, after: Span, step: Step) {
        self.effects.at(self.now + after, Effect::Step(group, id, step));
    }

    /// A time as it turns out: up to `percent` shorter or longer.
    pub(super) fn spread(&mut self, percent: u8, span: Span) -> Span {
        if percent == 0 {
            return span;
        }
        let percent = u64::from(percent.min(100));
        Span(span.0.saturating_mul(self.random.between(100 - percent, 100 + percent)) / 100)
    }

    /// The next activity's number.
    pub(super) fn next_activity(&mut self) -> u32 {
        self.activities += 1;
        self.activities
    }

    /// What the next launches' application does.
    fn application_of_launches(&self) -> Application {
        if self.launches_broken_until > self.now { Application::Broken } else { Application::Works }
    }

    /// A failed try to launch, as an activity.
    pub(super) fn launch_failed(&mut self, group: GroupIndex, message: &Arc<str>) {
        let (now, number) = (self.now, self.next_activity());
        let mut activity =
            Activity::launch(number, None, now, "an instance was needed to meet the desired capacity.");
        activity.end(now, ActivityStatus::Failed, Some(message.clone()));
        self.fleet.edit(group, now).activities.push(activity);
        self.note(group, Happening::LaunchFailed(message.to_string()));
    }
}
