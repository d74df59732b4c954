//! `Retry` and `Catch`.

use super::super::machine::{Catcher, Retrier};
use super::raw::{JitterStrategy, RawCatcher, RawRetrier};
use super::{LoadScope, Loader};

const ATTEMPTS_MAX: u32 = 99_999_999;
const DELAY_SECONDS_MAX: u32 = 31_622_400;

impl Loader {
    pub(super) fn retriers(&mut self, name: &str, raw: &[RawRetrier]) -> Vec<Retrier> {
        self.check_errors(name, "Retry", raw.iter().map(|retrier| retrier.error_equals.as_slice()));
        raw.iter().map(|retrier| self.retrier(name, retrier)).collect()
    }

    fn retrier(&mut self, name: &str, raw: &RawRetrier) -> Retrier {
        let retrier = Retrier {
            errors: raw.error_equals.clone(),
            interval_seconds: raw.interval_seconds.unwrap_or(1),
            attempts_max: raw.max_attempts.unwrap_or(3),
            backoff_rate: raw.backoff_rate.unwrap_or(2.0),
            delay_seconds_max: raw.max_delay_seconds,
            jitter: raw.jitter_strategy == Some(JitterStrategy::Full),
        };
        let in_bounds = (1..=ATTEMPTS_MAX).contains(&retrier.interval_seconds)
            && retrier.attempts_max <= ATTEMPTS_MAX
            && retrier.backoff_rate >= 1.0;
        if !in_bounds {
            self.refuse(name, "Retry: IntervalSeconds and BackoffRate must be at least 1");
        }
        let above_interval = retrier.interval_seconds + 1..=DELAY_SECONDS_MAX;
        if retrier.delay_seconds_max.is_some_and(|seconds| !above_interval.contains(&seconds)) {
            self.refuse(name, "Retry: MaxDelaySeconds must be more than IntervalSeconds, and at most a year");
        }
        retrier
    }

    pub(super) fn catchers(
        &mut self,
        name: &str,
        raw: &[RawCatcher],
        around: &LoadScope<'_>,
    ) -> Vec<Catcher> {
        self.check_errors(name, "Catch", raw.iter().map(|catcher| catcher.error_equals.as_slice()));
        raw.iter()
            .map(|catcher| Catcher {
                errors: catcher.error_equals.clone(),
                results: self.results(name, &catcher.assign, catcher.output.as_ref()),
                next: self.target(name, "Catch", &catcher.next, around),
            })
            .collect()
    }

    /// `States.ALL` stands alone and last; no entry is empty.
    fn check_errors<'a>(&mut self, name: &str, field: &str, entries: impl Iterator<Item = &'a [String]>) {
        let entries: Vec<_> = entries.collect();
        for (index, errors) in entries.iter().enumerate() {
            let all = errors.iter().any(|error| error == "States.ALL");
            if errors.is_empty() {
                self.refuse(name, format!("{field}: ErrorEquals is empty"));
            } else if all && (errors.len() > 1 || index + 1 < entries.len()) {
                self.refuse(name, format!("{field}: States.ALL must stand alone and last"));
            }
        }
    }
}
