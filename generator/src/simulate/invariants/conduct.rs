//! How executions behave: who changes the group, and when.

use asg_recycle_handler::contract::Mode;

use asg_recycle_simulator::time::Moment;
use asg_recycle_simulator::world::World;
use asg_recycle_simulator::world::record::{Access, CallRecord, GroupWrite};

use super::{Allowed, Checker, Invariant, Known};

impl Checker {
    /// Looks at the calls made since it last looked.
    pub(super) fn watch_calls(&mut self, world: &World) {
        let calls = &world.record().calls;
        for call in &calls[self.calls_seen..] {
            let root = world.executions.root_of(&call.execution);
            let known = self.runs.iter().position(|known| *known.run.arn == *root);
            if let Some(known) =
                known.filter(|_| &*call.action == "describeAutoScalingGroups" && call.answer.is_ok())
            {
                self.runs[known].last_look = Some(call.moment);
            }
            if let Some(known) = known.filter(|_| &*call.action == "publish") {
                self.runs[known].announced_look = self.runs[known].last_look;
            }
            self.watch_announcements(world, call, root);
            if let Some(write) = call.group_write.as_ref().filter(|write| write.group == self.group) {
                self.watch_write(call, write, root, known);
            }
        }
        self.calls_seen = calls.len();
    }

    fn watch_write(&mut self, call: &CallRecord, write: &GroupWrite, root: &str, known: Option<usize>) {
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
        let Some(known) = known.map(|at| &mut self.runs[at]) else {
            let detail = format!("{root} called {}, and nobody knows what it may do", call.action);
            return self.violate(Invariant::NoMutationWhenForbidden, call.moment, detail);
        };
        let reason = forbidden(known, write, call.moment);
        known.first_write.get_or_insert(call.moment);
        if let Some(reason) = reason {
            let detail = format!("{root} called {} {reason}", call.action);
            self.violate(Invariant::NoMutationWhenForbidden, call.moment, detail);
        }
    }
}

/// Why an execution may not change the group now. Putting back is always allowed, where the group was opted in.
fn forbidden(known: &Known, write: &GroupWrite, moment: Moment) -> Option<&'static str> {
    if !known.opted_in && !write.opted_in {
        return Some("on a group that is not opted in");
    }
    if known.redriven {
        return Some("after it was redriven");
    }
    if known.run.mode == Mode::Restore {
        return None;
    }
    let within = |periods: &[(Moment, Moment)], at: Moment| {
        periods.iter().any(|(opens, closes)| *opens <= at && at < *closes)
    };
    match &known.run.allowed {
        Allowed::Always => None,
        Allowed::Never => Some("in a dry run"),
        Allowed::Within(periods) => (!within(periods, moment)).then_some("outside the windows"),
        Allowed::BeginWithin(periods) => {
            let began = known.first_write.unwrap_or(moment);
            (!within(periods, began)).then_some("having begun outside the windows")
        }
    }
}
