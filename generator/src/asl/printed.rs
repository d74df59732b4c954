//! A definition as text: as it is deployed, without white space between its tokens, and laid out for people. Room for the whole is
//! asked for at once: a text that grows by itself is copied again and again into memory that the system has to clear first.

use serde_json::{Map, Value};

/// Spaces that a level is indented by.
const STEP: usize = 2;

/// Without white space between its tokens, newline at the end; `length` is about how many bytes that takes.
pub(super) fn minified(machine: &Map<String, Value>, length: usize) -> String {
    let mut text = Vec::with_capacity(length);
    serde_json::to_writer(&mut text, machine).expect("a JSON value prints");
    text.push(b'\n');
    String::from_utf8(text).expect("JSON is UTF-8")
}

/// A minified text, laid out as `serde_json` does it: from the text, which takes a tenth of what printing takes.
pub(super) fn laid_out(minified: &str) -> String {
    let mut text = String::with_capacity(minified.len() * 2); // more than its indentation takes
    let (mut rest, mut depth) = (minified, 0);
    while let Some(token) = rest.chars().next() {
        let (now, then) = rest.split_at(token_length(rest));
        rest = then;
        match token {
            '{' | '[' if rest.starts_with(['}', ']']) => text.push(token),
            '{' | '[' => {
                depth += 1;
                text.push(token);
                new_line(&mut text, depth);
            }
            '}' | ']' if text.ends_with(['{', '[']) => text.push(token),
            '}' | ']' => {
                depth -= 1;
                new_line(&mut text, depth);
                text.push(token);
            }
            ',' => {
                text.push(token);
                new_line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            _ => text.push_str(now),
        }
    }
    text
}

fn new_line(text: &mut String, depth: usize) {
    text.push('\n');
    text.extend(std::iter::repeat_n(' ', depth * STEP));
}

/// The length of a text's first token in bytes: a string's up to its closing quote, else of one character.
fn token_length(text: &str) -> usize {
    if !text.starts_with('"') {
        return text.chars().next().map_or(0, char::len_utf8);
    }
    let mut at = 1;
    while let Some(quote) = text[at..].find('"') {
        let before = &text[at..at + quote];
        at += quote + 1;
        if (before.len() - before.trim_end_matches('\\').len()).is_multiple_of(2) {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_laid_out_as_its_value_would_be_printed() {
        let value = serde_json::json!({
            "a": [], "b": {}, "c": [1, -2.5, [true, null], {"d": "x"}], "{\"": "[\\\\\": ,{}", "\\": "\\", "é": "\\\"", "e": "",
        });
        let Value::Object(machine) = &value else { panic!("no object") };
        let text = minified(machine, 0);
        assert_eq!(text, format!("{value}\n"));
        assert_eq!(laid_out(&text), format!("{value:#}\n"));
    }
}
