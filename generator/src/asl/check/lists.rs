//! A read that leaves a big group's instances out goes on to a Choice that fetches them first: to miss that would be to
//! take the group for empty.

use asg_recycle_simulator::states_language::Kind;
use serde_json::Value;

use super::super::definition::Definition;
use super::report::Report;

/// The condition of the rule `list_first` of `templates/strategies/_shared/group.j2`.
const UNLISTED: &str = "{% $group.unlisted %}";

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    for (index, name, state) in definition.machine.states() {
        let leaves_out = matches!(&state.kind, Kind::Task { arguments, .. } if may_leave_instances_out(definition, arguments));
        let Some(next) = state.next.as_ref().filter(|_| leaves_out) else { continue };
        let first_rule = definition.scopes()[index].states[next].rules().first();
        if first_rule.is_none_or(|rule| rule.condition != UNLISTED) {
            report.add_at(
                name,
                Some(next),
                format!("`{next}`, where it goes on, is no Choice that begins with the rule `{UNLISTED}`"),
            );
        }
    }
}

/// Whether it depends on what is known of the group if the instances are in the answer.
fn may_leave_instances_out(definition: &Definition, arguments: &Value) -> bool {
    let text = arguments.as_str().filter(|text| text.contains("'IncludeInstances'"));
    let expression = text.and_then(|text| definition.expression(text));
    expression.is_some_and(|expression| expression.variables.contains("group"))
}
