//! No call goes without a time-out, and none without a catcher; and what somebody else wrote is parsed where an error is caught.

use asg_recycle_simulator::states_language::{Kind, State};

use super::super::definition::Definition;
use super::report::Report;

/// What is read of texts that nobody from outside writes: when the execution began, which Step Functions says itself, and versions, which
/// were numbers when they were read.
const OWN: &[&str] =
    &["$toMillis($states.context.Execution.StartTime)", "$number($lookup($lookup($versions, "];

/// Functions that fail where a text from outside is not what they take.
const OUTSIDE: &[(&str, &str)] = &[
    ("parse", "a text that is no JSON"),
    ("toMillis", "a text that is no moment"),
    ("number", "a text that is no number"),
];

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    for (index, name, state) in definition.machine.states() {
        if matches!(state.kind, Kind::Task { timeout_seconds: None, .. }) {
            report.add(name, "TimeoutSeconds is missing".to_owned());
        }
        // Inside an inline Map the Map catches for its tasks.
        let scope = &definition.scopes()[index];
        let caught_outside = scope.owner.as_ref().is_some_and(|(owner, map)| {
            !scope.distributed && catches_all(&definition.scopes()[*owner].states[map])
        });
        let can_fail = matches!(state.kind, Kind::Task { .. } | Kind::Map { .. } | Kind::Parallel { .. });
        let is_caught = caught_outside || catches_all(state);
        for text in state.texts() {
            if text.text.contains("$states.errorOutput") && !text.place.starts_with("Catch") {
                let reason = format!("{}: $states.errorOutput is there in a catcher only", text.place);
                report.add_at(name, Some(text.text), reason);
            }
            // What a catcher itself evaluates is caught by nobody.
            let is_caught = caught_outside || is_caught && !text.place.starts_with("Catch");
            if is_caught {
                continue;
            }
            let Some(expression) = definition.expression(text.text) else { continue };
            let others = OWN.iter().fold(text.text.to_owned(), |text, own| text.replace(own, ""));
            for (function, what) in OUTSIDE {
                if expression.functions.contains(*function) && others.contains(&format!("${function}")) {
                    let place = &text.place;
                    let reason = format!("{place}: nothing catches what ${function} says of {what}");
                    report.add_at(name, Some(text.text), reason);
                }
            }
        }
        if can_fail && !is_caught {
            report.add(
                name,
                "nothing catches States.ALL, so an error would end the execution without putting back".into(),
            );
        }
    }
}

fn catches_all(state: &State) -> bool {
    state.catchers.last().is_some_and(|last| last.errors == ["States.ALL"])
}
