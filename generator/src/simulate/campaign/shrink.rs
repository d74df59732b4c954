//! Makes a failing scenario smaller: whatever can be left out, is.

use serde_json::{Value, json};

/// Runs that a shrinking may take.
const TRIES_MAX: usize = 400;

/// The smallest scenario found that still `fails`.
pub(super) fn shrink(document: Value, mut fails: impl FnMut(&Value) -> bool) -> Value {
    let mut smallest = document;
    let mut tries = 0;
    loop {
        let smaller = candidates(&smallest).into_iter().find(|candidate| {
            tries += 1;
            tries <= TRIES_MAX && fails(candidate)
        });
        match smaller {
            Some(found) => smallest = found,
            None => return smallest,
        }
    }
}

/// Everything that is one step smaller, the largest steps first.
fn candidates(document: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    // Several stacks are run as they are, or as the one that there is without any: one left of two would be neither.
    if document.get("stacks").is_some() {
        found.push(without_key(document, "", "stacks"));
    }
    for list in ["/events", "/stops", "/triggers", "/other_groups"] {
        let count = document.pointer(list).and_then(Value::as_array).map_or(0, Vec::len);
        found.extend((0..count).rev().map(|index| without(document, list, index)));
    }
    for part in ["/world", "/group", "/group/timing", "/group/tags"] {
        let keys = document.pointer(part).and_then(Value::as_object);
        let keys = keys.into_iter().flat_map(|fields| fields.keys()).filter(|key| *key != "seed");
        found.extend(keys.map(|key| without_key(document, part, key)));
    }
    found.extend(resized(document));
    found
}

/// With one instance less, a lower maximum or a lower minimum; a size that is not said stays so.
fn resized(document: &Value) -> Vec<Value> {
    let size = |key: &str| document.pointer(&format!("/group/{key}")).and_then(Value::as_u64);
    let (min, desired, max) = (size("min"), size("desired"), size("max"));
    let with = |sizes: &[(&str, Option<u64>)]| {
        let mut smaller = document.clone();
        for (key, size) in sizes {
            if let Some(size) = size {
                smaller["group"][*key] = json!(size);
            }
        }
        smaller
    };
    let mut found = Vec::new();
    if let Some(fewer) = desired.and_then(|desired| desired.checked_sub(1)) {
        let max = max.map(|max| max.saturating_sub(1).max(fewer));
        found.push(with(&[("min", min.map(|min| min.min(fewer))), ("desired", Some(fewer)), ("max", max)]));
    }
    if let Some(lower) = max.filter(|max| Some(*max) > desired).and_then(|max| max.checked_sub(1)) {
        found.push(with(&[("max", Some(lower))]));
    }
    if let Some(lower) = min.and_then(|min| min.checked_sub(1)) {
        found.push(with(&[("min", Some(lower))]));
    }
    found
}

fn without(document: &Value, list: &str, index: usize) -> Value {
    let mut smaller = document.clone();
    if let Some(items) = smaller.pointer_mut(list).and_then(Value::as_array_mut) {
        items.remove(index);
    }
    smaller
}

fn without_key(document: &Value, part: &str, key: &str) -> Value {
    let mut smaller = document.clone();
    if let Some(fields) = smaller.pointer_mut(part).and_then(Value::as_object_mut) {
        fields.shift_remove(key);
    }
    smaller
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_matter_is_left_out() {
        let document = json!({
            "world": {"seed": 7, "latency": "1s"},
            "group": {"min": 2, "desired": 4, "max": 9, "zones": ["a"]},
            "events": [{"at": "1s"}, {"at": "2s"}, {"at": "3s"}],
            "triggers": [{"at": "0s"}],
            "stops": [],
        });
        let smallest = shrink(document, |candidate| {
            candidate["events"].as_array().is_some_and(|events| events.contains(&json!({"at": "2s"})))
                && candidate["group"]["desired"].as_u64().is_some_and(|desired| desired >= 2)
        });
        assert_eq!(smallest["events"], json!([{"at": "2s"}]));
        assert_eq!(smallest["world"], json!({"seed": 7}));
        assert_eq!(smallest["triggers"], json!([]));
        assert_eq!(smallest["group"], json!({"desired": 2}));
    }
}
