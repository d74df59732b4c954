//! A definition as scopes of states with the edges between them: what the checks walk.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::declarations::Declarations;
use crate::problem::{Problem, Problems};

/// A parsed definition.
#[derive(Debug)]
pub(super) struct Definition {
    /// The text it was parsed from.
    pub text: String,
    /// The machine's own scope first; a Map's follows its owner's.
    pub scopes: Vec<Scope>,
    /// What its states are held to; nothing of it in a definition that came without.
    pub declared: Declarations,
}

/// States that can name each other as targets.
#[derive(Debug)]
pub(super) struct Scope {
    /// Index of the scope around it and the name of the Map state there.
    pub owner: Option<(usize, String)>,
    /// Whether it runs as child executions, which see nothing of the scope around it.
    pub distributed: bool,
    /// The first state, if it is said.
    pub start_at: Option<String>,
    /// By name.
    pub states: BTreeMap<String, State>,
}

/// One state.
#[derive(Debug)]
pub(super) struct State {
    /// `Type`.
    pub kind: String,
    /// All its fields.
    pub fields: Map<String, Value>,
    /// Where it can go on to.
    pub edges: Vec<Edge>,
}

/// A way from one state to another.
#[derive(Debug)]
pub(super) struct Edge {
    /// For people: `Next`, `Choices[0].Next`, `Default`, `Catch[1].Next`.
    pub field: String,
    /// The condition of a Choice's rule, as it is written.
    pub condition: Option<String>,
    /// The state it names.
    pub target: String,
    /// What is assigned on this way.
    pub assigns: Vec<String>,
}

impl State {
    /// Whether an execution, or an iteration, can end here.
    pub(super) fn is_end(&self) -> bool {
        matches!(self.kind.as_str(), "Succeed" | "Fail") || self.fields.get("End") == Some(&Value::Bool(true))
    }

    /// Every variable that it assigns on some way, with what.
    pub(super) fn assignments(&self) -> impl Iterator<Item = (&str, &Value)> {
        let lists = ["Choices", "Catch"].into_iter().filter_map(|list| self.fields.get(list)?.as_array());
        let assigns = lists.flatten().map(|item| item.get("Assign")).chain([self.fields.get("Assign")]);
        let members = assigns.flatten().filter_map(Value::as_object).flatten();
        members.map(|(name, value)| (name.as_str(), value))
    }

    /// Every variable that it assigns on some way.
    pub(super) fn assigned(&self) -> impl Iterator<Item = String> + '_ {
        assigned(&self.fields)
            .into_iter()
            .chain(self.edges.iter().flat_map(|edge| edge.assigns.iter().cloned()))
    }
}

impl Definition {
    /// Parses the text.
    ///
    /// # Errors
    /// One problem when it is not a JSON object with `States`.
    pub(super) fn parse(text: &str) -> Result<Self, Problems> {
        let not_a_machine = |reason: String| {
            let mut problems = Problems::default();
            problems.push(Problem {
                code: "not-a-definition",
                pointer: String::new(),
                location: None,
                reason,
                help: None,
            });
            problems
        };
        let machine: Value = serde_json::from_str(text).map_err(|error| not_a_machine(error.to_string()))?;
        let machine =
            machine.as_object().ok_or_else(|| not_a_machine("it is not a JSON object".to_owned()))?;
        let mut scopes = Vec::new();
        add_scope(machine, None, false, &mut scopes);
        Ok(Self { text: text.to_owned(), scopes, declared: Declarations::default() })
    }

    /// Every state with its name and the index of its scope.
    pub(super) fn states(&self) -> impl Iterator<Item = (usize, &str, &State)> {
        self.scopes.iter().enumerate().flat_map(|(index, scope)| {
            scope.states.iter().map(move |(name, state)| (index, name.as_str(), state))
        })
    }
}

fn add_scope(
    owner: &Map<String, Value>,
    place: Option<(usize, String)>,
    distributed: bool,
    scopes: &mut Vec<Scope>,
) {
    let states = owner.get("States").and_then(Value::as_object).cloned().unwrap_or_default();
    let index = scopes.len();
    scopes.push(Scope {
        owner: place,
        distributed,
        start_at: owner.get("StartAt").and_then(Value::as_str).map(str::to_owned),
        states: states.iter().filter_map(|(name, state)| Some((name.clone(), read_state(state)?))).collect(),
    });
    for (name, state) in &states {
        if let Some(processor) = state.get("ItemProcessor").and_then(Value::as_object) {
            let distributed =
                processor.get("ProcessorConfig").is_some_and(|config| config["Mode"] == "DISTRIBUTED");
            add_scope(processor, Some((index, name.clone())), distributed, scopes);
        }
    }
}

fn read_state(state: &Value) -> Option<State> {
    let fields = state.as_object()?.clone();
    let kind = fields.get("Type")?.as_str()?.to_owned();
    let edges = edges(&fields);
    Some(State { kind, fields, edges })
}

fn edges(fields: &Map<String, Value>) -> Vec<Edge> {
    let mut edges = Vec::new();
    let own = assigned(fields);
    for key in ["Next", "Default"] {
        if let Some(target) = fields.get(key).and_then(Value::as_str) {
            let (field, target) = (key.to_owned(), target.to_owned());
            edges.push(Edge { field, condition: None, target, assigns: own.clone() });
        }
    }
    for list in ["Choices", "Catch"] {
        let items = fields.get(list).and_then(Value::as_array).into_iter().flatten();
        for (index, item) in items.enumerate() {
            if let Some(target) = item["Next"].as_str() {
                let assigns = item.as_object().map(assigned).unwrap_or_default();
                edges.push(Edge {
                    field: format!("{list}[{index}].Next"),
                    condition: item["Condition"].as_str().map(str::to_owned),
                    target: target.to_owned(),
                    assigns,
                });
            }
        }
    }
    edges
}

fn assigned(fields: &Map<String, Value>) -> Vec<String> {
    fields
        .get("Assign")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|names| names.keys().cloned())
        .collect()
}
