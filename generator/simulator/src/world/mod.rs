//! A model of the AWS that a recycle acts on: groups and their instances, load balancers, lock tables, executions
//! and messages, in virtual time. It rejects what AWS rejects. Pure: a seed and a script decide everything.
//!
//! A caller makes calls through [`Services`] and moves time with [`World::advance_to`]; what happened is in
//! [`World::record`]. Each service owns its state and is given a [`context`] of the moment, chance, the schedule and the
//! record; only the world knows them all.

mod actions;
pub mod alarms;
mod answer_cache;
mod arguments;
mod authorization;
mod autoscaling;
mod context;
mod dynamodb;
mod ec2;
pub mod errors;
pub mod executions;
pub mod ids;
pub mod injected_failures;
pub mod interventions;
mod load_balancing;
pub mod messages;
pub mod processes;
pub mod record;
mod request;
pub mod resources;
mod schedule;
pub mod script;
pub mod spec;
mod timing;
mod zonal_shift;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::Value;

use crate::iam_policy::{Decision, RolePolicies, iam_action};
use crate::services::{Answer, ServiceCall, Services};
use crate::time::{Moment, Span};

use actions::{Action, Performer};
use alarms::Alarms;
use answer_cache::AnswerCache;
use authorization::{Authorization, Touched};
use autoscaling::model::initial_groups;
use autoscaling::model::state::AutoScaling;
use context::Context;
use dynamodb::Tables;
use errors::AwsError;
use executions::Executions;
use group::{Group, GroupPhase};
use ids::{GroupIndex, InstanceId};
use injected_failures::{Disturbance, FailedChange, InjectedFailure, InjectedFailures, access_denied};
use interventions::{Intervention, TagSpec};
use launch::LaunchTemplates;
use messages::Messages;
use record::{Access, CallRecord, GroupWrite, Record};
use request::Request;
use schedule::ScheduledEvent;
use script::{Script, ScriptError, Undone};
use spec::{KeepAnswers, WorldSpec};

pub use autoscaling::model::{activity, group, instance, launch, refresh, warm_pool};

/// The modelled AWS. Cloning one is cheap, and both copies go on by themselves.
#[derive(Debug, Clone)]
pub struct World {
    spec: Arc<WorldSpec>,
    context: Context,
    autoscaling: AutoScaling,
    tables: Tables,
    alarms: Alarms,
    /// The executions that describeExecution knows. Whoever runs executions tells it of their starts and ends.
    pub executions: Executions,
    /// What was published and invoked.
    pub messages: Messages,
    injected_failures: InjectedFailures,
    answers: AnswerCache,
    authorization: Authorization,
    calls: u64,
}

impl World {
    /// A world that begins as described and in which the script's entries happen.
    ///
    /// # Errors
    /// If the description contradicts itself, or an entry of the script cannot happen in it.
    pub fn new(spec: WorldSpec, script: Script) -> Result<Self, ScriptError> {
        let now = spec.start();
        let mut autoscaling = initial_groups(&spec)?;
        script.check(|name| autoscaling.fleet.find(name).is_some())?;
        let mut context = Context::new(now, spec.seed, script);
        for index in autoscaling.fleet.indices() {
            autoscaling.reconcile_at(&mut context, index, now);
        }
        Ok(Self {
            context,
            autoscaling,
            tables: Tables::new(&spec.resources.tables, &spec.lock_items),
            alarms: Alarms::new(spec.alarms.clone()),
            executions: Executions::default(),
            messages: Messages::new(spec.resources.topics.clone(), spec.resources.functions.clone()),
            injected_failures: InjectedFailures::default(),
            answers: AnswerCache::default(),
            authorization: Authorization::of(spec.resources.roles.clone()),
            calls: 0,
            spec: Arc::new(spec),
        })
    }

    /// Now.
    pub fn now(&self) -> Moment {
        self.context.now
    }

    /// When something happens next by itself.
    pub fn next_event(&self) -> Option<Moment> {
        self.context.next_event()
    }

    /// Lets everything happen that is due by `moment`, in order. Time never goes back.
    pub fn advance_to(&mut self, moment: Moment) {
        while let Some(event) = self.context.advance(moment) {
            self.happen(event);
        }
    }

    fn happen(&mut self, event: ScheduledEvent) {
        let (service, context) = (&mut self.autoscaling, &mut self.context);
        match event {
            ScheduledEvent::Reconcile(group) => service.reconcile(context, group),
            ScheduledEvent::Step(group, id, step) => service.take_step(context, group, id, step),
            ScheduledEvent::Refresh(group, index) => service.refresh_step(context, group, index),
            ScheduledEvent::PoolGone(group) => service.pool_gone(context, group),
            ScheduledEvent::Delete(group) => {
                service.deleted(context, group);
            }
            ScheduledEvent::Script(entry) => self.follow_script(entry),
        }
    }

    /// An entry of the script is due. Where its group is gone, nothing happens.
    fn follow_script(&mut self, entry: usize) {
        self.context.perform(entry);
        let script = Arc::clone(self.context.script());
        let fleet = &self.autoscaling.fleet;
        let group = script.group_of(entry, |name| fleet.find(name));
        let is_there = |group: &GroupIndex| fleet.get(*group).phase == GroupPhase::Present;
        let Some(group) = group.filter(is_there) else {
            return self.context.changes_nothing("its group is not there");
        };
        match &script.entries[entry].intervention {
            Intervention::FailCalls(failure) => {
                self.injected_failures.begin(failure.clone(), self.context.now, Some(entry));
            }
            Intervention::SetAlarm(change) => {
                if self.alarms.set(&change.name, change.state) {
                    self.autoscaling.hear_of_alarm(&mut self.context, &change.name);
                }
            }
            Intervention::PutLockItem(item) => self.tables.put(&item.key, &item.attributes),
            Intervention::DeleteLockItem(key) => self.tables.delete(key),
            other => self.autoscaling.intervene(&mut self.context, group, other),
        }
    }

    /// Somebody sets a tag of a group, which reaches the instances that it launches from now on.
    pub fn set_tag(&mut self, group: GroupIndex, key: &str, value: &str) {
        let tag = TagSpec { key: key.to_owned(), value: value.to_owned() };
        self.autoscaling.intervene(&mut self.context, group, &Intervention::SetTag(tag));
    }

    /// From now on, this is what the role of a machine allows, to executions that run too.
    pub fn set_role(&mut self, machine_arn: &str, role: Arc<RolePolicies>) {
        self.authorization.set(machine_arn, role);
    }

    /// An execution starts a child on its own machine, as Step Functions does by the machine's role; noted where it may not.
    pub fn begin_child(&mut self, child: &str, root: &str, at: Moment) {
        self.executions.begin_child(child, root, at);
        let machine = self.executions.get(root).map(|one| one.machine_arn.to_string()).unwrap_or_default();
        self.decide(root, &iam_action("sfn", "startExecution"), &Touched::resource(machine));
    }

    /// A child goes on with the execution that started it and is redriven; by the machine's role as well.
    pub fn redrive_child(&mut self, child: &str, root: &str) {
        self.executions.redrive(child);
        self.decide(root, &iam_action("sfn", "redriveExecution"), &Touched::resource(child.to_owned()));
    }

    /// What the caller's role says. A condition that is not met is the owner's word; what no statement is about was forgotten.
    fn decide(&mut self, execution: &str, action: &str, touched: &Touched) -> Decision {
        let decision = self.authorization.decide(&self.executions, execution, action, touched);
        if matches!(decision, Decision::Denied | Decision::NotAllowed) {
            let denial = format!("the machine's role does not allow {action} on {}", touched.resource);
            self.context.record.denials.push(denial);
        }
        decision
    }

    /// Refuses a call that the caller's role does not allow.
    fn authorize(&mut self, action: &Action, call: &ServiceCall<'_>) -> Result<(), AwsError> {
        let Some(touched) = Touched::by(action, call.arguments, &self.autoscaling) else { return Ok(()) };
        match self.decide(call.execution_arn, &iam_action(call.service, call.action), &touched) {
            Decision::Allowed => Ok(()),
            _ => Err(access_denied(call.service, call.action)),
        }
    }

    /// Calls fail from now on, besides those of the script.
    pub fn fail_calls(&mut self, failure: InjectedFailure) {
        self.injected_failures.begin(failure, self.context.now, None);
    }

    /// What has happened.
    pub fn record(&self) -> &Record {
        &self.context.record
    }

    /// What the script says and the world did not do.
    pub fn undone(&self) -> Vec<Undone> {
        self.context.undone(self.injected_failures.met_none())
    }

    /// A group as it is; `None` for an index that is not one.
    pub fn group(&self, index: GroupIndex) -> Option<&Group> {
        let fleet = &self.autoscaling.fleet;
        fleet.indices().contains(&index).then(|| fleet.get(index))
    }

    /// All groups, by their index.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.autoscaling.fleet.indices().map(|index| self.autoscaling.fleet.get(index))
    }

    /// From now on, what a group launches counts as new in its figures, and what it has as old.
    pub fn begin_generation(&mut self, group: GroupIndex) {
        let first_new = InstanceId(self.autoscaling.instances + 1);
        if self.autoscaling.fleet.indices().contains(&group) {
            self.autoscaling.fleet.edit(group, self.context.now).first_new = first_new;
        }
    }

    /// The index of the group with that name, unless it was deleted.
    pub fn find_group(&self, name: &str) -> Option<GroupIndex> {
        self.autoscaling.fleet.find(name)
    }

    /// The launch templates.
    pub fn templates(&self) -> &LaunchTemplates {
        &self.autoscaling.templates
    }

    /// What it began as.
    pub fn spec(&self) -> &WorldSpec {
        &self.spec
    }

    /// Whether the world has an action; a machine that makes others cannot be run in it.
    pub fn has_action(service: &str, action: &str) -> bool {
        actions::find(service, action).is_some()
    }

    /// Who holds the lock of a group; with several tables there can be one in each.
    pub fn lock_holders<'a>(&'a self, group: &'a str) -> impl Iterator<Item = &'a str> {
        self.tables.lock_holders(group)
    }

    /// Whether a group's lock item is there: held, or left with a journal for whoever takes the lock next.
    pub fn has_lock_item(&self, group: &str) -> bool {
        self.tables.has_lock_item(group)
    }

    fn answer(&mut self, action: &Action, call: &ServiceCall<'_>, execution: &Arc<str>) -> Answered {
        let Context { now, random, .. } = &self.context;
        let disturbed = self.injected_failures.decide(call.service, call.action, action.access, *now, random);
        let lag = self.spec.read_lag;
        let late = action.access == Access::Read && lag.by > Span(0) && random.happens(lag.percent);
        let request = Request {
            action: action.name,
            arguments: call.arguments,
            execution: execution.clone(),
            seen_at: if late { Moment(now.0.saturating_sub(lag.by.0)) } else { *now },
            number: self.calls,
        };
        let allowed = self.authorize(action, call);
        let seen_at = request.seen_at;
        let (error, change) = match disturbed {
            Some(Disturbance::Failed(error, change)) => (error, change),
            late => {
                let delay = if let Some(Disturbance::Late(delay)) = late { delay } else { Span(0) };
                let result = allowed.and_then(|()| self.respond(action, &request));
                return Answered { result, lost: false, delay, seen_at };
            }
        };
        let made = change == FailedChange::Made && action.access == Access::Write && allowed.is_ok();
        let lost = made && self.perform(action, &request).is_ok();
        let (error, delay) = error.answer(call.service, call.action);
        Answered { result: Err(error), lost, delay, seen_at }
    }

    /// Performs an action, or gives the answer again that it has given to the same question.
    fn respond(&mut self, action: &Action, request: &Request<'_>) -> Result<Arc<Value>, AwsError> {
        if !action.is_cacheable || request.seen_at != self.context.now {
            return self.perform(action, request).map(Arc::new);
        }
        let edits = self.autoscaling.fleet.edits();
        if let Some(answer) = self.answers.get(edits, action.name, request.arguments) {
            return Ok(answer);
        }
        let answer = Arc::new(self.perform(action, request)?);
        self.answers.keep(action.name, request.arguments.clone(), Arc::clone(&answer));
        Ok(answer)
    }

    fn perform(&mut self, action: &Action, request: &Request<'_>) -> Result<Value, AwsError> {
        match action.performer {
            Performer::AutoScaling(answer) => answer(&mut self.autoscaling, &mut self.context, request),
            Performer::View(answer) => answer(&self.autoscaling, request),
            Performer::Alarms(answer) => answer(&self.alarms, request),
            Performer::Tables(answer) => answer(&mut self.tables, request),
            Performer::Executions(answer) => answer(&mut self.executions, &self.context, request),
            Performer::Messages(answer) => answer(&mut self.messages, &self.context, request),
        }
    }

    /// The group that a call would change, and how it stands before the call.
    fn group_write(&self, action: &Action, call: &ServiceCall<'_>) -> Option<GroupWrite> {
        if action.service != "autoscaling" || action.access == Access::Read {
            return None;
        }
        let index = self.autoscaling.group_named_by(call.arguments)?;
        let group = self.autoscaling.fleet.get(index);
        let lock_held_by = self.lock_holders(&group.name).map(Into::into).collect();
        Some(GroupWrite { group: index, opted_in: group.has_tag(&self.autoscaling.opt_in_tag), lock_held_by })
    }

    /// The ARN of who calls, shared with the call before where that was made by the same.
    fn caller(&self, call: &ServiceCall<'_>) -> Arc<str> {
        match self.context.record.calls.last() {
            Some(last) if *last.execution == *call.execution_arn => last.execution.clone(),
            _ => call.execution_arn.into(),
        }
    }
}

/// What came of a call.
struct Answered {
    result: Result<Arc<Value>, AwsError>,
    /// Whether the change was made although the answer says otherwise.
    lost: bool,
    /// How much longer than usual the answer takes.
    delay: Span,
    /// As of when the answer shows the world.
    seen_at: Moment,
}

impl Services for World {
    fn call(&mut self, call: &ServiceCall<'_>) -> Answer {
        self.advance_to(call.now);
        self.calls += 1;
        let Some(action) = actions::find(call.service, call.action) else {
            let reason = format!("the modelled world has no action {}:{}", call.service, call.action);
            self.context.record.refusals.push(reason.clone());
            let error =
                AwsError::refused(reason).seen_by_state(call.service, self.spec.error_names, self.calls);
            return Answer { latency: self.spec.latency, result: Err(error) };
        };
        let execution = self.caller(call);
        let group_write = self.group_write(action, call);
        let Answered { result, lost, delay, seen_at } = self.answer(action, call, &execution);
        let result = result.map_err(|error| {
            if let AwsError::Refused { reason } = &error {
                self.context.record.refusals.push(reason.clone());
            }
            error.seen_by_state(call.service, self.spec.error_names, self.calls)
        });
        let kept = action.access == Access::Write || self.spec.keep_answers == KeepAnswers::OfAll;
        self.context.record.calls.push(Arc::new(CallRecord {
            moment: self.context.now,
            execution,
            service: call.service.into(),
            action: call.action.into(),
            arguments: call.arguments.clone(),
            access: action.access,
            answer: result.as_ref().map(|value| kept.then(|| Arc::clone(value))).map_err(Clone::clone),
            lost,
            delay,
            seen_at,
            group_write,
        }));
        self.context.call_made(call.service, call.action);
        // What waited for this call without delay happens before anybody acts on the answer.
        self.advance_to(call.now);
        Answer { latency: Span(self.spec.latency.0 + delay.0), result }
    }
}
