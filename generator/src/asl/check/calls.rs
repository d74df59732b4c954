//! A task calls an action that its service has, with arguments that the action has.

use serde_json::Value;

use super::super::call::{self, Arguments};
use super::super::definition::Definition;
use super::super::expression;
use super::report::Report;

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    for (_, name, state) in definition.states().filter(|(_, _, state)| state.kind == "Task") {
        let Some(call) = call::of(state) else {
            let resource = state.fields.get("Resource").and_then(Value::as_str).unwrap_or_default();
            report
                .add(name, format!("`{resource}` is not `arn:PARTITION:states:::[aws-sdk:]service:action`"));
            continue;
        };
        let Some(service) = call::model().get(&call.service) else {
            report.add(name, format!("the service model has no service `{}`", call.service));
            continue;
        };
        match service.get(&call.action) {
            None => report.add(name, format!("{} has no action `{}`", call.service, call.action)),
            Some(arguments) => check_arguments(name, state.fields.get("Arguments"), arguments, report),
        }
    }
}

/// Arguments that are one expression are held against AWS's model by running them, not here.
fn check_arguments(state: &str, given: Option<&Value>, known: &Arguments, report: &mut Report<'_>) {
    if given.and_then(Value::as_str).is_some_and(|text| expression::delimited(text).is_some()) {
        return;
    }
    let given: Vec<_> =
        given.and_then(Value::as_object).into_iter().flat_map(|fields| fields.keys()).collect();
    for name in &given {
        if !known.required.contains(*name) && !known.optional.contains(*name) {
            report.add(state, format!("the action has no argument {name}"));
        }
    }
    for name in known.required.iter().filter(|name| !given.contains(name)) {
        report.add(state, format!("the argument {name} is missing"));
    }
}
