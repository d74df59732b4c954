//! Runs a state machine in the Amazon States Language against a modelled AWS, in virtual time.
//!
//! [`interpreter`] runs the text that is deployed, [`world`] answers its calls, and [`services`] is the seam between
//! them. Nothing here knows the strategies, reads a clock or draws chance that no seed decides.
//!
//! The modules in the order in which they build on each other.

#[cfg(feature = "run")]
pub mod time;
#[cfg(feature = "run")]
pub mod random;
#[cfg(feature = "run")]
pub mod services;
pub mod expression;
#[cfg(feature = "run")]
pub mod interpreter;
#[cfg(feature = "run")]
pub mod world;
pub mod event_pattern;
