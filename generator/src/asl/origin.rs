//! From rendered text back to the templates: what is wrong with it is told by the template's own line.
//!
//! Before a template is compiled, its text gets a mark in front of what each line prints. The marks pass through macros,
//! blocks and loops as any text does, and are taken out of what was rendered; where they stood is remembered.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Range;

use serde_json::Value;

use super::strict_json::StrictJson;

/// Around a mark. Unicode has no character here, so no template does.
const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';

/// What the path of a file of states ends with.
const STATES: &str = ".asl.json.j2";

/// Each kind of tag: how it begins and ends.
const TAGS: [(&str, &str); 3] = [("<%", "%>"), ("<<", ">>"), ("<#", "#>")];

/// Whether what is rendered carries marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marks {
    Made,
    LeftOut,
}

impl Marks {
    /// A template's text, as it is to be compiled.
    pub(super) fn in_text(self, path: &str, text: &str) -> String {
        if self == Self::Made { mark(path, text) } else { text.to_owned() }
    }
}

/// A template's text with its marks. No line is added, so the engine's own errors keep their lines.
fn mark(path: &str, text: &str) -> String {
    let mut marked = String::with_capacity(text.len() * 2);
    let mut inside = None; // the end of the tag that is open
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let mark = format!("{OPEN}{path}:{number}{CLOSE}");
        let mut rest = line.trim_start();
        marked.push_str(&line[..line.len() - rest.len()]);
        // Blanks before a command belong to it; a mark would keep them from being stripped.
        if inside.is_none() && !rest.is_empty() && !rest.starts_with("<%") && !rest.starts_with("<#") {
            marked.push_str(&mark);
        }
        while !rest.is_empty() {
            let next = match inside {
                Some(end) => rest.find(end).map(|at| (at, end, None)),
                None => first_tag(rest),
            };
            let Some((at, delimiter, opened)) = next else { break };
            let (before, after) = rest.split_at(at + delimiter.len());
            marked.push_str(before);
            rest = after;
            // What a value prints may be of another file; what follows is of this line again.
            if inside == Some(">>") && !rest.trim_end().is_empty() {
                marked.push_str(&mark);
            }
            inside = opened;
        }
        marked.push_str(rest);
    }
    marked
}

/// The first tag of a text: where, how it begins and how it ends.
fn first_tag(text: &str) -> Option<(usize, &'static str, Option<&'static str>)> {
    let found = TAGS.iter().filter_map(|(begin, end)| Some((text.find(begin)?, *begin, Some(*end))));
    found.min_by_key(|(at, ..)| *at)
}

/// Text without its marks.
pub(super) fn unmarked(text: &str) -> Cow<'_, str> {
    if !text.contains(OPEN) {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split(OPEN);
    let first = parts.next().unwrap_or_default().to_owned();
    Cow::Owned(parts.fold(first, |plain, part| plain + part.split_once(CLOSE).map_or(part, |(_, rest)| rest)))
}

/// What was rendered of a template, without its marks, and where they stood.
#[derive(Debug)]
pub(super) struct Plain {
    text: String,
    marked: String,
    marks: Vec<Mark>,
    /// Every key with its quotes, and where it stands first; found when somebody asks.
    keys: OnceCell<HashMap<String, usize>>,
}

/// A mark that was taken out.
#[derive(Debug)]
struct Mark {
    /// Where it stood, in the text without marks.
    at: usize,
    /// The line that it names, in the text with marks.
    line: Range<usize>,
}

impl Plain {
    /// Takes the marks out.
    pub(super) fn of(marked: String) -> Self {
        if !marked.contains(OPEN) {
            return Self { text: marked, marked: String::new(), marks: Vec::new(), keys: OnceCell::new() };
        }
        let (mut text, mut marks) = (String::with_capacity(marked.len()), Vec::new());
        let mut parts = marked.split(OPEN);
        text.push_str(parts.next().unwrap_or_default());
        let mut begin = text.len() + OPEN.len_utf8();
        for part in parts {
            if let Some((line, rest)) = part.split_once(CLOSE) {
                marks.push(Mark { at: text.len(), line: begin..begin + line.len() });
                text.push_str(rest);
            } else {
                text.push_str(part);
            }
            begin += part.len() + OPEN.len_utf8();
        }
        Self { text, marked, marks, keys: OnceCell::new() }
    }

    /// Its length without marks, in bytes.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// The lines that the marks before a place name, in order.
    fn lines(&self, place: usize) -> impl DoubleEndedIterator<Item = &str> {
        let count = self.marks.partition_point(|mark| mark.at <= place);
        self.marks[..count].iter().map(|mark| &self.marked[mark.line.clone()])
    }

    fn last_line(&self, place: usize) -> Option<&str> {
        self.lines(place).next_back()
    }

    /// The last line before a place that is one of this file.
    fn last_of(&self, path: &str, place: usize) -> Option<&str> {
        self.lines(place).rev().find(|line| line.rsplit_once(':').is_some_and(|(file, _)| file == path))
    }

    /// The last line before a place that is one of this file, or of one whose states were printed into it.
    fn last_of_states(&self, path: &str, place: usize) -> Option<&str> {
        let of_states = |file: &str| file == path || file.ends_with(STATES);
        self.lines(place).rev().find(|line| line.rsplit_once(':').is_some_and(|(file, _)| of_states(file)))
    }

    /// The line that prints the key of a state of the file.
    pub(super) fn state(&self, path: &str, name: &str) -> Option<String> {
        self.line(path, self.key(&Value::from(name).to_string())?, None)
    }

    /// The line that prints what stands at a place, or a text after it; where that is a macro's, also the line that asks for it.
    fn line(&self, path: &str, begin: usize, text: Option<&str>) -> Option<String> {
        let inside = text.and_then(|text| self.text[begin..].find(&Value::from(text).to_string()));
        let place = begin + inside.unwrap_or_default();
        let origin = self.last_line(place)?;
        let asked_for = self.last_of_states(path, place).filter(|line| *line != origin);
        let asked_for = asked_for.map_or_else(String::new, |line| format!(", for templates/{line}"));
        Some(format!("templates/{origin}{asked_for}"))
    }

    /// Where a key stands first, given with its quotes.
    fn key(&self, quoted: &str) -> Option<usize> {
        self.keys.get_or_init(|| keys(&self.text)).get(quoted).copied()
    }
}

/// Every key of a JSON text with its quotes, and where it stands first.
fn keys(text: &str) -> HashMap<String, usize> {
    let (bytes, mut at, mut keys) = (text.as_bytes(), 0, HashMap::new());
    while let Some(open) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'"')) {
        let begin = at + open;
        at = begin + 1;
        while bytes.get(at).is_some_and(|byte| *byte != b'"') {
            at += if bytes[at] == b'\\' { 2 } else { 1 };
        }
        at += 1;
        if let (Some(b':'), Some(key)) = (bytes.get(at), text.get(begin..at))
            && !keys.contains_key(key)
        {
            keys.insert(key.to_owned(), begin);
        }
    }
    keys
}

/// The value of rendered JSON.
///
/// # Errors
/// What is wrong, in which line of which template, and after which; where that is a macro's, also which line of `path`
/// asked for it.
pub(super) fn parse(path: &str, plain: &Plain) -> Result<Value, String> {
    let text = &plain.text;
    serde_json::from_str(text).map(|StrictJson(value)| value).map_err(|error| {
        let above: usize =
            text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        let place = (above + error.column().saturating_sub(1)).min(text.len());
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap_or(&reason);
        let line = text[above.min(text.len())..].lines().next().unwrap_or_default().trim();
        let what = if error.is_data() { "" } else { "not JSON: " };
        let Some(origin) = plain.last_line(place) else { return format!("{what}{reason}: `{line}`") };
        let mut message = format!("templates/{origin}: {what}{reason}: `{line}`");
        let before = text.get(..place).unwrap_or_default().trim_end().len().saturating_sub(1);
        let others = [("after", plain.last_line(before)), ("for", plain.last_of(path, place))];
        for (relation, other) in others {
            let other = other.filter(|other| *other != origin);
            message.extend(other.map(|other| format!(", {relation} templates/{other}")));
        }
        message
    })
}

/// Rendered states, to be found in their templates.
#[derive(Debug, Default)]
pub(super) struct Origins {
    files: Vec<RenderedFile>,
    /// What the machine is besides its states.
    frame: Option<RenderedFile>,
}

#[derive(Debug)]
struct RenderedFile {
    path: String,
    plain: Plain,
}

impl Origins {
    /// Adds what was rendered of a file of states.
    pub(super) fn add(&mut self, path: &str, plain: Plain) {
        self.files.push(RenderedFile { path: path.to_owned(), plain });
    }

    /// Of a machine that is this besides its states.
    pub(super) fn of_frame(path: &str, plain: Plain) -> Self {
        Self { files: Vec::new(), frame: Some(RenderedFile { path: path.to_owned(), plain }) }
    }

    /// The line that prints a state, or a text of it, key or value; where that is a macro's, also the line that asks for
    /// it. Without a name, the line of what the machine is besides its states.
    pub(super) fn of(&self, state: &str, text: Option<&str>) -> Option<String> {
        if self.files.iter().chain(&self.frame).all(|file| file.plain.marks.is_empty()) {
            return None;
        }
        let key = Value::from(state).to_string();
        let of_state = || self.files.iter().find_map(|file| Some((file, file.plain.key(&key)?)));
        let (file, begin) = if state.is_empty() { (self.frame.as_ref()?, 0) } else { of_state()? };
        file.plain.line(&file.path, begin, text)
    }
}

/// Prints states again that were rendered from a file, each and each of their fields with a mark of where it stands
/// there; those that a Map runs for each item, too.
pub(super) fn print(path: &str, plain: Plain, states: &Value) -> String {
    if plain.marks.is_empty() {
        return states.to_string();
    }
    let mut file = Origins::default();
    file.add(path, plain);
    file.printed(None, states)
}

impl Origins {
    /// States, or the fields of a state.
    fn printed(&self, state: Option<&str>, value: &Value) -> String {
        let members = value.as_object().into_iter().flatten().map(|(key, value)| {
            let (mark, value) = match (state, key.as_str()) {
                (None, name) => (self.mark(name, None), self.printed(Some(name), value)),
                (Some(state), "ItemProcessor") => {
                    (self.mark(state, Some(key)), self.printed(Some(state), value))
                }
                (Some(state), "States") => (self.mark(state, Some(key)), self.printed(None, value)),
                (Some(state), _) => (self.mark(state, Some(key)), value.to_string()),
            };
            format!("{mark}{}: {value}", Value::from(key.as_str()))
        });
        format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
    }

    fn mark(&self, state: &str, field: Option<&str>) -> String {
        let origin = self.of(state, field).unwrap_or_default();
        // The line that asks for a macro stands first, as it does where the file is rendered by itself.
        let lines = origin.rsplit(", for ").filter_map(|line| line.strip_prefix("templates/"));
        lines.fold(String::new(), |marks, line| marks + &format!("{OPEN}{line}{CLOSE}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_before_what_a_line_prints_and_can_be_taken_out() {
        let text = "{\n  <% if a %>\n  \"A\": << b >>,\n  <# a\n  comment #>\n  \"C\": 1\n}\n";
        let marked = mark("x", text);
        assert_eq!(unmarked(&marked), text);
        let shown = marked.replace(OPEN, "[").replace(CLOSE, "]");
        let expected = "[x:1]{\n  <% if a %>\n  [x:3]\"A\": << b >>[x:3],\n  <# a\n  comment #>\n  [x:6]\"C\": 1\n[x:7]}\n";
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_fault_of_the_text_is_one_of_the_template_line() {
        let parse = |text| parse("x", &Plain::of(mark("x", text)));
        let error = parse("{\n  \"A\": 1\n  \"B\": 2\n}\n").expect_err("a comma is missing");
        assert_eq!(error, "templates/x:3: not JSON: expected `,` or `}`: `\"B\": 2`, after templates/x:2");
        let error =
            parse("{\n  \"A\": {\n    \"B\": 1,\n    \"B\": 2\n  }\n}\n").expect_err("a field stands twice");
        assert_eq!(error, "templates/x:4: `B` stands twice in one object: `\"B\": 2`");
        assert_eq!(parse("{\"A\": 1}\n"), Ok(serde_json::json!({"A": 1})));
    }

    #[test]
    fn keys_are_told_from_texts_and_the_first_of_each_counts() {
        let text = r#"{"A": "B", "\\": {"A": ":", "C\"": "\"D\":"}}"#.replace(": ", ":");
        let keys = keys(&text);
        let mut found: Vec<_> = keys.iter().map(|(key, at)| (*at, key.as_str())).collect();
        found.sort_unstable();
        assert_eq!(found, [(1, r#""A""#), (10, r#""\\""#), (25, r#""C\"""#)]);
    }

    #[test]
    fn states_and_their_texts_are_found_in_the_templates() {
        let mut origins = Origins::default();
        let marked = mark(
            "x",
            "{\n  \"A\": {\n    \"Next\": \"B\"\n  },\n  \"B\": {\n    \"Type\": \"Succeed\"\n  }\n}\n",
        );
        origins.add("x", Plain::of(marked.clone()));
        let of = |state, text| origins.of(state, text).unwrap_or_default();
        assert_eq!(
            [of("A", None), of("A", Some("B")), of("B", None)],
            ["templates/x:2", "templates/x:3", "templates/x:5"]
        );
        assert_eq!(origins.of("C", None), None);
        let plain = Plain::of(marked);
        let states = parse("x", &plain).expect("it is JSON");
        let mut again = Origins::default();
        again.add("y", Plain::of(print("x", plain, &states)));
        assert_eq!(again.of("A", Some("B")).unwrap_or_default(), "templates/x:3");
        let map = "{\n  \"A\": {\n    \"ItemProcessor\": {\n      \"States\": {\n        \"B\": {\n          \"End\": true\n        }\n      }\n    }\n  }\n}\n";
        let plain = Plain::of(mark("x", map));
        let states = parse("x", &plain).expect("it is JSON");
        let mut again = Origins::default();
        again.add("y", Plain::of(print("x", plain, &states)));
        let of = |text| again.of("B", text).unwrap_or_default();
        assert_eq!([of(None), of(Some("End"))], ["templates/x:5", "templates/x:6"]);
    }
}
