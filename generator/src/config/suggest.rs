//! Near misses: the name that was probably meant.

use super::registry;

/// A longer text is no slip of the pen.
const LENGTH_MAX: usize = 64;
/// Similarity, from 0 to 1, from which two names count as near.
const SIMILARITY_MIN: f64 = 0.7;

/// The candidate nearest to a text, if one is near: by spelling, or the only one that is short for it or longer
/// than it. Case and the separators `-`, `_` and space count little.
pub(super) fn nearest<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if text.is_empty() || text.len() > LENGTH_MAX {
        return None;
    }
    let text = folded(text);
    let (mut best, mut related) = (None, Vec::new());
    for candidate in candidates {
        let name = folded(candidate);
        let similarity = strsim::normalized_damerau_levenshtein(&text, &name);
        if similarity >= SIMILARITY_MIN && best.is_none_or(|(best, _)| similarity > best) {
            best = Some((similarity, candidate));
        }
        if is_short_for(&text, &name) || is_short_for(&name, &text) {
            related.push(candidate);
        }
    }
    let related = if let [only] = related.as_slice() { Some(*only) } else { None };
    best.map(|(_, candidate)| candidate).or(related)
}

/// Whether a name begins with a text or holds all its words.
fn is_short_for(text: &str, name: &str) -> bool {
    let holds = |word| name.split('_').any(|part| part == word);
    text.len() >= 3 && (name.starts_with(text) || text.split('_').all(holds))
}

/// The path of the key or section that was probably meant by a key in a section: the one of that path, a
/// neighbour, or the only one of that name elsewhere.
pub(super) fn key(section: &str, name: &str) -> Option<&'static str> {
    if let Some(path) = paths().find(|path| path.contains('.') && *path == name) {
        return Some(path);
    }
    if let Some(neighbour) = nearest(name, neighbours(section).map(last)) {
        return neighbours(section).find(|path| last(path) == neighbour);
    }
    let name = folded(name.rsplit('.').next().unwrap_or(name));
    let mut elsewhere = paths().filter(|path| folded(last(path)) == name);
    let first = elsewhere.next();
    if elsewhere.next().is_some() { None } else { first }
}

/// The paths of the keys and sections in a section, in the order documented.
pub(super) fn neighbours(section: &str) -> impl Iterator<Item = &'static str> {
    paths().filter(move |path| path.rsplit_once('.').map_or("", |(parent, _)| parent) == section)
}

/// The last part of a path.
pub(super) fn last(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(_, last)| last)
}

fn paths() -> impl Iterator<Item = &'static str> {
    let sections = registry::sections().iter().map(|section| section.path.as_ref());
    registry::keys().map(|key| key.path.as_ref()).chain(sections)
}

/// Lower case, words separated by `_`.
fn folded(name: &str) -> String {
    let mut folded = String::new();
    let mut previous_is_lower = false;
    for character in name.chars() {
        if character.is_uppercase() && previous_is_lower {
            folded.push('_');
        }
        previous_is_lower = character.is_lowercase();
        match character {
            '-' | ' ' => folded.push('_'),
            _ => folded.extend(character.to_lowercase()),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Architecture, LogLevel};

    #[test]
    fn short_and_long_forms_find_their_word() {
        for (text, words, meant) in [
            ("arm", Architecture::WORDS, Some("arm64")),
            ("x86-64", Architecture::WORDS, Some("x86_64")),
            ("INFO", LogLevel::WORDS, Some("info")),
            ("warning", LogLevel::WORDS, Some("warn")),
            ("amd64", Architecture::WORDS, None),
            ("e", LogLevel::WORDS, None),
            ("", LogLevel::WORDS, None),
        ] {
            assert_eq!(nearest(text, words.iter().copied()), meant, "{text}");
        }
    }

    #[test]
    fn slips_find_their_key() {
        for (section, name, meant) in [
            ("handler", "memory_megabyte", Some("handler.memory_megabytes")),
            ("handler", "memoryMegabytes", Some("handler.memory_megabytes")),
            ("handler", "memory-megabytes", Some("handler.memory_megabytes")),
            ("handler", "memory", Some("handler.memory_megabytes")),
            ("handler", "timeout", Some("handler.timeout_seconds")),
            ("handler", "concurrency", Some("handler.reserved_concurrency")),
            ("handler", "architecutre", Some("handler.architecture")),
            ("", "retention_days", Some("logs.retention_days")),
            ("", "handler.memory_megabytes", Some("handler.memory_megabytes")),
            ("", "nmae", Some("name")),
            ("", "Name", Some("name")),
            ("", "notification", Some("notifications")),
            ("", "log_level", None), // two sections have it
            ("handler", "vpc", None),
            ("strategies.in-out", "timeout", None), // two keys hold it
            ("strategies", "inout", Some("strategies.in-out")),
            ("strategies", "in_out", Some("strategies.in-out")),
            ("strategies.in-out", "poll_seconds", Some("strategies.in-out.poll_interval_seconds")),
        ] {
            assert_eq!(key(section, name), meant, "{section} {name}");
        }
    }
}
