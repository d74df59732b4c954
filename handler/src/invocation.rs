//! One invocation of the function, and what may become of its parts.

use jiff::Timestamp;
use tokio::time::Instant;

use crate::decide::Skip;

/// What the runtime says about an invocation, and the time.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The id that Lambda gives the invocation, for logs.
    pub request_id: String,
    /// The function's name, the metrics' dimension.
    pub function_name: String,
    /// The function's own account, 12 digits.
    pub account_id: String,
    /// When the invocation arrived, by the calendar.
    pub now: Timestamp,
    /// The same, by the clock that the deadline counts on.
    pub received: Instant,
    /// When to stop and hand back the rest.
    pub deadline: Instant,
}

/// How a record, or a group of it, ends that nothing is done about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// There is nothing to do: the record is done.
    Skip(Skip),
    /// It could not be decided or carried out, for this reason: the record is handed back.
    Fail(String),
}
