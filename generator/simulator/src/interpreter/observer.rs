//! What somebody outside is told of while a machine runs: evaluations, to be checked against another implementation of
//! `JSONata`, and the ways that executions take, to find those that none takes.

use std::rc::Rc;

use jsonata_core::value::JValue;
use serde_json::Value;

use super::data::{self, SizedValue};
use crate::time::Moment;

/// Is told of every evaluation. One whose value is known from before is not made again, and not told of.
pub type EvaluationObserver = Box<dyn Fn(&Evaluation<'_>)>;

/// An expression, what it was evaluated over, and what came of it.
pub struct Evaluation<'a> {
    /// The expression, without its delimiters.
    pub source: &'a str,
    /// What `$millis()` gives in it.
    pub now: Moment,
    pub(super) bound: &'a JValue,
    pub(super) evaluated: Result<&'a JValue, &'a str>,
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
    /// An error, as the library tells of it.
    Error(String),
}

impl Evaluation<'_> {
    /// The variables that the expression reads and that have a value, `states` among them: an object, or null where it
    /// reads none.
    pub fn variables(&self) -> Value {
        data::to_json(self.bound)
    }

    /// What came of it.
    pub fn outcome(&self) -> Outcome {
        match self.evaluated {
            Ok(value) if value.is_undefined() => Outcome::Nothing,
            Ok(value) => SizedValue::from_expression(value.clone())
                .map_or(Outcome::NoJson, |plain| Outcome::Value(data::to_json(&plain.value))),
            Err(text) => Outcome::Error(text.to_owned()),
        }
    }
}

/// What an execution does at a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Enters it.
    Enters,
    /// Takes this rule of a Choice.
    TakesRule(usize),
    /// Takes its `Default`.
    TakesDefault,
    /// Tries it again by this entry of `Retry`.
    Retries(usize),
    /// Goes on by this entry of `Catch`.
    Catches(usize),
}

/// Is told of every way that an execution takes, with the state's name.
pub type WayObserver = Box<dyn Fn(&Rc<str>, Way)>;
