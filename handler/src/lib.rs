//! Decides whether and how one Auto Scaling group is recycled, and starts the state machine that does it.
//!
//! The decision is pure: an event is read ([`event`]), the group's tags are read ([`tags`], [`windows`]), and
//! [`decide::decide`] says start, skip or reject. Feature `lambda` adds the adapters around it: many records at once
//! ([`batch`]), the AWS SDK ([`aws`]) and the Lambda runtime ([`lambda`]). The handler never changes a group.

pub mod contract;
pub mod arn;
pub mod problem;
pub mod spelling;
pub mod selector;
pub mod settings;
pub mod group;
mod field;
pub mod maintenance;
pub mod event;
pub mod windows;
pub mod tags;
pub mod name;
pub mod message;
pub mod rejection;
pub mod decide;

#[cfg(feature = "lambda")]
pub mod log;
#[cfg(feature = "lambda")]
pub mod ports;
#[cfg(feature = "lambda")]
pub mod bounded;
#[cfg(feature = "lambda")]
pub mod delivery;
#[cfg(feature = "lambda")]
pub mod invocation;
#[cfg(feature = "lambda")]
pub mod lookup;
#[cfg(feature = "lambda")]
pub mod report;
mod restore;
#[cfg(feature = "lambda")]
pub mod batch;
#[cfg(feature = "lambda")]
pub mod http;
#[cfg(feature = "lambda")]
pub mod aws;
#[cfg(feature = "lambda")]
pub mod lambda;

#[cfg(test)]
mod samples;
