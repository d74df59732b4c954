//! Every state is reached from the start, and the end can be reached from every state.

use std::collections::{BTreeMap, BTreeSet};

use asg_recycle_simulator::states_language::Scope;

use super::super::definition::Definition;
use super::report::Report;

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    for scope in definition.scopes() {
        let reached = closure(vec![scope.start_at.as_str()], |name, found| {
            found.extend(scope.states[name].edges().iter().map(|edge| edge.target));
        });
        let sources = sources(scope);
        let ends = scope.states.iter().filter(|(_, state)| state.is_end()).map(|(name, _)| name.as_str());
        let ending = closure(ends.collect(), |name, found| {
            found.extend(sources.get(name).into_iter().flatten());
        });
        for name in scope.states.keys() {
            if !reached.contains(name.as_str()) {
                report.add(name, "no state leads to it".to_owned());
            } else if !ending.contains(name.as_str()) {
                report.add(name, "no way leads from it to an end".to_owned());
            }
        }
    }
}

/// The states that lead to a state, by that state.
fn sources(scope: &Scope) -> BTreeMap<&str, Vec<&str>> {
    let mut sources = BTreeMap::<_, Vec<_>>::new();
    for (name, state) in &scope.states {
        for edge in state.edges() {
            sources.entry(edge.target).or_default().push(name.as_str());
        }
    }
    sources
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
