//! An event as it arrives, read into what it means for the handler: causes to decide on, a launch template whose
//! groups are to be found, or nothing.
//!
//! Reading is strict about what is needed and blind to the rest, for AWS adds fields.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::contract::LaunchTemplateAsked;
use crate::field::{boolean, find_number, find_text, text};
use crate::{maintenance, name};

/// Longest group name that AWS takes, in characters.
const GROUP_NAME_LENGTH_MAX: usize = 255;

/// An event that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Where it came from.
    pub source: Source,
    /// What it is about.
    pub subject: Subject,
}

/// Where an event came from, and what makes it itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The API call, status or type of event in AWS Health, e.g. `UpdateAutoScalingGroup` or `TIMED_OUT`.
    pub event_name: String,
    /// The event's id, where it has one.
    pub event_id: Option<String>,
    /// When it happened, where the event says so.
    pub at: Option<Timestamp>,
    /// The same for every delivery of this event, and for no other event.
    pub identity: String,
    /// Account of the groups it names: the one it states, else the function's own.
    pub account_id: String,
    /// Account of the groups it names, where it says so.
    pub stated_account_id: Option<String>,
    /// Region of the groups it names, where it says so.
    pub region: Option<String>,
    /// ARN of the role that made the call, where a role did.
    pub caller_role_arn: Option<String>,
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Changes to decide on, one for each group.
    Causes(Vec<Cause>),
    /// A launch template changed: the groups that follow it are still to be found.
    Template(TemplateChange),
    /// AWS will retire or maintain these instances: the groups that they are in are still to be found.
    Instances(Vec<String>),
    /// Something that recycles no group.
    Nothing(Nothing),
}

/// Why an event is about nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nothing {
    /// The call failed with this code.
    FailedCall(String),
    /// A call or status that starts nothing.
    NotATrigger,
    /// The update changed no launch source.
    NoLaunchChange,
    /// The tags are on something else than groups.
    NoGroup,
    /// What AWS Health tells of is over, or was called off.
    NotAhead,
    /// What AWS Health tells of concerns no instance.
    NoInstance,
}

/// A change of one group, or the death of one execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The group's launch template, launch configuration or mixed instances policy was set.
    Launch {
        /// The group that it is about.
        group: String,
        /// What it is to launch from.
        launch: LaunchAsked,
    },
    /// Tags of the group were set or deleted.
    Tags {
        /// The group that it is about.
        group: String,
        /// All of its tags that the call names.
        changes: Vec<TagChange>,
    },
    /// A launch template that the group may follow changed.
    Template {
        /// The group that it is about.
        group: String,
        /// What changed in the launch template that the group follows.
        change: TemplateChange,
    },
    /// AWS will retire or maintain instances of the group.
    Maintenance {
        /// The group that it is about.
        group: String,
        /// Ids of the instances, in order.
        instances: Vec<String>,
    },
    /// An execution ended without its own cleaning up.
    DeadExecution(DeadExecution),
}

/// What a call sets a group to launch from, as far as a description of the group can show it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LaunchAsked {
    /// The launch template, of a mixed instances policy too.
    pub template: Option<LaunchTemplateAsked>,
    /// Name of the launch configuration.
    pub configuration: Option<String>,
}

/// A tag that was set or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagChange {
    /// The key of the tag that was set or removed.
    pub key: String,
    /// The value that it was set to; absent where it was deleted.
    pub value: Option<String>,
    /// Whether it reaches new instances, where the call says so.
    pub propagates: Option<bool>,
}

/// A change of a launch template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateChange {
    /// `lt-...`; the id or the name is there.
    pub id: Option<String>,
    /// The launch template's name, where the event gives it.
    pub name: Option<String>,
    /// The version alias that now stands for something else.
    pub moved: MovedAlias,
    /// The version that it stands for, where the event says so.
    pub version: Option<u64>,
}

/// The version alias of a launch template that a call moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MovedAlias {
    /// `$Latest`: there is a new version.
    Latest,
    /// `$Default`: another version is the default.
    Default,
}

impl MovedAlias {
    /// As a version is written that stands for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Latest => "$Latest",
            Self::Default => "$Default",
        }
    }
}

/// An execution that ended without putting back what it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadExecution {
    /// The dead execution's ARN.
    pub execution_arn: String,
    /// ARN of its machine.
    pub machine_arn: String,
    /// Its input, a JSON text; absent where it was too large for the event.
    pub input: Option<String>,
    /// The error with which it failed; absent where it was stopped or timed out, and where the event tells none.
    pub error: Option<String>,
}

/// Why an event cannot be understood. It is retried, and kept in the dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The text is not JSON.
    #[error("the event is not JSON: {0}")]
    NotJson(String),
    /// A field is absent or of the wrong type.
    #[error("the event has no `{0}`")]
    Missing(&'static str),
    /// No such group can exist; asking AWS for it would fail the other groups that are asked for with it.
    #[error("the event names a group that cannot exist: its name has {0} characters, or control characters")]
    GroupName(usize),
}

/// Reads the text of an event; `own_account_id` stands in where it names no account.
pub fn parse(text: &str, own_account_id: &str) -> Result<Event, Malformed> {
    let event: Value = serde_json::from_str(text).map_err(|error| Malformed::NotJson(error.to_string()))?;
    read(&event, own_account_id)
}

/// Reads an EventBridge event, or the minimal form that holds only `detail.requestParameters`.
pub fn read(event: &Value, own_account_id: &str) -> Result<Event, Malformed> {
    let detail =
        event.get("detail").filter(|detail| detail.is_object()).ok_or(Malformed::Missing("detail"))?;
    if detail.get("executionArn").is_some() {
        return read_execution(event, detail, own_account_id);
    }
    if detail.get("eventTypeCode").is_some() {
        return Ok(read_maintenance(event, detail, own_account_id));
    }
    let parameters = detail.get("requestParameters").unwrap_or(&Value::Null);
    let event_name = match text(detail, "eventName") {
        Some(name) => name,
        None if parameters.get("autoScalingGroupName").is_some() => "UpdateAutoScalingGroup".to_owned(),
        None => return Err(Malformed::Missing("detail.eventName")),
    };
    let event_id = text(detail, "eventID").or_else(|| text(event, "id"));
    let stated_account_id = text(event, "account").or_else(|| text(detail, "recipientAccountId"));
    let source = Source {
        at: moment(event, detail),
        identity: event_id.clone().unwrap_or_else(|| name::content_hash(event)),
        account_id: stated_account_id.clone().unwrap_or_else(|| own_account_id.to_owned()),
        stated_account_id,
        region: text(event, "region").or_else(|| text(detail, "awsRegion")),
        caller_role_arn: detail
            .pointer("/userIdentity/sessionContext/sessionIssuer/arn")
            .and_then(Value::as_str)
            .map(str::to_owned),
        event_name,
        event_id,
    };
    let subject = match text(detail, "errorCode") {
        Some(code) => Subject::Nothing(Nothing::FailedCall(code)), // such a call may have no parameters
        None => read_call(&source.event_name, detail, parameters)?,
    };
    Ok(Event { source, subject })
}

fn read_call(event_name: &str, detail: &Value, parameters: &Value) -> Result<Subject, Malformed> {
    let service = text(detail, "eventSource");
    let is_from = |expected: &str| service.as_deref().is_none_or(|service| service == expected);
    match event_name {
        "UpdateAutoScalingGroup" if is_from("autoscaling.amazonaws.com") => read_update(parameters),
        "CreateOrUpdateTags" if is_from("autoscaling.amazonaws.com") => read_tags(parameters, true),
        "DeleteTags" if is_from("autoscaling.amazonaws.com") => read_tags(parameters, false),
        "CreateLaunchTemplateVersion" if is_from("ec2.amazonaws.com") => {
            read_template(detail, parameters, MovedAlias::Latest)
        }
        "ModifyLaunchTemplate" if is_from("ec2.amazonaws.com") => {
            read_template(detail, parameters, MovedAlias::Default)
        }
        _ => Ok(Subject::Nothing(Nothing::NotATrigger)),
    }
}

fn read_update(parameters: &Value) -> Result<Subject, Malformed> {
    let name = text(parameters, "autoScalingGroupName")
        .ok_or(Malformed::Missing("detail.requestParameters.autoScalingGroupName"))?;
    let sources = ["launchTemplate", "launchConfigurationName", "mixedInstancesPolicy"];
    let changes_launch = sources.iter().any(|key| parameters.get(key).is_some_and(|value| !value.is_null()));
    if !changes_launch {
        return Ok(Subject::Nothing(Nothing::NoLaunchChange));
    }
    let templates = ["/launchTemplate", "/mixedInstancesPolicy/launchTemplate/launchTemplateSpecification"];
    let template = templates.iter().find_map(|pointer| parameters.pointer(pointer)).map(|template| {
        LaunchTemplateAsked {
            id: text(template, "launchTemplateId"),
            name: text(template, "launchTemplateName"),
            version: text(template, "version"),
        }
    });
    let template = template.filter(|template| *template != LaunchTemplateAsked::default());
    let configuration = text(parameters, "launchConfigurationName");
    let launch = LaunchAsked { template, configuration };
    Ok(Subject::Causes(vec![Cause::Launch { group: group_name(name)?, launch }]))
}

fn read_tags(parameters: &Value, are_set: bool) -> Result<Subject, Malformed> {
    const TAGS: &str = "detail.requestParameters.tags";
    let tags = parameters.get("tags").and_then(Value::as_array).ok_or(Malformed::Missing(TAGS))?;
    let mut groups: BTreeMap<String, Vec<TagChange>> = BTreeMap::new();
    for tag in tags {
        if text(tag, "resourceType").is_some_and(|kind| kind != "auto-scaling-group") {
            continue;
        }
        let group = text(tag, "resourceId")
            .ok_or(Malformed::Missing("detail.requestParameters.tags[].resourceId"))?;
        let key = text(tag, "key").unwrap_or_default();
        let propagates = tag.get("propagateAtLaunch").and_then(boolean);
        let value = are_set.then(|| text(tag, "value").unwrap_or_default());
        groups.entry(group_name(group)?).or_default().push(TagChange { key, value, propagates });
    }
    if groups.is_empty() {
        return Ok(Subject::Nothing(Nothing::NoGroup));
    }
    let cause = |(group, changes)| Cause::Tags { group, changes };
    Ok(Subject::Causes(groups.into_iter().map(cause).collect()))
}

/// EC2's calls nest their parameters: `{"ModifyLaunchTemplateRequest": {"LaunchTemplateId": ...}}`, and the answer
/// holds both id and name. The first of each found in either is taken.
fn read_template(detail: &Value, parameters: &Value, moved: MovedAlias) -> Result<Subject, Malformed> {
    let response = detail.get("responseElements").unwrap_or(&Value::Null);
    let first = |key: &str| [parameters, response].into_iter().find_map(|value| find_text(value, key, 3));
    let (id, name) = (first("launchTemplateId"), first("launchTemplateName"));
    if id.is_none() && name.is_none() {
        return Err(Malformed::Missing("detail.requestParameters.*.LaunchTemplateId"));
    }
    let version = match moved {
        MovedAlias::Latest => find_number(response, "versionNumber", 3),
        MovedAlias::Default => find_number(response, "defaultVersionNumber", 3)
            .or_else(|| find_number(parameters, "setDefaultVersion", 3)),
    };
    Ok(Subject::Template(TemplateChange { id, name, moved, version }))
}

fn read_execution(event: &Value, detail: &Value, own_account_id: &str) -> Result<Event, Malformed> {
    let execution_arn = text(detail, "executionArn").ok_or(Malformed::Missing("detail.executionArn"))?;
    let machine_arn = text(detail, "stateMachineArn").ok_or(Malformed::Missing("detail.stateMachineArn"))?;
    let status = text(detail, "status").ok_or(Malformed::Missing("detail.status"))?;
    // A redriven execution may die again, with the same ARN and status.
    let redrives = detail.get("redriveCount").and_then(Value::as_u64).unwrap_or(0);
    let stated_account_id = text(event, "account");
    let source = Source {
        at: moment(event, detail),
        identity: format!("{execution_arn} {status} {redrives}"),
        event_id: text(event, "id"),
        account_id: stated_account_id.clone().unwrap_or_else(|| own_account_id.to_owned()),
        stated_account_id,
        region: text(event, "region"),
        caller_role_arn: None,
        event_name: status,
    };
    let subject = match source.event_name.as_str() {
        "ABORTED" | "TIMED_OUT" | "FAILED" => {
            let (input, error) = (text(detail, "input"), text(detail, "error"));
            let dead = DeadExecution { execution_arn, machine_arn, input, error };
            Subject::Causes(vec![Cause::DeadExecution(dead)])
        }
        _ => Subject::Nothing(Nothing::NotATrigger),
    };
    Ok(Event { source, subject })
}

fn read_maintenance(event: &Value, detail: &Value, own_account_id: &str) -> Event {
    let found = maintenance::read(event, detail);
    let event_id = text(event, "id");
    let said =
        |of: fn(&maintenance::Maintenance) -> &Option<String>| found.as_ref().and_then(|one| of(one).clone());
    let stated_account_id = said(|one| &one.account_id).or_else(|| text(event, "account"));
    let identity = said(|one| &one.identity).or_else(|| event_id.clone());
    let source = Source {
        at: moment(event, detail),
        identity: identity.unwrap_or_else(|| name::content_hash(event)),
        account_id: stated_account_id.clone().unwrap_or_else(|| own_account_id.to_owned()),
        stated_account_id,
        region: said(|one| &one.region).or_else(|| text(event, "region")),
        caller_role_arn: None,
        event_name: text(detail, "eventTypeCode").unwrap_or_default(),
        event_id,
    };
    let subject = match found {
        None => Subject::Nothing(Nothing::NotATrigger),
        Some(found) if !found.is_ahead => Subject::Nothing(Nothing::NotAhead),
        Some(found) if found.instances.is_empty() => Subject::Nothing(Nothing::NoInstance),
        Some(found) => Subject::Instances(found.instances),
    };
    Event { source, subject }
}

/// When an event happened: the call itself, which is seconds to minutes before its event is delivered.
fn moment(event: &Value, detail: &Value) -> Option<Timestamp> {
    let texts = [text(detail, "eventTime"), text(event, "time")];
    texts.into_iter().flatten().find_map(|text| text.parse().ok())
}

fn group_name(name: String) -> Result<String, Malformed> {
    let length = name.chars().count();
    let sound = (1..=GROUP_NAME_LENGTH_MAX).contains(&length) && !name.contains(char::is_control);
    if sound { Ok(name) } else { Err(Malformed::GroupName(length)) }
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
