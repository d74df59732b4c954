//! An Auto Scaling group as far as the decision needs it.

use std::collections::BTreeMap;

/// A group, as one description shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its tags by key.
    pub tags: BTreeMap<String, GroupTag>,
    /// Every launch template it launches from: its own, its mixed instances policy's and that of each override.
    pub templates: Vec<TemplateReference>,
}

/// A tag of a group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupTag {
    /// The tag's value; empty where it has none.
    pub value: String,
    /// Whether instances launched from now on get it.
    pub propagates: bool,
}

/// A launch template as a group names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplateReference {
    /// `lt-...`
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// A number, `$Latest` or `$Default`; absent means `$Default`.
    pub version: Option<String>,
}

impl Group {
    /// The value of a tag.
    pub fn tag(&self, key: &str) -> Option<&str> {
        self.tags.get(key).map(|tag| tag.value.as_str())
    }
}
