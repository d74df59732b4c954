//! What is said of a resource of the stack that somebody deleted. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::fixes::AGAIN;
use super::{StackCheck, is_newer};
use crate::aws::AwsError;
use crate::problem::first_few;
use crate::stack::{ALARMS_OF_EVERY_STACK, CommonAlarm};

/// What comes of a check whose call failed: a finding where what it is about is gone, which `gone` says with what makes it again, else
/// nothing is known.
pub fn of_error(name: &str, (gone, again): (&str, &str), error: &AwsError) -> StackCheck {
    if error.is_gone() { StackCheck::finding(name, gone, again) } else { StackCheck::not_made(name, error) }
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
    StackCheck::finding("handler", about, AGAIN)
}

/// The alarms of its own that a stack has for certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnAlarms {
    /// Their names.
    pub names: BTreeSet<String>,
    /// Whether the version that was deployed may have dropped some of them: it is newer than this tool, or does not say which it is.
    pub are_guessed: bool,
}

impl OwnAlarms {
    /// Those of a stack of a version, as this version of the tool knows it; without a version, where the stack does not say.
    pub fn of(stack: &str, deployed: Option<&str>, tool: &str) -> Self {
        let has = |alarm: &&CommonAlarm| {
            let since = alarm.since;
            since.is_some_and(|since| deployed.is_none_or(|deployed| !is_newer(since, deployed)))
        };
        let known = ALARMS_OF_EVERY_STACK.iter().filter(has);
        Self {
            names: known.map(|alarm| format!("{stack}{}", alarm.suffix)).collect(),
            are_guessed: deployed.is_none_or(|deployed| is_newer(deployed, tool)),
        }
    }
}

/// Whether the stack's own alarms and those that its strategies watch are there; `seen` are those that are.
pub fn alarms(
    own: &OwnAlarms,
    watched: &BTreeSet<String>,
    seen: &BTreeMap<String, String>,
) -> Vec<StackCheck> {
    let missing = |names: &BTreeSet<String>| -> Vec<String> {
        names.iter().filter(|name| !seen.contains_key(*name)).cloned().collect()
    };
    let (lost, unknown) = (missing(&own.names), missing(watched));
    let mut found = Vec::new();
    if !lost.is_empty() && own.are_guessed {
        let about = format!(
            "these are not there, and whether the stack's version has them is not known: {}",
            first_few(&lost)
        );
        found.push(StackCheck::unknown(
            "alarms",
            about,
            "ask with the version of the tool that the stack is of",
        ));
    } else if !lost.is_empty() {
        let about =
            format!("nobody is told of what these would tell, for they are gone: {}", first_few(&lost));
        found.push(StackCheck::finding("alarms", about, AGAIN));
    }
    if !unknown.is_empty() {
        let about = format!(
            "strategies watch alarms that do not exist, and refuse every start: {}",
            first_few(&unknown)
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
            of_error("queue", ("it is gone", AGAIN), &error).outcome
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
        let alarms = |own: &BTreeSet<String>, watched: &BTreeSet<String>, seen: &BTreeMap<String, String>| {
            alarms(&OwnAlarms { names: own.clone(), are_guessed: false }, watched, seen)
        };
        let checks = alarms(&names("web", 8), &none, &BTreeMap::new());
        assert!(checks[0].about.ends_with("web-4 and 3 more"), "{checks:?}");
        let checks = alarms(&names("web", 2), &names("watched", 1), &seen(names("web", 2)));
        assert_eq!(checks.len(), 1);
        assert!(checks[0].about.ends_with("refuse every start: watched-0"), "{checks:?}");
        assert_eq!(alarms(&names("web", 2), &none, &seen(names("web", 2)))[0].outcome, CheckOutcome::Passed);
    }

    #[test]
    fn an_alarm_that_the_deployed_version_did_not_have_is_not_gone() {
        let deployed = |version: Option<&str>| OwnAlarms::of("web", version, "0.1.0");
        let has = |version: Option<&str>| deployed(version).names.contains("web-dead-letters");
        assert!(has(Some("0.1.0")) && has(Some("0.2.0")) && has(None) && !has(Some("0.0.9")));
        let since = |version| ALARMS_OF_EVERY_STACK.iter().find(|alarm| alarm.since == version);
        let later = format!("web{}", since(None).expect("one that no version had yet").suffix);
        for version in [Some("0.0.9"), Some("0.1.0"), Some("0.2.0"), None] {
            assert!(!deployed(version).names.contains(&later), "{version:?}");
        }
        let outcome =
            |version: Option<&str>| alarms(&deployed(version), &BTreeSet::new(), &BTreeMap::new())[0].outcome;
        assert_eq!(outcome(Some("0.1.0")), CheckOutcome::Finding);
        assert_eq!(outcome(Some("0.0.9")), CheckOutcome::Passed, "it had none of them");
        assert_eq!((outcome(Some("0.2.0")), outcome(None)), (CheckOutcome::NotMade, CheckOutcome::NotMade));
    }
}
