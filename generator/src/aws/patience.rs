//! How long an answer is waited for, and how often it is asked for: less where nobody answered the last time, so that whoever waits learns
//! of it within half a minute.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::rc::Rc;
use std::time::Duration;

/// Attempts at a call that is throttled or fails.
pub(super) const ATTEMPTS_MAX: u32 = 6;
/// Attempts at one to which no answer comes; one where none is expected.
pub(super) const SILENCES_MAX: u32 = 2;
/// Attempts where no connection comes about, or it breaks off: about three seconds, in which a blocked port stays one.
const UNCONNECTED_MAX: u32 = 4;
/// Longest wait for an answer to begin.
const FIRST: Duration = Duration::from_secs(20);
/// The same where none came the last time.
const AFTER_SILENCE: Duration = Duration::from_secs(8);
/// Bytes in a second of a slow line: what is sent has to be there before it is answered.
const LINE: u64 = 32 * 1024;

/// What is known of who answers; the clones of one share it.
#[derive(Debug, Clone, Default)]
pub struct Patience(Rc<RefCell<Heard>>);

#[derive(Debug, Default)]
struct Heard {
    /// Hosts of which no answer came when they were asked last.
    silent: BTreeSet<String>,
    /// Whether nobody has answered since: then the way there is at fault, and other hosts will hardly answer either.
    is_last: bool,
}

impl Patience {
    /// How long to wait for a host's answer to a body of so many bytes.
    pub(super) fn of(&self, host: &str, bytes: usize) -> Duration {
        let base = if self.expects_none(host) { AFTER_SILENCE } else { FIRST };
        base + Duration::from_secs(bytes as u64 / LINE)
    }

    /// Whether a host is not expected to answer.
    pub(super) fn expects_none(&self, host: &str) -> bool {
        let heard = self.0.borrow();
        heard.is_last || heard.silent.contains(host)
    }

    /// Keeps whether a host answered in time.
    pub(super) fn heard(&self, host: &str, has_answered: bool) {
        let mut heard = self.0.borrow_mut();
        heard.is_last = !has_answered;
        if has_answered {
            heard.silent.remove(host);
        } else {
            heard.silent.insert(host.to_owned());
        }
    }
}

/// Attempts after such an outcome, the first among them.
pub(super) fn attempts_max<T>(outcome: &std::io::Result<T>, silences_max: u32) -> u32 {
    match outcome {
        Ok(_) => ATTEMPTS_MAX,
        Err(_) if is_silence(outcome) => silences_max,
        Err(_) => UNCONNECTED_MAX,
    }
}

/// Whether no answer came in time, where a connection was refused or broken off at once otherwise.
pub(super) fn is_silence<T>(outcome: &std::io::Result<T>) -> bool {
    outcome.as_ref().is_err_and(|error| error.kind() == ErrorKind::TimedOut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_was_silent_is_waited_for_less_until_it_answers() {
        let patience = Patience::default();
        let of = |host| patience.clone().of(host, 0);
        assert_eq!(of("a"), FIRST);
        patience.heard("a", false);
        assert_eq!((of("a"), of("b")), (AFTER_SILENCE, AFTER_SILENCE), "the network may be away");
        patience.heard("b", true);
        assert_eq!((of("a"), of("b")), (AFTER_SILENCE, FIRST), "it is not");
        patience.heard("a", true);
        assert_eq!(of("a"), FIRST);
        assert!(FIRST + AFTER_SILENCE < Duration::from_secs(30));
    }

    #[test]
    fn a_port_that_refuses_is_asked_less_often_than_a_service_that_fails() {
        let failed = |kind: ErrorKind| attempts_max::<()>(&Err(kind.into()), SILENCES_MAX);
        assert_eq!(attempts_max(&Ok(()), SILENCES_MAX), ATTEMPTS_MAX);
        assert_eq!(failed(ErrorKind::ConnectionRefused), UNCONNECTED_MAX);
        assert_eq!(failed(ErrorKind::TimedOut), SILENCES_MAX);
    }

    #[test]
    fn what_is_sent_has_its_time() {
        assert_eq!(Patience::default().of("a", 64 * 1024), FIRST + Duration::from_secs(2));
    }
}
