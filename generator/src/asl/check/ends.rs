//! Every state is reached from the start, and the end can be reached from every state.

use std::collections::BTreeSet;

use super::super::definition::{Definition, Scope};
use super::report::Report;

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    for scope in &definition.scopes {
        if scope.start_at.is_none() {
            continue; // another rule says so
        }
        let reached = closure(scope.start_at.iter().map(String::as_str).collect(), |name, found| {
            found.extend(
                scope.states.get(name).into_iter().flat_map(|s| s.edges.iter().map(|e| e.target.as_str())),
            );
        });
        let ends = scope.states.iter().filter(|(_, state)| state.is_end()).map(|(name, _)| name.as_str());
        let ending = closure(ends.collect(), |name, found| found.extend(sources(scope, name)));
        for name in scope.states.keys() {
            if !reached.contains(name.as_str()) {
                report.add(name, "no state leads to it".to_owned());
            } else if !ending.contains(name.as_str()) {
                report.add(name, "no way leads from it to an end".to_owned());
            }
        }
    }
}

fn sources<'a>(scope: &'a Scope, target: &str) -> Vec<&'a str> {
    let leads = scope.states.iter().filter(|(_, state)| state.edges.iter().any(|edge| edge.target == target));
    leads.map(|(name, _)| name.as_str()).collect()
}

/// All that `step` leads to from `first`, itself included.
fn closure<'a>(first: Vec<&'a str>, step: impl Fn(&str, &mut Vec<&'a str>)) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut open = first;
    while let Some(name) = open.pop() {
        if seen.insert(name) {
            step(name, &mut open);
        }
    }
    seen
}
