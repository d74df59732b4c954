//! One value of the tree to what its key takes, or to faults that say what would be right.

use std::collections::{BTreeMap, BTreeSet};

use asg_recycle_handler::spelling;

use super::document::{Entry, Node, NodeValue as Raw, Scalar};
use super::format::TextFormat;
use super::key::{Key, KeyKind, KeyValue, PairFormat, Presence};
use super::scalar::{self, Meaning};
use super::tags::Tags;
use super::text::TagValue;
use super::{path, zone};
use crate::problem::{Location, Problem, Problems, shown};
use crate::secret;

/// Reads the value of a key.
pub(super) fn read(key: &Key, entry: &Entry, problems: &mut Problems) -> Option<KeyValue> {
    if is_null(&entry.value) {
        problems.push(no_value(key, entry.key_place));
        return None;
    }
    let node = &entry.value;
    let single = match &key.kind {
        KeyKind::List { of, length_max } => {
            return list(key, of(), *length_max, node, problems).map(KeyValue::List);
        }
        KeyKind::Percentages { length_max } => percentages(key, *length_max, node),
        KeyKind::Tags { count_max } => return tags(key, *count_max, node, problems).map(KeyValue::Tags),
        KeyKind::Pairs(format) => return pairs(key, format, node, problems).map(KeyValue::Pairs),
        KeyKind::Boolean => boolean(key, node),
        KeyKind::Integer { .. } | KeyKind::IntegerOrOff { .. } | KeyKind::IntegerOf(_) => integer(key, node),
        KeyKind::Word(words) => word(key, words, node),
        KeyKind::Text(format) => text_of(format(), &key.path, node).map(|text| KeyValue::Text(text.into())),
        KeyKind::TimeZone => text(&key.path, node).and_then(|text| {
            zone::check(text, &key.path).map_err(|problem| problem.at(node.place))?;
            Ok(KeyValue::Text(text.to_owned().into()))
        }),
    };
    single.map_err(|problem| problems.push(problem)).ok()
}

/// Whether nothing stands there.
pub(super) fn is_null(node: &Node) -> bool {
    matches!(&node.value, Raw::Scalar(scalar) if scalar::meaning(scalar) == Meaning::Null)
}

fn no_value(key: &Key, place: Location) -> Problem {
    let problem = Problem::new("no-value", &*key.path, format!("`{}` has no value", key.path)).at(place);
    let takes = key.kind.takes();
    problem.help(match &key.presence {
        Presence::Required => format!("it takes {takes}"),
        Presence::Optional => format!("it takes {takes}; remove the key to go without"),
        Presence::Default(value) => {
            format!("it takes {takes}; remove the key to get the default, {}", value.to_yaml())
        }
    })
}

/// The fault of a value that its key does not take.
pub(super) fn unfit(code: &'static str, pointer: &str, takes: &str, node: &Node) -> Problem {
    let reason = format!("`{pointer}` takes {takes}, found {}", scalar::found(node));
    Problem::new(code, pointer, reason).at(node.place)
}

/// The fault of a value that its key does not take, with the default as advice.
fn misfit(code: &'static str, key: &Key, node: &Node) -> Problem {
    let problem = unfit(code, &key.path, &key.kind.takes(), node);
    match &key.presence {
        Presence::Default(value) => problem.help(format!("the default is {}", value.to_yaml())),
        Presence::Required | Presence::Optional => problem,
    }
}

fn boolean(key: &Key, node: &Node) -> Result<KeyValue, Problem> {
    let problem = || misfit("wrong-type", key, node);
    let Raw::Scalar(scalar) = &node.value else { return Err(problem()) };
    match scalar::meaning(scalar) {
        Meaning::Boolean(value) => Ok(KeyValue::Boolean(value)),
        Meaning::OldBoolean(value) => Err(problem().help(format!("write `{value}`"))),
        _ if matches!(scalar.text.to_lowercase().as_str(), "true" | "false") => {
            Err(problem().help(format!("write `{}`, without quotes", scalar.text.to_lowercase())))
        }
        _ => Err(problem()),
    }
}

fn integer(key: &Key, node: &Node) -> Result<KeyValue, Problem> {
    let Raw::Scalar(scalar) = &node.value else { return Err(misfit("wrong-type", key, node)) };
    match scalar::meaning(scalar) {
        Meaning::Integer(value) => {
            let nearest = nearest(&key.kind, value);
            let problem = || misfit("out-of-range", key, node).help(format!("the nearest is {nearest}"));
            if nearest == value { Ok(KeyValue::Integer(value)) } else { Err(problem()) }
        }
        Meaning::OtherNumber(None) => Err(misfit("out-of-range", key, node)),
        _ => Err(not_an_integer(key, scalar, node)),
    }
}

/// In ascending order, so that each stands once.
fn percentages(key: &Key, length_max: usize, node: &Node) -> Result<KeyValue, Problem> {
    let Raw::Sequence(items) = &node.value else { return Err(misfit("wrong-type", key, node)) };
    let mut numbers = Vec::new();
    for item in items.iter() {
        let Raw::Scalar(scalar) = &item.value else { return Err(misfit("wrong-type", key, item)) };
        let Meaning::Integer(number) = scalar::meaning(scalar) else {
            return Err(misfit("wrong-type", key, item));
        };
        let after = numbers.last().copied().unwrap_or(0);
        if number <= after || number > 99 {
            let problem = misfit("out-of-range", key, item);
            return Err(problem.help(format!("write a whole number from {} to 99", after + 1)));
        }
        numbers.push(number);
    }
    if numbers.len() > length_max {
        return Err(misfit("too-many", key, node));
    }
    Ok(KeyValue::Integers(numbers))
}

/// The fault of a value that is no number, or one in another notation.
fn not_an_integer(key: &Key, scalar: &Scalar, node: &Node) -> Problem {
    let problem = misfit("wrong-type", key, node);
    let starts_with_digit = scalar.text.trim_start().starts_with(|first: char| first.is_ascii_digit());
    match (scalar::whole_number(&scalar.text), key.unit()) {
        (Some(value), _) if scalar.plain => problem.help(format!("write `{value}`")),
        (Some(value), _) => problem.help(format!("write `{value}`, without quotes")),
        (None, Some(unit)) if starts_with_digit => {
            problem.help(format!("write the number alone; it counts {unit}"))
        }
        _ => problem,
    }
}

/// The number that a kind takes and that is nearest to a value; between two, the larger.
fn nearest(kind: &KeyKind, value: u64) -> u64 {
    match kind {
        KeyKind::IntegerOrOff { .. } if value == 0 => 0,
        KeyKind::Integer { minimum, maximum } | KeyKind::IntegerOrOff { minimum, maximum } => {
            value.clamp(*minimum, *maximum)
        }
        KeyKind::IntegerOf(numbers) => {
            let numbers = numbers.iter().map(|number| u64::from(*number));
            numbers.min_by_key(|number| (number.abs_diff(value), u64::MAX - number)).unwrap_or(value)
        }
        _ => value,
    }
}

/// What others call a word.
const ALIASES: [(&str, &str); 4] =
    [("amd64", "x86_64"), ("x64", "x86_64"), ("aarch64", "arm64"), ("graviton", "arm64")];

fn word(key: &Key, words: &[&str], node: &Node) -> Result<KeyValue, Problem> {
    let Raw::Scalar(scalar) = &node.value else { return Err(misfit("wrong-type", key, node)) };
    if let Some(word) = words.iter().find(|word| **word == &*scalar.text) {
        return Ok(KeyValue::Text((*word).to_owned().into()));
    }
    let problem = misfit("unknown-word", key, node);
    let meant =
        ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(&scalar.text)).map(|(_, word)| *word);
    let meant = meant.filter(|word| words.contains(word));
    Err(match meant.or_else(|| spelling::nearest(&scalar.text, words.iter().copied())) {
        Some(word) => problem.help(format!("did you mean `{word}`?")),
        None => problem,
    })
}

/// The text of a scalar that no YAML reader takes for a number or a boolean.
fn text<'a>(pointer: &str, node: &'a Node) -> Result<&'a str, Problem> {
    let problem = || unfit("wrong-type", pointer, "text", node);
    let Raw::Scalar(scalar) = &node.value else { return Err(problem()) };
    match scalar::meaning(scalar) {
        Meaning::Text | Meaning::OldBoolean(_) => Ok(&scalar.text),
        _ => Err(problem().help(format!("put it into quotes: `\"{}\"`", shown(&scalar.text)))),
    }
}

/// Whether it is a URL as `https://user:password@host`.
fn holds_credentials(text: &str) -> bool {
    let rest = text.split_once("://").map(|(_, rest)| rest);
    rest.is_some_and(|rest| rest.split(['/', '?', '#']).next().is_some_and(|host| host.contains('@')))
}

fn credentials_in_url(pointer: &str, node: &Node) -> Problem {
    let Location { line, column, .. } = node.place;
    let reason = format!("`{pointer}` takes a URL without a user and a password in it");
    let help = format!("take them out at {line}:{column}; the value is not shown, for it holds a secret");
    Problem::new("credentials-in-url", pointer, reason).help(help)
}

fn text_of(format: &TextFormat, pointer: &str, node: &Node) -> Result<String, Problem> {
    let text = text(pointer, node).map_err(|problem| match &node.value {
        Raw::Scalar(scalar) if format.check(&scalar.text).is_ok() => problem,
        Raw::Scalar(scalar) => problem.help(format.advice(&scalar.text)),
        _ => problem.help(format.advice("")),
    })?;
    match format.check(text) {
        Ok(()) => Ok(text.to_owned()),
        Err(_) if holds_credentials(text) => Err(credentials_in_url(pointer, node)),
        Err(misfit) if text.contains("${") => {
            let problem = format.problem(misfit, pointer, text, &scalar::found(node)).at(node.place);
            Err(problem.help("variables are not expanded here: write the value, or render the file before"))
        }
        Err(misfit) => {
            // No guess at what was meant, which would repeat it.
            let meant = if secret::found(text.as_bytes()).is_some() { "" } else { text };
            Err(format.problem(misfit, pointer, meant, &scalar::found(node)).at(node.place))
        }
    }
}

fn list(
    key: &Key,
    of: &TextFormat,
    length_max: usize,
    node: &Node,
    problems: &mut Problems,
) -> Option<Vec<String>> {
    let takes = key.kind.takes();
    let Raw::Sequence(items) = &node.value else {
        let problem = unfit("wrong-type", &key.path, &takes, node);
        problems.push(match &node.value {
            Raw::Scalar(_) => problem.help("write each item on a line of its own, after `- `"),
            _ => problem,
        });
        return None;
    };
    if let Some(item) = items.get(length_max) {
        let reason = format!("`{}` takes up to {length_max} items, found {}", key.path, items.len());
        let problem = Problem::new("too-many", &*key.path, reason).at(item.place);
        problems.push(problem.help(format!("remove {}", items.len() - length_max)));
    }
    let before = problems.len();
    let mut texts = Vec::new();
    let mut seen = BTreeSet::new();
    for (index, item) in items.iter().take(length_max).enumerate() {
        let mut pointer = key.path.to_string();
        path::push_index(&mut pointer, index);
        match text_of(of, &pointer, item) {
            Ok(text) if seen.insert(text.clone()) => texts.push(text),
            Ok(text) => {
                let reason = format!("`{}` names `{}` twice", key.path, shown(&text));
                problems.push(
                    Problem::new("duplicate-item", pointer, reason)
                        .at(item.place)
                        .help("remove one of the two"),
                );
            }
            Err(problem) => problems.push(problem),
        }
    }
    (problems.len() == before && items.len() <= length_max).then_some(texts)
}

fn tags(key: &Key, count_max: usize, node: &Node, problems: &mut Problems) -> Option<Tags> {
    let Raw::Mapping(entries) = &node.value else {
        problems.push(
            unfit("wrong-type", &key.path, &key.kind.takes(), node).help("write each tag as `key: value`"),
        );
        return None;
    };
    if let Some(entry) = entries.get(count_max) {
        let takes = if count_max == Tags::COUNT_MAX {
            format!("AWS takes up to {count_max} tags on a resource")
        } else {
            format!("`{}` takes up to {count_max} tags", key.path)
        };
        let reason = format!("{takes}, found {}", entries.len());
        let problem = Problem::new("too-many", &*key.path, reason).at(entry.key_place);
        problems.push(problem.help(format!("remove {}", entries.len() - count_max)));
        return None;
    }
    let before = problems.len();
    let mut tags = Tags::new();
    for entry in entries.iter() {
        let pointer = path::join(&key.path, &entry.key);
        let value = tag_value(&pointer, entry).unwrap_or_else(|problem| {
            problems.push(problem);
            TagValue::default() // the key is still held against the other keys
        });
        if let Err(problem) = tags.insert(&entry.key, value) {
            problems.push(Problem { pointer, ..problem.at(entry.key_place) });
        }
    }
    (problems.len() == before).then_some(tags)
}

fn tag_value(pointer: &str, entry: &Entry) -> Result<TagValue, Problem> {
    if is_null(&entry.value) {
        let problem = Problem::new("no-value", pointer, format!("`{pointer}` has no value"));
        return Err(problem.at(entry.key_place).help("write `\"\"` for an empty value, or remove the tag"));
    }
    text_of(TagValue::format(), pointer, &entry.value)?.parse()
}

/// A mapping of texts to texts, with every fault in it.
fn pairs(
    key: &Key,
    format: &PairFormat,
    node: &Node,
    problems: &mut Problems,
) -> Option<BTreeMap<String, String>> {
    let Raw::Mapping(entries) = &node.value else {
        let problem = unfit("wrong-type", &key.path, &key.kind.takes(), node);
        problems.push(problem.help("write each as `key: value`"));
        return None;
    };
    if let Some(entry) = entries.get(format.count_max) {
        let reason = format!("`{}` takes up to {}, found {}", key.path, format.count_max, entries.len());
        let problem = Problem::new("too-many", &*key.path, reason).at(entry.key_place);
        problems.push(problem.help(format!("remove {}", entries.len() - format.count_max)));
        return None;
    }
    let before = problems.len();
    let mut pairs = BTreeMap::new();
    for entry in entries.iter() {
        match pair(format, &path::join(&key.path, &entry.key), entry) {
            Ok(value) => drop(pairs.insert(entry.key.clone(), value)),
            Err(problem) => problems.push(problem),
        }
    }
    (problems.len() == before).then_some(pairs)
}

fn pair(format: &PairFormat, pointer: &str, entry: &Entry) -> Result<String, Problem> {
    let scalar = match &entry.value.value {
        Raw::Scalar(scalar) => &*scalar.text,
        _ => "",
    };
    (format.check)(&entry.key, scalar)
        .map_err(|problem| Problem { pointer: pointer.to_owned(), ..problem.at(entry.key_place) })?;
    if let Err(misfit) = (format.key)().check(&entry.key) {
        let found = format!("`{}`", shown(&entry.key));
        return Err((format.key)().problem(misfit, pointer, &entry.key, &found).at(entry.key_place));
    }
    text_of((format.value)(), pointer, &entry.value)
}
