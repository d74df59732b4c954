//! What is asked of SQS about the dead-letter queue. Nothing is lost: what is put back is sent first and deleted after.

use std::collections::{BTreeMap, BTreeSet};

use asg_recycle_handler::group::Group;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answers::{GroupsPage, NoAnswer};
use super::dead_letter::{MessagesPage, QueueMessage};
use super::operation::{
    COUNT_DEAD_LETTERS, DELETE_DEAD_LETTER, DESCRIBE_GROUPS, RECEIVE_DEAD_LETTERS, SEND_EVENT,
    SHOW_DEAD_LETTERS,
};
use super::session::StackSession;
use crate::aws::AwsError;
use crate::names;

/// Messages that one call hands out or shows again, as SQS has it.
const MESSAGES_PER_CALL: usize = 10;
/// How long messages that are looked at are hidden from others, should this command end half way.
const HIDDEN_SECONDS: u32 = 60;
/// Empty answers in a row after which a queue counts as read: SQS asks a part of its servers at a time.
const EMPTY_ANSWERS: u32 = 2;
/// Groups that are described by name at once, as Auto Scaling has it.
const GROUPS_PER_CALL: usize = 50;

/// What became of a message that was to be put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutBack {
    /// It is in the queue of events.
    Done,
    /// It is there, and still in the dead-letter queue, for it could not be deleted.
    Twice,
}

/// About how many messages there are, those that somebody looks at now among them.
pub fn count(session: &StackSession) -> Result<u32, AwsError> {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "PascalCase")]
    struct Answer {
        attributes: BTreeMap<String, String>,
    }
    let names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
    let arguments = json!({"QueueUrl": url(session), "AttributeNames": names});
    let answer: Answer = session.ask(&COUNT_DEAD_LETTERS, &arguments)?;
    let number = |name: &&str| answer.attributes.get(*name).and_then(|count| count.parse::<u32>().ok());
    Ok(names.iter().filter_map(number).sum())
}

/// Looks at messages, at most about so many, and shows them to others again.
pub fn look(session: &StackSession, messages_max: usize) -> Result<Vec<QueueMessage>, AwsError> {
    let mut seen: Vec<QueueMessage> = Vec::new();
    let looked = pages(session, |page| {
        seen.extend(page);
        Ok(seen.len() < messages_max)
    });
    show_again(session, seen.iter().map(|message| &message.receipt_handle))?;
    looked.map(|()| seen)
}

/// Puts messages back into the queue of events, and tells of each what became of it: sent first, deleted after. Whatever was
/// received besides is shown to others again; how many were put back.
pub fn put_back(
    session: &StackSession,
    ids: &BTreeSet<String>,
    mut tell: impl FnMut(&QueueMessage, PutBack),
) -> Result<usize, AwsError> {
    let mut left = ids.clone();
    let mut hidden = BTreeSet::new();
    let events = session.place.queue_url(names::QUEUE);
    let done = pages(session, |page| {
        hidden.extend(page.iter().map(|message| message.receipt_handle.clone()));
        for message in page.iter().filter(|message| ids.contains(&message.id)) {
            let body = json!({"QueueUrl": events, "MessageBody": message.body});
            let _: NoAnswer = session.ask(&SEND_EVENT, &body)?;
            let receipt = json!({"QueueUrl": url(session), "ReceiptHandle": message.receipt_handle});
            let deleted: Result<NoAnswer, AwsError> = session.ask(&DELETE_DEAD_LETTER, &receipt);
            tell(message, if deleted.is_ok() { PutBack::Done } else { PutBack::Twice });
            deleted?;
            hidden.remove(&message.receipt_handle);
            left.remove(&message.id);
        }
        Ok(!left.is_empty())
    });
    show_again(session, hidden.iter())?;
    done.map(|()| ids.len() - left.len())
}

/// Receives pages of messages until there are no more, or `take` has enough.
fn pages(
    session: &StackSession,
    mut take: impl FnMut(Vec<QueueMessage>) -> Result<bool, AwsError>,
) -> Result<(), AwsError> {
    let arguments = json!({
        "QueueUrl": url(session),
        "MaxNumberOfMessages": MESSAGES_PER_CALL,
        "VisibilityTimeout": HIDDEN_SECONDS,
        "WaitTimeSeconds": 1,
        "AttributeNames": ["All"],
        "MessageAttributeNames": ["All"],
    });
    let mut empty = 0;
    while empty < EMPTY_ANSWERS {
        let page: MessagesPage = session.ask(&RECEIVE_DEAD_LETTERS, &arguments)?;
        empty = if page.messages.is_empty() { empty + 1 } else { 0 };
        if !take(page.messages)? {
            break;
        }
    }
    Ok(())
}

/// Lets others see messages again that were looked at.
fn show_again<'a>(
    session: &StackSession,
    receipts: impl Iterator<Item = &'a String>,
) -> Result<(), AwsError> {
    let receipts: Vec<&String> = receipts.collect();
    for some in receipts.chunks(MESSAGES_PER_CALL) {
        let entry = |(number, receipt): (usize, &&String)| -> Value {
            json!({"Id": number.to_string(), "ReceiptHandle": receipt, "VisibilityTimeout": 0})
        };
        let entries: Vec<Value> = some.iter().enumerate().map(entry).collect();
        let arguments = json!({"QueueUrl": url(session), "Entries": entries});
        let _: NoAnswer = session.ask(&SHOW_DEAD_LETTERS, &arguments)?;
    }
    Ok(())
}

fn url(session: &StackSession) -> String {
    session.place.queue_url(names::DEAD_LETTER_QUEUE)
}

/// Groups by their names, those that exist.
pub fn groups(session: &StackSession, names: &[String]) -> Result<BTreeMap<String, Group>, AwsError> {
    let mut groups = BTreeMap::new();
    for some in names.chunks(GROUPS_PER_CALL) {
        let page: GroupsPage = session.ask(&DESCRIBE_GROUPS, &json!({"AutoScalingGroupNames": some}))?;
        let seen = page.auto_scaling_groups.list.iter();
        groups.extend(seen.map(|group| (group.name.clone(), group.as_handler_sees_it())));
    }
    Ok(groups)
}
