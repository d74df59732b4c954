//! What a deployed definition says of itself: the settings of its strategies. Pure.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The settings of each strategy by its name, as the definition's first states assign them; empty where none does.
pub fn settings(definition: &str) -> BTreeMap<String, Map<String, Value>> {
    let read: Value = serde_json::from_str(definition).unwrap_or_default();
    let Some(Value::Object(all)) = assigned(&read, "all_settings") else { return BTreeMap::new() };
    let of_strategy =
        |(name, settings): (&String, &Value)| Some((name.clone(), settings.as_object()?.clone()));
    all.iter().filter_map(of_strategy).collect()
}

/// Seconds between two looks of the machine at a group with this strategy; of the most eager strategy, where it has not that one.
pub fn poll_interval_seconds(
    settings: &BTreeMap<String, Map<String, Value>>,
    strategy: Option<&str>,
) -> Option<u64> {
    let interval = |settings: &Map<String, Value>| settings.get("poll_interval_seconds")?.as_u64();
    let own = strategy.and_then(|strategy| settings.get(strategy)).and_then(interval);
    own.or_else(|| settings.values().filter_map(interval).min())
}

/// The first value of a key that stands anywhere in a tree.
fn assigned<'a>(tree: &'a Value, key: &str) -> Option<&'a Value> {
    match tree {
        Value::Object(fields) => {
            fields.get(key).or_else(|| fields.values().find_map(|field| assigned(field, key)))
        }
        Value::Array(items) => items.iter().find_map(|item| assigned(item, key)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_from_the_state_that_assigns_them() {
        let definition = r#"{"States": {"Read input": {"Assign": {"all_settings": {"in-out": {"poll_interval_seconds": 20},
            "out-in": {"poll_interval_seconds": 5, "proving_seconds": 150}}}}}}"#;
        let settings = settings(definition);
        let polls = |strategy| poll_interval_seconds(&settings, strategy);
        assert_eq!((polls(Some("in-out")), polls(Some("mine")), polls(None)), (Some(20), Some(5), Some(5)));
        assert_eq!(poll_interval_seconds(&super::settings("{}"), None), None);
    }
}
