//! From rendered text back to the templates: what is wrong with it is told by the template's own line.
//!
//! Before a template is compiled, its text gets a mark in front of what each line prints. The marks pass through macros,
//! blocks and loops as any text does, and are taken out of what was rendered; where they stood is remembered.

use serde_json::Value;

/// Around a mark. Unicode has no character here, so no template does.
const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';

/// Each kind of tag: how it begins and ends.
const TAGS: [(&str, &str); 3] = [("<%", "%>"), ("<<", ">>"), ("<#", "#>")];

/// A template's text with its marks. No line is added, so the engine's own errors keep their lines.
pub(super) fn mark(path: &str, text: &str) -> String {
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
pub(super) fn unmarked(text: &str) -> String {
    let mut parts = text.split(OPEN);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once(CLOSE).map_or(part, |(_, rest)| rest))
}

/// The value of rendered JSON.
///
/// # Errors
/// What is wrong, in which line of which template, and after which; where that is a macro's, also which line of `path`
/// asked for it.
pub(super) fn parse(path: &str, marked: &str) -> Result<Value, String> {
    let text = unmarked(marked);
    serde_json::from_str(&text).map_err(|error| {
        let above: usize =
            text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        let place = (above + error.column().saturating_sub(1)).min(text.len());
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap_or(&reason);
        let line = text[above.min(text.len())..].lines().next().unwrap_or_default().trim();
        let origins = self::origins(marked, place);
        let Some(origin) = origins.last().copied() else { return format!("not JSON: {reason}: `{line}`") };
        let mut message = format!("templates/{origin}: not JSON: {reason}: `{line}`");
        let before = text.get(..place).unwrap_or_default().trim_end().len().saturating_sub(1);
        let others =
            [("after", self::origins(marked, before).last().copied()), ("for", last_of(path, &origins))];
        for (relation, other) in others {
            let other = other.filter(|other| *other != origin);
            message.extend(other.map(|other| format!(", {relation} templates/{other}")));
        }
        message
    })
}

/// Rendered states, to be found in their templates.
#[derive(Debug, Default)]
pub(super) struct Origins(Vec<RenderedFile>);

#[derive(Debug)]
struct RenderedFile {
    path: String,
    marked: String,
    plain: String,
}

impl Origins {
    /// Adds what was rendered of a file of states.
    pub(super) fn add(&mut self, path: &str, marked: String) {
        self.0.push(RenderedFile { path: path.to_owned(), plain: unmarked(&marked), marked });
    }

    /// The line that prints a state, or a text of it, key or value; where that is a macro's, also the line that asks for
    /// it.
    pub(super) fn of(&self, state: &str, text: Option<&str>) -> Option<String> {
        let key = format!("{}:", Value::from(state));
        let (file, begin) = self.0.iter().find_map(|file| Some((file, file.plain.find(&key)?)))?;
        let text = text.and_then(|text| file.plain[begin..].find(&Value::from(text).to_string()));
        let origins = origins(&file.marked, begin + text.unwrap_or_default());
        let origin = origins.last()?;
        let asked_for = last_of(&file.path, &origins).filter(|line| line != origin);
        let asked_for = asked_for.map_or_else(String::new, |line| format!(", for templates/{line}"));
        Some(format!("templates/{origin}{asked_for}"))
    }
}

/// Prints states again that were rendered from a file, each and each of their fields with a mark of where it stands
/// there.
pub(super) fn print(path: &str, marked: &str, states: &Value) -> String {
    let mut file = Origins::default();
    file.add(path, marked.to_owned());
    let mark = |state: &str, field: Option<&str>| {
        let origin = file.of(state, field).unwrap_or_default();
        let own = origin.split(", for ").last().and_then(|line| line.strip_prefix("templates/"));
        own.map_or_else(String::new, |line| format!("{OPEN}{line}{CLOSE}"))
    };
    let members = |value: &Value, state: Option<&str>, print: &dyn Fn(&str, &Value) -> String| {
        let members = value.as_object().into_iter().flatten().map(|(key, value)| {
            let mark = state.map_or_else(|| mark(key, None), |state| mark(state, Some(key)));
            format!("{mark}{}: {}", Value::from(key.as_str()), print(key, value))
        });
        format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
    };
    members(states, None, &|name, state| members(state, Some(name), &|_, value| value.to_string()))
}

/// The last of these places that is in this file.
fn last_of<'a>(path: &str, origins: &[&'a str]) -> Option<&'a str> {
    origins.iter().rev().find(|each| each.rsplit_once(':').is_some_and(|(file, _)| file == path)).copied()
}

/// The marks before a place in the text without marks, in order.
fn origins(marked: &str, offset: usize) -> Vec<&str> {
    let (mut passed, mut origins) = (0, Vec::new());
    let mut parts = marked.split(OPEN);
    passed += parts.next().unwrap_or_default().len();
    for part in parts {
        let Some((origin, text)) = part.split_once(CLOSE) else { continue };
        if passed > offset {
            break;
        }
        origins.push(origin);
        passed += text.len();
    }
    origins
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
        let marked = mark("x", "{\n  \"A\": 1\n  \"B\": 2\n}\n");
        let error = parse("x", &marked).expect_err("a comma is missing");
        assert_eq!(error, "templates/x:3: not JSON: expected `,` or `}`: `\"B\": 2`, after templates/x:2");
        assert_eq!(parse("x", &mark("x", "{\"A\": 1}\n")), Ok(serde_json::json!({"A": 1})));
    }
    #[test]
    fn states_and_their_texts_are_found_in_the_templates() {
        let mut origins = Origins::default();
        let marked = mark(
            "x",
            "{\n  \"A\": {\n    \"Next\": \"B\"\n  },\n  \"B\": {\n    \"Type\": \"Succeed\"\n  }\n}\n",
        );
        origins.add("x", marked.clone());
        let of = |state, text| origins.of(state, text).unwrap_or_default();
        assert_eq!(
            [of("A", None), of("A", Some("B")), of("B", None)],
            ["templates/x:2", "templates/x:3", "templates/x:5"]
        );
        assert_eq!(origins.of("C", None), None);
        let states = parse("x", &marked).expect("it is JSON");
        let mut again = Origins::default();
        again.add("y", print("x", &marked, &states));
        assert_eq!(again.of("A", Some("B")).unwrap_or_default(), "templates/x:3");
    }
}
