//! Turns one `stack.yaml` into the complete stack that recycles Auto Scaling groups.
//!
//! The modules in the order in which an input passes through them.

pub mod cli;
pub mod config;
pub mod names;
pub mod strategy;
pub mod asl;
pub mod stack;
pub mod render;
pub mod package;
pub mod output;
pub mod problem;
mod digest;
mod template;

/// The generator's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
