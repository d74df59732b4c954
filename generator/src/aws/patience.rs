//! How long an answer is waited for: less where nobody answered the last time, so that whoever waits learns of it within half a minute.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

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
    fn what_is_sent_has_its_time() {
        assert_eq!(Patience::default().of("a", 64 * 1024), FIRST + Duration::from_secs(2));
    }
}
