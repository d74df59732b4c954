//! States of the machine, by the names that consoles and logs show: many are put together from parts in the templates, where nobody
//! finds them by searching.

use std::collections::{BTreeMap, BTreeSet};

use asg_recycle_simulator::iam_policy::iam_action;
use asg_recycle_simulator::states_language::{Kind, State, StateMachine};

use super::explanation::{Explanation, ThingKind};
use crate::asl::Machine;
use crate::construct::AsgRecycle;

/// Every state, those that run for each item of a list among them.
pub(super) fn explained(recycle: &AsgRecycle) -> Vec<Explanation> {
    let origins = AsgRecycle::origins(recycle.config());
    let (machine, _) = StateMachine::read(&recycle.machine().definition);
    let from = sources(&machine);
    let explained = |(scope, name, state): (usize, &str, &State)| {
        let purpose = state.fields.get("Comment").and_then(|comment| comment.as_str()).unwrap_or_default();
        let mut one = Explanation::new(ThingKind::State, name, purpose);
        let (template, asked_for) = origins.get(name).map_or((None, None), |origin| {
            origin.split_once(", for ").map_or((Some(origin.as_str()), None), |(at, by)| (Some(at), Some(by)))
        });
        one.tell("template", template);
        one.tell("used in", asked_for);
        one.tell("type", [state.type_name()]);
        if let Kind::Task { call, .. } = &state.kind {
            one.tell("calls", [iam_action(&call.service, &call.action)]);
        }
        tell_home(&machine, recycle.machine(), (scope, name), &mut one);
        one.tell("comes from", from.get(&(scope, name)).into_iter().flatten().map(|from| quoted(from)));
        let ways = state.edges();
        let to = |on_error: bool| {
            let ways = ways.iter().filter(move |way| way.field.starts_with("Catch") == on_error);
            ways.map(|way| way.target).collect::<BTreeSet<_>>().into_iter().map(quoted)
        };
        one.tell("goes on to", to(false));
        one.tell("on an error", to(true));
        one
    };
    machine.states().map(explained).collect()
}

fn quoted(name: &str) -> String {
    format!("`{name}`")
}

/// The states that lead to each.
fn sources(machine: &StateMachine) -> BTreeMap<(usize, &str), BTreeSet<&str>> {
    let mut sources: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for (scope, name, state) in machine.states() {
        for way in state.edges() {
            sources.entry((scope, way.target)).or_default().insert(name);
        }
    }
    sources
}

/// The stage or strategy whose states it is one of, and the Map that runs it for each item.
fn tell_home(machine: &StateMachine, emitted: &Machine, (scope, name): (usize, &str), one: &mut Explanation) {
    let mut outermost = (scope, name);
    while let Some((scope, map)) = machine.scopes[outermost.0].owner.as_ref() {
        outermost = (*scope, map);
    }
    let is_of = |(_, states): &&(String, Vec<String>)| states.iter().any(|state| state == outermost.1);
    one.tell("part of", emitted.stages.iter().find(is_of).map(|(stage, _)| stage.as_str()));
    let map = machine.scopes[scope].owner.as_ref();
    one.tell("run by", map.map(|(_, map)| format!("{}, for each of its items", quoted(map))));
}
