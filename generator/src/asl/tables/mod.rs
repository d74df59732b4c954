//! What the machine keeps, as tables under `templates/strategies/`: its variables, what a request carries, and the journal.
//! They render the states that read and pass these on, and the checks hold every state to them.

mod journal;
#[cfg(test)]
mod page;
mod request;

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::problem::{Problem, Problems};
use crate::strategy::Catalog;

pub(super) use journal::Journal;
pub(super) use request::RequestKey;

const REQUEST: &str = "strategies/_shared/request.yaml";
/// How the name of a table of a child execution's variables ends; what comes before is the prefix of their names.
const OF_A_CHILD: &str = ".variables.yaml";

/// What a value is, as far as an expression can be told to give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Text,
    Number,
    Flag,
    List,
    Object,
}

impl Kind {
    /// The kind of a JSON value that is no expression.
    pub(super) fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::String(_) => Self::Text,
            Value::Number(_) => Self::Number,
            Value::Bool(_) => Self::Flag,
            Value::Array(_) => Self::List,
            Value::Object(_) => Self::Object,
            Value::Null => return None,
        })
    }

    /// As the tables write it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Flag => "flag",
            Self::List => "list",
            Self::Object => "object",
        }
    }
}

/// A variable of the machine, or of a child execution.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Variable {
    pub(super) kind: Kind,
    /// For people, with its unit.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "printed in docs/machine-state.md, which a test holds")
    )]
    pub(super) meaning: String,
    /// The stages of the frame that assign it, `strategies` for any strategy, `everywhere`. A strategy's own variables
    /// and those of children need none: nobody else knows them.
    #[serde(default)]
    pub(super) written_by: Vec<String>,
    /// What an execution begins with: JSON, a text that begins with `{%` an expression. Without one it is assigned by
    /// the states alone.
    #[serde(default)]
    pub(super) initial: Option<Value>,
}

/// A table of variables.
#[derive(Debug)]
pub(super) struct Group {
    /// Of its file, under `templates/`.
    pub(super) path: String,
    /// What the names begin with in the definition: `turn_` in a child execution's.
    pub(super) prefix: String,
    /// By name, without the prefix, as it is written.
    pub(super) variables: Vec<(String, Variable)>,
}

/// All tables of a catalog.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) variables: Vec<Group>,
    pub(super) request: Vec<RequestKey>,
    pub(super) journal: Journal,
}

impl Tables {
    /// Reads them.
    ///
    /// # Errors
    /// Everything that is wrong with a table, by its file.
    pub(super) fn read(catalog: &Catalog) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let mut variables = Vec::new();
        let tables = catalog
            .texts()
            .filter(|(path, _)| path.ends_with("/variables.yaml") || path.ends_with(OF_A_CHILD));
        for (path, text) in tables {
            match rows(text) {
                Ok(variables_of) => variables.push(Group {
                    path: path.to_owned(),
                    prefix: prefix(path).map_or_else(String::new, |prefix| format!("{prefix}_")),
                    variables: variables_of,
                }),
                Err(reason) => problems.push(fault(path, &reason)),
            }
        }
        let request = request::read(catalog.text(REQUEST).unwrap_or_default()).unwrap_or_else(|reasons| {
            problems.extend(reasons.iter().map(|reason| fault(REQUEST, reason)));
            Vec::new()
        });
        let journal = Journal::read(catalog, &mut problems);
        problems.or_ok(Self { variables, request, journal })
    }

    /// The members of an Assign that give a table's variables what they begin with, as JSON without the braces; for the
    /// frame's, those of the strategies too.
    pub(super) fn initial(&self, path: &str) -> String {
        let is_wanted = |group: &&Group| match prefix(path) {
            Some(_) => group.path == path,
            None => group.prefix.is_empty(),
        };
        let variables = self.variables.iter().filter(is_wanted).flat_map(|group| &group.variables);
        let members = variables.filter_map(|(name, variable)| {
            let initial = variable.initial.as_ref()?;
            Some(format!("{}: {}", Value::from(name.as_str()), on_one_line(initial)))
        });
        members.collect::<Vec<_>>().join(",\n")
    }
}

/// What a check needs to know of a variable.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Declaration {
    pub(super) kind: Kind,
    /// As in [`Variable::written_by`]; empty for what anybody may assign who knows it.
    #[serde(default)]
    pub(super) written_by: Vec<String>,
}

/// What the states of a definition are held to. A part that is empty holds them to nothing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Declarations {
    /// By name, as it stands in the definition.
    pub(super) variables: BTreeMap<String, Declaration>,
    /// The states of each stage of the frame and of each strategy.
    pub(super) stages: BTreeMap<String, BTreeSet<String>>,
    /// Those stages that are strategies.
    pub(super) strategies: BTreeSet<String>,
    /// The keys of the journal.
    pub(super) journal: BTreeMap<String, Kind>,
    /// The attributes of the lock item.
    pub(super) lock_item: BTreeMap<String, Kind>,
}

impl Tables {
    /// What the states are held to, by the stages that they are in.
    pub(super) fn declarations(&self, catalog: &Catalog, stages: &[(String, Vec<String>)]) -> Declarations {
        let strategies: BTreeSet<_> = catalog.strategies().keys().cloned().collect();
        let mut variables = BTreeMap::new();
        for group in &self.variables {
            let owner = group.path.split('/').nth(1).filter(|folder| strategies.contains(*folder));
            for (name, variable) in &group.variables {
                let mut written_by = variable.written_by.clone();
                if group.prefix.is_empty() && written_by.is_empty() {
                    written_by.extend(owner.map(str::to_owned));
                }
                if group.prefix.is_empty() && variable.initial.is_some() && !written_by.is_empty() {
                    written_by.push("begin".to_owned());
                }
                let declaration = Declaration { kind: variable.kind, written_by };
                variables.insert(format!("{}{name}", group.prefix), declaration);
            }
        }
        for key in &self.request {
            let Some(name) = &key.variable else { continue };
            let declaration = Declaration { kind: key.kind, written_by: key.written_by.clone() };
            variables.insert(name.clone(), declaration);
            for child in self.variables.iter().filter(|group| key.children && !group.prefix.is_empty()) {
                let declaration = Declaration { kind: key.kind, written_by: Vec::new() };
                variables.insert(format!("{}{name}", child.prefix), declaration);
            }
        }
        let stages = stages.iter().map(|(stage, states)| (stage.clone(), states.iter().cloned().collect()));
        let kinds = |keys: &[(String, journal::Key)]| {
            keys.iter().map(|(name, key)| (name.clone(), key.kind)).collect()
        };
        Declarations {
            variables,
            stages: stages.collect(),
            strategies,
            journal: kinds(&self.journal.keys),
            lock_item: kinds(&self.journal.lock_item),
        }
    }
}

/// The prefix of the variables of a table: the name of a child execution's file of states.
fn prefix(path: &str) -> Option<&str> {
    path.rsplit('/').next()?.strip_suffix(OF_A_CHILD)
}

/// Expressions may be written over several lines.
fn on_one_line(value: &Value) -> Value {
    match value {
        Value::String(text) => text.split_whitespace().collect::<Vec<_>>().join(" ").into(),
        other => other.clone(),
    }
}

/// The rows of a table, in the order in which they are written.
fn rows<T: DeserializeOwned>(text: &str) -> Result<Vec<(String, T)>, String> {
    typed(serde_yaml::from_str(text).map_err(|error| error.to_string())?)
}

fn typed<T: DeserializeOwned>(rows: Map<String, Value>) -> Result<Vec<(String, T)>, String> {
    let row = |(name, row)| match serde_json::from_value(row) {
        Ok(row) => Ok((name, row)),
        Err(error) => Err(format!("{name}: {error}")),
    };
    rows.into_iter().map(row).collect()
}

fn fault(path: &str, reason: &str) -> Problem {
    Problem::new("table", path, format!("templates/{path}: {reason}"))
}
