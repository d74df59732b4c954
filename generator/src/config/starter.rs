//! The starter file: every key, explained, as a comment with its default.

use std::fmt::Write as _;

use super::key::{Key, KeyKind, KeyValue, Presence};
use super::{registry, suggest};

/// Where `asg-recycle init` puts the schema, beside the starter file.
pub const SCHEMA_FILE: &str = "stack.schema.json";

const INTRODUCTION: &str = "
# The stack that recycles Auto Scaling groups. Every key is here, with its default or an example; take away the
# `# ` before a key to change it. `asg-recycle validate stack.yaml` checks the file.
";
/// Longest line of a comment, in characters.
const WIDTH: usize = 110;

/// A `stack.yaml` that is valid as it stands.
pub fn starter() -> String {
    let mut text = format!("# yaml-language-server: $schema={SCHEMA_FILE}\n{INTRODUCTION}");
    for key in registry::keys().filter(|key| key.section().is_empty()) {
        push_key(&mut text, key, 0);
    }
    for section in registry::sections() {
        let indent = 2 * section.path.matches('.').count();
        if !text.ends_with(":\n") {
            text.push('\n');
        }
        push_comment(&mut text, &section.summary, indent);
        writeln!(text, "{:indent$}{}:", "", suggest::last(&section.path)).expect("a string takes any text");
        for key in registry::keys().filter(|key| key.section() == section.path) {
            push_key(&mut text, key, indent + 2);
        }
    }
    text
}

fn push_key(text: &mut String, key: &Key, indent: usize) {
    if !text.ends_with(":\n") {
        text.push('\n');
    }
    push_comment(text, &explanation(key), indent);
    for line in lines(key) {
        let comment = if is_required(key) { "" } else { "# " };
        writeln!(text, "{:indent$}{comment}{line}", "").expect("a string takes any text");
    }
}

/// The summary, and what the line below does not show.
fn explanation(key: &Key) -> String {
    let summary = &key.summary;
    let takes = match &key.kind {
        KeyKind::Text(_) | KeyKind::List { .. } | KeyKind::Tags { .. } | KeyKind::Pairs(_)
            if !is_required(key) =>
        {
            String::new()
        }
        kind => format!(". Takes {}", kind.takes()),
    };
    let absent = match (&key.presence, &key.kind) {
        (Presence::Optional, _)
        | (
            _,
            KeyKind::List { .. } | KeyKind::Percentages { .. } | KeyKind::Tags { .. } | KeyKind::Pairs(_),
        ) => ". None by default",
        _ => "",
    };
    format!("{summary}{takes}{absent}")
}

fn is_required(key: &Key) -> bool {
    matches!(key.presence, Presence::Required)
}

/// The key with its default, or an example where there is none.
fn lines(key: &Key) -> Vec<String> {
    let name = key.name();
    match (&key.kind, &key.presence) {
        (KeyKind::List { of, .. }, _) => vec![format!("{name}:"), format!("  - {}", of().example)],
        (KeyKind::Percentages { .. }, _) => vec![format!("{name}: [10, 50]")],
        (KeyKind::Pairs(format), _) => {
            vec![format!("{name}:"), format!("  {}: {}", (format.key)().example, (format.value)().example)]
        }
        (KeyKind::Tags { .. }, _) => vec![format!("{name}:"), "  team: platform".to_owned()],
        (KeyKind::Text(format), Presence::Required | Presence::Optional) => {
            vec![format!("{name}: {}", format().example)]
        }
        (KeyKind::IntegerOrOff { minimum, .. }, Presence::Optional) => {
            vec![format!("{name}: {}", KeyValue::Integer(*minimum).to_yaml())]
        }
        (KeyKind::Integer { maximum, .. }, Presence::Optional) => {
            vec![format!("{name}: {}", 300.min(*maximum))]
        }
        (_, Presence::Default(value)) => vec![format!("{name}: {}", value.to_yaml())],
        _ => vec![format!("{name}:")],
    }
}

/// A comment, broken between words, with a capital and a full stop.
fn push_comment(text: &mut String, sentence: &str, indent: usize) {
    let mut characters = sentence.chars();
    let first: String = characters.next().map(char::to_uppercase).into_iter().flatten().collect();
    let sentence = format!("{first}{}.", characters.as_str());
    let mut line = String::new();
    for word in sentence.split(' ') {
        if !line.is_empty() && indent + 2 + line.chars().count() + 1 + word.chars().count() > WIDTH {
            writeln!(text, "{:indent$}# {line}", "").expect("a string takes any text");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    writeln!(text, "{:indent$}# {line}", "").expect("a string takes any text");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, ReservedConcurrency, parse};

    #[test]
    fn the_starter_is_the_defaults() {
        let text = starter();
        assert!(text.starts_with("# yaml-language-server: $schema=stack.schema.json\n"));
        assert_eq!(
            parse(text.as_bytes()),
            Ok(Config::with_defaults("asg-recycle".parse().unwrap())),
            "{text}"
        );
    }

    /// Takes the comment mark off the lines that are keys, list items or tags, one key after the other.
    fn uncommented(text: &str, wanted: impl Fn(&Key) -> bool) -> String {
        let keys: Vec<String> = registry::keys().filter(|key| wanted(key)).flat_map(lines).collect();
        let uncomment = |line: &str| {
            let bare = line.trim_start().strip_prefix("# ")?;
            keys.iter().any(|key| key == bare).then(|| line.replacen("# ", "", 1))
        };
        text.lines().map(|line| uncomment(line).unwrap_or_else(|| line.to_owned()) + "\n").collect()
    }

    #[test]
    fn every_commented_key_can_be_uncommented() {
        let text = uncommented(&starter(), |_| true);
        let config = parse(text.as_bytes()).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
        assert_eq!(config.handler.reserved_concurrency.map(ReservedConcurrency::get), Some(5));
        assert_eq!(&*config.tags["team"], "platform");
        assert_eq!(config.alarms.action_arns.len(), 1);
        for key in registry::keys().filter(|key| !is_required(key)) {
            assert!(
                text.lines().any(|line| line.trim_start().starts_with(&format!("{}:", key.name()))),
                "{key:?}"
            );
        }
    }

    #[test]
    fn the_commented_defaults_are_the_defaults() {
        let plain = |key: &Key| {
            matches!(key.presence, Presence::Default(_))
                && !matches!(
                    key.kind,
                    KeyKind::List { .. }
                        | KeyKind::Percentages { .. }
                        | KeyKind::Tags { .. }
                        | KeyKind::Pairs(_)
                )
        };
        let text = uncommented(&starter(), plain);
        assert_eq!(
            parse(text.as_bytes()),
            Ok(Config::with_defaults("asg-recycle".parse().unwrap())),
            "{text}"
        );
    }
}
