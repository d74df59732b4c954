//! What a format calls the resources and properties of a stack: all of them, so that it can neither gain nor lose one
//! unnoticed.

use serde_json::{Map, Value, json};

/// A type of resource, in the words of a stack and of a format.
pub(super) struct Kind {
    /// In the inventory of a stack.
    pub(super) name: &'static str,
    /// In the format.
    pub(super) own: &'static str,
    /// The format's properties to those of the stack. Steps are separated by dots; a number is a place in a list.
    pub(super) properties: &'static [(&'static str, &'static str)],
    /// What only this format has to say: where the zip is, how it subscribes, what it repeats.
    pub(super) ignored: &'static [&'static str],
}

impl Kind {
    /// The properties of a resource in the stack's words.
    ///
    /// # Panics
    /// If the resource has a property that this kind does not know.
    pub(super) fn translated(&self, label: &str, properties: Value) -> Value {
        let mut rest = properties;
        let mut translated = Map::new();
        for (own, name) in self.properties {
            let value = take(&mut rest, own);
            if let Some(value) = value.filter(|value| *name != "tags" || !is_empty(value)) {
                translated.insert((*name).to_owned(), value);
            }
        }
        for own in self.ignored {
            take(&mut rest, own);
        }
        let kind = self.own;
        assert!(is_empty(&rest), "of {kind} {label} the stack does not speak of these: {rest}");
        translated.into()
    }
}

/// Removes what is at the path, and the maps and lists that are empty without it.
fn take(value: &mut Value, path: &str) -> Option<Value> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let inner = match value {
        Value::Object(map) => map.get_mut(first)?,
        Value::Array(items) => items.get_mut(first.parse::<usize>().ok()?)?,
        _ => return None,
    };
    let taken = match rest {
        Some(rest) => take(inner, rest)?,
        None => inner.take(),
    };
    if let (true, Value::Object(map)) = (is_empty(inner), value) {
        map.remove(first);
    }
    Some(taken)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.iter().all(is_empty),
        _ => false,
    }
}

/// A list of `{Key: .., Value: ..}` as a map.
pub(super) fn from_pairs(list: &Value, key: &str) -> Value {
    let pairs = list.as_array().into_iter().flatten();
    let pair = |pair: &Value| (pair[key].as_str().expect("text").to_owned(), pair["Value"].clone());
    pairs.map(pair).collect::<Map<_, _>>().into()
}

#[test]
fn what_is_taken_leaves_no_empty_shells() {
    let mut value = json!({ "a": [{ "b": 1, "c": 2 }], "d": 3 });
    assert_eq!(take(&mut value, "a.0.b"), Some(json!(1)));
    assert_eq!(value, json!({ "a": [{ "c": 2 }], "d": 3 }));
    assert_eq!(take(&mut value, "a.0.c"), Some(json!(2)));
    assert_eq!((take(&mut value, "a.0.x"), &value), (None, &json!({ "d": 3 })));
}
