//! Values of a definition's fields: constants and expressions, apart once and for all.

use std::collections::BTreeSet;
use std::rc::Rc;

use jsonata_core::value::JValue;
use serde_json::Value;

use super::data::{self, SizedValue};
use super::memo::Memoized;
use crate::expression::{Expression, delimited};

/// A JSON value in which strings may be expressions.
#[derive(Debug)]
pub(super) enum Template {
    /// No expression anywhere in it.
    Constant(SizedValue),
    Expression(Memoized),
    Array(Vec<Template>),
    Object(Vec<(String, Template)>),
}

impl Template {
    /// Parses every expression in a value, of which `assigned` are the machine's variables.
    ///
    /// # Errors
    /// A fragment for every fault.
    pub(super) fn read(value: &Value, assigned: &BTreeSet<String>) -> Result<Self, Vec<String>> {
        match value {
            Value::String(text) => match delimited(text) {
                Some(source) => read_expression(source, assigned).map(|read| Self::Expression(read.into())),
                None => Ok(Self::constant(value)),
            },
            Value::Array(items) => {
                let items = all(items.iter().map(|item| Self::read(item, assigned)))?;
                let constant = items.iter().all(Self::is_constant);
                Ok(if constant { Self::constant(value) } else { Self::Array(items) })
            }
            Value::Object(fields) => {
                let named = |(key, field): (&String, &Value)| Ok((key.clone(), Self::read(field, assigned)?));
                let fields = all(fields.iter().map(named))?;
                let constant = fields.iter().all(|(_, field)| field.is_constant());
                Ok(if constant { Self::constant(value) } else { Self::Object(fields) })
            }
            _ => Ok(Self::constant(value)),
        }
    }

    fn constant(value: &Value) -> Self {
        Self::Constant(SizedValue::from_json(value.clone()))
    }

    fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_))
    }

    /// The constant that it is.
    pub(super) fn as_constant(&self) -> Option<&JValue> {
        match self {
            Self::Constant(sized) => Some(&sized.value),
            _ => None,
        }
    }
}

fn read_expression(source: &str, assigned: &BTreeSet<String>) -> Result<Expression, Vec<String>> {
    Expression::compile(source, assigned).map_err(|reasons| {
        reasons.into_iter().map(|reason| format!("{reason}: `{}`", source.trim())).collect()
    })
}

fn all<T>(results: impl Iterator<Item = Result<T, Vec<String>>>) -> Result<Vec<T>, Vec<String>> {
    let (mut values, mut faults) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(value) => values.push(value),
            Err(reasons) => faults.extend(reasons),
        }
    }
    if faults.is_empty() { Ok(values) } else { Err(faults) }
}

/// A whole number with bounds, constant or computed.
#[derive(Debug)]
pub(super) struct Whole {
    template: Template,
    min: u32,
    max: u32,
}

impl Whole {
    /// Of a field whose value must be between `min` and `max`.
    ///
    /// # Errors
    /// Where it is neither an expression nor such a number.
    pub(super) fn read(
        value: &Value,
        (min, max): (u32, u32),
        assigned: &BTreeSet<String>,
    ) -> Result<Self, Vec<String>> {
        let whole = Self { template: Template::read(value, assigned)?, min, max };
        match &whole.template {
            Template::Expression(_) => Ok(whole),
            Template::Constant(constant) if whole.of(&constant.value).is_some() => Ok(whole),
            _ => Err(vec![format!("it is no whole number between {min} and {max} and no expression")]),
        }
    }

    /// The number 0.
    pub(super) fn zero() -> Self {
        let template = Template::Constant(SizedValue::from_json(Value::from(0)));
        Self { template, min: 0, max: 0 }
    }

    pub(super) fn template(&self) -> &Template {
        &self.template
    }

    /// The number that a value is, where it is one within the bounds.
    pub(super) fn of(&self, value: &JValue) -> Option<u32> {
        let number = u32::try_from(data::whole(value.as_f64()?)?).ok()?;
        (self.min..=self.max).contains(&number).then_some(number)
    }
}

/// `Assign` of a state, a rule or a catcher.
pub(super) fn read_assign(
    fields: &serde_json::Map<String, Value>,
    assigned: &BTreeSet<String>,
) -> Result<Vec<(Rc<str>, Template)>, Vec<String>> {
    all(fields.iter().map(|(name, value)| Ok((Rc::from(name.as_str()), Template::read(value, assigned)?))))
}
