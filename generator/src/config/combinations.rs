//! Keys that go with each other or do not: each is sound alone.

use super::limits;
use super::tags::Tags;
use super::word::{HttpsForm, PackageKind};
use crate::problem::Problem;

/// What puts the function into a VPC: both or neither.
pub(super) const NETWORK: [&str; 2] = ["network.subnet_ids", "network.security_group_ids"];

pub(super) const HTTPS_FORM: &str = "notifications.https_form";

/// Lambda takes subnets with security groups, or neither.
pub(super) fn half_a_network(given: [bool; 2]) -> Option<Problem> {
    let (there, missing) = match given {
        [true, false] => (NETWORK[0], NETWORK[1]),
        [false, true] => (NETWORK[1], NETWORK[0]),
        _ => return None,
    };
    let reason = format!("`{there}` needs `{missing}`: a function is in a VPC by both");
    Some(Problem::new("network-incomplete", there, reason).help(format!("give `{missing}`, or neither")))
}

/// Lambda checks the signature of a zip, and none of an image.
pub(super) fn signed_image((signed, kind): (bool, Option<&str>)) -> Option<Problem> {
    if !signed || kind != Some(PackageKind::Image.as_str()) {
        return None;
    }
    let reason =
        "Lambda checks no signature of a container image, so it takes no code signing configuration for one";
    let help = "leave it out and sign the image in the registry, or deploy the zip: `package.kind: zip`";
    Some(Problem::new("signed-image", limits::SIGNING, reason).help(help))
}

/// A function or state machine takes a role of its own account only, and a role a boundary; AWS's own are of none.
pub(super) fn two_accounts(arns: &[(&'static str, &str)]) -> Option<Problem> {
    let kept = arns
        .iter()
        .filter(|(key, _)| [limits::BOUNDARY, limits::HANDLER_ROLE, limits::MACHINE_ROLE].contains(key));
    let of = kept.filter_map(|(key, arn)| Some((*key, arn.split(':').nth(4)?)));
    let mut of = of.filter(|(_, account)| *account != "aws");
    let (first, account) = of.next()?;
    let (key, other) = of.find(|(_, each)| *each != account)?;
    let reason = format!(
        "`{key}` is of the account {other} and `{first}` of {account}: a stack is in one account, and AWS takes none of another"
    );
    let help = "name what is of the account that the stack is deployed to";
    Some(Problem::new("two-accounts", key, reason).help(help))
}

/// The stack's key has a tag of its own.
pub(super) fn no_tag_left((count, has_key): (usize, bool)) -> Option<Problem> {
    if !has_key || count < Tags::COUNT_MAX {
        return None;
    }
    let reason =
        format!("AWS takes {} tags on a key, and the stack's key has one of its own", Tags::COUNT_MAX);
    let help = "remove one, or leave `encryption.customer_key` out";
    Some(Problem::new("too-many-tags-of-a-key", "tags", reason).help(help))
}

/// Of one topic, whoever is told by HTTPS gets the same.
pub(super) fn unread_pages((form, has_pager): (Option<&str>, bool)) -> Option<Problem> {
    if !has_pager || form != Some(HttpsForm::Chat.as_str()) {
        return None;
    }
    let reason = "the endpoint of `notifications.pager_duty` would get what the chat integration shows, and page nobody";
    let help =
        "leave `pager_duty` out and have `alarms.action_arns` page, or leave the chat to a notifier function";
    Some(Problem::new("pages-unread", HTTPS_FORM, reason).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_their_boundary_are_of_one_account() {
        let (one, other) = ("arn:aws:iam::123456789012:role/x", "arn:aws:iam::210987654321:role/x");
        let aws = "arn:aws:iam::aws:policy/PowerUserAccess";
        let at = |arns: &[(&'static str, &str)]| two_accounts(arns).map(|problem| problem.pointer);
        assert_eq!(
            at(&[(limits::HANDLER_ROLE, one), (limits::MACHINE_ROLE, one), (limits::BOUNDARY, aws)]),
            None
        );
        assert_eq!(
            at(&[(limits::BOUNDARY, aws), (limits::MACHINE_ROLE, other), (limits::ACTIONS, one)]),
            None
        );
        let roles = at(&[(limits::HANDLER_ROLE, one), (limits::MACHINE_ROLE, other)]);
        assert_eq!(roles.as_deref(), Some(limits::MACHINE_ROLE));
        let bounded = at(&[(limits::BOUNDARY, one), (limits::HANDLER_ROLE, other)]);
        assert_eq!(bounded.as_deref(), Some(limits::HANDLER_ROLE));
    }
}
