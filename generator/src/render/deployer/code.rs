//! What the function, the state machine and the image of the handler ask of whoever deploys them.

use super::row::{Row, TouchedArns, row};

/// Stands among the types for a function that is in a VPC.
pub(super) const NETWORK: &str = "network";
/// For one whose code has to be signed.
pub(super) const SIGNED: &str = "signed";

const FUNCTION: &[&str] = &["aws_lambda_function", "AWS::Lambda::Function"];
const MACHINE: &[&str] = &["aws_sfn_state_machine", "AWS::StepFunctions::StateMachine"];
const REPOSITORY: &[&str] =
    &["aws_ecr_repository", "aws_ecr_lifecycle_policy", "aws_ecr_repository_policy", "AWS::ECR::Repository"];

pub(super) const ROWS: &[Row] = &[
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
];
