//! What a deployed stack has that its next version has to know of: executions that run while it is upgraded keep the state
//! machine that they began with, and its role, which allows at once what the new one is to allow.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::render::{FORMATS, OutputFormat};

/// What of a generated stack outlives it, in the manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackRecord {
    /// The API calls of its state machine, as IAM spells them.
    pub api_calls: BTreeSet<String>,
    /// Those of the version before that it does not make any more; its role still allows them.
    pub former_api_calls: BTreeSet<String>,
    /// Whether the function of the version before was in a VPC that this one leaves; its role still allows what removes its network
    /// interfaces.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keeps_network: bool,
    /// The notifier of the version before, by its ARN, which this one has not; the machine's role may still call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former_notifier: Option<String>,
    /// Keys of `stack.yaml` that a deployed stack cannot change in place, with their values.
    pub fixed: BTreeMap<String, String>,
}

/// What changing a key does to a deployed stack, to complete "KEY was OLD and is NEW: ...".
#[derive(Debug, Clone, Copy)]
struct Consequence {
    key: &'static str,
    /// What happens, whatever the format.
    happens: &'static str,
    /// What to do, where the formats say something between; empty otherwise.
    advice: &'static str,
}

const fn consequence(key: &'static str, happens: &'static str) -> Consequence {
    Consequence { key, happens, advice: "" }
}

const NOTIFIER: &str = "notifications.notifier_function_arn";
/// What a key says that has no value.
const NONE: &str = "none";

/// The keys whose change is dangerous. What each format does with it besides is in its description.
const CONSEQUENCES: &[Consequence] = &[
    consequence(
        "name",
        "every resource is replaced, and recycles that run lose their role; deploy it as another stack, and remove the former one",
    ),
    consequence(
        "environment",
        "where no deployment names its environment, every resource is replaced; deploy it as another stack, and remove the \
         former one",
    ),
    consequence(
        "region",
        "what is deployed stays in its region: this makes another stack, with a bucket and a state of its own; remove the \
         former one",
    ),
    Consequence {
        key: "permissions.role_path",
        happens: "a role has its path for good",
        advice: "no recycle may run meanwhile",
    },
    consequence(
        "permissions.handler_role_arn",
        "a role that the stack made is deleted: let no recycle run meanwhile; versions of the function that an alias could go \
         back to keep it, and cannot run any more",
    ),
    consequence(
        "permissions.machine_role_arn",
        "running executions keep the former role, and each of their calls fails once it is deleted, as the one that the stack \
         made is: no recycle may run meanwhile",
    ),
    consequence(
        "permissions.boundary_arn",
        "it bounds at once what running recycles may do, putting back included: try it on a group of one",
    ),
    consequence(
        NOTIFIER,
        "running recycles go on calling the former notifier, and their role may until the version after: leave that function where it is \
         until they have ended",
    ),
    consequence(
        "handler.alias",
        "the queue calls the function by what is set now, from then on; Terraform deletes the former alias, and versions stay",
    ),
    consequence(
        "locks.create_table",
        "the table of locks is created, or no longer kept, by this stack: it must not go while another stack of the account \
         and region uses it",
    ),
    Consequence {
        key: "encryption.customer_key",
        happens: "the queues, the topic, the table and the logs change their key; without its own key nothing that it encrypted \
                  can be read",
        advice: "where the stack's own key goes, Terraform deletes it: to keep it, `terraform state rm` it and its alias first",
    },
    Consequence {
        key: "package.kind",
        happens: "Lambda cannot make one of the other",
        advice: "deploy it as another stack, or when no recycle runs",
    },
    consequence(
        "network",
        "the function reaches AWS by another way at once; the role of one that leaves its VPC keeps for a version the \
         permissions by which Lambda removes its network interfaces",
    ),
    consequence(
        "groups",
        "running recycles of groups that are left out can change nothing any more, nor put back: none of these may run meanwhile",
    ),
];

impl Consequence {
    /// What happens, what each format does, and what to do.
    fn told(self) -> String {
        let of_format = |format: &&dyn OutputFormat| {
            let description = format.description();
            let (_, does) = description.changes.iter().find(|(key, _)| *key == self.key)?;
            Some(format!("{} {does}", description.title))
        };
        let formats: Vec<String> = FORMATS.iter().filter_map(of_format).collect();
        let parts = [self.happens.to_owned(), formats.join(", "), self.advice.to_owned()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
    }
}

impl StackRecord {
    /// The record of a stack that makes these calls, deployed over the one of `before`. What a version called is
    /// kept until the version after the next: as long as generator and calls are the same, nothing changes.
    #[must_use]
    pub fn after(self, before: Option<&Self>, same_generator: bool) -> Self {
        let former_api_calls = match before {
            Some(before) if same_generator && before.api_calls == self.api_calls => {
                before.former_api_calls.clone()
            }
            Some(before) => before.api_calls.difference(&self.api_calls).cloned().collect(),
            None => BTreeSet::new(),
        };
        let keeps_network = before.is_some_and(|before| {
            if same_generator && before.network() == self.network() {
                before.keeps_network
            } else {
                before.network() == Some(Self::IN_A_VPC) && self.network() != Some(Self::IN_A_VPC)
            }
        });
        let former_notifier = before.and_then(|before| {
            if same_generator && before.notifier() == self.notifier() {
                before.former_notifier.clone()
            } else {
                before.notifier().filter(|arn| Some(*arn) != self.notifier()).map(str::to_owned)
            }
        });
        Self { former_api_calls, keeps_network, former_notifier, ..self }
    }

    /// The keys whose change is dangerous: `fixed` has each.
    pub fn fixed_keys() -> impl Iterator<Item = &'static str> {
        CONSEQUENCES.iter().map(|each| each.key)
    }

    /// What the key `network` says of a function that is in a VPC.
    pub const IN_A_VPC: &str = "a VPC";

    fn notifier(&self) -> Option<&str> {
        self.fixed.get(NOTIFIER).map(String::as_str).filter(|arn| *arn != NONE)
    }

    fn network(&self) -> Option<&str> {
        self.fixed.get("network").map(String::as_str)
    }

    /// What is dangerous about deploying it over the one of `before`: a sentence for each.
    pub fn dangers(&self, before: &Self) -> Vec<String> {
        let changed = CONSEQUENCES.iter().filter_map(|each| {
            let (old, new) = (before.fixed.get(each.key)?, self.fixed.get(each.key)?);
            (old != new).then(|| format!("`{}` was `{old}` and is `{new}`: {}", each.key, each.told()))
        });
        changed.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calling(calls: &[&str]) -> StackRecord {
        StackRecord {
            api_calls: calls.iter().map(|call| (*call).to_owned()).collect(),
            ..StackRecord::default()
        }
    }

    fn former(record: &StackRecord) -> Vec<&str> {
        record.former_api_calls.iter().map(String::as_str).collect()
    }

    #[test]
    fn what_the_former_version_calls_is_kept_until_the_version_after() {
        let first = calling(&["a", "b"]).after(None, false);
        assert_eq!(former(&first), [""; 0]);
        let second = calling(&["b", "c"]).after(Some(&first), false);
        assert_eq!(former(&second), ["a"]);
        let again = calling(&["b", "c"]).after(Some(&second), true);
        assert_eq!(again, second, "generating again changes nothing");
        let third = calling(&["b", "c"]).after(Some(&again), false);
        assert_eq!(former(&third), [""; 0]);
    }

    #[test]
    fn what_removes_network_interfaces_is_kept_for_a_version() {
        let of = |network: &str| StackRecord {
            fixed: BTreeMap::from([("network".to_owned(), network.to_owned())]),
            ..StackRecord::default()
        };
        let within = of(StackRecord::IN_A_VPC).after(None, false);
        assert!(
            !within.keeps_network && !of(StackRecord::IN_A_VPC).after(Some(&within), false).keeps_network
        );
        let left = of("none").after(Some(&within), true);
        assert!(left.keeps_network);
        assert_eq!(of("none").after(Some(&left), true), left, "generating again changes nothing");
        assert!(!of("none").after(Some(&left), false).keeps_network, "the version after takes it away");
        assert!(!of(StackRecord::IN_A_VPC).after(Some(&left), true).keeps_network);
        let text = serde_json::to_string(&within).expect("JSON");
        assert!(!text.contains("keeps_network"), "{text}");
    }

    #[test]
    fn the_former_notifier_is_kept_for_a_version() {
        let of = |arn: &str| StackRecord {
            fixed: BTreeMap::from([(NOTIFIER.to_owned(), arn.to_owned())]),
            ..StackRecord::default()
        };
        let kept = |record: &StackRecord| record.former_notifier.clone();
        let first = of("a").after(None, false);
        assert_eq!((kept(&first), kept(&of("a").after(Some(&first), false))), (None, None));
        for next in ["b", NONE] {
            let changed = of(next).after(Some(&first), true);
            assert_eq!(kept(&changed).as_deref(), Some("a"), "{next}");
            assert_eq!(of(next).after(Some(&changed), true), changed, "generating again changes nothing");
            assert_eq!(kept(&of(next).after(Some(&changed), false)), None, "the version after takes it away");
        }
        let none = of(NONE).after(None, false);
        assert_eq!(kept(&of("a").after(Some(&none), true)), None, "there was none");
        let text = serde_json::to_string(&first).expect("JSON");
        assert!(!text.contains("former_notifier"), "{text}");
    }

    #[test]
    fn a_key_that_cannot_change_in_place_is_named_with_what_happens() {
        let at = |path: &str| StackRecord {
            fixed: BTreeMap::from([("permissions.role_path".to_owned(), path.to_owned())]),
            ..StackRecord::default()
        };
        assert_eq!(at("/").dangers(&at("/")), [""; 0]);
        let [danger] = &at("/new/").dangers(&at("/"))[..] else { panic!("one key differs") };
        let begins = "`permissions.role_path` was `/` and is `/new/`: a role has its path for good; Terraform takes both roles away \
             before it makes the new ones, CloudFormation refuses it";
        assert!(danger.starts_with(begins) && danger.ends_with("; no recycle may run meanwhile"), "{danger}");
        for format in FORMATS {
            assert!(danger.contains(format.description().title), "{danger}");
        }
    }

    #[test]
    fn every_format_says_what_it_does_where_formats_differ() {
        let differing = |format: &&dyn OutputFormat| {
            format.description().changes.iter().map(|(key, _)| *key).collect::<BTreeSet<_>>()
        };
        let advised: BTreeSet<_> =
            CONSEQUENCES.iter().filter(|each| !each.advice.is_empty()).map(|each| each.key).collect();
        for format in FORMATS {
            assert_eq!(differing(format), advised, "{}", format.description().title);
        }
    }
}
