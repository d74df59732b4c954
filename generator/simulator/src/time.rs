//! Virtual time: milliseconds since the Unix epoch, moved only by the simulation. Lengths of it are written `90s`, `5m`,
//! `1h30m`, `250ms`.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::{Deserialize, Deserializer};

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

/// A length of time, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(pub u64);

impl Span {
    /// From whole seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(seconds * 1000)
    }
}

impl Moment {
    /// To the second, as the causes of scaling activities tell it (fact A24), e.g. `2026-01-05T09:00:00Z`.
    pub fn to_the_second(self) -> String {
        Self(self.0 / 1000 * 1000).to_string().replace(".000", "")
    }
}

impl Add<Span> for Moment {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub for Moment {
    type Output = Span;
    fn sub(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

/// RFC 3339 in UTC with milliseconds, as Step Functions writes times, e.g. `2026-01-05T09:00:00.000Z`.
impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = i64::try_from(self.0).unwrap_or(i64::MAX);
        let at = Offset::UTC.to_datetime(Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX));
        let (year, month, day) = (at.year(), at.month(), at.day());
        let (hour, minute, second, millis) = (at.hour(), at.minute(), at.second(), at.millisecond());
        write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

/// Why a text is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no length of time: write whole numbers with units ms, s, m, h or d, e.g. `90s` or `1h30m`"
)]
pub struct DurationError {
    /// The text.
    pub text: String,
}

/// Units and their milliseconds, those that begin alike with the longer one first.
const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

impl FromStr for Span {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut rest = text.trim();
        let fault = || DurationError { text: text.to_owned() };
        if rest == "0" {
            return Ok(Self(0));
        }
        let mut total: Option<u64> = None;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(fault)?;
            let number: u64 = rest[..digits].parse().map_err(|_| fault())?;
            rest = &rest[digits..];
            let (unit, millis) = UNITS.iter().find(|(unit, _)| rest.starts_with(unit)).ok_or_else(fault)?;
            rest = &rest[unit.len()..];
            let part = number.checked_mul(*millis).ok_or_else(fault)?;
            total = Some(total.unwrap_or(0).checked_add(part).ok_or_else(fault)?);
        }
        total.map(Self).ok_or_else(fault)
    }
}

#[cfg(feature = "run")]
impl schemars::JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^(0|([0-9]+(ms|s|m|h|d))+)$",
            "description": "A length of time: whole numbers with units `ms`, `s`, `m`, `h` or `d`, e.g. `90s` or `1h30m`."
        })
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_step_functions_writes_them() {
        assert_eq!(Moment(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Moment(951_782_400_000).to_string(), "2000-02-29T00:00:00.000Z");
        assert_eq!(Moment(1_767_603_599_999).to_string(), "2026-01-05T08:59:59.999Z");
    }

    #[test]
    fn lengths_of_time_are_read_with_their_units() {
        for (text, millis) in [
            ("90s", 90_000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("250ms", 250),
            ("0", 0),
            ("1d", 86_400_000),
        ] {
            assert_eq!(text.parse(), Ok(Span(millis)), "{text}");
        }
    }

    #[test]
    fn what_is_no_length_of_time_is_refused_with_an_example() {
        for text in ["", "90", "s", "1.5h", "-3s", "5 m", "99999999999999999999s"] {
            let error = text.parse::<Span>().expect_err(text);
            assert!(error.to_string().contains("`1h30m`"), "{error}");
        }
    }
}
