//! Every named target exists in its scope.

use super::super::definition::Definition;
use super::report::Report;

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    for scope in &definition.scopes {
        let owner = scope.owner.as_ref().map_or("", |(_, name)| name.as_str());
        match &scope.start_at {
            None => report.add(owner, "StartAt is missing".to_owned()),
            Some(start) if !scope.states.contains_key(start) => {
                report.add(owner, format!("StartAt names `{start}`, which is not a state of the same scope"));
            }
            Some(_) => {}
        }
        for (name, state) in &scope.states {
            for edge in state.edges.iter().filter(|edge| !scope.states.contains_key(&edge.target)) {
                let reason =
                    format!("{} names `{}`, which is not a state of the same scope", edge.field, edge.target);
                report.add(name, reason);
            }
        }
    }
}
