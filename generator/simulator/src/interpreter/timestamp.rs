//! RFC 3339 text to a moment, in the form that a Wait state takes: upper-case `T`, and `Z` or an offset.

use crate::time::Moment;

/// The moment, or none where the text is not of that form or lies before 1970.
pub(super) fn parse(text: &str) -> Option<Moment> {
    let (date, time) = text.split_once('T')?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let offset_at = time.find(['Z', '+', '-'])?;
    let (time, offset) = time.split_at(offset_at);
    let (clock, millis) = match time.split_once('.') {
        Some((clock, fraction)) => (clock, millis_of(fraction)?),
        None => (time, 0),
    };
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let in_range = (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let days = days_from_civil(year, month, day);
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset_seconds(offset)?;
    if in_range { u64::try_from(seconds * 1000 + millis).ok().map(Moment) } else { None }
}

fn numbers(text: &str, separator: char, widths: [usize; 3]) -> Option<[i64; 3]> {
    let parts: Vec<_> = text.split(separator).collect();
    let [first, second, third] = parts.try_into().ok()?;
    let number = |part: &str, width| (part.len() == width).then(|| digits(part))?;
    Some([number(first, widths[0])?, number(second, widths[1])?, number(third, widths[2])?])
}

fn digits(text: &str) -> Option<i64> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn millis_of(fraction: &str) -> Option<i64> {
    digits(fraction)?;
    digits(&format!("{fraction:0<3}")[..3])
}

fn offset_seconds(offset: &str) -> Option<i64> {
    if offset == "Z" {
        return Some(0);
    }
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = offset[1..].split_once(':')?;
    let in_form = hours.len() == 2 && minutes.len() == 2;
    in_form.then_some(sign * (digits(hours)? * 3600 + digits(minutes)? * 60))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day is the last of its year.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
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
            "26-01-05T09:00:00Z",
            "2026-01-05T09:00:00+0200",
            "",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
