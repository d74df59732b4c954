//! What is deployed from a bucket: the handler's zip under a key that its content names, and the template that names the zip,
//! under its version. Nothing that is there is ever overwritten.

mod bucket;
mod error;

use std::sync::LazyLock;

use regex::Regex;

use crate::aws::AwsClient;
use bucket::{Bucket, ObjectState};
pub use error::PublishError;

/// An object to be published.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Its contents.
    pub contents: Vec<u8>,
    /// Its type, as browsers name it.
    pub content_type: &'static str,
    /// What is to be done where another object has the key.
    pub fix: &'static str,
}

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publication {
    /// It was written.
    Written,
    /// It was there, with the same bytes.
    Present,
    /// It is not there, and would be written.
    Missing,
}

/// A version as `SemVer` writes it, without build metadata, which a key cannot carry.
static VERSION: LazyLock<Regex> = LazyLock::new(|| {
    let number = "(0|[1-9][0-9]*)";
    Regex::new(&format!("^{number}\\.{number}\\.{number}(-[0-9A-Za-z.-]+)?$")).expect("the pattern is right")
});

/// Checks that a text is a version that something can be published under.
pub fn version(text: &str) -> Result<String, PublishError> {
    if text.len() <= 64 && VERSION.is_match(text) {
        Ok(text.to_owned())
    } else {
        Err(PublishError::Version { version: text.to_owned() })
    }
}

/// Publishes objects in a bucket of the client's region, in this order, so that what names another comes after it. All are compared with
/// what is there before any is written; with `dry_run` none is.
pub fn publish(
    client: &AwsClient,
    bucket: &str,
    objects: &[Object],
    dry_run: bool,
) -> Result<Vec<Publication>, PublishError> {
    let bucket = Bucket::new(bucket, client)?;
    let mut absent = Vec::new();
    for object in objects {
        absent.push(is_absent(&bucket, object)?);
    }
    let mut outcomes = Vec::new();
    for (object, is_missing) in objects.iter().zip(absent) {
        outcomes.push(match (is_missing, dry_run) {
            (false, _) => Publication::Present,
            (true, true) => Publication::Missing,
            (true, false) => written(&bucket, object)?,
        });
    }
    Ok(outcomes)
}

/// Where an object can be read by who may.
pub fn url(client: &AwsClient, bucket: &str, key: &str) -> Result<String, PublishError> {
    Ok(Bucket::new(bucket, client)?.url(key))
}

fn written(bucket: &Bucket<'_>, object: &Object) -> Result<Publication, PublishError> {
    if bucket.put(&object.key, &object.contents, object.content_type)? {
        return Ok(Publication::Written);
    }
    // Somebody published it a moment ago: the same, or something else.
    is_absent(bucket, object)?;
    Ok(Publication::Present)
}

/// Whether there is no object under the key; another one is at fault.
fn is_absent(bucket: &Bucket<'_>, object: &Object) -> Result<bool, PublishError> {
    match bucket.state(&object.key, &object.contents)? {
        ObjectState::Absent => Ok(true),
        ObjectState::Same => Ok(false),
        ObjectState::Other { bytes } => Err(PublishError::Differs {
            bucket: bucket.name.clone(),
            key: object.key.clone(),
            there: bytes,
            here: object.contents.len() as u64,
            fix: object.fix,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_three_numbers_and_what_may_follow() {
        for right in ["0.1.0", "10.20.30", "1.0.0-rc.1"] {
            assert!(version(right).is_ok(), "{right}");
        }
        for wrong in ["", "1", "1.0", "01.0.0", "1.0.0+build", "1.0.0/x", "v1.0.0", "1.0.0-"] {
            assert!(version(wrong).is_err(), "{wrong}");
        }
    }
}
