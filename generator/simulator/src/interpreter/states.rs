//! The work of each type of state.

use std::rc::Rc;

use super::data;
use super::evaluate;
use super::failure::Failure;
use super::fanout::Fanout;
use super::history::Happening;
use super::machine::{Kind, Map, Next, Rule, ScopeIndex, StateIndex, Task};
use super::strand::{Phase, Run, Strand};
use super::template::Template;
use super::timestamp;
use crate::services::ServiceCall;
use crate::time::{Moment, Span};

impl Strand {
    /// Does what the state it has entered is for.
    pub(super) fn perform(&mut self, run: &mut Run<'_>) {
        let program = Rc::clone(run.program);
        let state = self.state(&program);
        let failed = match &state.kind {
            Kind::Pass | Kind::Succeed => {
                self.succeed(run, None);
                return;
            }
            Kind::Fail { error, cause } => {
                self.perform_fail(run, error.as_ref(), cause.as_ref());
                return;
            }
            Kind::Task(task) => self.perform_task(run, task),
            Kind::Choice { rules, default } => self.perform_choice(run, rules, *default),
            Kind::WaitSeconds(seconds) => self
                .over(run, (None, None), None, |over| program.engine.whole("Seconds", seconds, over))
                .map(|seconds| self.phase = Phase::Waiting(run.now + Span::seconds(u64::from(seconds)))),
            Kind::WaitTimestamp(template) => {
                self.wait_until(run, template).map(|moment| self.phase = Phase::Waiting(moment.max(run.now)))
            }
            Kind::Map(map) => self.perform_map(run, map),
            Kind::Parallel { arguments, branches } => {
                self.perform_parallel(run, arguments.as_ref(), branches)
            }
        };
        if let Err(failure) = failed {
            self.fail_inside(run, failure);
        }
    }

    fn perform_fail(&mut self, run: &mut Run<'_>, error: Option<&Template>, cause: Option<&Template>) {
        let text = |name, template: Option<&Template>| match template {
            Some(template) => self
                .over(run, (None, None), None, |over| run.program.engine.text(name, template, over))
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
            run.core.count(1);
            self.placed(run, failure)
        });
        self.phase = Phase::Ended(Err(failure));
    }

    fn perform_task(&mut self, run: &mut Run<'_>, task: &Task) -> Result<(), Failure> {
        let arguments = Rc::new(data::to_json(&self.field(run, "Arguments", &task.arguments)?.value));
        let timeout = match &task.timeout_seconds {
            Some(seconds) => Some(self.over(run, (None, None), None, |over| {
                run.program.engine.whole("TimeoutSeconds", seconds, over)
            })?),
            None => None,
        };
        run.core.count(2);
        run.core.counters.calls += 1;
        let answer = run.services.call(&ServiceCall {
            service: &task.service,
            action: &task.action,
            arguments: &arguments,
            execution_arn: &run.core.identity.arn,
            now: run.now,
        });
        let timeout = timeout.map(|seconds| Span::seconds(u64::from(seconds)));
        let (latency, result) = match timeout {
            Some(timeout) if timeout < answer.latency => (timeout, Err(Failure::timeout())),
            _ => (answer.latency, answer.result.map_err(Failure::from)),
        };
        run.core.log(
            run.now,
            Happening::Called {
                state: Rc::clone(&self.state(run.program).name),
                service: Rc::clone(&task.service),
                action: Rc::clone(&task.action),
                arguments,
                failure: result.as_ref().err().cloned(),
            },
        );
        let result = result.and_then(|result| task.last_answer.plain(result).within_limit("result"));
        self.phase = Phase::Answer(run.now + latency, result);
        Ok(())
    }

    fn perform_choice(
        &mut self,
        run: &mut Run<'_>,
        rules: &[Rule],
        default: Option<StateIndex>,
    ) -> Result<(), Failure> {
        let engine = &run.program.engine;
        for rule in rules {
            let matches = self
                .over(run, (None, None), None, |over| engine.boolean("Condition", &rule.condition, over))?;
            if matches {
                let changes = self.evaluate_results(run, &rule.results, (None, None), self.input.clone())?;
                self.leave(run, changes, Next::State(rule.next));
                return Ok(());
            }
        }
        let Some(default) = default else {
            return Err(Failure::new("States.NoChoiceMatched", "Failed to transition out of the state."));
        };
        let results = &self.state(run.program).results;
        let changes = self.evaluate_results(run, results, (None, None), self.input.clone())?;
        self.leave(run, changes, Next::State(default));
        Ok(())
    }

    fn wait_until(&self, run: &Run<'_>, template: &Template) -> Result<Moment, Failure> {
        let engine = &run.program.engine;
        let text = self.over(run, (None, None), None, |over| engine.text("Timestamp", template, over))?;
        timestamp::parse(&text).ok_or_else(|| {
            Failure::query(format!("The field 'Timestamp' is no RFC 3339 time with T and Z: {text}"))
        })
    }

    fn perform_map(&mut self, run: &mut Run<'_>, map: &Map) -> Result<(), Failure> {
        let items = match &map.items {
            Some(template) => self.field(run, "Items", template)?.value,
            None => self.input.value.clone(),
        };
        let items = evaluate::array("Items", map.items.as_ref(), &items)?;
        let concurrency_max = self.over(run, (None, None), None, |over| {
            run.program.engine.whole("MaxConcurrency", &map.concurrency_max, over)
        })?;
        run.core.count(if map.distributed.is_some() { 2 } else { 1 });
        let fanout = Fanout::of_items(items.into(), concurrency_max, map.distributed.is_some(), run.now);
        self.phase = Phase::Fanning(Box::new(fanout));
        Ok(())
    }

    fn perform_parallel(
        &mut self,
        run: &mut Run<'_>,
        arguments: Option<&Template>,
        branches: &[ScopeIndex],
    ) -> Result<(), Failure> {
        let input = match arguments {
            Some(template) => self.field(run, "Arguments", template)?,
            None => self.input.clone(),
        };
        run.core.count(1);
        self.phase = Phase::Fanning(Box::new(Fanout::of_branches(branches.len(), input, run.now)));
        Ok(())
    }
}
