//! What is asked of AWS about a stack's groups, in as few calls as will do.

use std::collections::{BTreeMap, BTreeSet};

use asg_recycle_handler::contract::RECYCLE_ON_ASG_UPDATE;
use serde_json::{Value, json};

use super::endings::{Endings, execution_prefix};
use super::made_reads;
use super::outdated::{LaunchSourceWanted, TemplateAliases, moves, outdated};
use super::{FleetFacts, unlisted_holders};
use crate::aws::AwsError;
use crate::names;
use crate::operate::answers::execution::{ExecutionsPage, ListedExecution, SeenExecution};
use crate::operate::answers::{AttributeText, GroupsPage, LockAnswer, LocksPage, SeenGroup, TemplatesPage};
use crate::operate::lock::GroupLock;
use crate::operate::pause::{self, GroupPause};
use crate::operate::session::StackSession;
use crate::operate::session::operation::{
    DESCRIBE_EXECUTION, DESCRIBE_GROUPS, DESCRIBE_TEMPLATES, LIST_EXECUTIONS, READ_LOCK, READ_LOCKS,
};

/// Groups that one page of descriptions holds, as Auto Scaling has it.
const GROUPS_PER_PAGE: u32 = 100;
/// Groups that are described by name at once, as Auto Scaling has it.
const GROUPS_PER_CALL: usize = 50;
/// Executions that one page of a list holds, as Step Functions has it.
pub(in crate::operate) const EXECUTIONS_PER_PAGE: u32 = 1_000;
/// Launch templates that are described at once, as EC2 has it.
const TEMPLATES_PER_CALL: usize = 200;
/// Pages of any list that are read at most.
const PAGES_MAX: usize = 50;
/// Executions of a group that are looked at, at most, for how its last change ended.
const LOOKS_BACK_MAX: usize = 20;
/// Calls that a look at a whole fleet takes at most, where nobody asks for more.
pub const FLEET_CALLS_MAX: u32 = 15;

/// Reads all that is known of a fleet. Details that take a call each, since when groups are outdated and how their last executions
/// ended, are left out beyond `calls_max` calls.
pub fn fleet(session: &StackSession, calls_max: u32) -> Result<FleetFacts, AwsError> {
    let groups = own_groups(session)?;
    let locks = locks_and_pauses(session)?;
    let executions = executions(session)?;
    fleet_of(session, (groups, locks, executions), calls_max)
}

/// The same where groups, locks and executions were read already.
pub fn fleet_of(
    session: &StackSession,
    (groups, (locks, pauses), executions): (Vec<SeenGroup>, LocksAndPauses, Vec<ListedExecution>),
    calls_max: u32,
) -> Result<FleetFacts, AwsError> {
    let mut facts = FleetFacts {
        aliases: aliases(session, &groups)?,
        locks,
        pauses,
        executions,
        groups,
        made_at: BTreeMap::new(),
        described: BTreeMap::new(),
        forgotten: BTreeSet::new(),
    };
    let has_calls_left = || session.calls_made() < calls_max;
    let holders = unlisted_holders(&facts);
    look_at_holders(session, (&mut facts, holders), has_calls_left)?;
    let wanted: BTreeSet<LaunchSourceWanted> =
        facts.groups.iter().flat_map(|group| outdated(group, &facts.aliases)).map(|one| one.wants).collect();
    facts.made_at = made_reads::made_at(session, wanted, has_calls_left)?;
    let endings = Endings::of(&facts.groups, &facts.executions);
    let ended = |group: &SeenGroup| {
        Some((endings.last(group, &facts.executions, &facts.described)?.start_date, group.clone()))
    };
    let mut newest_first: Vec<(f64, SeenGroup)> = facts.groups.iter().filter_map(ended).collect();
    newest_first.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    for (_, group) in newest_first {
        look_back(session, (&mut facts, &endings), &group, has_calls_left)?;
    }
    Ok(facts)
}

/// What is known of one group, as a fleet of one; none where there is no such group.
pub fn fleet_of_one(session: &StackSession, name: &str) -> Result<FleetFacts, AwsError> {
    let groups = group(session, name)?.into_iter().collect();
    let locks = lock(session, name)?.map(|lock| (name.to_owned(), lock)).into_iter().collect();
    let pauses = pause_of(session, name)?.map(|pause| (name.to_owned(), pause)).into_iter().collect();
    let executions = executions(session)?;
    fleet_of(session, (groups, (locks, pauses), executions), u32::MAX)
}

/// Every group that carries the opt-in tag, whatever its value.
fn opted_in(session: &StackSession) -> Result<Vec<SeenGroup>, AwsError> {
    let filter = json!([{"Name": "tag-key", "Values": [RECYCLE_ON_ASG_UPDATE.key]}]);
    let arguments = json!({"Filters": filter, "MaxRecords": GROUPS_PER_PAGE});
    session.list(&DESCRIBE_GROUPS, arguments, PAGES_MAX, |page: GroupsPage| {
        (page.auto_scaling_groups.list, token("NextToken", page.next_token))
    })
}

/// A group by its name.
pub fn group(session: &StackSession, name: &str) -> Result<Option<SeenGroup>, AwsError> {
    let page: GroupsPage = session.ask(&DESCRIBE_GROUPS, &json!({"AutoScalingGroupNames": [name]}))?;
    Ok(page.auto_scaling_groups.list.into_iter().next())
}

/// The stack's groups that carry the opt-in tag, whatever its value.
pub fn own_groups(session: &StackSession) -> Result<Vec<SeenGroup>, AwsError> {
    let mut groups = opted_in(session)?;
    groups.retain(|group| session.settings.groups.selects(&group.as_handler_sees_it()));
    Ok(groups)
}

/// Locks and pauses, each by its group; pauses that are over among them.
pub type LocksAndPauses = (BTreeMap<String, GroupLock>, BTreeMap<String, GroupPause>);

/// Every lock and every pause of the table, which all stacks share.
pub fn locks_and_pauses(session: &StackSession) -> Result<LocksAndPauses, AwsError> {
    let items = lock_items(session)?;
    let locks = items.iter().filter_map(GroupLock::read);
    let pauses = items.iter().filter_map(GroupPause::read);
    Ok((
        locks.map(|lock| (lock.group.clone(), lock)).collect(),
        pauses.map(|pause| (pause.group.clone(), pause)).collect(),
    ))
}

fn lock_items(session: &StackSession) -> Result<Vec<BTreeMap<String, AttributeText>>, AwsError> {
    let arguments = json!({"TableName": names::LOCK_TABLE, "ConsistentRead": true});
    session.list(&READ_LOCKS, arguments, PAGES_MAX, |page: LocksPage| {
        (page.items, page.last_evaluated_key.map(|key| ("ExclusiveStartKey", key)))
    })
}

/// The lock of a group.
pub fn lock(session: &StackSession, group: &str) -> Result<Option<GroupLock>, AwsError> {
    let key = json!({"auto_scaling_group_name": {"S": group}});
    let arguments = json!({"TableName": names::LOCK_TABLE, "Key": key, "ConsistentRead": true});
    let answer: LockAnswer = session.ask(&READ_LOCK, &arguments)?;
    Ok(answer.item.as_ref().and_then(GroupLock::read))
}

/// The pause of a group.
pub fn pause_of(session: &StackSession, group: &str) -> Result<Option<GroupPause>, AwsError> {
    let arguments = json!({"TableName": names::LOCK_TABLE, "Key": pause::key(group), "ConsistentRead": true});
    let answer: LockAnswer = session.ask(&READ_LOCK, &arguments)?;
    Ok(answer.item.as_ref().and_then(GroupPause::read))
}

/// The newest executions of the stack's machine, newest first.
pub fn executions(session: &StackSession) -> Result<Vec<ListedExecution>, AwsError> {
    let machine = session.settings.machine.to_string();
    let arguments = json!({"stateMachineArn": machine, "maxResults": EXECUTIONS_PER_PAGE});
    let mut page: ExecutionsPage = session.ask(&LIST_EXECUTIONS, &arguments)?;
    page.executions.sort_by(|one, other| other.start_date.total_cmp(&one.start_date));
    Ok(page.executions)
}

/// An execution that runs for a group and need not hold its lock yet: one that was started just now.
pub fn running_for(session: &StackSession, name: &str) -> Result<Option<String>, AwsError> {
    let Some(group) = group(session, name)? else { return Ok(None) };
    let prefix = format!("{}-", execution_prefix(&group));
    let all = executions(session)?.into_iter();
    let may_be_its = all.filter(|one| one.status == "RUNNING" && one.name.starts_with(&prefix));
    for one in may_be_its.take(LOOKS_BACK_MAX) {
        let seen = known_execution(session, &one.execution_arn)?;
        // Groups may share what the names begin with.
        let is_its = |seen: &SeenExecution| seen.asked("auto_scaling_group_name").as_deref() == Some(name);
        if seen.is_some_and(|seen| seen.status == "RUNNING" && is_its(&seen)) {
            return Ok(Some(one.execution_arn));
        }
    }
    Ok(None)
}

/// How an execution stands.
pub fn execution(session: &StackSession, arn: &str) -> Result<SeenExecution, AwsError> {
    session.ask(&DESCRIBE_EXECUTION, &json!({"executionArn": arn}))
}

/// The same of an execution that may be long gone; none where Step Functions no longer knows it.
pub fn known_execution(session: &StackSession, arn: &str) -> Result<Option<SeenExecution>, AwsError> {
    match execution(session, arn) {
        Err(error) if error.is("ExecutionDoesNotExist") => Ok(None),
        seen => seen.map(Some),
    }
}

/// Groups by their names, those that exist.
pub fn groups_named(session: &StackSession, names: &[String]) -> Result<Vec<SeenGroup>, AwsError> {
    let mut groups = Vec::new();
    for some in names.chunks(GROUPS_PER_CALL) {
        let page: GroupsPage = session.ask(&DESCRIBE_GROUPS, &json!({"AutoScalingGroupNames": some}))?;
        groups.extend(page.auto_scaling_groups.list);
    }
    Ok(groups)
}

/// Looks at the stack's own among these holders of locks, but for those that are known from before, as far as calls are left.
pub fn look_at_holders(
    session: &StackSession,
    (facts, holders): (&mut FleetFacts, Vec<String>),
    has_calls_left: impl Fn() -> bool,
) -> Result<(), AwsError> {
    let own = session.settings.machine.execution("");
    let is_known = |facts: &FleetFacts, holder: &str| {
        facts.described.contains_key(holder) || facts.forgotten.contains(holder)
    };
    for holder in holders.into_iter().filter(|holder| holder.starts_with(&own)) {
        if is_known(facts, &holder) {
            continue;
        }
        if !has_calls_left() {
            break;
        }
        if let Some(seen) = known_execution(session, &holder)? {
            facts.described.insert(holder, seen);
        } else {
            facts.forgotten.insert(holder);
        }
    }
    Ok(())
}

/// Looks at a group's executions, newest first, until one tells how its last change ended, as far as calls are left.
fn look_back(
    session: &StackSession,
    (facts, endings): (&mut FleetFacts, &Endings),
    group: &SeenGroup,
    has_calls_left: impl Fn() -> bool,
) -> Result<(), AwsError> {
    for _ in 0..LOOKS_BACK_MAX {
        let ending = endings
            .last(group, &facts.executions, &facts.described)
            .map(|ending| ending.execution_arn.clone());
        let Some(arn) = ending.filter(|arn| !facts.described.contains_key(arn) && has_calls_left()) else {
            break;
        };
        let Some(seen) = known_execution(session, &arn)? else { break };
        facts.described.insert(arn, seen);
    }
    Ok(())
}

/// What the aliases mean that the groups follow.
pub fn aliases(session: &StackSession, groups: &[SeenGroup]) -> Result<TemplateAliases, AwsError> {
    let moving = groups.iter().flat_map(SeenGroup::templates).filter(|template| moves(template));
    let ids: BTreeSet<&String> = moving.filter_map(|template| template.id.as_ref()).collect();
    let ids: Vec<&String> = ids.into_iter().collect();
    let mut aliases = TemplateAliases::new();
    for some in ids.chunks(TEMPLATES_PER_CALL) {
        // One that is deleted fails the call for all: its group says so by itself.
        let read = match templates_there(session, some)? {
            None if some.len() > 1 => {
                let each = some.iter().map(|id| templates_there(session, &[id]));
                each.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().flatten().collect()
            }
            read => read.unwrap_or_default(),
        };
        aliases.extend(read.into_iter().map(|one| (one.launch_template_id.clone(), one)));
    }
    Ok(aliases)
}

/// Launch templates; none where one of them is deleted.
fn templates_there(
    session: &StackSession,
    ids: &[&String],
) -> Result<Option<Vec<crate::operate::answers::SeenTemplate>>, AwsError> {
    match templates(session, ids) {
        Err(error) if error.is("InvalidLaunchTemplateId.NotFound") => Ok(None),
        read => read.map(Some),
    }
}

fn templates(
    session: &StackSession,
    ids: &[&String],
) -> Result<Vec<crate::operate::answers::SeenTemplate>, AwsError> {
    let arguments = json!({"LaunchTemplateId": ids});
    session.list(&DESCRIBE_TEMPLATES, arguments, PAGES_MAX, |page: TemplatesPage| {
        (page.launch_templates.list, token("NextToken", page.next_token))
    })
}

pub(in crate::operate) fn token(
    argument: &'static str,
    token: Option<String>,
) -> Option<(&'static str, Value)> {
    token.filter(|token| !token.is_empty()).map(|token| (argument, json!(token)))
}
