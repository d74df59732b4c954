//! A deployed stack, looked at and acted on: what is outdated, what is happening, how to stop it, how to put it right.
//!
//! The stack is known by its deployed name alone: its function's environment holds all that the handler knows, so that what is
//! decided here is the handler's own decision. Nothing but `session` and what is named `reads` asks AWS, and that by [`crate::aws`].

pub mod answers;
pub mod console_link;
pub mod dead_letter;
pub mod deployed;
pub mod doctor;
pub mod fleet;
pub mod group;
pub mod history;
pub mod lock;
pub mod pause;
pub mod place;
pub mod plan;
pub mod request;
pub mod session;
pub mod span;
pub mod table;
