//! `JSONata` inside a definition: which strings are expressions, whether they parse, and which variables they read.

use std::collections::BTreeSet;

pub(crate) use asg_recycle_simulator::expression::{FUNCTIONS, delimited};
use jsonata_core::ast::{AstNode, BinaryOp};
use jsonata_core::parser;
use serde_json::Value;

use super::tables::Kind;

/// Names of the variables that an expression reads from outside, `states` included.
///
/// # Errors
/// The parser's message.
pub(super) fn variables(expression: &str) -> Result<BTreeSet<String>, String> {
    let tree = parser::parse(expression).map_err(|error| error.to_string())?;
    let tree = serde_json::to_value(&tree).map_err(|error| error.to_string())?;
    let mut names = BTreeSet::new();
    let mut local = BTreeSet::new();
    collect_local(&tree, &mut local);
    collect(&tree, &mut names);
    Ok(names.difference(&local).cloned().collect())
}

/// The kind of what an expression gives, where its form tells.
pub(super) fn kind(expression: &str) -> Option<Kind> {
    kind_of(&parser::parse(expression).ok()?)
}

fn kind_of(tree: &AstNode) -> Option<Kind> {
    Some(match tree {
        AstNode::String(_) => Kind::Text,
        AstNode::Number(_) => Kind::Number,
        AstNode::Boolean(_) => Kind::Flag,
        AstNode::Array(_) => Kind::List,
        AstNode::Object(_) => Kind::Object,
        AstNode::Block(steps) => return kind_of(steps.last()?),
        AstNode::Conditional { then_branch, else_branch, .. } => {
            let (one, other) = (kind_of(then_branch), else_branch.as_deref().and_then(kind_of));
            return one
                .filter(|one| other.is_none_or(|other| other == *one))
                .or(other.filter(|_| one.is_none()));
        }
        AstNode::Binary { op, .. } => match op {
            BinaryOp::Concatenate => Kind::Text,
            BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => {
                Kind::Number
            }
            BinaryOp::And | BinaryOp::Or | BinaryOp::In | BinaryOp::Equal | BinaryOp::NotEqual => Kind::Flag,
            _ => return None,
        },
        AstNode::Function { name, .. } => match name.as_str() {
            "millis" | "toMillis" | "count" | "sum" | "floor" | "ceil" | "round" | "length" => Kind::Number,
            "string" | "join" | "substring" | "lowercase" | "uppercase" | "fromMillis" => Kind::Text,
            "exists" | "not" | "contains" => Kind::Flag,
            "merge" => Kind::Object,
            _ => return None,
        },
        _ => return None,
    })
}

/// The syntax tree is walked in its JSON form: a reference is `{"Variable": name}` and a call of a bound function
/// `{"Function": {"name": ..}}`, wherever they stand.
fn collect(tree: &Value, names: &mut BTreeSet<String>) {
    match tree {
        Value::Object(fields) => {
            if let Some(name) = fields.get("Variable").and_then(Value::as_str)
                && !name.is_empty()
                && !FUNCTIONS.contains(&name)
            {
                names.insert(name.to_owned());
            }
            if let Some(name) = fields.get("Function").and_then(|call| call["name"].as_str())
                && !FUNCTIONS.contains(&name)
            {
                names.insert(name.to_owned());
            }
            fields.values().for_each(|field| collect(field, names));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        _ => {}
    }
}

/// Names that the expression binds itself: parameters of functions and the left sides of `:=`.
fn collect_local(tree: &Value, names: &mut BTreeSet<String>) {
    match tree {
        Value::Object(fields) => {
            if let Some(lambda) = fields.get("Lambda") {
                let parameters = lambda["params"].as_array().into_iter().flatten();
                names.extend(parameters.filter_map(Value::as_str).map(str::to_owned));
            }
            if let Some(binary) = fields.get("Binary").filter(|binary| binary["op"] == "ColonEqual") {
                names.extend(binary["lhs"]["Variable"].as_str().map(str::to_owned));
            }
            fields.values().for_each(|field| collect_local(field, names));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_local(item, names)),
        _ => {}
    }
}

/// `$name` to `$prefix_name` for each of `names`, in expressions only, and not inside their string literals.
pub(super) fn rename_variables(text: &str, names: &BTreeSet<String>, prefix: &str) -> String {
    if delimited(text).is_none() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut quote = None;
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let (length, replacement) = match (quote, character) {
            (None, '$') => variable_at(rest, names, prefix),
            (Some(_), '\\') => (rest.chars().take(2).map(char::len_utf8).sum(), None),
            _ => (character.len_utf8(), None),
        };
        quote = match (quote, character) {
            (None, '\'' | '"') => Some(character),
            (Some(open), _) if open == character => None,
            (unchanged, _) => unchanged,
        };
        out.push_str(replacement.as_deref().unwrap_or(&rest[..length]));
        rest = &rest[length..];
    }
    out
}

/// Length of the reference that `text` begins with, and what it becomes.
fn variable_at(text: &str, names: &BTreeSet<String>, prefix: &str) -> (usize, Option<String>) {
    let name: String = text[1..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let renamed = names.contains(&name).then(|| format!("${prefix}_{name}"));
    (1 + name.len(), renamed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(expression: &str, expected: &[&str]) {
        let expected: BTreeSet<String> = expected.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(variables(expression), Ok(expected), "{expression}");
    }

    #[test]
    fn variables_are_those_that_come_from_outside() {
        reads("$a.b + $count($c)", &["a", "c"]);
        reads("($x := $a; $x & $y)", &["a", "y"]);
        reads("$map($list, function($i, $n) { $i.id & $n & $outer })", &["list", "outer"]);
        reads("$states.input.id", &["states"]);
        reads("($f := function($i) { $i }; $f($a))", &["a"]);
        reads("$g(1)", &["g"]);
        reads("instances[id in $journal.replace].$", &["journal"]);
        reads("$map($list, $string)", &["list"]);
        reads("'$quoted' & /$regex/", &[]);
    }

    #[test]
    fn a_broken_expression_is_an_error() {
        assert!(variables("$foo(").is_err());
    }
}
