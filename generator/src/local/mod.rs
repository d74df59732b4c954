//! The handler on this machine: its binary under Lambda's Runtime API, and for want of an account a modelled AWS that answers
//! its calls.
//!
//! In the order of an invocation: [`lambda`] takes it as Lambda's own endpoint does, [`crate::runtime`] feeds it to the one
//! process there is, [`query`] and [`account`] answer what the handler asks of AWS, [`log_line`] shows what it says.

pub mod env_file;
mod lambda;
mod log_line;
mod query;
mod account;

pub use account::{Account, Asked, AwsCall, Left, ServiceFault};
pub use lambda::{DEFAULTS_PATH, Defaults, EXECUTIONS_PATH, Endpoint, INVOCATIONS_PATH, serve};
pub use log_line::pretty;
pub use query::serve as serve_aws;
