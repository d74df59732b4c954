//! Which retrier takes an error, and how long it waits.

use super::failure::Failure;
use crate::random::Random;
use crate::states_language::{Jitter, Retrier};
use crate::time::Span;

/// The first retrier whose names match decides: its index, or none where it has no attempt left or no retrier matches.
/// `attempts` holds how often each has retried since the state was entered.
pub(super) fn choose(retriers: &[Retrier], attempts: &[u32], failure: &Failure) -> Option<usize> {
    let index = retriers.iter().position(|retrier| failure.is_matched_by(&retrier.errors))?;
    (attempts.get(index).copied().unwrap_or(0) < retriers[index].attempts_max).then_some(index)
}

/// The wait before the retry that follows `attempts` earlier ones.
pub(super) fn delay(retrier: &Retrier, attempts: u32, random: &Random) -> Span {
    let exponent = i32::try_from(attempts).unwrap_or(i32::MAX);
    let seconds = f64::from(retrier.interval_seconds) * retrier.backoff_rate.powi(exponent);
    let seconds = seconds.min(f64::from(retrier.delay_seconds_max.unwrap_or(u32::MAX)));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and bounded above")]
    let millis = (seconds * 1000.0).round() as u64;
    Span(if retrier.jitter == Jitter::Full { random.up_to(millis) } else { millis })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retrier(errors: &[&str], attempts_max: u32) -> Retrier {
        Retrier {
            _comment: None,
            errors: errors.iter().map(|error| (*error).to_owned()).collect(),
            interval_seconds: 2,
            attempts_max,
            backoff_rate: 2.0,
            delay_seconds_max: Some(10),
            jitter: Jitter::None,
        }
    }

    #[test]
    fn the_first_match_decides_even_without_attempts_left() {
        let retriers = [retrier(&["A"], 0), retrier(&["B"], 1), retrier(&["States.ALL"], 5)];
        let chosen = |error, attempts: &[u32]| choose(&retriers, attempts, &Failure::new(error, ""));
        assert_eq!(chosen("A", &[0, 0, 0]), None);
        assert_eq!(chosen("B", &[0, 0, 0]), Some(1));
        assert_eq!(chosen("B", &[0, 1, 0]), None);
        assert_eq!(chosen("C", &[0, 1, 4]), Some(2));
    }

    #[test]
    fn delays_double_up_to_the_longest() {
        let delays: Vec<_> =
            (0..4).map(|attempts| delay(&retrier(&[], 9), attempts, &Random::seeded(0)).0).collect();
        assert_eq!(delays, [2000, 4000, 8000, 10_000]);
    }

    #[test]
    fn full_jitter_spreads_over_the_whole_delay() {
        let jittered = Retrier { jitter: Jitter::Full, ..retrier(&[], 9) };
        let random = Random::seeded(3);
        let delays: Vec<_> = (0..100).map(|_| delay(&jittered, 1, &random).0).collect();
        assert!(delays.iter().all(|delay| *delay <= 4000));
        assert!(delays.iter().any(|delay| *delay < 800) && delays.iter().any(|delay| *delay > 3200));
    }
}
