//! A bucket of S3: whether an object is there with the bytes that it should have, and putting it there.

use oxhttp::model::{Request, Response, StatusCode};

use super::error::PublishError;
use crate::aws::service::{AwsAction, S3};
use crate::aws::{AwsClient, s3_error};
use crate::digest;
use crate::names::{bucket_url, is_bucket_name};

const GET_OBJECT: AwsAction = AwsAction::repeatable(S3, "GetObject");
/// A second time does no harm: only what is not there is written.
const PUT_OBJECT: AwsAction = AwsAction::repeatable(S3, "PutObject");

/// How an object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ObjectState {
    /// There is none.
    Absent,
    /// It is there with these bytes.
    Same,
    /// It is there with others, so many.
    Other {
        /// Its size.
        bytes: u64,
    },
}

/// A bucket, and who asks for its objects.
pub(super) struct Bucket<'a> {
    pub(super) name: String,
    client: &'a AwsClient,
}

impl<'a> Bucket<'a> {
    /// A bucket of that name, where the caller asks.
    pub(super) fn new(name: &str, client: &'a AwsClient) -> Result<Self, PublishError> {
        if !is_bucket_name(name) {
            return Err(PublishError::BucketName { name: name.to_owned() });
        }
        Ok(Self { name: name.to_owned(), client })
    }

    /// Where an object is.
    pub(super) fn url(&self, key: &str) -> String {
        let endpoint = self.client.other_endpoint(S3);
        format!("{}/{key}", bucket_url(&self.name, self.client.region(), endpoint.as_deref()))
    }

    /// How the object of a key stands to these bytes: by its length, and by its SHA-256 as S3 keeps it, else as it is read.
    pub(super) fn state(&self, key: &str, bytes: &[u8]) -> Result<ObjectState, PublishError> {
        let head =
            self.send((&GET_OBJECT, "HEAD"), key, Vec::new(), &[("x-amz-checksum-mode", "ENABLED")])?;
        match head.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return self.absent(key),
            _ => return Err(self.refused("look for", key, &head)),
        }
        let length = header(&head, "content-length").and_then(|text| text.parse().ok()).unwrap_or_default();
        if length != bytes.len() as u64 {
            return Ok(ObjectState::Other { bytes: length });
        }
        let is_same = if let Some(checksum) = header(&head, "x-amz-checksum-sha256") {
            checksum == checksum_of(bytes)
        } else {
            let object = self.send((&GET_OBJECT, "GET"), key, Vec::new(), &[])?;
            if object.status() != StatusCode::OK {
                return Err(self.refused("read", key, &object));
            }
            object.body() == bytes
        };
        Ok(if is_same { ObjectState::Same } else { ObjectState::Other { bytes: length } })
    }

    /// An object that is not there, in a bucket that is: only an answer with a body tells the two apart.
    fn absent(&self, key: &str) -> Result<ObjectState, PublishError> {
        let object = self.send((&GET_OBJECT, "GET"), key, Vec::new(), &[])?;
        match s3_error(object.body()).0.as_str() {
            "NoSuchBucket" => Err(self.refused("look for", key, &object)),
            _ => Ok(ObjectState::Absent),
        }
    }

    /// Puts an object where there is none; false where somebody else was faster.
    pub(super) fn put(&self, key: &str, bytes: &[u8], content_type: &str) -> Result<bool, PublishError> {
        let checksum = checksum_of(bytes);
        let headers = [
            ("content-type", content_type),
            ("if-none-match", "*"), // two that publish at once cannot overwrite each other
            ("x-amz-checksum-sha256", &checksum),
        ];
        let answer = self.send((&PUT_OBJECT, "PUT"), key, bytes.to_vec(), &headers)?;
        match answer.status() {
            StatusCode::OK => Ok(true),
            StatusCode::PRECONDITION_FAILED | StatusCode::CONFLICT => Ok(false),
            _ => Err(self.refused("write", key, &answer)),
        }
    }

    fn send(
        &self,
        (action, method): (&AwsAction, &'static str),
        key: &str,
        body: Vec<u8>,
        headers: &[(&'static str, &str)],
    ) -> Result<Response<Vec<u8>>, PublishError> {
        let mut request = Request::builder().method(method).uri(self.url(key));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let no_url = |_| PublishError::Endpoint { url: self.url(key) };
        let answer = self.client.exchange(action, &request.body(body).map_err(no_url)?)?;
        match header(&answer, "x-amz-bucket-region") {
            Some(region) if region != self.client.region() && answer.status() != StatusCode::OK => {
                Err(PublishError::Region { bucket: self.name.clone(), region: region.to_owned() })
            }
            _ => Ok(answer),
        }
    }

    fn refused(&self, action: &'static str, key: &str, answer: &Response<Vec<u8>>) -> PublishError {
        let (code, message) = s3_error(answer.body());
        let said = [code, message].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(": ");
        let in_words = || answer.status().canonical_reason().unwrap_or("and no reason").to_owned();
        let said = if said.is_empty() { in_words() } else { said };
        PublishError::Refused {
            action,
            bucket: self.name.clone(),
            key: key.to_owned(),
            status: answer.status().as_u16(),
            said,
        }
    }
}

fn header<'a>(answer: &'a Response<Vec<u8>>, name: &str) -> Option<&'a str> {
    answer.headers().get(name)?.to_str().ok()
}

fn checksum_of(bytes: &[u8]) -> String {
    digest::spell_base64(&digest::sha256(bytes))
}
