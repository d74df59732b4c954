//! A task calls an action that its service has, with arguments that the action has.

use asg_recycle_simulator::states_language::Kind;
use serde_json::Value;

use super::super::call::{self, Arguments};
use super::super::definition::Definition;
use super::super::expression;
use super::report::Report;

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    for (_, name, state) in definition.machine.states() {
        let Kind::Task { call, arguments: given, .. } = &state.kind else { continue };
        let Some(service) = call::model().get(&call.service) else {
            report.add(name, format!("the service model has no service `{}`", call.service));
            continue;
        };
        match service.get(&call.action) {
            None => report.add(name, format!("{} has no action `{}`", call.service, call.action)),
            Some(arguments) => check_arguments(name, given, arguments, report),
        }
    }
}

/// Arguments that are one expression are held against AWS's model by running them, not here.
fn check_arguments(state: &str, given: &Value, known: &Arguments, report: &mut Report<'_>) {
    if given.as_str().is_some_and(|text| expression::delimited(text).is_some()) {
        return;
    }
    let given: Vec<_> = given.as_object().into_iter().flat_map(|fields| fields.keys()).collect();
    for name in &given {
        if !known.required.contains(*name) && !known.optional.contains(*name) {
            report.add_at(state, Some(name), format!("the action has no argument {name}"));
        }
    }
    for name in known.required.iter().filter(|name| !given.contains(name)) {
        report.add(state, format!("the argument {name} is missing"));
    }
}
