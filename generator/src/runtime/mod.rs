//! A function's process as Lambda runs it: one sandbox, fed by the Runtime API. What is built is tried out in it, and `local`
//! serves it.

mod identity;
mod process;
mod sandbox;
pub(crate) mod api;

pub use api::PAYLOAD_MAX;
pub use sandbox::{LocalFunction, Notice, Outcome, Sandbox};
