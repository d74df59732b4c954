//! The decision: start a recycle or a restore, skip, or reject. Pure: the same trigger, group, time and settings give
//! the same decision.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::arn::StateMachineArn;
use crate::contract::{
    self, AskedFor, DRY_RUN, EMOJI, ExecutionInput, INPUT_VERSION, Mode, NOTIFY_PAGER_DUTY,
    OVERRIDE_COMPONENT_NAME, Replace, SLACK_MONITORING_CHANNEL, STEP_FUNCTION_NAME, TEAM,
    TemplateVersionAsked, TriggerRecord,
};
use crate::event::{Cause, DeadExecution, MovedAlias, Nothing, Source, TagChange, TemplateChange};
use crate::group::{Group, TemplateReference};
use crate::name;
use crate::problem::Problem;
use crate::rejection::Rejection;
use crate::restore::{self, RestorePlan};
use crate::settings::{Settings, TagChanges};
use crate::tags::{self, NotOptedIn, OptIn, RecycleTags};

/// One thing to decide on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// The event it came with.
    pub source: Source,
    /// What happened, and to which group.
    pub cause: Cause,
}

/// What is to be done about a trigger.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Start an execution of the state machine.
    Start(StartRequest),
    /// Nothing, and all is well.
    Skip(Skip),
    /// Nothing, and a person must hear why.
    Reject(Rejection),
}

/// An execution to start.
#[derive(Debug, Clone, PartialEq)]
pub struct StartRequest {
    /// The state machine to start: the stack's own, or one that a tag names.
    pub machine: StateMachineArn,
    /// The same for every delivery of the trigger; at most 80 characters.
    pub name: String,
    /// [`ExecutionInput`] as JSON; a restore's holds whatever else the dead execution's held.
    pub input: Value,
    /// The component, for logs.
    pub component: String,
}

/// Why nothing is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Skip {
    /// The event is about nothing.
    Nothing(Nothing),
    /// The call was made by one of the stack's own roles.
    OwnCall,
    /// The event is about another account or region than the stack's: it was forwarded, and a group of the same name
    /// here is not meant.
    Elsewhere,
    /// `TAG_CHANGES` leaves these tags out.
    TagsDoNotCount,
    /// No opted-in group follows the launch template.
    NoFollower,
    /// The group does not follow the launch template.
    NotAFollower,
    /// None of the instances is in a group.
    NoGroupOfInstances,
    /// The group does not exist any more.
    Gone,
    /// The group belongs to another stack, by its name or by its tags.
    NotSelected,
    /// The group's tags do not ask for it.
    NotOptedIn(NotOptedIn),
    /// The execution was not one of the stack's machine.
    OtherMachine,
    /// The dead execution was a restore itself, and has told what it could not put back.
    FailedRestore,
}

impl StartRequest {
    /// What it is for, in a few words.
    pub fn purpose(&self) -> String {
        let text = |pointer: &str| self.input.pointer(pointer).and_then(Value::as_str).unwrap_or("?");
        format!("{} with {} after {}", text("/mode"), text("/strategy"), text("/trigger/event_name"))
    }
}

impl Cause {
    /// The group that must be looked at before the decision.
    pub fn group(&self) -> Option<&str> {
        match self {
            Self::Launch { group, .. }
            | Self::Tags { group, .. }
            | Self::Template { group, .. }
            | Self::Maintenance { group, .. } => Some(group),
            Self::DeadExecution(_) => None,
        }
    }
}

/// What can be said about an event before any group is looked at.
pub fn screen_source(source: &Source, settings: &Settings) -> Option<Skip> {
    let machine = &settings.machine;
    if source.caller_role_arn.as_ref().is_some_and(|role| settings.own_role_arns.contains(role)) {
        return Some(Skip::OwnCall);
    }
    let elsewhere = source.stated_account_id.as_ref().is_some_and(|account| account != machine.account_id())
        || source.region.as_ref().is_some_and(|region| region != machine.region());
    elsewhere.then_some(Skip::Elsewhere)
}

/// What can be said about a trigger before its group is looked at.
pub fn screen(trigger: &Trigger, settings: &Settings) -> Option<Skip> {
    if let Some(skip) = screen_source(&trigger.source, settings) {
        return Some(skip);
    }
    if trigger.cause.group().is_some_and(|name| !settings.groups.selects_name(name)) {
        return Some(Skip::NotSelected);
    }
    match &trigger.cause {
        Cause::Tags { changes, .. } => {
            let may_count = |change: &TagChange| counts(change, settings, change.propagates.unwrap_or(true));
            (!changes.iter().any(may_count)).then_some(Skip::TagsDoNotCount)
        }
        Cause::DeadExecution(dead) => {
            (!settings.machine.is_machine_of(&dead.machine_arn)).then_some(Skip::OtherMachine)
        }
        Cause::Launch { .. } | Cause::Template { .. } | Cause::Maintenance { .. } => None,
    }
}

/// Decides on a trigger. `group` is the trigger's group as described, or `None` if there is none of that name.
pub fn decide(trigger: &Trigger, group: Option<&Group>, now: Timestamp, settings: &Settings) -> Decision {
    if let Some(skip) = screen(trigger, settings) {
        return Decision::Skip(skip);
    }
    if let Cause::DeadExecution(dead) = &trigger.cause {
        return restore(trigger, dead, settings);
    }
    let Some(group) = group else { return Decision::Skip(Skip::Gone) };
    if !settings.groups.selects(group) {
        return Decision::Skip(Skip::NotSelected);
    }
    let asked_for = match asked_for(trigger, group, now, settings) {
        Ok(asked_for) => asked_for,
        Err(skip) => return Decision::Skip(skip),
    };
    match tags::read(group, settings) {
        Ok(OptIn::Out(why)) => Decision::Skip(Skip::NotOptedIn(why)),
        Ok(OptIn::In(tags)) => recycle(trigger, group, &tags, asked_for, now, settings),
        Err(faults) => Decision::Reject(rejection(trigger, group, faults)),
    }
}

/// What a trigger asks of a group, or why it asks for nothing.
fn asked_for(
    trigger: &Trigger,
    group: &Group,
    now: Timestamp,
    settings: &Settings,
) -> Result<AskedFor, Skip> {
    // A clock that is ahead must not have the machine wait for it.
    let at = trigger.source.at.map_or(now, |at| at.min(now));
    let mut asked_for = AskedFor {
        at: format!("{at:.3}"),
        launch_template: None,
        launch_configuration: None,
        template_version: None,
        tags: BTreeMap::new(),
    };
    match &trigger.cause {
        Cause::Tags { changes, .. } => {
            let counting =
                changes.iter().filter(|change| counts(change, settings, propagates(change, group)));
            asked_for.tags = counting.map(|change| (change.key.clone(), change.value.clone())).collect();
            if asked_for.tags.is_empty() {
                return Err(Skip::TagsDoNotCount);
            }
        }
        Cause::Template { change, .. } if !follows(group, change) => return Err(Skip::NotAFollower),
        Cause::Template { change, .. } => {
            asked_for.template_version = change.id.clone().zip(change.version).map(|(id, version)| {
                TemplateVersionAsked { id, alias: change.moved.as_str().to_owned(), version }
            });
        }
        Cause::Launch { launch, .. } => {
            asked_for.launch_template.clone_from(&launch.template);
            asked_for.launch_configuration.clone_from(&launch.configuration);
        }
        Cause::Maintenance { .. } | Cause::DeadExecution(_) => {}
    }
    Ok(asked_for)
}

/// Whether a tag change counts, given whether the tag reaches instances. The handler's own tags reach instances only
/// by accident and nothing there reads them: switching recycling on must not recycle.
fn counts(change: &TagChange, settings: &Settings, propagates: bool) -> bool {
    match settings.tag_changes {
        _ if settings.ignores_tag(&change.key) => false,
        TagChanges::All => true,
        TagChanges::None => false,
        TagChanges::Propagated => propagates && !contract::TAGS.iter().any(|tag| tag.key == change.key),
    }
}

/// Where the call does not say, the group does; a deleted tag whose call did not say is taken not to have propagated.
fn propagates(change: &TagChange, group: &Group) -> bool {
    change.propagates.unwrap_or_else(|| group.tags.get(&change.key).is_some_and(|tag| tag.propagates))
}

/// Whether the group launches from what the change moved.
pub fn follows(group: &Group, change: &TemplateChange) -> bool {
    let same = |reference: &TemplateReference| match (&reference.id, &change.id) {
        (Some(reference_id), Some(id)) => reference_id == id,
        _ => reference.name.is_some() && reference.name == change.name,
    };
    group.templates.iter().filter(|reference| same(reference)).any(|reference| {
        match (change.moved, reference.version.as_deref()) {
            (MovedAlias::Latest, version) => version == Some(MovedAlias::Latest.as_str()),
            (MovedAlias::Default, version) => matches!(version, None | Some("" | "$Default")),
        }
    })
}

fn recycle(
    trigger: &Trigger,
    group: &Group,
    tags: &RecycleTags,
    asked_for: AskedFor,
    now: Timestamp,
    settings: &Settings,
) -> Decision {
    let component = name::component(&group.name, tags.component.as_deref()).to_owned();
    let text = |tag: contract::Tag| group.tag(tag.key).map(str::to_owned);
    let window = tags.window.as_ref();
    let input = ExecutionInput {
        account_id: trigger.source.account_id.clone(),
        success_channel: settings.slack_channel.clone(),
        component: component.clone(),
        auto_scaling_group_name: group.name.clone(),
        emoji: EMOJI.to_owned(),
        strategy: tags.strategy.clone(),
        monitoring_slack_channel: text(SLACK_MONITORING_CHANNEL),
        notify_pager_duty: text(NOTIFY_PAGER_DUTY),
        team: text(TEAM),
        step_function_name: text(STEP_FUNCTION_NAME),
        dry_run: text(DRY_RUN),
        despite_alarms: None,
        version: INPUT_VERSION,
        mode: Mode::Recycle,
        replace: match &trigger.cause {
            Cause::Maintenance { instances, .. } => Replace::Named(instances.clone()),
            _ => Replace::Outdated,
        },
        asked_for: Some(asked_for),
        windows: window.map(|window| window.hours.windows(window.mode, &window.zone, now)),
        trigger: trigger_record(trigger, None),
        restore_attempt: None,
    };
    Decision::Start(StartRequest {
        machine: tags.machine.clone(),
        name: name::execution_name(&component, &["recycle", &trigger.source.identity, &group.name]),
        input: json!(input),
        component,
    })
}

/// What follows a death, whosever group it was.
fn restore(trigger: &Trigger, dead: &DeadExecution, settings: &Settings) -> Decision {
    let source = &trigger.source;
    let record = trigger_record(trigger, Some(&dead.execution_arn));
    match restore::plan(dead, source, record) {
        RestorePlan::AlreadyTold => Decision::Skip(Skip::FailedRestore),
        RestorePlan::Refuse(rejection) => Decision::Reject(rejection),
        RestorePlan::Start { component, input } => Decision::Start(StartRequest {
            machine: settings.machine.clone(),
            name: name::execution_name(&component, &["restore", &source.identity]),
            input: Value::Object(input),
            component,
        }),
    }
}

fn trigger_record(trigger: &Trigger, execution_arn: Option<&str>) -> TriggerRecord {
    TriggerRecord {
        event_name: trigger.source.event_name.clone(),
        event_id: trigger.source.event_id.clone(),
        execution_arn: execution_arn.map(str::to_owned),
        by: None,
    }
}

fn rejection(trigger: &Trigger, group: &Group, faults: Vec<Problem>) -> Rejection {
    let text = |tag: contract::Tag| group.tag(tag.key).map(str::to_owned);
    Rejection {
        status: "rejected",
        component: name::component(&group.name, group.tag(OVERRIDE_COMPONENT_NAME.key)).to_owned(),
        auto_scaling_group_name: Some(group.name.clone()),
        account_id: trigger.source.account_id.clone(),
        team: text(TEAM),
        notify_pager_duty: text(NOTIFY_PAGER_DUTY),
        faults,
        trigger: trigger_record(trigger, None),
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self {
            Self::Nothing(Nothing::FailedCall(code)) => {
                return write!(formatter, "the call failed with {code}");
            }
            Self::NotOptedIn(NotOptedIn::Missing(key)) => {
                return write!(formatter, "the group has no tag `{key}`");
            }
            Self::NotOptedIn(NotOptedIn::SwitchedOff) => {
                return write!(formatter, "`{}` is false", contract::RECYCLE_ON_ASG_UPDATE.key);
            }
            Self::Nothing(Nothing::NotATrigger) => "not an event that recycles",
            Self::Nothing(Nothing::NoLaunchChange) => "the update changes no launch source",
            Self::Nothing(Nothing::NoGroup) => "the tags are not on Auto Scaling groups",
            Self::OwnCall => "the call was made by one of this stack's own roles",
            Self::Elsewhere => "the event is about another account or region than this stack's",
            Self::TagsDoNotCount => "the tags that changed do not count (`TAG_CHANGES`)",
            Self::NoFollower => "no group with the opt-in tag follows the launch template",
            Self::Nothing(Nothing::NotAhead) => "what AWS Health tells of is over, or was called off",
            Self::Nothing(Nothing::NoInstance) => "what AWS Health tells of concerns no instance",
            Self::NoGroupOfInstances => "none of the instances is in an Auto Scaling group",
            Self::NotAFollower => "the group does not follow the launch template",
            Self::Gone => "the group does not exist",
            Self::NotSelected => {
                "not_selected: the group is not among those that this stack is for (`groups`)"
            }
            Self::OtherMachine => "the execution is not one of this stack's machine",
            Self::FailedRestore => {
                "the dead execution was a restore itself, and told that it failed; restore by hand"
            }
        };
        formatter.write_str(reason)
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
#[cfg(test)]
#[path = "asked_for_tests.rs"]
mod asked_for_tests;
#[cfg(test)]
#[path = "restore_tests.rs"]
mod restore_tests;
