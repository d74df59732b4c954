//! Which instances leave by an execution: those that it was asked to replace, once, and when it may.

use std::collections::BTreeMap;
use std::sync::Arc;

use asg_recycle_handler::contract::{Mode, Replace};
use asg_recycle_simulator::time::Moment;
use asg_recycle_simulator::world::World;
use asg_recycle_simulator::world::group::Group;
use asg_recycle_simulator::world::ids::InstanceId;
use asg_recycle_simulator::world::instance::{Instance, Lifecycle};
use asg_recycle_simulator::world::record::{Author, GroupEvent, TerminationCause};

use serde_json::Value;

use super::sizes::BETWEEN_LOOK_AND_WRITE;
use super::{Checker, Invariant, Known};

/// Tags of the group, as an execution compares them.
type Tags = BTreeMap<Arc<str>, Arc<str>>;

impl Checker {
    /// An execution terminates an instance, which served until then or did not.
    pub(super) fn watch_leaving(
        &mut self,
        world: &World,
        moment: Moment,
        (id, served): (InstanceId, bool),
        by: &str,
    ) {
        let root = world.executions.root_of(by);
        let Some(group) = world.group(self.group) else { return };
        let Some(instance) = group.instance(id) else { return };
        let others = self.runs.iter().filter(|other| other.was_left_to(root, world));
        let left_to_it: Vec<_> = others.map(|other| other.run.leaves_within.clone()).collect();
        let Some(known) = self.runs.iter_mut().find(|known| *known.run.arn == *root) else { return };
        if known.run.mode == Mode::Restore {
            return;
        }
        // One that came for the execution and has not proved itself is taken again, be it that the group launches from another by now.
        // Whom the pool held before it began it cannot have launched: it leaves as one that is to be replaced, as old as it is.
        let is_new = !known.pooled.contains(&id) && known.is_proving(instance, moment);
        if is_new || !is_asked_for(world, group, &self.tags, known, instance) {
            if instance.launched_at >= known.started_at && served {
                known.taken_again.insert(id);
                // Who was to go and protects itself by now stays, and one that has come leaves in its place; it is come back for.
                let stays = |one: &&Instance| {
                    one.protected
                        && !known.run.replaces_protected
                        && is_asked_for(world, group, &self.tags, known, one)
                };
                let staying = group.instances.iter().filter(stays).count();
                known.stayed_protected = known.stayed_protected.max(staying);
            }
            return;
        }
        // What does not serve goes first where a doubling is undone as its window closes, whether it was there or is new.
        let has_come =
            |one: &Instance| one.id >= known.newcomers_from && one.lifecycle == Lifecycle::InService;
        let goes_by_an_undo = !served && group.instances.iter().any(has_come);
        let is_first = known.let_leave_at.is_none();
        if !goes_by_an_undo {
            known.let_leave_at.get_or_insert(moment);
        }
        let within =
            |opens: Moment, closes: Moment| opens <= moment && moment < closes + BETWEEN_LOOK_AND_WRITE;
        let is_late = |periods: &Option<Vec<(Moment, Moment)>>| {
            periods.as_ref().is_some_and(|periods| !periods.iter().any(|one| within(one.0, one.1)))
        };
        // One that came since is taken away again where its version is taken back, whatever the windows.
        let was_there = instance.launched_at < known.started_at;
        if is_first
            && was_there
            && !goes_by_an_undo
            && is_late(&known.run.leaves_within)
            && left_to_it.iter().all(is_late)
        {
            let detail = format!("{root} let {id} leave, the first to be replaced, outside the windows");
            self.violate(Invariant::NoMutationWhenForbidden, moment, detail);
        }
        if served && let Some(detail) = self.unproved(world, group, root, moment, is_first) {
            self.violate(Invariant::ProvedBeforeLeaving, moment, format!("{id} left: {detail}"));
        }
    }

    /// What an execution that says that all went well has taken away again beyond what others' doings explain, in words. Where it had
    /// another request to meet besides its own, that is not known.
    pub(super) fn taken_again(
        &self,
        world: &World,
        position: usize,
        outcome: &str,
        output: Option<&Value>,
    ) -> Option<String> {
        let known = &self.runs[position];
        // A doubling is undone when its window closes; and who was chosen by what the group launched from then may be current by now.
        let is_undone_by_windows = known.run.leaves_within.is_some();
        let was_changed = self.source_changed_at.is_some_and(|at| at >= known.started_at);
        let is_alone = self.runs.iter().all(|other| {
            other.run.arn == known.run.arn
                || other.ending.as_ref().is_some_and(|(at, _)| *at < known.started_at)
        });
        let left_alone = output.and_then(|output| output.get("left_alone")?.as_array());
        let left_alone = left_alone.map_or(0, Vec::len);
        // What others did just before it began it may not have seen.
        let begins_to_see = |at: &&Moment| **at + world.spec().read_lag.by >= known.started_at;
        let explained = self.gone.iter().filter(begins_to_see).count()
            + COMES_BACK_AT_MOST * left_alone.max(known.stayed_protected);
        let taken: Vec<_> = known.taken_again.iter().copied().collect();
        (outcome == "recycled"
            && is_alone
            && !is_undone_by_windows
            && !was_changed
            && taken.len() > explained)
            .then(|| format!("{} launched {} and took them away again", known.run.arn, listed(&taken)))
    }
}

/// So often a doubling is made for one instance that protects itself, and undone where it does so again.
const COMES_BACK_AT_MOST: usize = 2;

/// How many instances go by others' hands, or at their word, with an event; places that they add count as well, for those are filled
/// by what may be taken again.
pub(super) fn gone_by_others(event: &GroupEvent) -> u32 {
    match event {
        GroupEvent::Sized { by: Author::World, before, after, .. } => before.desired.abs_diff(after.desired),
        GroupEvent::Terminating { cause: TerminationCause::Execution(_), .. } => 0,
        GroupEvent::Terminating { .. }
        | GroupEvent::Disrupted { .. }
        | GroupEvent::MarkedUnhealthy(_)
        | GroupEvent::LaunchFailed(_) => 1,
        _ => 0,
    }
}

/// What an execution was to replace, by the tags that the group had while it was opted in, and what is in service all the same, less
/// what is left alone.
pub(super) fn left_over(world: &World, group: &Group, tags: &Tags, known: &Known) -> Vec<InstanceId> {
    let to_replace = |one: &&Instance| {
        one.lifecycle == Lifecycle::InService
            && (known.run.replaces_protected || !one.protected)
            && is_asked_for(world, group, tags, known, one)
    };
    group.instances.iter().filter(to_replace).map(|one| one.id).collect()
}

/// Whether an execution was asked to replace an instance.
fn is_asked_for(world: &World, group: &Group, tags: &Tags, known: &Known, one: &Instance) -> bool {
    let tagged_otherwise = || {
        known.run.mode == Mode::Recycle
            && known.run.tags.iter().any(|key| one.tags.get(key.as_str()) != tags.get(key.as_str()))
    };
    let was_there = one.id < known.newcomers_from;
    match &known.run.replace {
        // Nobody can ask for one that is yet to be launched.
        Replace::Named(ids) => {
            (was_there || known.pooled.contains(&one.id)) && ids.contains(&one.id.to_string())
        }
        replace => {
            !group.launch.is_current(world.templates(), one)
                || (was_there && *replace == Replace::All)
                || ((was_there || known.pooled.contains(&one.id)) && tagged_otherwise())
        }
    }
}

/// Instances, as they are listed.
pub(super) fn listed(ids: &[InstanceId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
