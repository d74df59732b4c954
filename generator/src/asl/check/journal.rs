//! Every key of the journal, and every attribute of the lock item, is one that a table declares, of that kind, and is read:
//! later releases of the machine have to know what this one wrote.

use std::collections::{BTreeMap, BTreeSet};

use asg_recycle_simulator::states_language;
use serde_json::Value;

use super::super::definition::Definition;
use super::super::kind::Kind;
use super::report::Report;

/// The variable that holds the journal; others hold it under the same name.
const JOURNAL: &str = "journal";
/// The name to which expressions bind an item that was read.
const ITEM: &str = "item";
/// What identifies the item; nobody reads it there.
const KEY: &str = "auto_scaling_group_name";

/// What a definition does with one of the two.
#[derive(Default)]
struct Use<'a> {
    /// Names, the states that write them, and the kinds of what they write.
    written: Vec<(String, &'a str, Option<Kind>)>,
    read: BTreeMap<String, &'a str>,
}

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    let (mut journal, mut item) = (Use::default(), Use::default());
    for (_, name, state) in definition.machine.states() {
        for (_, value) in state.assignments().filter(|(variable, _)| *variable == JOURNAL) {
            journal
                .written
                .extend(entries(definition, value).into_iter().map(|(key, kind)| (key, name, kind)));
        }
        let is_table =
            matches!(&state.kind, states_language::Kind::Task { call, .. } if call.service == "dynamodb");
        for text in state.texts().into_iter().map(|text| text.text) {
            let Some(expression) = definition.expression(text) else {
                item.written.extend(updated(text, is_table).map(|attribute| (attribute, name, None)));
                continue;
            };
            // What is written to the table may be more than the variable holds.
            let onto_journal = expression.merged.iter().filter(|(variable, _)| variable == JOURNAL);
            journal.written.extend(onto_journal.map(|(_, entry)| (entry.key.clone(), name, entry.kind)));
            for literal in &expression.literals {
                item.written.extend(updated(literal, is_table).map(|attribute| (attribute, name, None)));
            }
            for path in &expression.paths {
                let names: Vec<_> = path.iter().map(String::as_str).collect();
                match names[..] {
                    [JOURNAL, key, ..] | [_, JOURNAL, key, ..] if key != "S" => {
                        journal.read.insert(key.to_owned(), name);
                    }
                    [ITEM, attribute, ..] | ["states", "result", "Item" | "Attributes", attribute, ..] => {
                        item.read.insert(attribute.to_owned(), name);
                    }
                    _ => {}
                }
            }
        }
    }
    let declared = &definition.declared;
    hold("the journal", &declared.journal, &declared.places.journal, &journal, report);
    hold("the lock item", &declared.lock_item, &declared.places.lock_item, &item, report);
}

fn hold(
    what: &str,
    declared: &BTreeMap<String, Kind>,
    places: &BTreeMap<String, String>,
    used: &Use<'_>,
    report: &mut Report<'_>,
) {
    if declared.is_empty() {
        return;
    }
    let written = used.written.iter().map(|(key, state, _)| (key, *state));
    let mut unknown = BTreeSet::new();
    for (key, state) in written.chain(used.read.iter().map(|(key, state)| (key, *state))) {
        if !declared.contains_key(key) && unknown.insert(key) {
            report.add(state, format!("`{key}` is in no table of {what}"));
        }
    }
    for (key, state, kind) in &used.written {
        let wanted = declared.get(key).filter(|wanted| kind.is_some_and(|kind| kind != **wanted));
        if let Some(wanted) = wanted {
            report.add(
                state,
                format!("`{key}` of {what} is declared as {}, and this is another", wanted.word()),
            );
        }
    }
    for key in declared.keys().filter(|key| !used.read.contains_key(*key) && *key != KEY) {
        let place = places.get(key).map(String::as_str);
        report.add_to_table(place, format!("`{key}` of {what} is declared, and read nowhere"));
    }
}

/// The keys of a journal that is assigned.
fn entries(definition: &Definition, value: &Value) -> Vec<(String, Option<Kind>)> {
    match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), Kind::of(value))).collect(),
        Value::String(text) => {
            let entries = definition.expression(text).into_iter().flat_map(|expression| &expression.entries);
            entries.map(|entry| (entry.key.clone(), entry.kind)).collect()
        }
        _ => Vec::new(),
    }
}

/// The attributes that an `UpdateExpression` sets and removes; a comma may stand within a function, before a value.
fn updated(text: &str, is_table: bool) -> impl Iterator<Item = String> {
    let (clause, rest) = text.split_once(' ').unwrap_or_default();
    let rest = if is_table && matches!(clause, "SET" | "REMOVE") { rest } else { "" };
    rest.split(", ")
        .filter_map(|each| each.split(' ').next())
        .filter(|name| !name.is_empty() && !name.starts_with(':'))
        .map(str::to_owned)
}
