//! Near misses: the word that was probably meant. The one "did you mean" of the generator.

/// A longer text is no slip of the pen.
const LENGTH_MAX: usize = 64;
/// Similarity, from 0 to 1, from which two names count as near.
const SIMILARITY_MIN: f64 = 0.7;

/// The candidate nearest to a text, if one is near: by spelling, or the only one that is short for it or longer
/// than it. Case and the separators `-`, `_` and space count little.
pub(crate) fn nearest<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
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

/// Lower case, words separated by `_`.
pub(crate) fn folded(name: &str) -> String {
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
    use super::nearest;
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
}
