//! What is asked of AWS about one execution, from its beginning to its end.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;

use super::execution_cost::ExecutionCost;
use super::reads;
use super::recorded::Recorded;
use crate::aws::AwsError;
use crate::operate::answers::execution::SeenExecution;
use crate::operate::answers::group::{HistoryEvent, HistoryPage};
use crate::operate::fleet::{self, endings};
use crate::operate::group;
use crate::operate::group::reads::EVENTS_PER_PAGE;
use crate::operate::session::StackSession;
use crate::operate::session::operation::READ_HISTORY;

/// Pages of a history that are read at most: as many events as an execution can have.
const HISTORY_PAGES_MAX: usize = 26;
/// Pages of a hundred activities that are read at most: a thousand instances, launched and terminated.
const ACTIVITY_PAGES_MAX: usize = 25;

/// How many executions are looked at for one that tells how the last change ended: after each that failed comes a restore, which mostly
/// finds nothing to put back.
const LOOKED_AT_MAX: usize = 5;

/// The execution that is told of where a group is asked for: that which runs, else the one by which `status` tells how the last change
/// ended, else the newest; `None` where nothing ran.
pub fn newest(session: &StackSession, group: &str, now: Timestamp) -> Result<Option<String>, AwsError> {
    let own = session.settings.machine.execution("");
    let holder = fleet::reads::lock(session, group)?.and_then(|lock| lock.held_by);
    if let Some(holder) = holder.filter(|holder| holder.starts_with(&own))
        && fleet::reads::known_execution(session, &holder)?.is_some_and(|seen| seen.status == "RUNNING")
    {
        return Ok(Some(holder));
    }
    let found = reads::history(session, Some(group), LOOKED_AT_MAX, now)?.executions;
    let tells = found.iter().find(|seen| endings::tells_how_it_ended(seen, group));
    Ok(tells.or(found.first()).map(|seen| seen.execution_arn.clone()))
}

/// Reads all that is kept of an execution; `None` where Step Functions does not know it any more.
pub fn recorded(session: &StackSession, execution: &str) -> Result<Option<Recorded>, AwsError> {
    match fleet::reads::known_execution(session, execution)? {
        Some(seen) => of(session, seen).map(Some),
        None => Ok(None),
    }
}

/// What each of these executions cost.
pub fn costs(
    session: &StackSession,
    executions: &[SeenExecution],
    (dollars_per_hour, now): (Option<f64>, Timestamp),
) -> Result<BTreeMap<String, ExecutionCost>, AwsError> {
    let cost = |seen: &SeenExecution| {
        let recorded = of(session, seen.clone())?;
        let cost = ExecutionCost {
            transitions: recorded.transitions(),
            extra_instance_hours: recorded.extra_instance_hours(now),
            dollars_per_hour,
        };
        Ok((seen.execution_arn.clone(), cost))
    };
    executions.iter().map(cost).collect()
}

fn of(session: &StackSession, seen: SeenExecution) -> Result<Recorded, AwsError> {
    let events = events(session, &seen.execution_arn)?;
    let mut recorded = Recorded { events, ..Recorded::default() };
    if let Some(name) = seen.asked("auto_scaling_group_name") {
        recorded.group = fleet::reads::group(session, &name)?;
        let began = fleet::moment(seen.start_date).unwrap_or_default();
        if recorded.group.is_some() {
            (recorded.activities, recorded.has_all_activities) =
                group::reads::activities(session, &name, began, ACTIVITY_PAGES_MAX)?;
        }
    }
    Ok(Recorded { execution: seen, ..recorded })
}

/// The whole history of an execution, oldest first.
fn events(session: &StackSession, execution: &str) -> Result<Vec<HistoryEvent>, AwsError> {
    let arguments = json!({
        "executionArn": execution, "includeExecutionData": true, "maxResults": EVENTS_PER_PAGE,
    });
    session.list(&READ_HISTORY, arguments, HISTORY_PAGES_MAX, |page: HistoryPage| {
        (page.events, fleet::reads::token("nextToken", page.next_token))
    })
}
