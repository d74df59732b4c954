//! Update expressions: `SET a = :x, b = b + :n` and `REMOVE a, b`.

use serde_json::{Value, json};

use crate::simulate::world::errors::AwsError;

use super::Item;
use super::expression::{Operand, Placeholders, Reader};

/// A value to set.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    /// An attribute or a value.
    Plain(Operand),
    /// `if_not_exists(path, operand)`.
    IfNotExists(String, Operand),
}

/// An update.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Update {
    /// Attribute, first term, and what is added or subtracted.
    set: Vec<(String, Term, Option<(bool, Term)>)>,
    remove: Vec<String>,
}

const KIND: &str = "UpdateExpression";

impl Update {
    /// Reads one. Each clause may stand once.
    pub(super) fn parse(text: &str) -> Result<Self, AwsError> {
        let mut reader = Reader::new(KIND, text)?;
        let mut update = Self::default();
        while reader.peek().is_some() {
            if reader.takes_word("SET") && update.set.is_empty() {
                loop {
                    let path = reader.path()?;
                    reader.expects("=")?;
                    let first = term(&mut reader)?;
                    let second = if reader.takes("+") {
                        Some((true, term(&mut reader)?))
                    } else if reader.takes("-") {
                        Some((false, term(&mut reader)?))
                    } else {
                        None
                    };
                    update.set.push((path, first, second));
                    if !reader.takes(",") {
                        break;
                    }
                }
            } else if reader.takes_word("REMOVE") && update.remove.is_empty() {
                update.remove.push(reader.path()?);
                while reader.takes(",") {
                    update.remove.push(reader.path()?);
                }
            } else {
                return Err(reader.unexpected());
            }
        }
        Ok(update)
    }

    /// Whether it would change an attribute.
    pub(super) fn touches(&self, attribute: &str, given: &Placeholders) -> Result<bool, AwsError> {
        let paths = self.set.iter().map(|(path, ..)| path).chain(&self.remove);
        let names = paths.map(|path| given.attribute(path)).collect::<Result<Vec<_>, _>>()?;
        Ok(names.contains(&attribute))
    }

    /// The placeholders that it uses.
    pub(super) fn placeholders(&self) -> Vec<String> {
        let terms = self
            .set
            .iter()
            .flat_map(|(_, first, second)| [Some(first), second.as_ref().map(|(_, term)| term)]);
        let in_terms = terms.flatten().flat_map(|term| match term {
            Term::Plain(operand) => vec![operand.placeholder()],
            Term::IfNotExists(path, operand) => vec![Some(path.as_str()), operand.placeholder()],
        });
        let paths = self.set.iter().map(|(path, ..)| path).chain(&self.remove);
        paths.map(|path| Some(path.as_str())).chain(in_terms).flatten().map(str::to_owned).collect()
    }

    /// The item after it. Every right-hand side is about the item before.
    pub(super) fn apply(&self, before: Item, given: &Placeholders) -> Result<Item, AwsError> {
        let mut after = before.clone();
        for (path, first, second) in &self.set {
            let mut value = value_of(first, &before, given)?;
            if let Some((adds, term)) = second {
                let (left, right) = (number(&value)?, number(&value_of(term, &before, given)?)?);
                let sum = if *adds { left + right } else { left - right };
                value = json!({"N": sum.to_string()});
            }
            after.insert(given.attribute(path)?.to_owned(), value);
        }
        for path in &self.remove {
            after.shift_remove(given.attribute(path)?);
        }
        Ok(after)
    }
}

fn term(reader: &mut Reader) -> Result<Term, AwsError> {
    if !reader.takes_word("if_not_exists") {
        return reader.operand().map(Term::Plain);
    }
    reader.expects("(")?;
    let path = reader.path()?;
    reader.expects(",")?;
    let otherwise = reader.operand()?;
    reader.expects(")")?;
    Ok(Term::IfNotExists(path, otherwise))
}

fn value_of(term: &Term, item: &Item, given: &Placeholders) -> Result<Value, AwsError> {
    let missing = || {
        AwsError::validation("The provided expression refers to an attribute that does not exist in the item")
    };
    match term {
        Term::Plain(operand) => operand.of(item, given)?.cloned().ok_or_else(missing),
        Term::IfNotExists(path, otherwise) => match item.get(given.attribute(path)?) {
            Some(value) => Ok(value.clone()),
            None => otherwise.of(item, given)?.cloned().ok_or_else(missing),
        },
    }
}

fn number(value: &Value) -> Result<f64, AwsError> {
    let text = value.get("N").and_then(Value::as_str);
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| AwsError::validation("An operand in the update expression has an incorrect data type"))
}
