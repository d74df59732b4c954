//! One description of every resource, with typed references; no format is named here.

use crate::asl::Machine;
use crate::config::Config;
use crate::problem::Problems;

/// The handler zip that the stack deploys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageFacts {
    /// SHA-256 of the zip, 64 lower-case hex digits.
    pub sha256_hex: String,
    /// The same in base64, as Lambda's `CodeSha256`.
    pub sha256_base64: String,
}

/// Everything that is deployed.
#[derive(Debug, Clone)]
pub struct Stack {}

impl Stack {
    /// Describes the stack. Without `package` the zip's hash becomes a variable without default.
    pub fn new(
        _config: &Config,
        _machine: &Machine,
        _package: Option<&PackageFacts>,
    ) -> Result<Self, Problems> {
        Ok(Self {})
    }
}
