//! Any YAML as JSON values that know where their keys and values stand: for readers of other files than `stack.yaml`.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::document::{self, Node, NodeValue, Scalar};
use super::scalar::{Meaning, meaning};
use crate::problem::{Location, Problem, Problems};

/// A document: its value, and the places of what is in it by JSON pointer.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    /// The value.
    pub(crate) root: Json,
    /// Of a key and of its value; of an item both are the item's.
    pub(crate) places: BTreeMap<String, Places>,
}

/// Where something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Places {
    /// Its key.
    pub(crate) key: Location,
    /// Its value.
    pub(crate) value: Location,
}

/// Reads a text; what its syntax lacks is told as for `stack.yaml`.
pub(crate) fn values(text: &str) -> Result<Values, Problems> {
    let mut problems = Problems::default();
    let root = document::read(text, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let Some(root) = root else {
        let place = Location { line: 1, column: 1, length: 1 };
        return Err(Problem::new("empty-file", "", "the file has no keys").at(place).into());
    };
    let mut places = BTreeMap::from([(String::new(), Places { key: root.place, value: root.place })]);
    let root = json(&root, "", &mut places);
    Ok(Values { root, places })
}

fn json(node: &Node, pointer: &str, places: &mut BTreeMap<String, Places>) -> Json {
    match &node.value {
        NodeValue::Scalar(scalar) => of_scalar(scalar),
        NodeValue::Sequence(items) => {
            let item = |(index, item): (usize, &Node)| {
                let pointer = format!("{pointer}/{index}");
                places.insert(pointer.clone(), Places { key: item.place, value: item.place });
                json(item, &pointer, places)
            };
            items.iter().enumerate().map(item).collect()
        }
        NodeValue::Mapping(entries) => {
            let mut fields = Map::new();
            for entry in entries.iter() {
                let pointer = format!("{pointer}/{}", escaped(&entry.key));
                places.insert(pointer.clone(), Places { key: entry.key_place, value: entry.value.place });
                fields.insert(entry.key.clone(), json(&entry.value, &pointer, places));
            }
            Json::Object(fields)
        }
    }
}

/// A key as a JSON pointer has it.
pub(crate) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn of_scalar(scalar: &Scalar) -> Json {
    let text = || Json::from(&*scalar.text);
    match meaning(scalar) {
        Meaning::Null => Json::Null,
        Meaning::Boolean(value) => value.into(),
        Meaning::Integer(value) => value.into(),
        Meaning::OtherNumber(_) => scalar.text.parse::<i64>().map_or_else(|_| text(), Json::from),
        Meaning::OldBoolean(_) | Meaning::Text => text(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_and_their_places_are_read() {
        let read = values("a: [1, x]\n'b/c': {d: -2, e: '3', f: ~}\n").unwrap();
        assert_eq!(read.root, json!({"a": [1, "x"], "b/c": {"d": -2, "e": "3", "f": null}}));
        let place = |pointer: &str| (read.places[pointer].key.line, read.places[pointer].value.column);
        assert_eq!((place("/a/1"), place("/b~1c/d")), ((1, 8), (2, 12)));
        assert!(values("a: [b").is_err() && values("").is_err());
    }
}
