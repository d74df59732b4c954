//! How executions behave: who changes the group, and when.

use std::collections::BTreeMap;

use asg_recycle_handler::contract::Mode;
use serde_json::Value;

use asg_recycle_simulator::services::ServiceError;
use asg_recycle_simulator::time::{Moment, Span};
use asg_recycle_simulator::world::World;
use asg_recycle_simulator::world::group::Group;
use asg_recycle_simulator::world::ids::InstanceId;
use asg_recycle_simulator::world::processes::Process;
use asg_recycle_simulator::world::record::{
    Access, Author, CallRecord, GroupEvent, GroupWrite, TerminationCause,
};

use super::sizes::BETWEEN_LOOK_AND_WRITE;
use super::{Allowed, Checker, Invariant, Known};

impl Checker {
    /// Looks at the calls made since it last looked.
    pub(super) fn watch_calls(&mut self, world: &World) {
        let calls = &world.record().calls;
        for call in &calls[self.calls_seen..] {
            let root = world.executions.root_of(&call.execution);
            let known = self.runs.iter().position(|known| *known.run.arn == *root);
            let is_look = &*call.action == "describeAutoScalingGroups" && call.answer.is_ok();
            let tells_of_instances = is_look && call.arguments["IncludeInstances"] != false
                || &*call.action == "describeAutoScalingInstances" && call.answer.is_ok();
            if let Some(known) = known.filter(|_| tells_of_instances) {
                let seen_until = &mut self.runs[known].instances_seen_until;
                *seen_until = call.seen_at.max(*seen_until);
            }
            if let Some(known) = known.filter(|_| is_look) {
                let known = &mut self.runs[known];
                known.last_look = Some(call.moment);
                known.seen_until = known.seen_until.max(call.seen_at);
                self.min.looked(call.seen_at);
                self.max.looked(call.seen_at);
            }
            if let Some(known) = known.filter(|_| &*call.action == "publish") {
                self.runs[known].announced_look = self.runs[known].last_look;
            }
            self.watch_announcements(world, call, root);
            if let Some(write) = call.group_write.as_ref().filter(|write| write.group == self.group) {
                self.watch_write(world, call, write, root, known);
            }
        }
        self.calls_seen = calls.len();
    }

    /// Until when an execution can have seen what others did.
    pub(super) fn seen_until(&self, world: &World, by: &Author) -> Moment {
        let Author::Execution(arn) = by else { return world.now() };
        let root = world.executions.root_of(arn);
        let looked_at =
            self.runs.iter().find(|known| *known.run.arn == *root).and_then(|known| known.last_look);
        looked_at.map_or(Moment(0), |at| Moment(at.0 - world.spec().read_lag.by.0))
    }

    /// Instances that were there before the first execution began, and that somebody had protected for long enough to be seen, are
    /// not its to terminate.
    pub(super) fn watch_protection(&mut self, world: &World, moment: Moment, id: InstanceId, by: &str) {
        let root = world.executions.root_of(by);
        let Some(known) = self.runs.iter().find(|known| *known.run.arn == *root) else { return };
        let Some(since) = self.protected_since.get(&id) else { return };
        // What a doubling launched is its own to take away again, also for whoever puts it back.
        let there_before = self.runs.iter().map(|run| run.newcomers_from).min();
        let is_seen = *since + world.spec().read_lag.by + BETWEEN_LOOK_AND_WRITE < moment;
        if is_seen && !known.run.replaces_protected && there_before.is_some_and(|first| id < first) {
            let detail = format!("{root} terminated {id}, protected from scale-in since {since}");
            self.violate(Invariant::NoMutationWhenForbidden, moment, detail);
        }
    }

    fn watch_write(
        &mut self,
        world: &World,
        call: &CallRecord,
        write: &GroupWrite,
        root: &str,
        known: Option<usize>,
    ) {
        debug_assert_eq!(call.access, Access::Write, "only writes name a group");
        let is_alone = matches!(&*write.lock_held_by, [holder] if **holder == *root);
        if !is_alone {
            let holders = if write.lock_held_by.is_empty() {
                "nobody".to_owned()
            } else {
                write.lock_held_by.join(" and ")
            };
            let detail = format!("{root} called {} while {holders} held the lock", call.action);
            self.violate(Invariant::OneRecycleAtATime, call.moment, detail);
        }
        // An owner may take the tag away half way: IAM denies what would put back what was changed before, and it is tried all the same.
        let is_denied = call.answer.is_err() && !call.lost && self.runs.iter().any(|run| run.opted_in);
        let others = self.runs.iter().filter(|other| other.was_left_to(root, world));
        let left_to_it: Vec<Allowed> = others.map(|other| other.run.allowed.clone()).collect();
        let Some(known) = known.map(|at| &mut self.runs[at]) else {
            let detail = format!("{root} called {}, and nobody knows what it may do", call.action);
            return self.violate(Invariant::NoMutationWhenForbidden, call.moment, detail);
        };
        let seen_until = known.last_look.map_or(Moment(0), |at| Moment(at.0 - world.spec().read_lag.by.0));
        let unseen = self.made_again_at.filter(|made| *made > known.seen_until);
        let looked_at = known.last_look.unwrap_or(Moment(0));
        let is_for_another =
            unseen.is_some_and(|made| is_for_another(&call.action, made.max(looked_at), call.moment));
        let may_try = is_denied && known.run.mode == Mode::Restore;
        let reason = forbidden(known, &left_to_it, may_try, (call.moment, write))
            .or_else(|| is_for_another.then_some("on a group that was made after it last looked"));
        known.first_write.get_or_insert(call.moment);
        known.last_write = Some(call.moment);
        if (call.answer.is_ok() || call.lost) && &*call.action == "suspendProcesses" {
            // Who suspends the same between the look and that cannot be told apart, and what is held is resumed.
            let held = |process: &Process| {
                self.suspended_at
                    .get(process)
                    .is_some_and(|at| *at >= seen_until && *at + BETWEEN_LOOK_AND_WRITE >= call.moment)
            };
            self.suspended_unseen.extend(self.suspended.iter().copied().filter(held));
        }
        self.watch_written_bounds(call, seen_until);
        if let Some(reason) = reason {
            let detail = format!("{root} called {} {reason}", call.action);
            self.violate(Invariant::NoMutationWhenForbidden, call.moment, detail);
        }
    }

    /// Follows which bounds a call sets, or may have set by all that its answer says.
    fn watch_written_bounds(&mut self, call: &CallRecord, seen_until: Moment) {
        let size =
            |key| call.arguments.get(key).and_then(Value::as_u64).and_then(|size| u32::try_from(size).ok());
        let is_made = call.answer.is_ok() || call.lost;
        let may_be_made = call.answer.as_ref().is_err_and(|error| !is_refused(error));
        let is_just_set = |size| self.min.is_just_set_to(size, call.moment, seen_until);
        if (is_made || may_be_made) && size("MinSize").is_some_and(is_just_set) {
            self.forget_lift();
        }
        for (bound, key) in [(&mut self.min, "MinSize"), (&mut self.max, "MaxSize")] {
            match size(key) {
                Some(size) if is_made => bound.written(size, call.moment, seen_until),
                Some(size) if may_be_made => bound.tried(size, call.moment, seen_until),
                _ => {}
            }
        }
    }
}

/// Whether an error says for certain that a change was not made. Of one that was throttled, or not answered in time, whoever sent it may
/// have sent it before, and what came of that nobody says.
fn is_refused(error: &ServiceError) -> bool {
    let text = format!("{} {}", error.name, error.cause).to_lowercase();
    let is_throttled = ["throttl", "rate exceeded", "limitexceeded", "limit exceeded", "toomanyrequests"];
    text.contains("status code: 4")
        && !["408", "429"].iter().any(|code| text.contains(&format!("status code: {code}")))
        && !is_throttled.iter().any(|word| text.contains(word))
}

/// Since when each protected instance of a group is so, as far as it was not known before.
pub(super) fn protected(
    group: &Group,
    known: &BTreeMap<InstanceId, Moment>,
    now: Moment,
) -> BTreeMap<InstanceId, Moment> {
    let protected = group.instances.iter().filter(|one| one.protected);
    protected.map(|one| (one.id, known.get(&one.id).copied().unwrap_or(now))).collect()
}

/// So long after a look a call that follows it may come: no call reaches a group by anything but its name.
const CROSSED: Span = Span::seconds(15);

/// Whether a change reaches a group that was made after the execution looked, and not just then; nor just after a look that was too late
/// to show it. What it holds it may resume without a look, where none is to be had.
fn is_for_another(action: &str, made_or_looked_at: Moment, now: Moment) -> bool {
    action != "resumeProcesses" && made_or_looked_at + CROSSED < now
}

/// Why an execution may not change the group now, for its own request or for one of those that were left to it. Putting back is always allowed,
/// where the group was opted in; what `may_try` is denied.
fn forbidden(
    known: &Known,
    left_to_it: &[Allowed],
    may_try: bool,
    (moment, write): (Moment, &GroupWrite),
) -> Option<&'static str> {
    if !known.opted_in && !write.opted_in && !may_try {
        return Some("on a group that is not opted in");
    }
    if known.redriven {
        return Some("after it was redriven");
    }
    if known.run.mode == Mode::Restore {
        return None;
    }
    let began = known.first_write.unwrap_or(moment);
    let own = not_allowed(&known.run.allowed, began, moment)?;
    let for_another = left_to_it.iter().any(|allowed| not_allowed(allowed, began, moment).is_none());
    (!for_another).then_some(own)
}

/// Why a request does not allow a change at a moment, by an execution that began to change the group at another.
fn not_allowed(allowed: &Allowed, began: Moment, moment: Moment) -> Option<&'static str> {
    let within = |periods: &[(Moment, Moment)], at: Moment| {
        periods.iter().any(|(opens, closes)| *opens <= at && at < *closes)
    };
    match allowed {
        Allowed::Always => None,
        Allowed::Never => Some("in a dry run"),
        Allowed::Within(periods) => (!within(periods, moment)).then_some("outside the windows"),
        Allowed::BeginWithin(periods) => {
            (!within(periods, began)).then_some("having begun outside the windows")
        }
    }
}

/// Whether a change is one that the world made and that an execution, judging by an earlier look, cannot know of.
pub(super) fn is_disruption(event: &GroupEvent) -> bool {
    match event {
        GroupEvent::Disrupted { .. }
        | GroupEvent::LaunchSourceChanged
        | GroupEvent::MarkedUnhealthy(_)
        | GroupEvent::Changed(_)
        | GroupEvent::Deleting
        | GroupEvent::Deleted
        | GroupEvent::MadeAgain
        | GroupEvent::Sized { by: Author::World, .. } => true,
        GroupEvent::Terminating { cause, .. } => !matches!(cause, TerminationCause::Execution(_)),
        _ => false,
    }
}
