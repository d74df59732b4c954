//! Text from an input as it may stand in a message.

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

/// Whether a character may go to a terminal: no control character and none that changes the writing direction.
pub(super) fn is_printable(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
