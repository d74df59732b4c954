//! What a scalar means: YAML 1.2's core schema, and the notations that other YAML readers take for something else.

use super::document::{Node, NodeValue, Scalar};
use crate::problem::shown;
use crate::secret;

/// The meaning of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// `yes`, `no`, `on`, `off`: a boolean in YAML 1.1, text in YAML 1.2.
    OldBoolean(bool),
    /// Decimal digits and nothing else.
    Integer(u64),
    /// Any other number, e.g. `-1`, `0x80`, `1e3`, `1_000`, and the whole number it stands for, if it does.
    OtherNumber(Option<u64>),
    /// Anything else.
    Text,
}

/// What a scalar means.
pub(super) fn meaning(scalar: &Scalar) -> Meaning {
    let text = &*scalar.text;
    if !scalar.plain {
        return Meaning::Text;
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Meaning::Null,
        "true" | "True" | "TRUE" => Meaning::Boolean(true),
        "false" | "False" | "FALSE" => Meaning::Boolean(false),
        "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "y" | "Y" => Meaning::OldBoolean(true),
        "no" | "No" | "NO" | "off" | "Off" | "OFF" | "n" | "N" => Meaning::OldBoolean(false),
        _ => number(text),
    }
}

/// The whole number that a text stands for when it is read generously, for advice only.
pub(super) fn whole_number(text: &str) -> Option<u64> {
    match number(text.trim()) {
        Meaning::Integer(value) => Some(value),
        Meaning::OtherNumber(value) => value,
        _ => None,
    }
}

fn number(text: &str) -> Meaning {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits && (text == "0" || !text.starts_with('0')) {
        return text.parse().map_or(Meaning::OtherNumber(None), Meaning::Integer);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Meaning::OtherNumber(None);
    }
    if !unsigned.trim_start_matches('.').starts_with(|character: char| character.is_ascii_digit()) {
        return Meaning::Text;
    }
    let plain: String = unsigned.chars().filter(|character| *character != '_').collect();
    let radix = [("0x", 16), ("0o", 8), ("0b", 2)];
    let radix = radix.iter().find_map(|(prefix, radix)| Some((plain.strip_prefix(prefix)?, *radix)));
    let value = match radix {
        Some((digits, radix)) => u64::from_str_radix(digits, radix).ok(),
        None => match plain.parse::<f64>() {
            Ok(value) => whole(value),
            Err(_) => return Meaning::Text,
        },
    };
    if radix.is_some() && value.is_none() {
        return Meaning::Text;
    }
    Meaning::OtherNumber(value.filter(|value| !text.starts_with('-') || *value == 0))
}

/// A float that stands for a whole number small enough to be meant as one.
fn whole(value: f64) -> Option<u64> {
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0; // 2^53
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be whole and in range"
    )]
    ((0.0..=EXACT_MAX).contains(&value) && value.fract() == 0.0).then_some(value as u64)
}

/// What stands in the file, for a message that says what was expected instead.
pub(super) fn found(node: &Node) -> String {
    let scalar = match &node.value {
        NodeValue::Sequence(_) => return "a list".to_owned(),
        NodeValue::Mapping(_) => return "a mapping".to_owned(),
        NodeValue::Scalar(scalar) => scalar,
    };
    if let Some(what) = secret::found(scalar.text.as_bytes()) {
        return format!("what looks like {what} and is not shown");
    }
    let text = shown(&scalar.text);
    match meaning(scalar) {
        Meaning::Null => "nothing".to_owned(),
        Meaning::Boolean(_) => format!("the boolean `{text}`"),
        Meaning::Integer(_) | Meaning::OtherNumber(_) => format!("the number `{text}`"),
        Meaning::Text if !scalar.plain => format!("the text `\"{text}\"`"),
        Meaning::OldBoolean(_) | Meaning::Text => format!("the text `{text}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Meaning {
        meaning(&Scalar { text: text.into(), plain: true })
    }

    #[test]
    fn plain_scalars_mean_what_yaml_1_2_says() {
        for text in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(plain(text), Meaning::Null, "{text}");
        }
        assert_eq!(plain("true"), Meaning::Boolean(true));
        assert_eq!(plain("False"), Meaning::Boolean(false));
        assert_eq!(plain("yes"), Meaning::OldBoolean(true));
        assert_eq!(plain("Off"), Meaning::OldBoolean(false));
        assert_eq!(plain("0"), Meaning::Integer(0));
        assert_eq!(plain("128"), Meaning::Integer(128));
        for text in ["nUll", "tRue", "yEs", "abc", "1a", "0xzz", "1.2.3", "10.0.0.1", "12:30", "-", "+", "."]
        {
            assert_eq!(plain(text), Meaning::Text, "{text}");
        }
    }

    #[test]
    fn other_notations_of_numbers_are_understood_for_advice() {
        for (text, value) in [
            ("0x80", Some(128)),
            ("0o200", Some(128)),
            ("0b11", Some(3)),
            ("1e3", Some(1_000)),
            ("1_000", Some(1_000)),
            ("0128", Some(128)),
            ("128.0", Some(128)),
            ("+5", Some(5)),
            ("-0", Some(0)),
            ("-5", None),
            ("1.5", None),
            ("1e400", None),
            ("99999999999999999999999", None),
            (".inf", None),
            (".nan", None),
        ] {
            assert_eq!(plain(text), Meaning::OtherNumber(value), "{text}");
        }
    }

    #[test]
    fn quotes_make_text_of_anything() {
        for text in ["", "null", "true", "yes", "128"] {
            assert_eq!(meaning(&Scalar { text: text.into(), plain: false }), Meaning::Text, "{text}");
        }
    }
}
