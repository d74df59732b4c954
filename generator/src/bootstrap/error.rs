//! Why a place for states could not be made. Every message names the fix.

use crate::aws::AwsError;

/// Why a place for states could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// It is no name of a bucket.
    #[error(
        "`{name}` is no name of an S3 bucket: 3 to 63 of a-z, 0-9, `.` and `-`, with a letter or a digit at either end"
    )]
    BucketName {
        /// What was given.
        name: String,
    },
    /// The bucket belongs to somebody else, or the caller may not even look at it.
    #[error(
        "the bucket `{bucket}` is there, and either not of account {account} or closed to the caller ({said}); nothing was \
         changed: name another with `--bucket`, or have s3:ListBucket allowed on it"
    )]
    Foreign {
        /// The bucket.
        bucket: String,
        /// Whose it should be.
        account: String,
        /// What S3 says.
        said: String,
    },
    /// The bucket is elsewhere.
    #[error("the bucket `{bucket}` is in {there}; write `--region {there}`, or name another bucket")]
    Region {
        /// The bucket.
        bucket: String,
        /// Its region.
        there: String,
    },
    /// The table is one for something else.
    #[error(
        "the table `{table}` has the key `{key}`, and Terraform locks with one of the key `LockID`; name another table"
    )]
    TableKey {
        /// The table.
        table: String,
        /// Its key.
        key: String,
    },
    /// S3's answer about a setting is not one that is understood, so the setting is not written over.
    #[error(
        "what {action} answers of the bucket `{bucket}` cannot be read ({reason}), and is not written over"
    )]
    Unreadable {
        /// As IAM spells it.
        action: String,
        /// The bucket.
        bucket: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A call came to nothing.
    #[error(transparent)]
    Aws(AwsError),
}
