//! The queue in front of the function, as SQS and Lambda treat it: batches of ten, records handed back one by one, and
//! what was received too often moved to the dead-letter queue. Time is not modelled: what was not answered for is
//! visible again at once.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value, json};

use crate::local::function::Outcome;

/// Most records of a batch.
const BATCH_MAX: usize = 10;
/// Receptions after which a message goes to the dead-letter queue. The stack's default is 5; here so much fails on
/// purpose that a sound message may by chance be in five batches that die.
const RECEIVED_MAX: u32 = 10;

/// A message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: String,
    /// How often it was received, this time included.
    pub(crate) received: u32,
}

impl Message {
    pub(crate) fn new(id: String, body: String) -> Self {
        Self { id, body, received: 0 }
    }
}

/// A queue and its dead-letter queue.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    visible: VecDeque<Message>,
    in_flight: BTreeMap<String, Message>,
    pub(crate) dead: Vec<Message>,
}

impl Queue {
    pub(crate) fn of(messages: impl IntoIterator<Item = Message>) -> Self {
        Self { visible: messages.into_iter().collect(), ..Self::default() }
    }

    /// Whether every message is deleted or dead.
    pub(crate) fn is_done(&self) -> bool {
        self.visible.is_empty() && self.in_flight.is_empty()
    }

    /// At most ten of the messages that `takes` agrees to.
    pub(crate) fn receive(&mut self, takes: impl Fn(&Message) -> bool) -> Vec<Message> {
        let mut batch = Vec::new();
        for _ in 0..self.visible.len() {
            let mut message = self.visible.pop_front().expect("counted");
            if message.received == RECEIVED_MAX {
                self.dead.push(message);
            } else if batch.len() < BATCH_MAX && takes(&message) {
                message.received += 1;
                self.in_flight.insert(message.id.clone(), message.clone());
                batch.push(message);
            } else {
                self.visible.push_back(message);
            }
        }
        batch
    }

    /// Deletes what was answered for, and makes the rest of the batch visible again.
    pub(crate) fn settle(&mut self, batch: &[Message], outcome: &Outcome) {
        let failed = failed(batch, outcome);
        for message in batch {
            let message = self.in_flight.remove(&message.id).expect("it was received");
            if failed.contains(&message.id) {
                self.visible.push_back(message);
            }
        }
    }
}

/// What Lambda takes to have failed: all of the batch where the answer cannot be read, or names what was not in it.
fn failed(batch: &[Message], outcome: &Outcome) -> BTreeSet<String> {
    let all: BTreeSet<String> = batch.iter().map(|message| message.id.clone()).collect();
    let Outcome::Answer(answer) = outcome else { return all };
    let Some(items) = answer["batchItemFailures"].as_array() else { return all };
    let named: Option<BTreeSet<String>> =
        items.iter().map(|item| item["itemIdentifier"].as_str().map(str::to_owned)).collect();
    named.filter(|named| named.is_subset(&all)).unwrap_or(all)
}

/// The batch as Lambda hands it to the function.
pub(crate) fn payload(batch: &[Message]) -> Value {
    let record = |message: &Message| {
        json!({
            "messageId": message.id,
            "receiptHandle": "handle",
            "body": message.body,
            "attributes": {"ApproximateReceiveCount": message.received.to_string()},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-west-2:123456789012:asg-recycle-test",
            "awsRegion": "eu-west-2",
        })
    };
    json!({"Records": batch.iter().map(record).collect::<Vec<_>>()})
}

#[test]
fn the_model_treats_answers_as_lambda_does() {
    let batch = || ["a", "b", "c"].map(|id| Message::new(id.to_owned(), String::new()));
    let back = |outcome: Outcome| {
        let mut queue = Queue::of(batch());
        let received = queue.receive(|_| true);
        queue.settle(&received, &outcome);
        queue.visible.into_iter().map(|message| message.id).collect::<Vec<_>>().join(" ")
    };
    let answer = |failures: Value| Outcome::Answer(json!({"batchItemFailures": failures}));
    assert_eq!(back(answer(json!([]))), "");
    assert_eq!(back(answer(json!([{"itemIdentifier": "b"}]))), "b");
    assert_eq!(back(answer(json!([{"itemIdentifier": ""}]))), "a b c");
    assert_eq!(back(answer(json!([{"itemIdentifier": "stranger"}]))), "a b c");
    assert_eq!(back(answer(json!([{"other": "b"}]))), "a b c");
    assert_eq!(back(Outcome::Error(json!({}))), "a b c");
    assert_eq!(back(Outcome::Died), "a b c");
}

#[test]
fn the_model_gives_up_on_a_message_that_was_received_too_often() {
    let mut queue = Queue::of([Message::new("a".to_owned(), String::new())]);
    for time in 1..=RECEIVED_MAX {
        let batch = queue.receive(|_| true);
        assert_eq!(batch[0].received, time);
        queue.settle(&batch, &Outcome::Died);
    }
    assert!(queue.receive(|_| true).is_empty() && queue.is_done());
    assert_eq!(queue.dead.len(), 1);
}
