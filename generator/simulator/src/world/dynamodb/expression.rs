//! Condition expressions: a recursive-descent parser and an evaluator.

use std::cmp::Ordering;

use serde_json::Value;

use crate::world::errors::AwsError;

use super::reader::{Item, Operand, Placeholders, Reader};

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// Either holds.
    Or(Box<Condition>, Box<Condition>),
    /// Both hold.
    And(Box<Condition>, Box<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// `attribute_exists(path)`.
    Exists(Operand),
    /// `begins_with(path, prefix)`.
    BeginsWith(Operand, Operand),
    /// `left sign right`.
    Compare(Operand, &'static str, Operand),
    /// `operand IN (…)`.
    In(Operand, Vec<Operand>),
    /// `operand BETWEEN low AND high`.
    Between(Operand, Operand, Operand),
}

impl Condition {
    /// Reads one.
    pub(super) fn parse(text: &str) -> Result<Self, AwsError> {
        let mut reader = Reader::new("ConditionExpression", text)?;
        let condition = either(&mut reader)?;
        match reader.peek() {
            None => Ok(condition),
            Some(_) => Err(reader.unexpected()),
        }
    }

    /// Whether it holds for an item. What compares with a missing attribute does not hold.
    pub(super) fn holds(&self, item: &Item, given: &Placeholders) -> Result<bool, AwsError> {
        Ok(match self {
            // Both sides are looked at, so that an undefined placeholder is always found.
            Self::Or(left, right) => left.holds(item, given)? | right.holds(item, given)?,
            Self::And(left, right) => left.holds(item, given)? & right.holds(item, given)?,
            Self::Not(inner) => !inner.holds(item, given)?,
            Self::Exists(path) => path.of(item, given)?.is_some(),
            Self::BeginsWith(path, prefix) => {
                let (whole, prefix) = (path.of(item, given)?, prefix.of(item, given)?);
                let text = |value: Option<&Value>| {
                    value.and_then(|value| value.get("S")?.as_str().map(str::to_owned))
                };
                matches!((text(whole), text(prefix)), (Some(whole), Some(prefix)) if whole.starts_with(&prefix))
            }
            Self::Compare(left, sign, right) => compare(left.of(item, given)?, sign, right.of(item, given)?),
            Self::In(operand, list) => {
                let value = operand.of(item, given)?;
                let equal = list.iter().map(|one| Ok(compare(value, "=", one.of(item, given)?)));
                equal.collect::<Result<Vec<bool>, AwsError>>()?.contains(&true)
            }
            Self::Between(operand, low, high) => {
                let value = operand.of(item, given)?;
                compare(value, ">=", low.of(item, given)?) & compare(value, "<=", high.of(item, given)?)
            }
        })
    }

    /// The placeholders that it uses.
    pub(super) fn placeholders(&self) -> Vec<String> {
        let mut operands = Vec::new();
        self.collect(&mut operands);
        operands.into_iter().filter_map(|one| one.placeholder().map(str::to_owned)).collect()
    }

    fn collect<'a>(&'a self, operands: &mut Vec<&'a Operand>) {
        match self {
            Self::Or(left, right) | Self::And(left, right) => {
                left.collect(operands);
                right.collect(operands);
            }
            Self::Not(inner) => inner.collect(operands),
            Self::Exists(path) => operands.push(path),
            Self::BeginsWith(left, right) | Self::Compare(left, _, right) => operands.extend([left, right]),
            Self::In(operand, list) => operands.extend(list.iter().chain([operand])),
            Self::Between(operand, low, high) => operands.extend([operand, low, high]),
        }
    }
}

fn either(reader: &mut Reader) -> Result<Condition, AwsError> {
    let mut left = both(reader)?;
    while reader.takes_word("OR") {
        left = Condition::Or(Box::new(left), Box::new(both(reader)?));
    }
    Ok(left)
}

fn both(reader: &mut Reader) -> Result<Condition, AwsError> {
    let mut left = negated(reader)?;
    while reader.takes_word("AND") {
        left = Condition::And(Box::new(left), Box::new(negated(reader)?));
    }
    Ok(left)
}

fn negated(reader: &mut Reader) -> Result<Condition, AwsError> {
    if reader.takes_word("NOT") {
        return Ok(Condition::Not(Box::new(negated(reader)?)));
    }
    if reader.takes("(") {
        let inner = either(reader)?;
        reader.expects(")")?;
        return Ok(inner);
    }
    if reader.takes_word("attribute_exists") {
        return Ok(Condition::Exists(only_argument(reader)?));
    }
    if reader.takes_word("attribute_not_exists") {
        return Ok(Condition::Not(Box::new(Condition::Exists(only_argument(reader)?))));
    }
    if reader.takes_word("begins_with") {
        reader.expects("(")?;
        let path = reader.operand()?;
        reader.expects(",")?;
        let prefix = reader.operand()?;
        reader.expects(")")?;
        return Ok(Condition::BeginsWith(path, prefix));
    }
    comparison(reader)
}

fn only_argument(reader: &mut Reader) -> Result<Operand, AwsError> {
    reader.expects("(")?;
    let path = reader.path()?;
    reader.expects(")")?;
    Ok(Operand::Attribute(path))
}

fn comparison(reader: &mut Reader) -> Result<Condition, AwsError> {
    let left = reader.operand()?;
    if reader.takes_word("BETWEEN") {
        let low = reader.operand()?;
        if !reader.takes_word("AND") {
            return Err(reader.unexpected());
        }
        return Ok(Condition::Between(left, low, reader.operand()?));
    }
    if reader.takes_word("IN") {
        reader.expects("(")?;
        let mut list = vec![reader.operand()?];
        while reader.takes(",") {
            list.push(reader.operand()?);
        }
        reader.expects(")")?;
        return Ok(Condition::In(left, list));
    }
    for sign in ["<>", "<=", ">=", "=", "<", ">"] {
        if reader.takes(sign) {
            return Ok(Condition::Compare(left, sign, reader.operand()?));
        }
    }
    Err(reader.unexpected())
}

fn compare(left: Option<&Value>, sign: &str, right: Option<&Value>) -> bool {
    let (Some(left), Some(right)) = (left, right) else {
        return sign == "<>" && left.is_some() != right.is_some();
    };
    let order = order(left, right);
    match sign {
        "=" => left == right || order == Some(Ordering::Equal),
        "<>" => left != right && order != Some(Ordering::Equal),
        "<" => order == Some(Ordering::Less),
        "<=" => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        ">" => order == Some(Ordering::Greater),
        _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }
}

/// The order of two texts or two numbers; none between types.
fn order(left: &Value, right: &Value) -> Option<Ordering> {
    let of = |value: &Value, kind: &str| value.get(kind).and_then(Value::as_str).map(str::to_owned);
    if let (Some(left), Some(right)) = (of(left, "S"), of(right, "S")) {
        return Some(left.cmp(&right));
    }
    let number = |value: &Value| of(value, "N")?.parse::<f64>().ok();
    number(left)?.partial_cmp(&number(right)?)
}
