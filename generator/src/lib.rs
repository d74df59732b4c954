//! Turns one `stack.yaml` into the complete stack that recycles Auto Scaling groups.
//!
//! [`AsgRecycle`] is the whole of it for a program; the `asg-recycle` command is made of the same parts. Everything
//! is pure but [`package`], which compiles, and [`output`], which writes files.
//!
//! The modules in the order in which an input passes through them. A program that only builds stacks takes the crate
//! without its default features; `docs/library.md` shows one.

#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod names;
pub mod strategy;
pub mod asl;
pub mod graph;
pub mod stack;
pub mod render;
mod construct;
#[cfg(feature = "simulate")]
pub mod simulate;
#[cfg(feature = "simulate")]
pub mod page;
#[cfg(any(feature = "aws", feature = "package"))]
pub mod http;
#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "aws")]
pub mod bootstrap;
#[cfg(feature = "package")]
pub mod runtime;
#[cfg(feature = "package")]
pub mod package;
#[cfg(feature = "publish")]
pub mod publish;
pub mod output;
pub mod problem;
#[cfg(feature = "operate")]
pub mod operate;
#[cfg(feature = "operate")]
pub mod explain;
#[cfg(any(feature = "local", feature = "operate"))]
pub mod samples;
#[cfg(feature = "local")]
pub mod local;
#[cfg(any(feature = "package", feature = "simulate"))]
mod shell;
mod secret;
mod digest;
mod markup;
mod template;

pub use construct::AsgRecycle;
pub use render::{CloudFormation, FORMATS, OutputFormat, Terraform};

/// The generator's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
