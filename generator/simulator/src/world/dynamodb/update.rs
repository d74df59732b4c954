//! Update expressions: `SET a = :x, b = b + :n` and `REMOVE a, b`.

use serde_json::{Value, json};

use crate::world::errors::AwsError;

use super::reader::{Item, Operand, Placeholders, Reader};

/// A value to set.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    /// An attribute or a value.
    Plain(Operand),
    /// `if_not_exists(path, operand)`.
    IfNotExists(String, Operand),
}

/// What follows a term.
#[derive(Debug, Clone, PartialEq, Eq)]
enum More {
    /// Nothing.
    Nothing,
    /// `+ term`.
    Plus(Term),
    /// `- term`.
    Minus(Term),
}

/// `path = term`, `path = term + term` or `path = term - term`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Assignment {
    path: String,
    first: Term,
    more: More,
}

/// An update.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Update {
    set: Vec<Assignment>,
    remove: Vec<String>,
}

const KIND: &str = "UpdateExpression";

impl Update {
    /// Reads one. Each clause may stand once.
    pub(super) fn parse(text: &str) -> Result<Self, AwsError> {
        let mut reader = Reader::new(KIND, text)?;
        let mut update = Self::default();
        while reader.peek().is_some() {
            if update.set.is_empty() && reader.takes_word("SET") {
                update.set.push(assignment(&mut reader)?);
                while reader.takes(",") {
                    update.set.push(assignment(&mut reader)?);
                }
            } else if update.remove.is_empty() && reader.takes_word("REMOVE") {
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

    /// The attributes that it changes.
    fn paths(&self) -> impl Iterator<Item = &str> {
        self.set.iter().map(|one| &one.path).chain(&self.remove).map(String::as_str)
    }

    /// Whether it would change an attribute.
    pub(super) fn touches(&self, attribute: &str, given: &Placeholders) -> Result<bool, AwsError> {
        let names = self.paths().map(|path| given.attribute(path)).collect::<Result<Vec<_>, _>>()?;
        Ok(names.contains(&attribute))
    }

    /// The placeholders that it uses.
    pub(super) fn placeholders(&self) -> Vec<String> {
        let terms = self.set.iter().flat_map(|one| match &one.more {
            More::Nothing => vec![&one.first],
            More::Plus(term) | More::Minus(term) => vec![&one.first, term],
        });
        let in_terms = terms.flat_map(|term| match term {
            Term::Plain(operand) => vec![operand.placeholder()],
            Term::IfNotExists(path, operand) => vec![Some(path.as_str()), operand.placeholder()],
        });
        self.paths().map(Some).chain(in_terms).flatten().map(str::to_owned).collect()
    }

    /// The item after it. Every right-hand side is about the item before.
    pub(super) fn apply(&self, before: &Item, given: &Placeholders) -> Result<Item, AwsError> {
        let mut after = before.clone();
        for one in &self.set {
            let first = value_of(&one.first, before, given)?;
            let sum = |sum: f64| json!({"N": sum.to_string()});
            let value = match &one.more {
                More::Nothing => first,
                More::Plus(term) => sum(number(&first)? + number(&value_of(term, before, given)?)?),
                More::Minus(term) => sum(number(&first)? - number(&value_of(term, before, given)?)?),
            };
            after.insert(given.attribute(&one.path)?.to_owned(), value);
        }
        for path in &self.remove {
            after.shift_remove(given.attribute(path)?);
        }
        Ok(after)
    }
}

fn assignment(reader: &mut Reader) -> Result<Assignment, AwsError> {
    let path = reader.path()?;
    reader.expects("=")?;
    let first = term(reader)?;
    let more = if reader.takes("+") {
        More::Plus(term(reader)?)
    } else if reader.takes("-") {
        More::Minus(term(reader)?)
    } else {
        More::Nothing
    };
    Ok(Assignment { path, first, more })
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
