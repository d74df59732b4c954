//! What is in the dead-letter queue: which event, of which group, who made the call, and why it most likely failed. Pure.

pub mod reads;

use std::collections::BTreeMap;

use asg_recycle_handler::decide::{Decision, Trigger, decide, screen_source};
use asg_recycle_handler::event::{self, Cause, Event, Malformed, Subject};
use asg_recycle_handler::group::Group;
use asg_recycle_handler::settings::Settings;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::operate::place::ReportHead;

/// A page of messages.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct MessagesPage {
    /// The messages.
    pub messages: Vec<QueueMessage>,
}

/// A message as SQS hands it out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct QueueMessage {
    /// The same for as long as it is in this queue.
    #[serde(rename = "MessageId")]
    pub id: String,
    /// What it is deleted by, of this receipt only.
    pub receipt_handle: String,
    /// The event.
    pub body: String,
    /// What SQS knows of it, by name.
    pub attributes: BTreeMap<String, String>,
    /// What EventBridge says of it, where that could not put it into the queue.
    pub message_attributes: BTreeMap<String, MessageAttribute>,
}

/// An attribute that a sender gave a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct MessageAttribute {
    /// Its text.
    pub string_value: String,
}

/// How far an event came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeadLetterKind {
    /// `EventBridge` could not put it into the queue of events.
    NotDelivered,
    /// The handler cannot read it: put back, it comes here again.
    Unreadable,
    /// The handler failed on it each time.
    NotHandled,
}

/// A message in the dead-letter queue, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DeadLetter {
    /// The message's id.
    pub id: String,
    /// How far it came.
    pub kind: DeadLetterKind,
    /// The call, status or type of event in AWS Health; absent where it cannot be read.
    pub event: Option<String>,
    /// What it is about: groups, else a launch template or instances.
    pub about: Vec<String>,
    /// Who made the call, an ARN or a service; absent where the event does not say.
    pub caller: Option<String>,
    /// When it happened, else when it was sent; RFC 3339.
    pub at: Option<String>,
    /// How often it was received, by whoever looked at it here too.
    pub received: u32,
    /// Why it most likely failed.
    pub why: String,
    /// What the handler would do with it now, for each group; absent where that cannot be told from here.
    pub now: Vec<String>,
}

/// What `dlq list`, `dlq show` and `dlq redrive` print with `--format json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DeadLetterReport {
    /// Its form, where it was asked, and what that took.
    #[serde(flatten)]
    pub head: ReportHead,
    /// How many messages SQS says there are, about; those that somebody else looks at now among them.
    pub about_in_queue: u32,
    /// Those that were seen; of `dlq show` the one that was asked for.
    pub messages: Vec<DeadLetter>,
    /// The events of these, in the same order: `dlq show` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<Value>>,
    /// What became of those that were to be put back, by their ids: `dlq redrive` only. One that is not named was not seen again, or
    /// left alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub put_back: Option<BTreeMap<String, PutBack>>,
}

/// What became of a message that was to be put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PutBack {
    /// It is in the queue of events.
    Done,
    /// It is there, and still in the dead-letter queue, for it could not be deleted.
    Twice,
    /// It is there, and may be in the dead-letter queue too: nobody knows whether it was deleted.
    PerhapsTwice,
    /// It is in the dead-letter queue, and may be in the queue of events too: nobody knows whether it was sent.
    PerhapsSent,
}

/// The JSON Schema of what `dlq` prints with `--format json`.
pub fn json_schema() -> Value {
    schemars::schema_for!(DeadLetterReport).to_value()
}

/// The groups that have to be described before messages can be told.
pub fn groups_named(messages: &[QueueMessage], settings: &Settings) -> Vec<String> {
    let causes = messages.iter().filter_map(|message| match read(message, settings).ok()?.subject {
        Subject::Causes(causes) => Some(causes),
        _ => None,
    });
    let mut names: Vec<String> =
        causes.flatten().filter_map(|cause| cause.group().map(str::to_owned)).collect();
    names.sort();
    names.dedup();
    names
}

fn read(message: &QueueMessage, settings: &Settings) -> Result<Event, Malformed> {
    event::parse(&message.body, settings.machine.account_id())
}

/// A message in words; `groups` are those that it names, as far as they exist.
pub fn told(
    message: &QueueMessage,
    groups: &BTreeMap<String, Group>,
    now: Timestamp,
    settings: &Settings,
) -> DeadLetter {
    let read = read(message, settings);
    let raw: Value = serde_json::from_str(&message.body).unwrap_or_default();
    let received = message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok());
    let received = received.unwrap_or_default();
    let undelivered = message.message_attributes.get("ERROR_CODE").map(|code| &code.string_value);
    let (kind, why) = match (&read, undelivered) {
        (Err(malformed), Some(code)) => {
            let why = format!(
                "EventBridge could not put it into the queue of events ({code}), and the handler cannot read it: {malformed}"
            );
            (DeadLetterKind::Unreadable, why)
        }
        (Ok(_), Some(code)) => {
            let said = message
                .message_attributes
                .get("ERROR_MESSAGE")
                .map(|said| format!(": {}", said.string_value));
            let why = format!(
                "EventBridge could not put it into the queue of events: {code}{}",
                said.unwrap_or_default()
            );
            (DeadLetterKind::NotDelivered, why)
        }
        (Err(malformed), None) => {
            (DeadLetterKind::Unreadable, format!("the handler cannot read it: {malformed}"))
        }
        (Ok(_), None) => {
            let why = "the handler could not finish it at any delivery: a call to AWS was denied, throttled or not answered, or its \
                       time was up; its log tells which";
            (DeadLetterKind::NotHandled, why.to_owned())
        }
    };
    let event = read.ok();
    let (about, decided) =
        event.as_ref().map(|event| decided(event, groups, now, settings)).unwrap_or_default();
    DeadLetter {
        id: message.id.clone(),
        kind,
        event: event.as_ref().map(|event| event.source.event_name.clone()),
        about,
        caller: raw.get("detail").and_then(caller),
        at: event.and_then(|event| event.source.at).or_else(|| sent(message)).map(|at| format!("{at:.0}")),
        received,
        why,
        now: decided,
    }
}

/// When the message was sent.
fn sent(message: &QueueMessage) -> Option<Timestamp> {
    Timestamp::from_millisecond(message.attributes.get("SentTimestamp")?.parse().ok()?).ok()
}

/// Who made a call, by what `CloudTrail` records of it.
pub fn caller(call: &Value) -> Option<String> {
    let identity = call.get("userIdentity")?;
    let said = |key: &str| identity.get(key).and_then(Value::as_str).map(str::to_owned);
    said("arn").or_else(|| said("invokedBy")).or_else(|| said("type"))
}

/// What an event is about, and what the handler would decide now.
fn decided(
    event: &Event,
    groups: &BTreeMap<String, Group>,
    now: Timestamp,
    settings: &Settings,
) -> (Vec<String>, Vec<String>) {
    let skipped = || screen_source(&event.source, settings).map(|skip| format!("nothing: {skip}"));
    match &event.subject {
        Subject::Nothing(_) => (Vec::new(), vec!["nothing: it recycles no group".to_owned()]),
        Subject::Template(change) => {
            let template = change.id.as_ref().or(change.name.as_ref()).cloned().unwrap_or_default();
            (vec![format!("launch template {template}")], skipped().into_iter().collect())
        }
        Subject::Instances(ids) => (ids.clone(), skipped().into_iter().collect()),
        Subject::Causes(causes) => {
            let about = |cause: &Cause| match cause {
                Cause::DeadExecution(dead) => {
                    group_of(dead.input.as_deref()).unwrap_or(dead.execution_arn.clone())
                }
                other => other.group().unwrap_or_default().to_owned(),
            };
            let decided = |cause: &Cause| {
                let trigger = Trigger { source: event.source.clone(), cause: cause.clone() };
                let group = cause.group().and_then(|name| groups.get(name));
                in_words(&about(cause), &trigger, group, now, settings)
            };
            (causes.iter().map(about).collect(), causes.iter().map(decided).collect())
        }
    }
}

fn in_words(
    about: &str,
    trigger: &Trigger,
    group: Option<&Group>,
    now: Timestamp,
    settings: &Settings,
) -> String {
    match decide(trigger, group, now, settings) {
        Decision::Start(request) => {
            format!("{about}: a {}, unless it was started already", request.purpose())
        }
        Decision::Skip(skip) => format!("{about}: nothing, {skip}"),
        Decision::Reject(rejection) => format!("{about}: refused, {}", rejection.reason()),
    }
}

/// The group of a dead execution, by what it was started with.
fn group_of(input: Option<&str>) -> Option<String> {
    let input: Value = serde_json::from_str(input?).ok()?;
    input.get("auto_scaling_group_name")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operate::fleet::tests::{OUT_IN, group, now, settings};

    fn message(body: &Value, attributes: &[(&str, &str)]) -> QueueMessage {
        let attribute = |(key, value): &(&str, &str)| {
            ((*key).to_owned(), MessageAttribute { string_value: (*value).to_owned() })
        };
        QueueMessage {
            id: "m-1".to_owned(),
            body: body.to_string(),
            attributes: [("ApproximateReceiveCount".to_owned(), "6".to_owned())].into(),
            message_attributes: attributes.iter().map(attribute).collect(),
            ..QueueMessage::default()
        }
    }

    fn update(group: &str) -> Value {
        json!({"account": "123456789012", "region": "eu-west-2", "detail": {
            "eventName": "UpdateAutoScalingGroup", "eventTime": "2026-01-05T08:00:00Z", "eventSource": "autoscaling.amazonaws.com",
            "userIdentity": {"arn": "arn:aws:sts::123456789012:assumed-role/deployer/ann"},
            "requestParameters": {"autoScalingGroupName": group, "launchTemplate": {"launchTemplateId": "lt-1"}}}})
    }

    fn of(message: &QueueMessage) -> DeadLetter {
        let groups = [group("web-asg-1", &[OUT_IN]), group("odd", &[("autorecycle_strategy", "in-ot")])];
        let groups = groups.iter().map(|group| (group.name.clone(), group.as_handler_sees_it())).collect();
        told(message, &groups, now(), &settings())
    }

    #[test]
    fn what_the_handler_could_not_finish_is_told_with_what_it_would_do_now() {
        let told = of(&message(&update("web-asg-1"), &[]));
        assert_eq!((told.kind, told.received), (DeadLetterKind::NotHandled, 6));
        assert_eq!(
            (told.event.as_deref(), &told.about),
            (Some("UpdateAutoScalingGroup"), &vec!["web-asg-1".to_owned()])
        );
        assert_eq!(told.caller.as_deref(), Some("arn:aws:sts::123456789012:assumed-role/deployer/ann"));
        assert_eq!(told.at.as_deref(), Some("2026-01-05T08:00:00Z"));
        let now =
            "web-asg-1: a recycle with out-in after UpdateAutoScalingGroup, unless it was started already";
        assert_eq!(told.now, [now]);
        assert_eq!(of(&message(&update("gone"), &[])).now, ["gone: nothing, the group does not exist"]);
        let refused = of(&message(&update("odd"), &[]));
        assert!(
            refused.now[0].starts_with("odd: refused, ") && refused.now[0].contains("`in-ot`"),
            "{refused:?}"
        );
    }

    #[test]
    fn what_cannot_be_read_and_what_was_not_delivered_are_told_apart() {
        let told = of(&message(&json!({"detail": {"eventName": "UpdateAutoScalingGroup"}}), &[]));
        assert_eq!(told.kind, DeadLetterKind::Unreadable);
        assert!(told.why.contains("detail.requestParameters.autoScalingGroupName"), "{}", told.why);
        assert!(told.now.is_empty());
        let attributes = [("ERROR_CODE", "NO_PERMISSIONS"), ("ERROR_MESSAGE", "not for the rule")];
        let both = of(&message(&json!({"detail": {}}), &attributes));
        assert_eq!(both.kind, DeadLetterKind::Unreadable, "put back, it would come here again");
        assert!(both.why.contains("NO_PERMISSIONS") && both.why.contains("detail.eventName"), "{}", both.why);
        let told = of(&message(&update("web-asg-1"), &attributes));
        assert_eq!(told.kind, DeadLetterKind::NotDelivered);
        assert!(told.why.ends_with("NO_PERMISSIONS: not for the rule"), "{}", told.why);
    }

    #[test]
    fn a_dead_execution_is_told_by_its_group() {
        let machine = settings().machine.to_string();
        let input = json!({"mode": "recycle", "auto_scaling_group_name": "web-asg-1"}).to_string();
        let event = json!({"account": "123456789012", "region": "eu-west-2", "time": "2026-01-05T08:30:00Z", "detail": {
            "executionArn": settings().machine.execution("web-1"), "stateMachineArn": machine, "status": "ABORTED",
            "name": "web-1", "input": input}});
        let told = of(&message(&event, &[]));
        assert_eq!((told.event.as_deref(), &told.about), (Some("ABORTED"), &vec!["web-asg-1".to_owned()]));
        assert!(told.now[0].starts_with("web-asg-1: a restore with "), "{:?}", told.now);
        let both = [message(&event, &[]), message(&update("b"), &[]), message(&update("b"), &[])];
        assert_eq!(groups_named(&both, &settings()), ["b"]);
    }
}
