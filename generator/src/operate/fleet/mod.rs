//! A fleet: for each group of the stack what is outdated, what is happening, and how it ended last. Pure.

pub mod endings;
pub mod made_reads;
pub mod operated;
pub mod outdated;
pub mod reads;

use std::collections::{BTreeMap, BTreeSet};

use asg_recycle_handler::contract::{STRATEGY, TEAM};
use asg_recycle_handler::settings::Settings;
use asg_recycle_handler::tags::{self, NotOptedIn, OptIn};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::operate::answers::SeenGroup;
use crate::operate::answers::execution::{ListedExecution, SeenExecution, status_in_words};
use crate::operate::lock::GroupLock;
use crate::operate::pause::GroupPause;
use crate::operate::place::StackPlace;
use crate::operate::span::span;
use endings::Endings;
use outdated::{LaunchSourceWanted, TemplateAliases, outdated};

/// What is known of a fleet.
#[derive(Debug, Clone, Default)]
pub struct FleetFacts {
    /// The stack's groups that carry the opt-in tag.
    pub groups: Vec<SeenGroup>,
    /// Locks by their group.
    pub locks: BTreeMap<String, GroupLock>,
    /// Pauses by their group, those that are over among them.
    pub pauses: BTreeMap<String, GroupPause>,
    /// The newest executions, newest first.
    pub executions: Vec<ListedExecution>,
    /// What aliases mean.
    pub aliases: TemplateAliases,
    /// When versions were made, as far as it was asked for.
    pub made_at: BTreeMap<LaunchSourceWanted, Timestamp>,
    /// Executions that were looked at, by ARN.
    pub described: BTreeMap<String, SeenExecution>,
    /// ARNs of holders that Step Functions no longer knows.
    pub forgotten: BTreeSet<String>,
}

/// How a group stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroupStanding {
    /// Nothing is outdated.
    Current,
    /// Something is, and nothing runs.
    Outdated,
    /// An execution holds its lock.
    Recycling,
    /// Something is outdated, and the last recycle did not end well.
    Failed,
    /// A journal is left, or the holder of the lock is dead.
    Held,
    /// Its tags are at fault, so nothing starts.
    FaultyTags,
    /// Its tags do not ask for it.
    NotOptedIn,
}

/// A group in the table of a fleet.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FleetRow {
    /// The group's name.
    pub group: String,
    /// The strategy that its tag names; absent where it has none.
    pub strategy: Option<String>,
    /// The team that its tag names.
    pub team: Option<String>,
    /// How it stands.
    pub state: GroupStanding,
    /// More of that, for people: `2 of 3`, a fault, who holds it.
    pub detail: String,
    /// How many instances it has, those that leave apart.
    pub instances: usize,
    /// How many of them are outdated by their launch source. Tags are not compared here.
    pub outdated: usize,
    /// Since when the oldest change waits of which that is known, RFC 3339; absent where nothing is outdated or it is known of none.
    pub outdated_since: Option<String>,
    /// The same as an age, in seconds.
    pub outdated_seconds: Option<i64>,
    /// Whether a change waits besides of which it is not known since when: what is outdated may be so for longer.
    pub may_be_older: bool,
    /// When the next window of a windowed strategy opens, RFC 3339; in the past while it is open.
    pub window_opens_at: Option<String>,
    /// When that window closes.
    pub window_closes_at: Option<String>,
    /// Whether it is open.
    pub window_is_open: bool,
    /// How the last execution ended: its outcome, else its status in small letters.
    pub last: Option<String>,
    /// Whether it did what it was asked for; absent where none has ended.
    pub last_succeeded: Option<bool>,
    /// When, RFC 3339.
    pub last_at: Option<String>,
    /// ARN of that execution.
    pub last_execution: Option<String>,
    /// The error that it failed with; absent where it was not looked at.
    pub last_error: Option<String>,
    /// Why it ended so; absent where it was not looked at, and where it said nothing.
    pub last_reason: Option<String>,
    /// Whether all that is outdated is what that execution left alone when it came to its end, for the reason that `detail` tells.
    pub is_left_alone: bool,
    /// ARN of the execution that holds the lock.
    pub held_by: Option<String>,
    /// By whom it is paused, until when and why; absent where it is not.
    pub paused: Option<GroupPause>,
}

/// A stack in one account and region.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct StackFleet {
    /// Where it is deployed.
    #[serde(flatten)]
    pub place: StackPlace,
    /// The profile with whose credentials it was asked; absent where none was said.
    pub profile: Option<String>,
    /// How many calls it took.
    pub calls: u32,
    /// Its groups, by name.
    pub groups: Vec<FleetRow>,
}

/// What `status --format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FleetReport {
    /// Of this form: 1.
    pub version: u32,
    /// One for each profile and region that was asked for.
    pub stacks: Vec<StackFleet>,
    /// Where it could not be asked: nothing is known of these.
    pub unknown: Vec<UnknownPlace>,
}

/// Where a stack could not be asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnknownPlace {
    /// The profile; absent where none was said.
    pub profile: Option<String>,
    /// The region; absent where none was said.
    pub region: Option<String>,
    /// Why.
    pub why: String,
}

impl UnknownPlace {
    /// The place in a few words.
    pub fn name(&self) -> String {
        let profile = self.profile.as_ref().map(|profile| format!("profile {profile}"));
        profile.into_iter().chain(self.region.clone()).collect::<Vec<_>>().join(", ")
    }
}

/// The JSON Schema of what `status --format json` prints.
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(FleetReport).to_value()
}

/// What a program is told.
pub fn json(report: &impl Serialize) -> String {
    serde_json::to_value(report).map(|value| format!("{value:#}\n")).unwrap_or_default()
}

impl FleetRow {
    /// For how long something is outdated, as people read it, as far as that is known; nothing where nothing is.
    pub fn age(&self) -> Option<String> {
        let known = self.outdated_seconds.map(span);
        match (known, self.may_be_older) {
            (known, false) => known,
            (Some(known), true) => Some(format!("at least {known}")),
            (None, true) => Some("?".to_owned()),
        }
    }

    /// Whether a group that is at rest needs nobody: what was asked for by tags, or for all, leaves nothing outdated behind where it
    /// fails. What the last recycle left alone by its rules is what it was to leave, so that it counts as done, as it does for whoever
    /// followed that recycle.
    pub fn is_well(&self) -> bool {
        match self.state {
            GroupStanding::NotOptedIn => true,
            GroupStanding::Current => self.last_succeeded != Some(false),
            GroupStanding::Outdated => self.is_left_alone,
            _ => false,
        }
    }

    /// Why it stands so, in a sentence: what keeps it from being recycled, else why the last execution ended as it did.
    pub fn why(&self) -> Option<String> {
        let stands = match self.state {
            GroupStanding::Held | GroupStanding::FaultyTags | GroupStanding::NotOptedIn => Some(&self.detail),
            _ => self.last_reason.as_ref(),
        };
        stands.filter(|why| !why.is_empty()).cloned()
    }
}

/// The table of a fleet, by name.
pub fn rows(facts: &FleetFacts, settings: &Settings, now: Timestamp) -> Vec<FleetRow> {
    let endings = Endings::of(&facts.groups, &facts.executions);
    let row = |group| row(group, (facts, &endings), settings, now);
    let mut rows: Vec<FleetRow> = facts.groups.iter().map(row).collect();
    rows.sort_by(|one, other| one.group.cmp(&other.group));
    rows
}

fn row(
    group: &SeenGroup,
    (facts, endings): (&FleetFacts, &Endings),
    settings: &Settings,
    now: Timestamp,
) -> FleetRow {
    let described = group.as_handler_sees_it();
    let outdated = outdated(group, &facts.aliases);
    let lock = facts.locks.get(&group.name);
    let ending = endings.last(group, &facts.executions, &facts.described);
    let tags = tags::read(&described, settings);
    let (state, mut detail) = standing(group, lock, ending, &tags, outdated.len(), facts);
    let seen = ending.and_then(|ending| facts.described.get(&ending.execution_arn));
    let began = ending.and_then(|ending| moment(ending.start_date));
    let left_alone = seen.zip(began).filter(|_| state == GroupStanding::Outdated);
    let left_alone = left_alone.and_then(|last| endings::left_alone_by(last, &outdated, &facts.made_at));
    let is_left_alone = left_alone.is_some();
    detail.extend(left_alone);
    let since = outdated.iter().filter_map(|one| facts.made_at.get(&one.wants)).min();
    let window = match &tags {
        Ok(OptIn::In(tags)) => tags
            .window
            .as_ref()
            .and_then(|window| window.hours.windows(window.mode, &window.zone, now).into_iter().next()),
        _ => None,
    };
    let last = ending.map(|ending| how_it_ended(ending, facts));
    FleetRow {
        group: group.name.clone(),
        strategy: described.tag(STRATEGY.key).map(str::to_owned),
        team: described.tag(TEAM.key).map(str::to_owned),
        state,
        detail,
        instances: group.instances.list.iter().filter(|instance| !instance.is_leaving()).count(),
        outdated: outdated.len(),
        outdated_since: since.map(ToString::to_string),
        outdated_seconds: since.map(|since| (now.as_second() - since.as_second()).max(0)),
        may_be_older: outdated.iter().any(|one| !facts.made_at.contains_key(&one.wants)),
        window_is_open: window
            .as_ref()
            .is_some_and(|window| window.opens_at.parse::<Timestamp>().is_ok_and(|opens| opens <= now)),
        window_closes_at: window.as_ref().map(|window| window.closes_at.clone()),
        window_opens_at: window.map(|window| window.opens_at),
        last_succeeded: ending
            .map(|ending| ending.status == "SUCCEEDED" && last.as_deref() != Some("restored")),
        last,
        last_execution: ending.map(|ending| ending.execution_arn.clone()),
        last_error: seen.and_then(|seen| seen.error.clone()).filter(|error| !error.is_empty()),
        last_reason: seen.and_then(SeenExecution::why),
        is_left_alone,
        last_at: ending.and_then(|ending| moment(ending.stop_date?)).map(|at| at.to_string()),
        held_by: lock.and_then(|lock| lock.held_by.clone()),
        paused: facts.pauses.get(&group.name).filter(|pause| pause.is_on(now)).cloned(),
    }
}

fn standing(
    group: &SeenGroup,
    lock: Option<&GroupLock>,
    ending: Option<&ListedExecution>,
    tags: &Result<OptIn, Vec<asg_recycle_handler::problem::Problem>>,
    outdated: usize,
    facts: &FleetFacts,
) -> (GroupStanding, String) {
    if let Some(lock) = lock {
        return of_lock(group, lock, facts);
    }
    match tags {
        Err(faults) => {
            let texts: Vec<String> = faults.iter().map(ToString::to_string).collect();
            return (GroupStanding::FaultyTags, texts.join("; "));
        }
        Ok(OptIn::Out(NotOptedIn::Missing(key))) => {
            return (GroupStanding::NotOptedIn, format!("it lacks the tag `{key}`"));
        }
        Ok(OptIn::Out(NotOptedIn::SwitchedOff)) => {
            return (GroupStanding::NotOptedIn, "switched off".to_owned());
        }
        Ok(OptIn::In(_)) => {}
    }
    match ending {
        _ if outdated == 0 => (GroupStanding::Current, String::new()),
        Some(ending) if ending.status != "SUCCEEDED" => {
            let seen = facts.described.get(&ending.execution_arn);
            let said = |seen: &SeenExecution| [seen.error.clone(), seen.why()];
            let said = seen.map(said).into_iter().flatten().flatten().filter(|text| !text.is_empty());
            (GroupStanding::Failed, said.collect::<Vec<_>>().join(": "))
        }
        _ => (GroupStanding::Outdated, String::new()),
    }
}

/// How a group stands that has a lock: an execution runs, or something is left of one that does not.
fn of_lock(group: &SeenGroup, lock: &GroupLock, facts: &FleetFacts) -> (GroupStanding, String) {
    let Some(holder) = &lock.held_by else {
        return (GroupStanding::Held, format!("{}; nobody holds it", lock.left_journal()));
    };
    let listed = facts.executions.iter().find(|one| one.execution_arn == *holder).map(|one| &one.status);
    let status = listed.or_else(|| facts.described.get(holder).map(|seen| &seen.status));
    let ended = status.filter(|status| *status != "RUNNING").map(|status| status_in_words(status));
    let forgotten = facts.forgotten.contains(holder).then(|| "ended long ago".to_owned());
    if let Some(how) = ended.or(forgotten) {
        let follows = match lock.unread_journal {
            Some(_) => lock.left_journal(),
            None => "a restore or the next recycle takes over",
        };
        return (GroupStanding::Held, format!("its holder {how}; {follows}"));
    }
    let replaced = lock.replaced(&group.instances.list);
    let detail = match replaced.of {
        // What was changed is put back with the journal; what is left is to look whether all is as it was to be, to let new
        // instances prove themselves and to watch alarms: which of these, only the execution says.
        0 if lock.has_started && lock.journal.is_none() => lock.phase().to_owned(),
        0 => "begins".to_owned(),
        _ => replaced.to_string(),
    };
    (GroupStanding::Recycling, detail)
}

/// Holders of the groups' locks that are not among the executions that were listed.
pub fn unlisted_holders(facts: &FleetFacts) -> Vec<String> {
    let locks = facts.groups.iter().filter_map(|group| facts.locks.get(&group.name));
    let holders = locks.filter_map(|lock| lock.held_by.as_ref());
    let is_listed = |holder: &str| facts.executions.iter().any(|one| one.execution_arn == holder);
    holders.filter(|holder| !is_listed(holder)).cloned().collect()
}

fn how_it_ended(ending: &ListedExecution, facts: &FleetFacts) -> String {
    let said = facts.described.get(&ending.execution_arn).and_then(|one| one.said("outcome"));
    said.unwrap_or_else(|| status_in_words(&ending.status))
}

/// A moment as Step Functions tells it, in seconds since the epoch.
pub fn moment(seconds: f64) -> Option<Timestamp> {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds of this age fit")]
    let milliseconds = (seconds * 1_000.0).round() as i64; // as it is told: a product may be a hair below
    Timestamp::from_millisecond(milliseconds).ok()
}

impl GroupStanding {
    /// The word for it, as filters and tables have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Outdated => "outdated",
            Self::Recycling => "recycling",
            Self::Failed => "failed",
            Self::Held => "held",
            Self::FaultyTags => "faulty tags",
            Self::NotOptedIn => "not opted in",
        }
    }
}

#[cfg(test)]
pub(in crate::operate) mod tests;
