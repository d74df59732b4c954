//! Names: the component that people read, and the execution name that makes a redelivery harmless.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// Longest execution name that Step Functions takes, in characters.
pub const LENGTH_MAX: usize = 80;

/// Hex digits of the hash at the end of an execution name: 128 bits.
const HASH_DIGITS: usize = 32;

/// The name shown for a group: the override, else the group's name up to `-asg-`, else the whole name.
pub fn component<'a>(group: &'a str, override_name: Option<&'a str>) -> &'a str {
    let short = || group.split_once("-asg-").map(|(component, _)| component);
    override_name
        .filter(|name| !name.is_empty())
        .or_else(|| short().filter(|name| !name.is_empty()))
        .unwrap_or(group)
}

/// A name that is the same for the same `identity` and differs for any other, at most 80 of letters, digits, `-` and
/// `_` (what Step Functions' logging takes): the component for people, then a hash of the identity.
pub fn execution_name(component: &str, identity: &[&str]) -> String {
    let slug = slug(component, LENGTH_MAX - HASH_DIGITS - 1);
    let mut hash = Sha256::new();
    for part in identity {
        // With its length each part stands alone: ["ab", "c"] is not ["a", "bc"].
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    format!("{slug}-{}", &hex(&hash.finalize())[..HASH_DIGITS])
}

/// Hash of what an event says, whatever the order of its keys; for events that carry no id.
pub fn content_hash(event: &Value) -> String {
    let mut hash = Sha256::new();
    update_canonically(&mut hash, event);
    hex(&hash.finalize())
}

fn slug(text: &str, length_max: usize) -> String {
    let mut slug = String::new();
    for character in text.chars() {
        if character.is_ascii_alphanumeric() || character == '_' {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() == length_max {
            break;
        }
    }
    match slug.trim_end_matches('-') {
        "" => "group".to_owned(),
        slug => slug.to_owned(),
    }
}

/// Depth is bounded by the JSON reader, which refuses more than 128 levels.
fn update_canonically(hash: &mut Sha256, value: &Value) {
    match value {
        Value::Object(fields) => {
            hash.update(b"{");
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            for (key, value) in fields {
                update_canonically(hash, &Value::String(key.clone()));
                update_canonically(hash, value);
            }
            hash.update(b"}");
        }
        Value::Array(items) => {
            hash.update(b"[");
            for item in items {
                update_canonically(hash, item);
            }
            hash.update(b"]");
        }
        scalar => hash.update(format!("{scalar},").as_bytes()),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a String cannot fail
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_component_is_the_override_or_the_front_of_the_group_name() {
        for (group, override_name, expected) in [
            ("public-proxy-asg-20260101", None, "public-proxy"),
            ("public-proxy", None, "public-proxy"),
            ("-asg-1", None, "-asg-1"),
            ("a-asg-b-asg-c", None, "a"),
            ("public-proxy-asg-1", Some("proxy"), "proxy"),
            ("public-proxy-asg-1", Some(""), "public-proxy"),
        ] {
            assert_eq!(component(group, override_name), expected, "{group}");
        }
    }

    #[test]
    fn every_name_is_legal_and_starts_with_the_component() {
        let long = "x".repeat(255);
        for (component, slug) in [
            ("public-proxy", "public-proxy"),
            ("Web / API: blue", "Web-API-blue"),
            ("--", "group"),
            ("", "group"),
            ("größe", "gr-e"),
            ("日本", "group"),
            ("a_b", "a_b"),
            (long.as_str(), &long[..47]),
        ] {
            let name = execution_name(component, &["event", "group"]);
            assert_eq!(name.rsplit_once('-').unwrap().0, slug, "{component}");
            assert!(name.len() <= LENGTH_MAX, "{name}");
            assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{name}");
        }
    }

    #[test]
    fn a_redelivery_has_the_same_name_and_any_other_change_another() {
        let name = execution_name("web", &["event-1", "web-asg-1"]);
        assert_eq!(name, execution_name("web", &["event-1", "web-asg-1"]));
        for identity in [
            ["event-2", "web-asg-1"],
            ["event-1", "web-asg-2"],
            ["event-1web-", "asg-1"],
            ["", "event-1web-asg-1"],
        ] {
            assert_ne!(name, execution_name("web", &identity), "{identity:?}");
        }
    }

    #[test]
    fn content_is_the_same_in_any_order_of_keys_and_differs_in_any_value() {
        let one: Value = serde_json::from_str(r#"{"a":1,"b":{"c":[1,2],"d":"x"}}"#).unwrap();
        let two: Value = serde_json::from_str(r#"{"b":{"d":"x","c":[1,2]},"a":1}"#).unwrap();
        assert_eq!(content_hash(&one), content_hash(&two));
        for other in [
            json!({"a": 1, "b": {"c": [2, 1], "d": "x"}}),
            json!({"a": "1", "b": {"c": [1, 2], "d": "x"}}),
            json!({"a": 1, "b": {"c": [12], "d": "x"}}),
            json!({"a": 1, "b": {"c": [[1, 2]], "d": "x"}}),
        ] {
            assert_ne!(content_hash(&one), content_hash(&other), "{other}");
        }
    }
}
