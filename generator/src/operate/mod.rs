//! A deployed stack, looked at and acted on: what is outdated, what is happening, how to stop it, how to put it right.
//!
//! The stack is known by its deployed name alone: its function's environment holds all that the handler knows, so that what is
//! decided here is the handler's own decision. Nothing but `reads` and `session` asks AWS, and that by [`crate::aws`].

pub mod answers;
pub mod fleet;
pub mod lock;
pub mod operation;
pub mod outdated;
pub mod policy;
pub mod reads;
pub mod request;
pub mod session;
pub mod span;
pub mod table;
