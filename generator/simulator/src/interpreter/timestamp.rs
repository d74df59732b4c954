//! RFC 3339 text to a moment, in the form that a Wait state takes: upper-case `T`, and `Z` or an offset.

use crate::time::Moment;

/// The moment, or none where the text is not of that form or lies before 1970.
pub(super) fn parse(text: &str) -> Option<Moment> {
    let without_offset = || {
        let (clock, offset) = text.split_at_checked(text.len().checked_sub("+00:00".len())?)?;
        (offset.starts_with(['+', '-']) && offset.as_bytes()[3] == b':').then_some(clock)
    };
    let clock = text.strip_suffix('Z').or_else(without_offset)?.as_bytes();
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    let is_in_form = clock.len() >= 19 && marks.iter().all(|(at, mark)| clock[*at] == *mark);
    // The calendar's library would read a leap second, as the second before it.
    if !is_in_form || clock[17..].starts_with(b"60") {
        return None;
    }
    let timestamp: jiff::Timestamp = text.parse().ok()?;
    u64::try_from(timestamp.as_millisecond()).ok().map(Moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_survives_being_written_and_read() {
        for millis in [0, 951_782_400_000, 1_767_603_599_999, 4_102_444_800_001] {
            assert_eq!(parse(&Moment(millis).to_string()), Some(Moment(millis)));
        }
    }

    #[test]
    fn offsets_and_fractions_are_read() {
        for (text, written) in [
            ("2026-01-05T09:00:00Z", "2026-01-05T09:00:00.000Z"),
            ("2026-01-05T09:00:00.5Z", "2026-01-05T09:00:00.500Z"),
            ("2026-01-05T09:00:00.123456Z", "2026-01-05T09:00:00.123Z"),
            ("2026-01-05T00:30:00+02:00", "2026-01-04T22:30:00.000Z"),
            ("2026-01-05T00:30:00-02:30", "2026-01-05T03:00:00.000Z"),
        ] {
            assert_eq!(parse(text).map(|moment| moment.to_string()).as_deref(), Some(written), "{text}");
        }
    }

    #[test]
    fn other_forms_are_not_read() {
        for text in [
            "2026-01-05",
            "2026-01-05 09:00:00Z",
            "2026-01-05t09:00:00z",
            "2026-01-05T09:00:00",
            "2026-13-05T09:00:00Z",
            "2026-02-29T09:00:00Z",
            "2026-01-05T24:00:00Z",
            "2026-01-05T09:00:60Z",
            "2026-01-05T09:00Z",
            "2026-01-05T09Z",
            "26-01-05T09:00:00Z",
            "2026-01-05T09:00:00+0200",
            "",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
