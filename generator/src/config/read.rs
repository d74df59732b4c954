//! The checked stage: the tree of a `stack.yaml`, key by key, to values that their keys take.

use std::collections::BTreeMap;

use super::document::{Entry, Node, NodeValue as Raw};
use super::key::{Key, KeyKind, KeyValue, Presence};
use super::registry::{self, STRATEGIES};
use super::{pager, path, suggest, value};
use crate::problem::{Location, Problem, Problems, shown};
use crate::secret;

/// What a file says, with the defaults of what it does not say.
pub(super) struct Reading {
    /// By path. A key that is at fault, or optional and not given, is not among them.
    pub(super) values: BTreeMap<&'static str, KeyValue>,
    /// Where the values stand that were given, and the names within them that a file makes up.
    pub(super) places: BTreeMap<String, Location>,
}

/// Reads every key of a document.
pub(super) fn read(root: &Node, problems: &mut Problems) -> Reading {
    let mut reader = Reader {
        keys: registry::keys().map(|key| (key.path.as_ref(), key)).collect(),
        reading: Reading { values: BTreeMap::new(), places: BTreeMap::new() },
        problems,
    };
    let Raw::Mapping(entries) = &root.value else {
        let problem = value::unfit("not-a-mapping", "stack", "keys such as `name: asg-recycle`", root);
        let reason = problem.reason.replacen("`stack`", "a stack", 1);
        reader.problems.push(Problem { pointer: String::new(), reason, ..problem });
        return reader.reading;
    };
    reader.section("", entries);
    reader.complete(root.place);
    reader.reading
}

struct Reader<'a> {
    keys: BTreeMap<&'static str, &'static Key<'static>>,
    reading: Reading,
    problems: &'a mut Problems,
}

impl Reader<'_> {
    fn section(&mut self, section: &str, entries: &[Entry]) {
        for entry in entries {
            let path = path::join(section, &entry.key);
            if let Some(problem) = pager::endpoint_in_file(&path, entry) {
                self.problems.push(problem);
            } else if let Some(key) = self.keys.get(path.as_str()).copied() {
                self.reading.places.insert(path.clone(), entry.value.place);
                if let Raw::Mapping(inner) = &entry.value.value {
                    let names = inner.iter().map(|each| (path::join(&path, &each.key), each.key_place));
                    self.reading.places.extend(names);
                }
                if let Some(value) = value::read(key, entry, self.problems) {
                    self.reading.values.insert(&key.path, value);
                }
            } else if registry::sections().iter().any(|section| section.path == path) {
                self.enter(&path, entry);
            } else {
                self.problems.push(unknown(section, &path, entry));
                self.look_into(section, entry);
            }
        }
    }

    /// A section without keys is all defaults: its keys may all be comments.
    fn enter(&mut self, path: &str, entry: &Entry) {
        match &entry.value.value {
            Raw::Mapping(entries) => self.section(path, entries),
            _ if value::is_null(&entry.value) => {}
            _ => {
                let problem = value::unfit("wrong-type", path, "keys of its own", &entry.value);
                self.problems.push(problem.help(format!("they are {}", neighbour_names(path))));
            }
        }
    }

    /// Tells the faults inside a section whose own name is at fault, too, as of the one that was probably meant.
    fn look_into(&mut self, section: &str, entry: &Entry) {
        let meant = suggest::key(section, &entry.key);
        let meant = meant.filter(|meant| registry::sections().iter().any(|section| section.path == *meant));
        if let (Some(meant), Raw::Mapping(entries)) = (meant, &entry.value.value) {
            let reading = Reading { values: BTreeMap::new(), places: BTreeMap::new() };
            Reader { keys: self.keys.clone(), reading, problems: self.problems }.section(meant, entries);
        }
    }

    /// Fills in the defaults and reports what is required and was not given.
    fn complete(&mut self, root_place: Location) {
        for key in registry::keys().filter(|key| !self.reading.places.contains_key(&*key.path)) {
            match &key.presence {
                Presence::Default(value) => drop(self.reading.values.insert(&key.path, value.clone())),
                Presence::Required => self.problems.push(missing(key, root_place)),
                Presence::Optional => {}
            }
        }
    }
}

/// The fault of a required key that was not given.
fn missing(key: &Key, place: Location) -> Problem {
    let reason = format!("the key `{}` is missing", key.path);
    let example = if let KeyKind::Text(format) = &key.kind { format().example } else { "..." };
    let help = format!("add a line such as `{}: {example}`: the {}", key.name(), key.summary);
    Problem::new("missing-key", &*key.path, reason).at(place).help(help)
}

/// The fault of a key that a section does not have, with the one that was probably meant.
pub(super) fn unknown(section: &str, path: &str, entry: &Entry) -> Problem {
    let is_strategy = section == STRATEGIES;
    let (code, what) = if is_strategy { ("unknown-strategy", "strategy") } else { ("unknown-key", "key") };
    if let Some(looks_like) = secret::found(entry.key.as_bytes()) {
        let reason = format!("unknown {what}, which looks like {looks_like} and is not shown");
        return Problem::new(code, section, reason).at(entry.key_place).help("take it out, and change it");
    }
    let shown_name = if is_strategy || section.is_empty() { shown(&entry.key) } else { path.to_owned() };
    let problem = Problem::new(code, path, format!("unknown {what} `{shown_name}`")).at(entry.key_place);
    if entry.key == "<<" {
        return problem.help("merge keys are not read here: write the keys out");
    }
    problem.help(match suggest::key(section, &entry.key) {
        Some(meant) if suggest::neighbours(section).any(|neighbour| neighbour == meant) => {
            format!("did you mean `{}`?", suggest::last(meant))
        }
        Some(meant) => match meant.rsplit_once('.') {
            Some((section, name)) => format!("did you mean `{name}` under `{section}`?"),
            None => format!("did you mean `{meant}` at the top level?"),
        },
        None if is_strategy => format!("the strategies are {}", neighbour_names(section)),
        None => format!("the keys here are {}", neighbour_names(section)),
    })
}

fn neighbour_names(section: &str) -> String {
    let names = suggest::neighbours(section).map(|path| format!("`{}`", suggest::last(path)));
    names.collect::<Vec<_>>().join(", ")
}
