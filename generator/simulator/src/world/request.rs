//! A call as its action sees it.

use std::sync::Arc;

use serde_json::Value;

use crate::time::Moment;

/// A call, as its action sees it.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    /// The action's name.
    pub(crate) action: &'static str,
    /// The arguments.
    pub(crate) arguments: &'a Value,
    /// The execution that calls.
    pub(crate) execution: Arc<str>,
    /// The moment whose state a read shows; earlier than now where the read is late.
    pub(crate) seen_at: Moment,
    /// Its number among the world's calls, from 1.
    pub(crate) number: u64,
}
