//! The last value of an expression, given again while what it reads stays the same.
//!
//! A machine that polls evaluates the same expressions over the same group again and again.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use jsonata_core::value::{JArray, JValue};
use serde_json::Value;

use super::data::{SizedValue, is_identical};
use super::items::{RememberedStep, Steps};
use crate::expression::Expression;

/// An expression and its last value.
#[derive(Debug)]
pub(super) struct Memoized {
    pub expression: Expression,
    /// What its tree calls for the items of lists.
    pub steps: Steps,
    last: RefCell<Option<Last>>,
}

#[derive(Debug)]
struct Last {
    sources: Vec<Option<JValue>>,
    value: SizedValue,
}

impl From<Expression> for Memoized {
    fn from(mut expression: Expression) -> Self {
        let steps = expression.take_item_steps().into_iter().map(RememberedStep::from).collect();
        Self { expression, steps, last: RefCell::new(None) }
    }
}

impl Memoized {
    /// The value over `sources`: the last one where they are the same as then and nothing else can change it.
    pub(super) fn value<E>(
        &self,
        sources: &[Option<&JValue>],
        evaluate: impl FnOnce() -> Result<SizedValue, E>,
    ) -> Result<SizedValue, E> {
        if !self.expression.is_pure() {
            return evaluate();
        }
        if let Some(last) = &*self.last.borrow()
            && all_same(&last.sources, sources)
        {
            return Ok(last.value.clone());
        }
        let value = evaluate()?;
        let sources = sources.iter().map(|source| source.cloned()).collect();
        *self.last.borrow_mut() = Some(Last { sources, value: value.clone() });
        Ok(value)
    }
}

/// The last answer of a task, as it came and as a plain value.
#[derive(Debug, Default)]
pub(super) struct CachedAnswer(RefCell<Option<(Arc<Value>, SizedValue)>>);

impl CachedAnswer {
    /// The answer as a plain value. What has not changed since the last answer is the very same as in that.
    pub(super) fn plain(&self, answer: Arc<Value>) -> SizedValue {
        let mut last = self.0.borrow_mut();
        match &mut *last {
            Some((known, plain)) if Arc::ptr_eq(known, &answer) => plain.clone(),
            Some((known, plain)) => {
                let value = renewed(Some(&plain.value), &answer);
                if !is_identical(&value, &plain.value) {
                    *plain = SizedValue::plain(value);
                }
                *known = answer;
                plain.clone()
            }
            None => last.insert((Arc::clone(&answer), SizedValue::plain(renewed(None, &answer)))).1.clone(),
        }
    }
}

/// JSON as a plain value; what is in `before` already, at the same place or where the item before it is gone, is taken
/// from there.
fn renewed(before: Option<&JValue>, json: &Value) -> JValue {
    match (before, json) {
        (Some(before), json) if is_json(before, json) => before.clone(),
        (before, Value::Array(items)) => {
            let before: &[JValue] = before.and_then(JValue::as_array).map_or(&[], |known| known);
            let mut gone = 0;
            let item = |(index, item): (usize, &Value)| {
                let place = before.get(index + gone..).unwrap_or_default();
                gone += place.iter().take(GONE_MAX).position(|known| is_json(known, item)).unwrap_or(0);
                renewed(before.get(index + gone), item)
            };
            let flat = !items.iter().any(Value::is_array);
            JValue::Array(JArray::new_flat(items.iter().enumerate().map(item).collect(), flat))
        }
        (before, Value::Object(fields)) => {
            let before = before.and_then(JValue::as_object);
            let field = |(name, field): (&String, &Value)| {
                (name.clone(), renewed(before.and_then(|known| known.get(name)), field))
            };
            JValue::object(fields.iter().map(field).collect())
        }
        (_, leaf) => JValue::from(leaf.clone()),
    }
}

/// How many items that are gone an item is looked for behind.
const GONE_MAX: usize = 3;

/// Whether a plain value is what some JSON converts to.
fn is_json(plain: &JValue, json: &Value) -> bool {
    match (plain, json) {
        (JValue::Null, Value::Null) => true,
        (JValue::Bool(plain), Value::Bool(json)) => plain == json,
        (JValue::Number(plain), Value::Number(json)) => {
            json.as_f64().is_some_and(|json| json.to_bits() == plain.to_bits())
        }
        (JValue::String(plain), Value::String(json)) => **plain == **json,
        (JValue::Array(plain), Value::Array(json)) => {
            plain.len() == json.len() && plain.iter().zip(json).all(|(plain, json)| is_json(plain, json))
        }
        (JValue::Object(plain), Value::Object(json)) => {
            let mut fields = plain.iter().zip(json);
            plain.len() == json.len()
                && fields.all(|((key, plain), (name, json))| key == name && is_json(plain, json))
        }
        _ => false,
    }
}

fn all_same(before: &[Option<JValue>], now: &[Option<&JValue>]) -> bool {
    before.len() == now.len()
        && before.iter().zip(now).all(|(before, now)| match (before, now) {
            (Some(before), Some(now)) => same(before, now),
            (None, None) => true,
            _ => false,
        })
}

/// Whether two plain values print as the same text; unlike equality, this minds the order of keys, which an expression
/// can see.
fn same(one: &JValue, other: &JValue) -> bool {
    match (one, other) {
        (JValue::Null, JValue::Null) => true,
        (JValue::Bool(one), JValue::Bool(other)) => one == other,
        (JValue::Number(one), JValue::Number(other)) => one.to_bits() == other.to_bits(),
        (JValue::String(one), JValue::String(other)) => one == other,
        (JValue::Array(one), JValue::Array(other)) => {
            JArray::ptr_eq(one, other)
                || one.len() == other.len()
                    && one.iter().zip(other.iter()).all(|(one, other)| same(one, other))
        }
        (JValue::Object(one), JValue::Object(other)) => {
            let same_field = |((key, one), (other_key, other)): ((&String, &JValue), (&String, &JValue))| {
                key == other_key && same(one, other)
            };
            Rc::ptr_eq(one, other) || one.len() == other.len() && one.iter().zip(other.iter()).all(same_field)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use serde_json::json;

    use super::*;

    fn remembering(source: &str) -> Memoized {
        Expression::compile(source, &["x".to_owned()].into()).expect(source).into()
    }

    /// How often an expression is evaluated over these, one after the other.
    fn evaluations(source: &str, over: &[Value]) -> usize {
        let remembering = remembering(source);
        let count = Cell::new(0);
        for (index, value) in over.iter().enumerate() {
            let value = JValue::from(value.clone());
            let evaluate = || {
                count.set(count.get() + 1);
                Ok::<_, ()>(SizedValue::from_json(json!(index)))
            };
            remembering.value(&[Some(&value), None], evaluate).expect("it is never wrong");
        }
        count.get()
    }

    #[test]
    fn what_is_the_same_is_evaluated_once() {
        let group = json!({"a": [1, {"b": "c"}], "d": null});
        assert_eq!(evaluations("$x", &[group.clone(), group.clone(), group]), 1);
    }

    #[test]
    fn any_difference_is_seen() {
        let differing = [
            json!({"a": 1, "b": [1]}),
            json!({"b": [1], "a": 1}),
            json!({"a": 1, "b": [1, 2]}),
            json!({"a": 1}),
            json!([{"a": 1}]),
            json!("a"),
            json!(true),
            json!(null),
        ];
        assert_eq!(evaluations("$x", &differing), differing.len());
    }

    #[test]
    fn an_answer_that_differs_is_a_new_value() {
        let last = CachedAnswer::default();
        let answers = [
            json!({"a": 1, "b": [1.5, null]}),
            json!({"b": [1.5, null], "a": 1}),
            json!({"a": 1, "b": [1.5]}),
            json!({"a": 2, "b": [1.5]}),
            json!({"a": "2", "b": [true]}),
            json!([]),
        ];
        for answer in answers {
            let first = last.plain(Arc::new(answer.clone()));
            let again = last.plain(Arc::new(answer.clone()));
            assert_eq!(crate::interpreter::data::to_json(&first.value).to_string(), answer.to_string());
            assert!(is_identical(&first.value, &again.value), "{answer}");
        }
    }

    #[test]
    fn what_stays_of_an_answer_is_the_same_value() {
        let last = CachedAnswer::default();
        let items = |answer: Value| match last.plain(Arc::new(answer)).value {
            JValue::Array(items) => items,
            other => panic!("an array stays one: {other:?}"),
        };
        let before = items(json!([{"a": 1}, {"b": 2}, {"c": [3]}, {"d": 4}]));
        let after = items(json!([{"a": 1}, {"c": [3]}, {"d": 5}, {"e": 6}]));
        assert!(is_identical(&before[0], &after[0]));
        assert!(is_identical(&before[2], &after[1]));
        assert!(!is_identical(&before[3], &after[2]));
        assert_eq!(
            crate::interpreter::data::to_json(&JValue::Array(after)).to_string(),
            r#"[{"a":1},{"c":[3]},{"d":5},{"e":6}]"#
        );
    }

    #[test]
    fn the_clock_is_read_every_time() {
        assert_eq!(evaluations("$x + $millis()", &[json!(1), json!(1)]), 2);
    }

    #[test]
    fn an_error_is_not_remembered() {
        let remembering = remembering("$x");
        let value = JValue::Null;
        assert!(remembering.value(&[Some(&value)], || Err(())).is_err());
        assert!(remembering.value(&[Some(&value)], || Ok::<_, ()>(SizedValue::from_json(json!(1)))).is_ok());
    }
}
