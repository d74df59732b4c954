//! Calls to AWS: credentials as every AWS tool finds them, signed and sent without an SDK and without an async runtime.
//!
//! Which calls are made, and what their answers mean, is for those who make them.

mod client;
mod credentials;
mod error;
mod patience;
pub mod service;
mod wire;

pub use client::{AwsClient, AwsPlace};
pub use credentials::TextEnvironment;
pub use error::AwsError;
pub use patience::Patience;
pub(crate) use wire::s3_error;
