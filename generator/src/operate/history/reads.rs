//! What is asked of AWS about what a stack did.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::json;

use super::{HistoryFacts, KNOWN_FOR};
use crate::aws::AwsError;
use crate::operate::answers::SeenGroup;
use crate::operate::answers::execution::{ExecutionsPage, ListedExecution, SeenExecution};
use crate::operate::answers::surroundings::TrailEvents;
use crate::operate::dead_letter;
use crate::operate::fleet::endings::execution_prefix;
use crate::operate::fleet::moment;
use crate::operate::fleet::reads::{self, EXECUTIONS_PER_PAGE};
use crate::operate::session::StackSession;
use crate::operate::session::operation::{LIST_EXECUTIONS, LOOKUP_EVENTS};

/// Pages of executions that are read at most: 10,000 of them.
const PAGES_MAX: usize = 10;
/// Executions that are looked at for one that is shown, where several groups share a component.
const LOOKS_PER_SHOWN: usize = 2;

/// Executions of a group that may have begun since one was stopped: its restore, and what was asked for meanwhile.
const RESTORES_WITHIN: usize = 5;

/// Looks at the newest executions, of one group or of all, at most so many.
pub fn history(
    session: &StackSession,
    group: Option<&str>,
    limit: usize,
    now: Timestamp,
) -> Result<HistoryFacts, AwsError> {
    let (prefix, is_there) = match group {
        Some(name) => {
            let (prefix, is_there) = prefix(session, name)?;
            (Some(prefix), is_there)
        }
        None => (None, true),
    };
    let (mut listed, mut has_more) = listed(session, now - KNOWN_FOR)?;
    listed.retain(|one| match (&prefix, one.name.rsplit_once('-')) {
        (Some(prefix), Some((own, _))) => own == prefix,
        (Some(_), None) => false,
        (None, _) => true,
    });
    let mut executions: Vec<SeenExecution> = Vec::new();
    for (looks, one) in listed.iter().enumerate() {
        if executions.len() == limit || looks == limit * LOOKS_PER_SHOWN {
            has_more = true;
            break;
        }
        let Some(seen) = reads::known_execution(session, &one.execution_arn)? else { continue };
        if group.is_none_or(|group| seen.asked("auto_scaling_group_name").is_none_or(|asked| asked == group))
        {
            executions.push(seen);
        }
    }
    Ok(HistoryFacts { executions, has_more, is_there, ..HistoryFacts::default() })
}

/// The restore of what a dead execution left, as far as it is among the group's newest executions.
pub fn restore_of(
    session: &StackSession,
    (group, dead): (&str, &str),
    now: Timestamp,
) -> Result<Option<String>, AwsError> {
    let newest = history(session, Some(group), RESTORES_WITHIN, now)?.executions.into_iter();
    let is_its =
        |seen: &SeenExecution| seen.is_restore() && seen.trigger("execution_arn").as_deref() == Some(dead);
    Ok(newest.filter(is_its).map(|seen| seen.execution_arn).next())
}

/// Asks CloudTrail who made the calls that these executions were started by, one call for each.
pub fn callers(
    session: &StackSession,
    executions: &[SeenExecution],
) -> Result<BTreeMap<String, String>, AwsError> {
    // What was started after an execution that died, or by hand, is after no call that CloudTrail would tell of by this id.
    let ids = executions.iter().filter(|seen| seen.trigger("execution_arn").is_none());
    let ids: BTreeSet<String> = ids.filter_map(|seen| seen.trigger("event_id")).collect();
    let mut callers = BTreeMap::new();
    for id in ids {
        let attribute = json!([{"AttributeKey": "EventId", "AttributeValue": id}]);
        let found: TrailEvents = session.ask(&LOOKUP_EVENTS, &json!({"LookupAttributes": attribute}))?;
        let call = found.events.first().and_then(|event| serde_json::from_str(&event.cloud_trail_event).ok());
        if let Some(by) = call.as_ref().and_then(dead_letter::caller) {
            callers.insert(id, by);
        }
    }
    Ok(callers)
}

/// What the names of a group's executions begin with, and whether it exists; of one that is gone, as if its tags had named no component.
fn prefix(session: &StackSession, group: &str) -> Result<(String, bool), AwsError> {
    let seen = reads::group(session, group)?;
    let is_there = seen.is_some();
    let gone = SeenGroup { name: group.to_owned(), ..SeenGroup::default() };
    Ok((execution_prefix(&seen.unwrap_or(gone)), is_there))
}

/// The executions that began since a moment, newest first, and whether there may be more of them.
fn listed(session: &StackSession, since: Timestamp) -> Result<(Vec<ListedExecution>, bool), AwsError> {
    let machine = session.settings.machine.to_string();
    let mut arguments = json!({"stateMachineArn": machine, "maxResults": EXECUTIONS_PER_PAGE});
    let mut listed = Vec::new();
    let began = |one: &ListedExecution| moment(one.start_date).unwrap_or_default();
    let mut has_more = false;
    for _ in 0..PAGES_MAX {
        let page: ExecutionsPage = session.ask(&LIST_EXECUTIONS, &arguments)?;
        let is_all = page.executions.last().is_none_or(|oldest| began(oldest) < since);
        listed.extend(page.executions);
        let next = page.next_token.filter(|token| !token.is_empty() && !is_all);
        has_more = next.is_some();
        match next {
            Some(token) => arguments["nextToken"] = json!(token),
            None => break,
        }
    }
    listed.retain(|one| began(one) >= since);
    listed.sort_by(|one, other| other.start_date.total_cmp(&one.start_date));
    Ok((listed, has_more))
}
