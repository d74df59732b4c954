//! Paths of keys, as messages and `--format json` spell them: `alarms.action_arns[0]`, `tags["cost centre"]`.

use std::fmt::Write as _;

use crate::problem::shown;

/// Appends a key; one that is no plain word goes into brackets.
pub(super) fn push_key(path: &mut String, key: &str) {
    let plain = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    if key.is_empty() || !key.chars().all(plain) {
        write!(path, "[\"{}\"]", shown(key)).expect("a string takes any text");
        return;
    }
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(&shown(key));
}

/// Appends an index, from 0.
pub(super) fn push_index(path: &mut String, index: usize) {
    write!(path, "[{index}]").expect("a string takes any text");
}

/// The path with a key appended.
pub(super) fn join(path: &str, key: &str) -> String {
    let mut path = path.to_owned();
    push_key(&mut path, key);
    path
}
