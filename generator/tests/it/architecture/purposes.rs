//! The purposes in the tables of `docs/ARCHITECTURE.md` are what the modules say of themselves: the first sentence of their `//!`.

use std::path::Path;
use std::{env, fs};

/// The first sentence of what a source says of itself, as a row of a table has it.
fn purpose(source: &str) -> String {
    let paragraph = source.lines().map_while(|line| line.strip_prefix("//! ")).collect::<Vec<_>>().join(" ");
    let sentence = paragraph.split(". ").next().unwrap_or_default().trim_end_matches('.');
    let sentence = sentence.replace("[`", "`").replace("`]", "`");
    let mut letters = sentence.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(sentence.chars().skip(1)).collect()
        }
        _ => sentence,
    }
}

/// The document with every purpose as its module says it.
fn printed(document: &str) -> String {
    let mut folder = None;
    let mut lines = Vec::new();
    for line in document.lines() {
        if line.starts_with('#') {
            folder = line.strip_prefix("### `").and_then(|line| line.strip_suffix("/`"));
        }
        let row = folder.filter(|_| line.starts_with("| `")).and_then(|folder| {
            let [module, _, imports] = super::cells(line)[..] else { return None };
            let place = super::repository().join(folder).join(module.trim_matches('`'));
            let file = place.with_extension("rs");
            let file = if file.is_file() { file } else { place.join("mod.rs") };
            let source = fs::read_to_string(file).ok()?;
            Some(format!("| {module} | {} | {imports} |", purpose(&source)))
        });
        lines.push(row.unwrap_or_else(|| line.to_owned()));
    }
    lines.join("\n") + "\n"
}

#[test]
fn the_purposes_of_modules_are_what_they_say_of_themselves() {
    let path = super::repository().join(super::DOCUMENT);
    let document = fs::read_to_string(&path).expect("the document");
    let printed = printed(&document);
    if env::vars_os().any(|(name, _)| name == "UPDATE_GOLDENS") {
        fs::write(Path::new(&path), printed).expect("the document");
        return;
    }
    let other: Vec<_> =
        document.lines().zip(printed.lines()).filter(|(kept, printed)| kept != printed).collect();
    assert!(other.is_empty(), "`UPDATE_GOLDENS=1 cargo test` writes these rows anew: {other:#?}");
}

#[test]
fn a_purpose_is_the_first_sentence() {
    for (source, expected) in [
        ("//! Arguments, and\n//! files. No more.\n\nuse x;\n", "arguments, and files"),
        ("//! [`Config`] to text.\n//!\n//! More.\n", "`Config` to text"),
        ("//! HTTP on this machine.\n", "HTTP on this machine"),
    ] {
        assert_eq!(purpose(source), expected);
    }
}
