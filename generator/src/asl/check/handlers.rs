//! No call goes without a time-out, and none without a catcher.

use asg_recycle_simulator::states_language::{Kind, State};

use super::super::definition::Definition;
use super::report::Report;

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
        if can_fail && !caught_outside && !catches_all(state) {
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
