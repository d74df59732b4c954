//! Map and Parallel under way: what is running inside them, in order and under a limit.

use std::rc::Rc;

use jsonata_core::value::JValue;

use super::context::Item;
use super::data::Sized;
use super::execution::Execution;
use super::failure::Failure;
use super::history::{Counters, Status};
use super::machine::{Kind, Map, ScopeIndex};
use super::strand::{Core, Phase, Run, Strand};
use crate::time::Moment;

/// Iterations of an inline Map that run at once, whatever `MaxConcurrency` says.
const INLINE_CONCURRENCY_MAX: usize = 40;

/// Child executions of a distributed Map that run at once.
const DISTRIBUTED_CONCURRENCY_MAX: usize = 10_000;

/// The inside of a Map or Parallel.
#[derive(Clone)]
pub(super) struct Fanout {
    plan: Plan,
    /// Index of the next item or branch to begin.
    next: usize,
    running: Vec<(usize, Branch)>,
    results: Vec<Option<Sized>>,
    concurrency_max: usize,
    /// When it was last touched: what can be begun or collected is due since then.
    touched: Moment,
}

#[derive(Clone)]
enum Plan {
    /// A Map's.
    Items { items: Rc<[JValue]>, distributed: bool },
    /// A Parallel's, all with one input.
    Branches { input: Sized },
}

/// One iteration or branch.
#[derive(Clone)]
enum Branch {
    Inline(Strand),
    Child(Box<Execution>),
}

impl Branch {
    fn due(&self) -> Option<Moment> {
        match self {
            Self::Inline(strand) => strand.due(),
            Self::Child(child) => child.next_wake(),
        }
    }

    fn has_ended(&self) -> bool {
        match self {
            Self::Inline(strand) => matches!(strand.phase, Phase::Ended(_)),
            Self::Child(child) => *child.status() != Status::Running,
        }
    }

    fn step(&mut self, run: &mut Run<'_>) {
        match self {
            Self::Inline(strand) => strand.step(run),
            Self::Child(child) => {
                child.step(run.now, run.services);
                run.core.events.append(&mut child.take_events());
            }
        }
    }

    fn abort(&mut self, core: &mut Core, now: Moment) {
        match self {
            Self::Inline(strand) => strand.abort(core, now),
            Self::Child(child) => {
                child.stop(now);
                core.events.append(&mut child.take_events());
                core.counters.add_child(child.counters());
            }
        }
    }
}

impl Fanout {
    pub(super) fn of_items(
        items: Rc<[JValue]>,
        concurrency_max: u32,
        distributed: bool,
        now: Moment,
    ) -> Self {
        let cap = if distributed { DISTRIBUTED_CONCURRENCY_MAX } else { INLINE_CONCURRENCY_MAX };
        let wanted = usize::try_from(concurrency_max).unwrap_or(cap);
        let concurrency_max = if wanted == 0 { cap } else { wanted.min(cap) };
        let count = items.len();
        Self::new(Plan::Items { items, distributed }, count, concurrency_max, now)
    }

    pub(super) fn of_branches(count: usize, input: Sized, now: Moment) -> Self {
        Self::new(Plan::Branches { input }, count, count, now)
    }

    fn new(plan: Plan, count: usize, concurrency_max: usize, touched: Moment) -> Self {
        let results = vec![None; count];
        Self { plan, next: 0, running: Vec::new(), results, concurrency_max, touched }
    }

    fn can_begin(&self) -> bool {
        self.next < self.results.len() && self.running.len() < self.concurrency_max
    }

    pub(super) fn due(&self) -> Option<Moment> {
        let idle = self.running.is_empty();
        if idle || self.can_begin() || self.running.iter().any(|(_, branch)| branch.has_ended()) {
            return Some(self.touched);
        }
        self.running.iter().filter_map(|(_, branch)| branch.due()).min()
    }

    /// Events of an iteration's beginning and of its end.
    fn events_per_end(&self) -> u32 {
        u32::from(matches!(self.plan, Plan::Items { distributed: false, .. }))
    }

    /// Events of the whole's success, or failure, before the state is left.
    fn events_of_whole(&self) -> u32 {
        if matches!(self.plan, Plan::Items { distributed: true, .. }) { 2 } else { 1 }
    }

    pub(super) fn abort(&mut self, core: &mut Core, now: Moment) {
        core.count(self.events_per_end() * u32::try_from(self.running.len()).unwrap_or(u32::MAX));
        for (_, mut branch) in self.running.drain(..) {
            branch.abort(core, now);
        }
    }

    pub(super) fn add_children(&self, counters: &mut Counters) {
        for (_, branch) in &self.running {
            match branch {
                Branch::Inline(strand) => strand.add_children(counters),
                Branch::Child(child) => counters.add_child(child.counters()),
            }
        }
    }

    /// The one that has ended, and how.
    fn collect(&mut self, core: &mut Core) -> Option<(usize, Result<Sized, Failure>)> {
        let position = self.running.iter().position(|(_, branch)| branch.has_ended())?;
        let (index, branch) = self.running.remove(position);
        core.count(self.events_per_end());
        let outcome = match branch {
            Branch::Inline(mut strand) => {
                strand.abort(core, self.touched);
                match strand.phase {
                    Phase::Ended(outcome) => outcome,
                    _ => return None,
                }
            }
            Branch::Child(child) => {
                core.counters.add_child(child.counters());
                child.into_result().map_err(|_| {
                    // Step Functions does not hand the child's own error to the parent.
                    let cause = "The specified tolerated failure threshold was exceeded";
                    Failure::new("States.ExceedToleratedFailureThreshold", cause)
                })
            }
        };
        Some((index, outcome))
    }

    /// The results in order, once there are all.
    fn whole(&mut self) -> Option<Result<Sized, Failure>> {
        if !self.running.is_empty() || self.next < self.results.len() {
            return None;
        }
        let results: Vec<_> = self.results.drain(..).flatten().collect();
        let bytes =
            2 + results.len().saturating_sub(1) + results.iter().map(|result| result.bytes).sum::<usize>();
        let value = JValue::array(results.into_iter().map(|result| result.value).collect());
        Some(Sized { value, bytes }.within_limit("result"))
    }
}

impl Strand {
    /// Collects one that has ended, or begins one, or ends, or does the earliest step inside.
    pub(super) fn step_fanout(&mut self, run: &mut Run<'_>, mut fanout: Box<Fanout>) {
        fanout.touched = run.now;
        if let Some((index, outcome)) = fanout.collect(run.core) {
            match outcome {
                Ok(result) => fanout.results[index] = Some(result),
                Err(failure) => {
                    fanout.abort(run.core, run.now);
                    run.core.count(fanout.events_of_whole());
                    self.fail(run, failure);
                    return;
                }
            }
        } else if fanout.can_begin() {
            if let Err(failure) = self.begin_branch(run, &mut fanout) {
                fanout.abort(run.core, run.now);
                self.fail_inside(run, failure);
                return;
            }
        } else if let Some(whole) = fanout.whole() {
            run.core.count(fanout.events_of_whole());
            match whole {
                Ok(results) => self.succeed(run, Some(results)),
                Err(failure) => self.fail_inside(run, failure),
            }
            return;
        } else if let Some((_, branch)) =
            fanout.running.iter_mut().min_by_key(|(_, branch)| branch.due().unwrap_or(Moment(u64::MAX)))
        {
            branch.step(run);
        }
        self.phase = Phase::Fanning(fanout);
    }

    fn begin_branch(&self, run: &mut Run<'_>, fanout: &mut Fanout) -> Result<(), Failure> {
        let program = Rc::clone(run.program);
        let index = fanout.next;
        let branch = match (&fanout.plan, &self.state(&program).kind) {
            (Plan::Items { items, .. }, Kind::Map(map)) => self.begin_item(run, map, index, &items[index])?,
            (Plan::Branches { input }, Kind::Parallel { branches, .. }) => {
                Branch::Inline(self.begin_inner(run, branches[index], input.clone(), self.item.clone()))
            }
            _ => return Err(Failure::runtime("the state has changed under its own iterations")),
        };
        run.core.count(fanout.events_per_end());
        fanout.running.push((index, branch));
        fanout.next += 1;
        Ok(())
    }

    fn begin_item(
        &self,
        run: &mut Run<'_>,
        map: &Map,
        index: usize,
        value: &JValue,
    ) -> Result<Branch, Failure> {
        let item = Item { index, value: value.clone() };
        let input = match &map.selector {
            Some(template) => self
                .over(run, (None, None), Some(&item), |over| {
                    run.program.engine.field("ItemSelector", template, over)
                })?
                .within_limit("ItemSelector")?,
            None => Sized::plain(value.clone()),
        };
        Ok(match &map.distributed {
            Some(label) => {
                let identity = run.core.identity.child(label, &run.core.random.uuid());
                let seed = run.core.random.bits();
                let mut child =
                    Execution::begin(run.program, identity, map.processor, input, (run.now, seed), None);
                run.core.events.append(&mut child.take_events());
                Branch::Child(Box::new(child))
            }
            None => Branch::Inline(self.begin_inner(run, map.processor, input, Some(Rc::new(item)))),
        })
    }

    fn begin_inner(
        &self,
        run: &mut Run<'_>,
        scope: ScopeIndex,
        input: Sized,
        item: Option<Rc<Item>>,
    ) -> Strand {
        let place = (&**run.program, &mut *run.core, run.now);
        Strand::begin(place, scope, input, self.variables.for_inner(), item)
    }
}
