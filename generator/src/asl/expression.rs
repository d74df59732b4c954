//! `JSONata` inside a definition: which strings are expressions, and what the checks ask of each.

use std::collections::BTreeSet;

pub(crate) use asg_recycle_simulator::expression::{FUNCTIONS, delimited};
use asg_recycle_simulator::expression::{Survey, children};
use jsonata_core::ast::{AstNode, BinaryOp, PathStep};
use jsonata_core::parser;

use super::kind::Kind;

/// What the checks ask of one expression. It is parsed once: the parser is most of what generating costs.
#[derive(Debug)]
pub(super) struct Parsed {
    /// What stands between `{%` and `%}`.
    pub(super) source: String,
    /// What it reads, calls and binds; else the parser's message.
    pub(super) survey: Result<Survey, String>,
    /// Names of the variables that it reads from outside, `states` included.
    pub(super) variables: BTreeSet<String>,
    /// How it reads them.
    pub(super) uses: Uses,
    /// The names along every path that begins with a variable, the variable's first: `["lock", "journal", "phase"]`.
    pub(super) paths: Vec<Vec<String>>,
    /// The entries of the object that it gives. Of an object that is taken from elsewhere nothing is known.
    pub(super) entries: Vec<Entry>,
    /// What it merges onto a variable, by the variable's name.
    pub(super) merged: Vec<(String, Entry)>,
    /// Every text that stands in it as it is.
    pub(super) literals: Vec<String>,
    /// Every function that it calls, and every variable, which may be a function that is passed on.
    pub(super) functions: BTreeSet<String>,
    /// The kind of what it gives, where its form tells.
    pub(super) kind: Option<Kind>,
}

/// How an expression reads variables, but for those of which it asks nothing but the kind (`$type($x)`), which makes no use of what
/// they hold. Names that it binds itself are among them.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// Variables that it reads outside of any object that stands in it.
    pub(super) plain: BTreeSet<String>,
    /// Of each object that stands in no other: its keys, and the variables that are read in it.
    pub(super) in_objects: Vec<(BTreeSet<String>, BTreeSet<String>)>,
}

impl Uses {
    fn visit(&mut self, tree: &AstNode, is_in_object: bool) {
        match tree {
            AstNode::Function { name, args, .. } if name == "type" && is_variable(args) => return,
            AstNode::Variable(name) => {
                let names = self.in_objects.last_mut().filter(|_| is_in_object).map(|(_, names)| names);
                names.unwrap_or(&mut self.plain).insert(name.clone());
            }
            AstNode::Object(members) if !is_in_object => {
                let keys = members.iter().filter_map(|(key, _)| match key {
                    AstNode::String(key) => Some(key.clone()),
                    _ => None,
                });
                self.in_objects.push((keys.collect(), BTreeSet::new()));
                for child in children(tree) {
                    self.visit(child, true);
                }
                return;
            }
            _ => {}
        }
        for child in children(tree) {
            self.visit(child, is_in_object);
        }
    }
}

/// Whether all that a function is given is a variable.
fn is_variable(arguments: &[AstNode]) -> bool {
    match arguments {
        [AstNode::Variable(name)] => !name.is_empty(),
        [AstNode::Path { steps }] => {
            matches!(steps.as_slice(), [PathStep { node: AstNode::Variable(name), .. }] if !name.is_empty())
        }
        _ => false,
    }
}

/// An entry of an object that an expression gives.
#[derive(Debug, PartialEq)]
pub(super) struct Entry {
    /// Its key.
    pub(super) key: String,
    /// The kind of its value, where its form tells.
    pub(super) kind: Option<Kind>,
    /// The texts that stand in the value as they are: what it can be, where it is a text.
    pub(super) texts: Vec<String>,
}

impl Parsed {
    /// Takes the text between `{%` and `%}` apart. Of one that does not parse only that is known.
    pub(super) fn of(source: &str) -> Self {
        let tree = match parser::parse(source) {
            Ok(tree) => tree,
            Err(error) => return Self::broken(source, error.to_string()),
        };
        let survey = Survey::of(&tree);
        let Found { paths, merged, literals, functions } = Found::of(&tree);
        let mut entries = Vec::new();
        collect_entries(&tree, &mut entries);
        let mut uses = Uses::default();
        uses.visit(&tree, false);
        Self {
            source: source.to_owned(),
            variables: survey.variables(),
            uses,
            survey: Ok(survey),
            paths,
            entries,
            merged,
            literals,
            functions,
            kind: kind_of(&tree),
        }
    }

    fn broken(source: &str, message: String) -> Self {
        Self {
            source: source.to_owned(),
            survey: Err(message),
            variables: BTreeSet::new(),
            uses: Uses::default(),
            paths: Vec::new(),
            entries: Vec::new(),
            merged: Vec::new(),
            literals: Vec::new(),
            functions: BTreeSet::new(),
            kind: None,
        }
    }
}

/// The entries of the object that an expression gives, and nothing else of it; none of one that does not parse.
pub(super) fn entries_of(source: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    if let Ok(tree) = parser::parse(source) {
        collect_entries(&tree, &mut entries);
    }
    entries
}

/// What stands somewhere in a tree.
#[derive(Default)]
struct Found {
    paths: Vec<Vec<String>>,
    merged: Vec<(String, Entry)>,
    literals: Vec<String>,
    functions: BTreeSet<String>,
}

impl Found {
    fn of(tree: &AstNode) -> Self {
        let mut found = Self::default();
        found.visit(tree);
        found
    }

    fn visit(&mut self, tree: &AstNode) {
        match tree {
            AstNode::String(text) => self.literals.push(text.clone()),
            AstNode::Path { steps } => self.paths.extend(path(steps)),
            AstNode::Function { name, args, .. } => {
                self.functions.insert(name.clone());
                self.merged.extend((name == "merge").then(|| merged(args)).into_iter().flatten());
            }
            AstNode::Variable(name) => {
                self.functions.insert(name.clone());
            }
            _ => {}
        }
        for child in children(tree) {
            self.visit(child);
        }
    }
}

/// What is merged onto a variable, where the call of `$merge` begins with one.
fn merged(arguments: &[AstNode]) -> Vec<(String, Entry)> {
    let [AstNode::Array(parts)] = arguments else { return Vec::new() };
    let mut entries = Vec::new();
    let variable = match parts.first() {
        Some(AstNode::Variable(name)) => name,
        Some(AstNode::Path { steps }) => match steps.as_slice() {
            [PathStep { node: AstNode::Variable(name), .. }] => name,
            _ => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    parts[1..].iter().for_each(|part| collect_entries(part, &mut entries));
    entries.into_iter().map(|entry| (variable.clone(), entry)).collect()
}

/// The names along a path, if it begins with a variable.
fn path(steps: &[PathStep]) -> Option<Vec<String>> {
    let (first, rest) = steps.split_first()?;
    let AstNode::Variable(variable) = &first.node else { return None };
    let names = rest.iter().map_while(|step| match &step.node {
        AstNode::Name(name) => Some(name.clone()),
        _ => None,
    });
    Some(std::iter::once(variable.clone()).chain(names).collect())
}

fn collect_entries(tree: &AstNode, found: &mut Vec<Entry>) {
    match tree {
        AstNode::Object(members) => {
            found.extend(members.iter().filter_map(|(key, value)| {
                let AstNode::String(key) = key else { return None };
                Some(Entry { key: key.clone(), kind: kind_of(value), texts: Found::of(value).literals })
            }));
        }
        AstNode::Block(steps) => steps.last().into_iter().for_each(|last| collect_entries(last, found)),
        AstNode::Conditional { then_branch, else_branch, .. } => {
            std::iter::once(then_branch).chain(else_branch).for_each(|branch| collect_entries(branch, found));
        }
        AstNode::Function { name, args, .. } if name == "merge" => {
            if let [AstNode::Array(parts)] = args.as_slice() {
                for part in parts {
                    collect_entries(part, found);
                }
            }
        }
        _ => {}
    }
}

fn kind_of(tree: &AstNode) -> Option<Kind> {
    Some(match tree {
        AstNode::String(_) => Kind::Text,
        AstNode::Number(_) => Kind::Number,
        AstNode::Boolean(_) => Kind::Flag,
        AstNode::Array(_) => Kind::List,
        AstNode::Object(_) => Kind::Object,
        AstNode::Block(steps) => return kind_of(steps.last()?),
        AstNode::Conditional { then_branch, else_branch, .. } => {
            let (one, other) = (kind_of(then_branch), else_branch.as_deref().and_then(kind_of));
            return one
                .filter(|one| other.is_none_or(|other| other == *one))
                .or(other.filter(|_| one.is_none()));
        }
        AstNode::Binary { op, .. } => match op {
            BinaryOp::Concatenate => Kind::Text,
            BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => {
                Kind::Number
            }
            BinaryOp::And | BinaryOp::Or | BinaryOp::In | BinaryOp::Equal | BinaryOp::NotEqual => Kind::Flag,
            _ => return None,
        },
        AstNode::Function { name, .. } => match name.as_str() {
            "millis" | "toMillis" | "count" | "sum" | "floor" | "ceil" | "round" | "length" => Kind::Number,
            "string" | "join" | "substring" | "lowercase" | "uppercase" | "fromMillis" => Kind::Text,
            "exists" | "not" | "contains" => Kind::Flag,
            "merge" => Kind::Object,
            _ => return None,
        },
        _ => return None,
    })
}

/// `$name` to `$prefix_name` for each of `names`, in expressions only, and not inside their string literals; nothing where the
/// text stays as it is.
pub(super) fn rename_variables(text: &str, names: &BTreeSet<String>, prefix: &str) -> Option<String> {
    delimited(text)?;
    let mut renamed = None;
    let (mut quote, mut copied, mut at) = (None, 0, 0);
    while let Some(found) = text[at..].find(['$', '\\', '\'', '"']) {
        at += found;
        let character = text.as_bytes()[at];
        match (quote, character) {
            (None, b'$') => {
                let name = name_at(&text[at + 1..]);
                if names.contains(name) {
                    let renamed = renamed.get_or_insert_with(|| String::with_capacity(text.len() * 2));
                    renamed.extend([&text[copied..=at], prefix, "_", name]);
                    copied = at + 1 + name.len();
                }
                at += name.len();
            }
            (Some(_), b'\\') => at += text[at + 1..].chars().next().map_or(0, char::len_utf8),
            (None, b'\'' | b'"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
        at += 1;
    }
    renamed.map(|renamed| renamed + &text[copied..])
}

/// The name that a text begins with, which may be none.
fn name_at(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_with_their_variable() {
        let paths = |expression| -> Vec<String> {
            Parsed::of(expression).paths.into_iter().map(|path| path.join(".")).collect()
        };
        assert_eq!(
            paths("$journal.phase = 'x' and $exists($lock.journal.kept)"),
            ["journal.phase", "lock.journal.kept"]
        );
        assert_eq!(paths("[$journal.leaving[$ in $g.a]]"), ["journal.leaving", "g.a"]);
    }

    #[test]
    fn a_kind_that_is_asked_for_makes_no_use_of_a_variable_and_objects_have_theirs_apart() {
        let uses =
            Parsed::of("$type($a) = 'x' and $b.c ? $merge([$d, {'e': $f, 'g': {'h': $i}}]) : {'j': [$a]}")
                .uses;
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(uses.plain, names(&["b", "d"]));
        assert_eq!(
            uses.in_objects,
            [(names(&["e", "g"]), names(&["f", "i"])), (names(&["j"]), names(&["a"]))]
        );
    }

    #[test]
    fn a_function_is_found_at_any_depth_and_where_it_is_passed_on() {
        for (expression, expected) in [
            ("$exists($x) ? [1, $parse($x).y]", true),
            ("$map($x, $parse)", true),
            ("function($x) { $parse($x) }", true),
            ("'$parse(1)' & $parsed", false),
        ] {
            assert_eq!(Parsed::of(expression).functions.contains("parse"), expected, "{expression}");
        }
    }

    #[test]
    fn variables_are_renamed_outside_of_literals_and_by_their_whole_names() {
        let names = ["id", "x"].map(str::to_owned).into();
        let renamed = |text| rename_variables(text, &names, "turn");
        for (text, expected) in [
            ("{% $id & $idle & $x.$id %}", "{% $turn_id & $idle & $turn_x.$turn_id %}"),
            (r#"{% '\'$id' & "'$x" & '\é$x' & $x %}"#, r#"{% '\'$id' & "'$x" & '\é$x' & $turn_x %}"#),
        ] {
            assert_eq!(renamed(text).as_deref(), Some(expected));
        }
        for text in ["$id", "{% '$id' %}", "{% $ & $idle & 'é' %}"] {
            assert_eq!(renamed(text), None, "{text}");
        }
    }

    #[test]
    fn literals_are_told_wherever_they_stand() {
        let expression =
            "$a[x = 'b'] ~> $f('c') & (true ? {'d': ['e', -$g]} : $map($h, function($i) { 'j' }))";
        assert_eq!(Parsed::of(expression).literals, ["b", "c", "d", "e", "j"]);
        assert!(Parsed::of("$a +").survey.is_err());
    }

    #[test]
    fn the_entries_of_an_object_are_told_with_their_kinds() {
        let expected = [("a", Some(Kind::Number)), ("b", None), ("c", Some(Kind::Text))];
        let expected = expected.map(|(key, kind)| (key.to_owned(), kind));
        let parsed = Parsed::of("($x := 1; $merge([$journal, {'a': 1, 'b': $x}, $y ? {'c': 'x'} : {}]))");
        let entries: Vec<_> = parsed.entries.iter().map(|entry| (entry.key.clone(), entry.kind)).collect();
        assert_eq!(entries, expected);
        assert_eq!(parsed.entries[2].texts, ["x"]);
    }
}
