//! The bucket: what is looked at, and what is written where it is missing.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oxhttp::model::{Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use super::error::BootstrapError;
use super::policy;
use super::settings::{Aspect, StatePlace};
use crate::aws::service::{AwsAction, S3};
use crate::aws::{AwsClient, AwsError};
use crate::digest;
use crate::names::bucket_url;

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
    pub(super) fn new(client: &'a AwsClient, place: &'a StatePlace, partition: &str) -> Self {
        Self { client, place, arn: format!("arn:{partition}:s3:::{}", place.bucket) }
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
            status => Err(BootstrapError::Foreign {
                bucket,
                account: self.place.account.clone(),
                said: status.to_string(),
            }),
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
        let code = code_and_message(&answer).0;
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
        let is_absent =
            answer.status() == StatusCode::NOT_FOUND && code_and_message(&answer).0 != "NoSuchBucket";
        if !is_absent {
            self.done(&setting.read, &answer)?;
        }
        let text = if is_absent { "" } else { std::str::from_utf8(answer.body()).unwrap_or_default() };
        if aspect != Aspect::Transport {
            return Ok((found(aspect, text), wanted(aspect)));
        }
        let unreadable = |reason| BootstrapError::Policy { bucket: self.place.bucket.clone(), reason };
        let policy: Option<Value> = match text {
            "" => None,
            text => Some(serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?),
        };
        Ok(match policy::with_refusal(policy.as_ref(), &self.arn).map_err(unreadable)? {
            None => (Some(String::new()), Vec::new()),
            Some(policy) => (None, policy.to_string().into_bytes()),
        })
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
            request = request.header("x-amz-checksum-sha256", STANDARD.encode(digest::sha256(&body)));
        }
        let unreachable =
            |reason: String| AwsError::Unreachable { action: action.iam(), endpoint: self.base(), reason };
        let request = request.body(body).map_err(|error| unreachable(error.to_string()))?;
        Ok(self.client.exchange(action, request)?)
    }

    /// What its address begins with, without a slash at the end.
    fn base(&self) -> String {
        let endpoint = self.client.other_endpoint(S3);
        bucket_url(&self.place.bucket, &self.place.region, endpoint.as_deref())
    }

    /// Nothing where an answer is no error.
    fn done(&self, action: &AwsAction, answer: &Response<Vec<u8>>) -> Result<(), BootstrapError> {
        if answer.status().is_success() {
            return Ok(());
        }
        let (code, message) = code_and_message(answer);
        let action = action.iam();
        Err(BootstrapError::Aws(match answer.status() {
            StatusCode::FORBIDDEN => AwsError::Denied { action, resource: self.arn.clone(), message },
            status => {
                let code = if code.is_empty() { status.to_string() } else { code };
                AwsError::Refused { action, code, message }
            }
        }))
    }
}

/// What is written of a setting into a bucket that has nothing of it.
pub(super) fn wanted(aspect: Aspect) -> Vec<u8> {
    let inside = |root: &str, inside: &str| format!("<{root} xmlns=\"{NAMESPACE}\">{inside}</{root}>");
    let text = match aspect {
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
    };
    text.into_bytes()
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

/// What a setting is, by S3's answer, where it is as it should be; an empty text stands for one that was never made.
fn found(aspect: Aspect, text: &str) -> Option<String> {
    match aspect {
        Aspect::Versioning => {
            let read: Versioning = quick_xml::de::from_str(text).ok()?;
            (read.status == "Enabled").then(String::new)
        }
        Aspect::Encryption => {
            let read: Encryption = quick_xml::de::from_str(text).ok()?;
            Some(read.rule.by_default.algorithm).filter(|algorithm| !algorithm.is_empty())
        }
        Aspect::PublicAccess => {
            let read: HashMap<String, String> = quick_xml::de::from_str(text).ok()?;
            let is_set = |name: &&str| read.get(*name).is_some_and(|value| value.trim() == "true");
            PUBLIC_ACCESS_BLOCKS.iter().all(is_set).then(String::new)
        }
        Aspect::Bucket | Aspect::Transport | Aspect::Table => None,
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Versioning {
    status: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Encryption {
    rule: EncryptionRule,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct EncryptionRule {
    #[serde(rename = "ApplyServerSideEncryptionByDefault")]
    by_default: EncryptionByDefault,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct EncryptionByDefault {
    #[serde(rename = "SSEAlgorithm")]
    algorithm: String,
}

/// What S3 says of an error.
fn code_and_message(answer: &Response<Vec<u8>>) -> (String, String) {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "PascalCase")]
    struct Refusal {
        code: String,
        message: String,
    }
    let text = String::from_utf8_lossy(answer.body());
    let read: Refusal = quick_xml::de::from_str(&text).unwrap_or_default();
    (read.code, read.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_for_whether_they_are_enough() {
        let of = |aspect, text: &str| found(aspect, text);
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
        assert_eq!(of(Aspect::Encryption, ""), None);
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
