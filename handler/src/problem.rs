//! Faults that a person must mend: what is wrong, with which value, and what would be right.

use std::fmt;

use serde::Serialize;

/// One fault of a group's tags or of a dead execution's input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The tag's key, or the field of the event.
    pub subject: String,
    /// The offending value; absent where it is the absence that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Why it is wrong and how to mend it: a lowercase fragment without a final period.
    pub reason: String,
}

impl Problem {
    /// A value that is wrong.
    pub fn of(subject: &str, value: &str, reason: impl Into<String>) -> Self {
        Self { subject: subject.to_owned(), value: Some(value.to_owned()), reason: reason.into() }
    }

    /// A value that is not there.
    pub fn missing(subject: &str, reason: impl Into<String>) -> Self {
        Self { subject: subject.to_owned(), value: None, reason: reason.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(formatter, "`{}` is `{value}`: {}", self.subject, self.reason),
            None => write!(formatter, "`{}` is missing: {}", self.subject, self.reason),
        }
    }
}

/// All faults in one line, for logs.
pub fn line(faults: &[Problem]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// `; did you mean X?` for the known word nearest to `given`, or nothing where none is near.
pub fn suggestion<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let distance_max = 1 + given.chars().count() / 4;
    let near = known.into_iter().map(|word| (distance(&folded(given), &folded(word)), word)).min();
    match near {
        Some((distance, word)) if distance <= distance_max => format!("; did you mean `{word}`?"),
        _ => String::new(),
    }
}

/// Case, and the kind of separator between words, are the likeliest slips.
fn folded(word: &str) -> Vec<char> {
    // A tag value has at most 256 characters; longer text is no slip of a known word.
    word.chars().take(64).map(|c| if "_ .".contains(c) { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// The Levenshtein distance. Written out, for the emitted crate is to stay small: the generator's own advice comes from
/// a library that would be deployed for these few lines.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, r) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(l != r);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        let known = ["in-out", "out-in", "out-in-timed"];
        for (given, expected) in [
            ("out_in", "; did you mean `out-in`?"),
            ("Out-In", "; did you mean `out-in`?"),
            ("inout", "; did you mean `in-out`?"),
            ("out-in-time", "; did you mean `out-in-timed`?"),
            ("blue-green", ""),
            ("", ""),
        ] {
            assert_eq!(suggestion(given, known), expected, "{given}");
        }
        assert_eq!(suggestion("x", []), "");
    }

    #[test]
    fn a_fault_names_the_subject_the_value_and_the_reason() {
        let faults = [Problem::of("a", "1", "too small"), Problem::missing("b", "set it")];
        assert_eq!(line(&faults), "`a` is `1`: too small; `b` is missing: set it");
    }
}
