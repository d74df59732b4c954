//! The frame of the strategies knows none of them: what only one has occurs under `_shared` by no name of its own.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;
use serde_json::{Map, Value};

const STRATEGIES: &str = "templates/strategies";

fn yaml(path: &Path) -> Map<String, Value> {
    let Ok(text) = fs::read_to_string(path) else { return Map::new() };
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn keys(table: &Value) -> Vec<String> {
    table.as_object().into_iter().flat_map(|table| table.keys().cloned()).collect()
}

/// A name that a strategy has for itself: what it is, and how it is written where it is used.
struct OwnName {
    what: &'static str,
    name: String,
    used: String,
}

/// The phases, settings, variables, keys of the journal and attributes of the lock item that a strategy has.
fn own_names(folder: &Path) -> Vec<OwnName> {
    let [strategy, journal, variables] = ["strategy.yaml", "journal.yaml", "variables.yaml"]
        .map(|file| Value::Object(yaml(&folder.join(file))));
    let lists = [
        ("phase", &strategy["phases"], r"'NAME'"),
        ("setting", &strategy["settings"]["own"], r"settings\.NAME\b"),
        ("variable", &variables, r#"\$NAME\b|"NAME":"#),
        ("key of the journal", &journal["journal"], r"journal\.NAME\b"),
        (
            "attribute of the lock item",
            &journal["lock_item"],
            r#"[iI]tem\.NAME\b|(SET|REMOVE)\b[^"']*\bNAME\b"#,
        ),
    ];
    let named = lists.into_iter().flat_map(|(what, names, used)| {
        keys(names).into_iter().map(move |name| OwnName { what, used: used.replace("NAME", &name), name })
    });
    named.collect()
}

/// The files of a folder and its folders, without scenarios.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut files = Vec::new();
    for path in entries.filter(|path| !path.ends_with("cases")) {
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files
}

/// A text without its comments.
fn code(text: &str) -> String {
    let comments = Regex::new(r"(?s)<#.*?#>|(?m)^#.*$").expect("it is a pattern");
    comments.replace_all(text, "").into_owned()
}

#[test]
fn the_frame_names_nothing_that_only_one_strategy_has() {
    let root = super::repository().join(STRATEGIES);
    let shared = root.join("_shared");
    let frame: Vec<_> = files(&shared)
        .into_iter()
        .map(|path| (path.clone(), code(&fs::read_to_string(&path).expect("a text"))))
        .collect();
    assert!(frame.len() > 15, "{} files", frame.len());
    let common = keys(&Value::Object(yaml(&shared.join("settings.yaml"))));
    let mut found = Vec::new();
    let folders = fs::read_dir(&root).expect("a folder").map(|entry| entry.expect("an entry").path());
    for folder in folders.filter(|path| path.is_dir() && *path != shared) {
        // A strategy may describe a common setting in words of its own.
        let own = own_names(&folder).into_iter().filter(|own| !common.contains(&own.name));
        for OwnName { what, name, used } in own {
            let used = Regex::new(&used).expect("it is a pattern");
            for (path, text) in &frame {
                let Some(hit) = used.find(text) else { continue };
                let (path, folder) = (path.display(), folder.display());
                found.push(format!("{path}: `{}`: `{name}` is a {what} of {folder}", hit.as_str()));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
