//! What gets the events of the log groups besides CloudWatch, and what lets them be sent.

use serde::Serialize;

use super::iam::{self, Role};
use super::logs::LogGroup;
use super::parameter_key::ParameterKey;
use super::policy::{Principal, Statement};
use super::value::{LOG_SENDER_ROLE, Reference, Resource, Value};
use crate::config::{Config, LogService};
use crate::names;

/// The way of every log group's events to one destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogSubscriptions {
    /// ARN of the destination.
    pub destination_arn: Value,
    /// What CloudWatch Logs sends by, where it is streams that it sends to.
    pub sender: Option<Role>,
    /// The destination's name, where it is a function, which CloudWatch Logs has to be let invoke.
    pub function: Option<String>,
    /// One for each log group.
    pub filters: Vec<LogSubscription>,
}

/// The way of one log group's events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogSubscription {
    /// The log group.
    pub resource: Resource,
    /// Its name within the log group.
    pub name: &'static str,
    /// Name of the log group.
    pub log_group: Value,
    /// ARN of the log group's streams.
    pub log_group_arn: Value,
}

/// The subscriptions, where `stack.yaml` asks for them.
pub(super) fn subscriptions(config: &Config, groups: &[LogGroup]) -> Option<LogSubscriptions> {
    let arn = config.logs.destination_arn.as_ref()?;
    let filters = groups.iter().map(|group| LogSubscription {
        resource: group.resource.clone(),
        name: "everything",
        log_group: group.resource.name(),
        log_group_arn: group.resource.arn(),
    });
    let (actions, function): (&[&str], _) = match arn.service() {
        LogService::Kinesis => (&["kinesis:PutRecord"], None),
        LogService::Firehose => (&["firehose:PutRecord", "firehose:PutRecordBatch"], None),
        LogService::Lambda => (&[], arn.rsplit(':').next().map(str::to_owned)),
        LogService::Destination => (&[], None),
    };
    Some(LogSubscriptions {
        destination_arn: Value::parameter(ParameterKey::LogDestinationArn),
        sender: (!actions.is_empty()).then(|| {
            let encrypt = (arn.service() == LogService::Kinesis).then(|| encrypt(config));
            sender(actions, encrypt)
        }),
        function,
        filters: filters.collect(),
    })
}

/// Lets CloudWatch Logs put records, for log groups of this account and region only.
fn sender(actions: &[&str], encrypt: Option<Statement>) -> Role {
    let groups = Value::regional_arn("logs", ["*".into()]);
    let trust = Statement::allow("Assume")
        .principal(Principal::Service("logs.amazonaws.com"))
        .actions(["sts:AssumeRole"])
        .condition("ArnLike", "aws:SourceArn", groups)
        .because("CloudWatch Logs acts as the role, for log groups of this account and region only.");
    let put = Statement::allow("Send")
        .actions(actions.iter().copied())
        .resources([Value::parameter(ParameterKey::LogDestinationArn)])
        .because("Puts the events of the log groups into the stream that `logs.destination_arn` names.");
    let description = "Sends the logs of asg-recycle where they are wanted besides";
    iam::role(
        LOG_SENDER_ROLE,
        &names::LOG_SENDER_ROLE,
        description,
        [trust],
        [put].into_iter().chain(encrypt),
    )
}

/// Who puts into a stream that is encrypted with a customer's key encrypts with it; which key that is, only the stream knows.
fn encrypt(config: &Config) -> Statement {
    let domain = format!(".{}", names::domain(&config.region));
    let service = Value::joined(["kinesis.".into(), Reference::Region.into(), domain.into()]);
    Statement::allow("Encrypt")
        .actions(["kms:GenerateDataKey"])
        .resources(["*".into()])
        .condition("StringEquals", "kms:ViaService", service)
        .condition(
            "StringEquals",
            "kms:EncryptionContext:aws:kinesis:arn",
            Value::parameter(ParameterKey::LogDestinationArn),
        )
        .because("Encrypts for that stream, and for no other, where it has a customer's key.")
}

#[cfg(test)]
mod tests {
    use super::super::logs;
    use super::*;

    fn to(arn: &str) -> LogSubscriptions {
        let mut config = Config::with_defaults("demo".parse().unwrap());
        assert_eq!(subscriptions(&config, &logs::groups(&config)), None);
        config.logs.destination_arn = Some(arn.parse().unwrap());
        subscriptions(&config, &logs::groups(&config)).expect("it is asked for")
    }

    #[test]
    fn each_destination_has_the_permission_that_it_takes() {
        let stream = to("arn:aws:kinesis:eu-west-2:123456789012:stream/logs");
        let role = stream.sender.as_ref().expect("it takes a role");
        let [put, encrypt] = &role.policy.document.statements[..] else { panic!("{role:?}") };
        assert_eq!(
            (&put.actions[0][..], &encrypt.actions[0][..]),
            ("kinesis:PutRecord", "kms:GenerateDataKey")
        );
        let [(_, by, service), (_, of, arn)] = &encrypt.conditions[..] else { panic!("{encrypt:?}") };
        assert_eq!((&by[..], &of[..]), ("kms:ViaService", "kms:EncryptionContext:aws:kinesis:arn"));
        let domain = ["kinesis.".into(), Reference::Region.into(), ".amazonaws.com".into()];
        assert_eq!((service, arn), (&Value::joined(domain), &put.resources[0]));
        let firehose = to("arn:aws:firehose:eu-west-2:123456789012:deliverystream/logs");
        let statements = firehose.sender.expect("it takes a role").policy.document.statements;
        assert_eq!(statements.len(), 1, "Firehose encrypts by itself");
        assert!(stream.function.is_none() && stream.filters.len() == 2);
        let function = to("arn:aws:lambda:eu-west-2:123456789012:function:logs");
        assert_eq!((function.sender, function.function), (None, Some("logs".to_owned())));
        let other = to("arn:aws:logs:eu-west-2:210987654321:destination:central");
        assert!(LogService::Kinesis.takes_role() && LogService::Firehose.takes_role());
        assert!(!LogService::Lambda.takes_role() && !LogService::Destination.takes_role());
        assert_eq!((other.sender, other.function), (None, None), "the destination's own policy lets them");
    }
}
