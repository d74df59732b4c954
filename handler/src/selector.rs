//! Which groups belong to the stack: by name and by tags, both from `groups` in `stack.yaml`.

use std::collections::BTreeMap;

use crate::group::Group;

/// What a group's name and tags have to be. Without prefixes any name will do, without tags any tags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupSelector {
    /// The group's name starts with one of these.
    pub name_prefixes: Vec<String>,
    /// The group carries every one of these tags with that value.
    pub tags: BTreeMap<String, String>,
}

impl GroupSelector {
    /// Whether a group of this name may belong to the stack.
    pub fn selects_name(&self, name: &str) -> bool {
        self.name_prefixes.is_empty() || self.name_prefixes.iter().any(|prefix| name.starts_with(prefix))
    }

    /// Whether the group belongs to the stack.
    pub fn selects(&self, group: &Group) -> bool {
        let carries = |(key, value): (&String, &String)| group.tag(key) == Some(value);
        self.selects_name(&group.name) && self.tags.iter().all(carries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn a_group_belongs_by_one_prefix_and_every_tag() {
        let selector = |prefixes: &[&str], tags: &[(&str, &str)]| GroupSelector {
            name_prefixes: prefixes.iter().map(ToString::to_string).collect(),
            tags: tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        };
        let group = samples::group("web-asg-1", &[("team", "web"), ("stage", "test")]);
        for (prefixes, tags, belongs) in [
            (&[][..], &[][..], true),
            (&["api-", "web-"], &[], true),
            (&["api-"], &[], false),
            (&[], &[("team", "web"), ("stage", "test")], true),
            (&[], &[("team", "web"), ("stage", "live")], false),
            (&[], &[("owner", "web")], false),
            (&["api-"], &[("team", "web")], false),
        ] {
            assert_eq!(selector(prefixes, tags).selects(&group), belongs, "{prefixes:?} {tags:?}");
        }
    }
}
