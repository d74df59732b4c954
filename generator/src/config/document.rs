//! The raw stage: the text of a `stack.yaml` to a tree in which every key and value knows its place. Nothing here
//! knows which keys there are.

use std::collections::BTreeMap;
use std::rc::Rc;

use granit_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::syntax::DEPTH_MAX;
use super::{path, syntax};
use crate::problem::{Lines, Location, Problem, Problems, shown};

/// A value and its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) place: Location,
    pub(super) value: NodeValue,
    /// Collections from here to the innermost; 0 for a scalar.
    height: usize,
}

/// What stands there. Cheap to clone, for aliases.
#[derive(Debug, Clone)]
pub(super) enum NodeValue {
    Scalar(Scalar),
    Sequence(Rc<[Node]>),
    Mapping(Rc<[Entry]>),
}

/// Text as written, its quotes taken off.
#[derive(Debug, Clone)]
pub(super) struct Scalar {
    pub(super) text: Rc<str>,
    /// Without quotes, and so perhaps a number, a boolean or nothing.
    pub(super) plain: bool,
}

/// One `key: value` of a mapping.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_place: Location,
    pub(super) value: Node,
}

/// Nodes of no text, for values that a program sets.
impl Node {
    fn nowhere(value: NodeValue, height: usize) -> Self {
        Self { place: Location::NOWHERE, value, height }
    }

    pub(super) fn plain(text: &str) -> Self {
        Self::nowhere(NodeValue::Scalar(Scalar { text: text.into(), plain: true }), 0)
    }

    pub(super) fn quoted(text: &str) -> Self {
        Self::nowhere(NodeValue::Scalar(Scalar { text: text.into(), plain: false }), 0)
    }

    pub(super) fn sequence(items: impl Iterator<Item = Self>) -> Self {
        Self::nowhere(NodeValue::Sequence(items.collect()), 1)
    }
}

/// Reads the first document of a text. Nothing comes back when the text cannot be read to its end or holds no
/// value; then `problems` says why.
pub(super) fn read(text: &str, problems: &mut Problems) -> Option<Node> {
    let options = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: DEPTH_MAX,
        block_nesting_limit: DEPTH_MAX,
    };
    let mut builder =
        Builder { text, lines: Lines::of(text), open: Vec::new(), anchors: BTreeMap::new(), root: None };
    let mut documents = 0;
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                problems.push(syntax::problem(&error, &builder.lines));
                return None;
            }
        };
        if let Event::DocumentStart(_, version) = &event {
            documents += 1;
            if let Some(version) = version.filter(|version| (version.major, version.minor) != (1, 2)) {
                let place = builder.lines.beginning("%YAML").unwrap_or_else(|| builder.place(span));
                problems.push(syntax::other_version(version.major, version.minor).at(place));
            }
        }
        if documents > 1 {
            problems.push(second_document(builder.place(span)));
            break;
        }
        builder.take(event, span, problems);
    }
    builder.root
}

fn second_document(place: Location) -> Problem {
    Problem::new("second-document", "", "a second document starts here, but a stack is one document")
        .at(place)
        .help("keep one stack in a file, and remove this line and what follows it")
}

struct Builder<'a> {
    text: &'a str,
    lines: Lines<'a>,
    /// The collections around the current place, outermost first.
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    root: Option<Node>,
}

/// A collection that is not yet closed.
struct Open {
    place: Location,
    /// 0 where there is none.
    anchor: usize,
    height: usize,
    items: Items,
}

enum Items {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<Entry>, seen: BTreeMap<String, Location>, key: Option<Key> },
}

/// A key that waits for its value.
struct Key {
    place: Location,
    /// Nothing for a key whose entry is dropped, because it is no text or was given before.
    text: Option<String>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span, problems: &mut Problems) {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), span, problems);
                let scalar = Scalar { text: text.as_ref().into(), plain: style == ScalarStyle::Plain };
                let node = Node { place: self.place(span), value: NodeValue::Scalar(scalar), height: 0 };
                self.close(node, anchor, problems);
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), span, problems);
                self.open(span, anchor, Items::Sequence(Vec::new()));
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), span, problems);
                let (entries, seen) = (Vec::new(), BTreeMap::new());
                self.open(span, anchor, Items::Mapping { entries, seen, key: None });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { place, anchor, height, items }) = self.open.pop() else { return };
                let value = match items {
                    Items::Sequence(items) => NodeValue::Sequence(items.into()),
                    Items::Mapping { entries, .. } => NodeValue::Mapping(entries.into()),
                };
                self.close(Node { place, value, height: height + 1 }, anchor, problems);
            }
            Event::Alias(anchor) => self.alias(anchor, span, problems),
            _ => {}
        }
    }

    fn open(&mut self, span: Span, anchor: usize, items: Items) {
        self.open.push(Open { place: self.place(span), anchor, height: 0, items });
    }

    /// Puts a value that is complete into the collection around it.
    fn close(&mut self, node: Node, anchor: usize, problems: &mut Problems) {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let pointer = self.pointer();
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        open.height = open.height.max(node.height);
        match &mut open.items {
            Items::Sequence(items) => items.push(node),
            Items::Mapping { entries, seen, key } => match key.take() {
                None => *key = Some(read_key(node, seen, &pointer, problems)),
                Some(Key { text: Some(text), place }) => {
                    entries.push(Entry { key: text, key_place: place, value: node });
                }
                Some(Key { text: None, .. }) => {}
            },
        }
    }

    /// An alias stands for its anchor's value, at the alias's own place. Without the limit on the depth, a short
    /// text could describe a tree too deep to walk.
    fn alias(&mut self, anchor: usize, span: Span, problems: &mut Problems) {
        let place = self.place(span);
        match self.anchors.get(&anchor) {
            Some(node) if self.open.len() + node.height <= DEPTH_MAX => {
                let node = Node { place, ..node.clone() };
                self.close(node, 0, problems);
            }
            target => {
                let problem = if target.is_some() {
                    syntax::too_deep()
                } else {
                    Problem::new("yaml-syntax", "", "the alias stands inside the value that it names")
                        .help("write the value out")
                };
                problems.push(Problem { pointer: self.pointer(), ..problem.at(place) });
                let value = NodeValue::Scalar(Scalar { text: "".into(), plain: false });
                self.close(Node { place, value, height: 0 }, 0, problems);
            }
        }
    }

    fn refuse_tag(&self, tag: Option<&Tag>, span: Span, problems: &mut Problems) {
        let Some(tag) = tag else { return };
        let span = span.tag_span().unwrap_or(span);
        let place = self.place(span);
        let written = span.slice(self.text).map_or_else(|| tag.to_string(), str::to_owned);
        let reason = format!("the YAML tag `{}` is not read here", shown(&written));
        let problem = Problem::new("yaml-tag", self.pointer(), reason).at(place);
        problems.push(problem.help("remove it; text that looks like a number goes into quotes"));
    }

    /// The place of a span; a value of several lines counts to the end of its first.
    fn place(&self, span: Span) -> Location {
        let (line, column) = (span.start.line(), span.start.col() + 1);
        let length = if span.end.line() == line {
            span.end.col().saturating_sub(span.start.col())
        } else {
            self.lines.length_from(line, column)
        };
        Location { line, column, length: length.max(1) }
    }

    /// The path of the value that is being read.
    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for open in &self.open {
            match &open.items {
                Items::Sequence(items) => path::push_index(&mut pointer, items.len()),
                Items::Mapping { key: Some(Key { text: Some(text), .. }), .. } => {
                    path::push_key(&mut pointer, text);
                }
                Items::Mapping { .. } => {}
            }
        }
        pointer
    }
}

/// Takes a node as a key; of a key that was given before, the first one counts.
fn read_key(
    node: Node,
    seen: &mut BTreeMap<String, Location>,
    pointer: &str,
    problems: &mut Problems,
) -> Key {
    let place = node.place;
    let NodeValue::Scalar(Scalar { text, .. }) = node.value else {
        let problem = Problem::new("not-a-key", pointer, "a list or a mapping cannot be a key").at(place);
        problems.push(problem.help("start the line with a key, such as `name:`"));
        return Key { place, text: None };
    };
    if let Some(first) = seen.get(&*text) {
        let mut pointer = pointer.to_owned();
        path::push_key(&mut pointer, &text);
        let first = format!("first at {}:{}", first.line, first.column);
        let reason = format!("the key `{pointer}` is given twice, {first}");
        problems.push(Problem::new("duplicate-key", pointer, reason).at(place).help("remove one of the two"));
        return Key { place, text: None };
    }
    seen.insert(text.to_string(), place);
    Key { place, text: Some(text.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every key and scalar with its place, `line:column+length`, one after the other.
    fn places(text: &str) -> String {
        fn walk(node: &Node, places: &mut Vec<String>) {
            let place = |place: Location| format!("{}:{}+{}", place.line, place.column, place.length);
            match &node.value {
                NodeValue::Scalar(scalar) => places.push(format!("{}@{}", scalar.text, place(node.place))),
                NodeValue::Sequence(items) => items.iter().for_each(|item| walk(item, places)),
                NodeValue::Mapping(entries) => {
                    for Entry { key, key_place, value } in entries.iter() {
                        places.push(format!("{key}@{}", place(*key_place)));
                        walk(value, places);
                    }
                }
            }
        }
        let mut problems = Problems::default();
        let root = read(text, &mut problems).unwrap_or_else(|| panic!("{problems}"));
        assert!(problems.is_empty(), "{problems}");
        let mut places = Vec::new();
        walk(&root, &mut places);
        places.join(" ")
    }

    fn codes(text: &str) -> Vec<(&'static str, String, usize, usize)> {
        let mut problems = Problems::default();
        read(text, &mut problems);
        let place = |problem: &Problem| problem.location.expect("it has a place");
        let all = problems.iter();
        all.map(|each| (each.code, each.pointer.clone(), place(each).line, place(each).column)).collect()
    }

    #[test]
    fn every_key_and_scalar_knows_its_place() {
        for (text, expected) in [
            ("a: 1\nbc:\n  - 'x'\n  - yz\n", "a@1:1+1 1@1:4+1 bc@2:1+2 x@3:5+3 yz@4:5+2"),
            ("a: 1\r\nb: 2\r\n", "a@1:1+1 1@1:4+1 b@2:1+1 2@2:4+1"),
            ("a: 1\rb: 2\r", "a@1:1+1 1@1:4+1 b@2:1+1 2@2:4+1"),
            ("é: ü # c\n", "é@1:1+1 ü@1:4+1"),
            ("{a: b, \"c\": d}", "a@1:2+1 b@1:5+1 c@1:8+3 d@1:13+1"),
            ("a: one\n  two\nb: 1", "a@1:1+1 one two@1:4+3 b@3:1+1 1@3:4+1"),
            ("? a\n: b\n", "a@1:3+1 b@2:3+1"),
        ] {
            assert_eq!(places(text), expected, "{text:?}");
        }
    }

    #[test]
    fn an_alias_stands_for_its_value_at_its_own_place() {
        assert_eq!(places("a: &x 10\nb: *x\n"), "a@1:1+1 10@1:7+2 b@2:1+1 10@2:4+2");
        assert_eq!(places("a: &x {k: v}\nb: *x\n"), "a@1:1+1 k@1:8+1 v@1:11+1 b@2:1+1 k@1:8+1 v@1:11+1");
    }

    #[test]
    fn faults_of_the_text_carry_their_path_and_place() {
        let fault = |code, pointer: &str, line, column| (code, pointer.to_owned(), line, column);
        for (text, expected) in [
            ("a: 1\na: 2\n", vec![fault("duplicate-key", "a", 2, 1)]),
            (
                "a: {b: 1, 'b': 2, b: 3}\n",
                vec![fault("duplicate-key", "a.b", 1, 11), fault("duplicate-key", "a.b", 1, 19)],
            ),
            ("a:\n  - b: 1\n    b: 2\n", vec![fault("duplicate-key", "a[0].b", 3, 5)]),
            ("[a]: 1\n", vec![fault("not-a-key", "", 1, 1)]),
            ("a: !x 1\n", vec![fault("yaml-tag", "a", 1, 4)]),
            ("a: &x [*x]\n", vec![fault("yaml-syntax", "a[0]", 1, 8)]),
            ("a: 1\n---\nb: 2\n...\n---\n", vec![fault("second-document", "", 2, 1)]),
            ("a: 1\n--- x: y\n", vec![fault("second-document", "", 2, 1)]),
            ("a: *x\n", vec![fault("yaml-syntax", "", 1, 4)]),
            ("", vec![]),
        ] {
            assert_eq!(codes(text), expected, "{text:?}");
        }
    }

    #[test]
    fn nesting_is_limited_however_it_is_written() {
        let flow = format!("a: {}{}", "[".repeat(20_000), "]".repeat(20_000));
        let dashes = "- ".repeat(20_000);
        let indented: Vec<_> = (0..300).map(|depth| format!("{:depth$}a:", "")).collect();
        let aliases: Vec<_> = (1..3_000).map(|index| format!("- &a{index} [*a{}]", index - 1)).collect();
        let (indented, aliases) = (indented.join("\n"), format!("- &a0 1\n{}", aliases.join("\n")));
        for text in [flow, dashes, indented, aliases] {
            let found = codes(&text);
            assert_eq!(found.first().map(|fault| fault.0), Some("too-deep"), "{}", &text[..40]);
        }
        assert_eq!(codes(&format!("{}{}", "[".repeat(DEPTH_MAX), "]".repeat(DEPTH_MAX))), vec![]);
    }
}
