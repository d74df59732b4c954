//! Names of states stand once in the whole definition; a variable has no function's name; and no state's
//! name is a value, so that states can be renamed.

use std::collections::{BTreeMap, BTreeSet};

use asg_recycle_simulator::states_language::State;

use super::super::definition::Definition;
use super::super::expression;
use super::report::Report;

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    let mut seen = BTreeSet::new();
    for (_, name, state) in definition.machine.states() {
        if !seen.insert(name) {
            report.add(name, "another scope has a state of this name".to_owned());
        }
        for variable in state.assigned().into_iter().filter(|name| expression::FUNCTIONS.contains(name)) {
            report.add_at(name, Some(variable), format!("${variable} is the name of a JSONata function"));
        }
    }
    for (_, name, state) in definition.machine.states() {
        let mut values = BTreeMap::new();
        collect_values(definition, state, &mut values);
        for (value, text) in values.iter().filter(|(value, _)| seen.contains(value.as_str())) {
            report.add_at(
                name,
                Some(text),
                format!("`{value}` is a state's name, and stands here as a value"),
            );
        }
    }
}

/// The texts that a state compares with, assigns and passes on, each with the text that it stands in. That a rule goes to a state by
/// its name, which a state that several share was given as a return address, is what the renderer writes, and no template.
fn collect_values<'a>(definition: &Definition, state: &'a State, values: &mut BTreeMap<String, &'a str>) {
    for text in state.texts() {
        let field = text.place.split(['.', '[']).next().unwrap_or_default();
        if matches!(field, "Type" | "Next" | "Default" | "Comment") || text.place.ends_with("].Next") {
            continue;
        }
        let own = text.place.strip_prefix("Choices[").and_then(|rest| rest.split(']').next()?.parse().ok());
        let target = own.and_then(|index: usize| state.rules().get(index)).map(|rule| rule.next.as_str());
        let own = [text.text.to_owned()];
        let found =
            definition.expression(text.text).map_or(&own[..], |expression| expression.literals.as_slice());
        let found = found.iter().filter(|value| target != Some(value.as_str()));
        values.extend(found.map(|value| (value.clone(), text.text)));
    }
}
