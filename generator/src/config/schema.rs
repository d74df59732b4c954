//! The registry as a JSON Schema, for editors: completion, descriptions and most of the checks.

use serde_json::{Map, Value as Json, json};

use super::format::{OF_ALL_WRITING, TextFormat};
use super::key::{Key, KeyKind, KeyValue, Presence};
use super::text::{TagKey, TagValue};
use super::{registry, suggest};
use crate::names;

const ENVIRONMENT: &str = "environment";

/// The JSON Schema of `stack.yaml`, in draft 7, which the YAML language server reads best. What looks at several
/// keys together, and whether a time zone exists, only `parse` checks; what `name` and `environment` may have together is here, too.
pub fn json_schema() -> Json {
    let mut schema = section("");
    let room = names::tightest().prefix_length_max();
    let head = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "stack.yaml of asg-recycle",
        "description": format!(
            "`asg-recycle validate` checks more: what several keys are together, and whether a time zone exists. `name` and \
             `{ENVIRONMENT}`, with a hyphen between them, have {room} characters at most"
        ),
    });
    let mut whole = head.as_object().cloned().unwrap_or_default();
    whole.append(&mut schema);
    whole.insert("allOf".to_owned(), json!(together(room))); // long, and so the last
    Json::Object(whole)
}

/// What a name may have beside each length of `environment`, and beside its default: a schema cannot add up two lengths, but it can
/// say each case.
fn together(room: usize) -> Vec<Json> {
    let beside =
        |length: usize| json!({ "properties": { "name": { "maxLength": room - "-".len() - length } } });
    let environment = registry::keys().find(|key| key.path == ENVIRONMENT);
    let default = match environment.map(|key| &key.presence) {
        Some(Presence::Default(KeyValue::Text(text))) => text.chars().count(),
        _ => 0,
    };
    let absent = json!({ "if": { "not": { "required": [ENVIRONMENT] } }, "then": beside(default) });
    // One character less each is what either may have alone.
    let given = (2..room - "-".len()).map(|length| {
        let is_as_long =
            json!({ "required": [ENVIRONMENT], "properties": { ENVIRONMENT: { "minLength": length } } });
        json!({ "if": is_as_long, "then": beside(length) })
    });
    std::iter::once(absent).chain(given).collect()
}

/// A section without keys (`null`) is all defaults.
fn section(path: &str) -> Map<String, Json> {
    let mut properties = Map::new();
    for key in registry::keys().filter(|key| key.section() == path) {
        properties.insert(key.name().to_owned(), described(&key.summary, property(key)));
    }
    for inner in registry::sections() {
        if inner.path.rsplit_once('.').map_or("", |(parent, _)| parent) == path {
            let name = suggest::last(&inner.path).to_owned();
            properties.insert(name, described(&inner.summary, section(&inner.path)));
        }
    }
    let required: Vec<_> = registry::keys()
        .filter(|key| key.section() == path && matches!(key.presence, Presence::Required))
        .map(Key::name)
        .collect();
    let mut schema = Map::new();
    schema
        .insert("type".to_owned(), if path.is_empty() { json!("object") } else { json!(["object", "null"]) });
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema.insert("properties".to_owned(), Json::Object(properties));
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    schema
}

fn described(summary: &str, mut schema: Map<String, Json>) -> Json {
    let mut whole = Map::new();
    whole.insert("description".to_owned(), json!(summary));
    whole.append(&mut schema);
    Json::Object(whole)
}

fn property(key: &Key) -> Map<String, Json> {
    let mut schema = match &key.kind {
        KeyKind::Boolean => json!({ "type": "boolean" }),
        KeyKind::Integer { minimum, maximum } => {
            json!({ "type": "integer", "minimum": minimum, "maximum": maximum })
        }
        KeyKind::IntegerOrOff { minimum, maximum } => json!({
            "type": "integer",
            "anyOf": [{ "const": 0 }, { "minimum": minimum, "maximum": maximum }],
        }),
        KeyKind::IntegerOf(numbers) => json!({ "type": "integer", "enum": numbers }),
        KeyKind::Word(words) => json!({ "type": "string", "enum": words }),
        KeyKind::Text(format) => text(format()),
        KeyKind::TimeZone => json!({ "type": "string", "examples": ["Europe/London", "UTC"] }),
        KeyKind::Percentages { length_max } => json!({
            "type": "array",
            "items": { "type": "integer", "minimum": 1, "maximum": 99 },
            "maxItems": length_max,
            "uniqueItems": true,
        }),
        KeyKind::List { of, length_max } => json!({
            "type": "array",
            "items": text(of()),
            "maxItems": length_max,
            "uniqueItems": true,
        }),
        KeyKind::Tags { count_max } => tags(*count_max),
        KeyKind::Pairs(format) => json!({
            "type": "object",
            "propertyNames": {
                "pattern": pattern((format.key)()),
                "maxLength": (format.key)().length_max,
            },
            "additionalProperties": text((format.value)()),
            "maxProperties": format.count_max,
        }),
    };
    if let Presence::Default(value) = &key.presence {
        schema["default"] = value.to_json();
    }
    schema.as_object().cloned().unwrap_or_default()
}

fn text(format: &TextFormat) -> Json {
    json!({
        "type": "string",
        "pattern": pattern(format),
        "maxLength": format.length_max,
        "examples": [format.example],
    })
}

/// The pattern without Unicode classes, which many readers of JSON Schema lack. Beyond ASCII it takes more than
/// `parse` does.
fn pattern(format: &TextFormat) -> String {
    format.anchored().replace(OF_ALL_WRITING, r"A-Za-z0-9 \u00a0-\uffff")
}

fn tags(count_max: usize) -> Json {
    json!({
        "type": "object",
        "propertyNames": {
            "pattern": pattern(TagKey::format()),
            "maxLength": TagKey::format().length_max,
            "not": { "pattern": "^[Aa][Ww][Ss]:" },
        },
        "additionalProperties": text(TagValue::format()),
        "maxProperties": count_max,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::StackName;

    #[test]
    fn patterns_are_such_as_every_reader_knows() {
        let text = json_schema().to_string();
        assert!(!text.contains("\\\\p{") && text.contains("A-Za-z0-9 \\\\u00a0-\\\\uffff"), "{text}");
    }

    #[test]
    fn every_key_is_in_the_schema_with_its_default() {
        let schema = json_schema();
        for key in registry::keys() {
            let pointer = format!("/properties/{}", key.path.replace('.', "/properties/"));
            let property = schema.pointer(&pointer).unwrap_or_else(|| panic!("{pointer}"));
            assert_eq!(property["description"], *key.summary, "{pointer}");
            if let Presence::Default(value) = &key.presence {
                assert_eq!(property["default"], value.to_json(), "{pointer}");
            }
        }
        assert_eq!(schema["required"], json!(["name"]));
        assert_eq!(schema["additionalProperties"], json!(false));
    }

    #[test]
    fn a_name_that_is_too_long_beside_its_environment_is_a_fault_by_the_schema_too() {
        let schema = json_schema();
        let taken = |name: usize, environment: Option<usize>| {
            let mut found = schema["allOf"].as_array().unwrap().iter().filter(|case| {
                let least = case.pointer("/if/properties/environment/minLength").and_then(Json::as_u64);
                match (environment, least) {
                    (None, None) => true,
                    (Some(length), Some(least)) => length as u64 >= least,
                    _ => false,
                }
            });
            found.all(|case| name as u64 <= case["then"]["properties"]["name"]["maxLength"].as_u64().unwrap())
                && name <= StackName::format().length_max
        };
        for (name, environment) in (1..=38).flat_map(|name| (0..=38).map(move |length| (name, length))) {
            let given = if environment > 0 {
                format!("environment: {}\n", "e".repeat(environment))
            } else {
                String::new()
            };
            let text = format!("name: {}\n{given}", "n".repeat(name));
            let is_valid = crate::config::parse(text.as_bytes()).is_ok();
            assert_eq!(taken(name, (environment > 0).then_some(environment)), is_valid, "{text}");
        }
        assert!(schema["description"].as_str().unwrap().contains("have 40 characters at most"), "{schema}");
    }
}
