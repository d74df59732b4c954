//! The raw stage: the text of a `stack.yaml` to a tree in which every key and value knows its place. Nothing here
//! knows which keys there are.

use std::collections::BTreeMap;
use std::rc::Rc;

use granit_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::{path, syntax};
use crate::problem::{Lines, Location, Problem, Problems, shown};

/// Collections inside collections, aliases followed; the deepest key needs three.
pub(super) const DEPTH_MAX: usize = 32;

/// A value and its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) place: Location,
    pub(super) value: Value,
    /// Collections from here to the innermost; 0 for a scalar.
    height: usize,
}

/// What stands there. Cheap to clone, for aliases.
#[derive(Debug, Clone)]
pub(super) enum Value {
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

/// Reads the first document of a text. Nothing comes back when the text cannot be read to its end or holds no
/// value; then `problems` says why.
pub(super) fn read(text: &str, problems: &mut Problems) -> Option<Node> {
    let options = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: DEPTH_MAX,
        block_nesting_limit: DEPTH_MAX,
    };
    let mut builder =
        Builder { lines: Lines::of(text), open: Vec::new(), anchors: BTreeMap::new(), root: None };
    let mut documents = 0;
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                problems.push(syntax::problem(&error, &builder.lines));
                return None;
            }
        };
        if matches!(event, Event::DocumentStart(..)) {
            documents += 1;
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
                let node = Node { place: self.place(span), value: Value::Scalar(scalar), height: 0 };
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
                    Items::Sequence(items) => Value::Sequence(items.into()),
                    Items::Mapping { entries, .. } => Value::Mapping(entries.into()),
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
                let value = Value::Scalar(Scalar { text: "".into(), plain: false });
                self.close(Node { place, value, height: 0 }, 0, problems);
            }
        }
    }

    fn refuse_tag(&self, tag: Option<&Tag>, span: Span, problems: &mut Problems) {
        let Some(tag) = tag else { return };
        let place = span.tag_span().map_or_else(|| self.place(span), |span| self.place(span));
        let reason = format!("the YAML tag `{}` is not read here", shown(&tag.to_string()));
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
    let Value::Scalar(Scalar { text, .. }) = node.value else {
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
