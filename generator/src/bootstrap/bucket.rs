//! The bucket: what is looked at, and what is written where it is missing.

use std::collections::HashMap;

use oxhttp::model::{Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use super::error::BootstrapError;
use super::policy;
use super::settings::{Aspect, StatePlace};
use crate::aws::service::{AwsAction, S3};
use crate::aws::{AwsClient, AwsError, s3_error};
use crate::digest;
use crate::names::{bucket_url, partition};

/// What S3 keeps and answers is in this namespace.
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";
/// The region whose buckets are made without naming it.
const UNNAMED_REGION: &str = "us-east-1";

/// All four ways in which S3 keeps a bucket from being public.
const PUBLIC_ACCESS_BLOCKS: [&str; 4] =
    ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];

const LIST_BUCKET: AwsAction = AwsAction::repeatable(S3, "ListBucket");
const CREATE_BUCKET: AwsAction = AwsAction::repeatable(S3, "CreateBucket");

/// How one of the settings is asked for and written.
struct Setting {
    /// What follows `?` in its address.
    query: &'static str,
    /// As IAM spells reading and writing it.
    read: AwsAction,
    write: AwsAction,
}

/// A bucket that is to hold states.
pub(super) struct StateBucket<'a> {
    client: &'a AwsClient,
    place: &'a StatePlace,
    arn: String,
}

impl<'a> StateBucket<'a> {
    pub(super) fn new(client: &'a AwsClient, place: &'a StatePlace) -> Self {
        Self { client, place, arn: format!("arn:{}:s3:::{}", partition(&place.region), place.bucket) }
    }

    /// Whether it is there, as one of the account in the region.
    pub(super) fn exists(&self) -> Result<bool, BootstrapError> {
        let answer = self.send(&LIST_BUCKET, "HEAD", "", Vec::new())?;
        let bucket = self.place.bucket.clone();
        let region = answer.headers().get("x-amz-bucket-region").and_then(|value| value.to_str().ok());
        if let Some(there) = region.filter(|region| *region != self.place.region) {
            return Err(BootstrapError::Region { bucket, there: there.to_owned() });
        }
        match answer.status() {
            StatusCode::OK => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            status @ StatusCode::FORBIDDEN => Err(BootstrapError::Foreign {
                bucket,
                account: self.place.account.clone(),
                said: status.to_string(),
            }),
            _ => Err(self.refused(&LIST_BUCKET, &answer).into()),
        }
    }

    pub(super) fn create(&self) -> Result<(), BootstrapError> {
        let region = &self.place.region;
        let body = if region == UNNAMED_REGION {
            String::new()
        } else {
            format!(
                "<CreateBucketConfiguration xmlns=\"{NAMESPACE}\"><LocationConstraint>{region}</LocationConstraint>\
                 </CreateBucketConfiguration>"
            )
        };
        let answer = self.send(&CREATE_BUCKET, "PUT", "", body.into_bytes())?;
        let code = s3_error(answer.body()).0;
        match code.as_str() {
            // Somebody made it a moment ago; if it was somebody else, no later request is taken.
            "BucketAlreadyOwnedByYou" => Ok(()),
            "BucketAlreadyExists" => Err(BootstrapError::Foreign {
                bucket: self.place.bucket.clone(),
                account: self.place.account.clone(),
                said: code,
            }),
            _ => self.done(&CREATE_BUCKET, &answer),
        }
    }

    /// What a setting is, where it is as it should be or stronger; and what would be written else.
    pub(super) fn look(&self, aspect: Aspect) -> Result<(Option<String>, Vec<u8>), BootstrapError> {
        let setting = setting(aspect);
        let answer = self.send(&setting.read, "GET", setting.query, Vec::new())?;
        // Each of S3's settings that was never made is an error of its own name, with this status.
        if answer.status() == StatusCode::NOT_FOUND && s3_error(answer.body()).0 != "NoSuchBucket" {
            return Ok((None, self.wanted(aspect, None)?));
        }
        self.done(&setting.read, &answer)?;
        let unreadable = |reason: String| self.unreadable(&setting.read, reason);
        let text = std::str::from_utf8(answer.body()).map_err(|error| unreadable(error.to_string()))?;
        if aspect == Aspect::Transport {
            let policy: Value = serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
            let wanted = self.wanted(aspect, Some(&policy))?;
            return Ok((wanted.is_empty().then(String::new), wanted));
        }
        Ok((found(aspect, text).map_err(unreadable)?, self.wanted(aspect, None)?))
    }

    /// What is written of a setting; nothing where the bucket's policy does as much already.
    pub(super) fn wanted(&self, aspect: Aspect, policy: Option<&Value>) -> Result<Vec<u8>, BootstrapError> {
        if aspect != Aspect::Transport {
            return Ok(document(aspect).into_bytes());
        }
        let unreadable = |reason| self.unreadable(&setting(aspect).read, reason);
        let wanted = policy::with_refusal(policy, &self.arn).map_err(unreadable)?;
        Ok(wanted.map(|policy| policy.to_string().into_bytes()).unwrap_or_default())
    }

    fn unreadable(&self, action: &AwsAction, reason: String) -> BootstrapError {
        BootstrapError::Unreadable { action: action.iam(), bucket: self.place.bucket.clone(), reason }
    }

    pub(super) fn write(&self, aspect: Aspect, body: &[u8]) -> Result<(), BootstrapError> {
        let setting = setting(aspect);
        let answer = self.send(&setting.write, "PUT", setting.query, body.to_vec())?;
        self.done(&setting.write, &answer)
    }

    fn send(
        &self,
        action: &AwsAction,
        method: &'static str,
        query: &str,
        body: Vec<u8>,
    ) -> Result<Response<Vec<u8>>, BootstrapError> {
        let question = if query.is_empty() { "" } else { "?" };
        let mut request = Request::builder().method(method).uri(format!("{}/{question}{query}", self.base()));
        if *action != CREATE_BUCKET {
            request = request.header("x-amz-expected-bucket-owner", &self.place.account);
        }
        if !body.is_empty() {
            request = request.header("x-amz-checksum-sha256", digest::spell_base64(&digest::sha256(&body)));
        }
        let unreachable =
            |reason: String| AwsError::Unreachable { action: action.iam(), endpoint: self.base(), reason };
        let request = request.body(body).map_err(|error| unreachable(error.to_string()))?;
        Ok(self.client.exchange(action, &request)?)
    }

    /// What its address begins with, without a slash at the end.
    fn base(&self) -> String {
        let endpoint = self.client.other_endpoint(S3);
        bucket_url(&self.place.bucket, &self.place.region, endpoint.as_deref())
    }

    /// Nothing where an answer is no error.
    fn done(&self, action: &AwsAction, answer: &Response<Vec<u8>>) -> Result<(), BootstrapError> {
        if answer.status().is_success() { Ok(()) } else { Err(self.refused(action, answer).into()) }
    }

    fn refused(&self, action: &AwsAction, answer: &Response<Vec<u8>>) -> AwsError {
        self.client.refused(action, &self.arn, answer.status().as_u16(), s3_error(answer.body()))
    }
}

/// What S3 is given of a setting that is a document of its own.
fn document(aspect: Aspect) -> String {
    let inside = |root: &str, inside: &str| format!("<{root} xmlns=\"{NAMESPACE}\">{inside}</{root}>");
    match aspect {
        Aspect::Versioning => inside("VersioningConfiguration", "<Status>Enabled</Status>"),
        Aspect::Encryption => inside(
            "ServerSideEncryptionConfiguration",
            "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>\
             </ApplyServerSideEncryptionByDefault></Rule>",
        ),
        Aspect::PublicAccess => {
            let set = PUBLIC_ACCESS_BLOCKS.iter().map(|name| format!("<{name}>true</{name}>"));
            inside("PublicAccessBlockConfiguration", &set.collect::<String>())
        }
        Aspect::Transport | Aspect::Bucket | Aspect::Table => String::new(),
    }
}

fn setting(aspect: Aspect) -> Setting {
    let of = |query, read, write| Setting {
        query,
        read: AwsAction::repeatable(S3, read),
        write: AwsAction::repeatable(S3, write),
    };
    match aspect {
        Aspect::Versioning => of("versioning", "GetBucketVersioning", "PutBucketVersioning"),
        Aspect::Encryption => of("encryption", "GetEncryptionConfiguration", "PutEncryptionConfiguration"),
        Aspect::PublicAccess => {
            of("publicAccessBlock", "GetBucketPublicAccessBlock", "PutBucketPublicAccessBlock")
        }
        Aspect::Bucket | Aspect::Transport | Aspect::Table => {
            of("policy", "GetBucketPolicy", "PutBucketPolicy")
        }
    }
}

/// What a setting is, by S3's answer, where it is as it should be; the reason where that cannot be told.
fn found(aspect: Aspect, text: &str) -> Result<Option<String>, String> {
    let unreadable = |error: quick_xml::DeError| error.to_string();
    Ok(match aspect {
        Aspect::Versioning => {
            let read: Versioning = quick_xml::de::from_str(text).map_err(unreadable)?;
            (read.status == "Enabled").then(String::new)
        }
        Aspect::Encryption => {
            let read: Encryption = quick_xml::de::from_str(text).map_err(unreadable)?;
            Some(read.rule.by_default.algorithm)
        }
        Aspect::PublicAccess => {
            let read: HashMap<String, String> = quick_xml::de::from_str(text).map_err(unreadable)?;
            let is_set = |name: &&str| read.get(*name).is_some_and(|value| value.trim() == "true");
            PUBLIC_ACCESS_BLOCKS.iter().all(is_set).then(String::new)
        }
        Aspect::Bucket | Aspect::Transport | Aspect::Table => None,
    })
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Versioning {
    status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Encryption {
    rule: EncryptionRule,
}

#[derive(Deserialize)]
struct EncryptionRule {
    #[serde(rename = "ApplyServerSideEncryptionByDefault")]
    by_default: EncryptionByDefault,
}

#[derive(Deserialize)]
struct EncryptionByDefault {
    #[serde(rename = "SSEAlgorithm")]
    algorithm: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_for_whether_they_are_enough() {
        let of = |aspect, text: &str| found(aspect, text).expect(text);
        let versioning = |status: &str| {
            format!("<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>")
        };
        assert_eq!(of(Aspect::Versioning, &versioning("Enabled")), Some(String::new()));
        assert_eq!(of(Aspect::Versioning, &versioning("Suspended")), None);
        assert_eq!(of(Aspect::Versioning, "<VersioningConfiguration/>"), None);
        let encryption = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
            <SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID></ApplyServerSideEncryptionByDefault>\
            <BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>";
        assert_eq!(of(Aspect::Encryption, encryption), Some("aws:kms".to_owned()));
        for text in
            ["", "<html>", "<ServerSideEncryptionConfiguration><Rule/></ServerSideEncryptionConfiguration>"]
        {
            assert!(
                found(Aspect::Encryption, text).is_err(),
                "what is not understood is not taken for missing: {text}"
            );
        }
        let blocked = |last: bool| {
            format!(
                "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true\
                 </IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>{last}\
                 </RestrictPublicBuckets></PublicAccessBlockConfiguration>"
            )
        };
        assert_eq!(of(Aspect::PublicAccess, &blocked(true)), Some(String::new()));
        assert_eq!(of(Aspect::PublicAccess, &blocked(false)), None);
    }
}
