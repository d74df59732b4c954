//! What logs, alarms and the dashboard ask of whoever deploys them.

use super::row::{Row, TouchedArns, row};

const LOGS: &[&str] = &[
    "aws_cloudwatch_log_group",
    "aws_cloudwatch_log_metric_filter",
    "AWS::Logs::LogGroup",
    "AWS::Logs::MetricFilter",
];

pub(super) const ROWS: &[Row] = &[
    row(
        &["aws_cloudwatch_dashboard", "AWS::CloudWatch::Dashboard"],
        TouchedArns::Dashboards,
        &["cloudwatch:GetDashboard"],
        &["cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard"],
    ),
    row(
        &["aws_cloudwatch_log_subscription_filter", "AWS::Logs::SubscriptionFilter"],
        TouchedArns::LogSubscriptions,
        &["logs:DescribeSubscriptionFilters"],
        &["logs:DeleteSubscriptionFilter", "logs:PutSubscriptionFilter"],
    ),
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
];
