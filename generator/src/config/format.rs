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
}

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
        Self { pattern, takes, length_max, example, regex: OnceLock::new() }
    }

    /// What it takes, for a message.
    pub(super) fn takes(&self) -> &'static str {
        self.takes
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
        let regex = self.regex.get_or_init(|| Regex::new(&self.anchored()).expect("the patterns are tested"));
        if regex.is_match(text) { Ok(()) } else { Err(Misfit::Pattern) }
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
