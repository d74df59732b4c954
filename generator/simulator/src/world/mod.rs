//! A model of the AWS that a recycle acts on: groups and their instances, load balancers, the lock table, executions
//! and messages, in virtual time. It rejects what AWS rejects. Pure: a seed and a script decide everything.
//!
//! A caller makes calls through [`Services`] and moves time with [`World::advance_to`]; what happened is in
//! [`World::record`].

pub mod activity;
mod actions;
mod answers;
mod arguments;
mod autoscaling;
mod build;
pub mod deed;
mod duration;
mod dynamodb;
mod ec2;
mod effects;
pub mod errors;
pub mod executions;
pub mod faults;
mod fleet;
pub mod group;
pub mod instance;
pub mod launch;
mod lifecycle;
mod load_balancer;
pub mod messages;
mod perform;
pub mod processes;
pub mod record;
pub mod refresh;
pub mod refresh_terms;
mod scale_in;
mod scaling;
pub mod script;
pub mod spec;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::Value;

use crate::random::Random;
use crate::services::{Answer, ServiceCall, Services};
use crate::time::{Moment, Span};

use actions::{Action, Request};
use answers::Answers;
use effects::{Effect, Effects};
use errors::AwsError;
use executions::Executions;
use faults::{ChangeSpec, Faults};
use fleet::Fleet;
use group::{Group, Phase};
use instance::InstanceId;
use launch::Templates;
use messages::Messages;
use record::{Access, Call, Change, GroupIndex, GroupWrite, Happening, Record};
use scaling::LaunchFault;
use script::{Script, When};
use spec::{KeepAnswers, WorldSpec};

/// The modelled AWS. Cloning one is cheap, and both copies go on by themselves.
#[derive(Debug, Clone)]
pub struct World {
    now: Moment,
    spec: Arc<WorldSpec>,
    random: Random,
    effects: Effects,
    fleet: Fleet,
    answers: Answers,
    templates: Templates,
    table: dynamodb::Table,
    /// The executions that describeExecution knows. Whoever runs executions tells it of their starts and ends.
    pub executions: Executions,
    /// What was published and invoked.
    pub messages: Messages,
    script: Arc<Script>,
    /// Entries of the script that wait for a call or an event, and how many of them have been.
    waiting: Vec<(usize, u32)>,
    faults: Faults,
    record: Record,
    launch_faults: Vec<LaunchFault>,
    launches_broken_until: Moment,
    launch_hook_stuck_until: Moment,
    terminate_hook_stuck_until: Moment,
    instances: u32,
    activities: u32,
    refreshes: u32,
    requests: u64,
}

impl World {
    /// Now.
    pub fn now(&self) -> Moment {
        self.now
    }

    /// When something happens next by itself.
    pub fn next_event(&self) -> Option<Moment> {
        self.effects.next()
    }

    /// Lets everything happen that is due by `moment`, in order. Time never goes back.
    pub fn advance_to(&mut self, moment: Moment) {
        while let Some((due, effect)) = self.effects.take_due(moment) {
            self.now = self.now.max(due);
            self.happen(effect);
        }
        self.now = self.now.max(moment);
    }

    fn happen(&mut self, effect: Effect) {
        match effect {
            Effect::Reconcile(group) => self.reconcile(group),
            Effect::Step(group, id, step) => self.take_step(group, id, step),
            Effect::Refresh(group, index) => self.refresh_step(group, index),
            Effect::Delete(group) => {
                let now = self.now;
                self.fleet.edit(group, now).phase = Phase::Deleted;
                self.note(group, Happening::Deleted);
            }
            Effect::Script(entry) => self.do_entry(entry),
        }
    }

    /// What has happened.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// A group as it is; `None` for an index that is not one.
    pub fn group(&self, index: GroupIndex) -> Option<&Group> {
        self.fleet.indices().contains(&index).then(|| self.fleet.get(index))
    }

    /// From now on, what a group launches counts as new in its figures, and what it has as old.
    pub fn begin_generation(&mut self, group: GroupIndex) {
        let (now, first_new) = (self.now, InstanceId(self.instances + 1));
        if self.fleet.indices().contains(&group) {
            self.fleet.edit(group, now).first_new = first_new;
        }
    }

    /// The index of the group with that name, unless it was deleted.
    pub fn find_group(&self, name: &str) -> Option<GroupIndex> {
        self.fleet.find(name)
    }

    /// The launch templates.
    pub fn templates(&self) -> &Templates {
        &self.templates
    }

    /// What it began as.
    pub fn spec(&self) -> &WorldSpec {
        &self.spec
    }

    /// Whether the world has an action; a machine that makes others cannot be run in it.
    pub fn has_action(service: &str, action: &str) -> bool {
        actions::find(service, action).is_some()
    }

    /// Who holds the lock of a group.
    pub fn lock_holder(&self, group: &str) -> Option<&str> {
        self.table.get(group)?.get(&self.spec.lock_owner)?.get("S")?.as_str()
    }

    /// Notes a change of a group, and lets what waited for it happen.
    fn note(&mut self, group: GroupIndex, happening: Happening) {
        let sample = self.fleet.get(group).sample(&self.templates);
        let name = happening.name();
        self.record.changes.push(Change { moment: self.now, group, happening, sample });
        if self.waiting.is_empty() {
            return;
        }
        let script = self.script.clone();
        self.count_waiting(|entry| match &script.entries[entry].when {
            When::AfterEvent(point) if point.event == name => Some(point.nth),
            _ => None,
        });
    }

    /// Counts one more for each waiting entry that `nth` names a number for, and plans those that have theirs.
    fn count_waiting(&mut self, nth: impl Fn(usize) -> Option<u32>) {
        let script = self.script.clone();
        let (now, effects) = (self.now, &mut self.effects);
        self.waiting.retain_mut(|(entry, seen)| {
            let Some(nth) = nth(*entry) else { return true };
            *seen += 1;
            if *seen < nth {
                return true;
            }
            effects.at(now + script.entries[*entry].delay, Effect::Script(*entry));
            false
        });
    }

    /// Puts the script's entries where they wait.
    fn plan_script(&mut self) {
        let script = self.script.clone();
        for (index, entry) in script.entries.iter().enumerate() {
            match entry.when {
                When::At(after) => self.effects.at(self.now + after + entry.delay, Effect::Script(index)),
                When::AfterCall(_) | When::AfterEvent(_) => self.waiting.push((index, 0)),
            }
        }
    }

    fn answer(
        &mut self,
        action: &Action,
        call: &ServiceCall<'_>,
        execution: &Arc<str>,
    ) -> (Result<Arc<Value>, AwsError>, bool, Span) {
        let fault = self.faults.decide(call.service, call.action, action.access, self.now, &self.random);
        let lag = self.spec.read_lag;
        let late = action.access == Access::Read && lag.by > Span(0) && self.random.happens(lag.percent);
        let seen_at = if late { Moment(self.now.0.saturating_sub(lag.by.0)) } else { self.now };
        let request =
            Request { action: action.name, arguments: call.arguments, execution: execution.clone(), seen_at };
        let Some((error, change)) = fault else {
            return (self.respond(action, &request), false, Span(0));
        };
        let made = change == ChangeSpec::Made && action.access == Access::Write;
        let lost = made && (action.answer)(self, &request).is_ok();
        let (error, delay) = error.answer(call.service, call.action);
        (Err(error), lost, delay)
    }

    /// Performs an action, or gives the answer again that it has given to the same question.
    fn respond(&mut self, action: &Action, request: &Request<'_>) -> Result<Arc<Value>, AwsError> {
        if !action.stays || request.seen_at != self.now {
            return (action.answer)(self, request).map(Arc::new);
        }
        if let Some(answer) = self.answers.get(self.fleet.edits(), action.name, request.arguments) {
            return Ok(answer);
        }
        let answer = Arc::new((action.answer)(self, request)?);
        self.answers.keep(action.name, request.arguments.clone(), Arc::clone(&answer));
        Ok(answer)
    }

    /// The group that a call would change, and how it stands before the call.
    fn group_write(&self, action: &Action, call: &ServiceCall<'_>) -> Option<GroupWrite> {
        if action.service != "autoscaling" || action.access == Access::Read {
            return None;
        }
        let index = self.group_named_by(call.arguments)?;
        let group = self.fleet.get(index);
        let lock_held_by = self.lock_holder(&group.name).map(Into::into);
        Some(GroupWrite { group: index, opted_in: group.has_tag(&self.spec.opt_in_tag), lock_held_by })
    }
}

impl Services for World {
    fn call(&mut self, call: &ServiceCall<'_>) -> Answer {
        self.advance_to(call.now);
        self.requests += 1;
        let execution: Arc<str> = match self.record.calls.last() {
            Some(last) if *last.execution == *call.execution_arn => last.execution.clone(),
            _ => call.execution_arn.into(),
        };
        let Some(action) = actions::find(call.service, call.action) else {
            let reason = format!("the modelled world has no action {}:{}", call.service, call.action);
            self.record.refusals.push(reason.clone());
            let error =
                AwsError::refused(reason).seen_by_state(call.service, self.spec.error_names, self.requests);
            return Answer { latency: self.spec.latency, result: Err(error) };
        };
        let group_write = self.group_write(action, call);
        let (result, lost, delay) = self.answer(action, call, &execution);
        let result = result.map_err(|error| {
            if let AwsError::Refused { reason } = &error {
                self.record.refusals.push(reason.clone());
            }
            error.seen_by_state(call.service, self.spec.error_names, self.requests)
        });
        let kept = action.access == Access::Write || self.spec.keep_answers == KeepAnswers::OfAll;
        self.record.calls.push(Arc::new(Call {
            moment: self.now,
            execution,
            service: call.service.into(),
            action: call.action.into(),
            arguments: call.arguments.clone(),
            access: action.access,
            answer: result.as_ref().map(|value| kept.then(|| Arc::clone(value))).map_err(Clone::clone),
            lost,
            group_write,
        }));
        let script = self.script.clone();
        self.count_waiting(|entry| match &script.entries[entry].when {
            When::AfterCall(point) => {
                let service_fits = point.service.as_deref().is_none_or(|only| only == call.service);
                (service_fits && point.action == call.action).then_some(point.nth)
            }
            _ => None,
        });
        // What waited for this call without delay happens before anybody acts on the answer.
        self.advance_to(call.now);
        Answer { latency: Span(self.spec.latency.0 + delay.0), result }
    }
}
