//! What is asked of AWS about a group that is planned for.

use serde_json::json;

use super::group_answers::{ActivitiesPage, SeenActivity};
use super::group_reads;
use super::operation::{DESCRIBE_ACTIVITIES, DESCRIBE_GROUPS, DESCRIBE_HOOKS};
use super::plan_answers::{HooksAnswer, SettingsPage};
use super::plan_facts::PlanFacts;
use super::reads;
use super::session::StackSession;
use crate::aws::AwsError;

/// Activities that are read, from which the times of launches and terminations are taken.
const ACTIVITIES: u32 = 100;

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
    let definition = group_reads::definition(session)?;
    Ok(PlanFacts { fleet, settings, hooks: hooks.lifecycle_hooks.list, activities, definition })
}
