//! How executions end, and how the group is when all of them have.

use std::collections::BTreeSet;
use std::sync::Arc;

use asg_recycle_handler::contract::{Mode, Replace};
use serde_json::Value;

use asg_recycle_simulator::time::{Moment, Span};
use asg_recycle_simulator::world::World;
use asg_recycle_simulator::world::executions::ExecutionStatus;
use asg_recycle_simulator::world::group::{Group, GroupPhase};
use asg_recycle_simulator::world::ids::InstanceId;
use asg_recycle_simulator::world::instance::{Health, Instance, Lifecycle};

use super::leaving::{left_over, listed};
use super::{Allowed, Checker, Invariant, Known, Violation};

/// An execution, as it ends.
#[derive(Debug, Clone)]
pub struct Ending {
    /// Its ARN.
    pub arn: Arc<str>,
    /// How it ended.
    pub status: ExecutionStatus,
    /// Its output, where it succeeded.
    pub output: Option<Value>,
    /// Its error, where it failed.
    pub error: Option<String>,
    /// The error's cause.
    pub cause: Option<String>,
}

impl Ending {
    /// `outcome` of its output.
    pub(super) fn outcome(&self) -> &str {
        self.said("outcome")
    }

    /// `reason` of its output.
    fn reason(&self) -> &str {
        self.said("reason")
    }

    fn said(&self, key: &str) -> &str {
        self.output.as_ref().and_then(|output| output.get(key)?.as_str()).unwrap_or_default()
    }
}

/// What an execution says of a group that is gone.
const GONE: &str = "the group does not exist any more";

/// What an execution says that leaves a group to whoever set its sizes after putting back had failed.
const THEIRS: &str = "somebody has set its sizes since a recycle could not put them back";

/// Outcomes that need no reason: they are what was asked for.
const PLAIN: [&str; 1] = ["recycled"];

/// A verdict takes two looks, and calls between them that may take up to half a minute, and longer the more load balancers there are.
const BETWEEN_LOOKS: Span = Span::seconds(40);

impl Checker {
    /// An execution for this group ends.
    pub fn execution_ended(&mut self, world: &World, ending: Ending) {
        self.observe(world);
        let now = world.now();
        if let Some(detail) = without_reason(&ending) {
            self.violate(Invariant::FailureSaysWhy, now, detail);
        }
        let Some(position) = self.runs.iter().position(|known| known.run.arn == ending.arn) else { return };
        let succeeded = ending.status == ExecutionStatus::Succeeded;
        if succeeded
            && matches!(ending.outcome(), "recycled" | "up_to_date")
            && !self.is_excused(world, position, &ending)
        {
            let enough = ending.outcome() == "recycled";
            if let Some(detail) = self.false_success(world, &self.runs[position], enough) {
                self.violate(Invariant::TrueSuccess, now, detail);
            }
        }
        if let Some(detail) = self.success_with_another(world, &self.runs[position], ending.outcome()) {
            self.violate(Invariant::TrueSuccess, now, detail);
        }
        if succeeded
            && let Some(detail) = self.taken_again(world, position, ending.outcome(), ending.output.as_ref())
        {
            self.violate(Invariant::ReplacedOnce, now, detail);
        }
        self.runs[position].ending = Some((now, ending));
    }

    /// A success with a group that was made again since it was last changed: nothing that is seen there is its doing.
    fn success_with_another(&self, world: &World, known: &Known, outcome: &str) -> Option<String> {
        let made = self.made_again_at?;
        let was_seen = known.announced_look.is_some_and(|look| made + world.spec().read_lag.by < look);
        let is_anothers = known.last_write.is_some_and(|write| write < made);
        (outcome == "recycled" && was_seen && is_anothers)
            .then(|| format!("{} reported success with a group that was made since it acted", known.run.arn))
    }

    /// Whether the world did something after the execution last looked, or so shortly before that its read was late, or
    /// that it came between the look that chose instances and the one that judged their health.
    fn is_excused(&self, world: &World, position: usize, ending: &Ending) -> bool {
        let Some(disrupted_at) = self.disrupted_at else { return false };
        let known = &self.runs[position];
        let look = if ending.outcome() == "recycled" { known.announced_look } else { known.last_look };
        let looked_at = look.unwrap_or(Moment(0));
        disrupted_at + world.spec().read_lag.by + BETWEEN_LOOKS >= looked_at
    }

    /// Whether a request that came later, and could not be left to this one, was for these, and said loudly that it is not met.
    fn are_owed_by_another(&self, world: &World, group: &Group, known: &Known, left: &[InstanceId]) -> bool {
        self.runs.iter().filter(|other| other.started_at > known.started_at).any(|other| {
            let is_request = other.run.mode == Mode::Recycle && other.first_write.is_none();
            let asked = left_over(world, group, &self.tags, other);
            let is_for_these = left.iter().all(|one| asked.contains(one));
            is_request && is_for_these && other.ending.as_ref().is_some_and(|(_, ending)| is_loud(ending))
        })
    }

    /// Whether what comes into service has to be what the group launches by now. Where instances are named, nobody else is replaced: neither
    /// for what the group launches since, nor for what comes out of a warm pool that is left as it is.
    fn judges_source(&self, known: &Known) -> bool {
        let is_as_before = self.source_changed_at.is_none_or(|at| at < known.started_at);
        !matches!(known.run.replace, Replace::Named(_)) || known.run.renews_pool && is_as_before
    }

    fn false_success(&self, world: &World, known: &Known, enough: bool) -> Option<String> {
        let group = world.group(self.group).filter(|group| group.phase == GroupPhase::Present)?;
        let left = left_over(world, group, &self.tags, known);
        if !left.is_empty() && !self.are_owed_by_another(world, group, known, &left) {
            return Some(format!(
                "{} reported success with {} still in service",
                known.run.arn,
                listed(&left)
            ));
        }
        // A machine that died without AWS noticing is not an execution's falsehood.
        let serves = |one: &Instance| one.is_said_to_serve();
        let judges_source = self.judges_source(known);
        let is_current = |one: &&Instance| {
            serves(one) && (!judges_source || group.launch.is_current(world.templates(), one))
        };
        let serving: u32 = group.instances.iter().filter(is_current).map(|one| one.weight).sum();
        // Who was there before, and was not to be replaced, stays as it is; what Auto Scaling itself replaces is waited for.
        let was_there = |one: &Instance| {
            let is_before = one.in_service_at.is_some_and(|at| at <= known.started_at);
            is_before && one.lifecycle == Lifecycle::InService && one.health == Health::Healthy
        };
        let kept: u32 = group
            .instances
            .iter()
            .filter(|one| (one.protected || was_there(one)) && !is_current(one))
            .map(|one| one.weight)
            .sum();
        (enough && serving + kept < group.sizes.desired).then(|| {
            format!(
                "{} reported success with {serving} current healthy units of capacity of {} desired",
                known.run.arn, group.sizes.desired
            )
        })
    }

    /// What was violated, when every execution has ended and the group has come to rest.
    pub fn finish(mut self, world: &World) -> Vec<Violation> {
        self.observe(world);
        let Some(group) = world.group(self.group) else { return self.violations };
        let has_item = world.has_lock_item(&group.name);
        let is_told = self.is_left_to_somebody();
        if group.phase == GroupPhase::Present {
            let is_theirs = self.runs.iter().any(|known| {
                known.ending.as_ref().is_some_and(|(_, ending)| ending.reason().contains(THEIRS))
            });
            if !(is_told && (has_item || is_theirs)) {
                self.judge_sizes(world, group);
                let (wanted, desired) = (self.outage.wanted(), group.sizes.desired);
                // What others ask for between a look and the write that follows it nobody can see.
                if desired < wanted && !self.demand.is_ambiguous() && !self.max.is_ambiguous() {
                    let detail = format!("the desired capacity ends at {desired}, not at {wanted} or more");
                    self.violate(Invariant::OutageNotProlonged, world.now(), detail);
                }
            }
            self.judge_requests(world, group);
        }
        self.judge_announcements(world.now());
        if has_item && !is_told {
            let holders: Vec<&str> = world.lock_holders(&group.name).collect();
            let holders = if holders.is_empty() { "nobody".to_owned() } else { holders.join(" and ") };
            let detail = format!("the lock item of {} is left, held by {holders}", group.name);
            self.violate(Invariant::LockReleased, world.now(), detail);
        }
        self.violations
    }

    /// Whether people were told that putting back failed, by the last that changed the group or tried to: then the journal is kept
    /// for whoever goes on.
    pub(super) fn is_left_to_somebody(&self) -> bool {
        let failed_to_restore = |known: &Known, ending: &Ending| {
            let own = ["Recycle.RestoreFailed", "Recycle.UnknownJournal"];
            let is_restore = known.run.mode == Mode::Restore;
            ending.error.as_deref().is_some_and(|error| own.contains(&error))
                || (is_restore && ending.status == ExecutionStatus::Failed)
                || ending.reason().contains(THEIRS)
        };
        // One that is redriven changes nothing, and says nothing of the group.
        let own = self.runs.iter().filter(|known| !known.redriven);
        let ended = own.filter_map(|known| known.ending.as_ref().map(|(at, one)| (at, known, one)));
        let last = ended
            .map(|(at, known, ending)| (at, known.first_write.is_some(), failed_to_restore(known, ending)))
            .filter(|(_, wrote, failed)| *wrote || *failed)
            .max_by_key(|(at, ..)| **at);
        self.is_left_to_people || last.is_some_and(|(.., failed)| failed)
    }

    fn judge_sizes(&mut self, world: &World, group: &Group) {
        let mut faults = Vec::new();
        // Nor a minimum above the maximum, and the maximum may be somebody else's by now.
        let is_held_down =
            group.sizes.min == group.sizes.max && self.max.missed_by(group.sizes.max).is_none();
        let missed = self.min.missed_by(group.sizes.min);
        if let Some(expected) = missed.filter(|min| !is_held_down || *min < group.sizes.max) {
            faults.push(format!("the minimum is {}, not {expected}", group.sizes.min));
        }
        // AWS takes no maximum below the minimum, and the minimum may be somebody else's by now.
        let is_held_up = group.sizes.max == group.sizes.min && faults.is_empty();
        let missed = self.max.missed_by(group.sizes.max);
        if let Some(expected) = missed.filter(|max| !is_held_up || *max > group.sizes.min) {
            faults.push(format!("the maximum is {}, not {expected}", group.sizes.max));
        }
        // Where those that could go have become protected meanwhile, nobody may take the place of an instance that stays.
        let is_held = group.instances.iter().any(|one| one.protected);
        let is_excused = is_held && self.demand.is_exceeded_by(group.sizes);
        faults.extend(self.demand.missed_by(group.sizes).filter(|_| !is_excused));
        for process in group.suspended.difference(&self.suspended) {
            faults.push(format!("{} is suspended", process.as_str()));
        }
        for process in
            self.suspended.difference(&group.suspended).filter(|one| !self.suspended_unseen.contains(one))
        {
            faults.push(format!("{} is not suspended any more", process.as_str()));
        }
        let pool = group.pool_at(world.now()).filter(|pool| pool.leaves_until.is_none());
        let pool = pool.map(|pool| pool.configuration.clone());
        if pool != self.pool {
            faults.push(format!("the warm pool is {pool:?}, not {:?}", self.pool));
        }
        if !faults.is_empty() {
            self.violate(Invariant::SizesRestored, world.now(), faults.join("; "));
        }
    }

    fn judge_requests(&mut self, world: &World, group: &Group) {
        let mut unmet = Vec::new();
        // Nothing is owed to who only asked what would be done.
        // Nor to who asked while another group had the name: what that is to launch from since is a request of its own.
        let asks = |known: &&Known| {
            known.run.mode == Mode::Recycle
                && known.run.allowed != Allowed::Never
                && self.made_again_at.is_none_or(|made| known.started_at >= made)
        };
        for known in self.runs.iter().filter(asks) {
            let left = left_over(world, group, &self.tags, known);
            if !left.is_empty() && !self.is_accounted_for(world, known, &left) {
                unmet.push(format!("{} was to replace {}", known.run.arn, listed(&left)));
            }
        }
        if !unmet.is_empty() {
            let detail = format!("{}, and no execution failed or stood back with a reason", unmet.join("; "));
            self.violate(Invariant::NoRequestLost, world.now(), detail);
        }
    }

    /// Whether a later account names each of them as one that was left alone because of how it was then: protected, or in
    /// standby. What it is once the recycle is over is nobody's request.
    fn is_given_up(&self, known: &Known, left: &[InstanceId]) -> bool {
        let endings = self.runs.iter().filter_map(|other| other.ending.as_ref());
        let later = endings.filter(|(at, _)| *at >= known.started_at);
        let alone = later.filter_map(|(_, ending)| ending.output.as_ref()?.get("left_alone")?.as_array());
        let named: BTreeSet<&str> = alone
            .flatten()
            .filter(|one| {
                one["reason"]
                    .as_str()
                    .is_some_and(|reason| LEFT_ALONE.iter().any(|why| reason.starts_with(why)))
            })
            .filter_map(|one| one["id"].as_str())
            .collect();
        left.iter().all(|id| named.contains(id.to_string().as_str()))
    }

    /// Whether somebody was told that a request is not met: by its own execution, or by one that ended later, which
    /// it may have been left to. A change of the launch source that nobody looked at any more is a request of its own.
    fn is_accounted_for(&self, world: &World, known: &Known, left: &[InstanceId]) -> bool {
        let told = self.runs.iter().any(|other| {
            let speaks_of_it =
                |ending: &Ending| ending.outcome() != "dry_run" || other.run.arn == known.run.arn;
            let ending = other.ending.as_ref().filter(|(at, _)| *at >= known.started_at);
            ending.is_some_and(|(_, ending)| is_loud(ending) && speaks_of_it(ending))
        });
        let last_look = self.runs.iter().filter_map(|other| other.last_look).max().unwrap_or(Moment(0));
        let newer = self.source_changed_at.is_some_and(|at| at + world.spec().read_lag.by >= last_look);
        let were_there = left.iter().any(|id| *id < known.newcomers_from);
        told || self.is_given_up(known, left)
            || (newer && !(known.run.replace != Replace::Outdated && were_there))
    }
}

/// Why an account says that an instance was left alone, where that can change by itself.
const LEFT_ALONE: [&str; 3] =
    ["it is protected from scale-in", "it is in standby", "it protected itself again"];

/// Whether an ending tells people that the group may not be what was asked for.
fn is_loud(ending: &Ending) -> bool {
    match ending.status {
        ExecutionStatus::Failed | ExecutionStatus::TimedOut | ExecutionStatus::Aborted => true,
        // That it is gone is no account of a group that is there.
        ExecutionStatus::Succeeded if ending.outcome() == "skipped" => !ending.reason().contains(GONE),
        ExecutionStatus::Succeeded => {
            matches!(ending.outcome(), "empty" | "dry_run" | "rolled_back" | "failed")
        }
        ExecutionStatus::Running => false,
    }
}

/// Why an ending does not say why, where it should. One that was stopped from outside cannot.
fn without_reason(ending: &Ending) -> Option<String> {
    let said = |text: Option<&str>| text.is_some_and(|text| !text.trim().is_empty());
    match ending.status {
        ExecutionStatus::Failed => {
            let complete = said(ending.error.as_deref()) && said(ending.cause.as_deref());
            (!complete).then(|| {
                format!("{} failed with error {:?} and cause {:?}", ending.arn, ending.error, ending.cause)
            })
        }
        ExecutionStatus::Succeeded => {
            let reason =
                ending.output.as_ref().and_then(|output| output.get("reason")).and_then(Value::as_str);
            let plain = PLAIN.contains(&ending.outcome());
            let missing = ending.outcome().is_empty() || (!plain && !said(reason));
            missing.then(|| format!("{} ended with the output {:?}", ending.arn, ending.output))
        }
        ExecutionStatus::Running | ExecutionStatus::TimedOut | ExecutionStatus::Aborted => None,
    }
}
