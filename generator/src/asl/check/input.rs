//! Every key of the input is one that the table of requests declares, each that is not for others is read, and no other.

use std::collections::BTreeMap;

use super::super::definition::Definition;
use super::report::Report;

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    let declared = &definition.declared.input;
    if declared.is_empty() {
        return;
    }
    let start = definition.scopes()[0].start_at.as_str();
    let mut read = BTreeMap::new();
    for (scope, name, state) in definition.machine.states() {
        let texts = state.texts().into_iter().map(|text| text.text);
        let expressions = texts.filter_map(|text| Some((text, definition.expression(text)?)));
        for (text, path) in expressions.flat_map(|(text, one)| one.paths.iter().map(move |path| (text, path)))
        {
            let names: Vec<_> = path.iter().map(String::as_str).collect();
            match names[..] {
                ["states", "input", key, ..] if scope == 0 && name == start => read.insert(key, (name, text)),
                ["states", "context", "Execution", "Input", key, ..] => read.insert(key, (name, text)),
                _ => None,
            };
        }
    }
    for (key, (state, text)) in read.iter().filter(|(key, _)| !declared.contains_key(**key)) {
        report.add_at(state, Some(text), format!("`{key}` of the input is in no table of requests"));
    }
    for (key, (state, text)) in read.iter().filter(|(key, _)| declared.get(**key) == Some(&false)) {
        report.add_at(
            state,
            Some(text),
            format!("`{key}` of the input is declared as for others, and is read here"),
        );
    }
    let places = &definition.declared.places.input;
    for (key, _) in declared.iter().filter(|(key, wanted)| **wanted && !read.contains_key(key.as_str())) {
        let place = places.get(key).map(String::as_str);
        report.add_to_table(place, format!("`{key}` of the input is declared, and read nowhere"));
    }
}
