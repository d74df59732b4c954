//! `JSONata` stands in whole strings only, and is what Step Functions takes and the interpreter knows.

use std::collections::BTreeSet;

use super::super::definition::Definition;
use super::super::expression::Parsed;
use super::report::Report;

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    let assigned = definition.machine.states().flat_map(|(_, _, state)| state.assigned());
    let assigned: BTreeSet<_> = assigned.map(str::to_owned).collect();
    for (_, name, state) in definition.machine.states() {
        for text in state.texts() {
            let Some(expression) = definition.expression(text.text) else {
                if text.text.contains("{%") || text.text.contains("%}") {
                    let (place, text) = (text.place, text.text);
                    let reason = format!("{place}: an expression must be the whole string: `{text}`");
                    report.add_at(name, Some(text), reason);
                }
                continue;
            };
            let Parsed { source, survey, .. } = expression;
            let reasons = match survey {
                Ok(survey) => survey.refusals(&assigned),
                Err(message) => vec![message.clone()],
            };
            for reason in reasons {
                report.add_at(name, Some(text.text), format!("{}: {reason}: `{source}`", text.place));
            }
        }
    }
}
