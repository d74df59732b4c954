//! Where a rule puts what it finds.

use super::super::origin::Origins;
use crate::problem::{Problem, Problems};

/// The problems of one rule, which all have its code.
pub(super) struct Report<'a> {
    code: &'static str,
    origins: &'a Origins,
    problems: &'a mut Problems,
}

impl<'a> Report<'a> {
    pub(super) fn of(code: &'static str, origins: &'a Origins, problems: &'a mut Problems) -> Self {
        Self { code, origins, problems }
    }

    /// A fault of a state, or of the whole definition where the name is empty.
    pub(super) fn add(&mut self, state: &str, reason: String) {
        self.add_at(state, None, reason);
    }

    /// A fault of a table's row, which stands at `place`.
    pub(super) fn add_to_table(&mut self, place: Option<&str>, reason: String) {
        let problem = Problem::new(self.code, "", reason);
        self.problems.push(problem.in_template(place.map(str::to_owned)));
    }

    /// A fault of a state, in this text of it.
    pub(super) fn add_at(&mut self, state: &str, text: Option<&str>, reason: String) {
        let problem = Problem::new(self.code, state, reason);
        self.problems.push(problem.in_template(self.origins.of(state, text)));
    }
}
