//! The work of each type of state.

use std::rc::Rc;

use super::branches::Branches;
use super::data;
use super::evaluate;
use super::failure::Failure;
use super::history::HistoryEvent;
use super::machine::{LoadedKind, LoadedRule, Map, Next, ScopeIndex, StateIndex, Task};
use super::observer::Way;
use super::step::StepContext;
use super::template::Template;
use super::thread::{Progress, Thread};
use super::timestamp;
use crate::services::ServiceCall;
use crate::time::{Moment, Span};

impl Thread {
    /// Does what the state it has entered is for.
    pub(super) fn perform(&mut self, step: &mut StepContext<'_>) {
        let program = Rc::clone(step.program);
        let state = self.state(&program);
        let failed = match &state.kind {
            LoadedKind::Pass | LoadedKind::Succeed => {
                self.succeed(step, None);
                return;
            }
            LoadedKind::Fail { error, cause } => {
                self.perform_fail(step, error.as_ref(), cause.as_ref());
                return;
            }
            LoadedKind::Task(task) => self.perform_task(step, task),
            LoadedKind::Choice { rules, default } => self.perform_choice(step, rules, *default),
            LoadedKind::WaitSeconds(seconds) => self
                .over(step, (None, None), None, |over| program.engine.whole("Seconds", seconds, over))
                .map(|seconds| {
                    self.progress = Progress::Waiting(step.now + Span::seconds(u64::from(seconds)));
                }),
            LoadedKind::WaitTimestamp(template) => self
                .wait_until(step, template)
                .map(|moment| self.progress = Progress::Waiting(moment.max(step.now))),
            LoadedKind::Map(map) => self.perform_map(step, map),
            LoadedKind::Parallel { arguments, branches } => {
                self.perform_parallel(step, arguments.as_ref(), branches)
            }
        };
        if let Err(failure) = failed {
            self.fail_inside(step, failure);
        }
    }

    fn perform_fail(
        &mut self,
        step: &mut StepContext<'_>,
        error: Option<&Template>,
        cause: Option<&Template>,
    ) {
        let text = |name, template: Option<&Template>| match template {
            Some(template) => self
                .over(step, (None, None), None, |over| step.program.engine.text(name, template, over))
                .map(|text| text.to_string()),
            None => Ok(String::new()),
        };
        let failure = text("Error", error).and_then(|error| {
            if error.starts_with("States.") {
                let cause = format!("Custom error names must not begin with the prefix 'States.': {error}");
                return Err(Failure::runtime(cause));
            }
            Ok(Failure { error, cause: text("Cause", cause)? })
        });
        let failure = failure.unwrap_or_else(|failure| {
            step.shared.count(1);
            self.placed(step, failure)
        });
        self.progress = Progress::Ended(Err(failure));
    }

    fn perform_task(&mut self, step: &mut StepContext<'_>, task: &Task) -> Result<(), Failure> {
        let arguments = Rc::new(data::to_json(&self.field(step, "Arguments", &task.arguments)?.value));
        let timeout = match &task.timeout_seconds {
            Some(seconds) => Some(self.over(step, (None, None), None, |over| {
                step.program.engine.whole("TimeoutSeconds", seconds, over)
            })?),
            None => None,
        };
        step.shared.count(2);
        step.shared.counters.calls += 1;
        let answer = step.services.call(&ServiceCall {
            service: &task.service,
            action: &task.action,
            arguments: &arguments,
            execution_arn: &step.shared.identity.arn,
            now: step.now,
        });
        let timeout = timeout.map(|seconds| Span::seconds(u64::from(seconds)));
        let (latency, result) = match timeout {
            Some(timeout) if timeout < answer.latency => (timeout, Err(Failure::timeout())),
            _ => (answer.latency, answer.result.map_err(Failure::from)),
        };
        step.shared.log(
            step.now,
            HistoryEvent::Called {
                state: Rc::clone(&self.state(step.program).name),
                service: Rc::clone(&task.service),
                action: Rc::clone(&task.action),
                arguments,
                failure: result.as_ref().err().cloned(),
            },
        );
        let result = result.and_then(|result| task.cached_answer.plain(result).within_limit("result"));
        self.progress = Progress::Answer(step.now + latency, result);
        Ok(())
    }

    fn perform_choice(
        &mut self,
        step: &mut StepContext<'_>,
        rules: &[LoadedRule],
        default: Option<StateIndex>,
    ) -> Result<(), Failure> {
        let engine = &step.program.engine;
        let program = step.program;
        let name = &self.state(program).name;
        for (index, rule) in rules.iter().enumerate() {
            let matches = self
                .over(step, (None, None), None, |over| engine.boolean("Condition", &rule.condition, over))?;
            if matches {
                let changes = self.evaluate_results(step, &rule.results, (None, None), self.input.clone())?;
                program.takes(name, Way::TakesRule(index));
                self.leave(step, changes, Next::State(rule.next));
                return Ok(());
            }
        }
        let Some(default) = default else {
            return Err(Failure::new("States.NoChoiceMatched", "Failed to transition out of the state."));
        };
        let results = &self.state(step.program).results;
        let changes = self.evaluate_results(step, results, (None, None), self.input.clone())?;
        program.takes(name, Way::TakesDefault);
        self.leave(step, changes, Next::State(default));
        Ok(())
    }

    fn wait_until(&self, step: &StepContext<'_>, template: &Template) -> Result<Moment, Failure> {
        let engine = &step.program.engine;
        let text = self.over(step, (None, None), None, |over| engine.text("Timestamp", template, over))?;
        timestamp::parse(&text).ok_or_else(|| {
            Failure::query(format!("The field 'Timestamp' is no RFC 3339 time with T and Z: {text}"))
        })
    }

    fn perform_map(&mut self, step: &mut StepContext<'_>, map: &Map) -> Result<(), Failure> {
        let items = match &map.items {
            Some(template) => self.field(step, "Items", template)?.value,
            None => self.input.value.clone(),
        };
        let items = evaluate::array("Items", map.items.as_ref(), &items)?;
        let concurrency_max = self.over(step, (None, None), None, |over| {
            step.program.engine.whole("MaxConcurrency", &map.concurrency_max, over)
        })?;
        step.shared.count(if map.distributed.is_some() { 2 } else { 1 });
        let branches = Branches::of_items(items.into(), concurrency_max, map.distributed.is_some(), step.now);
        self.progress = Progress::Inside(Box::new(branches));
        Ok(())
    }

    fn perform_parallel(
        &mut self,
        step: &mut StepContext<'_>,
        arguments: Option<&Template>,
        branches: &[ScopeIndex],
    ) -> Result<(), Failure> {
        let input = match arguments {
            Some(template) => self.field(step, "Arguments", template)?,
            None => self.input.clone(),
        };
        step.shared.count(1);
        self.progress = Progress::Inside(Box::new(Branches::of_branches(branches.len(), input, step.now)));
        Ok(())
    }
}
