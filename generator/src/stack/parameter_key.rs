//! The names of the stack's parameters, by which values refer to them, and how they stand together.

use serde::Serialize;

/// A parameter's identity: values refer to it, and formats name it after this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it; the descriptions are below")]
pub enum ParameterKey {
    Environment,
    Region,
    SlackChannel,
    NotifierFunctionArn,
    PagerDutyEndpoint,
    AlarmActionArns,
    RunbookUrl,
    PermissionsBoundaryArn,
    RolePath,
    HandlerRoleArn,
    MachineRoleArn,
    SubnetIds,
    SecurityGroupIds,
    LogLevel,
    LogRetentionDays,
    CreateLockTable,
    DeletionProtection,
    HandlerS3Bucket,
    HandlerS3Key,
    HandlerZipPath,
    HandlerSourceCodeHash,
    HandlerImageUri,
    CodeSigningConfigArn,
    LogDestinationArn,
    Tags,
}

impl ParameterKey {
    /// Every key, in the order of the documentation.
    pub const ALL: &[Self] = &[
        Self::Environment,
        Self::Region,
        Self::SlackChannel,
        Self::NotifierFunctionArn,
        Self::PagerDutyEndpoint,
        Self::AlarmActionArns,
        Self::RunbookUrl,
        Self::PermissionsBoundaryArn,
        Self::RolePath,
        Self::HandlerRoleArn,
        Self::MachineRoleArn,
        Self::SubnetIds,
        Self::SecurityGroupIds,
        Self::LogLevel,
        Self::LogRetentionDays,
        Self::CreateLockTable,
        Self::DeletionProtection,
        Self::HandlerS3Bucket,
        Self::HandlerS3Key,
        Self::HandlerZipPath,
        Self::HandlerSourceCodeHash,
        Self::HandlerImageUri,
        Self::CodeSigningConfigArn,
        Self::LogDestinationArn,
        Self::Tags,
    ];

    /// Whether it is a list, of which "nothing" is the empty one.
    pub fn is_list(self) -> bool {
        matches!(self, Self::AlarmActionArns | Self::SubnetIds | Self::SecurityGroupIds)
    }

    /// Whether its values name things of one region: a deployment to another region takes others.
    pub fn is_regional(self) -> bool {
        matches!(
            self,
            Self::NotifierFunctionArn
                | Self::AlarmActionArns
                | Self::SubnetIds
                | Self::SecurityGroupIds
                | Self::HandlerS3Bucket
                | Self::HandlerImageUri
                | Self::CodeSigningConfigArn
                | Self::LogDestinationArn
        )
    }

    /// The key of `stack.yaml` that its default comes from, where one does.
    pub fn setting(self) -> Option<&'static str> {
        match self {
            Self::Environment => Some("environment"),
            Self::SlackChannel => Some("notifications.slack_channel"),
            Self::NotifierFunctionArn => Some("notifications.notifier_function_arn"),
            Self::AlarmActionArns => Some("alarms.action_arns"),
            Self::RunbookUrl => Some("alarms.runbook_url"),
            Self::PermissionsBoundaryArn => Some("permissions.boundary_arn"),
            Self::RolePath => Some("permissions.role_path"),
            Self::HandlerRoleArn => Some("permissions.handler_role_arn"),
            Self::MachineRoleArn => Some("permissions.machine_role_arn"),
            Self::SubnetIds => Some("network.subnet_ids"),
            Self::SecurityGroupIds => Some("network.security_group_ids"),
            Self::LogLevel => Some("handler.log_level"),
            Self::LogRetentionDays => Some("logs.retention_days"),
            Self::CreateLockTable => Some("locks.create_table"),
            Self::CodeSigningConfigArn => Some("handler.code_signing_config_arn"),
            Self::LogDestinationArn => Some("logs.destination_arn"),
            Self::Tags => Some("tags"),
            Self::Region
            | Self::PagerDutyEndpoint
            | Self::DeletionProtection
            | Self::HandlerS3Bucket
            | Self::HandlerS3Key
            | Self::HandlerZipPath
            | Self::HandlerSourceCodeHash
            | Self::HandlerImageUri => None,
        }
    }

    /// Its name in snake case; each format has its own case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Region => "region",
            Self::SlackChannel => "slack_channel",
            Self::NotifierFunctionArn => "notifier_function_arn",
            Self::PagerDutyEndpoint => "pager_duty_endpoint",
            Self::AlarmActionArns => "alarm_action_arns",
            Self::RunbookUrl => "runbook_url",
            Self::PermissionsBoundaryArn => "permissions_boundary_arn",
            Self::RolePath => "role_path",
            Self::HandlerRoleArn => "handler_role_arn",
            Self::MachineRoleArn => "machine_role_arn",
            Self::SubnetIds => "subnet_ids",
            Self::SecurityGroupIds => "security_group_ids",
            Self::LogLevel => "log_level",
            Self::LogRetentionDays => "log_retention_days",
            Self::CreateLockTable => "create_lock_table",
            Self::DeletionProtection => "deletion_protection",
            Self::HandlerS3Bucket => "handler_s3_bucket",
            Self::HandlerS3Key => "handler_s3_key",
            Self::HandlerZipPath => "handler_zip_path",
            Self::HandlerSourceCodeHash => "handler_source_code_hash",
            Self::HandlerImageUri => "handler_image_uri",
            Self::CodeSigningConfigArn => "code_signing_config_arn",
            Self::LogDestinationArn => "log_destination_arn",
            Self::Tags => "tags",
        }
    }
}

/// Parameters that stand together in forms and tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// What tells one deployment from another.
    Environment,
    /// Who is told what.
    Notifications,
    /// What bounds the two roles.
    Permissions,
    /// Logs, retention and protection.
    Operation,
    /// Where the handler's zip or image is.
    Package,
    /// The VPC that the handler is in.
    Network,
}

impl Group {
    /// Every group, in the order shown.
    pub const ALL: &[Self] = &[
        Self::Environment,
        Self::Package,
        Self::Notifications,
        Self::Permissions,
        Self::Network,
        Self::Operation,
    ];

    /// Its heading in a form.
    pub fn title(self) -> &'static str {
        match self {
            Self::Environment => "Environment",
            Self::Notifications => "Notifications and alarms",
            Self::Permissions => "Permissions",
            Self::Operation => "Operation",
            Self::Package => "Handler package",
            Self::Network => "Network",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ParameterKey;
    use crate::config::{KeyKind, keys};

    #[test]
    fn what_stack_yaml_has_of_one_region_is_known_to_be_of_one() {
        for key in ParameterKey::ALL {
            let Some(setting) = key.setting() else { continue };
            let known = keys().find(|known| known.path == setting).expect("it is a key");
            let (KeyKind::Text(format) | KeyKind::List { of: format, .. }) = &known.kind else { continue };
            let example = format().example;
            let is_of_region = example.split(':').nth(3).is_some_and(|region| !region.is_empty())
                || ["subnet-", "sg-"].iter().any(|id| example.starts_with(id));
            assert_eq!(key.is_regional(), is_of_region, "{setting}: {example}");
        }
    }

    #[test]
    fn keys_are_written_as_they_are_named() {
        for key in ParameterKey::ALL {
            assert_eq!(serde_json::to_value(key).unwrap(), key.as_str());
        }
    }
}
