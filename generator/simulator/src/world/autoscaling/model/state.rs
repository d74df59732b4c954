//! What Auto Scaling knows, and the small changes that all its rules are made of.

use std::sync::Arc;

use serde_json::Value;

use crate::time::{Moment, Span};
use crate::world::context::Context;
use crate::world::ids::{GroupIndex, InstanceId};
use crate::world::record::{GroupChange, GroupEvent};
use crate::world::schedule::ScheduledEvent;
use crate::world::spec::TerminatedTwice;

use super::activity::Activity;
use super::fleet::Fleet;
use super::instance::{Application, Instance};
use super::launch::LaunchTemplates;

/// The groups with their instances, the templates that they launch from, and what goes wrong with launches and hooks.
#[derive(Debug, Clone)]
pub(crate) struct AutoScaling {
    /// The groups.
    pub(crate) fleet: Fleet,
    /// The launch templates.
    pub(crate) templates: LaunchTemplates,
    /// The tag without which a role may not change a group.
    pub(crate) opt_in_tag: Arc<str>,
    /// When the launch templates were made.
    pub(crate) created_at: Moment,
    /// How many instances the account may have in all groups.
    pub(crate) instance_quota: Option<u32>,
    /// What is answered where an instance that is on its way out is to be terminated.
    pub(crate) terminated_twice: TerminatedTwice,
    /// Launches that find no capacity.
    pub(crate) launch_failures: Vec<ActiveLaunchFailure>,
    /// What is launched before does not answer health checks, or stops after a time in service.
    pub(crate) launches_broken_until: Moment,
    /// That time, where they answer at first.
    pub(crate) launches_work_for: Option<Span>,
    /// What target groups say of targets that do not answer: a code, and that in words.
    pub(crate) refusal: (Arc<str>, Arc<str>),
    /// Launch hooks that begin before are not completed.
    pub(crate) launch_hook_stuck_until: Moment,
    /// Termination hooks that begin before are not completed.
    pub(crate) terminate_hook_stuck_until: Moment,
    /// How many instances there have been.
    pub(crate) instances: u32,
    /// How many activities there have been.
    pub(crate) activities: u32,
    /// How many instance refreshes there have been.
    pub(crate) refreshes: u32,
}

/// Launches that find no capacity, for a time.
#[derive(Debug, Clone)]
pub(crate) struct ActiveLaunchFailure {
    /// Until when.
    pub(crate) until: Moment,
    /// Only in this zone.
    pub(crate) zone: Option<Arc<str>>,
    /// What AWS says.
    pub(crate) message: Arc<str>,
    /// How many launches succeed before.
    pub(crate) after: u32,
    /// How many tries fail yet, where not all of them do.
    pub(crate) tries: Option<u32>,
}

impl ActiveLaunchFailure {
    /// Whether a launch fails by it at a moment.
    pub(crate) fn is_due(&self, now: Moment) -> bool {
        self.until > now && self.after == 0 && self.tries != Some(0)
    }
}

impl AutoScaling {
    /// Groups and templates in which nothing goes wrong; `instances` have been launched by now.
    pub(crate) fn new(
        fleet: Fleet,
        templates: LaunchTemplates,
        (opt_in_tag, created_at): (&str, Moment),
        instances: u32,
    ) -> Self {
        Self {
            fleet,
            templates,
            opt_in_tag: opt_in_tag.into(),
            created_at,
            instance_quota: None,
            terminated_twice: TerminatedTwice::default(),
            launch_failures: Vec::new(),
            launches_broken_until: Moment(0),
            launches_work_for: None,
            refusal: ("Target.FailedHealthChecks".into(), "Health checks failed".into()),
            launch_hook_stuck_until: Moment(0),
            terminate_hook_stuck_until: Moment(0),
            instances,
            activities: 0,
            refreshes: 0,
        }
    }

    /// Records what happened to a group, with its figures after it.
    pub(crate) fn note(&self, context: &mut Context, group: GroupIndex, event: GroupEvent) {
        let sample = self.fleet.get(group).sample(&self.templates);
        context.record_change(GroupChange { moment: context.now, group, event, sample });
    }

    /// Changes one instance.
    pub(crate) fn change(
        &mut self,
        context: &Context,
        group: GroupIndex,
        id: InstanceId,
        change: impl FnOnce(&mut Instance),
    ) {
        if let Some(instance) = self.fleet.edit(group, context.now).instance_mut(id) {
            change(instance);
        }
    }

    /// Changes the activity that launches or terminates an instance.
    pub(crate) fn activity_of(
        &mut self,
        context: &Context,
        group: GroupIndex,
        id: InstanceId,
        change: impl FnOnce(&mut Activity),
    ) {
        let edited = self.fleet.edit(group, context.now);
        let at = edited.instance(id).and_then(|one| one.activity);
        if let Some(activity) = at.and_then(|at| edited.activities.get_mut(at)) {
            change(activity);
        }
    }

    /// Lets Auto Scaling look at a group within its reaction time.
    pub(crate) fn reconcile_soon(&mut self, context: &mut Context, group: GroupIndex) {
        let timing = self.fleet.get(group).timing;
        let reaction = Span(context.random.between(timing.reaction_min.0, timing.reaction_max.0));
        let moment = context.now + reaction;
        self.reconcile_at(context, group, moment);
    }

    /// Lets Auto Scaling look at a group at a moment, unless it does so before.
    pub(crate) fn reconcile_at(&mut self, context: &mut Context, group: GroupIndex, moment: Moment) {
        if self.fleet.get(group).reconciles_at.is_some_and(|planned| planned <= moment) {
            return;
        }
        self.fleet.edit(group, context.now).reconciles_at = Some(moment);
        context.schedule(moment, ScheduledEvent::Reconcile(group));
    }

    /// The next activity's number.
    pub(crate) fn next_activity(&mut self) -> u32 {
        self.activities += 1;
        self.activities
    }

    /// What the next launches' application does.
    pub(crate) fn application_of_launches(&self, now: Moment) -> Application {
        let breaks_at_once = self.launches_broken_until > now && self.launches_work_for.is_none();
        if breaks_at_once { Application::Broken } else { Application::Works }
    }

    /// The group that a call's arguments name, by itself or by an instance of it.
    pub(crate) fn group_named_by(&self, arguments: &Value) -> Option<GroupIndex> {
        if let Some(name) = arguments.get("AutoScalingGroupName").and_then(Value::as_str) {
            return self.fleet.find(name);
        }
        let id = InstanceId::parse(arguments.get("InstanceId")?.as_str()?)?;
        self.fleet.holder_of(id)
    }
}
