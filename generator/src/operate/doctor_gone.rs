//! What is said of a resource of the stack that somebody deleted. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::doctor::{DEPLOY_ANEW, StackCheck};
use crate::aws::AwsError;

/// Alarms that are named at most.
const SHOWN: usize = 5;

/// What comes of a check whose call failed: a finding where what it is about is gone, which `gone` says, else nothing is known.
pub fn of_error(name: &str, gone: &str, error: &AwsError) -> StackCheck {
    if error.is_gone() {
        StackCheck::finding(name, gone, DEPLOY_ANEW)
    } else {
        StackCheck::not_made(name, error)
    }
}

/// What a gone table of locks means.
pub fn table(name: &str) -> String {
    format!("the table `{name}` is gone, and every lock, journal and pause with it: nothing is recycled")
}

/// What a gone state machine means.
pub fn machine(arn: &str) -> String {
    format!("{arn} is gone, or is being deleted: nothing is recycled, and nothing is put back")
}

/// What is to be said of a stack whose function is gone: nothing else can be looked at.
pub fn handler(function: &str) -> StackCheck {
    let about = format!(
        "its function {function} is gone: no change starts a recycle, and nothing is restored after an execution that died; nothing else \
         was looked at, for the stack's settings are the function's"
    );
    StackCheck::finding("handler", about, DEPLOY_ANEW)
}

/// Whether the stack's own alarms and those that its strategies watch are there; `seen` are those that are.
pub fn alarms(
    own: &BTreeSet<String>,
    watched: &BTreeSet<String>,
    seen: &BTreeMap<String, String>,
) -> Vec<StackCheck> {
    let missing = |names: &BTreeSet<String>| -> Vec<String> {
        names.iter().filter(|name| !seen.contains_key(*name)).cloned().collect()
    };
    let (lost, unknown) = (missing(own), missing(watched));
    let mut found = Vec::new();
    if !lost.is_empty() {
        let about = format!("nobody is told of what these would tell, for they are gone: {}", listed(&lost));
        found.push(StackCheck::finding("alarms", about, DEPLOY_ANEW));
    }
    if !unknown.is_empty() {
        let about = format!(
            "strategies watch alarms that do not exist, and refuse every start: {}",
            listed(&unknown)
        );
        found.push(StackCheck::finding(
            "alarms",
            about,
            "create the alarm, or correct `alarm_names` in stack.yaml and deploy",
        ));
    }
    if found.is_empty() {
        found.push(StackCheck::passed(
            "alarms",
            "those that every stack has, and those that strategies watch, are there",
        ));
    }
    found
}

fn listed(names: &[String]) -> String {
    let more = names.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::doctor::CheckOutcome;

    #[test]
    fn what_is_gone_is_a_finding_and_what_is_refused_otherwise_is_not_known() {
        let outcome = |code: &str| {
            let error = AwsError::Refused {
                action: "sqs:GetQueueAttributes".to_owned(),
                code: code.to_owned(),
                message: "no".to_owned(),
            };
            of_error("queue", "it is gone", &error).outcome
        };
        for code in [
            "QueueDoesNotExist",
            "ResourceNotFoundException",
            "NoSuchEntity",
            "StateMachineDoesNotExist",
            "NotFound",
        ] {
            assert_eq!(outcome(code), CheckOutcome::Finding, "{code}");
        }
        assert_eq!(outcome("UnknownOperationException"), CheckOutcome::NotMade);
    }

    #[test]
    fn alarms_that_are_gone_are_named_and_many_of_them_counted() {
        let names = |prefix: &str, count: usize| -> BTreeSet<String> {
            (0..count).map(|number| format!("{prefix}-{number}")).collect()
        };
        let seen = |names: BTreeSet<String>| -> BTreeMap<String, String> {
            names.into_iter().map(|name| (name, "OK".to_owned())).collect()
        };
        let none = BTreeSet::new();
        let checks = alarms(&names("web", 8), &none, &BTreeMap::new());
        assert!(checks[0].about.ends_with("web-4 and 3 more"), "{checks:?}");
        let checks = alarms(&names("web", 2), &names("watched", 1), &seen(names("web", 2)));
        assert_eq!(checks.len(), 1);
        assert!(checks[0].about.ends_with("refuse every start: watched-0"), "{checks:?}");
        assert_eq!(alarms(&names("web", 2), &none, &seen(names("web", 2)))[0].outcome, CheckOutcome::Passed);
    }
}
