//! The bucket, and on request the table, that hold Terraform's state: made where they are missing, completed where something is
//! missing of them, and never weakened. Made twice, nothing is changed the second time.

mod bucket;
mod error;
mod policy;
mod settings;
mod table;

use serde::Deserialize;
use serde_json::json;

use crate::aws::service::{AwsAction, STS};
use crate::aws::{AwsClient, AwsError};
use crate::names::{is_bucket_name, partition};
use bucket::StateBucket;
pub use error::BootstrapError;
pub use settings::{Aspect, AspectOutcome, StatePlace};

const GET_CALLER_IDENTITY: AwsAction = AwsAction::repeatable(STS, "GetCallerIdentity");

impl StatePlace {
    /// The place of the caller's account: the bucket `ACCOUNT-terraform` where none is named.
    ///
    /// # Errors
    /// The name is none, or AWS does not say who asks.
    pub fn of_caller(
        client: &AwsClient,
        bucket: Option<&str>,
        table: Option<String>,
    ) -> Result<Self, BootstrapError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Identity {
            account: String,
        }
        let Identity { account } = client.ask(&GET_CALLER_IDENTITY, "*", &json!({}))?;
        let bucket = bucket.map_or_else(|| format!("{account}-terraform"), str::to_owned);
        if !is_bucket_name(&bucket) {
            return Err(BootstrapError::BucketName { name: bucket });
        }
        Ok(Self { account, region: client.region().to_owned(), bucket, table })
    }

    /// Makes the place as it should be, and tells for each aspect what was found or done; with `dry_run` nothing is done.
    /// `told` hears each as it is known, so that what was done is known where the next fails.
    ///
    /// # Errors
    /// The bucket is somebody else's or elsewhere, the table has another key, or AWS refuses a call.
    pub fn make(
        &self,
        client: &AwsClient,
        dry_run: bool,
        told: &mut dyn FnMut(Aspect, &AspectOutcome),
    ) -> Result<(), BootstrapError> {
        let bucket = StateBucket::new(client, self, partition(&self.region));
        let exists = bucket.exists()?;
        let mut tell = |aspect, outcome: AspectOutcome| told(aspect, &outcome);
        if !exists && !dry_run {
            bucket.create()?;
        }
        tell(Aspect::Bucket, if exists { AspectOutcome::Kept(String::new()) } else { AspectOutcome::Done });
        for aspect in Aspect::OF_BUCKET {
            // Of a bucket that a dry run did not make nothing can be read.
            let (found, wanted) =
                if exists || !dry_run { bucket.look(aspect)? } else { (None, bucket::wanted(aspect)) };
            if found.is_none() && !dry_run {
                bucket.write(aspect, &wanted)?;
            }
            let outcome = found.map_or(AspectOutcome::Done, AspectOutcome::Kept);
            tell(aspect, outcome);
        }
        if let Some(name) = &self.table {
            tell(Aspect::Table, table::make(client, name, dry_run)?);
        }
        Ok(())
    }
}

impl From<AwsError> for BootstrapError {
    fn from(error: AwsError) -> Self {
        Self::Aws(error)
    }
}
