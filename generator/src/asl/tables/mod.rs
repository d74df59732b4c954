//! What the machine keeps, as tables under `templates/strategies/`: its variables, what a request carries, and the journal.
//! They render the states that read and pass these on, and the checks hold every state to them.

mod journal;
#[cfg(test)]
mod page;
mod request;
mod rows;
mod variables;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::declarations::{Declaration, Declarations, RowPlaces};
use crate::problem::{Problem, Problems};
use crate::strategy::Catalog;

use journal::Journal;
pub(super) use journal::known_versions;
use request::RequestKey;
use rows::{fault, place, place_within, rows};
use variables::{OF_A_CHILD, VariableTable, prefix};

const REQUEST: &str = "strategies/_shared/request.yaml";

/// All tables of a catalog.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) variables: Vec<VariableTable>,
    pub(super) request: Vec<RequestKey>,
    pub(super) journal: Journal,
}

impl Tables {
    /// Those of a catalog. What is compiled in is read once in a process.
    ///
    /// # Errors
    /// Everything that is wrong with a table, by its file.
    pub(super) fn of(catalog: &Arc<Catalog>) -> Result<Arc<Self>, Problems> {
        static EMBEDDED: OnceLock<Arc<Tables>> = OnceLock::new();
        if !Arc::ptr_eq(catalog, Catalog::embedded()) {
            return Self::read(catalog).map(Arc::new);
        }
        if let Some(tables) = EMBEDDED.get() {
            return Ok(Arc::clone(tables));
        }
        let tables = Self::read(catalog).map(Arc::new)?;
        Ok(Arc::clone(EMBEDDED.get_or_init(|| tables)))
    }

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
                Ok(variables_of) => variables.push(VariableTable {
                    path: path.to_owned(),
                    prefix: prefix(path).map_or_else(String::new, |prefix| format!("{prefix}_")),
                    variables: variables_of,
                }),
                Err(reason) => problems.push(fault(catalog, path, &reason)),
            }
        }
        if !problems.is_empty() {
            return Err(problems); // what other tables say of variables cannot be judged
        }
        let request =
            request::read(catalog.text(REQUEST).unwrap_or_default(), &variables).unwrap_or_else(|reasons| {
                problems.extend(reasons.iter().map(|reason| fault(catalog, REQUEST, reason)));
                Vec::new()
            });
        for (key, reason) in
            request.iter().filter_map(|key| Some((key, lost_part(key, &variables, &request)?)))
        {
            problems.push(fault(catalog, REQUEST, &format!("{}: {reason}", key.key)));
        }
        problems.extend(declared_twice(catalog, &variables, &request));
        let journal = Journal::read(catalog, &mut problems);
        problems.or_ok(Self { variables, request, journal })
    }

    /// The members of an Assign that give a table's variables what they begin with, as JSON without the braces; for the
    /// frame's, those of the strategies too.
    pub(super) fn initial(&self, path: &str) -> String {
        let is_wanted = |group: &&VariableTable| match prefix(path) {
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
                let place = place(catalog, &group.path, name);
                let declaration = Declaration { kind: variable.kind, written_by, place };
                variables.insert(format!("{}{name}", group.prefix), declaration);
            }
        }
        for key in &self.request {
            let Some(name) = &key.variable else { continue };
            let place = place(catalog, REQUEST, &key.key);
            let declaration =
                Declaration { kind: key.kind, written_by: key.written_by.clone(), place: place.clone() };
            variables.insert(name.clone(), declaration);
            let gets =
                |group: &&VariableTable| key.children.iter().any(|child| group.prefix == format!("{child}_"));
            for child in self.variables.iter().filter(gets) {
                let declaration =
                    Declaration { kind: key.kind, written_by: Vec::new(), place: place.clone() };
                variables.insert(format!("{}{name}", child.prefix), declaration);
            }
        }
        let stages = stages.iter().map(|(stage, states)| (stage.clone(), states.iter().cloned().collect()));
        let kinds = |keys: &[(String, journal::JournalKey)]| {
            keys.iter().map(|(name, key)| (name.clone(), key.kind)).collect()
        };
        Declarations {
            variables,
            stages: stages.collect(),
            strategies,
            carried: self
                .request
                .iter()
                .filter(|key| key.rerun.is_some())
                .map(|key| key.key.clone())
                .collect(),
            input: self.request.iter().map(|key| (key.key.clone(), !key.is_for_others())).collect(),
            journal: kinds(&self.journal.keys),
            lock_item: kinds(&self.journal.lock_item),
            places: self.places(catalog),
        }
    }
}

impl Tables {
    /// Where the rows of the request, the journal and the lock item stand.
    fn places(&self, catalog: &Catalog) -> RowPlaces {
        let of_journals = |section: &str, keys: &[(String, journal::JournalKey)]| {
            let place = |row: &str| {
                let tables = catalog.texts().filter(|(path, _)| path.ends_with(journal::FILE));
                tables.into_iter().find_map(|(path, _)| place_within(catalog, path, Some(section), row))
            };
            keys.iter().filter_map(|(name, _)| Some((name.clone(), place(name)?))).collect()
        };
        let request = self.request.iter();
        RowPlaces {
            input: request
                .filter_map(|key| Some((key.key.clone(), place(catalog, REQUEST, &key.key)?)))
                .collect(),
            journal: of_journals("journal", &self.journal.keys),
            lock_item: of_journals("lock_item", &self.journal.lock_item),
        }
    }
}

/// What is wrong with the variable of which it is said to be a part.
fn lost_part(key: &RequestKey, tables: &[VariableTable], request: &[RequestKey]) -> Option<String> {
    let whole = key.part_of.as_ref()?;
    let frame = tables.iter().filter(|table| table.prefix.is_empty()).flat_map(|table| &table.variables);
    let initial = frame
        .filter(|(name, _)| name == whole)
        .map(|(_, variable)| variable.initial.as_ref().map(ToString::to_string).unwrap_or_default());
    let read = request.iter().filter(|one| one.variable.as_ref() == Some(whole)).map(|one| one.read.clone());
    let Some(reading) = initial.chain(read).next() else {
        return Some(format!(
            "`part_of` names `{whole}`, which is no variable of the frame or of the request"
        ));
    };
    let place = format!("$states.input.{}", key.key);
    let is_read = reading.match_indices(&place).any(|(at, _)| {
        !reading[at + place.len()..].starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_')
    });
    (!is_read).then(|| format!("`part_of` names `{whole}`, which begins without `{place}`"))
}

/// A variable has one table, whose kind and writers are its own.
fn declared_twice(catalog: &Catalog, variables: &[VariableTable], request: &[RequestKey]) -> Vec<Problem> {
    let of_tables = variables.iter().flat_map(|group| {
        let row = |name: &String| (format!("{}{name}", group.prefix), name.clone(), group.path.as_str());
        group.variables.iter().map(move |(name, _)| row(name))
    });
    let of_request = request.iter().flat_map(|key| {
        let prefixes =
            std::iter::once(String::new()).chain(key.children.iter().map(|child| format!("{child}_")));
        let name = key
            .variable
            .iter()
            .flat_map(move |name| prefixes.clone().map(move |prefix| format!("{prefix}{name}")));
        name.map(|name| (name, key.key.clone(), REQUEST))
    });
    let mut homes: BTreeMap<String, &str> = BTreeMap::new();
    let mut problems = Vec::new();
    for (name, row, path) in of_tables.chain(of_request) {
        if let Some(other) = homes.insert(name.clone(), path) {
            let reason = format!("{row}: the variable `{name}` stands in templates/{other}, too");
            problems.push(fault(catalog, path, &reason));
        }
    }
    problems
}

/// Expressions may be written over several lines.
fn on_one_line(value: &Value) -> Value {
    match value {
        Value::String(text) => text.split_whitespace().collect::<Vec<_>>().join(" ").into(),
        other => other.clone(),
    }
}
