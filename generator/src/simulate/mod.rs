//! Runs the very state machine that is emitted against a modelled group, in virtual time.
//!
//! The interpreter and the modelled AWS are the crate `asg_recycle_simulator`; what knows the strategies is here.

pub mod invariants;
pub mod runner;
pub mod scenario;
pub mod report;
pub mod abort;
pub mod campaign;
#[cfg(test)]
mod tests;
