//! Parts of messages.

use std::fmt::Display;

/// Text from the input as it may stand in a message: on one line, without control characters, not too long.
pub(crate) fn shown(text: &str) -> String {
    const CHARACTERS_MAX: usize = 60;
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == CHARACTERS_MAX {
            shown.push_str("...");
            break;
        }
        if is_printable(character) {
            shown.push(character);
        } else {
            shown.extend(character.escape_default());
        }
    }
    shown
}

/// A number of things: `1 read`, `2 reads`.
pub(crate) fn counted<N: Copy + PartialEq + From<u8> + Display>(number: N, thing: &str) -> String {
    format!("{number} {thing}{}", if number == N::from(1) { "" } else { "s" })
}

/// The first of some names, and how many more there are.
#[cfg(feature = "operate")]
pub(crate) fn first_few(names: &[impl AsRef<str>]) -> String {
    const SHOWN: usize = 5;
    let more = names.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", names.iter().take(SHOWN).map(AsRef::as_ref).collect::<Vec<_>>().join(", "))
}

/// Whether a character may go to a terminal: no control character and none that changes the writing direction.
pub(crate) fn is_printable(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_thing_is_told_of_otherwise_than_several() {
        assert_eq!([0, 1, 2].map(|number| counted(number, "read")), ["0 reads", "1 read", "2 reads"]);
    }

    #[test]
    #[cfg(feature = "operate")]
    fn of_many_names_the_first_few_are_told() {
        use super::first_few;

        assert_eq!(first_few(&["a", "b", "c", "d", "e", "f"]), "a, b, c, d, e and 1 more");
        assert_eq!(first_few(&["a", "b"]), "a, b");
    }
}
