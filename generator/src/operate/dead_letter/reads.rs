//! What is asked of SQS about the dead-letter queue. Nothing is lost: what is put back is sent first and deleted after.

use std::collections::{BTreeMap, BTreeSet};

use asg_recycle_handler::group::Group;
use serde_json::{Value, json};

use super::{MessagesPage, PutBack, QueueMessage};
use crate::aws::AwsError;
use crate::names;
use crate::operate::answers::NoAnswer;
use crate::operate::answers::surroundings::QueueAnswer;
use crate::operate::fleet::reads;
use crate::operate::session::StackSession;
use crate::operate::session::operation::{
    COUNT_DEAD_LETTERS, DELETE_DEAD_LETTER, RECEIVE_DEAD_LETTERS, SEND_EVENT, SHOW_DEAD_LETTERS,
};

/// Messages that one call hands out or shows again, as SQS has it.
const MESSAGES_PER_CALL: usize = 10;
/// How long messages that are looked at are hidden from others, should this command end half way.
const HIDDEN_SECONDS: u32 = 60;
/// Empty answers in a row after which a queue counts as read: SQS asks a part of its servers at a time.
const EMPTY_ANSWERS: u32 = 2;

/// About how many messages there are, those that somebody looks at now among them.
pub fn count(session: &StackSession) -> Result<u32, AwsError> {
    let names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
    let arguments = json!({"QueueUrl": url(session), "AttributeNames": names});
    let answer: QueueAnswer = session.ask(&COUNT_DEAD_LETTERS, &arguments)?;
    counted(&answer.attributes, &names)
        .map_err(|reason| AwsError::Unreadable { action: COUNT_DEAD_LETTERS.action.iam(), reason })
}

/// The sum of some attributes of a queue, each a number; why not, where one is not there: that is no empty queue.
fn counted(attributes: &BTreeMap<String, String>, names: &[&str]) -> Result<u32, String> {
    let number = |name: &&str| {
        let text = attributes.get(*name).ok_or_else(|| format!("`{name}` is missing"))?;
        text.parse::<u32>().map_err(|_| format!("`{name}` is `{text}`, and no number"))
    };
    names.iter().map(number).sum()
}

/// Looks at messages, at most about so many, and shows them to others again.
pub fn look(session: &StackSession, messages_max: usize) -> Result<Vec<QueueMessage>, AwsError> {
    let mut seen: BTreeMap<String, QueueMessage> = BTreeMap::new();
    let mut order = Vec::new();
    let calls_max = calls_max(u32::try_from(messages_max).unwrap_or(u32::MAX));
    let looked = pages(session, calls_max, |page| {
        for message in page {
            if !seen.contains_key(&message.id) {
                order.push(message.id.clone());
            }
            seen.insert(message.id.clone(), message); // the newest receipt is the one that counts
        }
        Ok(seen.len() < messages_max)
    });
    show_again(session, seen.values().map(|message| &message.receipt_handle))?;
    looked.map(|()| order.iter().filter_map(|id| seen.remove(id)).collect())
}

/// Puts messages back into the queue of events, and tells of each what became of it: sent first, deleted after. Whatever was
/// received besides is shown to others again. Of about so many messages it looks at each once or so: one that
/// is gone is not looked for without end.
pub fn put_back(
    session: &StackSession,
    (ids, about_in_queue): (&BTreeSet<String>, u32),
    mut tell: impl FnMut(&QueueMessage, PutBack),
) -> Result<(), AwsError> {
    let mut left = ids.clone();
    let mut hidden = BTreeMap::new();
    let events = session.place.queue_url(names::QUEUE);
    let read = pages(session, calls_max(about_in_queue), |page| {
        hidden.extend(page.iter().map(|message| (message.id.clone(), message.receipt_handle.clone())));
        for message in page {
            if !left.remove(&message.id) {
                continue;
            }
            let body = json!({"QueueUrl": events, "MessageBody": message.body});
            let sent: Result<NoAnswer, AwsError> = session.ask(&SEND_EVENT, &body);
            if sent.as_ref().is_err_and(AwsError::may_be_done) {
                tell(&message, PutBack::PerhapsSent);
            }
            sent?;
            let receipt = json!({"QueueUrl": url(session), "ReceiptHandle": message.receipt_handle});
            let deleted: Result<NoAnswer, AwsError> = session.ask(&DELETE_DEAD_LETTER, &receipt);
            let outcome = match &deleted {
                Ok(_) => PutBack::Done,
                Err(error) if error.may_be_done() => PutBack::PerhapsTwice,
                Err(_) => PutBack::Twice,
            };
            tell(&message, outcome);
            deleted?;
            hidden.remove(&message.id);
        }
        Ok(!left.is_empty())
    });
    show_again(session, hidden.values())?;
    read
}

/// Calls after which a queue of about so many messages counts as read: SQS often hands out fewer than it might.
fn calls_max(messages: u32) -> u32 {
    messages / 5 + 30
}

/// Receives pages of messages until there are no more, only such as were seen before, `calls_max` calls were made, or `take` has enough.
fn pages(
    session: &StackSession,
    calls_max: u32,
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
    let mut ending = PagesEnd::default();
    for _ in 0..calls_max {
        let page: MessagesPage = session.ask(&RECEIVE_DEAD_LETTERS, &arguments)?;
        let is_last = ending.is_reached(page.messages.iter().map(|message| &*message.id));
        if !take(page.messages)? || is_last {
            break;
        }
    }
    Ok(())
}

/// When a queue counts as read. What was hidden for its time is handed out again, so that empty answers alone may never come.
#[derive(Debug, Default)]
struct PagesEnd {
    known: BTreeSet<String>,
    empty: u32,
}

impl PagesEnd {
    /// Whether a page with these ids is the last one.
    fn is_reached<'a>(&mut self, ids: impl Iterator<Item = &'a str>) -> bool {
        let (mut received, mut fresh) = (0, 0);
        for id in ids {
            received += 1;
            fresh += u32::from(self.known.insert(id.to_owned()));
        }
        self.empty = if received == 0 { self.empty + 1 } else { 0 };
        self.empty >= EMPTY_ANSWERS || (received > 0 && fresh == 0)
    }
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

/// Groups by their names, those that exist, as the handler sees them.
pub fn groups(session: &StackSession, names: &[String]) -> Result<BTreeMap<String, Group>, AwsError> {
    let groups = reads::groups_named(session, names)?;
    Ok(groups.iter().map(|group| (group.name.clone(), group.as_handler_sees_it())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_is_missing_is_no_empty_queue() {
        let of = |pairs: &[(&str, &str)]| {
            let attributes =
                pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            counted(&attributes, &["A", "B"])
        };
        assert_eq!(of(&[("A", "2"), ("B", "3")]), Ok(5));
        assert_eq!(of(&[("A", "2")]), Err("`B` is missing".to_owned()));
        assert_eq!(of(&[("A", "2"), ("B", "few")]), Err("`B` is `few`, and no number".to_owned()));
    }

    #[test]
    fn a_queue_is_read_when_nothing_new_comes() {
        let mut end = PagesEnd::default();
        assert!(!end.is_reached(["a", "b"].into_iter()));
        assert!(!end.is_reached(std::iter::empty()));
        assert!(!end.is_reached(["b", "c"].into_iter()), "one is new");
        assert!(end.is_reached(["a", "c"].into_iter()), "they were hidden for their time, and come again");
        assert!(!PagesEnd::default().is_reached(std::iter::empty()));
        let mut empty = PagesEnd::default();
        assert!(!empty.is_reached(std::iter::empty()) && empty.is_reached(std::iter::empty()));
    }
}
