//! What rules, queues, the topic and the table ask of whoever deploys them.

use super::row::{Row, TouchedArns, row};

const TOPIC: &[&str] = &["aws_sns_topic", "aws_sns_topic_policy", "AWS::SNS::Topic", "AWS::SNS::TopicPolicy"];

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
];
