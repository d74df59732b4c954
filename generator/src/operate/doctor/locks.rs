//! Locks that nobody gives back, those of groups that the stack does not see any more among them. Pure.

use asg_recycle_handler::settings::Settings;

use super::StackCheck;
use crate::names;
use crate::operate::answers::SeenGroup;
use crate::operate::answers::execution::status_in_words;
use crate::operate::fleet::{FleetFacts, FleetRow, GroupStanding, unlisted_holders};
use crate::operate::lock::GroupLock;

/// How the holder of a lock stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum HolderSeen {
    /// Nobody holds it: a journal is left.
    Nobody,
    /// It runs.
    Runs,
    /// It does not; how it ended.
    Ended(String),
    /// Step Functions does not know it.
    Forgotten,
    /// It is another stack's, which this one does not ask about, or was not asked about.
    Unknown(String),
}

/// Locks and journals of groups that are not among the stack's opted-in ones.
pub fn strays(facts: &FleetFacts) -> impl Iterator<Item = &GroupLock> {
    let is_left =
        |lock: &&GroupLock| lock.held_by.is_some() || lock.journal.is_some() || lock.unread_journal.is_some();
    let is_seen = |lock: &GroupLock| facts.groups.iter().any(|group| group.name == lock.group);
    facts.locks.values().filter(is_left).filter(move |lock| !is_seen(lock))
}

/// Every holder that has to be looked at before locks can be told of.
pub fn holders(facts: &FleetFacts) -> Vec<String> {
    let mut holders = unlisted_holders(facts);
    holders.extend(strays(facts).filter_map(|lock| lock.held_by.clone()));
    holders
}

/// What is to be said of locks; `others` are the groups of stray locks that exist.
pub fn locks(
    rows: &[FleetRow],
    facts: &FleetFacts,
    others: &[SeenGroup],
    settings: &Settings,
) -> Vec<StackCheck> {
    let of_row = |row: &FleetRow| of_row(row, facts, settings);
    let of_stray = |lock: &GroupLock| {
        let group = others.iter().find(|group| group.name == lock.group);
        of_stray(lock, group, &holder(lock, facts, settings), settings)
    };
    let found: Vec<StackCheck> =
        rows.iter().filter_map(of_row).chain(strays(facts).filter_map(of_stray)).collect();
    if found.is_empty() {
        return vec![StackCheck::passed("locks", "none is left by an execution that is dead")];
    }
    found
}

fn holder(lock: &GroupLock, facts: &FleetFacts, settings: &Settings) -> HolderSeen {
    let Some(holder) = &lock.held_by else { return HolderSeen::Nobody };
    let listed = facts.executions.iter().find(|one| one.execution_arn == *holder).map(|one| &one.status);
    match listed.or_else(|| facts.described.get(holder).map(|seen| &seen.status)) {
        _ if !holder.starts_with(&settings.machine.execution("")) => HolderSeen::Unknown(holder.clone()),
        Some(status) if status == "RUNNING" => HolderSeen::Runs,
        Some(status) => HolderSeen::Ended(status_in_words(status)),
        None if facts.forgotten.contains(holder) => HolderSeen::Forgotten,
        None => HolderSeen::Unknown(holder.clone()),
    }
}

/// What is to be said of the lock of a group that the stack sees.
fn of_row(row: &FleetRow, facts: &FleetFacts, settings: &Settings) -> Option<StackCheck> {
    let lock = facts.locks.get(&row.group)?;
    let seen = holder(lock, facts, settings);
    let text = |about: &str| format!("{}: {about}", row.group);
    match (row.state, seen) {
        (_, HolderSeen::Unknown(holder)) => Some(unknown(&row.group, &holder)),
        (GroupStanding::Held, seen) => {
            Some(StackCheck::finding("locks", text(&row.detail), restore(lock, &seen)))
        }
        _ => None,
    }
}

fn unknown(group: &str, holder: &str) -> StackCheck {
    let about =
        format!("{group}: whether {holder} runs, which holds its lock, is not known: it is another stack's");
    StackCheck::unknown("locks", about, "ask that stack: `asg-recycle doctor --stack ...`")
}

/// The command that puts back; a holder that has just begun may not be seen yet, and a journal of another version is that version's.
fn restore(lock: &GroupLock, seen: &HolderSeen) -> String {
    let restore = format!("asg-recycle restore {}", lock.group);
    match seen {
        _ if lock.unread_journal.is_some() => format!(
            "deploy the version that wrote the journal, and `{restore}`; where that is gone, put back by hand and {}",
            delete_item(&lock.group)
        ),
        HolderSeen::Forgotten => {
            format!(
                "look again in half a minute, for one that has just begun may not be seen yet; then `{restore}`"
            )
        }
        _ => restore,
    }
}

fn delete_item(group: &str) -> String {
    format!("delete the item `{group}` from the table `{}`", names::LOCK_TABLE)
}

/// What is to be said of a lock whose group the stack does not see; none where it is another stack's.
fn of_stray(
    lock: &GroupLock,
    group: Option<&SeenGroup>,
    seen: &HolderSeen,
    settings: &Settings,
) -> Option<StackCheck> {
    let name = &lock.group;
    let is_selected = group.is_some_and(|group| settings.groups.selects(&group.as_handler_sees_it()));
    let finding =
        |about: &str, fix: String| Some(StackCheck::finding("locks", format!("{name}: {about}"), fix));
    let how = match seen {
        HolderSeen::Unknown(holder) => return is_selected.then(|| unknown(name, holder)),
        HolderSeen::Runs if group.is_some() => {
            return finding(
                "a recycle runs, though the group lost its opt-in tag or is the stack's no more",
                format!("it may go on: `asg-recycle watch {name}`; or `asg-recycle abort {name}`"),
            );
        }
        HolderSeen::Runs => {
            return finding(
                "a recycle runs, and the group is gone",
                format!("it ends by itself; `asg-recycle abort {name}` ends it now"),
            );
        }
        HolderSeen::Nobody if group.is_none() => {
            return finding(
                "a journal is left and the group is gone; which stack's it was cannot be told",
                format!("where no other stack knows the group, {}", delete_item(name)),
            );
        }
        HolderSeen::Nobody if !is_selected => return None,
        HolderSeen::Nobody => format!("{}; nobody holds it", lock.left_journal()),
        HolderSeen::Ended(how) => format!("this stack holds its lock, by an execution that {how}"),
        HolderSeen::Forgotten => "this stack holds its lock, by an execution that ended long ago".to_owned(),
    };
    match group {
        None => finding(
            &format!("{how}, and the group is gone"),
            format!(
                "nothing is left to put back: where no restore takes the lock within two minutes, {}",
                delete_item(name)
            ),
        ),
        Some(_) if is_selected => {
            finding(&format!("{how}, and the group lost its opt-in tag"), restore(lock, seen))
        }
        Some(_) => finding(
            &format!("{how}, and the group is the stack's no more"),
            format!("make it the stack's again (`groups` in stack.yaml), then `asg-recycle restore {name}`"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::answers::execution::SeenExecution;
    use crate::operate::doctor::CheckOutcome;
    use crate::operate::fleet::rows;
    use crate::operate::fleet::tests::{OUT_IN, group, now, settings};
    use crate::operate::lock::SeenJournal;

    /// What is said where `web` has a lock with this holder: as an opted-in group, as one that lost its tag, or as one that is gone.
    fn said(holder: Option<&str>, is_opted_in: bool, is_there: bool) -> (CheckOutcome, String, String) {
        let web = group("web", &[OUT_IN]);
        let lock = GroupLock {
            group: "web".to_owned(),
            held_by: holder.map(str::to_owned),
            journal: Some(SeenJournal::default()),
            ..GroupLock::default()
        };
        let mut facts = FleetFacts { locks: [("web".to_owned(), lock)].into(), ..FleetFacts::default() };
        facts.groups.extend(is_opted_in.then(|| web.clone()));
        let seen = |status: &str| SeenExecution { status: status.to_owned(), ..SeenExecution::default() };
        facts.described.insert(own("runs"), seen("RUNNING"));
        facts.described.insert(own("dead"), seen("TIMED_OUT"));
        facts.forgotten.insert(own("forgotten"));
        let others: Vec<SeenGroup> = (is_there && !is_opted_in).then_some(web).into_iter().collect();
        let checks = locks(&rows(&facts, &settings(), now()), &facts, &others, &settings());
        assert_eq!(checks.len(), 1, "{checks:?}");
        let StackCheck { outcome, about, fix, .. } = checks[0].clone();
        (outcome, about, fix.unwrap_or_default())
    }

    fn own(name: &str) -> String {
        settings().machine.execution(name)
    }

    #[test]
    fn a_lock_is_lost_only_where_its_group_is_gone_and_nothing_runs() {
        let deletes =
            |holder: Option<&str>, is_there| said(holder, false, is_there).2.contains("delete the item");
        for holder in ["dead", "forgotten"] {
            assert!(deletes(Some(&own(holder)), false) && !deletes(Some(&own(holder)), true), "{holder}");
        }
        assert!(deletes(None, false) && !deletes(None, true));
        assert!(!deletes(Some(&own("runs")), false));
        let (outcome, about, fix) = said(Some(&own("runs")), false, true);
        assert_eq!(outcome, CheckOutcome::Finding);
        assert!(about.contains("a recycle runs") && fix.contains("asg-recycle abort web"), "{about} {fix}");
        let (_, about, fix) = said(None, false, true);
        assert!(about.contains("lost its opt-in tag") && fix == "asg-recycle restore web", "{about} {fix}");
    }

    #[test]
    fn a_journal_of_another_version_is_that_versions_to_put_back() {
        for (holder, how) in
            [(None, "nobody holds it"), (Some(own("forgotten")), "its holder ended long ago")]
        {
            let lock = GroupLock {
                group: "web".to_owned(),
                held_by: holder,
                unread_journal: Some(r#"{"version": 99}"#.to_owned()),
                ..GroupLock::default()
            };
            let mut facts = FleetFacts { locks: [("web".to_owned(), lock)].into(), ..FleetFacts::default() };
            facts.forgotten.insert(own("forgotten"));
            facts.groups.push(group("web", &[OUT_IN]));
            let checks = locks(&rows(&facts, &settings(), now()), &facts, &[], &settings());
            let about = &checks[0].about;
            assert!(about.contains("a journal is left that this version cannot read"), "{about}");
            assert!(about.contains(how), "{about}");
            let fix = checks[0].fix.as_deref().unwrap_or_default();
            assert!(fix.starts_with("deploy the version that wrote the journal"), "{fix}");
        }
    }

    #[test]
    fn a_holder_that_was_not_looked_at_is_not_taken_for_one_that_runs() {
        let other = "arn:aws:states:eu-west-2:123456789012:execution:another:x";
        assert_eq!(said(Some(other), true, true).0, CheckOutcome::NotMade);
        assert_eq!(said(Some(&own("unseen")), true, true).0, CheckOutcome::NotMade);
        assert_eq!(said(Some(other), false, true).0, CheckOutcome::NotMade);
        assert_eq!(said(Some(other), false, false).0, CheckOutcome::Passed, "another stack's");
        assert_eq!(said(Some(&own("runs")), true, true).0, CheckOutcome::Passed);
        let (outcome, _, fix) = said(Some(&own("forgotten")), true, true);
        assert_eq!(outcome, CheckOutcome::Finding);
        assert!(fix.starts_with("look again") && fix.contains("asg-recycle restore web"), "{fix}");
    }
}
