//! Map and Parallel under way: what is running inside them, in order and under a limit.

use std::rc::Rc;

use jsonata_core::value::JValue;

use super::context::Item;
use super::data::SizedValue;
use super::execution::Execution;
use super::failure::Failure;
use super::history::{Counters, Status};
use super::machine::{LoadedKind, Map, Program, ScopeIndex};
use super::step::{Shared, StepContext};
use super::thread::{Inside, Progress, Thread};
use crate::time::Moment;

/// Iterations of an inline Map that run at once, whatever `MaxConcurrency` says.
const INLINE_CONCURRENCY_MAX: usize = 40;

/// Child executions of a distributed Map that run at once.
const DISTRIBUTED_CONCURRENCY_MAX: usize = 10_000;

/// The inside of a Map or Parallel.
#[derive(Clone)]
pub(super) struct Branches {
    plan: Plan,
    /// Index of the next item or branch to begin.
    next: usize,
    running: Vec<(usize, Branch)>,
    results: Vec<Option<SizedValue>>,
    concurrency_max: usize,
    /// When it was last touched: what can be begun or collected is due since then.
    touched: Moment,
}

#[derive(Clone)]
enum Plan {
    /// A Map's.
    Items { items: Rc<[JValue]>, distributed: bool },
    /// A Parallel's, all with one input.
    Branches { input: SizedValue },
}

/// One iteration or branch.
#[derive(Clone)]
enum Branch {
    Inline(Thread),
    Child(Box<Execution>),
}

impl Branch {
    fn due(&self) -> Option<Moment> {
        match self {
            Self::Inline(thread) => thread.due(),
            Self::Child(child) => child.next_wake(),
        }
    }

    fn has_ended(&self) -> bool {
        match self {
            Self::Inline(thread) => matches!(thread.progress, Progress::Ended(_)),
            Self::Child(child) => *child.status() != Status::Running,
        }
    }

    fn step(&mut self, step: &mut StepContext<'_>) {
        match self {
            Self::Inline(thread) => thread.step(step),
            Self::Child(child) => {
                child.step(step.now, step.services);
                step.shared.events.append(&mut child.take_events());
            }
        }
    }

    fn abort(&mut self, shared: &mut Shared, now: Moment) {
        match self {
            Self::Inline(thread) => thread.abort(shared, now),
            Self::Child(child) => {
                child.stop(now);
                shared.events.append(&mut child.take_events());
                shared.counters.add_child(child.counters());
            }
        }
    }
}

impl Branches {
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

    pub(super) fn of_branches(count: usize, input: SizedValue, now: Moment) -> Self {
        Self::new(Plan::Branches { input }, count, count, now)
    }

    fn new(plan: Plan, count: usize, concurrency_max: usize, touched: Moment) -> Self {
        let results = vec![None; count];
        Self { plan, next: 0, running: Vec::new(), results, concurrency_max, touched }
    }

    fn can_begin(&self) -> bool {
        self.next < self.results.len() && self.running.len() < self.concurrency_max
    }

    /// Events of an iteration's beginning and of its end.
    fn events_per_end(&self) -> u32 {
        u32::from(matches!(self.plan, Plan::Items { distributed: false, .. }))
    }

    /// Events of the whole's success, or failure, before the state is left.
    fn events_of_whole(&self) -> u32 {
        if matches!(self.plan, Plan::Items { distributed: true, .. }) { 2 } else { 1 }
    }

    /// The one that has ended, and how.
    fn collect(&mut self, shared: &mut Shared) -> Option<(usize, Result<SizedValue, Failure>)> {
        let position = self.running.iter().position(|(_, branch)| branch.has_ended())?;
        let (index, branch) = self.running.remove(position);
        shared.count(self.events_per_end());
        let outcome = match branch {
            Branch::Inline(mut thread) => {
                thread.abort(shared, self.touched);
                match thread.progress {
                    Progress::Ended(outcome) => outcome,
                    _ => return None,
                }
            }
            Branch::Child(child) => {
                shared.counters.add_child(child.counters());
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
    fn whole(&mut self) -> Option<Result<SizedValue, Failure>> {
        if !self.running.is_empty() || self.next < self.results.len() {
            return None;
        }
        let results: Vec<_> = self.results.drain(..).flatten().collect();
        let bytes =
            2 + results.len().saturating_sub(1) + results.iter().map(|result| result.bytes).sum::<usize>();
        let value = JValue::array(results.into_iter().map(|result| result.value).collect());
        Some(SizedValue { value, bytes }.within_limit("result"))
    }
}

impl Inside for Branches {
    fn due(&self) -> Option<Moment> {
        let idle = self.running.is_empty();
        if idle || self.can_begin() || self.running.iter().any(|(_, branch)| branch.has_ended()) {
            return Some(self.touched);
        }
        self.running.iter().filter_map(|(_, branch)| branch.due()).min()
    }

    /// Collects one that has ended, or begins one, or ends, or does the earliest step inside.
    fn step(mut self: Box<Self>, outer: &mut Thread, step: &mut StepContext<'_>) {
        self.touched = step.now;
        if let Some((index, outcome)) = self.collect(step.shared) {
            match outcome {
                Ok(result) => self.results[index] = Some(result),
                Err(failure) => {
                    self.abort(step.shared, step.now);
                    step.shared.count(self.events_of_whole());
                    outer.fail(step, failure);
                    return;
                }
            }
        } else if self.can_begin() {
            if let Err(failure) = outer.begin_branch(step, &mut self) {
                self.abort(step.shared, step.now);
                outer.fail_inside(step, failure);
                return;
            }
        } else if let Some(whole) = self.whole() {
            step.shared.count(self.events_of_whole());
            match whole {
                Ok(results) => outer.succeed(step, Some(results)),
                Err(failure) => outer.fail_inside(step, failure),
            }
            return;
        } else if let Some((_, branch)) =
            self.running.iter_mut().min_by_key(|(_, branch)| branch.due().unwrap_or(Moment(u64::MAX)))
        {
            branch.step(step);
        }
        outer.progress = Progress::Inside(self);
    }

    fn abort(&mut self, shared: &mut Shared, now: Moment) {
        shared.count(self.events_per_end() * u32::try_from(self.running.len()).unwrap_or(u32::MAX));
        for (_, mut branch) in self.running.drain(..) {
            branch.abort(shared, now);
        }
    }

    fn stop(&mut self, shared: &mut Shared, now: Moment) {
        for (_, branch) in &mut self.running {
            match branch {
                Branch::Inline(thread) => thread.stop(shared, now),
                Branch::Child(child) => {
                    child.stop(now);
                    shared.events.append(&mut child.take_events());
                }
            }
        }
    }

    fn redrive(&mut self, program: &Program, shared: &mut Shared, now: Moment) {
        self.touched = now;
        for (_, branch) in &mut self.running {
            match branch {
                Branch::Inline(thread) => thread.redrive(program, shared, now),
                Branch::Child(child) => {
                    child.redrive(now);
                    shared.events.append(&mut child.take_events());
                }
            }
        }
    }

    fn add_children(&self, counters: &mut Counters) {
        for (_, branch) in &self.running {
            match branch {
                Branch::Inline(thread) => thread.add_children(counters),
                Branch::Child(child) => counters.add_child(child.counters()),
            }
        }
    }

    fn to_box(&self) -> Box<dyn Inside> {
        Box::new(self.clone())
    }
}

impl Thread {
    fn begin_branch(&self, step: &mut StepContext<'_>, branches: &mut Branches) -> Result<(), Failure> {
        let program = Rc::clone(step.program);
        let index = branches.next;
        let branch = match (&branches.plan, &self.state(&program).kind) {
            (Plan::Items { items, .. }, LoadedKind::Map(map)) => {
                self.begin_item(step, map, index, &items[index])?
            }
            (Plan::Branches { input }, LoadedKind::Parallel { branches, .. }) => {
                Branch::Inline(self.begin_inner(step, branches[index], input.clone(), self.item.clone()))
            }
            _ => return Err(Failure::runtime("the state has changed under its own iterations")),
        };
        step.shared.count(branches.events_per_end());
        branches.running.push((index, branch));
        branches.next += 1;
        Ok(())
    }

    fn begin_item(
        &self,
        step: &mut StepContext<'_>,
        map: &Map,
        index: usize,
        value: &JValue,
    ) -> Result<Branch, Failure> {
        let item = Item { index, value: value.clone() };
        let input = match &map.selector {
            Some(template) => self
                .over(step, (None, None), Some(&item), |over| {
                    step.program.engine.field("ItemSelector", template, over)
                })?
                .within_limit("ItemSelector")?,
            None => SizedValue::plain(value.clone()),
        };
        Ok(match &map.distributed {
            Some(label) => {
                let identity = step.shared.identity.child(label, &step.shared.random.uuid());
                let seed = step.shared.random.bits();
                let mut child =
                    Execution::begin(step.program, identity, map.processor, input, (step.now, seed), None);
                step.shared.events.append(&mut child.take_events());
                Branch::Child(Box::new(child))
            }
            None => Branch::Inline(self.begin_inner(step, map.processor, input, Some(Rc::new(item)))),
        })
    }

    fn begin_inner(
        &self,
        step: &mut StepContext<'_>,
        scope: ScopeIndex,
        input: SizedValue,
        item: Option<Rc<Item>>,
    ) -> Thread {
        let place = (&**step.program, &mut *step.shared, step.now);
        Thread::begin(place, scope, input, self.variables.for_inner(), item)
    }
}
