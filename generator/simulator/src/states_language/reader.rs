//! Text to a [`StateMachine`].

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::fields::{BRANCH, Fields, MACHINE, PROCESSOR, TYPES};
use super::types::{Call, Kind, NAME_LENGTH_MAX, Refusal, Retrier, Scope, State, StateMachine};

const ATTEMPTS_MAX: u32 = 99_999_999;
const DELAY_SECONDS_MAX: u32 = 31_622_400;

/// Longest label of a distributed Map, in characters.
const LABEL_LENGTH_MAX: usize = 40;

/// The optimised integrations whose arguments and results the interpreter passes on unchanged.
const OPTIMISED: &[&str] = &["lambda:invoke"];

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
struct ProcessorConfig {
    mode: Option<Mode>,
    #[serde(rename = "ExecutionType")]
    _execution_type: Option<ExecutionType>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
enum Mode {
    Inline,
    Distributed,
}

/// Express children have other limits.
#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum ExecutionType {
    Standard,
}

impl StateMachine {
    /// Reads a definition, as far as it can be read, with everything in it that Step Functions would refuse or that is not
    /// supported. One with refusals is good for finding further faults only.
    pub fn read(text: &str) -> (Self, Vec<Refusal>) {
        match serde_json::from_str(text) {
            Ok(machine) => Self::of(machine),
            Err(error) => {
                let mut reader = Reader::default();
                reader.refuse("", error.to_string());
                (Self::default(), reader.refusals)
            }
        }
    }

    /// As [`Self::read`], of the definition's fields.
    pub fn of(machine: Map<String, Value>) -> (Self, Vec<Refusal>) {
        let mut reader = Reader::default();
        let timeout_seconds = reader.read("", &machine, "TimeoutSeconds");
        reader.scope(machine, &MACHINE, None);
        let scopes = std::mem::take(&mut reader.scopes);
        reader.check_names(&scopes);
        (Self { scopes, timeout_seconds }, reader.refusals)
    }
}

#[derive(Default)]
struct Reader {
    refusals: Vec<Refusal>,
    scopes: Vec<Scope>,
}

impl Reader {
    fn refuse(&mut self, state: &str, reason: impl Into<String>) {
        self.refusals.push(Refusal { state: state.to_owned(), reason: reason.into(), text: None });
    }

    fn refuse_text(&mut self, state: &str, text: &str, reason: impl Into<String>) {
        self.refusals.push(Refusal {
            state: state.to_owned(),
            reason: reason.into(),
            text: Some(text.to_owned()),
        });
    }

    /// A field of some type; its default where it is missing, or refused.
    fn read<T: DeserializeOwned + Default>(
        &mut self,
        state: &str,
        fields: &Map<String, Value>,
        field: &str,
    ) -> T {
        let Some(value) = fields.get(field) else { return T::default() };
        T::deserialize(value).unwrap_or_else(|error| {
            self.refuse_text(state, field, format!("{field}: {error}"));
            T::default()
        })
    }

    /// As [`Self::read`], of a field that is an object or a list; it is taken out.
    fn take<T: DeserializeOwned + Default>(
        &mut self,
        state: &str,
        fields: &mut Map<String, Value>,
        field: &str,
    ) -> T {
        let Some(value) = fields.remove(field) else { return T::default() };
        serde_json::from_value(value).unwrap_or_else(|error| {
            self.refuse_text(state, field, format!("{field}: {error}"));
            T::default()
        })
    }

    fn check_fields(&mut self, state: &str, fields: &Map<String, Value>, known: &Fields) {
        let keys: Vec<_> = fields.keys().map(String::as_str).collect();
        known.faults(&keys).for_each(|(field, fault)| self.refuse_text(state, field, fault));
        if let Some(language) = fields.get("QueryLanguage").filter(|language| **language != "JSONata") {
            self.refuse(state, format!("QueryLanguage: it is {language} and must be \"JSONata\""));
        }
    }

    /// Reads a scope and those inside it; its index.
    fn scope(
        &mut self,
        mut fields: Map<String, Value>,
        known: &Fields,
        owner: Option<(usize, String)>,
    ) -> usize {
        let name = owner.as_ref().map_or(String::new(), |(_, name)| name.clone());
        self.check_fields(&name, &fields, known);
        let config: ProcessorConfig = self.read(&name, &fields, "ProcessorConfig");
        let distributed = config.mode == Some(Mode::Distributed);
        let start_at = self.read(&name, &fields, "StartAt");
        let index = self.scopes.len();
        self.scopes.push(Scope { owner, distributed, start_at, states: BTreeMap::new() });
        let states: Map<String, Value> = self.take(&name, &mut fields, "States");
        for (name, state) in states {
            if let Some(state) = self.state(index, &name, state) {
                self.scopes[index].states.insert(name, state);
            }
        }
        index
    }

    /// A state, or nothing and why not.
    fn state(&mut self, scope: usize, name: &str, value: Value) -> Option<State> {
        let Value::Object(mut fields) = value else {
            self.refuse(name, "it is not an object");
            return None;
        };
        let type_name = fields.get("Type").and_then(Value::as_str).unwrap_or_default();
        let Some(known) = TYPES.iter().find(|known| known.name == type_name) else {
            let type_name = type_name.to_owned();
            self.refuse_text(name, &type_name, format!("Type: `{type_name}` is not supported"));
            return None;
        };
        self.check_fields(name, &fields, known);
        let next: Option<String> = self.read(name, &fields, "Next");
        let end: bool = self.read(name, &fields, "End");
        if known.optional.contains(&"End") && next.is_some() == end {
            self.refuse(name, "it must have either `Next` or `End: true`");
        }
        let kind = self.kind(scope, name, known.name, &mut fields)?;
        let state = State {
            kind,
            assign: self.read(name, &fields, "Assign"),
            output: fields.get("Output").cloned(),
            next,
            retriers: self.read(name, &fields, "Retry"),
            catchers: self.read(name, &fields, "Catch"),
            fields,
        };
        self.check_errors(name, "Retry", state.retriers.iter().map(|retrier| retrier.errors.as_slice()));
        self.check_errors(name, "Catch", state.catchers.iter().map(|catcher| catcher.errors.as_slice()));
        state.retriers.iter().for_each(|retrier| self.check_retrier(name, retrier));
        Some(state)
    }

    fn kind(
        &mut self,
        scope: usize,
        name: &str,
        type_name: &str,
        fields: &mut Map<String, Value>,
    ) -> Option<Kind> {
        let inner = match type_name {
            "Map" => return Some(self.map(scope, name, fields)),
            "Parallel" => self.branches(scope, name, fields),
            _ => Vec::new(),
        };
        let value = |field: &str| fields.get(field).cloned();
        Some(match type_name {
            "Pass" => Kind::Pass,
            "Succeed" => Kind::Succeed,
            "Fail" => Kind::Fail { error: value("Error"), cause: value("Cause") },
            "Task" => Kind::Task {
                call: self.call(name, fields)?,
                arguments: value("Arguments")?,
                timeout_seconds: value("TimeoutSeconds"),
            },
            "Choice" => {
                let rules: Vec<_> = self.read(name, fields, "Choices");
                if rules.is_empty() {
                    self.refuse(name, "`Choices` is empty");
                }
                Kind::Choice { rules, default: self.read(name, fields, "Default") }
            }
            "Wait" => match (value("Seconds"), value("Timestamp")) {
                (Some(seconds), None) => Kind::WaitSeconds(seconds),
                (None, Some(timestamp)) => Kind::WaitTimestamp(timestamp),
                _ => {
                    self.refuse(name, "it must have either `Seconds` or `Timestamp`");
                    return None;
                }
            },
            _ => Kind::Parallel { arguments: value("Arguments"), branches: inner },
        })
    }

    fn branches(&mut self, scope: usize, name: &str, fields: &mut Map<String, Value>) -> Vec<usize> {
        let branches: Vec<Map<String, Value>> = self.take(name, fields, "Branches");
        if branches.is_empty() {
            self.refuse(name, "`Branches` is empty");
        }
        let owner = || Some((scope, name.to_owned()));
        branches.into_iter().map(|branch| self.scope(branch, &BRANCH, owner())).collect()
    }

    fn map(&mut self, scope: usize, name: &str, fields: &mut Map<String, Value>) -> Kind {
        let processor: Map<String, Value> = self.take(name, fields, "ItemProcessor");
        let processor = self.scope(processor, &PROCESSOR, Some((scope, name.to_owned())));
        let label: Option<String> = self.read(name, fields, "Label");
        if label.is_some() && !self.scopes[processor].distributed {
            self.refuse(name, "Label: only a distributed Map has one");
        }
        if label.as_ref().is_some_and(|label| !(1..=LABEL_LENGTH_MAX).contains(&label.chars().count())) {
            self.refuse(name, format!("Label: it must have 1 to {LABEL_LENGTH_MAX} characters"));
        }
        let value = |field: &str| fields.get(field).cloned();
        Kind::Map {
            items: value("Items"),
            selector: value("ItemSelector"),
            concurrency_max: value("MaxConcurrency"),
            label,
            processor,
        }
    }

    fn call(&mut self, name: &str, fields: &Map<String, Value>) -> Option<Call> {
        let resource: String = self.read(name, fields, "Resource");
        let call = Call::parse(&resource);
        if call.is_none() {
            self.refuse_text(name, &resource, format!("resource `{resource}` is not supported"));
        }
        call
    }

    /// `States.ALL` stands alone and last; no entry is empty.
    fn check_errors<'a>(
        &mut self,
        name: &str,
        field: &str,
        entries: impl ExactSizeIterator<Item = &'a [String]>,
    ) {
        let last = entries.len().saturating_sub(1);
        for (index, errors) in entries.enumerate() {
            let all = errors.iter().any(|error| error == "States.ALL");
            if errors.is_empty() {
                self.refuse_text(name, field, format!("{field}: ErrorEquals is empty"));
            } else if all && (errors.len() > 1 || index < last) {
                self.refuse_text(name, field, format!("{field}: States.ALL must stand alone and last"));
            }
        }
    }

    fn check_retrier(&mut self, name: &str, retrier: &Retrier) {
        let in_bounds = (1..=ATTEMPTS_MAX).contains(&retrier.interval_seconds)
            && retrier.attempts_max <= ATTEMPTS_MAX
            && retrier.backoff_rate >= 1.0;
        if !in_bounds {
            self.refuse_text(name, "Retry", "Retry: IntervalSeconds and BackoffRate must be at least 1");
        }
        let above_interval = retrier.interval_seconds.saturating_add(1)..=DELAY_SECONDS_MAX;
        if retrier.delay_seconds_max.is_some_and(|seconds| !above_interval.contains(&seconds)) {
            self.refuse_text(
                name,
                "Retry",
                "Retry: MaxDelaySeconds must be more than IntervalSeconds, and at most a year",
            );
        }
    }

    /// Every target is a state of its scope; names have their form and length, and none is assigned around its scope too.
    fn check_names(&mut self, scopes: &[Scope]) {
        for scope in scopes {
            let owner = scope.owner.as_ref().map_or("", |(_, name)| name);
            if !scope.states.contains_key(&scope.start_at) {
                self.refuse(owner, format!("StartAt: there is no state `{}`", scope.start_at));
            }
            let outer = outer_variables(scopes, scope);
            for (name, state) in &scope.states {
                self.check_length(name, name, "a state");
                for edge in state.edges() {
                    if !scope.states.contains_key(edge.target) {
                        let reason = format!("{}: there is no state `{}`", edge.field, edge.target);
                        self.refuse_text(name, edge.target, reason);
                    }
                }
                for variable in state.assigned() {
                    self.check_variable(name, variable, &outer);
                }
            }
        }
    }

    fn check_length(&mut self, state: &str, name: &str, what: &str) {
        if name.chars().count() > NAME_LENGTH_MAX {
            self.refuse(
                state,
                format!("the name of {what} is longer than {NAME_LENGTH_MAX} characters: `{name}`"),
            );
        }
    }

    fn check_variable(&mut self, state: &str, name: &str, outer: &BTreeSet<&str>) {
        self.check_length(state, name, "a variable");
        let mut characters = name.chars();
        let begins_well = characters.next().is_some_and(|first| first.is_alphabetic() || first == '_');
        if !begins_well || !characters.all(|next| next.is_alphanumeric() || next == '_') || name == "states" {
            self.refuse_text(state, name, format!("`{name}` cannot be the name of a variable"));
        }
        if outer.contains(name) {
            self.refuse_text(state, name, format!("variable `{name}` is assigned in an outer scope too"));
        }
    }
}

/// What the scopes assign that this one can read from; a child execution reads from none.
fn outer_variables<'a>(scopes: &'a [Scope], scope: &'a Scope) -> BTreeSet<&'a str> {
    let mut names = BTreeSet::new();
    let mut inner = scope;
    while let Some((owner, _)) = inner.owner.as_ref().filter(|_| !inner.distributed) {
        inner = &scopes[*owner];
        names.extend(inner.states.values().flat_map(State::assigned));
    }
    names
}

impl Call {
    /// Service and action of `arn:<partition>:states:::aws-sdk:<service>:<action>`, or of an optimised integration that
    /// is supported. Patterns such as `.sync` are not.
    pub fn parse(resource: &str) -> Option<Self> {
        let (partition, path) = resource.strip_prefix("arn:")?.split_once(":states:::")?;
        if partition.contains(':') || path.contains('.') {
            return None;
        }
        let (service, action) = match path.strip_prefix("aws-sdk:") {
            Some(path) => path.split_once(':').filter(|(_, action)| !action.contains(':'))?,
            None => path.split_once(':').filter(|_| OPTIMISED.contains(&path))?,
        };
        Some(Self { service: service.to_owned(), action: action.to_owned() })
    }
}
