//! One word, one meaning: the name of a type that its whole crate can use stands there once, and `docs/glossary.md` can be looked up in.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::papers;

const GLOSSARY: &str = "docs/glossary.md";

/// The folders of the workspace's crates, those that lie in another's among them.
fn crates() -> Vec<&'static str> {
    papers::files("/Cargo.toml").map(|(path, _)| path.trim_end_matches("Cargo.toml")).collect()
}

/// Where each name of a type that a whole crate can use is declared, and where a module has the same name for its own. A name that
/// only modules have is their own matter.
fn public_types(folder: &str) -> BTreeMap<String, Vec<&'static str>> {
    let declaration =
        Regex::new(r"(?m)^ *pub(?:\((.+?)\))? (?:struct|enum|trait|type) (\w+)").expect("a pattern");
    let sources = format!("{folder}src/");
    let (mut found, mut public) = (BTreeMap::<_, Vec<_>>::new(), BTreeSet::new());
    for (path, text) in papers::files(".rs").filter(|(path, _)| path.starts_with(&sources)) {
        for declared in declaration.captures_iter(text) {
            found.entry(declared[2].to_owned()).or_default().push(path);
            if declared.get(1).is_none_or(|limit| limit.as_str() != "super") {
                public.insert(declared[2].to_owned());
            }
        }
    }
    found.retain(|name, _| public.contains(name));
    found
}

#[test]
fn a_public_types_name_has_one_meaning_in_its_crate() {
    let types: Vec<_> = crates().into_iter().flat_map(public_types).collect();
    assert!(types.len() > 200, "the types are found");
    let twice: BTreeMap<_, _> = types.iter().filter(|(_, files)| files.len() > 1).cloned().collect();
    let faults: Vec<_> = twice
        .iter()
        .map(|(name, files)| {
            format!(
                "`{name}` is declared in {}: give one a name of its own, see {GLOSSARY}",
                files.join(" and ")
            )
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_glossary_is_in_order_and_has_each_word_once() {
    let (_, page) = papers::files(GLOSSARY).next().expect("the glossary");
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
