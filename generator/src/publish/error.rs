//! Why something could not be published.

use crate::aws::AwsError;

/// Why something could not be published. Every message names the fix.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// It is no name of a bucket.
    #[error(
        "`{name}` is no name of an S3 bucket: 3 to 63 of a-z, 0-9, `.` and `-`, with a letter or a digit at either end"
    )]
    BucketName {
        /// What was given.
        name: String,
    },
    /// It is no version.
    #[error("`{version}` is no version: write three numbers, e.g. `1.4.0`, or `1.4.0-rc.1`")]
    Version {
        /// What was given.
        version: String,
    },
    /// There is another object under the key, which is never overwritten.
    #[error(
        "`s3://{bucket}/{key}` is there already, with other bytes ({there} bytes there, {here} here); nothing was published: {fix}"
    )]
    Differs {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// The size of the object.
        there: u64,
        /// The size of what was to be published.
        here: u64,
        /// What would be right.
        fix: &'static str,
    },
    /// The bucket is elsewhere.
    #[error(
        "the bucket `{bucket}` is in {region}, and a function takes its code from a bucket of its own region: deploy there, or name another bucket"
    )]
    Region {
        /// The bucket.
        bucket: String,
        /// Its region.
        region: String,
    },
    /// S3 refuses a request.
    #[error("S3 refuses to {action} `s3://{bucket}/{key}`: {status} {said}{}", refusal_advice(*.status))]
    Refused {
        /// What was tried.
        action: &'static str,
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// The status of the answer.
        status: u16,
        /// Code and message of the answer.
        said: String,
    },
    /// What was given as the endpoint makes no address.
    #[error("`{url}` is no address: write `--endpoint-url` as `https://HOST`")]
    Endpoint {
        /// The address.
        url: String,
    },
    /// There are no credentials that can be used, or S3 cannot be reached.
    #[error(transparent)]
    Aws(#[from] AwsError),
}

impl PublishError {
    /// Whether it leaves open what is in the bucket: nobody could look.
    pub fn leaves_bucket_open(&self) -> bool {
        match self {
            Self::Refused { status, .. } => *status != 404, // a bucket that is not there
            // What whoever asks got wrong, such as a region that is none, leaves nothing open.
            other => matches!(other, Self::Aws(error) if !error.is_of_the_asker()),
        }
    }
}

fn refusal_advice(status: u16) -> &'static str {
    match status {
        403 => {
            "; publishing needs s3:GetObject and s3:PutObject on the bucket's objects, and s3:ListBucket on the bucket, \
             without which S3 does not tell that an object is not there"
        }
        404 => "; is the bucket's name right?",
        _ => "",
    }
}
