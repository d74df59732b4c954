//! The reference of `stack.yaml`, as Markdown.

use std::fmt::Write as _;

use super::key::{Key, KeyKind, Presence};
use super::registry;

const INTRODUCTION: &str = "\
<!-- Written from the registry of keys in generator/src/config/registry.rs; do not edit. -->
# `stack.yaml`

One YAML 1.2 document, in UTF-8, of at most 64 KiB. `asg-recycle init` writes one that names every key,
`asg-recycle validate FILE` reports every fault of one at once, and `asg-recycle schema` prints the JSON Schema
that gives an editor completion.

A key that is not listed here is a fault. So is a value of another type: nothing is converted, so that `\"128\"`,
`0x80` and `1e3` are no numbers, and `yes` is no boolean. A section without keys is the same as none. Anchors and
aliases work; merge keys (`<<`) and tags (`!!str`) do not.

`name` and `environment`, with a hyphen between them, start every resource's name; together they have to leave room for the
longest suffix and the limits of AWS: 40 characters, the hyphen included, which is checked. An environment that is given when
the stack is deployed has what `name` leaves of that. `handler.reserved_concurrency`, unless it is 0, has to cover
`queue.maximum_concurrency`.
";

/// The reference of every key, its default and what it takes. `docs/configuration.md` holds it.
pub fn reference() -> String {
    let mut text = INTRODUCTION.to_owned();
    push_table(&mut text, "");
    for section in registry::sections() {
        writeln!(text, "\n## `{}`\n\n{}.", section.path, capitalised(&section.summary))
            .expect("a string takes any text");
        push_table(&mut text, &section.path);
    }
    text
}

fn push_table(text: &mut String, section: &str) {
    let mut rows = registry::keys().filter(|key| key.section() == section).peekable();
    if rows.peek().is_none() {
        return;
    }
    text.push_str("\n| key | takes | default | what it is for |\n|---|---|---|---|\n");
    for key in rows {
        let (name, takes) = (key.name(), key.kind.takes());
        writeln!(text, "| `{name}` | {takes} | {} | {} |", default(key), key.summary)
            .expect("a string takes any text");
    }
}

fn default(key: &Key) -> String {
    match (&key.presence, &key.kind) {
        (Presence::Required, _) => "required".to_owned(),
        (Presence::Optional, _)
        | (
            _,
            KeyKind::List { .. } | KeyKind::Percentages { .. } | KeyKind::Tags { .. } | KeyKind::Pairs(_),
        ) => "none".to_owned(),
        (Presence::Default(value), _) => format!("`{}`", value.to_yaml()),
    }
}

fn capitalised(sentence: &str) -> String {
    let mut characters = sentence.chars();
    let first: String = characters.next().map(char::to_uppercase).into_iter().flatten().collect();
    first + characters.as_str()
}
