//! A form of text: one pattern serves the check, the JSON Schema and the deployed parameters.

use std::sync::OnceLock;

use regex::Regex;

use crate::problem::{Problem, shown};

/// What the texts of one type look like.
#[derive(Debug)]
pub struct TextFormat {
    /// The whole text matches it; without anchors. ECMAScript, RE2 and Java read it as Rust does, but for Unicode
    /// classes.
    pub pattern: &'static str,
    /// What it takes, for people, after "takes" or "must be".
    pub takes: &'static str,
    /// Most characters that fit; an é counts as one.
    pub length_max: usize,
    /// A text that fits.
    pub example: &'static str,
    regex: OnceLock<Regex>,
    regex_of_ascii: OnceLock<Regex>,
}

/// The letters, digits and spaces of all writing, as AWS has them in tags.
pub(super) const OF_ALL_WRITING: &str = r"\p{L}\p{N}\p{Z}";
/// Those in ASCII.
const OF_ASCII: &str = "A-Za-z0-9 ";

/// Why a text does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Misfit {
    /// It does not match the pattern.
    Pattern,
    /// It has this many characters too many.
    TooLong(usize),
}

impl TextFormat {
    pub(super) const fn new(
        pattern: &'static str,
        takes: &'static str,
        length_max: usize,
        example: &'static str,
    ) -> Self {
        let regex = OnceLock::new();
        Self { pattern, takes, length_max, example, regex, regex_of_ascii: OnceLock::new() }
    }

    /// The pattern for readers that look for it anywhere in a text.
    pub(super) fn anchored(&self) -> String {
        format!("^{}$", self.pattern)
    }

    /// Whether a text has this form.
    pub(super) fn check(&self, text: &str) -> Result<(), Misfit> {
        let length = text.chars().count();
        if length > self.length_max {
            return Err(Misfit::TooLong(length - self.length_max));
        }
        if self.regex_for(text).is_match(text) { Ok(()) } else { Err(Misfit::Pattern) }
    }

    /// The pattern, compiled. Most texts are ASCII, and Unicode's classes take a tenth of the time of a command that checks a few tags.
    fn regex_for(&self, text: &str) -> &Regex {
        let compiled = |pattern: &str| Regex::new(pattern).expect("the patterns are tested");
        if text.is_ascii() && self.pattern.contains(OF_ALL_WRITING) {
            let of_ascii = || compiled(&self.anchored().replace(OF_ALL_WRITING, OF_ASCII));
            return self.regex_of_ascii.get_or_init(of_ascii);
        }
        self.regex.get_or_init(|| compiled(&self.anchored()))
    }

    /// The fault of a text, at `pointer`, that does not have this form; `found` is how it stands in the input.
    pub(super) fn problem(&self, misfit: Misfit, pointer: &str, text: &str, found: &str) -> Problem {
        match misfit {
            Misfit::TooLong(excess) => {
                let reason = format!("`{pointer}` takes at most {} characters", self.length_max);
                Problem::new("too-long", pointer, reason).help(format!("shorten it by {excess}"))
            }
            Misfit::Pattern => {
                let reason = format!("`{pointer}` takes {}, found {found}", self.takes);
                Problem::new("bad-form", pointer, reason).help(self.advice(text))
            }
        }
    }

    /// The text that was probably meant, or an example.
    pub(super) fn advice(&self, text: &str) -> String {
        match self.repaired(text) {
            Some(repaired) => format!("did you mean `{}`?", shown(&repaired)),
            None => format!("for example `{}`", self.example),
        }
    }

    /// The text after one of the usual small repairs, if it fits then.
    pub(super) fn repaired(&self, text: &str) -> Option<String> {
        let text = text.trim();
        if text.is_empty() {
            return None; // nothing was meant
        }
        let words = text.split(|character: char| !character.is_alphanumeric());
        let hyphenated = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
        let url = text.split_once("://").map_or(text, |(_, rest)| rest);
        let candidates = [
            text.to_owned(),
            text.to_lowercase(),
            text.trim_start_matches(['#', '@']).to_owned(),
            text.trim_end_matches('*').to_owned(),
            format!("/{}/", text.trim_matches('/')),
            format!("https://{url}"),
            text.rsplit(':').next().unwrap_or_default().to_owned(),
            hyphenated.clone(),
            hyphenated.to_lowercase(),
        ];
        candidates.into_iter().find(|candidate| !candidate.is_empty() && self.check(candidate).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ascii_is_taken_as_what_is_not() {
        let format =
            TextFormat::new(r"[\p{L}\p{N}\p{Z}_.:/=+@-]*", "letters, digits and spaces", 128, "team");
        let whole = Regex::new(&format.anchored()).unwrap();
        for character in '\0'..='\u{17f}' {
            let text = format!("a{character}b");
            assert_eq!(format.check(&text).is_ok(), whole.is_match(&text), "{text:?}");
        }
        assert!(format.regex.get().is_some() && format.regex_of_ascii.get().is_some());
    }
}
