//! What is asked of AWS about one group, in as few calls as will do.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::answers::{SeenExecution, SeenGroup};
use super::fleet;
use super::group_answers::{
    ActivitiesPage, HistoryPage, MachineAnswer, MachinesPage, SeenActivity, SeenMachine, TargetHealthAnswer,
};
use super::group_status::{GroupFacts, TargetFact};
use super::operation::{
    DESCRIBE_ACTIVITIES, DESCRIBE_MACHINES, DESCRIBE_STATE_MACHINE, DESCRIBE_TARGET_HEALTH, READ_HISTORY,
};
use super::reads;
use super::session::StackSession;
use crate::aws::AwsError;

/// Activities that one page holds, as Auto Scaling has it, and pages that are read at most: 500 launches and terminations.
const ACTIVITIES_PER_PAGE: u32 = 100;
const ACTIVITY_PAGES_MAX: usize = 5;
/// Machines that are asked for at once, as EC2's filters have it, and calls at most.
const MACHINES_PER_CALL: usize = 200;
const MACHINE_CALLS_MAX: usize = 5;
/// Target groups that are asked at most.
const TARGET_GROUPS_MAX: usize = 10;
/// Events that one page of a history holds, as Step Functions has it, and pages that are read at most.
const EVENTS_PER_PAGE: u32 = 1_000;
const HISTORY_PAGES_MAX: usize = 3;
/// The variables of the machine that are told of.
const VARIABLES: [&str; 5] = ["stage", "deadline", "proving", "bake_until", "restore_deadline"];

/// Reads all that is known of one group; without groups where there is none of that name.
pub fn group(session: &StackSession, name: &str) -> Result<GroupFacts, AwsError> {
    let mut facts = GroupFacts { fleet: reads::fleet_of_one(session, name)?, ..GroupFacts::default() };
    let Some(group) = facts.fleet.groups.first().cloned() else { return Ok(facts) };
    facts.launched = launched(session, &group)?;
    facts.targets = targets(session, &group)?;
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
        facts.activities = activities(session, name, since)?;
        read_history(session, &holder, &mut facts)?;
    }
    Ok(facts)
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

/// How a group's instances are in its target groups.
fn targets(session: &StackSession, group: &SeenGroup) -> Result<Vec<TargetFact>, AwsError> {
    let mut facts = Vec::new();
    for arn in group.target_groups.list.iter().take(TARGET_GROUPS_MAX) {
        let answer: Result<TargetHealthAnswer, AwsError> =
            session.ask(&DESCRIBE_TARGET_HEALTH, &json!({"TargetGroupArn": arn}));
        let answer = match answer {
            Err(error) if error.is("TargetGroupNotFound") => continue, // the group says so by itself
            answer => answer?,
        };
        let name = arn.split("targetgroup/").nth(1).unwrap_or(arn).split('/').next().unwrap_or_default();
        let fact = |one: super::group_answers::TargetHealthDescription| TargetFact {
            name: name.to_owned(),
            instance: one.target.id,
            state: one.target_health.state,
            reason: one.target_health.reason,
        };
        facts.extend(answer.target_health_descriptions.list.into_iter().map(fact));
    }
    Ok(facts)
}

/// What a group did since a moment, newest first, as far as pages are read.
fn activities(session: &StackSession, name: &str, since: Timestamp) -> Result<Vec<SeenActivity>, AwsError> {
    let mut found = Vec::new();
    let mut arguments = json!({"AutoScalingGroupName": name, "MaxRecords": ACTIVITIES_PER_PAGE});
    for _ in 0..ACTIVITY_PAGES_MAX {
        let page: ActivitiesPage = session.ask(&DESCRIBE_ACTIVITIES, &arguments)?;
        let began = |activity: &SeenActivity| activity.start_time.parse::<Timestamp>().ok();
        let is_before = page.activities.list.last().and_then(began).is_some_and(|began| began < since);
        found.extend(page.activities.list);
        match page.next_token.filter(|token| !token.is_empty() && !is_before) {
            Some(token) => arguments["NextToken"] = json!(token),
            None => break,
        }
    }
    Ok(found)
}

/// Where an execution is, and what it assigned last, from the newest events on, as far as pages are read.
fn read_history(
    session: &StackSession,
    holder: &SeenExecution,
    facts: &mut GroupFacts,
) -> Result<(), AwsError> {
    let mut arguments = json!({
        "executionArn": holder.execution_arn,
        "reverseOrder": true,
        "includeExecutionData": true,
        "maxResults": EVENTS_PER_PAGE,
    });
    for _ in 0..HISTORY_PAGES_MAX {
        let page: HistoryPage = session.ask(&READ_HISTORY, &arguments)?;
        for event in page.events {
            if let (None, Some(entered)) = (&facts.at_state, &event.state_entered_event_details) {
                facts.at_state = Some(entered.name.clone());
            }
            let assigned =
                event.state_exited_event_details.map(|left| left.assigned_variables).unwrap_or_default();
            for name in
                VARIABLES.iter().filter(|name| !facts.assigned.contains_key(**name)).collect::<Vec<_>>()
            {
                let value = assigned.get(*name).and_then(|text| serde_json::from_str::<Value>(text).ok());
                facts.assigned.extend(value.map(|value| ((*name).to_owned(), value)));
            }
        }
        match page.next_token.filter(|_| facts.assigned.len() < VARIABLES.len()) {
            Some(token) => arguments["nextToken"] = json!(token),
            None => break,
        }
    }
    Ok(())
}

/// The definition of the stack's machine, as it is deployed.
pub fn definition(session: &StackSession) -> Result<String, AwsError> {
    let arguments = json!({"stateMachineArn": session.settings.machine.to_string()});
    let answer: MachineAnswer = session.ask(&DESCRIBE_STATE_MACHINE, &arguments)?;
    Ok(answer.definition)
}
