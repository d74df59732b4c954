//! Keeps the import directions of `docs/ARCHITECTURE.md` and the habits that every file keeps to.
//!
//! The document's module table is the rule: a row a module, with the modules that it may import. `crate::…` paths of
//! the sources are held against it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const DOCUMENT: &str = "docs/ARCHITECTURE.md";
const LINES_MAX: usize = 400;
const ANYTHING: &str = "everything";

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// A crate's sources, and how the table spells their modules.
struct Sources {
    folder: &'static str,
    /// Stands before the names of the crate's modules in the table.
    prefix: &'static str,
    /// How the crate is named in paths of another crate.
    name: &'static str,
}

const CRATES: &[Sources] = &[
    Sources { folder: "generator/src", prefix: "", name: "asg_recycle" },
    Sources { folder: "handler/src", prefix: "handler::", name: "asg_recycle_handler" },
];

/// The module table: module to what it may import.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(repository().join(DOCUMENT)).expect("the document");
    let mut lines = text.lines().skip_while(|line| cells(line) != ["module", "purpose", "may import"]);
    assert!(lines.next().is_some(), "{DOCUMENT} has no table `| module | purpose | may import |`");
    let rows = lines.skip(1).map_while(|line| line.starts_with('|').then(|| cells(line)));
    let names = |cell: &str| -> BTreeSet<String> {
        cell.split([',', ' ']).map(|name| name.trim_matches('`').to_owned()).filter(|name| !name.is_empty()).collect()
    };
    let mut table = BTreeMap::new();
    for row in rows {
        let [modules, _, imports] = &row[..] else { panic!("{DOCUMENT}: a row needs three cells: {row:?}") };
        for module in names(modules) {
            assert!(table.insert(module.clone(), names(imports)).is_none(), "{DOCUMENT}: `{module}` has two rows");
        }
    }
    table
}

fn cells(line: &str) -> Vec<&str> {
    line.trim().trim_matches('|').split('|').map(str::trim).collect()
}

/// Every Rust file under a folder of the repository.
fn rust_files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![repository().join(folder)];
    while let Some(each) = folders.pop() {
        for entry in fs::read_dir(&each).unwrap_or_else(|error| panic!("{}: {error}", each.display())) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn relative(path: &Path) -> String {
    path.strip_prefix(repository()).expect("it is in the repository").display().to_string()
}

/// The top-level module that a file belongs to, or `None` for the crate's root.
fn module_of(sources: &Sources, path: &Path) -> Option<String> {
    let inside = path.strip_prefix(repository().join(sources.folder)).expect("it is in the crate");
    let first = inside.iter().next().expect("a path").to_string_lossy();
    let name = first.trim_end_matches(".rs").trim_end_matches("_tests");
    (!matches!(name, "lib" | "main")).then(|| format!("{}{name}", sources.prefix))
}

/// The modules that a text names by a path from a crate's root: `crate::config`, `crate::{asl, stack}`.
fn imports(text: &str, own: &Sources) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for sources in CRATES {
        let start = if sources.name == own.name { "crate::" } else { &*format!("{}::", sources.name) };
        for (at, _) in text.match_indices(start) {
            let before = text[..at].chars().next_back();
            if before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_' || letter == ':') {
                continue;
            }
            let rest = &text[at + start.len()..];
            found.extend(first_names(rest).into_iter().map(|name| format!("{}{name}", sources.prefix)));
        }
    }
    found
}

/// The first names of a path's rest: one, or those of a group.
fn first_names(rest: &str) -> Vec<String> {
    let Some(group) = rest.strip_prefix('{') else { return vec![name_at(rest)] };
    let mut names = Vec::new();
    let mut depth = 0;
    let mut expects_name = true;
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => expects_name = true,
            _ if expects_name && letter.is_alphabetic() => {
                names.push(name_at(&group[at..]));
                expects_name = false;
            }
            _ => {}
        }
    }
    names
}

fn name_at(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

/// The text without comments: prose may name what code may not.
fn code(text: &str) -> String {
    let kept = text.lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code));
    kept.collect::<Vec<_>>().join("\n")
}

#[test]
fn modules_import_only_what_the_architecture_allows() {
    let table = table();
    let mut faults = Vec::new();
    let mut modules = BTreeSet::new();
    for sources in CRATES {
        for path in rust_files(sources.folder) {
            let Some(module) = module_of(sources, &path) else { continue };
            modules.insert(module.clone());
            let text = fs::read_to_string(&path).expect("a source file");
            let Some(allowed) = table.get(&module) else {
                faults.push(format!("{}: give `{module}` a row in the module table", relative(&path)));
                continue;
            };
            // A name in capitals is an item of the crate's root.
            let wanted = imports(&code(&text), sources).into_iter().filter(|name| {
                let last = name.rsplit("::").next().unwrap_or_default();
                *name != module && last.starts_with(|letter: char| letter.is_lowercase())
            });
            for import in wanted.filter(|name| !allowed.contains(ANYTHING) && !allowed.contains(name)) {
                faults.push(format!("{}: `{module}` may not import `{import}`", relative(&path)));
            }
        }
    }
    for module in table.keys().filter(|module| !modules.contains(*module)) {
        faults.push(format!("the table's `{module}` is not a module: remove the row"));
    }
    assert!(
        faults.is_empty(),
        "{}\nEither the import goes against the design, or the module table of {DOCUMENT} has to say why not.",
        faults.join("\n"),
    );
}

#[test]
fn source_files_say_what_they_are_for_and_stay_short() {
    let mut faults = Vec::new();
    for path in ["generator", "handler"].into_iter().flat_map(rust_files) {
        let text = fs::read_to_string(&path).expect("a source file");
        let name = relative(&path);
        if !text.starts_with("//!") {
            faults.push(format!("{name}:1: start with a `//!` line that says what the file is for"));
        }
        let lines = text.lines().count();
        if lines > LINES_MAX {
            faults.push(format!("{name}: {lines} lines, of at most {LINES_MAX}: split it by what it does"));
        }
        let spaced = text.lines().enumerate().filter(|(_, line)| line.ends_with([' ', '\t']));
        faults.extend(spaced.map(|(index, _)| format!("{name}:{}: remove the space at the end", index + 1)));
        if !text.ends_with('\n') {
            faults.push(format!("{name}: end the last line"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_strategy_is_complete() {
    let mut faults = Vec::new();
    let mut strategies = 0;
    for entry in fs::read_dir(repository().join("templates/strategies")).expect("the strategies") {
        let folder = entry.expect("an entry").path();
        if !folder.is_dir() || folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with('_')) {
            continue;
        }
        strategies += 1;
        for file in ["strategy.yaml", "README.md"] {
            if !folder.join(file).is_file() {
                faults.push(format!("{} lacks {file}", relative(&folder)));
            }
        }
        let files = fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        if !files.into_iter().any(|name| name.to_string_lossy().ends_with(".j2")) {
            faults.push(format!("{} lacks its states, a template `*.j2`", relative(&folder)));
        }
    }
    assert!(strategies > 0, "there are strategies");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn imports_are_found_in_paths_and_in_groups() {
    let generator = &CRATES[0];
    let found = |text| imports(text, generator).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(found("use crate::config::Config;"), "config");
    assert_eq!(found("use crate::{asl::{self, check}, stack::Stack};"), "asl stack");
    assert_eq!(found("fn f() -> crate::problem::Problem { asg_recycle_handler::contract::TAGS }"), "handler::contract problem");
    assert_eq!(found("use my_crate::config; use super::crate_name;"), "");
    assert_eq!(code("let x = 1; // as crate::cli does"), "let x = 1; ");
}
