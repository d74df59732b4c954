//! The endpoint that pages holds a key: whoever has it pages people, and closes what paged them. `stack.yaml` and all that is rendered from it
//! lie in a repository, so only a deployment is given it.

use super::document::{Entry, NodeValue as Raw};
use super::scalar::{self, Meaning};
use crate::problem::Problem;

/// The key that held the endpoint.
const FORMER: &str = "notifications.pager_duty_endpoint";
/// The key that says that there is one.
const KEY: &str = "notifications.pager_duty";

/// The fault of an endpoint in the file, by the path of an entry; nothing where the entry holds none. No message shows it.
pub(super) fn endpoint_in_file(path: &str, entry: &Entry) -> Option<Problem> {
    let is_text = || match &entry.value.value {
        Raw::Scalar(scalar) => {
            !matches!(scalar.text.to_lowercase().as_str(), "true" | "false")
                && matches!(
                    scalar::meaning(scalar),
                    Meaning::Text | Meaning::OtherNumber(_) | Meaning::Integer(_)
                )
        }
        _ => false,
    };
    if path != FORMER && !(path == KEY && is_text()) {
        return None;
    }
    let reason = "the endpoint that pages holds a key, and this file and all that is generated from it lie in a repository";
    let help = "write `pager_duty: true` instead, and give the endpoint to each deployment: `PagerDutyEndpoint` of CloudFormation, \
                `pager_duty_endpoint` of Terraform; change the key where others have read it";
    Some(Problem::new("secret", path, reason).at(entry.key_place).help(help))
}
