//! Tags on every resource, as AWS and IAM take them.

use std::collections::BTreeMap;
use std::ops::Deref;

use serde::Serialize;

use super::format::Misfit;
use super::path;
use super::text::{TagKey, TagValue};
use crate::problem::{Problem, shown};

/// Tag keys to values: at most so many.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct TagMap<const COUNT_MAX: usize>(BTreeMap<TagKey, TagValue>);

/// The tags of a resource: as many as AWS takes.
pub type Tags = TagMap<50>;
/// The tags by which groups are chosen: as many as leave room in the handler's environment and the role's policy.
pub type SelectorTags = TagMap<5>;

impl<const COUNT_MAX: usize> TagMap<COUNT_MAX> {
    /// Most tags that there is room for.
    pub const COUNT_MAX: usize = COUNT_MAX;

    /// No tags beside those that AWS and the formats set.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds a tag, if AWS takes it beside the others.
    pub fn insert(&mut self, key: &str, value: TagValue) -> Result<(), Problem> {
        let pointer = path::join("tags", key);
        let key = self.key(&pointer, key)?;
        if self.0.len() >= Self::COUNT_MAX {
            let reason = format!("there is room for {COUNT_MAX} tags");
            return Err(Problem::new("too-many", pointer, reason));
        }
        self.0.insert(key, value);
        Ok(())
    }

    /// The key of one more tag. IAM takes keys that differ in case only for one.
    fn key(&self, pointer: &str, key: &str) -> Result<TagKey, Problem> {
        let lower = key.to_lowercase();
        if lower.starts_with("aws:") {
            let reason = format!("the tag `{}` starts with `aws:`, which AWS keeps for itself", shown(key));
            return Err(Problem::new("reserved-tag", pointer, reason).help("choose another prefix"));
        }
        if let Some(first) = self.0.keys().find(|known| known.to_lowercase() == lower) {
            let reason = format!("the tags `{}` and `{}` differ in case only", shown(first), shown(key));
            let problem = Problem::new("duplicate-tag", pointer, reason);
            return Err(problem.help("remove one of the two: IAM takes them for the same tag"));
        }
        let format = TagKey::format();
        key.parse().map_err(|problem: Problem| {
            let reason = match format.check(key) {
                Err(Misfit::TooLong(_)) => {
                    format!("a tag's key takes at most {} characters", format.length_max)
                }
                _ => format!("a tag's key takes {}, found `{}`", format.takes, shown(key)),
            };
            Problem { pointer: pointer.to_owned(), reason, ..problem }
        })
    }
}

impl<const COUNT_MAX: usize> Deref for TagMap<COUNT_MAX> {
    type Target = BTreeMap<TagKey, TagValue>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
