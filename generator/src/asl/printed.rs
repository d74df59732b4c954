//! A definition as text: pretty-printed, and without white space between its tokens. Room for the whole is asked for at once: a text
//! that grows by itself is copied again and again into memory that the system has to clear first.

use serde_json::{Map, Value};

/// Pretty-printed, newline at the end; `length` is about how many bytes that takes.
pub(super) fn pretty(machine: &Map<String, Value>, length: usize) -> String {
    printed(length, |text| serde_json::to_writer_pretty(text, machine))
}

/// The same without white space between its tokens.
pub(super) fn minified(machine: &Map<String, Value>, length: usize) -> String {
    printed(length, |text| serde_json::to_writer(text, machine))
}

fn printed(length: usize, print: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>) -> String {
    let mut text = Vec::with_capacity(length);
    print(&mut text).expect("a JSON value prints");
    text.push(b'\n');
    String::from_utf8(text).expect("JSON is UTF-8")
}
