//! The list of output formats: the only one.

use super::cloudformation::CloudFormation;
use super::format::OutputFormat;
use super::terraform::Terraform;

/// Every format, in the order documented.
pub const FORMATS: &[&dyn OutputFormat] = &[&Terraform, &CloudFormation];
