//! Runs a definition in the Amazon States Language, the very text that is deployed, in virtual time.
//!
//! [`states_language`](crate::states_language) reads it. [`Machine::load`] parses every expression once; an
//! [`Execution`] of it is moved by [`Execution::advance`] at the moments that [`Execution::next_wake`] names, and asks a
//! [`Services`](crate::services::Services) for the answer of every call. Nothing here reads a clock or chance: the same
//! seed and the same answers give the same run. An execution is cheap to clone, at any transition.
//!
//! How the language is understood where its sources leave room, or where the interpreter knows less than AWS:
//! - A variable that was never assigned is undefined, as in `JSONata`; whoever emits a machine checks for such a read.
//! - A field that has no value raises `States.QueryEvaluationError`, and so does one of the wrong type.
//! - `States.DataLimitExceeded` is matched by its own name only, `States.Runtime` by nothing.
//! - The first retrier that matches decides, also when it has no attempts left.
//! - An error without a cause gives an error output without `Cause`.
//! - A Fail state whose computed error begins with `States.` fails with `States.Runtime`, as the specification reserves
//!   the prefix.
//! - Children of a distributed Map have variables, a history, an ARN and random numbers of their own; the machine's
//!   time-out is their parent's.
//! - Things due at the same moment happen in the order of their items or branches.

mod data;
mod failure;
mod timestamp;
mod functions;
mod memo;
mod template;
mod observer;
mod ways;
mod evaluate;
mod machine;
mod load;
mod context;
mod history;
mod items;
mod retry;
mod thread;
mod states;
mod step;
mod branches;
mod execution;

pub use data::{PAYLOAD_BYTES_MAX, VARIABLES_BYTES_MAX};
pub use execution::{Execution, StartError};
pub use failure::Failure;
pub use history::{Counters, EVENTS_MAX, HistoryEntry, HistoryEvent, Status};
pub use load::LoadError;
pub use machine::Machine;
pub use observer::{Evaluation, EvaluationObserver, Outcome, Way, WayObserver};

#[cfg(test)]
mod tests;
