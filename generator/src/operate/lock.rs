//! The lock of a group: who holds it, what is asked for beside it, and what its journal would put back.

use std::collections::BTreeMap;

use asg_recycle_handler::contract::RECYCLE_ON_ASG_UPDATE;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::asl;
use crate::operate::answers::{AttributeText, SeenInstance};
use crate::strategy::Catalog;

/// The phase of the frame's own: the warm pool is away.
const RENEWING: &str = "renewing";

/// How far a recycle is that has written no journal yet.
pub const BEFORE_CHANGES: &str = "before its first change";
/// How far one is that has put back what it changed, and has taken its journal away.
pub const LAST_CHECKS: &str = "at its last checks";

/// The lock item of a group.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GroupLock {
    /// The group's name.
    pub group: String,
    /// ARN of the execution that holds it; absent where a journal was left and nobody holds it.
    pub held_by: Option<String>,
    /// Whether somebody asked for another round meanwhile.
    pub has_mark: bool,
    /// What is changed; absent before the first change.
    pub journal: Option<SeenJournal>,
    /// Whether a start was announced: what changes the group comes after that.
    pub has_started: bool,
    /// A journal that this version does not read, since it is no journal or one of another version, as it stands.
    pub unread_journal: Option<String>,
    /// The turn that is under way, of a strategy that has turns.
    pub turn: Option<SeenTurn>,
    /// When the last place was given back to the group by a turn before, in milliseconds since the epoch.
    pub place_given_at: Option<f64>,
}

/// A turn, as it is written beside the lock; as far as it is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct SeenTurn {
    /// The instance whose turn it is.
    pub id: String,
    /// The desired capacity before the turn.
    pub desired: u32,
    /// The minimum that gives its place back, once that is begun.
    pub back: Option<u32>,
    /// Whether the place was given back, or is not owed.
    pub given: bool,
}

impl SeenTurn {
    /// Whether the instance is terminated, and its place is being given back.
    pub fn is_returning(&self) -> bool {
        self.given || self.back.is_some()
    }

    /// Reads the attribute; before version 2 it was the instance's id alone.
    fn read(text: &str) -> Option<Self> {
        if !text.starts_with('{') {
            return Some(Self { id: text.to_owned(), ..Self::default() });
        }
        serde_json::from_str(text).ok().filter(|turn: &Self| !turn.id.is_empty())
    }
}

/// How long turns take, as it is written beside the lock; as far as it is shown.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct SeenPace {
    /// When the last place was given back, in milliseconds since the epoch; 0 where that is not known.
    at: f64,
}

/// A journal, as far as it is shown.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct SeenJournal {
    /// The version of its form; 0 for those of the first machines, which say none.
    pub version: u32,
    /// How far the change is.
    pub phase: String,
    /// The group's own minimum.
    pub min: Option<u32>,
    /// The group's own maximum.
    pub max: Option<u32>,
    /// The minima that executions set: another is somebody else's by now, and stays.
    pub set_min: Vec<u32>,
    /// The maxima that executions set.
    pub set_max: Vec<u32>,
    /// How the warm pool was configured that is made again.
    pub warm_pool: Option<Value>,
    /// Processes that were suspended.
    pub suspended: Vec<String>,
    /// Ids of the instances that are replaced.
    pub replace: Vec<String>,
    /// The desired capacity of a group that is doubled; none where a strategy does not double.
    pub doubled: Option<u32>,
    /// How many instances doubling adds.
    pub growth: Option<u32>,
}

/// The sizes of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// The minimum.
    pub min: u32,
    /// The desired capacity.
    pub desired: u32,
    /// The maximum.
    pub max: u32,
}

/// How many of the instances that a recycle replaces are gone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replaced {
    /// Those that are gone, or on their way out.
    pub gone: usize,
    /// All; none before that is decided.
    pub of: usize,
}

impl Replaced {
    /// How far a recycle is: its phase, and how many of those it replaces are gone where that is decided.
    pub fn after(self, phase: impl std::fmt::Display) -> String {
        if self.of == 0 { phase.to_string() } else { format!("{phase}, {self} old instances gone") }
    }
}

impl std::fmt::Display for Replaced {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} of {}", self.gone, self.of)
    }
}

impl GroupLock {
    /// The phase that its journal names; without one, on which side of all changes its holder is.
    pub fn phase(&self) -> &str {
        match &self.journal {
            Some(journal) => &journal.phase,
            None if self.has_started => LAST_CHECKS,
            None => BEFORE_CHANGES,
        }
    }

    /// How many of those that are replaced are gone, by the members that the group has now.
    pub fn replaced(&self, members: &[SeenInstance]) -> Replaced {
        let replace = self.journal.as_ref().map(|journal| &*journal.replace).unwrap_or_default();
        let is_there = |id: &&String| members.iter().any(|one| one.id == **id && !one.is_leaving());
        Replaced { gone: replace.len() - replace.iter().filter(is_there).count(), of: replace.len() }
    }

    /// Reads an item of the table; `None` for one without the key, for one whose key has a colon, which no group's name has (a pause, or
    /// since when instances are unproved), and for one that holds its key alone: whoever could not delete it has let go of it.
    pub fn read(item: &BTreeMap<String, AttributeText>) -> Option<Self> {
        let text = |key: &str| item.get(key)?.text.clone().filter(|text| !text.is_empty());
        let journal = text("journal").filter(|text| text != "{}");
        let known = asl::known_journals();
        let turns = Catalog::embedded().turns();
        let is_known = |journal: &SeenJournal| known.contains(&journal.version);
        let object = |text: &String| serde_json::from_str::<Map<String, Value>>(text);
        let read = journal.as_ref().map(|text| {
            let journal = object(text).and_then(|journal| serde_json::from_value(journal.into()));
            journal.ok().filter(is_known)
        });
        Some(Self {
            group: text("auto_scaling_group_name").filter(|key| item.len() > 1 && !key.contains(':'))?,
            held_by: text("held_by"),
            has_mark: text("rerun").is_some(),
            has_started: text("started").is_some(),
            unread_journal: journal.clone().filter(|_| matches!(read, Some(None))),
            journal: read.flatten(),
            turn: turns.and_then(|turns| text(&turns.attribute)).and_then(|text| SeenTurn::read(&text)),
            place_given_at: turns
                .and_then(|turns| text(&turns.pace))
                .and_then(|text| serde_json::from_str::<SeenPace>(&text).ok())
                .map(|pace| pace.at)
                .filter(|at| *at > 0.0),
        })
    }

    /// The journal that is left, as it is called: one that cannot be read holds every recycle off, a restore too.
    pub fn left_journal(&self) -> &'static str {
        if self.unread_journal.is_some() {
            "a journal is left that this version cannot read"
        } else {
            "a journal is left"
        }
    }

    /// What follows when the group is restored: a recycle that was asked for meanwhile is made up for at once.
    pub fn what_follows(&self) -> Option<String> {
        let tag = RECYCLE_ON_ASG_UPDATE.key;
        let follows = format!(
            "a recycle that was asked for meanwhile follows at once, unless the group's tag `{tag}` is set to `false` before"
        );
        self.has_mark.then_some(follows)
    }

    /// The sizes that a group has once this is put back, by the sizes that it has now: what somebody else has set since stays.
    pub fn own_sizes(&self, now: Sizes) -> Sizes {
        let Some(journal) = &self.journal else { return now };
        let own = |own: Option<u32>, set: &[u32], now: u32| own.filter(|_| set.contains(&now)).unwrap_or(now);
        let (min, max) =
            (own(journal.min, &journal.set_min, now.min), own(journal.max, &journal.set_max, now.max));
        let undoubled = match (journal.doubled, journal.growth) {
            (Some(doubled), Some(growth)) if now.desired >= doubled => now.desired.saturating_sub(growth),
            (Some(doubled), Some(growth)) => now.desired.min(doubled.saturating_sub(growth)),
            _ => now.desired,
        };
        let out = self.turn.as_ref().filter(|turn| !turn.given).map_or(0, |turn| turn.desired);
        Sizes { min, desired: undoubled.max(out).max(min).min(max), max }
    }

    /// What a restore would put back, a line each; nothing where nothing was changed.
    pub fn to_put_back(&self, group: (u32, u32)) -> Vec<String> {
        let Some(journal) = &self.journal else { return Vec::new() };
        let mut lines = Vec::new();
        let mut size = |what: &str, own: u32, now: u32| {
            if own != now {
                lines.push(format!("{what} {own} (is {now})"));
            }
        };
        let own = self.own_sizes(Sizes { min: group.0, desired: group.0, max: group.1 });
        size("the minimum", own.min, group.0);
        size("the maximum", own.max, group.1);
        if !journal.suspended.is_empty() {
            lines.push(format!("processes that are suspended: {}", journal.suspended.join(", ")));
        }
        let comes = match &*journal.phase {
            RENEWING => journal.warm_pool.is_some().then_some("the warm pool is made again"),
            phase => Catalog::embedded().put_back_means(phase),
        };
        lines.extend(comes.map(str::to_owned));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(pairs: &[(&str, &str)]) -> BTreeMap<String, AttributeText> {
        let text = |text: &str| AttributeText { text: Some(text.to_owned()) };
        pairs.iter().map(|(key, value)| ((*key).to_owned(), text(value))).collect()
    }

    const KEY: (&str, &str) = ("auto_scaling_group_name", "web");
    const HELD: (&str, &str) = ("held_by", "arn:x");

    #[test]
    fn without_a_journal_the_announced_start_parts_the_beginning_from_the_end() {
        let phase = |more: &[(&str, &str)]| {
            GroupLock::read(&item(&[&[KEY, HELD], more].concat())).expect("a lock").phase().to_owned()
        };
        assert_eq!(phase(&[]), "before its first change");
        assert_eq!(phase(&[("started", "arn:x"), ("journal", "{}")]), "at its last checks");
        assert_eq!(phase(&[("journal", r#"{"version": 2, "phase": "halving"}"#)]), "halving");
    }

    #[test]
    fn what_a_journal_would_put_back_is_told() {
        let journal = r#"{"version": 2, "phase": "doubling", "min": 1, "max": 4, "set_min": [2], "set_max": [8], "suspended": ["AZRebalance"],
            "replace": ["i-1", "i-2"]}"#;
        let lock =
            GroupLock::read(&item(&[KEY, ("held_by", "arn:x"), ("journal", journal)])).expect("a lock");
        assert_eq!(
            lock.to_put_back((1, 8)),
            [
                "the maximum 4 (is 8)",
                "processes that are suspended: AZRebalance",
                "new instances are taken away again; the old ones stay"
            ]
        );
        // Sizes that are none of ours have been set by somebody since.
        assert_eq!(lock.to_put_back((3, 9)).len(), 2, "{:?}", lock.to_put_back((3, 9)));
        assert_eq!(lock.journal.map(|journal| journal.replace.len()), Some(2));
    }

    #[test]
    fn the_sizes_of_a_groups_own_are_those_of_the_journal() {
        let own = |pairs: &[(&str, &str)], (min, desired, max)| {
            let lock = GroupLock::read(&item(&[&[KEY, HELD], pairs].concat())).expect("a lock");
            let Sizes { min, desired, max } = lock.own_sizes(Sizes { min, desired, max });
            (min, desired, max)
        };
        let doubled = r#"{"version": 4, "phase": "doubling", "min": 1, "max": 10, "set_min": [6], "set_max": [], "doubled": 6, "growth": 3}"#;
        assert_eq!(own(&[("journal", doubled)], (6, 6, 10)), (1, 3, 10));
        assert_eq!(own(&[("journal", doubled)], (6, 7, 10)), (1, 4, 10), "the owner added one");
        assert_eq!(own(&[("journal", doubled)], (1, 3, 10)), (1, 3, 10), "it is put back already");
        let swapping = (
            "journal",
            r#"{"version": 4, "phase": "swapping", "min": 1, "max": 3, "set_min": [], "set_max": []}"#,
        );
        let turn = |given: bool| format!(r#"{{"id": "i-1", "desired": 3, "out": true, "given": {given}}}"#);
        assert_eq!(own(&[swapping, ("turn", &turn(false))], (1, 2, 3)), (1, 3, 3));
        assert_eq!(
            own(&[swapping, ("turn", &turn(true))], (1, 2, 3)),
            (1, 2, 3),
            "somebody lowered it since"
        );
        assert_eq!(own(&[], (6, 6, 6)), (6, 6, 6));
    }

    #[test]
    fn who_leaves_or_is_gone_is_counted_as_gone() {
        let member = |id: &str, state: &str| SeenInstance {
            id: id.to_owned(),
            lifecycle_state: state.to_owned(),
            ..SeenInstance::default()
        };
        let members =
            [member("i-1", "InService"), member("i-2", "Terminating:Wait"), member("i-9", "InService")];
        let lock = |journal: &str| GroupLock::read(&item(&[KEY, ("journal", journal)])).expect("a lock");
        let replaced = lock(r#"{"phase": "halving", "replace": ["i-1", "i-2", "i-3"]}"#).replaced(&members);
        assert_eq!(replaced.after("halving"), "halving, 2 of 3 old instances gone");
        assert_eq!(lock(r#"{"phase": "undoing"}"#).replaced(&members).after("undoing"), "undoing");
    }

    #[test]
    fn a_turn_is_read_as_it_is_written_now_and_was_before() {
        let read = |turn: &str| {
            let pace = ("pace", r#"{"gone": 80000, "at": 1767603600000, "expected": {}}"#);
            GroupLock::read(&item(&[KEY, ("turn", turn), pace])).expect("a lock")
        };
        let lock = read(r#"{"id": "i-1", "desired": 3, "min": 3, "lowered": 2, "out": true}"#);
        let turn = lock.turn.as_ref().expect("a turn");
        assert_eq!((&*turn.id, turn.is_returning()), ("i-1", false));
        assert_eq!(lock.place_given_at, Some(1_767_603_600_000.0));
        assert!(read(r#"{"id": "i-1", "back": 3}"#).turn.is_some_and(|turn| turn.is_returning()));
        assert_eq!(read("i-2").turn.map(|turn| turn.id).as_deref(), Some("i-2"));
        assert_eq!(GroupLock::read(&item(&[KEY, HELD])).expect("a lock").turn, None);
    }

    #[test]
    fn a_warm_pool_that_is_being_made_again_is_told_of() {
        let journal = r#"{"version": 2, "phase": "renewing", "warm_pool": {"MinSize": 1}}"#;
        let lock = GroupLock::read(&item(&[KEY, ("journal", journal)])).expect("a lock");
        assert_eq!(lock.to_put_back((1, 8)), ["the warm pool is made again"]);
    }

    #[test]
    fn an_item_may_hold_a_mark_and_no_journal_or_one_that_cannot_be_read() {
        let lock = GroupLock::read(&item(&[KEY, ("held_by", "arn:x"), ("rerun", "{}")])).expect("a lock");
        assert!(lock.has_mark && lock.journal.is_none() && lock.to_put_back((1, 2)).is_empty());
        assert!(
            lock.what_follows().is_some_and(|follows| follows.contains("autorecycle_recycle_on_asg_update"))
        );
        let lock = GroupLock::read(&item(&[KEY, ("journal", "[1]")])).expect("a lock");
        assert_eq!((lock.unread_journal.as_deref(), lock.what_follows()), (Some("[1]"), None));
        let of_version = |version: u32| {
            let journal = format!(r#"{{"version": {version}, "phase": "doubling"}}"#);
            let lock = GroupLock::read(&item(&[KEY, ("journal", &journal)])).expect("a lock");
            (lock.journal.is_some(), lock.unread_journal.is_some())
        };
        let newest = asl::known_journals().into_iter().max().expect("versions are known");
        assert_eq!((of_version(0), of_version(newest)), ((true, false), (true, false)));
        assert_eq!(of_version(newest + 1), (false, true), "of a later release");
        assert_eq!(GroupLock::read(&item(&[("held_by", "arn:x")])), None);
        assert_eq!(GroupLock::read(&item(&[KEY])), None, "let go of, and not deleted");
    }
}
