//! What is asked of AWS about one group, in as few calls as will do.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::status::GroupFacts;
use super::target_reads;
use crate::aws::AwsError;
use crate::operate::answers::SeenGroup;
use crate::operate::answers::execution::SeenExecution;
use crate::operate::answers::group::{
    ActivitiesPage, HistoryEvent, HistoryPage, MachineAnswer, MachinesPage, SeenActivity, SeenMachine,
};
use crate::operate::answers::planned::{RefreshesAnswer, SeenRefresh};
use crate::operate::fleet;
use crate::operate::fleet::reads;
use crate::operate::session::StackSession;
use crate::operate::session::operation::{
    DESCRIBE_ACTIVITIES, DESCRIBE_MACHINES, DESCRIBE_REFRESHES, DESCRIBE_STATE_MACHINE, READ_HISTORY,
};
use crate::strategy::{Catalog, Strategy};

/// Activities that one page holds, as Auto Scaling has it, and pages that are read at most: 500 launches and terminations.
const ACTIVITIES_PER_PAGE: u32 = 100;
const ACTIVITY_PAGES_MAX: usize = 5;
/// Machines that are asked for at once, as EC2's filters have it, and calls at most.
const MACHINES_PER_CALL: usize = 200;
const MACHINE_CALLS_MAX: usize = 5;
/// Events that one page of a history holds, as Step Functions has it, and pages that are read at most.
pub(in crate::operate) const EVENTS_PER_PAGE: u32 = 1_000;
const HISTORY_PAGES_MAX: usize = 3;
/// Events of a page where those before the last look are known.
const EVENTS_PER_LOOK: u32 = 100;
/// The variables of the machine that are told of.
const VARIABLES: [&str; 8] =
    ["stage", "phases", "deadline", "proving", "bake_until", "restore_deadline", "pause", "settings"];

/// Reads all that is known of one group, with what its history told before; without groups where there is none of that name.
pub fn group(session: &StackSession, name: &str, history: &mut HistorySeen) -> Result<GroupFacts, AwsError> {
    let mut facts = GroupFacts { fleet: reads::fleet_of_one(session, name)?, ..GroupFacts::default() };
    let Some(group) = facts.fleet.groups.first().cloned() else { return Ok(facts) };
    facts.launched = launched(session, &group)?;
    (facts.targets, facts.unasked) = target_reads::targets(session, &group)?;
    let lock = facts.fleet.locks.get(name);
    let holder = lock.and_then(|lock| lock.held_by.clone());
    let own = session.settings.machine.execution("");
    if let Some(holder) = holder.filter(|holder| holder.starts_with(&own)) {
        facts.holder = match facts.fleet.described.get(&holder) {
            Some(seen) => Some(seen.clone()),
            None if facts.fleet.forgotten.contains(&holder) => None,
            None => reads::known_execution(session, &holder)?,
        };
    }
    if let Some(holder) = facts.holder.clone().filter(|holder| holder.status == "RUNNING") {
        let since = fleet::moment(holder.start_date).unwrap_or_default();
        (facts.activities, _) = activities(session, name, since, ACTIVITY_PAGES_MAX)?;
        read_history(session, &holder, history)?;
        (facts.at_state, facts.assigned) = (history.at_state.clone(), history.assigned.clone());
        let strategy = holder.asked("strategy").unwrap_or_default();
        facts.at_state_since = history.at_state_since.and_then(fleet::moment);
        let refreshes = Catalog::embedded().strategies().get(&strategy).is_some_and(Strategy::refreshes);
        facts.refresh = if refreshes { refresh(session, name, since)? } else { None };
    }
    Ok(facts)
}

/// The instance refresh of a group that began since a moment, or is at work.
fn refresh(session: &StackSession, name: &str, since: Timestamp) -> Result<Option<SeenRefresh>, AwsError> {
    let arguments = json!({"AutoScalingGroupName": name, "MaxRecords": 1});
    let answer: RefreshesAnswer = session.ask(&DESCRIBE_REFRESHES, &arguments)?;
    let newest = answer.instance_refreshes.list.into_iter().next();
    let began = |one: &SeenRefresh| one.start_time.parse::<Timestamp>().is_ok_and(|at| at >= since);
    Ok(newest.filter(|one| one.is_active() || began(one)))
}

/// When each of a group's instances was launched.
fn launched(session: &StackSession, group: &SeenGroup) -> Result<BTreeMap<String, Timestamp>, AwsError> {
    let ids: Vec<&String> = group.instances.list.iter().map(|instance| &instance.id).collect();
    let mut launched = BTreeMap::new();
    for some in ids.chunks(MACHINES_PER_CALL).take(MACHINE_CALLS_MAX) {
        // A filter, for an id of a machine that is gone would fail the call for all.
        let filter = json!([{"Name": "instance-id", "Value": some}]);
        let page: MachinesPage = session.ask(&DESCRIBE_MACHINES, &json!({"Filter": filter}))?;
        let machines = page.reservation_set.list.into_iter().flat_map(|one| one.instances_set.list);
        let at = |machine: SeenMachine| Some((machine.instance_id, machine.launch_time.parse().ok()?));
        launched.extend(machines.filter_map(at));
    }
    Ok(launched)
}

/// What a group did since a moment, newest first, as far as pages are read, and whether that is all.
pub(in crate::operate) fn activities(
    session: &StackSession,
    name: &str,
    since: Timestamp,
    pages_max: usize,
) -> Result<(Vec<SeenActivity>, bool), AwsError> {
    let mut found = Vec::new();
    let mut arguments = json!({"AutoScalingGroupName": name, "MaxRecords": ACTIVITIES_PER_PAGE});
    for _ in 0..pages_max {
        let page: ActivitiesPage = session.ask(&DESCRIBE_ACTIVITIES, &arguments)?;
        let began = |activity: &SeenActivity| activity.start_time.parse::<Timestamp>().ok();
        let is_before = page.activities.list.last().and_then(began).is_some_and(|began| began < since);
        found.extend(page.activities.list);
        match page.next_token.filter(|token| !token.is_empty() && !is_before) {
            Some(token) => arguments["NextToken"] = json!(token),
            None => return Ok((found, true)),
        }
    }
    Ok((found, false))
}

/// What the history of an execution told so far, so that a further look reads no more than what came since.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HistorySeen {
    /// Whose.
    execution: String,
    /// The newest event that was read.
    last_event: u64,
    /// The state that was entered last.
    at_state: Option<String>,
    /// When, in seconds since the epoch.
    at_state_since: Option<f64>,
    /// What was assigned to variables last.
    assigned: BTreeMap<String, Value>,
}

impl HistorySeen {
    /// Takes events, newest first, as far as they are newer than what is known; whether older ones have to be read besides.
    fn take(&mut self, newer: &mut Self, events: Vec<HistoryEvent>) -> bool {
        for event in events {
            if event.id <= self.last_event {
                return false;
            }
            newer.last_event = newer.last_event.max(event.id);
            if let (None, Some(entered)) = (&newer.at_state, &event.state_entered_event_details) {
                (newer.at_state, newer.at_state_since) = (Some(entered.name.clone()), Some(event.timestamp));
            }
            let assigned =
                event.state_exited_event_details.map(|left| left.assigned_variables).unwrap_or_default();
            for name in VARIABLES.iter().filter(|name| assigned.contains_key(**name)) {
                let value = assigned.get(*name).and_then(|text| serde_json::from_str::<Value>(text).ok());
                if let (Some(value), false) = (value, newer.assigned.contains_key(*name)) {
                    newer.assigned.insert((*name).to_owned(), value);
                }
            }
        }
        newer.assigned.len() < VARIABLES.len()
    }

    /// Adds what is newer.
    fn add(&mut self, newer: Self) {
        self.last_event = self.last_event.max(newer.last_event);
        if newer.at_state.is_some() {
            (self.at_state, self.at_state_since) = (newer.at_state, newer.at_state_since);
        }
        self.assigned.extend(newer.assigned);
    }
}

/// Where an execution is, and what it assigned last, from the newest events on, as far as pages are read.
fn read_history(
    session: &StackSession,
    holder: &SeenExecution,
    seen: &mut HistorySeen,
) -> Result<(), AwsError> {
    if seen.execution != holder.execution_arn {
        *seen = HistorySeen { execution: holder.execution_arn.clone(), ..HistorySeen::default() };
    }
    let (per_page, pages_max) = match seen.last_event {
        0 => (EVENTS_PER_PAGE, HISTORY_PAGES_MAX),
        _ => (EVENTS_PER_LOOK, HISTORY_PAGES_MAX * 10),
    };
    let mut arguments = json!({
        "executionArn": holder.execution_arn,
        "reverseOrder": true,
        "includeExecutionData": true,
        "maxResults": per_page,
    });
    let mut newer = HistorySeen::default();
    for _ in 0..pages_max {
        let page: HistoryPage = session.ask(&READ_HISTORY, &arguments)?;
        let has_more = seen.take(&mut newer, page.events);
        match page.next_token.filter(|_| has_more) {
            Some(token) => arguments["nextToken"] = json!(token),
            None => break,
        }
    }
    seen.add(newer);
    Ok(())
}

/// The definition of the stack's machine, as it is deployed.
pub fn definition(session: &StackSession) -> Result<String, AwsError> {
    let arguments = json!({"stateMachineArn": session.settings.machine.to_string()});
    let answer: MachineAnswer = session.ask(&DESCRIBE_STATE_MACHINE, &arguments)?;
    Ok(answer.definition)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Events with these numbers, each of which leaves a state that assigns its number to the stage and enters one of that name.
    fn events(ids: &[u64]) -> Vec<HistoryEvent> {
        let event = |id: &u64| -> HistoryEvent {
            let event = json!({"id": id, "stateEnteredEventDetails": {"name": id.to_string()},
                "stateExitedEventDetails": {"name": "x", "assignedVariables": {"stage": id.to_string()}}});
            serde_json::from_value(event).expect("an event")
        };
        ids.iter().map(event).collect()
    }

    #[test]
    fn a_further_look_takes_what_came_since() {
        let mut seen = HistorySeen::default();
        let mut newer = HistorySeen::default();
        assert!(seen.take(&mut newer, events(&[4, 3])) && seen.take(&mut newer, events(&[2, 1])));
        seen.add(newer);
        assert_eq!(
            (seen.last_event, seen.at_state.as_deref(), &seen.assigned["stage"]),
            (4, Some("4"), &json!(4))
        );
        let mut newer = HistorySeen::default();
        assert!(!seen.take(&mut newer, events(&[6, 5, 4, 3])), "older ones are known");
        seen.add(newer);
        assert_eq!(
            (seen.last_event, seen.at_state.as_deref(), &seen.assigned["stage"]),
            (6, Some("6"), &json!(6))
        );
        let mut newer = HistorySeen::default();
        assert!(!seen.take(&mut newer, events(&[6])));
        seen.add(newer);
        assert_eq!(
            (seen.last_event, &seen.assigned["stage"]),
            (6, &json!(6)),
            "nothing came, and what was known stays"
        );
    }
}
