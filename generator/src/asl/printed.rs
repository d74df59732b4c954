//! A definition as text: pretty-printed, and without white space between its tokens.

use serde_json::{Map, Value};

/// Pretty-printed as serde does it, newline at the end; `length` is about how many bytes that takes.
pub(super) fn pretty(machine: &Map<String, Value>, length: usize) -> String {
    let mut text = Vec::with_capacity(length);
    serde_json::to_writer_pretty(&mut text, machine).expect("a JSON value prints");
    text.push(b'\n');
    String::from_utf8(text).expect("JSON is UTF-8")
}

/// A pretty-printed text, as serde prints it, without the white space between its tokens: a line has at most one key and the
/// beginning, the end or the whole of a value, and no text goes over several.
pub(super) fn minified(pretty: &str) -> String {
    let mut text = String::with_capacity(pretty.len());
    for line in pretty.lines() {
        let line = line.trim_start_matches(' ');
        // A text that stands alone, or a key with its value.
        let value = text_end(line).map(|end| line.split_at(end)).and_then(|(key, rest)| {
            text.push_str(key);
            rest.strip_prefix(": ").inspect(|_| text.push(':')).or(Some(rest))
        });
        text.push_str(value.unwrap_or(line));
    }
    text.push('\n');
    text
}

/// Where the JSON text ends with which a line begins.
fn text_end(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let mut at = (bytes.first() == Some(&b'"')).then_some(1)?;
    while *bytes.get(at)? != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    Some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn without_its_white_space_a_text_is_what_serde_prints() {
        let value = json!({
            "a\": \"b": ["c: d", "\\", "\\\"", "", "  e", "é\n\u{1}"], "": {"f": {}, "g": []},
            "h": [1, -2.5, null, true, {"i": 3}, [[]]],
        });
        let Value::Object(machine) = &value else { panic!("{value}") };
        let text = pretty(machine, 0);
        assert_eq!(text, format!("{value:#}\n"));
        assert_eq!(minified(&text), format!("{value}\n"));
        assert_eq!(minified("{}\n"), "{}\n");
    }
}
