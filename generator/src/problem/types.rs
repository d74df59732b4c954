//! What a fault is, and a list of them.

use std::fmt;

use serde::Serialize;

/// One fault that a person can mend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    /// The line of a template, for what is wrong with the product and not with its input: `templates/FILE:LINE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

impl Problem {
    /// A fault without a place in the input and without advice; see [`Problem::at`] and [`Problem::help`].
    pub fn new(code: &'static str, pointer: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            code,
            pointer: pointer.into(),
            location: None,
            reason: reason.into(),
            help: None,
            template: None,
        }
    }

    /// The same, at a place in the input.
    #[must_use]
    pub fn at(self, location: Location) -> Self {
        Self { location: Some(location), ..self }
    }

    /// The same, at a line of a template.
    #[must_use]
    pub fn in_template(self, template: Option<String>) -> Self {
        Self { template, ..self }
    }

    /// Whether it is one of the product and not of its input.
    pub(crate) fn is_of_the_templates(&self) -> bool {
        // What cannot be read as a table or rendered has its line in the reason.
        self.template.is_some() || ["strategy", "table", "template"].contains(&self.code)
    }

    /// The same, with advice.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(template) = &self.template {
            write!(formatter, "{template}: ")?;
        }
        if let Some(Location { line, column, .. }) = self.location {
            write!(formatter, "{line}:{column}: ")?;
        }
        write!(formatter, "{}", self.reason)?;
        self.help.iter().try_for_each(|help| write!(formatter, " ({help})"))
    }
}

impl std::error::Error for Problem {}

/// A place in a text file. A byte-order mark at the start is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Location {
    /// From 1. Lines end with `\n`, `\r\n` or `\r`.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// Characters to underline, at least 1.
    pub length: usize,
}

impl Location {
    /// The place of what stands in no text: a value that a program sets.
    pub(crate) const NOWHERE: Self = Self { line: 0, column: 0, length: 0 };
}

/// Every fault found in one go; never empty when it is an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds a fault after those found so far.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// The faults, in the order found, or by place once they are sorted.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Orders the faults by their place in the input; those without a place come first, in the order found.
    pub fn sort_by_place(&mut self) {
        self.0.sort_by_key(|problem| problem.location);
    }

    /// `Ok(value)` when there is no fault.
    pub fn or_ok<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl Extend<Problem> for Problems {
    fn extend<I: IntoIterator<Item = Problem>>(&mut self, problems: I) {
        self.0.extend(problems);
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// One fault a line, for logs and for callers of the library; people get [`Problems::render`].
impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            write!(formatter, "{}{problem}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
