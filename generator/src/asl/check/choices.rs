//! No rule of a Choice leads where its `Default` leads, past results that are the default's alone: an interpreter that
//! tells the ways apart by where they lead gives the rule's way those results, too.

use asg_recycle_simulator::states_language::Kind;

use super::super::definition::Definition;
use super::report::Report;

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    for (_, name, state) in definition.machine.states() {
        let Kind::Choice { rules, default: Some(default) } = &state.kind else { continue };
        let has_results = !state.assign.is_empty() || state.output.is_some();
        for rule in rules.iter().filter(|rule| has_results && rule.next == *default) {
            let reason =
                format!("a rule leads to `{default}` as the Default does, which has Assign or Output");
            report.add_at(name, rule.condition.as_str(), reason);
        }
    }
}
