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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_names_the_subject_the_value_and_the_reason() {
        let faults = [Problem::of("a", "1", "too small"), Problem::missing("b", "set it")];
        assert_eq!(line(&faults), "`a` is `1`: too small; `b` is missing: set it");
    }
}
