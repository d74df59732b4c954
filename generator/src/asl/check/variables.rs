//! A variable is assigned on every way to the state that reads it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::definition::{Definition, Scope, State};
use super::super::expression;
use super::report::Report;

type Names = BTreeSet<String>;

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    let mut known_by_scope: Vec<BTreeMap<String, Names>> = Vec::new();
    for scope in &definition.scopes {
        let outer = match &scope.owner {
            Some((index, owner)) if !scope.distributed => {
                known_by_scope[*index].get(owner).cloned().unwrap_or_default()
            }
            _ => Names::new(),
        };
        report_shadowing(scope, definition, report);
        let known = known_on_entry(scope, &outer);
        for (name, state) in &scope.states {
            let Some(known) = known.get(name) else { continue }; // unreachable: another rule says so
            for missing in read_by(state).difference(known) {
                report.add(name, format!("${missing} is not assigned on every way here"));
            }
        }
        known_by_scope.push(known);
    }
}

/// What is assigned for certain when each state is entered: the meet over all ways to it.
fn known_on_entry(scope: &Scope, outer: &Names) -> BTreeMap<String, Names> {
    let mut known: BTreeMap<String, Names> = BTreeMap::new();
    let mut open: Vec<(String, Names)> =
        scope.start_at.iter().map(|start| (start.clone(), outer.clone())).collect();
    while let Some((name, arriving)) = open.pop() {
        let Some(state) = scope.states.get(&name) else { continue };
        let met = match known.get(&name) {
            Some(before) => before.intersection(&arriving).cloned().collect(),
            None => arriving,
        };
        if known.get(&name) == Some(&met) {
            continue;
        }
        known.insert(name, met.clone());
        for edge in &state.edges {
            let after = met.iter().cloned().chain(edge.assigns.iter().cloned()).collect();
            open.push((edge.target.clone(), after));
        }
    }
    known
}

/// Step Functions refuses a name that an outer scope assigns; of a distributed Map that is not certain, so it counts.
fn report_shadowing(scope: &Scope, definition: &Definition, report: &mut Report<'_>) {
    let mut outer = Names::new();
    let mut owner = scope.owner.as_ref();
    while let Some((index, _)) = owner {
        let around = &definition.scopes[*index];
        outer.extend(around.states.values().flat_map(State::assigned));
        owner = around.owner.as_ref();
    }
    for (name, state) in &scope.states {
        for shadow in state.assigned().filter(|assigned| outer.contains(assigned)) {
            report.add(name, format!("${shadow} is assigned in an outer scope too"));
        }
    }
}

/// The variables that a state's own fields read.
pub(super) fn read_by(state: &State) -> Names {
    let mut names = Names::new();
    for (_, value) in state.fields.iter().filter(|(field, _)| *field != "ItemProcessor") {
        collect(value, &mut names);
    }
    names.remove("states");
    names
}

fn collect(value: &Value, names: &mut Names) {
    match value {
        Value::String(text) => {
            names.extend(
                expression::delimited(text)
                    .and_then(|text| expression::variables(text).ok())
                    .unwrap_or_default(),
            );
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        Value::Object(fields) => fields.values().for_each(|value| collect(value, names)),
        _ => {}
    }
}
