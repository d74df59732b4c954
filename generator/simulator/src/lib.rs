//! Runs a state machine in the Amazon States Language against a modelled AWS, in virtual time.
//!
//! [`states_language`] reads the text that is deployed, [`interpreter`] runs it, [`world`] answers its calls, and
//! [`services`] is the seam between them. Nothing here knows the strategies, reads a clock or draws chance that no seed decides.
//!
//! The modules in the order in which they build on each other.

#[cfg(feature = "run")]
pub mod time;
#[cfg(feature = "run")]
pub mod random;
#[cfg(feature = "run")]
pub mod services;
pub mod expression;
pub mod states_language;
#[cfg(feature = "run")]
pub mod interpreter;
#[cfg(feature = "run")]
pub mod world;
pub mod event_pattern;
pub mod iam_policy;
