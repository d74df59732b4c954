//! Names are at most 80 characters and stand once in the whole definition; a variable has no function's name.

use std::collections::BTreeSet;

use super::super::definition::Definition;
use super::super::expression;
use super::report::Report;

/// Longest name of a state or variable, in characters.
const LENGTH_MAX: usize = 80;

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    let mut seen = BTreeSet::new();
    for (_, name, state) in definition.states() {
        if !seen.insert(name) {
            report.add(name, "another scope has a state of this name".to_owned());
        }
        for variable in state.assigned().filter(|variable| expression::FUNCTIONS.contains(&variable.as_str()))
        {
            report.add(name, format!("${variable} is the name of a JSONata function"));
        }
        for long in std::iter::once(name.to_owned()).chain(state.assigned()) {
            let length = long.chars().count();
            if length > LENGTH_MAX {
                report
                    .add(name, format!("`{long}` has {length} characters; a name has at most {LENGTH_MAX}"));
            }
        }
    }
}
