//! `JSONata` inside a definition: which strings are expressions, whether they parse, and which variables they read.

use std::collections::BTreeSet;

pub(crate) use asg_recycle_simulator::expression::{FUNCTIONS, delimited, variables};

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
