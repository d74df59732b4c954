//! A variable is assigned on every way to the state that reads it.

use std::collections::{BTreeMap, BTreeSet};

use asg_recycle_simulator::states_language::{Scope, State};

use super::super::definition::Definition;
use super::report::Report;

type Names<'a> = BTreeSet<&'a str>;
/// Names by state.
type Known<'a> = BTreeMap<&'a str, Names<'a>>;

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    let mut known_by_scope: Vec<Known<'_>> = Vec::new();
    for scope in definition.scopes() {
        let outer = match &scope.owner {
            Some((index, owner)) if !scope.distributed => {
                known_by_scope[*index].get(owner.as_str()).cloned().unwrap_or_default()
            }
            _ => Names::new(),
        };
        if scope.distributed {
            report_shadowing(scope, definition, report);
        }
        let known = known_on_entry(scope, &outer);
        for (name, state) in &scope.states {
            let Some(known) = known.get(name.as_str()) else { continue }; // unreachable: another rule says so
            for (missing, text) in
                read_by(definition, state).iter().filter(|(name, _)| !known.contains(name.as_str()))
            {
                report.add_at(name, Some(text), format!("${missing} is not assigned on every way here"));
            }
        }
        known_by_scope.push(known);
    }
}

/// What is assigned for certain when each state is entered: the meet over all ways to it.
fn known_on_entry<'a>(scope: &'a Scope, outer: &Names<'a>) -> Known<'a> {
    let edges: BTreeMap<&str, _> =
        scope.states.iter().map(|(name, state)| (name.as_str(), state.edges())).collect();
    let mut known = Known::new();
    let mut open = vec![(scope.start_at.as_str(), outer.clone())];
    while let Some((name, arriving)) = open.pop() {
        let Some(edges) = edges.get(name) else { continue };
        let met: Names<'_> = match known.get(name) {
            Some(before) if before.is_subset(&arriving) => continue,
            Some(before) => before.intersection(&arriving).copied().collect(),
            None => arriving,
        };
        for edge in edges {
            let mut leaving = met.clone();
            leaving.extend(edge.assign.keys().map(String::as_str));
            open.push((edge.target, leaving));
        }
        known.insert(name, met);
    }
    known
}

/// That a child execution may assign a name of an outer scope is not certain, so none does.
fn report_shadowing(scope: &Scope, definition: &Definition, report: &mut Report<'_>) {
    let mut outer = BTreeSet::new();
    let mut owner = scope.owner.as_ref();
    while let Some((index, _)) = owner {
        let around = &definition.scopes()[*index];
        outer.extend(around.states.values().flat_map(State::assigned));
        owner = around.owner.as_ref();
    }
    for (name, state) in &scope.states {
        for shadow in state.assigned().intersection(&outer) {
            report.add_at(name, Some(shadow), format!("${shadow} is assigned in an outer scope too"));
        }
    }
}

/// The variables that a state's own fields read, each with a text that does.
pub(super) fn read_by<'a>(definition: &Definition, state: &'a State) -> BTreeMap<String, &'a str> {
    let mut read = BTreeMap::new();
    for text in state.texts().into_iter().map(|text| text.text) {
        let names = definition.expression(text).into_iter().flat_map(|expression| &expression.variables);
        read.extend(names.map(|name| (name.clone(), text)));
    }
    read.remove("states");
    read
}
