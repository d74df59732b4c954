//! The topic that recycles are announced on.

use serde::Serialize;

use super::key;
use super::parameter::ParameterKey;
use super::policy::{Policy, Principal, Statement};
use super::value::{TOPIC, Value};
use crate::config::{Config, HttpsForm};
use crate::names;

/// The topic, encrypted, with its one subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Topic {
    /// Its name, unique in the account and region.
    pub name: Value,
    /// From whom its subscribers hear, as mails and text messages show it (fact N5).
    pub display_name: Value,
    /// The key it is encrypted with: the stack's own, or AWS's, which whoever in the account may publish may use, and no
    /// service.
    pub key: Value,
    /// Its ARN, by which policies and publishers name it.
    pub arn: Value,
    /// Who may use it.
    pub policy: Policy,
    /// What pages for every end that is no success, of groups that ask for it.
    pub pager: Subscription,
}

/// A subscription of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subscription {
    /// The HTTPS endpoint that notifications go to.
    pub endpoint: Value,
    /// Whether it may be none, and then there is no subscription.
    pub optional: bool,
    /// The message attributes of the notifications it gets.
    pub filter: Value,
}

/// What the account itself may do; a topic's policy takes no wildcards over these.
const OWNER_ACTIONS: &[&str] = &[
    "sns:AddPermission",
    "sns:DeleteTopic",
    "sns:GetTopicAttributes",
    "sns:ListSubscriptionsByTopic",
    "sns:Publish",
    "sns:RemovePermission",
    "sns:SetTopicAttributes",
    "sns:Subscribe",
];

/// The outcomes that are no success: of a start that was announced, the group is not what was asked for.
const NO_SUCCESS: &[&str] = &["failed", "rolled_back", "restored", "skipped"];

/// What is told of a recycle that takes too long, by the watch over locks.
const SLOW: &[&str] = &["slow"];

/// The outcomes after which a group is as it was asked for: where the messages are PagerDuty's own, they end the incident of the failure
/// before, which later failures would join unseen.
const RESOLVED: &[&str] = &["recycled", "up_to_date"];

pub(super) fn topic(config: &Config) -> Topic {
    let resolved = match config.notifications.https_form {
        HttpsForm::PagerDuty => RESOLVED,
        HttpsForm::Json | HttpsForm::Chat => &[],
    };
    let slow: &[&str] = if config.alarms.lock_held_hours.is_some() { SLOW } else { &[] };
    let statements = [
        Statement::deny_insecure_transport("sns:Publish", TOPIC.arn()),
        Statement::allow("AllowOwner")
            .principal(Principal::account())
            .actions(OWNER_ACTIONS.iter().copied())
            .resources([TOPIC.arn()])
            .because("The account's own policies say who may subscribe and publish."),
    ];
    let own_key = key::arn(config);
    let tells = own_key.is_some().then(|| {
        key::from_alarms(Statement::allow("AllowAlarms").actions(["sns:Publish"]).resources([TOPIC.arn()]))
            .because("The stack's alarms tell the topic.")
    });
    Topic {
        name: Value::prefixed(names::TOPIC.suffix),
        display_name: Value::prefixed(" recycles"),
        key: own_key.unwrap_or_else(|| "alias/aws/sns".into()),
        arn: TOPIC.arn(),
        policy: Policy::new(statements.into_iter().chain(tells)),
        pager: Subscription {
            endpoint: Value::parameter(ParameterKey::PagerDutyEndpoint),
            optional: !config.notifications.pager_duty,
            filter: Value::map([
                ("status", Value::list(NO_SUCCESS.iter().chain(slow).chain(resolved).copied())),
                ("notify_pager_duty", Value::list(["true"])),
            ]),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a display name SNS takes a hundred characters, and the longest name that a stack can have leaves room for the rest.
    #[test]
    fn who_gets_mail_of_two_stacks_can_tell_them_apart() {
        let config = Config::with_defaults("demo".parse().expect("a name"));
        assert_eq!(topic(&config).display_name, Value::prefixed(" recycles"));
        assert!(names::tightest().prefix_length_max() + " recycles".len() <= 100);
    }

    #[test]
    fn whoever_asked_is_paged_for_every_end_that_is_no_success() {
        let text = include_str!("../../../docs/execution-output.schema.json");
        let schema: serde_json::Value = serde_json::from_str(text).expect("JSON");
        let statuses = schema.pointer("/$defs/notification/properties/status/enum").expect("the statuses");
        let statuses = statuses.as_array().expect("a list").iter().filter_map(serde_json::Value::as_str);
        let fine = ["started", "recycled", "up_to_date", "empty", "dry_run"];
        let mut no_success: Vec<_> = statuses.filter(|status| !fine.contains(status)).collect();
        no_success.sort_unstable();
        let mut paged = NO_SUCCESS.to_vec();
        paged.sort_unstable();
        assert_eq!(paged, no_success);
    }

    /// A failure, and the success after it: only a receiver of incidents is told of both.
    #[test]
    fn what_makes_an_incident_is_told_when_it_is_over_and_nobody_else_is() {
        for (form, expected) in
            [(HttpsForm::PagerDuty, true), (HttpsForm::Json, false), (HttpsForm::Chat, false)]
        {
            let mut config = Config::with_defaults("demo".parse().expect("a name"));
            config.notifications.https_form = form;
            let filter = serde_json::to_string(&topic(&config).pager.filter).expect("JSON");
            assert!(filter.contains("failed"), "{filter}");
            assert_eq!(filter.contains("recycled"), expected, "{form:?}: {filter}");
            assert!(!filter.contains("started"), "{filter}");
        }
    }
}
