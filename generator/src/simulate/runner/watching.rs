//! The runner's side of the invariants and of the results.

use super::Runner;
use super::beginning::strategy_of;
use super::run::{Calls, GroupReport, LogEntry, Run, Totals};
use super::setup::Stop;
use crate::simulate::invariants::{Termination, judge};
use asg_recycle_simulator::time::Moment;
use asg_recycle_simulator::world::World;
use asg_recycle_simulator::world::group::{Group, GroupPhase};
use asg_recycle_simulator::world::ids::GroupIndex;
use asg_recycle_simulator::world::injected_failures::InjectedFailure;
use asg_recycle_simulator::world::record::{Access, Sample};
use asg_recycle_simulator::world::script::{Undone, When, WhyUndone};

impl Runner {
    /// What the handler and the executions have done so far.
    pub fn log(&self) -> &[LogEntry] {
        &self.log
    }

    /// Calls fail from now on, besides those of the scenario.
    pub fn fail_calls(&mut self, failure: InjectedFailure) {
        self.world.fail_calls(failure);
    }

    pub(super) fn observe(&mut self) {
        for checker in &mut self.checkers {
            checker.observe(&self.world);
        }
    }

    /// Index of the group that an execution is for, even if it is gone by now.
    fn group_of(&self, execution: usize) -> Option<GroupIndex> {
        let name = self.executions[execution].group();
        self.world.groups().position(|group| *group.name == *name)
    }

    pub(super) fn notify_started(&mut self, execution: usize) {
        let Some(group) = self.group_of(execution) else { return };
        let strategy = self.executions[execution].input.get("strategy").and_then(serde_json::Value::as_str);
        let profile =
            strategy.and_then(|name| self.deployments[self.executions[execution].stack].profile(name));
        let expected = self.executions[execution].expected(profile);
        self.checkers[group].execution_started(&self.world, expected);
    }

    pub(super) fn notify_redriven(&mut self, execution: usize) {
        let Some(group) = self.group_of(execution) else { return };
        let arn = self.executions[execution].execution.arn().to_owned();
        self.checkers[group].execution_redriven(&self.world, &arn);
    }

    /// The handler told people that nothing puts a group back any more.
    pub(super) fn restore_given_up(&mut self, group: &str) {
        let index = self.world.groups().position(|one| *one.name == *group);
        if let Some(checker) = index.and_then(|index| self.checkers.get_mut(index)) {
            checker.restore_given_up();
        }
    }

    pub(super) fn notify_ended(&mut self, execution: usize) {
        let Some(group) = self.group_of(execution) else { return };
        let ending = self.executions[execution].ending();
        self.checkers[group].execution_ended(&self.world, ending);
    }

    pub(super) fn into_run(mut self, termination: Termination) -> Run {
        let checkers = std::mem::take(&mut self.checkers);
        let ended_at = self.executions.iter().filter_map(|live| live.ended_at).max().unwrap_or(self.began_at);
        let mut refusals = self.refusals;
        refusals.extend(self.world.record().refusals.iter().cloned());
        refusals.dedup();
        let mut denials = self.denials;
        denials.extend(self.world.record().denials.iter().cloned());
        denials.dedup();
        let verdict = judge(checkers, &self.world, termination, (&refusals, &denials));
        let executions: Vec<_> =
            self.executions.iter().map(super::running_execution::RunningExecution::report).collect();
        let totals = Totals {
            calls: calls(&self.world),
            transitions: executions.iter().map(|one| one.counters.transitions).sum(),
            history_events_max: executions
                .iter()
                .map(|one| one.counters.longest_history())
                .max()
                .unwrap_or(0),
            events: self.delivered,
        };
        let groups = self.world.groups().enumerate();
        let groups = groups
            .zip(&self.first)
            .map(|((index, group), first)| report(&self.world, (self.began_at, *first), index, group));
        let groups = groups.collect();
        let undone = undone(&self.world, &self.stops);
        Run {
            began_at: self.began_at,
            ended_at,
            termination,
            executions,
            log: self.log,
            groups,
            totals,
            verdict,
            refusals,
            undone,
            world: self.world,
        }
    }
}

/// What was to happen after something that did not, each as one sentence.
fn undone(world: &World, stops: &[Stop]) -> Vec<String> {
    let which = |what: &str, name: &str, nth: u32| match nth {
        1 => format!("{what} `{name}`"),
        nth => format!("{what} `{name}` number {nth}"),
    };
    let events = world.undone().into_iter().map(|Undone { entry, why }| {
        let waits_for = match why {
            WhyUndone::ChangedNothing(why) => return format!("event {entry} changed nothing: {why}"),
            WhyUndone::NeverCame(Some(When::AfterCall(point))) => {
                which("a call of", &point.action, point.nth)
            }
            WhyUndone::NeverCame(Some(When::AfterEvent(point))) => {
                which("the event", &point.event, point.nth)
            }
            WhyUndone::NeverCame(Some(When::At(_)) | None) => {
                return format!("event {entry} did not happen: all was over before its time");
            }
        };
        format!("event {entry} did not happen: it waits for {waits_for}, which did not come")
    });
    let stops = stops.iter().filter_map(|stop| match stop {
        Stop::At(_) => None,
        Stop::AfterTransitions(count) => {
            Some(format!("no execution was stopped after {count} transitions: none made as many"))
        }
        Stop::AtState(state) => Some(format!("no execution was stopped at `{state}`: none came there")),
    });
    events.chain(stops).collect()
}

fn calls(world: &World) -> std::collections::BTreeMap<String, Calls> {
    let mut calls = std::collections::BTreeMap::<String, Calls>::new();
    for call in &world.record().calls {
        let of_service = match calls.get_mut(&*call.service) {
            Some(known) => known,
            None => calls.entry(call.service.to_string()).or_default(),
        };
        match call.access {
            Access::Read => of_service.reads += 1,
            Access::Write => of_service.writes += 1,
        }
    }
    calls
}

fn report(
    world: &World,
    (began_at, first): (Moment, Sample),
    index: GroupIndex,
    group: &Group,
) -> GroupReport {
    let mut history = vec![(began_at, first)];
    for change in world.record().changes.iter().filter(|change| change.group == index) {
        match history.last_mut() {
            Some((moment, sample)) if *moment == change.moment => *sample = change.sample,
            Some((_, sample)) if *sample == change.sample => {}
            _ => history.push((change.moment, change.sample)),
        }
    }
    GroupReport {
        name: group.name.to_string(),
        strategy: strategy_of(group).to_owned(),
        history,
        is_present: group.phase == GroupPhase::Present,
        zones: group.zones.iter().map(ToString::to_string).zip(group.live_by_zone()).collect(),
        suspended: group.suspended.iter().map(|process| process.as_str()).collect(),
    }
}
