//! The states of a definition, type by type.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::{Map as Fields, Value};

use super::super::machine::{Kind, Map, Next, Results, Rule, State, Task};
use super::super::memo::CachedAnswer;
use super::super::template::{Template, Whole, read_assign};
use super::super::timestamp;
use super::raw::{Mode, RawChoice, RawFail, RawMap, RawParallel, RawProcessor, RawState, RawTask, RawWait};
use super::{LoadScope, Loader};

/// Longest wait and longest time-out, in seconds.
const SECONDS_MAX: u32 = 99_999_999;

/// Longest label of a distributed Map, in characters.
const LABEL_LENGTH_MAX: usize = 40;

/// The optimised integrations whose arguments and results the interpreter passes on unchanged.
const OPTIMISED: &[&str] = &["lambda:invoke"];

impl Loader {
    /// One state, or nothing and its problems.
    pub(super) fn load_state(&mut self, name: &str, value: &Value, around: &LoadScope<'_>) -> Option<State> {
        let raw = self.raw_state(name, value)?;
        let mut state = State {
            name: name.into(),
            kind: Kind::Pass,
            results: Results::default(),
            next: Next::End,
            retriers: Vec::new(),
            catchers: Vec::new(),
        };
        match raw {
            RawState::Pass(raw) => {
                state.results = self.results(name, &raw.assign, raw.output.as_ref());
                state.next = self.next(name, raw.next.as_deref(), raw.end, around);
            }
            RawState::Task(raw) => {
                state.results = self.results(name, &raw.assign, raw.output.as_ref());
                state.next = self.next(name, raw.next.as_deref(), raw.end, around);
                state.retriers = self.retriers(name, &raw.retry);
                state.catchers = self.catchers(name, &raw.catch, around);
                state.kind = self.task(name, &raw)?;
            }
            RawState::Choice(raw) => {
                state.results = self.results(name, &raw.assign, raw.output.as_ref());
                state.kind = self.choice(name, &raw, around);
            }
            RawState::Wait(raw) => {
                state.results = self.results(name, &raw.assign, raw.output.as_ref());
                state.next = self.next(name, raw.next.as_deref(), raw.end, around);
                state.kind = self.wait(name, &raw)?;
            }
            RawState::Map(raw) => {
                state.results = self.results(name, &raw.assign, raw.output.as_ref());
                state.next = self.next(name, raw.next.as_deref(), raw.end, around);
                state.retriers = self.retriers(name, &raw.retry);
                state.catchers = self.catchers(name, &raw.catch, around);
                state.kind = self.map(name, &raw, around)?;
            }
            RawState::Parallel(raw) => {
                state.results = self.results(name, &raw.assign, raw.output.as_ref());
                state.next = self.next(name, raw.next.as_deref(), raw.end, around);
                state.retriers = self.retriers(name, &raw.retry);
                state.catchers = self.catchers(name, &raw.catch, around);
                state.kind = self.parallel(name, &raw, around);
            }
            RawState::Succeed(raw) => {
                state.results = self.results(name, &Fields::new(), raw.output.as_ref());
                state.kind = Kind::Succeed;
            }
            RawState::Fail(raw) => state.kind = self.fail(name, &raw),
        }
        Some(state)
    }

    /// The fields of a state, where they are those of its type.
    fn raw_state(&mut self, name: &str, value: &Value) -> Option<RawState> {
        RawState::deserialize_from(value).map_err(|error| self.refuse(name, error)).ok()
    }

    /// `Assign` and `Output`.
    pub(super) fn results(
        &mut self,
        name: &str,
        assign: &Fields<String, Value>,
        output: Option<&Value>,
    ) -> Results {
        let read = read_assign(assign, &self.assigned);
        let assign = self.take(name, "Assign", read).unwrap_or_default();
        Results { assign, output: self.optional(name, "Output", output) }
    }

    fn optional(&mut self, name: &str, field: &str, value: Option<&Value>) -> Option<Template> {
        let read = Template::read(value?, &self.assigned);
        self.take(name, field, read)
    }

    fn whole(&mut self, name: &str, field: &str, value: &Value, bounds: (u32, u32)) -> Option<Whole> {
        let read = Whole::read(value, bounds, &self.assigned);
        self.take(name, field, read)
    }

    fn next(&mut self, name: &str, next: Option<&str>, end: Option<bool>, around: &LoadScope<'_>) -> Next {
        match (next, end) {
            (Some(next), None | Some(false)) => Next::State(self.target(name, "Next", next, around)),
            (None, Some(true)) => Next::End,
            _ => {
                self.refuse(name, "it must have either `Next` or `End: true`");
                Next::End
            }
        }
    }

    fn task(&mut self, name: &str, raw: &RawTask) -> Option<Kind> {
        let timeout_seconds = raw
            .timeout_seconds
            .as_ref()
            .and_then(|value| self.whole(name, "TimeoutSeconds", value, (1, SECONDS_MAX)));
        let arguments = self.optional(name, "Arguments", Some(&raw.arguments))?;
        let Some((service, action)) = call_of(&raw.resource) else {
            self.refuse(name, format!("resource `{}` is not supported", raw.resource));
            return None;
        };
        Some(Kind::Task(Task {
            service: service.into(),
            action: action.into(),
            arguments,
            timeout_seconds,
            cached_answer: CachedAnswer::default(),
        }))
    }

    fn choice(&mut self, name: &str, raw: &RawChoice, around: &LoadScope<'_>) -> Kind {
        if raw.choices.is_empty() {
            self.refuse(name, "`Choices` is empty");
        }
        let mut rules = Vec::new();
        for rule in &raw.choices {
            let condition = self.optional(name, "Condition", Some(&rule.condition));
            if condition.as_ref().and_then(Template::as_constant).is_some_and(|value| !value.is_bool()) {
                self.refuse(name, "Condition: it is neither an expression nor a boolean");
            }
            let results = self.results(name, &rule.assign, rule.output.as_ref());
            let next = self.target(name, "Choices", &rule.next, around);
            rules.extend(condition.map(|condition| Rule { condition, results, next }));
        }
        let default = raw.default.as_ref().map(|default| self.target(name, "Default", default, around));
        Kind::Choice { rules, default }
    }

    fn wait(&mut self, name: &str, raw: &RawWait) -> Option<Kind> {
        match (&raw.seconds, &raw.timestamp) {
            (Some(seconds), None) => {
                self.whole(name, "Seconds", seconds, (0, SECONDS_MAX)).map(Kind::WaitSeconds)
            }
            (None, Some(timestamp)) => {
                let template = self.optional(name, "Timestamp", Some(timestamp))?;
                let constant = template.as_constant();
                if constant.is_some_and(|value| value.as_str().and_then(timestamp::parse).is_none()) {
                    self.refuse(name, format!("Timestamp: {timestamp} is no RFC 3339 time with `T` and `Z`"));
                }
                Some(Kind::WaitTimestamp(template))
            }
            _ => {
                self.refuse(name, "it must have either `Seconds` or `Timestamp`");
                None
            }
        }
    }

    fn map(&mut self, name: &str, raw: &RawMap, around: &LoadScope<'_>) -> Option<Kind> {
        let items = self.optional(name, "Items", raw.items.as_ref());
        if items.as_ref().and_then(Template::as_constant).is_some_and(|value| !value.is_array()) {
            self.refuse(name, "Items: it is neither an expression nor an array");
        }
        let selector = self.optional(name, "ItemSelector", raw.item_selector.as_ref());
        let concurrency_max = match &raw.max_concurrency {
            Some(value) => self.whole(name, "MaxConcurrency", value, (0, u32::MAX))?,
            None => Whole::zero(),
        };
        let mode = raw.item_processor.processor_config.and_then(|config| config.mode);
        let distributed = (mode == Some(Mode::Distributed)).then(|| self.label(name, raw.label.as_deref()));
        if distributed.is_none() && raw.label.is_some() {
            self.refuse(name, "Label: only a distributed Map has one");
        }
        let nothing = BTreeSet::new();
        let outer = if distributed.is_some() { &nothing } else { around.outer };
        let processor = self.processor(name, &raw.item_processor, outer);
        Some(Kind::Map(Map { items, selector, concurrency_max, processor, distributed }))
    }

    fn label(&mut self, name: &str, label: Option<&str>) -> Rc<str> {
        if label.is_some_and(|label| label.is_empty() || label.chars().count() > LABEL_LENGTH_MAX) {
            self.refuse(name, format!("Label: it must have 1 to {LABEL_LENGTH_MAX} characters"));
        }
        // Step Functions makes up a label where there is none.
        let made_up =
            || name.chars().filter(char::is_ascii_alphanumeric).take(LABEL_LENGTH_MAX).collect::<String>();
        label.map_or_else(|| made_up().into(), Rc::from)
    }

    fn processor(&mut self, name: &str, raw: &RawProcessor, outer: &BTreeSet<String>) -> usize {
        self.load_scope(name, &raw.start_at, &raw.states, outer)
    }

    fn parallel(&mut self, name: &str, raw: &RawParallel, around: &LoadScope<'_>) -> Kind {
        let arguments = self.optional(name, "Arguments", raw.arguments.as_ref());
        if raw.branches.is_empty() || raw.branches.iter().any(|branch| branch.processor_config.is_some()) {
            self.refuse(name, "Branches: each must have `StartAt` and `States`, and there must be one");
        }
        let branches = raw.branches.iter().map(|branch| self.processor(name, branch, around.outer)).collect();
        Kind::Parallel { arguments, branches }
    }

    fn fail(&mut self, name: &str, raw: &RawFail) -> Kind {
        let error = self.optional(name, "Error", raw.error.as_ref());
        let cause = self.optional(name, "Cause", raw.cause.as_ref());
        let constant = error.as_ref().and_then(Template::as_constant);
        if constant.is_some_and(|error| error.as_str().is_none_or(|error| error.starts_with("States."))) {
            self.refuse(name, "Error: it must be a text that does not begin with `States.`");
        }
        if cause.as_ref().and_then(Template::as_constant).is_some_and(|cause| !cause.is_string()) {
            self.refuse(name, "Cause: it must be a text");
        }
        Kind::Fail { error, cause }
    }
}

impl RawState {
    fn deserialize_from(value: &Value) -> Result<Self, String> {
        serde::Deserialize::deserialize(value).map_err(|error: serde_json::Error| error.to_string())
    }
}

/// Service and action of `arn:<partition>:states:::aws-sdk:<service>:<action>`, or of an optimised integration that is
/// supported. Patterns such as `.sync` are not.
fn call_of(resource: &str) -> Option<(&str, &str)> {
    let (partition, path) = resource.strip_prefix("arn:")?.split_once(":states:::")?;
    if partition.contains(':') || path.contains('.') {
        return None;
    }
    match path.strip_prefix("aws-sdk:") {
        Some(path) => path.split_once(':').filter(|(_, action)| !action.contains(':')),
        None => OPTIMISED.contains(&path).then(|| path.split_once(':'))?,
    }
}
