//! What a scenario expects of its run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::simulate::runner::{GroupReport, LogEvent, Run};
use asg_recycle_simulator::time::Span;
use asg_recycle_simulator::world::World;
use asg_recycle_simulator::world::ids::InstanceId;
use asg_recycle_simulator::world::record::{CallRecord, GroupEvent, Sample};
use asg_recycle_simulator::world::script::Script;

/// What is expected. Only `endings` must be said.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Expect {
    /// How each execution ends, in order of their starts: `recycled`, `failed Recycle.LaunchFailed`, `ABORTED`, ...
    pub endings: Vec<String>,
    /// Texts that must each stand in the reason of an execution, or in what the handler said.
    pub said: Vec<String>,
    /// What executions say of themselves, in order of their starts, as far as it is given here.
    pub accounts: Vec<Value>,
    /// The statuses announced, in order.
    pub announced: Option<Vec<String>>,
    /// The first group at the end.
    pub group: EndState,
    /// Groups at the end, by their names.
    pub groups: BTreeMap<String, EndState>,
    /// Longest time from the beginning to the end of the last execution.
    pub within: Option<Span>,
    /// Shortest.
    pub not_before: Option<Span>,
    /// Numbers of calls of an action, answered or not.
    pub calls: BTreeMap<String, u64>,
    /// Names of the zones whose instances are terminated, in order.
    pub terminated_in: Option<Vec<String>>,
    /// Instances that must be there at the end, by their number from 1.
    pub kept: Vec<u32>,
    /// Fewest that serve at any moment.
    pub serving_min: Option<u32>,
    /// Most that are live at any moment.
    pub live_max: Option<u32>,
    /// How many instances are launched in the first group by when.
    pub launches: Vec<Launches>,
    /// Most events in the history of one execution, or of a child of one.
    pub history_events_max: Option<u32>,
    /// Whether an execution still holds the lock at the end.
    pub lock: Lock,
}

/// Launches that happen by a moment.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Launches {
    /// How many at least.
    pub count: u32,
    /// How long after the beginning.
    pub within: Span,
}

impl Launches {
    fn unmet(self, world: &World) -> Option<String> {
        let until = world.spec().start() + self.within;
        let changes = world.record().changes.iter();
        let launched = changes.filter(|change| {
            change.group == 0 && change.moment <= until && matches!(change.event, GroupEvent::Launched(_))
        });
        let (found, Self { count, within }) = (launched.count(), self);
        let is_met = found >= usize::try_from(count).unwrap_or(usize::MAX);
        (!is_met).then(|| format!("launches within {} s: expected {count}, found {found}", within.0 / 1000))
    }
}

/// The lock at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lock {
    /// Nobody holds it, and nothing is left to put back.
    #[default]
    Free,
    /// Somebody does.
    Held,
    /// Nobody holds it, and its journal says what is left to put back.
    JournalLeft,
}

impl Lock {
    fn of(world: &World, group: &str) -> Self {
        match world.lock_holders(group).next() {
            Some(_) => Self::Held,
            None if world.has_lock_item(group) => Self::JournalLeft,
            None => Self::Free,
        }
    }
}

/// Figures of a group at the end; what is left out may be anything.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EndState {
    /// Whether there is one.
    pub present: Option<bool>,
    /// Minimum.
    pub min: Option<u32>,
    /// Maximum.
    pub max: Option<u32>,
    /// Desired capacity.
    pub desired: Option<u32>,
    /// Pending or in service.
    pub live: Option<u32>,
    /// There when the world began.
    pub old: Option<u32>,
    /// Launched since.
    pub new: Option<u32>,
    /// Not what the group would launch now.
    pub outdated: Option<u32>,
    /// In service and passing every check.
    pub serving: Option<u32>,
    /// Waiting in the warm pool.
    pub pooled: Option<u32>,
    /// Waiting in the warm pool, and not what the group would launch now.
    pub pool_outdated: Option<u32>,
    /// Pending or in service, by the zone's name.
    pub zones: Option<BTreeMap<String, u32>>,
    /// Suspended processes.
    pub suspended: Option<BTreeSet<String>>,
}

impl Expect {
    /// What a run lacks of it.
    pub fn unmet(&self, run: &Run) -> Vec<String> {
        let mut unmet = Vec::new();
        let mut compare =
            |what: &str, expected: &dyn std::fmt::Debug, found: &dyn std::fmt::Debug, met: bool| {
                if !met {
                    unmet.push(format!("{what}: expected {expected:?}, found {found:?}"));
                }
            };
        let endings = run.endings();
        compare("endings", &self.endings, &endings, self.endings == endings);
        if let Some(expected) = &self.announced {
            let found = announced(&run.world);
            compare("announced", expected, &found, *expected == found);
        }
        let seconds = |span: Span| span.0 / 1000;
        let took = run.duration();
        if let Some(within) = self.within {
            compare("seconds at most", &seconds(within), &seconds(took), took <= within);
        }
        if let Some(not_before) = self.not_before {
            compare("seconds at least", &seconds(not_before), &seconds(took), took >= not_before);
        }
        for (action, expected) in &self.calls {
            let calls = run.world.record().calls.iter().filter(|call| *call.action == **action);
            let found = calls.count() as u64;
            compare(&format!("calls of {action}"), expected, &found, *expected == found);
        }
        if let Some(expected) = &self.terminated_in {
            let found = terminated_in(&run.world);
            compare("zones terminated in", expected, &found, *expected == found);
        }
        for number in &self.kept {
            let id = InstanceId(*number);
            let is_there = run.world.group(0).is_some_and(|group| group.instance(id).is_some());
            compare("instance kept", &id, &is_there, is_there);
        }
        if let Some(expected) = self.history_events_max {
            let found = run.totals.history_events_max;
            compare("history events at most", &expected, &found, found <= expected);
        }
        let lock = run.groups.first().map_or(Lock::Free, |group| Lock::of(&run.world, &group.name));
        compare("lock", &self.lock, &lock, self.lock == lock);
        unmet.extend(self.launches.iter().filter_map(|one| one.unmet(&run.world)));
        unmet.extend(self.unsaid(run));
        for (expected, execution) in self.accounts.iter().zip(&run.executions) {
            let found = execution.account.as_ref().unwrap_or(&Value::Null);
            unmet.extend(differences(expected, found, execution.name()));
        }
        if let Some(group) = run.groups.first() {
            unmet.extend(self.extremes(group));
            unmet.extend(self.group.unmet(group));
        }
        for (name, expected) in &self.groups {
            match run.groups.iter().find(|group| group.name == *name) {
                Some(group) => unmet.extend(expected.unmet(group).iter().map(|one| format!("{name}: {one}"))),
                None => unmet.push(format!("there is no group {name}")),
            }
        }
        unmet
    }

    fn unsaid(&self, run: &Run) -> Vec<String> {
        let reasons = run.executions.iter().map(|execution| execution.reason.as_str());
        let answers = run.log.iter().filter_map(|entry| match &entry.event {
            LogEvent::Passed { reason, .. } | LogEvent::Rejected { reason, .. } => Some(reason.as_str()),
            _ => None,
        });
        let said: Vec<&str> = reasons.chain(answers).collect();
        let missing =
            self.said.iter().filter(|text| !said.iter().any(|reason| reason.contains(text.as_str())));
        missing.map(|text| format!("nobody said {text:?}, but {said:?}")).collect()
    }

    fn extremes(&self, group: &GroupReport) -> Vec<String> {
        let samples = || group.history.iter().map(|(_, sample)| sample);
        let serving = samples().map(|sample| sample.serving).min().unwrap_or(0);
        let live = samples().map(|sample| sample.live).max().unwrap_or(0);
        let fewest = self.serving_min.filter(|expected| serving < *expected);
        let most = self.live_max.filter(|expected| live > *expected);
        let fewest = fewest.map(|expected| format!("serving at least {expected}, found {serving}"));
        let most = most.map(|expected| format!("live at most {expected}, found {live}"));
        fewest.into_iter().chain(most).collect()
    }
}

impl EndState {
    fn unmet(&self, group: &GroupReport) -> Vec<String> {
        let Sample { min, max, desired, live, old, new, outdated, serving, pooled, pool_outdated, .. } =
            group.last();
        let figures = [
            ("min", self.min, min),
            ("max", self.max, max),
            ("desired", self.desired, desired),
            ("live", self.live, live),
            ("old", self.old, old),
            ("new", self.new, new),
            ("outdated", self.outdated, outdated),
            ("serving", self.serving, serving),
            ("pooled", self.pooled, pooled),
            ("pool_outdated", self.pool_outdated, pool_outdated),
        ];
        let wrong = |(name, expected, found): (&str, Option<u32>, u32)| {
            let expected = expected.filter(|expected| *expected != found)?;
            Some(format!("group.{name} at the end: expected {expected}, found {found}"))
        };
        let mut unmet: Vec<String> = figures.into_iter().filter_map(wrong).collect();
        if self.present.is_some_and(|expected| expected != group.is_present) {
            unmet.push(format!("group.present at the end: found {}", group.is_present));
        }
        if let Some(expected) = self.zones.as_ref().filter(|expected| **expected != group.zones) {
            unmet.push(format!("group.zones at the end: expected {expected:?}, found {:?}", group.zones));
        }
        let suspended: BTreeSet<String> = group.suspended.iter().map(|name| (*name).to_owned()).collect();
        if let Some(expected) = self.suspended.as_ref().filter(|expected| **expected != suspended) {
            unmet.push(format!("group.suspended at the end: expected {expected:?}, found {suspended:?}"));
        }
        unmet
    }
}

/// Where a value differs from what is expected of it; keys that are not expected may be anything.
fn differences(expected: &Value, found: &Value, at: &str) -> Vec<String> {
    match expected {
        Value::Object(fields) => {
            let of = |key: &String| found.get(key).unwrap_or(&Value::Null);
            fields
                .iter()
                .flat_map(|(key, value)| differences(value, of(key), &format!("{at}/{key}")))
                .collect()
        }
        Value::Array(items) if found.as_array().is_some_and(|found| found.len() == items.len()) => {
            let each = items.iter().enumerate();
            each.flat_map(|(index, item)| differences(item, &found[index], &format!("{at}/{index}")))
                .collect()
        }
        _ if expected == found => Vec::new(),
        _ => vec![format!("{at}: expected {expected}, found {found}")],
    }
}

fn announced(world: &World) -> Vec<String> {
    let status = |attributes: &serde_json::Value| {
        attributes.pointer("/status/StringValue").and_then(serde_json::Value::as_str).map(str::to_owned)
    };
    world.messages.published.iter().filter_map(|message| status(&message.attributes)).collect()
}

/// Zones of the instances that calls terminated, in the order of the calls; those launched since are left out.
fn terminated_in(world: &World) -> Vec<String> {
    let Ok(beginning) = World::new(world.spec().clone(), Script::default()) else { return Vec::new() };
    let calls = world.record().calls.iter();
    let terminated =
        calls.filter(|call| &*call.action == "terminateInstanceInAutoScalingGroup" && call.answer.is_ok());
    let zone = |call: &Arc<CallRecord>| {
        let id = InstanceId::parse(call.arguments.get("InstanceId")?.as_str()?)?;
        let group = beginning.group(call.group_write.as_ref()?.group)?;
        group.zones.get(group.instance(id)?.zone).map(ToString::to_string)
    };
    terminated.filter_map(zone).collect()
}
