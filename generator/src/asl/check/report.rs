//! Where a rule puts what it finds.

use crate::problem::{Problem, Problems};

/// The problems of one rule, which all have its code.
pub(super) struct Report<'a> {
    code: &'static str,
    problems: &'a mut Problems,
}

impl<'a> Report<'a> {
    pub(super) fn of(code: &'static str, problems: &'a mut Problems) -> Self {
        Self { code, problems }
    }

    /// A fault of a state, or of the whole definition where the name is empty.
    pub(super) fn add(&mut self, state: &str, reason: String) {
        self.problems.push(Problem {
            code: self.code,
            pointer: state.to_owned(),
            location: None,
            reason,
            help: None,
        });
    }
}
