//! Faults as data: what is wrong, where, why, and how to mend it.

/// One fault that a person can mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Stable, kebab-case, e.g. `unknown-key`.
    pub code: &'static str,
    /// Path of the thing at fault, e.g. `handler.memory_megabytes`, or a state's name.
    pub pointer: String,
    /// Where it stands in the input text, if it stands there.
    pub location: Option<Location>,
    /// What is wrong: a lowercase fragment without a final period.
    pub reason: String,
    /// What to do about it: same form.
    pub help: Option<String>,
}

/// A place in a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// Characters to underline, at least 1.
    pub length: usize,
}

/// Every fault found in one go; never empty when it is an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds a fault.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// The faults, in the order found.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// `Ok(value)` when there is no fault.
    pub fn or_ok<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}
