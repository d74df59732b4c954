//! Values as Step Functions stores them: plain JSON of a known size, under the limits of Standard workflows.

use std::collections::BTreeMap;
use std::rc::Rc;

use jsonata_core::value::{JArray, JMap, JValue};
use serde_json::Value;

use super::failure::Failure;

/// Largest input, output, result, variable and `Assign`, in bytes of UTF-8 JSON.
pub const PAYLOAD_BYTES_MAX: usize = 262_144;

/// Largest sum of the variables of one execution, in bytes.
pub const VARIABLES_BYTES_MAX: usize = 10 * 1024 * 1024;

/// A value and its size as JSON text.
#[derive(Debug, Clone)]
pub(super) struct SizedValue {
    pub value: JValue,
    pub bytes: usize,
}

impl SizedValue {
    /// From JSON; it is plain already.
    pub(super) fn from_json(value: Value) -> Self {
        Self::plain(JValue::from(value))
    }

    /// From a value that is plain already.
    pub(super) fn plain(value: JValue) -> Self {
        let bytes = normalise(&value).map_or(0, |normalised| normalised.bytes);
        Self { value, bytes }
    }

    /// What an expression gave, as JSON text would carry it: without the marks that `JSONata` keeps on its sequences,
    /// which would change how a later expression reads them.
    ///
    /// # Errors
    /// The kind of thing in it that is no JSON.
    pub(super) fn from_expression(value: JValue) -> Result<Self, &'static str> {
        let normalised = normalise(&value)?;
        Ok(Self { value: normalised.replacement.unwrap_or(value), bytes: normalised.bytes })
    }

    /// Itself where it is within the limit of a payload.
    pub(super) fn within_limit(self, what: &str) -> Result<Self, Failure> {
        if self.bytes <= PAYLOAD_BYTES_MAX { Ok(self) } else { Err(Failure::too_large(what)) }
    }
}

struct Normalised {
    /// The plain value, where the given one was not plain.
    replacement: Option<JValue>,
    bytes: usize,
}

impl Normalised {
    fn unchanged(bytes: usize) -> Self {
        Self { replacement: None, bytes }
    }
}

fn normalise(value: &JValue) -> Result<Normalised, &'static str> {
    match value {
        JValue::Null => Ok(Normalised::unchanged(4)),
        JValue::Bool(flag) => Ok(Normalised::unchanged(if *flag { 4 } else { 5 })),
        JValue::Number(number) if number.is_finite() => Ok(Normalised::unchanged(number_bytes(*number))),
        JValue::Number(_) => Err("a number that JSON cannot hold"),
        JValue::String(text) => Ok(Normalised::unchanged(text_bytes(text))),
        JValue::Array(array) => {
            let marked = array.sequence || array.cons || array.keep_singleton || array.outer_wrapper;
            settle_array(array, marked || array.sorted_tuples)
        }
        JValue::Object(fields) => settle_object(fields),
        JValue::Undefined => Err("undefined"),
        JValue::Lambda(_) | JValue::Builtin { .. } => Err("a function"),
        JValue::Regex { .. } => Err("a regular expression"),
    }
}

fn settle_array(items: &[JValue], marked: bool) -> Result<Normalised, &'static str> {
    let mut bytes = 2 + items.len().saturating_sub(1);
    let mut plain: Option<Vec<JValue>> = marked.then(|| items.to_vec());
    for (index, item) in items.iter().enumerate() {
        let normalised = normalise(item)?;
        bytes += normalised.bytes;
        if let Some(replacement) = normalised.replacement {
            plain.get_or_insert_with(|| items.to_vec())[index] = replacement;
        }
    }
    Ok(Normalised { replacement: plain.map(JValue::array), bytes })
}

fn settle_object(fields: &Rc<JMap>) -> Result<Normalised, &'static str> {
    let mut bytes = 2;
    let mut plain = None;
    for (key, field) in fields.iter() {
        if field.is_undefined() {
            plain.get_or_insert_with(|| (**fields).clone()).shift_remove(key);
            continue;
        }
        let normalised = normalise(field)?;
        bytes += text_bytes(key) + 1 + normalised.bytes + usize::from(bytes > 2);
        if let Some(replacement) = normalised.replacement {
            plain.get_or_insert_with(|| (**fields).clone()).insert(key.clone(), replacement);
        }
    }
    Ok(Normalised { replacement: plain.map(|fields| JValue::Object(Rc::new(fields))), bytes })
}

/// An object to be filled with so many fields.
pub(super) fn map_of(capacity: usize) -> JMap {
    let mut map = JMap::default();
    map.reserve(capacity);
    map
}

/// The object of some fields.
pub(super) fn object_of(map: JMap) -> JValue {
    JValue::Object(Rc::new(map))
}

/// Whether two plain values are one, and not only alike.
pub(super) fn is_identical(one: &JValue, other: &JValue) -> bool {
    match (one, other) {
        (JValue::Array(one), JValue::Array(other)) => JArray::ptr_eq(one, other),
        (JValue::Object(one), JValue::Object(other)) => Rc::ptr_eq(one, other),
        _ => false,
    }
}

/// Bytes of a text in JSON, quotes included.
pub(super) fn text_bytes(text: &str) -> usize {
    let escapes = text.bytes().map(|byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
        0..=0x1f => 5,
        _ => 0,
    });
    text.len() + 2 + escapes.sum::<usize>()
}

fn number_bytes(number: f64) -> usize {
    match whole(number) {
        Some(integer) => {
            let digits = integer.unsigned_abs().checked_ilog10().map_or(1, |log| log as usize + 1);
            digits + usize::from(integer < 0)
        }
        None => serde_json::Number::from_f64(number).map_or(4, |number| number.to_string().len()),
    }
}

/// A number that is an integer which `f64` holds exactly.
pub(super) fn whole(number: f64) -> Option<i64> {
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small enough")]
    (number.fract() == 0.0 && number.abs() <= EXACT_MAX).then_some(number as i64)
}

/// As the API calls and the callers of the interpreter see it: a whole number is an integer.
pub(super) fn to_json(value: &JValue) -> Value {
    match value {
        JValue::Bool(flag) => Value::Bool(*flag),
        JValue::Number(number) => match whole(*number) {
            Some(integer) => Value::from(integer),
            None => Value::from(*number),
        },
        JValue::String(text) => Value::String(text.to_string()),
        JValue::Array(items) => items.iter().map(to_json).collect(),
        JValue::Object(fields) => {
            Value::Object(fields.iter().map(|(key, field)| (key.clone(), to_json(field))).collect())
        }
        _ => Value::Null,
    }
}

/// `JSONata`'s word for the type of a value.
pub(super) fn type_name(value: &JValue) -> &'static str {
    match value {
        JValue::Null => "null",
        JValue::Bool(_) => "boolean",
        JValue::Number(_) => "number",
        JValue::String(_) => "string",
        JValue::Array(_) => "array",
        JValue::Object(_) => "object",
        JValue::Undefined => "undefined",
        JValue::Lambda(_) | JValue::Builtin { .. } | JValue::Regex { .. } => "function",
    }
}

/// The variables that a state can read. An iteration of a Map or a branch begins with a copy of those around it; what
/// it assigns is its own, and no name stands in both (the loader refuses that).
#[derive(Debug, Clone, Default)]
pub(super) struct Variables {
    values: Rc<BTreeMap<Rc<str>, SizedValue>>,
    /// Bytes of those that were assigned here.
    pub own_bytes: usize,
}

impl Variables {
    /// For an inner scope.
    pub(super) fn for_inner(&self) -> Self {
        Self { values: Rc::clone(&self.values), own_bytes: 0 }
    }

    pub(super) fn get(&self, name: &str) -> Option<&JValue> {
        self.values.get(name).map(|variable| &variable.value)
    }

    pub(super) fn bytes_of(&self, name: &str) -> usize {
        self.values.get(name).map_or(0, |variable| variable.bytes)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &JValue)> {
        self.values.iter().map(|(name, variable)| (&**name, &variable.value))
    }

    pub(super) fn assign(&mut self, name: &Rc<str>, value: SizedValue) {
        self.own_bytes += value.bytes;
        if let Some(before) = Rc::make_mut(&mut self.values).insert(Rc::clone(name), value) {
            self.own_bytes = self.own_bytes.saturating_sub(before.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_json_text() {
        for text in [
            "null",
            "[true,false]",
            r#"{"a":1,"b":-20,"c":0.5,"d":[],"e":{}}"#,
            r#""a\"b\\c\nd\u0001é""#,
            "[1000000,0,123456789012]",
        ] {
            let value = serde_json::from_str(text).expect(text);
            assert_eq!(SizedValue::from_json(value).bytes, text.len(), "{text}");
        }
    }

    #[test]
    fn what_an_expression_gives_loses_the_marks_of_jsonata() {
        let sequence = JValue::sequence(vec![JValue::cons(vec![JValue::from(1_i64)])]);
        let JValue::Array(outer) = SizedValue::from_expression(sequence).expect("it is plain").value else {
            panic!("an array stays one")
        };
        let JValue::Array(inner) = &outer[0] else { panic!("an array stays one") };
        assert!(!outer.sequence && !inner.cons);
    }

    #[test]
    fn what_is_no_json_is_refused() {
        assert_eq!(
            SizedValue::from_expression(JValue::array(vec![JValue::builtin("count")])).err(),
            Some("a function")
        );
        assert!(SizedValue::from_expression(JValue::Number(f64::NAN)).is_err());
    }

    #[test]
    fn whole_numbers_become_integers() {
        assert_eq!(to_json(&JValue::from(vec![JValue::from(2.0), JValue::from(2.5)])).to_string(), "[2,2.5]");
    }
}
