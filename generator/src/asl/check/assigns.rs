//! No `Assign` reads a variable that it sets further up. Step Functions reads all of them as they were on entry, but not every
//! interpreter that the definition is proved by does, and no reader can be sure to see it.

use asg_recycle_simulator::states_language::texts;

use super::super::definition::Definition;
use super::report::Report;

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    for (_, name, state) in definition.machine.states() {
        for assign in state.assigns() {
            for (index, (variable, value)) in assign.iter().enumerate() {
                for text in texts(variable, value) {
                    let Some(expression) = definition.expression(text.text) else { continue };
                    let above = assign.keys().take(index);
                    for above in above.filter(|above| expression.variables.contains(*above)) {
                        let reason = format!("${variable} reads ${above}, which the same Assign sets before");
                        report.add_at(name, Some(text.text), reason);
                    }
                }
            }
        }
    }
}
