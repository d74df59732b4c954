//! Where a stack is deployed, and the head of what commands tell of it as JSON.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// Where a stack is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StackPlace {
    /// The stack's deployed name: `name` and `environment` of `stack.yaml`, with a hyphen between them.
    pub stack: String,
    /// The account's 12 digits; `*` where it is not known.
    pub account: String,
    /// The region.
    pub region: String,
}

/// What the report of a command begins with: its form, where it was asked, and what that took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReportHead {
    /// Of this form: 1.
    pub version: u32,
    /// Where it was asked.
    #[serde(flatten)]
    pub place: StackPlace,
    /// How many calls it took.
    pub calls: u32,
}

/// What an ARN names, without the account and the region, which are the stack's own.
pub fn without_account(arn: &str) -> &str {
    arn.splitn(6, ':').last().unwrap_or(arn)
}

impl ReportHead {
    /// The head of a report of today's form.
    pub fn new(place: &StackPlace, calls: u32) -> Self {
        Self { version: 1, place: place.clone(), calls }
    }
}

impl fmt::Display for StackPlace {
    /// As the first line of a report has it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stack, account, region } = self;
        write!(formatter, "{stack}, account {account}, {region}")
    }
}
