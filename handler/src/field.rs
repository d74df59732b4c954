//! Fields of an event, wherever its writer put them and however he wrote them.

use serde_json::Value;

/// A non-empty text under a key.
pub(crate) fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// CloudTrail writes some calls' booleans as text.
pub(crate) fn boolean(value: &Value) -> Option<bool> {
    value.as_bool().or_else(|| value.as_str().and_then(|text| text.to_ascii_lowercase().parse().ok()))
}

/// The first text under `key`, whatever the case of its letters, at most `depth` objects down.
pub(crate) fn find_text(value: &Value, key: &str, depth: usize) -> Option<String> {
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    find(value, key, depth, &text)
}

/// The first number under `key` likewise; `CloudTrail` writes some as text.
pub(crate) fn find_number(value: &Value, key: &str, depth: usize) -> Option<u64> {
    find(value, key, depth, &|value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok()))
}

fn find<T>(value: &Value, key: &str, depth: usize, read: &dyn Fn(&Value) -> Option<T>) -> Option<T> {
    let fields = value.as_object()?;
    let here = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value);
    if let Some(found) = here.and_then(read) {
        return Some(found);
    }
    let contents = |name: &str| name.eq_ignore_ascii_case("launchTemplateData");
    let nested = fields.iter().filter(|(name, _)| depth > 0 && !contents(name));
    nested.map(|(_, value)| value).find_map(|value| find(value, key, depth - 1, read))
}
