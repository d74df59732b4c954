//! Runs the very state machine that is emitted against a modelled group, in virtual time.

pub mod time;
pub mod services;
pub mod expression;
pub mod interpreter;
pub mod world;
pub mod invariants;
pub mod runner;
pub mod scenario;
pub mod report;
pub mod abort;
pub mod campaign;
