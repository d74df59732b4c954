//! The stack's own key, where `stack.yaml` asks for one: what AWS's keys cannot do is to let CloudWatch tell the topic.

use serde::Serialize;

use super::policy::{Policy, Principal, Statement};
use super::value::{KEY, Reference, Value};
use crate::config::Config;
use crate::names;

/// A key of the account's own, rotated every year and kept when the stack goes: the table of locks outlives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EncryptionKey {
    /// What it is for, as KMS' console shows it.
    pub description: &'static str,
    /// Its alias, unique in the account and region.
    pub alias: Value,
    /// Its ARN, by which what it encrypts names it.
    pub arn: Value,
    /// Its own tag besides those of the stack, by which whoever deploys is limited to the keys of the stack.
    pub tag: (&'static str, Value),
    /// Days between its deletion being asked for and done, 7 to 30.
    pub deletion_days: u32,
    /// Who may use it.
    pub policy: Policy,
}

/// What whoever reads and writes something encrypted asks of its key.
const USE: &[&str] = &[
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey*",
    "kms:ReEncrypt*",
];

/// What a service that sends something asks of the receiver's key.
const SEND: &[&str] = &["kms:Decrypt", "kms:GenerateDataKey*"];

/// The services whose permissions decide who may read and write what the key encrypts, as with AWS's own keys.
const THROUGH: &[&str] = &["dynamodb", "lambda", "sns", "sqs"];

/// The tag that says of which stack a key is: a key has no name by which a policy could tell it.
pub const TAG: &str = "asg_recycle_stack";

/// The key's ARN, where there is one.
pub(super) fn arn(config: &Config) -> Option<Value> {
    config.encryption.customer_key.then(|| KEY.arn())
}

/// The key, with the names of the log groups that it encrypts.
pub(super) fn key(config: &Config, logs: impl Iterator<Item = Value>) -> Option<EncryptionKey> {
    let domain = names::domain(&config.region);
    let statements = [
        administer(),
        through_services(domain),
        alarms_to_topic(),
        rules_to_queues(),
        log_groups(logs, domain),
    ];
    config.encryption.customer_key.then(|| EncryptionKey {
        description: "Encrypts what asg-recycle keeps and sends",
        alias: Value::joined(["alias/".into(), Reference::Prefix.into()]),
        arn: KEY.arn(),
        tag: (TAG, Reference::Prefix.into()),
        deletion_days: 30,
        policy: Policy::new(statements),
    })
}

/// The account's own policies say who may administer it: a key without this could never be changed again.
fn administer() -> Statement {
    allow("AllowAccount")
        .principal(Principal::account())
        .actions(["kms:*"])
        .because("The account's own policies say who may administer the key: without this it could never be changed again.")
}

/// Whoever of the account may use the queue, the topic, the table or the function may use the key for that, another stack's roles that
/// share the table among them.
fn through_services(domain: &str) -> Statement {
    let services = THROUGH.iter().map(|service| {
        Value::joined([format!("{service}.").into(), Reference::Region.into(), format!(".{domain}").into()])
    });
    allow("AllowThroughServices")
        .principal(Principal::Anyone)
        .actions(USE.iter().copied())
        .condition("StringEquals", "kms:CallerAccount", Reference::Account.into())
        .condition("StringEquals", "kms:ViaService", Value::list(services))
        .because("Whoever of the account may use the queue, the topic, the table or the function may use the key for that.")
}

fn alarms_to_topic() -> Statement {
    from_alarms(allow("AllowAlarms").actions(SEND.iter().copied()))
        .because("The stack's alarms tell a topic that the key encrypts.")
}

/// Lets the stack's alarms do what a statement allows.
pub(super) fn from_alarms(statement: Statement) -> Statement {
    let alarms = Value::regional_arn("cloudwatch", ["alarm:".into(), Value::prefixed("-*")]);
    statement
        .principal(Principal::Service("cloudwatch.amazonaws.com"))
        .condition("StringEquals", "aws:SourceAccount", Reference::Account.into())
        .condition("ArnLike", "aws:SourceArn", alarms)
}

/// Any rule: the queues' policies say which may send. No condition on the source: the guide of SNS says that events to an
/// encrypted topic carry none, and what holds for queues is not said (docs/aws.md, fact I3).
fn rules_to_queues() -> Statement {
    allow("AllowRules")
        .principal(Principal::Service("events.amazonaws.com"))
        .actions(SEND.iter().copied())
        .because("Rules send to queues that the key encrypts; the queues' policies say which.")
}

fn log_groups(names: impl Iterator<Item = Value>, domain: &str) -> Statement {
    let arns = names.map(|name| Value::regional_arn("logs", ["log-group:".into(), name]));
    allow("AllowLogs")
        .principal(Principal::RegionalService { name: "logs", domain: domain.to_owned() })
        .actions(USE.iter().copied().filter(|action| *action != "kms:CreateGrant"))
        .condition("ArnEquals", "kms:EncryptionContext:aws:logs:arn", Value::list(arns))
        .because("CloudWatch Logs encrypts the stack's log groups, and no others.")
}

/// In a key's policy every resource is the key.
fn allow(sid: &str) -> Statement {
    Statement::allow(sid).resources(["*".into()])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::construct::AsgRecycle;
    use crate::render::FORMATS;
    use crate::stack::Place;

    /// Whoever deploys is limited to the keys that have the tag: one that is made without it cannot be made.
    #[test]
    fn each_format_gives_the_key_the_tag_that_whoever_deploys_is_limited_to() {
        let text = "name: demo\ntags: {team: web}\nencryption: {customer_key: true}\n";
        let recycle = AsgRecycle::from_config(crate::config::parse(text.as_bytes()).unwrap()).unwrap();
        let stack = recycle.stack();
        for format in FORMATS {
            let emitted = format.emitted(&format.render(stack));
            let key = emitted.iter().find(|one| matches!(one.kind.as_str(), "AWS::KMS::Key" | "aws_kms_key"));
            let text = &key.unwrap_or_else(|| panic!("{} has a key", format.description().name)).text;
            assert_eq!(text.matches(TAG).count(), 1, "{text}");
        }
        let key = stack.key.as_ref().expect("it is asked for");
        let place = Place { partition: "aws", region: "eu-west-2", account: "123456789012" };
        assert_eq!(stack.resolve(&key.tag.1, place), Some(json!("demo-production")));
    }

    /// Nobody of another account, and no service for other stacks than this one's, but for rules.
    #[test]
    fn each_statement_of_the_policy_but_that_for_rules_is_bounded() {
        let text = "name: demo\nencryption: {customer_key: true}\n";
        let recycle = AsgRecycle::from_config(crate::config::parse(text.as_bytes()).unwrap()).unwrap();
        let key = recycle.stack().key.as_ref().expect("it is asked for");
        let bounds = |sid: &str, condition: &str| {
            let statement = key.policy.statements.iter().find(|one| one.sid == sid).expect("it is there");
            format!("{statement:?}").contains(condition)
        };
        for (sid, condition) in [
            ("AllowThroughServices", "kms:CallerAccount"),
            ("AllowThroughServices", "kms:ViaService"),
            ("AllowAlarms", "aws:SourceAccount"),
            ("AllowAlarms", "aws:SourceArn"),
            ("AllowLogs", "kms:EncryptionContext:aws:logs:arn"),
        ] {
            assert!(bounds(sid, condition), "{sid}: {condition}");
        }
        assert!(!bounds("AllowRules", "aws:SourceArn"), "events to what is encrypted carry none");
    }
}
