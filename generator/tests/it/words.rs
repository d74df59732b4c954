//! One word, one meaning: a public type's name stands once in its crate, and `docs/glossary.md` can be looked up in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

const GLOSSARY: &str = "docs/glossary.md";

/// Names that two public types of a crate still share, with what is to become of them. The list may only shrink.
const SHARED: &[(&str, &str)] = &[
    ("Change", "of a group: `GroupChange`; of a file keeps the name"),
    ("Deed", "of the world: `Intervention`; of a run: `LogEvent`"),
    ("Entry", "of the log of a run; of a script"),
    ("Execution", "the interpreter's; the world's record of one"),
    ("Failure", "of a state: `StateError`; of a campaign keeps the name"),
    ("Format", "of an output: once, as the trait; of a text: a type for each"),
    ("Group", "in the world; of parameters: `ParameterGroup`"),
    ("Happening", "in a history: `HistoryEvent`; to a group: `GroupEvent`"),
    ("Key", "of `stack.yaml`; of a parameter: `ParameterKey`"),
    ("Kind", "of a key's value; of a resource: `ResourceKind`"),
    ("Machine", "emitted; interpreted; of an instance: `Ec2State`"),
    ("Plan", "of the output folder; of a campaign"),
    ("Queue", "configured; deployed"),
    ("Run", "of a scenario; what the checker knows of an execution"),
    ("Target", "of a rule; of an instance: `TargetHealth`"),
    ("Trigger", "configured; of a scenario"),
    ("Value", "of a key; of a property of a resource"),
    ("When", "of a script; a condition on a property"),
];

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("an entry").path())
}

/// The source folders of the workspace's crates, one inside another's folder among them.
fn crates() -> Vec<PathBuf> {
    let members = ["generator", "handler"].map(|member| repository().join(member));
    let inner =
        members.iter().flat_map(|member| entries(member)).filter(|path| path.join("Cargo.toml").is_file());
    let folders = inner.collect::<Vec<_>>().into_iter().chain(members.iter().cloned());
    folders.map(|folder| folder.join("src")).collect()
}

/// Where each name of a public type of a crate is declared.
fn public_types(sources: &Path) -> BTreeMap<String, Vec<String>> {
    let declaration = Regex::new(r"(?m)^ *pub (?:struct|enum|trait|type) (\w+)").expect("a pattern");
    let mut found = BTreeMap::<_, Vec<_>>::new();
    let mut folders = vec![sources.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file");
                let file = path.strip_prefix(repository()).expect("it is inside").display().to_string();
                for declared in declaration.captures_iter(&text) {
                    found.entry(declared[1].to_owned()).or_default().push(file.clone());
                }
            }
        }
    }
    found
}

#[test]
fn a_public_types_name_has_one_meaning_in_its_crate() {
    let crates = crates();
    let types: Vec<_> = crates.iter().flat_map(|sources| public_types(sources)).collect();
    assert!(types.len() > 200, "the types are found");
    let twice: BTreeMap<_, _> = types.iter().filter(|(_, files)| files.len() > 1).cloned().collect();
    let is_known = |name: &str| SHARED.iter().any(|(shared, _)| *shared == name);
    let new = twice.iter().filter(|(name, _)| !is_known(name)).map(|(name, files)| {
        format!("`{name}` is declared in {}: give one a name of its own, see {GLOSSARY}", files.join(" and "))
    });
    let gone = SHARED
        .iter()
        .filter(|(name, _)| !twice.contains_key(*name))
        .map(|(name, _)| format!("`{name}` has one meaning now: take it off the list of this test"));
    let faults: Vec<_> = new.chain(gone).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_glossary_is_in_order_and_has_each_word_once() {
    let page = fs::read_to_string(repository().join(GLOSSARY)).expect("the glossary");
    let word = Regex::new(r"(?m)^- \*\*(.+?)\*\*: \S").expect("a pattern");
    let mut all = Vec::new();
    for section in page.split("\n## ").skip(1) {
        let words: Vec<_> = word.captures_iter(section).map(|found| found[1].to_owned()).collect();
        assert_eq!(words.len(), section.matches("\n- ").count(), "an entry is `- **word**: meaning`");
        assert!(words.is_sorted(), "in order: {words:?}");
        all.extend(words);
    }
    all.sort();
    let twice: Vec<_> = all.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(!all.is_empty() && twice.is_empty(), "{twice:?}");
}
