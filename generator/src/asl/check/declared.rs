//! Every variable is one that a table declares: of that kind, assigned by those who are said to, and read.

use std::collections::{BTreeMap, BTreeSet};

use asg_recycle_simulator::states_language::State;
use serde_json::Value;

use super::super::declarations::{Declaration, Declarations};
use super::super::definition::Definition;
use super::super::expression::Parsed;
use super::super::kind::Kind;
use super::report::Report;

const EVERYWHERE: &str = "everywhere";
/// Any of the strategies.
const STRATEGIES: &str = "strategies";

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    let declared = &definition.declared;
    if declared.variables.is_empty() {
        return;
    }
    let mut writers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut read = BTreeSet::new();
    for (scope, name, state) in definition.machine.states() {
        read.extend(used_by(definition, state));
        // What children assign is theirs alone: another rule says so.
        let stage = if scope == 0 { stage_of(declared, name) } else { None };
        for (variable, value) in state.assignments() {
            writers.entry(variable).or_default().extend(stage);
            let Some(declaration) = declared.variables.get(variable) else {
                report.add_at(name, Some(variable), format!("${variable} is in no table of variables"));
                continue;
            };
            if let Some(kind) = kind(definition, value).filter(|kind| *kind != declaration.kind) {
                let (given, wanted) = (kind.word(), declaration.kind.word());
                let reason = format!("${variable} is declared as {wanted}, and this is {given}: {value}");
                report.add_at(name, Some(variable), reason);
            }
            if let Some(stage) = stage.filter(|stage| !may_write(declared, declaration, stage)) {
                let reason = format!("`{stage}` is not among those that are said to write ${variable}");
                report.add_at(name, Some(variable), reason);
            }
        }
    }
    for (variable, declaration) in &declared.variables {
        let mut add = |reason| report.add_to_table(declaration.place.as_deref(), reason);
        let Some(writers) = writers.get(variable.as_str()) else {
            add(format!("${variable} is declared, and assigned nowhere"));
            continue;
        };
        let said = declaration.written_by.iter().filter(|said| declared.stages.contains_key(*said));
        for stage in said.filter(|said| !writers.contains(said.as_str())) {
            add(format!("${variable} is said to be written by `{stage}`, which does not"));
        }
        if declaration.written_by.iter().any(|said| said == STRATEGIES)
            && !declared.strategies.iter().any(|strategy| writers.contains(strategy.as_str()))
        {
            add(format!("${variable} is said to be written by strategies, of which none does"));
        }
        for nobody in declaration.written_by.iter().filter(|said| !is_writer(declared, said)) {
            add(format!(
                "${variable} is said to be written by `{nobody}`, which is no stage and no strategy"
            ));
        }
        if !read.contains(variable.as_str()) {
            add(format!(
                "${variable} is declared, and read nowhere but to pass it on or to ask of which kind it is"
            ));
        }
    }
}

/// The variables of which a state makes use: that it computes one from itself, asks of which kind it is, or passes it on with the
/// request, is none.
fn used_by<'a>(definition: &'a Definition, state: &'a State) -> BTreeSet<&'a str> {
    let carried = &definition.declared.carried;
    let passes_on = |keys: &BTreeSet<String>| !carried.is_empty() && keys.is_superset(carried);
    let mut used = BTreeSet::new();
    for text in state.texts() {
        let Some(Parsed { uses, variables, .. }) = definition.expression(text.text) else { continue };
        let objects = uses.in_objects.iter().filter(|(keys, _)| !passes_on(keys));
        let names = objects.flat_map(|(_, names)| names).chain(&uses.plain).map(String::as_str);
        // A name that an expression binds for itself is no variable's.
        let names = names.filter(|name| variables.contains(*name));
        used.extend(names.filter(|name| assigned_at(&text.place) != Some(name)));
    }
    used
}

/// The variable that is assigned what stands at this place of a state: `x` at `Choices[0].Assign.x`.
fn assigned_at(place: &str) -> Option<&str> {
    let (before, after) = place.split_once("Assign.")?;
    let is_field = before.is_empty() || before.ends_with('.');
    is_field.then(|| after.split(['.', '[']).next().unwrap_or(after))
}

fn is_writer(declared: &Declarations, said: &str) -> bool {
    said == EVERYWHERE || said == STRATEGIES || declared.stages.contains_key(said)
}

/// The stage of the frame, or the strategy, that a state stands in.
fn stage_of<'a>(declared: &'a Declarations, state: &str) -> Option<&'a str> {
    declared.stages.iter().find(|(_, states)| states.contains(state)).map(|(stage, _)| stage.as_str())
}

fn may_write(declared: &Declarations, declaration: &Declaration, stage: &str) -> bool {
    let said = |word: &str| declaration.written_by.iter().any(|said| said == word);
    declaration.written_by.is_empty()
        || said(EVERYWHERE)
        || said(stage)
        || said(STRATEGIES) && declared.strategies.contains(stage)
}

/// The kind of what is assigned, where it can be told.
fn kind(definition: &Definition, value: &Value) -> Option<Kind> {
    match value.as_str().and_then(|text| definition.expression(text)) {
        Some(expression) => expression.kind,
        None => Kind::of(value),
    }
}
