//! What a format asks of whoever deploys it, whatever that is: for its state, its template and its stack.

use super::row::{Row, TouchedArns, row};

/// Stand among the types of resources.
pub(super) const TERRAFORM: &str = "terraform";
pub(super) const CLOUDFORMATION: &str = "cloudformation";

pub(super) const ROWS: &[Row] = &[
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
