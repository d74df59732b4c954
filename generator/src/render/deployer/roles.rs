//! What roles ask of whoever deploys them.

use super::row::{Row, TouchedArns, row};

const ROLE: &[&str] = &["aws_iam_role", "aws_iam_role_policy", "AWS::IAM::Role", "AWS::IAM::Policy"];

pub(super) const ROWS: &[Row] = &[
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
];
