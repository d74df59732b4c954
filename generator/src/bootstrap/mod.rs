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
use crate::names::is_bucket_name;
use bucket::StateBucket;
pub use error::BootstrapError;
use settings::Part;
pub use settings::{Aspect, FoundState, StatePlace};

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

    /// Looks at what is there. Nothing is changed.
    ///
    /// # Errors
    /// The bucket is somebody else's or elsewhere, the table has another key, or AWS does not tell.
    pub fn look(self, client: &AwsClient) -> Result<FoundState, BootstrapError> {
        let bucket = StateBucket::new(client, &self);
        let exists = bucket.exists()?;
        let mut parts =
            vec![Part { aspect: Aspect::Bucket, found: exists.then(String::new), wanted: Vec::new() }];
        for aspect in Aspect::OF_BUCKET {
            let (found, wanted) =
                if exists { bucket.look(aspect)? } else { (None, bucket.wanted(aspect, None)?) };
            parts.push(Part { aspect, found, wanted });
        }
        if let Some(name) = &self.table {
            let found = table::exists(client, &self, name)?.then(String::new);
            parts.push(Part { aspect: Aspect::Table, found, wanted: Vec::new() });
        }
        Ok(FoundState { place: self, parts })
    }
}

impl FoundState {
    /// What was found of each aspect; nothing where it is missing. In the order in which it is made.
    pub fn aspects(&self) -> impl Iterator<Item = (Aspect, Option<&str>)> {
        self.parts.iter().map(|part| (part.aspect, part.found.as_deref()))
    }

    /// Whether a bucket or a table that is there would be changed.
    pub fn changes_what_is_there(&self) -> bool {
        let is_there = self.parts.first().is_some_and(|bucket| bucket.found.is_some());
        is_there && self.parts.iter().any(|part| part.found.is_none() && part.aspect != Aspect::Table)
    }

    /// Makes what is missing; `told` hears of each once it is there, so that what was done is known where the next fails.
    ///
    /// # Errors
    /// AWS refuses a call.
    pub fn make(&self, client: &AwsClient, told: &mut dyn FnMut(Aspect)) -> Result<(), BootstrapError> {
        let bucket = StateBucket::new(client, &self.place);
        for part in self.parts.iter().filter(|part| part.found.is_none()) {
            match part.aspect {
                Aspect::Bucket => bucket.create()?,
                Aspect::Table => table::create(client, &self.place)?,
                aspect => bucket.write(aspect, &part.wanted)?,
            }
            told(part.aspect);
        }
        Ok(())
    }
}

impl From<AwsError> for BootstrapError {
    fn from(error: AwsError) -> Self {
        Self::Aws(error)
    }
}
