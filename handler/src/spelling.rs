//! Near misses: the word that was probably meant. The one "did you mean", of the generator too.

/// A longer text is no slip of the pen.
const LENGTH_MAX: usize = 64;
/// Similarity, from 0 to 1, from which two names count as near.
const SIMILARITY_MIN: f64 = 0.7;

/// The candidate nearest to a text, if one is near: by spelling, or the only one that is short for it or longer
/// than it. Case and the separators `-`, `_` and space count little.
pub fn nearest<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
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
pub fn folded(name: &str) -> String {
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

/// `; did you mean X?` for the known word nearest to `given`, or nothing where none is near.
pub fn suggestion<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(given, known.into_iter()).map_or_else(String::new, |word| format!("; did you mean `{word}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_forms_find_their_word() {
        const STRATEGIES: &[&str] = &["in-out", "out-in", "out-in-timed"];
        const LEVELS: &[&str] = &["error", "warn", "info", "debug"];
        const ARCHITECTURES: &[&str] = &["x86_64", "arm64"];
        for (text, words, meant) in [
            ("out_in", STRATEGIES, Some("out-in")),
            ("Out-In", STRATEGIES, Some("out-in")),
            ("inout", STRATEGIES, Some("in-out")),
            ("out-in-time", STRATEGIES, Some("out-in-timed")),
            ("blue-green", STRATEGIES, None),
            ("arm", ARCHITECTURES, Some("arm64")),
            ("x86-64", ARCHITECTURES, Some("x86_64")),
            ("INFO", LEVELS, Some("info")),
            ("warning", LEVELS, Some("warn")),
            ("amd64", ARCHITECTURES, None),
            ("e", LEVELS, None),
            ("", LEVELS, None),
            ("x", &[], None),
        ] {
            assert_eq!(nearest(text, words.iter().copied()), meant, "{text}");
            let advice = meant.map_or(String::new(), |word| format!("; did you mean `{word}`?"));
            assert_eq!(suggestion(text, words.iter().copied()), advice, "{text}");
        }
    }
}
