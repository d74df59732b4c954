//! What both kinds of expressions are made of: pieces, placeholders and operands, and the reader over them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::world::arguments::Arguments;
use crate::world::errors::AwsError;

use super::reserved;

/// An item: typed attribute values by name.
pub(super) type Item = Map<String, Value>;

/// What `#name` and `:value` stand for.
#[derive(Debug, Clone, Default)]
pub(super) struct Placeholders {
    names: BTreeMap<String, String>,
    values: BTreeMap<String, Value>,
}

impl Placeholders {
    /// Those of a call.
    pub(super) fn of(arguments: &Arguments<'_>) -> Result<Self, AwsError> {
        let object = |name: &'static str| match arguments.get(name) {
            None => Ok(None),
            Some(Value::Object(fields)) if fields.is_empty() => {
                Err(AwsError::validation(format!("{name} must not be empty")))
            }
            Some(Value::Object(fields)) => Ok(Some(fields)),
            Some(other) => Err(AwsError::refused(format!("{name} is no object: {other}"))),
        };
        let mut placeholders = Self::default();
        for (name, value) in object("ExpressionAttributeNames")?.into_iter().flatten() {
            let text = value
                .as_str()
                .ok_or_else(|| AwsError::refused(format!("{name} stands for no text: {value}")))?;
            placeholders.names.insert(name.clone(), text.to_owned());
        }
        for (name, value) in object("ExpressionAttributeValues")?.into_iter().flatten() {
            check_attribute(name, value)?;
            placeholders.values.insert(name.clone(), value.clone());
        }
        Ok(placeholders)
    }

    /// Refuses a placeholder that no expression uses.
    pub(super) fn all_used(&self, is_used: impl Fn(&str) -> bool) -> Result<(), AwsError> {
        let unused = |kind: &str, name: &str| {
            AwsError::validation(format!("Value provided in {kind} unused in expressions: keys: {{{name}}}"))
        };
        if let Some(name) = self.names.keys().find(|name| !is_used(name)) {
            return Err(unused("ExpressionAttributeNames", name));
        }
        match self.values.keys().find(|name| !is_used(name)) {
            Some(name) => Err(unused("ExpressionAttributeValues", name)),
            None => Ok(()),
        }
    }

    /// The attribute that a name in an expression means.
    pub(super) fn attribute<'a>(&'a self, name: &'a str) -> Result<&'a str, AwsError> {
        if !name.starts_with('#') {
            return Ok(name);
        }
        self.names.get(name).map(String::as_str).ok_or_else(|| {
            AwsError::validation(format!("An expression attribute name used in the document path is not defined; attribute name: {name}"))
        })
    }

    /// The value that a placeholder stands for.
    pub(super) fn value(&self, name: &str) -> Result<&Value, AwsError> {
        self.values.get(name).ok_or_else(|| {
            AwsError::validation(format!(
                "An expression attribute value used in expression is not defined; attribute value: {name}"
            ))
        })
    }
}

/// A piece of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, a keyword or a function.
    Word(String),
    /// `#name`.
    Name(String),
    /// `:value`.
    Value(String),
    /// An operator or a bracket.
    Sign(&'static str),
}

const SIGNS: [&str; 11] = ["<>", "<=", ">=", "=", "<", ">", "(", ")", ",", "+", "-"];

/// The pieces of an expression, or that it cannot be read.
pub(super) fn tokens(kind: &str, text: &str) -> Result<Vec<Token>, AwsError> {
    let mut rest = text.trim_start();
    let mut tokens = Vec::new();
    if rest.is_empty() {
        return Err(AwsError::validation(format!("Invalid {kind}: The expression can not be empty;")));
    }
    while let Some(first) = rest.chars().next() {
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            tokens.push(Token::Sign(sign));
            rest = rest[sign.len()..].trim_start();
            continue;
        }
        let marked = matches!(first, '#' | ':');
        let body = &rest[usize::from(marked)..];
        let length = body.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(body.len());
        let (word, after) = rest.split_at(length + usize::from(marked));
        if length == 0 {
            return Err(syntax_error(kind, &first.to_string()));
        }
        tokens.push(match first {
            '#' => Token::Name(word.to_owned()),
            ':' => Token::Value(word.to_owned()),
            _ => Token::Word(word.to_owned()),
        });
        rest = after.trim_start();
    }
    Ok(tokens)
}

/// AWS's answer to an expression that it cannot read.
pub(super) fn syntax_error(kind: &str, near: &str) -> AwsError {
    AwsError::validation(format!("Invalid {kind}: Syntax error; token: \"{near}\", near: \"{near}\""))
}

/// Reads pieces one after the other.
pub(super) struct Reader {
    kind: &'static str,
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
}

impl Reader {
    /// Over an expression of the kind that messages name.
    pub(super) fn new(kind: &'static str, text: &str) -> Result<Self, AwsError> {
        Ok(Self { kind, tokens: tokens(kind, text)?.into_iter().peekable() })
    }

    /// The next piece, left where it is.
    pub(super) fn peek(&mut self) -> Option<&Token> {
        self.tokens.peek()
    }

    /// Takes a sign, if it comes next.
    pub(super) fn takes(&mut self, sign: &str) -> bool {
        self.tokens.next_if(|token| matches!(token, Token::Sign(found) if *found == sign)).is_some()
    }

    /// Takes a keyword, in any case, if it comes next.
    pub(super) fn takes_word(&mut self, word: &str) -> bool {
        self.tokens
            .next_if(|token| matches!(token, Token::Word(found) if found.eq_ignore_ascii_case(word)))
            .is_some()
    }

    /// Takes a sign, or fails.
    pub(super) fn expects(&mut self, sign: &str) -> Result<(), AwsError> {
        if self.takes(sign) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// Takes an attribute's name, which must not be a reserved word.
    pub(super) fn path(&mut self) -> Result<String, AwsError> {
        match self.tokens.next() {
            Some(Token::Name(name)) => Ok(name),
            Some(Token::Word(word)) if reserved::is_reserved(&word) => Err(AwsError::validation(format!(
                "Invalid {}: Attribute name is a reserved keyword; reserved keyword: {word}",
                self.kind
            ))),
            Some(Token::Word(word)) => Ok(word),
            Some(token) => Err(syntax_error(self.kind, &token.to_string())),
            None => Err(syntax_error(self.kind, "<EOF>")),
        }
    }

    /// Takes an attribute's name or a placeholder for a value.
    pub(super) fn operand(&mut self) -> Result<Operand, AwsError> {
        if let Some(Token::Value(name)) = self.tokens.next_if(|token| matches!(token, Token::Value(_))) {
            return Ok(Operand::Value(name));
        }
        self.path().map(Operand::Attribute)
    }

    /// The error for the piece that comes next.
    pub(super) fn unexpected(&mut self) -> AwsError {
        let near = self.tokens.next().map_or_else(|| "<EOF>".to_owned(), |token| token.to_string());
        syntax_error(self.kind, &near)
    }
}

impl std::fmt::Display for Token {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Word(text) | Self::Name(text) | Self::Value(text) => out.write_str(text),
            Self::Sign(sign) => out.write_str(sign),
        }
    }
}

/// What stands on a side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operand {
    /// An attribute, by name or `#name`.
    Attribute(String),
    /// A `:value`.
    Value(String),
}

impl Operand {
    /// What it is for an item; `None` for an attribute that the item does not have.
    pub(super) fn of<'a>(
        &self,
        item: &'a Item,
        placeholders: &'a Placeholders,
    ) -> Result<Option<&'a Value>, AwsError> {
        match self {
            Self::Attribute(name) => Ok(item.get(placeholders.attribute(name)?)),
            Self::Value(name) => placeholders.value(name).map(Some),
        }
    }

    /// The placeholder that it is.
    pub(super) fn placeholder(&self) -> Option<&str> {
        match self {
            Self::Attribute(name) => Some(name.as_str()).filter(|name| name.starts_with('#')),
            Self::Value(name) => Some(name),
        }
    }
}

/// An attribute is an object with one type and its value.
pub(super) fn check_attribute(name: &str, value: &Value) -> Result<(), AwsError> {
    let known = |kind: &str| ["S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"].contains(&kind);
    let typed = value.as_object().filter(|fields| fields.len() == 1 && fields.keys().all(|kind| known(kind)));
    let fields =
        typed.ok_or_else(|| AwsError::refused(format!("the attribute {name} is no typed value: {value}")))?;
    let wrong = fields.iter().any(|(kind, value)| matches!(kind.as_str(), "S" | "N") && !value.is_string());
    if wrong {
        return Err(AwsError::refused(format!(
            "the attribute {name} is not the text its type asks for: {value}"
        )));
    }
    Ok(())
}
