//! Lengths of time as an operator reads them.

/// A length of time in its two largest units: `3 d 4 h`, `12 min 3 s`; what is negative, by clocks that differ, is none.
pub fn span(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let first = units.iter().position(|(unit, _)| seconds >= *unit).unwrap_or(units.len() - 1);
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (unit, name) in units.iter().skip(first).take(2) {
        if rest / unit > 0 || parts.is_empty() {
            parts.push(format!("{} {name}", rest / unit));
        }
        rest %= unit;
    }
    parts.join(" ")
}

/// Reads `90s`, `20m`, `12h` or `7d`; in seconds.
pub fn read_span(text: &str) -> Result<i64, String> {
    let units = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
    let read = || {
        let (number, seconds) =
            units.into_iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))?;
        Some(i64::from(number.parse::<u32>().ok()?) * seconds)
    };
    read().ok_or_else(|| format!("`{text}` is no length of time: write `90s`, `20m`, `12h` or `7d`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_told_in_two_units() {
        let told: Vec<String> = [-5, 0, 59, 60, 3_725, 93_600, 864_000].into_iter().map(span).collect();
        assert_eq!(told, ["0 s", "0 s", "59 s", "1 min", "1 h 2 min", "1 d 2 h", "10 d"]);
    }

    #[test]
    fn lengths_are_read_with_their_unit() {
        assert_eq!(["90s", "20m", "12h", "7d"].map(read_span), [Ok(90), Ok(1_200), Ok(43_200), Ok(604_800)]);
        for wrong in ["", "7", "d", "-7d", "7w", "7 d", "7é"] {
            assert!(read_span(wrong).is_err(), "{wrong}");
        }
    }
}
