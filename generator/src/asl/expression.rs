//! `JSONata` inside a definition: which strings are expressions, whether they parse, and which variables they read.

use std::collections::BTreeSet;

pub(crate) use asg_recycle_simulator::expression::{Expression, FUNCTIONS, delimited, variables};
use jsonata_core::ast::{AstNode, BinaryOp};
use jsonata_core::parser;
use serde_json::Value;

use super::kind::Kind;

/// The names along every path that begins with a variable, the variable's first: `["lock", "journal", "phase"]`.
pub(super) fn paths(expression: &str) -> Vec<Vec<String>> {
    let tree = parser::parse(expression).ok().and_then(|tree| serde_json::to_value(&tree).ok());
    let mut paths = Vec::new();
    collect_paths(&tree.unwrap_or_default(), &mut paths);
    paths
}

fn collect_paths(tree: &Value, paths: &mut Vec<Vec<String>>) {
    match tree {
        Value::Object(fields) => {
            if let Some(steps) = fields.get("Path").and_then(|path| path["steps"].as_array()) {
                let mut steps = steps.iter().map(|step| &step["node"]);
                let first = steps.next().and_then(|node| node["Variable"].as_str());
                let names = steps.map_while(|node| node["Name"].as_str());
                paths.extend(
                    first.map(|first| {
                        std::iter::once(first).chain(names).map(str::to_owned).collect::<Vec<_>>()
                    }),
                );
            }
            fields.values().for_each(|field| collect_paths(field, paths));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_paths(item, paths)),
        _ => {}
    }
}

/// The keys of the object that an expression gives, with the kinds of their values where their form tells. Of an object
/// that is taken from elsewhere nothing is known.
pub(super) fn entries(expression: &str) -> Vec<(String, Option<Kind>)> {
    members(expression).iter().map(|(key, value)| (key.clone(), kind_of(value))).collect()
}

/// The texts that an entry of the object that an expression gives can be, where they stand there.
pub(super) fn texts_of_entry(expression: &str, entry: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for (_, value) in members(expression).iter().filter(|(key, _)| key == entry) {
        collect_literals(&serde_json::to_value(value).unwrap_or_default(), &mut texts);
    }
    texts
}

fn members(expression: &str) -> Vec<(String, AstNode)> {
    let mut members = Vec::new();
    if let Ok(tree) = parser::parse(expression) {
        collect_members(&tree, &mut members);
    }
    members
}

fn collect_members(tree: &AstNode, found: &mut Vec<(String, AstNode)>) {
    match tree {
        AstNode::Object(members) => found.extend(members.iter().filter_map(|(key, value)| match key {
            AstNode::String(key) => Some((key.clone(), value.clone())),
            _ => None,
        })),
        AstNode::Block(steps) => steps.last().into_iter().for_each(|last| collect_members(last, found)),
        AstNode::Conditional { then_branch, else_branch, .. } => {
            std::iter::once(then_branch).chain(else_branch).for_each(|branch| collect_members(branch, found));
        }
        AstNode::Function { name, args, .. } if name == "merge" => {
            if let [AstNode::Array(parts)] = args.as_slice() {
                for part in parts {
                    collect_members(part, found);
                }
            }
        }
        _ => {}
    }
}

/// Whether an expression calls a function, or passes it on to be called.
pub(super) fn calls(expression: &str, function: &str) -> bool {
    fn names(tree: &Value, function: &str) -> bool {
        match tree {
            Value::Object(fields) => {
                fields.get("Function").is_some_and(|call| call["name"] == function)
                    || fields.get("Variable").is_some_and(|name| name == function)
                    || fields.values().any(|field| names(field, function))
            }
            Value::Array(items) => items.iter().any(|item| names(item, function)),
            _ => false,
        }
    }
    let tree = parser::parse(expression).ok().and_then(|tree| serde_json::to_value(&tree).ok());
    names(&tree.unwrap_or_default(), function)
}

/// Every text that stands in an expression as it is.
pub(super) fn literals(expression: &str) -> Vec<String> {
    let tree = parser::parse(expression).ok().and_then(|tree| serde_json::to_value(&tree).ok());
    let mut literals = Vec::new();
    collect_literals(&tree.unwrap_or_default(), &mut literals);
    literals
}

fn collect_literals(tree: &Value, literals: &mut Vec<String>) {
    match tree {
        Value::Object(fields) => {
            literals.extend(fields.get("String").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|field| collect_literals(field, literals));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_literals(item, literals)),
        _ => {}
    }
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

    #[test]
    fn paths_are_told_with_their_variable() {
        let paths = |expression| -> Vec<String> {
            paths(expression).into_iter().map(|path| path.join(".")).collect()
        };
        assert_eq!(
            paths("$journal.phase = 'x' and $exists($lock.journal.kept)"),
            ["journal.phase", "lock.journal.kept"]
        );
        assert_eq!(paths("[$journal.leaving[$ in $g.a]]"), ["journal.leaving", "g.a"]);
    }

    #[test]
    fn a_call_is_found_at_any_depth_and_where_a_function_is_passed_on() {
        for (expression, expected) in [
            ("$exists($x) ? [1, $parse($x).y]", true),
            ("$map($x, $parse)", true),
            ("function($x) { $parse($x) }", true),
            ("'$parse(1)' & $parsed", false),
        ] {
            assert_eq!(calls(expression, "parse"), expected, "{expression}");
        }
    }

    #[test]
    fn the_entries_of_an_object_are_told_with_their_kinds() {
        let expected = [("a", Some(Kind::Number)), ("b", None), ("c", Some(Kind::Text))];
        let expected = expected.map(|(key, kind)| (key.to_owned(), kind));
        assert_eq!(
            entries("($x := 1; $merge([$journal, {'a': 1, 'b': $x}, $y ? {'c': 'x'} : {}]))"),
            expected
        );
    }
}
