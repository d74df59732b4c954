//! Lengths of time as scenarios write them: `90s`, `5m`, `1h30m`, `250ms`.

use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use super::Span;

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
