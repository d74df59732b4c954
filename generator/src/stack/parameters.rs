//! The stack's parameters, with `stack.yaml`'s values as defaults.

use super::package_digest::PackageDigest;
use super::parameter::{Check, Group, Parameter, ParameterKey, ParameterKind, text};
use super::value::Value;
use crate::config::{
    AlarmActionArn, AlarmActionArns, CodeSigningConfigArn, Config, EndpointUrl, Environment, FunctionArn,
    LogDestinationArn, LogLevel, PackageKind, PolicyArn, RetentionDays, RoleArn, RolePath, RunbookUrl,
    SecurityGroupId, SecurityGroupIds, SlackChannel, SubnetId, SubnetIds,
};
use crate::names;

/// Longest key of a zip of which a version is published, in characters: what a version's description, 256 of them, leaves
/// beside the longest channel, the longest level and the fingerprint.
const VERSIONED_KEY_LENGTH_MAX: usize = 152;

/// Every parameter of the stack, in the order of [`ParameterKey::ALL`].
pub(super) fn parameters(config: &Config, package: Option<&PackageDigest>) -> Vec<Parameter> {
    let kind = config.package.kind;
    let deployed = |key: &&ParameterKey| match **key {
        // A version is published where its description changes, which has no room for lists.
        ParameterKey::SubnetIds | ParameterKey::SecurityGroupIds => {
            config.network.is_given() && config.handler.alias.is_none()
        }
        // Both are in the function's environment, and so in what a version is published of.
        ParameterKey::HandlerRoleArn => {
            config.permissions.handler_role_arn.is_some() && config.handler.alias.is_none()
        }
        ParameterKey::MachineRoleArn => {
            config.permissions.machine_role_arn.is_some() && config.handler.alias.is_none()
        }
        ParameterKey::PermissionsBoundaryArn | ParameterKey::RolePath => config.makes_roles(),
        ParameterKey::CodeSigningConfigArn => config.handler.code_signing_config_arn.is_some(),
        ParameterKey::LogDestinationArn => config.logs.destination_arn.is_some(),
        key => package_kind(key).is_none_or(|needed| needed == kind),
    };
    let partition = names::partition(&config.region);
    let of_arn = |parameter: &Parameter| matches!(&parameter.check, Check::Pattern { pattern, .. } if pattern.contains("arn:aws"));
    let parameter = |key: &ParameterKey| {
        let parameter = parameter(*key, config, package);
        if of_arn(&parameter) { parameter.in_partition(partition) } else { parameter }
    };
    ParameterKey::ALL.iter().filter(deployed).map(parameter).collect()
}

/// The form of the handler that a parameter is about; nothing where it is about something else.
fn package_kind(key: ParameterKey) -> Option<PackageKind> {
    match key {
        ParameterKey::HandlerS3Bucket
        | ParameterKey::HandlerS3Key
        | ParameterKey::HandlerZipPath
        | ParameterKey::HandlerSourceCodeHash => Some(PackageKind::Zip),
        ParameterKey::HandlerImageUri => Some(PackageKind::Image),
        _ => None,
    }
}

fn parameter(key: ParameterKey, config: &Config, package: Option<&PackageDigest>) -> Parameter {
    match key {
        ParameterKey::Environment => text(key, Group::Environment)
            .says("Name of the environment: the second part of every resource name.")
            .defaults_to(Some(&config.environment))
            .fits(Environment::format())
            .at_most(environment_length_max(&config.name)),
        ParameterKey::Region => text(key, Group::Environment)
            .says("Region of every resource that has one, where it is not the provider's.")
            .may_be_nothing(None)
            .of_regions(config),
        ParameterKey::SlackChannel | ParameterKey::NotifierFunctionArn | ParameterKey::PagerDutyEndpoint => {
            notification(key, config)
        }
        ParameterKey::AlarmActionArns | ParameterKey::RunbookUrl => alarm(key, config),
        ParameterKey::PermissionsBoundaryArn
        | ParameterKey::RolePath
        | ParameterKey::HandlerRoleArn
        | ParameterKey::MachineRoleArn => permission(key, config),
        ParameterKey::SubnetIds | ParameterKey::SecurityGroupIds => network(key, config),
        ParameterKey::LogLevel
        | ParameterKey::LogRetentionDays
        | ParameterKey::LogDestinationArn
        | ParameterKey::CreateLockTable
        | ParameterKey::DeletionProtection
        | ParameterKey::Tags => operation(key, config),
        ParameterKey::HandlerS3Bucket
        | ParameterKey::HandlerS3Key
        | ParameterKey::HandlerZipPath
        | ParameterKey::HandlerSourceCodeHash
        | ParameterKey::CodeSigningConfigArn
        | ParameterKey::HandlerImageUri => handler_package(key, config, package),
    }
}

fn notification(key: ParameterKey, config: &Config) -> Parameter {
    let parameter = text(key, Group::Notifications);
    let told = &config.notifications;
    match key {
        ParameterKey::SlackChannel => parameter
            .says("Slack channel that successful recycles are announced in.")
            .may_be_nothing(told.slack_channel.as_deref())
            .fits(SlackChannel::format()),
        ParameterKey::NotifierFunctionArn => parameter
            .says("ARN of a Lambda function that gets the Slack-style message of every recycle.")
            .may_be_nothing(told.notifier_function_arn.as_deref())
            .fits(FunctionArn::format()),
        _ => {
            let parameter = parameter
                .says("HTTPS endpoint that gets the failed recycles of groups that ask to page. It holds a key, so no file has it.")
                .fits(EndpointUrl::format())
                .kept_secret();
            if told.pager_duty { parameter } else { parameter.may_be_nothing(None) }
        }
    }
}

fn alarm(key: ParameterKey, config: &Config) -> Parameter {
    let parameter = text(key, Group::Notifications);
    match key {
        ParameterKey::AlarmActionArns => Parameter {
            kind: ParameterKind::TextList,
            optional: true,
            default: Some(Value::list(config.alarms.action_arns.iter().map(|arn| &**arn))),
            ..parameter
        }
        .says("ARNs told when an alarm fires and when it clears, such as SNS topics.")
        .fits(AlarmActionArn::format())
        .at_most(AlarmActionArns::LENGTH_MAX),
        _ => parameter
            .says("URL of the runbook that every alarm's description points to.")
            .may_be_nothing(config.alarms.runbook_url.as_deref())
            .fits(RunbookUrl::format()),
    }
}

fn permission(key: ParameterKey, config: &Config) -> Parameter {
    let parameter = text(key, Group::Permissions);
    match key {
        ParameterKey::PermissionsBoundaryArn => parameter
            .says("ARN of the policy that bounds both roles.")
            .may_be_nothing(config.permissions.boundary_arn.as_deref())
            .fits(PolicyArn::format()),
        ParameterKey::HandlerRoleArn => parameter
            .says("ARN of the role of the Lambda function, which somebody else keeps.")
            .defaults_to(config.permissions.handler_role_arn.as_deref())
            .fits(RoleArn::format()),
        ParameterKey::MachineRoleArn => parameter
            .says("ARN of the role of the state machine, which somebody else keeps.")
            .defaults_to(config.permissions.machine_role_arn.as_deref())
            .fits(RoleArn::format()),
        _ => parameter
            .says("Path of both roles.")
            .defaults_to(Some(&config.permissions.role_path))
            .fits(RolePath::format()),
    }
}

fn network(key: ParameterKey, config: &Config) -> Parameter {
    let parameter = Parameter { kind: ParameterKind::TextList, ..text(key, Group::Network) };
    let given = &config.network;
    if key == ParameterKey::SubnetIds {
        let ids = Value::list(given.subnet_ids.iter().map(|id| &**id));
        return Parameter { default: Some(ids), ..parameter }
            .says("Subnets that the handler's network interfaces are in. Only `stack.yaml` takes it out of its VPC.")
            .fits(SubnetId::format())
            .at_most(SubnetIds::LENGTH_MAX);
    }
    let ids = Value::list(given.security_group_ids.iter().map(|id| &**id));
    Parameter { default: Some(ids), ..parameter }
        .says("Security groups of the handler's network interfaces.")
        .fits(SecurityGroupId::format())
        .at_most(SecurityGroupIds::LENGTH_MAX)
}

fn operation(key: ParameterKey, config: &Config) -> Parameter {
    let parameter = text(key, Group::Operation);
    match key {
        ParameterKey::LogLevel => Parameter {
            check: Check::OneOf(LogLevel::ALL.iter().map(|level| upper(*level)).collect()),
            default: Some(upper(config.handler.log_level)),
            ..parameter
        }
        .says("Least level that the handler logs."),
        ParameterKey::LogRetentionDays => Parameter {
            kind: ParameterKind::Number,
            check: Check::OneOf(RetentionDays::ALLOWED.iter().map(|days| (*days).into()).collect()),
            default: Some(config.logs.retention_days.get().into()),
            ..parameter
        }
        .says("Days that logs are kept."),
        ParameterKey::LogDestinationArn => {
            let arn = config.logs.destination_arn.as_ref();
            let parameter = parameter
                .says("ARN of what gets every event of both log groups besides: another one of the same service.")
                .defaults_to(arn.map(|arn| &**arn));
            match arn.map(|arn| arn.service().form()) {
                Some((pattern, meaning)) => {
                    parameter.matches(pattern, meaning).at_most(LogDestinationArn::format().length_max)
                }
                None => parameter,
            }
        }
        ParameterKey::CreateLockTable => {
            let create = config.locks.create_table;
            Parameter { kind: ParameterKind::Bool, default: Some(create.into()), ..parameter }.says(
                "Whether this stack creates the table of locks and journals, which all stacks of an account and region share: one of them does.",
            )
        }
        ParameterKey::DeletionProtection => {
            Parameter { kind: ParameterKind::Bool, default: Some(true.into()), ..parameter }
                .says("Whether the table of locks and journals refuses to be deleted.")
        }
        _ => Parameter {
            kind: ParameterKind::TextMap,
            check: Check::TagKeys,
            default: Some(Value::map(config.tags.iter().map(|(key, value)| (&**key, &**value)))),
            ..parameter
        }
        .says("Tags on every resource that takes tags."),
    }
}

fn handler_package(key: ParameterKey, config: &Config, package: Option<&PackageDigest>) -> Parameter {
    let parameter = text(key, Group::Package);
    match key {
        ParameterKey::HandlerS3Bucket => {
            parameter.says("S3 bucket that holds the handler's zip, in the region deployed to.").matches(
                names::BUCKET_NAME_PATTERN,
                "the name of an S3 bucket",
            )
        }
        ParameterKey::HandlerS3Key => {
            let parameter = parameter
                .says("Key of the handler's zip in the bucket. It names the zip's content, so new code is a new key.")
                .defaults_to(package.map(|digest| s3_key(&config.name, digest)).as_deref());
            match config.handler.alias {
                // It stands in the description of the version that is published of it.
                Some(_) => parameter.matches("[!-~]+", "the key of an object in S3").at_most(VERSIONED_KEY_LENGTH_MAX),
                None => parameter,
            }
        }
        ParameterKey::CodeSigningConfigArn => parameter
            .says("ARN of the code signing configuration that says who may sign the handler's zip.")
            .defaults_to(config.handler.code_signing_config_arn.as_deref())
            .fits(CodeSigningConfigArn::format()),
        ParameterKey::HandlerImageUri => parameter
            .says("The handler's image in ECR by its digest, in the region deployed to: a tag could come to mean another.")
            .matches(
                r"[0-9]{12}\.dkr\.ecr(-fips)?\.[a-z0-9-]+\.[a-z0-9.-]+/[a-z0-9][a-z0-9._/-]*@sha256:[0-9a-f]{64}",
                "an image in ECR by its digest, as in 123456789012.dkr.ecr.eu-west-2.amazonaws.com/demo-handler@sha256:...",
            ),
        ParameterKey::HandlerZipPath => parameter
            .says("Path of the handler's zip, where it is not the one beside this module.")
            .may_be_nothing(None),
        _ => parameter
            .says("SHA-256 of the handler's zip in base64, where the zip is in S3 and not the one that came with this module.")
            .may_be_nothing(None)
            .matches("[A-Za-z0-9+/]{43}=", "a SHA-256 in base64"),
    }
}

/// The key under which the documentation stores the zip: named by its content.
pub(super) fn s3_key(name: &str, digest: &PackageDigest) -> String {
    format!("{name}/{}.zip", digest.hex())
}

/// Longest environment that still makes legal names, in characters.
fn environment_length_max(name: &str) -> usize {
    let fixed = names::prefix(name, "").len();
    names::tightest().prefix_length_max().saturating_sub(fixed)
}

fn upper(level: LogLevel) -> Value {
    level.as_str().to_uppercase().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_environment_makes_the_longest_legal_prefix() {
        let longest = "e".repeat(environment_length_max("asg-recycle"));
        let tightest = names::tightest();
        assert_eq!(names::prefix("asg-recycle", &longest).len(), tightest.prefix_length_max());
    }

    #[test]
    fn the_package_names_the_key_that_it_is_stored_under() {
        let config = Config::with_defaults("demo".parse().unwrap());
        let digest = PackageDigest::from_hex(&"ab".repeat(32)).unwrap();
        let default = |key, package| parameter(key, &config, package).default;
        assert_eq!(default(ParameterKey::HandlerS3Key, None), None);
        let key = format!("demo/{}.zip", "ab".repeat(32));
        assert_eq!(default(ParameterKey::HandlerS3Key, Some(&digest)), Some(key.into()));
    }

    #[test]
    fn what_describes_a_version_is_no_longer_than_lambda_takes() {
        let level = LogLevel::ALL.iter().map(|level| level.as_str().len()).max().unwrap_or_default();
        let fingerprint = 16;
        let longest = [fingerprint, level, SlackChannel::format().length_max, VERSIONED_KEY_LENGTH_MAX];
        assert!(longest.iter().sum::<usize>() + longest.len() - 1 <= 256, "{longest:?}");
    }

    #[test]
    fn every_parameter_is_described_by_a_sentence() {
        for parameter in parameters(&Config::with_defaults("demo".parse().unwrap()), None) {
            assert!(parameter.description.ends_with('.'), "{:?}", parameter.key);
        }
    }
}
