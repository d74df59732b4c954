//! Decides whether and how one Auto Scaling group is recycled, and starts the state machine that does it.

pub mod contract;
