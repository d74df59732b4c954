//! The two ways an event arrives, by queue or by direct invocation, and how each is answered.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::event::{self, Event, Malformed};

/// What the function was invoked with.
#[derive(Debug, Clone, PartialEq)]
pub enum Delivery {
    /// A batch of queue records, each of which is answered for alone.
    Queue(Vec<Record>),
    /// One event; its answer says what was decided.
    Direct(Value),
}

/// A queue record as far as it could be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// What the record is handed back by; absent from a malformed record.
    pub message_id: Option<String>,
    /// The event's text, which is JSON where all is well.
    pub body: Option<String>,
}

/// Why an invocation as a whole is answered with an error. Lambda then hands back every record of a batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvocationFault {
    /// Neither a batch nor an event.
    #[error("expected an EventBridge event or {{\"Records\": [...]}}")]
    NotAnEvent,
    /// A record failed that cannot be handed back alone. An answer without it would delete it; so the whole batch
    /// comes again, which starts nothing twice.
    #[error("{0} failed records have no message id; the whole batch is handed back")]
    Unaddressable(usize),
    /// The event of a direct invocation failed.
    #[error("{0}")]
    Failed(String),
}

impl InvocationFault {
    /// Stable name of the error, for callers.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NotAnEvent => "NotAnEvent",
            Self::Unaddressable(_) => "RecordsWithoutId",
            Self::Failed(_) => "EventFailed",
        }
    }
}

impl Delivery {
    /// Reads what the function was invoked with. A malformed record is kept, to fail alone.
    pub fn read(payload: Value) -> Result<Self, InvocationFault> {
        match payload.get("Records") {
            Some(Value::Array(records)) => Ok(Self::Queue(records.iter().map(Record::read).collect())),
            None if payload.is_object() => Ok(Self::Direct(payload)),
            Some(_) | None => Err(InvocationFault::NotAnEvent),
        }
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Queue(records) => records.len(),
            Self::Direct(_) => 1,
        }
    }

    /// Whether there are no events.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads the event at a place below [`len`](Self::len).
    pub fn event(&self, place: usize, own_account_id: &str) -> Result<Event, Malformed> {
        match self {
            Self::Queue(records) => {
                let body = records.get(place).and_then(|record| record.body.as_ref());
                event::parse(body.ok_or(Malformed::Missing("Records[].body"))?, own_account_id)
            }
            Self::Direct(event) => event::read(event, own_account_id),
        }
    }

    /// The message id of the record at a place.
    pub fn message_id(&self, place: usize) -> Option<&str> {
        match self {
            Self::Queue(records) => records.get(place)?.message_id.as_deref(),
            Self::Direct(_) => None,
        }
    }

    /// The text of the event at a place, for the log.
    pub fn text(&self, place: usize) -> String {
        match self {
            Self::Queue(records) => {
                records.get(place).and_then(|record| record.body.clone()).unwrap_or_default()
            }
            Self::Direct(event) => event.to_string(),
        }
    }

    /// The answer to a batch: exactly the failed records' message ids.
    pub fn batch_answer(records: &[Record], failed: &BTreeSet<usize>) -> Result<Value, InvocationFault> {
        let failed_records = || failed.iter().filter_map(|place| records.get(*place));
        let unaddressable = failed_records().filter(|record| record.message_id.is_none()).count();
        if unaddressable > 0 {
            return Err(InvocationFault::Unaddressable(unaddressable));
        }
        let ids: BTreeSet<&String> =
            failed_records().filter_map(|record| record.message_id.as_ref()).collect();
        let failures: Vec<Value> = ids.iter().map(|id| json!({"itemIdentifier": id})).collect();
        Ok(json!({"batchItemFailures": failures}))
    }
}

impl Record {
    fn read(record: &Value) -> Self {
        let text = |key: &str| record.get(key).and_then(Value::as_str).map(str::to_owned);
        Self { message_id: text("messageId").filter(|id| !id.is_empty()), body: text("body") }
    }
}
