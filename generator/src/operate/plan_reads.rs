//! What is asked of AWS about a group that is planned for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::deployed;
use super::group_answers::{ActivitiesPage, SeenActivity};
use super::group_reads;
use super::operation::{
    DESCRIBE_ACTIVITIES, DESCRIBE_ALARMS, DESCRIBE_GROUPS, DESCRIBE_HOOKS, DESCRIBE_REFRESHES,
};
use super::plan_answers::{AlarmsAnswer, HooksAnswer, RefreshesAnswer, SeenRefresh, SettingsPage};
use super::plan_facts::PlanFacts;
use super::reads;
use super::session::StackSession;
use crate::aws::AwsError;

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
    let definition = group_reads::definition(session)?;
    Ok(PlanFacts {
        fleet,
        settings,
        hooks: hooks.lifecycle_hooks.list,
        activities,
        refresh: refresh.map(|refresh| refresh.status),
        alarms: alarms(session, &definition)?,
        definition,
    })
}

/// The states of the alarms that the deployed strategies watch.
fn alarms(session: &StackSession, definition: &str) -> Result<BTreeMap<String, String>, AwsError> {
    let settings = deployed::settings(definition);
    let lists = settings.values().filter_map(|settings| settings.get("alarm_names")?.as_array());
    let names: BTreeSet<&str> = lists.flatten().filter_map(Value::as_str).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let mut alarms = BTreeMap::new();
    for some in names.chunks(ALARMS_PER_CALL) {
        let arguments = json!({"AlarmNames": some, "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]});
        let answer: AlarmsAnswer = session.ask(&DESCRIBE_ALARMS, &arguments)?;
        let found = answer.metric_alarms.list.into_iter().chain(answer.composite_alarms.list);
        alarms.extend(found.map(|alarm| (alarm.alarm_name, alarm.state_value)));
    }
    Ok(alarms)
}
