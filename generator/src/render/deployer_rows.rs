//! What each type of resource asks of whoever deploys it: the calls of Terraform's provider and of `CloudFormation`'s handlers
//! that create, read, change and remove it.

use super::deployer_keys;
use super::deployer_row::{Row, TouchedArns, row};

/// Stand among the types for what a format asks for whatever it deploys.
pub(super) const TERRAFORM: &str = "terraform";
pub(super) const CLOUDFORMATION: &str = "cloudformation";
/// Stands for a function that is in a VPC.
pub(super) const NETWORK: &str = "network";
/// Stands for a function whose code has to be signed.
pub(super) const SIGNED: &str = "signed";

const FUNCTION: &[&str] = &["aws_lambda_function", "AWS::Lambda::Function"];
const MACHINE: &[&str] = &["aws_sfn_state_machine", "AWS::StepFunctions::StateMachine"];
const ROLE: &[&str] = &["aws_iam_role", "aws_iam_role_policy", "AWS::IAM::Role", "AWS::IAM::Policy"];
const TOPIC: &[&str] = &["aws_sns_topic", "aws_sns_topic_policy", "AWS::SNS::Topic", "AWS::SNS::TopicPolicy"];
const REPOSITORY: &[&str] =
    &["aws_ecr_repository", "aws_ecr_lifecycle_policy", "aws_ecr_repository_policy", "AWS::ECR::Repository"];
const LOGS: &[&str] = &[
    "aws_cloudwatch_log_group",
    "aws_cloudwatch_log_metric_filter",
    "AWS::Logs::LogGroup",
    "AWS::Logs::MetricFilter",
];

/// Every type of resource that a stack may have.
pub(super) const ROWS: &[Row] = &[
    row(
        &["aws_cloudwatch_event_rule", "aws_cloudwatch_event_target", "AWS::Events::Rule"],
        TouchedArns::Rules,
        &["events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule"],
        &[
            "events:DeleteRule",
            "events:PutRule",
            "events:PutTargets",
            "events:RemoveTargets",
            "events:TagResource",
            "events:UntagResource",
        ],
    ),
    row(
        &["aws_sqs_queue", "aws_sqs_queue_policy", "AWS::SQS::Queue", "AWS::SQS::QueuePolicy"],
        TouchedArns::Queues,
        &["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags"],
        &["sqs:CreateQueue", "sqs:DeleteQueue", "sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue"],
    ),
    row(
        FUNCTION,
        TouchedArns::Functions,
        &["lambda:GetFunction", "lambda:GetFunctionCodeSigningConfig"],
        &[
            "lambda:CreateFunction",
            "lambda:DeleteFunction",
            "lambda:DeleteFunctionConcurrency",
            "lambda:PutFunctionConcurrency",
            "lambda:TagResource",
            "lambda:UntagResource",
            "lambda:UpdateFunctionCode",
            "lambda:UpdateFunctionConfiguration",
        ],
    ),
    row(
        &["aws_lambda_function"],
        TouchedArns::Functions,
        &["lambda:GetFunctionConfiguration", "lambda:ListTags", "lambda:ListVersionsByFunction"],
        &[],
    ),
    row(
        &["AWS::Lambda::Function"],
        TouchedArns::Functions,
        &[
            "lambda:GetFunctionRecursionConfig",
            "lambda:GetFunctionScalingConfig",
            "lambda:GetRuntimeManagementConfig",
        ],
        &[],
    ),
    row(
        &["aws_lambda_alias", "AWS::Lambda::Alias", "AWS::Lambda::Version"],
        TouchedArns::Functions,
        &["lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig"],
        &["lambda:CreateAlias", "lambda:DeleteAlias", "lambda:PublishVersion", "lambda:UpdateAlias"],
    ),
    row(
        &["AWS::Lambda::Version"],
        TouchedArns::Functions,
        &["lambda:GetFunctionConfiguration", "lambda:ListVersionsByFunction"],
        &[],
    ),
    row(
        &["aws_cloudwatch_dashboard", "AWS::CloudWatch::Dashboard"],
        TouchedArns::Dashboards,
        &["cloudwatch:GetDashboard"],
        &["cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard"],
    ),
    row(&[SIGNED], TouchedArns::SigningConfigs, &["lambda:GetCodeSigningConfig"], &[]),
    row(
        &[SIGNED],
        TouchedArns::Functions,
        &[],
        &["lambda:DeleteFunctionCodeSigningConfig", "lambda:PutFunctionCodeSigningConfig"],
    ),
    row(&[SIGNED], TouchedArns::SigningConfigs, &[], &["lambda:PutFunctionCodeSigningConfig"]),
    row(
        &["aws_lambda_permission", "AWS::Lambda::Permission"],
        TouchedArns::LogReceiver,
        &["lambda:GetPolicy"],
        &["lambda:AddPermission", "lambda:RemovePermission"],
    ),
    row(
        &["aws_cloudwatch_log_subscription_filter", "AWS::Logs::SubscriptionFilter"],
        TouchedArns::LogSubscriptions,
        &["logs:DescribeSubscriptionFilters"],
        &["logs:DeleteSubscriptionFilter", "logs:PutSubscriptionFilter"],
    ),
    row(
        &[NETWORK],
        TouchedArns::Everything,
        &[
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
        ],
        &[],
    ),
    row(
        &["aws_lambda_event_source_mapping", "AWS::Lambda::EventSourceMapping"],
        TouchedArns::EventSources,
        &["lambda:GetEventSourceMapping", "lambda:ListTags"],
        &["lambda:TagResource", "lambda:UntagResource"],
    ),
    row(
        &["aws_lambda_event_source_mapping", "AWS::Lambda::EventSourceMapping"],
        TouchedArns::FunctionsSources,
        &[],
        &[
            "lambda:CreateEventSourceMapping",
            "lambda:DeleteEventSourceMapping",
            "lambda:UpdateEventSourceMapping",
        ],
    ),
    row(
        MACHINE,
        TouchedArns::Machines,
        &["states:DescribeStateMachine", "states:ListTagsForResource"],
        &[
            "states:CreateStateMachine",
            "states:DeleteStateMachine",
            "states:TagResource",
            "states:UntagResource",
            "states:UpdateStateMachine",
        ],
    ),
    row(&["aws_sfn_state_machine"], TouchedArns::Machines, &["states:ListStateMachineVersions"], &[]),
    // The provider has the definition checked in every plan.
    row(&["aws_sfn_state_machine"], TouchedArns::Everything, &["states:ValidateStateMachineDefinition"], &[]),
    row(
        &[
            "aws_lambda_function",
            "AWS::Lambda::Function",
            "aws_sfn_state_machine",
            "AWS::StepFunctions::StateMachine",
        ],
        TouchedArns::RolesOfServices,
        &[],
        &["iam:PassRole"],
    ),
    row(
        &["aws_dynamodb_table", "AWS::DynamoDB::Table"],
        TouchedArns::LockTable,
        &[
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:DescribeTable",
            "dynamodb:DescribeTimeToLive",
            "dynamodb:ListTagsOfResource",
        ],
        &[
            "dynamodb:CreateTable",
            "dynamodb:DeleteTable",
            "dynamodb:TagResource",
            "dynamodb:UntagResource",
            "dynamodb:UpdateContinuousBackups",
            "dynamodb:UpdateTable",
        ],
    ),
    row(
        &["AWS::DynamoDB::Table"],
        TouchedArns::LockTable,
        &[
            "dynamodb:DescribeContributorInsights",
            "dynamodb:DescribeKinesisStreamingDestination",
            "dynamodb:GetResourcePolicy",
        ],
        &[],
    ),
    deployer_keys::KEYS,
    deployer_keys::NEW_KEYS,
    deployer_keys::KEYS_OF_STACKS,
    deployer_keys::ALIASES,
    deployer_keys::THROUGH_SERVICES,
    row(
        TOPIC,
        TouchedArns::Topics,
        &["sns:GetTopicAttributes", "sns:ListTagsForResource"],
        &[
            "sns:CreateTopic",
            "sns:DeleteTopic",
            "sns:SetTopicAttributes",
            "sns:Subscribe",
            "sns:TagResource",
            "sns:UntagResource",
        ],
    ),
    row(
        &["AWS::SNS::Topic"],
        TouchedArns::Topics,
        &["sns:GetDataProtectionPolicy", "sns:ListSubscriptionsByTopic"],
        &[],
    ),
    row(
        &["aws_sns_topic_subscription", "AWS::SNS::Subscription"],
        TouchedArns::Everything,
        &["sns:GetSubscriptionAttributes"],
        &["sns:SetSubscriptionAttributes", "sns:Unsubscribe"],
    ),
    row(
        ROLE,
        TouchedArns::Roles,
        &["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"],
        &[
            "iam:DeleteRole",
            "iam:DeleteRolePolicy",
            "iam:TagRole",
            "iam:UntagRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
            "iam:UpdateRoleDescription",
        ],
    ),
    row(
        ROLE,
        TouchedArns::RolePermissions,
        &[],
        &["iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"],
    ),
    row(ROLE, TouchedArns::RoleUnbounding, &[], &["iam:DeleteRolePermissionsBoundary"]),
    // Asked before a role is removed.
    row(&["aws_iam_role"], TouchedArns::Roles, &["iam:ListInstanceProfilesForRole"], &[]),
    row(LOGS, TouchedArns::Everything, &["logs:DescribeLogGroups"], &[]),
    row(
        LOGS,
        TouchedArns::LogGroups,
        &["logs:DescribeMetricFilters", "logs:ListTagsForResource"],
        &[
            "logs:AssociateKmsKey",
            "logs:CreateLogGroup",
            "logs:DeleteLogGroup",
            "logs:DeleteMetricFilter",
            "logs:DeleteRetentionPolicy",
            "logs:DisassociateKmsKey",
            "logs:PutMetricFilter",
            "logs:PutRetentionPolicy",
            "logs:TagResource",
            "logs:UntagResource",
        ],
    ),
    row(
        &["AWS::Logs::LogGroup"],
        TouchedArns::Everything,
        &["logs:DescribeIndexPolicies", "logs:DescribeResourcePolicies"],
        &[],
    ),
    row(
        &["AWS::Logs::LogGroup"],
        TouchedArns::LogGroups,
        &["logs:GetDataProtectionPolicy"],
        &["logs:DeleteDataProtectionPolicy"], // part of every removal
    ),
    row(
        &["aws_cloudwatch_metric_alarm", "AWS::CloudWatch::Alarm"],
        TouchedArns::Alarms,
        &["cloudwatch:ListTagsForResource"],
        &[
            "cloudwatch:DeleteAlarms",
            "cloudwatch:PutMetricAlarm",
            "cloudwatch:TagResource",
            "cloudwatch:UntagResource",
        ],
    ),
    row(
        &["aws_cloudwatch_metric_alarm", "AWS::CloudWatch::Alarm"],
        TouchedArns::Everything,
        &["cloudwatch:DescribeAlarms"],
        &[],
    ),
    row(
        REPOSITORY,
        TouchedArns::Repository,
        &[
            "ecr:BatchGetImage", // for a function that is made of one
            "ecr:DescribeImages",
            "ecr:DescribeRepositories",
            "ecr:GetDownloadUrlForLayer",
            "ecr:GetLifecyclePolicy",
            "ecr:GetRepositoryPolicy",
            "ecr:ListTagsForResource",
        ],
        &[
            "ecr:CreateRepository",
            "ecr:DeleteLifecyclePolicy",
            "ecr:DeleteRepository",
            "ecr:DeleteRepositoryPolicy",
            "ecr:PutImageScanningConfiguration",
            "ecr:PutImageTagMutability",
            "ecr:PutLifecyclePolicy",
            "ecr:SetRepositoryPolicy",
            "ecr:TagResource",
            "ecr:UntagResource",
        ],
    ),
    // What a push of the image asks for.
    row(REPOSITORY, TouchedArns::Everything, &[], &["ecr:GetAuthorizationToken"]),
    row(
        REPOSITORY,
        TouchedArns::Repository,
        &[],
        &[
            "ecr:BatchCheckLayerAvailability",
            "ecr:CompleteLayerUpload",
            "ecr:InitiateLayerUpload",
            "ecr:PutImage",
            "ecr:UploadLayerPart",
        ],
    ),
    // A plan locks the state, too.
    row(&[TERRAFORM], TouchedArns::BucketLocks, &["s3:DeleteObject", "s3:PutObject"], &[]),
    // The state, and the zip where it is in a bucket. Without it, S3 refuses to say that an object is not there.
    row(&[TERRAFORM, CLOUDFORMATION], TouchedArns::Bucket, &["s3:ListBucket"], &[]),
    row(
        &[TERRAFORM],
        TouchedArns::BucketObjects,
        &["s3:GetObject", "s3:GetObjectVersion"],
        &["s3:DeleteObject", "s3:PutObject"],
    ),
    // The zip and the template, and the stack itself.
    row(
        &[CLOUDFORMATION],
        TouchedArns::BucketObjects,
        &["s3:GetObject", "s3:GetObjectVersion"],
        &["s3:PutObject"],
    ),
    row(
        &[CLOUDFORMATION],
        TouchedArns::Stacks,
        &[
            "cloudformation:DescribeChangeSet",
            "cloudformation:DescribeStackEvents",
            "cloudformation:DescribeStacks",
            "cloudformation:GetTemplate",
        ],
        // With change sets as `deploy` does it, without them as others do, and out of an update that is stuck.
        &[
            "cloudformation:CancelUpdateStack",
            "cloudformation:ContinueUpdateRollback",
            "cloudformation:CreateChangeSet",
            "cloudformation:CreateStack",
            "cloudformation:DeleteChangeSet",
            "cloudformation:DeleteStack",
            "cloudformation:ExecuteChangeSet",
            "cloudformation:RollbackStack",
            "cloudformation:TagResource",
            "cloudformation:UntagResource",
            "cloudformation:UpdateStack",
        ],
    ),
    row(&[CLOUDFORMATION], TouchedArns::Everything, &["cloudformation:GetTemplateSummary"], &[]),
];
