//! The ways through a machine: its states, and what leads out of them. Somebody outside may want to know which are
//! never taken.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::machine::{LoadedKind, LoadedScope, LoadedState, Machine, Program, StateIndex};
use super::observer::{Way, WayObserver};

impl Machine {
    /// Tells `observer` of every way that an execution of this machine takes from now on.
    pub fn observe_ways(&self, observer: WayObserver) {
        *self.0.ways.borrow_mut() = Some(observer);
    }

    /// Every way there is, with a name that does not change when rules beside it do: names of states are unique in a
    /// machine. An entry of `Retry` without attempts is no way.
    pub fn ways(&self) -> BTreeMap<(Rc<str>, Way), String> {
        let states = self.0.scopes.iter().flat_map(|scope| scope.states.iter().map(move |one| (scope, one)));
        states.flat_map(|(scope, state)| ways_of(scope, state)).collect()
    }
}

impl Program {
    pub(super) fn takes(&self, state: &Rc<str>, way: Way) {
        if let Some(observer) = &*self.ways.borrow() {
            observer(state, way);
        }
    }
}

fn ways_of<'a>(
    scope: &'a LoadedScope,
    state: &'a LoadedState,
) -> impl Iterator<Item = ((Rc<str>, Way), String)> + 'a {
    let named = |index: StateIndex| &*scope.states[index].name;
    let mut ways = vec![(Way::Enters, state.name.to_string())];
    if let LoadedKind::Choice { rules, default } = &state.kind {
        for (index, rule) in rules.iter().enumerate() {
            let earlier = rules[..index].iter().filter(|other| other.next == rule.next).count();
            let number = if earlier == 0 { String::new() } else { format!(" ({})", earlier + 1) };
            ways.push((Way::TakesRule(index), format!("{} -> {}{number}", state.name, named(rule.next))));
        }
        if let Some(index) = default {
            ways.push((Way::TakesDefault, format!("{} -> {} by default", state.name, named(*index))));
        }
    }
    for (index, retrier) in state.retriers.iter().enumerate().filter(|(_, one)| one.attempts_max > 0) {
        ways.push((Way::Retries(index), format!("{} retries {}", state.name, retrier.errors.join(", "))));
    }
    for (index, catcher) in state.catchers.iter().enumerate() {
        let (errors, next) = (catcher.errors.join(", "), named(catcher.next));
        ways.push((Way::Catches(index), format!("{} catches {errors} -> {next}", state.name)));
    }
    ways.into_iter().map(|(way, name)| ((Rc::clone(&state.name), way), name))
}
