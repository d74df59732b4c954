//! What load balancers find of a group's instances, and what Auto Scaling makes of that.

use crate::world::context::Context;
use crate::world::ids::{GroupIndex, InstanceId};
use crate::world::interventions::TargetsHeld;
use crate::world::processes::Process;
use crate::world::record::GroupEvent;
use crate::world::schedule::{InstanceStep, ScheduledEvent};
use crate::world::spec::HealthCheck;

use super::instance::{Application, Ec2State, Health, Instance, Lifecycle, Target};
use super::load_balancer::{HeldTargets, Registration};
use super::state::AutoScaling;

impl AutoScaling {
    /// The load balancers' verdict, from the state of the application and the machine, but for targets that are held.
    pub(crate) fn check_targets(&mut self, context: &mut Context, group: GroupIndex, id: InstanceId) {
        let now = context.now;
        let looked_at = self.fleet.get(group);
        let Some(instance) = looked_at.instance(id) else { return };
        let works = instance.application == Application::Works && instance.ec2_state == Ec2State::Running;
        let verdict = if works { Target::Healthy } else { Target::Unhealthy };
        let served = instance.serves();
        let in_service_at = instance.in_service_at.unwrap_or(now);
        let held =
            looked_at.held_targets.filter(|held| held.until > now && looked_at.fits(held.which, instance));
        let state = |one: &Registration| match held {
            Some(held) if held.port.is_none_or(|port| port == one.port) => {
                held.target(looked_at.load_balancers[one.load_balancer].kind)
            }
            _ => verdict,
        };
        let states: Vec<Target> = looked_at.registrations.iter().map(state).collect();
        self.change(context, group, id, |one| {
            for (target, state) in
                one.targets.iter_mut().zip(states).filter(|(target, _)| target.is_checked())
            {
                *target = state;
            }
        });
        if let Some(held) = held {
            context.schedule(held.until, ScheduledEvent::Step(group, id, InstanceStep::CheckTargets));
        }
        let Some(instance) = self.fleet.get(group).instance(id) else { return };
        if instance.serves() && !served {
            self.note(context, group, GroupEvent::TargetsHealthy(id));
            if !self.fleet.get(group).at_risk.is_empty() {
                self.reconcile_soon(context, group);
            }
        } else if served && !instance.serves() && held.is_some() {
            self.note(context, group, GroupEvent::Disrupted { instance: id, served });
        } else if instance.targets.contains(&Target::Unhealthy) {
            self.note(context, group, GroupEvent::Changed("a target is unhealthy"));
        }
        let Some(instance) = self.fleet.get(group).instance(id) else { return };
        if instance.targets.contains(&Target::Unhealthy) {
            let edited = self.fleet.get(group);
            let counts_from = (in_service_at + edited.grace).max(now + edited.timing.health_check);
            context.schedule(counts_from, ScheduledEvent::Step(group, id, InstanceStep::CheckHealth));
        }
    }

    /// Auto Scaling's verdict. A machine that does not run counts at once, a target only after the grace period.
    pub(crate) fn check_health(&mut self, context: &mut Context, group: GroupIndex, id: InstanceId) {
        let looked_at = self.fleet.get(group);
        let Some(instance) = looked_at.instance(id) else { return };
        let dead = matches!(instance.ec2_state, Ec2State::ShuttingDown | Ec2State::Terminated);
        let grace_over = instance.in_service_at.is_some_and(|since| since + looked_at.grace <= context.now);
        let failing = looked_at.health_check == HealthCheck::Elb
            && grace_over
            && instance.targets.contains(&Target::Unhealthy);
        if !(dead || failing) || instance.health == Health::Unhealthy || !looked_at.runs(Process::HealthCheck)
        {
            return;
        }
        self.change(context, group, id, |one| one.health = Health::Unhealthy);
        self.note(context, group, GroupEvent::MarkedUnhealthy(id));
        self.reconcile_soon(context, group);
    }

    /// Targets stay in a state for a time: those there are from now on, others once their first checks are due.
    pub(crate) fn hold_targets(&mut self, context: &mut Context, group: GroupIndex, held: &TargetsHeld) {
        let now = context.now;
        let held =
            HeldTargets { until: now + held.lasts, state: held.state, which: held.which, port: held.port };
        let edited = self.fleet.edit(group, now);
        if edited.instances.iter().all(|one| one.targets.is_empty()) {
            context.changes_nothing("the group has no target group");
        }
        edited.held_targets = Some(held);
        let is_registered = |one: &&Instance| {
            one.lifecycle == Lifecycle::InService && one.targets.iter().any(|target| target.is_checked())
        };
        let settled = |one: &&Instance| !one.targets.contains(&Target::Initial);
        let ids: Vec<InstanceId> =
            edited.instances.iter().filter(is_registered).filter(settled).map(|one| one.id).collect();
        for id in ids {
            self.check_targets(context, group, id);
        }
    }
}
