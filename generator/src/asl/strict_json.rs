//! JSON in which no object has a key twice: a state, or a field of one, that is written twice would replace the first in silence.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

/// A value that was read so.
pub(super) struct StrictJson(pub(super) Value);

impl<'de> Deserialize<'de> for StrictJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue).map(Self)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(StrictJson(item)) = items.next_element()? {
            array.push(item);
        }
        Ok(array.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            match object.entry(key) {
                Entry::Vacant(place) => {
                    let StrictJson(field) = fields.next_value()?;
                    place.insert(field);
                }
                Entry::Occupied(first) => {
                    let key = first.key();
                    return Err(A::Error::custom(format_args!("`{key}` stands twice in one object")));
                }
            }
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_key_twice_is_what_it_is_elsewhere() {
        let text = r#"{"a": [1, -2, 2.5, true, null, "\u00e9"], "b": {"a": {}}}"#;
        let StrictJson(value) = serde_json::from_str(text).expect("it is JSON");
        assert_eq!(Ok(value), serde_json::from_str(text).map_err(|error| error.to_string()));
    }

    #[test]
    fn a_key_that_stands_twice_is_told_with_its_place() {
        let error =
            serde_json::from_str::<StrictJson>("{\"a\": {\"b\": 1,\n\"b\": 2}}").err().expect("a fault");
        assert_eq!(
            (error.to_string().as_str(), error.line()),
            ("`b` stands twice in one object at line 2 column 3", 2)
        );
    }
}
