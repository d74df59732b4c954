//! How the last change of each group ended: executions are known by their names, which begin with the group's component. Pure.

use std::collections::BTreeMap;

use asg_recycle_handler::contract::OVERRIDE_COMPONENT_NAME;
use asg_recycle_handler::name;
use jiff::Timestamp;
use serde_json::Value;

use super::outdated::{LaunchSourceWanted, OutdatedInstance};
use crate::operate::answers::SeenGroup;
use crate::operate::answers::execution::{ListedExecution, SeenExecution};

/// The executions that ended, by what their names begin with; counted once for a whole fleet.
#[derive(Debug, Clone, Default)]
pub struct Endings {
    by_prefix: BTreeMap<String, OfPrefix>,
}

/// What begins with one component.
#[derive(Debug, Clone, Default)]
struct OfPrefix {
    /// How many groups have the component.
    groups: usize,
    /// Indices of executions that ended, in the order of the list.
    executions: Vec<usize>,
}

impl Endings {
    /// Sorts executions to the groups of a fleet.
    pub fn of(groups: &[SeenGroup], executions: &[ListedExecution]) -> Self {
        let mut by_prefix: BTreeMap<String, OfPrefix> = BTreeMap::new();
        for group in groups {
            by_prefix.entry(execution_prefix(group)).or_default().groups += 1;
        }
        for (index, execution) in executions.iter().enumerate().filter(|(_, one)| one.stop_date.is_some()) {
            let prefix = execution.name.rsplit_once('-').filter(|(_, hash)| hash.len() == 32);
            if let Some(of_prefix) = prefix.and_then(|(prefix, _)| by_prefix.get_mut(prefix)) {
                of_prefix.executions.push(index);
            }
        }
        Self { by_prefix }
    }

    /// The group's execution that ended last and tells how, as far as executions were looked at. None where several groups have the
    /// same component, for nobody could tell whose it is. `executions` are those that were sorted.
    pub fn last<'a>(
        &self,
        group: &SeenGroup,
        executions: &'a [ListedExecution],
        described: &BTreeMap<String, SeenExecution>,
    ) -> Option<&'a ListedExecution> {
        let own = self.by_prefix.get(&execution_prefix(group)).filter(|own| own.groups == 1)?;
        let tells = |one: &&ListedExecution| {
            described.get(&one.execution_arn).is_none_or(|seen| tells_how_it_ended(seen, &group.name))
        };
        own.executions.iter().filter_map(|index| executions.get(*index)).find(tells)
    }
}

/// Whether an execution tells how the last change of this group ended: one that left it to another, changed nothing by what it was
/// asked for, or found nothing to put back, hides the one before it.
pub(in crate::operate) fn tells_how_it_ended(seen: &SeenExecution, group: &str) -> bool {
    let is_others = seen.asked("auto_scaling_group_name").is_some_and(|asked| asked != group);
    let reason = seen.said("reason").unwrap_or_default();
    let is_nothing = match seen.said("outcome").as_deref() {
        Some("coalesced" | "dry_run" | "skipped") => true,
        Some("restored") => {
            reason.contains("nothing was left to put back") || reason.contains("left nothing to put back")
        }
        _ => false,
    };
    // A dry run has changed nothing, whatever it ended as: it may find a group up to date, or fail.
    !is_others && !seen.was_dry() && !is_nothing
}

impl SeenExecution {
    /// Whether it was to change nothing: as it says itself, else as the machine reads what it was asked (`dry_run` in request.yaml).
    pub fn was_dry(&self) -> bool {
        let said = self.account().and_then(|account| account.get("dry_run")?.as_bool());
        let asked = || {
            let input: serde_json::Value = serde_json::from_str(&self.input).ok()?;
            Some(match input.get("dry_run")? {
                serde_json::Value::String(text) => text.to_lowercase() == "true",
                other => *other == true,
            })
        };
        said.unwrap_or_else(|| !self.is_restore() && asked() == Some(true))
    }

    /// Why it ended so: the reason that it gives, else what is said by who stopped it, or by Step Functions.
    pub fn why(&self) -> Option<String> {
        let of_others = || self.cause.clone().filter(|_| self.account().is_none());
        self.said("reason").or_else(of_others).filter(|why| !why.is_empty())
    }
}

/// Why the group's last recycle, which came to its end, left these instances alone; none where it did not end so, where it chose others,
/// and where what they are to be launched from is not known to be older than it, which began then.
pub fn left_alone_by(
    (seen, began): (&SeenExecution, Timestamp),
    outdated: &[OutdatedInstance],
    made_at: &BTreeMap<LaunchSourceWanted, Timestamp>,
) -> Option<String> {
    let account = seen.account()?;
    let came_to_its_end = ["recycled", "up_to_date"].contains(&account.get("outcome")?.as_str()?);
    let is_older = |one: &OutdatedInstance| made_at.get(&one.wants).is_some_and(|made| *made <= began);
    let listed = account.get("left_alone").and_then(Value::as_array).into_iter().flatten();
    let ids: Vec<&str> = listed.filter_map(|one| one.get("id")?.as_str()).collect();
    // It lists a hundred at most, and counts them all.
    let count = account.pointer("/counts/left_alone").and_then(Value::as_u64).unwrap_or_default();
    let unlisted = usize::try_from(count).unwrap_or(usize::MAX).saturating_sub(ids.len());
    let others = outdated.iter().filter(|one| !ids.contains(&&*one.id)).count();
    let are_all = others <= unlisted && outdated.iter().all(is_older);
    (came_to_its_end && !outdated.is_empty() && are_all).then(|| seen.said("reason").unwrap_or_default())
}

/// What the names of a group's executions begin with, as the handler names them.
pub fn execution_prefix(group: &SeenGroup) -> String {
    let tag = group.tags.list.iter().find(|tag| tag.key == OVERRIDE_COMPONENT_NAME.key);
    let component = name::component(&group.name, tag.map(|tag| &*tag.value));
    let name = name::execution_name(component, &[]);
    name.rsplit_once('-').map(|(prefix, _)| prefix.to_owned()).unwrap_or(name)
}
