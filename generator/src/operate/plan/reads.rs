//! What is asked of AWS about a group that is planned for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::facts::PlanFacts;
use crate::aws::AwsError;
use crate::operate::answers::group::{ActivitiesPage, SeenActivity};
use crate::operate::answers::planned::{
    AlarmsAnswer, GroupSettings, HooksAnswer, RefreshesAnswer, SeenRefresh, SettingsPage, ShiftsAnswer,
};
use crate::operate::deployed;
use crate::operate::fleet::reads;
use crate::operate::group;
use crate::operate::session::StackSession;
use crate::operate::session::operation::{
    DESCRIBE_ACTIVITIES, DESCRIBE_ALARMS, DESCRIBE_GROUPS, DESCRIBE_HOOKS, DESCRIBE_REFRESHES, ZONAL_SHIFTS,
};

/// Activities that are read, from which the times of launches and terminations are taken.
const ACTIVITIES: u32 = 100;
/// Instance refreshes that are looked at, as many as the machine does.
const REFRESHES: u32 = 10;
/// Alarms that one call takes, as `CloudWatch` has it.
const ALARMS_PER_CALL: usize = 100;

/// Reads all that a plan for a group needs; without groups where there is none of that name.
pub fn plan(session: &StackSession, name: &str) -> Result<PlanFacts, AwsError> {
    let fleet = reads::fleet_of_one(session, name)?;
    let page: SettingsPage = session.ask(&DESCRIBE_GROUPS, &json!({"AutoScalingGroupNames": [name]}))?;
    let Some(settings) = page.auto_scaling_groups.list.into_iter().next() else {
        return Ok(PlanFacts::default());
    };
    let hooks: HooksAnswer = session.ask(&DESCRIBE_HOOKS, &json!({"AutoScalingGroupName": name}))?;
    let arguments = json!({"AutoScalingGroupName": name, "MaxRecords": ACTIVITIES});
    let activities: ActivitiesPage = session.ask(&DESCRIBE_ACTIVITIES, &arguments)?;
    let activities: Vec<SeenActivity> = activities.activities.list;
    let arguments = json!({"AutoScalingGroupName": name, "MaxRecords": REFRESHES});
    let refreshes: RefreshesAnswer = session.ask(&DESCRIBE_REFRESHES, &arguments)?;
    let refresh = refreshes.instance_refreshes.list.into_iter().find(SeenRefresh::is_active);
    let shifted_away = shifted_away(session, &settings)?;
    let definition = group::reads::definition(session)?;
    Ok(PlanFacts {
        fleet,
        settings,
        hooks: hooks.lifecycle_hooks.list,
        activities,
        refresh: refresh.map(|refresh| refresh.status),
        shifted_away,
        alarms: alarms(session, &definition)?,
        definition,
    })
}

/// The zones from which the group's traffic is shifted away. It is asked where it can be only, and one that is not known there has
/// none, as the machine has it (A20).
fn shifted_away(session: &StackSession, settings: &GroupSettings) -> Result<Vec<String>, AwsError> {
    let policy = settings.availability_zone_impairment_policy.as_ref();
    if policy.is_none_or(|policy| !policy.zonal_shift_enabled) {
        return Ok(Vec::new());
    }
    let answer: Result<ShiftsAnswer, AwsError> =
        session.ask(&ZONAL_SHIFTS, &json!({"resourceIdentifier": settings.arn}));
    match answer {
        Err(error) if error.is("ResourceNotFoundException") => Ok(Vec::new()),
        answer => Ok(answer?.away_from()),
    }
}

/// The states of the alarms that the deployed strategies watch.
fn alarms(session: &StackSession, definition: &str) -> Result<BTreeMap<String, String>, AwsError> {
    alarms_named(session, &watched_alarms(definition))
}

/// The names of the alarms that the deployed strategies watch.
pub fn watched_alarms(definition: &str) -> BTreeSet<String> {
    let settings = deployed::settings(definition);
    let lists = settings.values().filter_map(|settings| settings.get("alarm_names")?.as_array());
    lists.flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The states of alarms by their names, of those that are there.
pub fn alarms_named(
    session: &StackSession,
    names: &BTreeSet<String>,
) -> Result<BTreeMap<String, String>, AwsError> {
    let names: Vec<&String> = names.iter().collect();
    let mut alarms = BTreeMap::new();
    for some in names.chunks(ALARMS_PER_CALL) {
        let arguments = json!({"AlarmNames": some, "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]});
        let answer: AlarmsAnswer = session.ask(&DESCRIBE_ALARMS, &arguments)?;
        let found = answer.metric_alarms.list.into_iter().chain(answer.composite_alarms.list);
        alarms.extend(found.map(|alarm| (alarm.alarm_name, alarm.state_value)));
    }
    Ok(alarms)
}
