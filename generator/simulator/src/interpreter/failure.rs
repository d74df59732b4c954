//! Errors as states raise, match and report them.

use crate::services::ServiceError;

/// An error name and its cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// E.g. `States.QueryEvaluationError`.
    pub error: String,
    /// For people; empty where the source gave none.
    pub cause: String,
}

/// Any error but those that are always fatal.
const ALL: &str = "States.ALL";
/// Any error but a time-out.
const TASK_FAILED: &str = "States.TaskFailed";
const TIMEOUT: &str = "States.Timeout";
const DATA_LIMIT_EXCEEDED: &str = "States.DataLimitExceeded";
const RUNTIME: &str = "States.Runtime";

impl Failure {
    /// An error of the given name.
    pub fn new(error: &str, cause: impl Into<String>) -> Self {
        Self { error: error.to_owned(), cause: cause.into() }
    }

    pub(super) fn too_large(what: &str) -> Self {
        let cause = format!("The {what} has a size that exceeds the maximum number of bytes service limit.");
        Self::new(DATA_LIMIT_EXCEEDED, cause)
    }

    pub(super) fn timeout() -> Self {
        Self::new(TIMEOUT, "")
    }

    pub(super) fn query(cause: impl Into<String>) -> Self {
        Self::new("States.QueryEvaluationError", cause)
    }

    pub(super) fn runtime(cause: impl Into<String>) -> Self {
        Self::new(RUNTIME, cause)
    }

    /// Whether one of the names of a retrier or a catcher stands for it. `States.Runtime` is matched by none;
    /// `States.DataLimitExceeded` only by its own name.
    pub(super) fn is_matched_by(&self, names: &[String]) -> bool {
        names.iter().any(|name| match name.as_str() {
            RUNTIME => false,
            ALL => ![RUNTIME, DATA_LIMIT_EXCEEDED].contains(&self.error.as_str()),
            TASK_FAILED => ![RUNTIME, DATA_LIMIT_EXCEEDED, TIMEOUT].contains(&self.error.as_str()),
            exact => exact == self.error && self.error != RUNTIME,
        })
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        Self { error: error.name, cause: error.cause }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_what_step_functions_says_they_match() {
        for (error, pattern, expected) in [
            ("A.B", "States.ALL", true),
            ("A.B", "States.TaskFailed", true),
            ("A.B", "A.B", true),
            ("A.B", "A", false),
            ("States.Timeout", "States.ALL", true),
            ("States.Timeout", "States.TaskFailed", false),
            ("States.QueryEvaluationError", "States.TaskFailed", true),
            ("States.DataLimitExceeded", "States.ALL", false),
            ("States.DataLimitExceeded", "States.TaskFailed", false),
            ("States.DataLimitExceeded", "States.DataLimitExceeded", true),
            ("States.Runtime", "States.ALL", false),
            ("States.Runtime", "States.TaskFailed", false),
            ("States.Runtime", "States.Runtime", false),
        ] {
            let matched = Failure::new(error, "").is_matched_by(&[pattern.to_owned()]);
            assert_eq!(matched, expected, "{pattern} and {error}");
        }
    }
}
