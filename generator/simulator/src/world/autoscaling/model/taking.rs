//! What others take out of a group: to standby, out of it alive, by a call, by its age, or because EC2 wants the machine back.

use crate::time::{Moment, Span};
use crate::world::context::Context;
use crate::world::ids::{GroupIndex, InstanceId};
use crate::world::processes::Process;
use crate::world::record::{Author, GroupEvent, Resized, Sizes, TerminationCause};
use crate::world::schedule::InstanceStep;

use super::activity::{Activity, on_request};
use super::group::Group;
use super::instance::{Health, Instance, Lifecycle, Target};
use super::state::AutoScaling;

/// How long entering standby, or leaving the group alive, takes.
const ASIDE_AFTER: Span = Span::seconds(5);

/// A way to take an instance out of service that leaves its machine running.
pub(super) struct Aside {
    lifecycle: Lifecycle,
    then: InstanceStep,
    why: &'static str,
    activity: fn(u32, InstanceId, Moment, &str) -> Activity,
}

pub(super) const STANDBY: Aside = Aside {
    lifecycle: Lifecycle::EnteringStandby,
    then: InstanceStep::Standby,
    why: "instance was moved to standby",
    activity: Activity::standby,
};

pub(super) const DETACHMENT: Aside = Aside {
    lifecycle: Lifecycle::Detaching,
    then: InstanceStep::Detached,
    why: "instance was detached",
    activity: Activity::detachment,
};

impl AutoScaling {
    /// Takes an instance out of service that runs on. That lowers the desired capacity, as the operator's call does by default here.
    pub(super) fn set_aside(
        &mut self,
        context: &mut Context,
        group: GroupIndex,
        id: InstanceId,
        how: &Aside,
    ) {
        let looked_at = self.fleet.get(group);
        let Some(instance) = looked_at.instance(id).filter(|one| one.lifecycle == Lifecycle::InService)
        else {
            return context.changes_nothing("the instance is not in service");
        };
        let (served, weight, sizes) = (instance.serves(), instance.weight, looked_at.sizes);
        let desired =
            if sizes.desired >= sizes.min + weight { sizes.desired - weight } else { sizes.desired };
        let activity = (how.activity)(
            self.next_activity(),
            id,
            context.now,
            &on_request(context.now, how.why, sizes.desired, desired),
        );
        let edited = self.fleet.edit(group, context.now);
        edited.activities.push(activity);
        let activity = edited.activities.len() - 1;
        self.change(context, group, id, |one| {
            one.lifecycle = how.lifecycle;
            one.activity = Some(activity);
            one.targets.fill(Target::Unregistered);
        });
        self.note(context, group, GroupEvent::Disrupted { instance: id, served });
        self.resize(context, group, Sizes { desired, ..sizes }, Author::World, Resized::WithAnInstance);
        context.step_in(group, id, ASIDE_AFTER, how.then);
        self.reconcile_soon(context, group);
    }

    /// Puts an instance that is in standby back into service, which raises the desired capacity. AWS refuses what the maximum has no room for.
    pub(super) fn end_standby(&mut self, context: &mut Context, group: GroupIndex, id: InstanceId) {
        let looked_at = self.fleet.get(group);
        let sizes = looked_at.sizes;
        let desired = sizes.desired + looked_at.instance(id).map_or(0, |one| one.weight);
        if desired > sizes.max {
            return context.changes_nothing("AWS refuses it: the group's maximum leaves no room");
        }
        let why = on_request(context.now, "instance was moved out of standby", sizes.desired, desired);
        let activity = Activity::out_of_standby(self.next_activity(), id, context.now, &why);
        let edited = self.fleet.edit(group, context.now);
        edited.activities.push(activity);
        let activity = edited.activities.len() - 1;
        self.change(context, group, id, |one| {
            one.lifecycle = Lifecycle::PendingProceed;
            one.activity = Some(activity);
        });
        self.resize(context, group, Sizes { desired, ..sizes }, Author::World, Resized::WithAnInstance);
        context.step_in(group, id, ASIDE_AFTER, InstanceStep::Serve);
        self.reconcile_soon(context, group);
    }

    /// Somebody else's `TerminateInstanceInAutoScalingGroup`. AWS refuses one that would go below the minimum.
    pub(super) fn terminate_for_somebody(
        &mut self,
        context: &mut Context,
        group: GroupIndex,
        id: InstanceId,
        decrements: bool,
    ) {
        let looked_at = self.fleet.get(group);
        let (sizes, weight) = (looked_at.sizes, looked_at.instance(id).map_or(0, |one| one.weight));
        let taken = if decrements { weight } else { 0 };
        if sizes.desired < sizes.min + taken {
            return;
        }
        let desired = sizes.desired - taken;
        let why = on_request(context.now, "instance was taken out of service", sizes.desired, desired);
        self.take_out(context, group, id, TerminationCause::Somebody, &why);
        self.resize(context, group, Sizes { desired, ..sizes }, Author::World, Resized::WithAnInstance);
        self.reconcile_soon(context, group);
    }

    /// An instance is as old as the group lets them become.
    pub(super) fn expire(&mut self, context: &mut Context, group: GroupIndex, id: InstanceId) {
        let why = "an instance was taken out of service in response to a maximum instance lifetime.";
        self.take_out(context, group, id, TerminationCause::Lifetime, why);
        self.reconcile_soon(context, group);
    }

    /// EC2 says that it may take the machine back. Auto Scaling launches another first, and then lets the instance go.
    pub(super) fn put_at_risk(&mut self, context: &mut Context, group: GroupIndex, id: InstanceId) {
        let at_risk = &mut self.fleet.edit(group, context.now).at_risk;
        if !at_risk.contains(&id) {
            at_risk.push(id);
        }
        self.note(context, group, GroupEvent::Changed("an instance is at an elevated risk of interruption"));
        self.reconcile_soon(context, group);
    }

    /// Once what was launched for them serves, those at risk go.
    pub(super) fn let_go_those_at_risk(&mut self, context: &mut Context, group: GroupIndex) {
        let edited = self.fleet.edit(group, context.now);
        let gone = |group: &Group, id: &InstanceId| {
            group.instance(*id).is_none_or(|one| !one.lifecycle.is_counted())
        };
        let left: Vec<InstanceId> = edited.at_risk.iter().copied().filter(|id| !gone(edited, id)).collect();
        edited.at_risk.clone_from(&left);
        let mut newcomers = edited.instances.iter().filter(|one| one.lifecycle.is_counted());
        let has_arrived = edited.capacity() >= edited.wanted()
            && newcomers.all(|one| left.contains(&one.id) || one.serves());
        if !has_arrived || edited.active_refresh().is_some() {
            return;
        }
        edited.at_risk.clear();
        let why =
            "an instance was taken out of service in response to an EC2 instance rebalance recommendation.";
        for id in left {
            self.take_out(context, group, id, TerminationCause::AtRisk, why);
        }
    }
}

impl Group {
    /// How many it is to have above its desired capacity for those at risk. An instance refresh comes first.
    pub fn extra_for_those_at_risk(&self) -> u32 {
        if self.active_refresh().is_some() {
            return 0;
        }
        let room = self.sizes.room_above(self.sizes.desired + self.rebalancing);
        room.min(u32::try_from(self.at_risk.len()).unwrap_or(u32::MAX))
    }

    /// Those that are unhealthy and that Auto Scaling terminates now (docs/aws.md, fact A31): with a policy by which others come first, no
    /// more than there are healthy ones in service to make up for, besides who never came into service.
    pub(super) fn to_be_replaced(&self) -> Vec<InstanceId> {
        let counted = || self.instances.iter().filter(|one| one.lifecycle.is_counted());
        let unhealthy: Vec<_> = counted().filter(|one| one.health == Health::Unhealthy).collect();
        let well =
            counted().filter(|one| one.lifecycle == Lifecycle::InService && one.health == Health::Healthy);
        let needed = usize::try_from(self.sizes.desired).unwrap_or(usize::MAX);
        let spare = (well.count() + unhealthy.len()).saturating_sub(needed);
        let goes = |(index, one): &(usize, &&Instance)| {
            !self.has_others_come_first() || one.lifecycle != Lifecycle::InService || *index < spare
        };
        unhealthy.iter().enumerate().filter(goes).map(|(_, one)| one.id).collect()
    }

    /// How many it is to have above its desired capacity for those that are unhealthy and stay until others serve: a tenth, and one at least.
    pub fn extra_for_the_unhealthy(&self) -> u32 {
        if !self.has_others_come_first() || !self.runs(Process::ReplaceUnhealthy) {
            return 0;
        }
        let stay = self
            .instances
            .iter()
            .filter(|one| one.lifecycle == Lifecycle::InService && one.health == Health::Unhealthy);
        u32::try_from(stay.count()).unwrap_or(u32::MAX).min((self.sizes.desired / 10).max(1))
    }

    /// How many it is to have above its desired capacity by Auto Scaling's own choice, no refresh's.
    pub fn extra_beside(&self) -> u32 {
        self.rebalancing + self.extra_for_those_at_risk() + self.extra_for_the_unhealthy()
    }

    /// Whether others are launched before an unhealthy one goes. An instance refresh goes by its own percentages.
    fn has_others_come_first(&self) -> bool {
        self.launches_before_terminating && self.active_refresh().is_none()
    }
}
