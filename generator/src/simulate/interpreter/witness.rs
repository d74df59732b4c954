//! Evaluations as somebody outside sees them, who checks them against another implementation of `JSONata`.

use jsonata_core::value::JValue;
use serde_json::Value;

use super::data;
use crate::simulate::time::Moment;

/// Is told of every evaluation. One whose value is known from before is not made again, and not told of.
pub type Witness = Box<dyn Fn(&Evaluation<'_>)>;

/// An expression, what it was evaluated over, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation<'a> {
    /// The expression, without its delimiters.
    pub source: &'a str,
    /// The variables that it reads, `states` among them: an object.
    pub bound: Value,
    /// What `$millis()` gave.
    pub now: Moment,
    /// What came of it.
    pub outcome: Outcome,
}

/// What can come of an evaluation.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A value that is JSON.
    Value(Value),
    /// Nothing: `undefined`.
    Nothing,
    /// A value that is no JSON, such as a function.
    NoJson,
    /// An error, as `JSONata` tells of it: its code first.
    Error(String),
}

impl<'a> Evaluation<'a> {
    pub(super) fn of(
        source: &'a str,
        bound: &JValue,
        now: Moment,
        evaluated: &Result<JValue, String>,
    ) -> Self {
        let outcome = match evaluated {
            Ok(value) if value.is_undefined() => Outcome::Nothing,
            Ok(value) => data::Sized::from_expression(value.clone())
                .map_or(Outcome::NoJson, |plain| Outcome::Value(data::to_json(&plain.value))),
            Err(text) => Outcome::Error(text.clone()),
        };
        Self { source, bound: data::to_json(bound), now, outcome }
    }
}
