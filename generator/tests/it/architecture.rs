//! Keeps the import directions of `docs/ARCHITECTURE.md` and the habits that every file keeps to.
//!
//! The document has a table for each crate, under a heading with the crate's folder: a row a module, with the modules
//! that it may import. The `crate::…` paths of the sources are held against it. A table under the heading of a folder
//! within a crate does the same for its files. Files that use each other in a circle are found in every crate.

mod frame;
mod macro_calls;
mod purposes;
mod graph;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const DOCUMENT: &str = "docs/ARCHITECTURE.md";
const LINES_MAX: usize = 400;
const ANYTHING: &str = "every module";
const NOTHING: &str = "nothing of ours";

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// A crate's sources, and the paths that lead to modules.
struct Sources {
    folder: &'static str,
    /// How a path begins, and what stands before the module's name in the crate's table.
    roots: &'static [(&'static str, &'static str)],
}

const CRATES: &[Sources] = &[
    Sources {
        folder: "generator/src",
        roots: &[
            ("crate::", ""),
            ("asg_recycle::", ""),
            ("asg_recycle_handler::", "handler::"),
            ("asg_recycle_simulator::", "simulator::"),
        ],
    },
    Sources { folder: "generator/simulator/src", roots: &[("crate::", ""), ("asg_recycle_simulator::", "")] },
    Sources { folder: "handler/src", roots: &[("crate::", ""), ("asg_recycle_handler::", "")] },
];

/// A folder with more files than this has a table of them.
const FILES_WITHOUT_TABLE_MAX: usize = 10;

/// Folders whose table is about their own files: those with a heading that are no crate's.
fn folders() -> Vec<String> {
    let text = fs::read_to_string(repository().join(DOCUMENT)).expect("the document");
    let headings = text.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix("/`"));
    let is_crate = |folder: &&str| CRATES.iter().any(|sources| sources.folder == *folder);
    headings.filter(|folder| !is_crate(folder)).map(str::to_owned).collect()
}

/// What a module may import.
enum Allowed {
    Anything,
    Only(BTreeSet<String>),
}

impl Allowed {
    fn has(&self, module: &str) -> bool {
        match self {
            Self::Anything => true,
            Self::Only(modules) => modules.contains(module),
        }
    }
}

/// A folder's table: module to what it may import.
fn table(folder: &str) -> BTreeMap<String, Allowed> {
    let text = fs::read_to_string(repository().join(DOCUMENT)).expect("the document");
    let heading = format!("### `{folder}/`");
    let mut lines = text.lines().skip_while(|line| *line != heading).skip(1);
    let section = lines.by_ref().take_while(|line| !line.starts_with('#')).collect::<Vec<_>>();
    let mut rows = section.into_iter().filter(|line| line.starts_with('|')).map(cells);
    let header = rows.next().unwrap_or_else(|| panic!("{DOCUMENT} has no table under `{heading}`"));
    assert_eq!(header, ["module", "purpose", "may import"], "the table under `{heading}`");
    rows.skip(1).map(|row| module_row(&row)).collect()
}

fn module_row(row: &[&str]) -> (String, Allowed) {
    let [module, _, imports] = row else { panic!("{DOCUMENT}: a module's row has three cells: {row:?}") };
    let name = |cell: &str| cell.trim().trim_matches('`').to_owned();
    let allowed = match *imports {
        ANYTHING => Allowed::Anything,
        NOTHING => Allowed::Only(BTreeSet::new()),
        listed => Allowed::Only(listed.split(',').map(name).collect()),
    };
    (name(module), allowed)
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

/// The top-level module that a file belongs to, or `None` for the library's root.
fn module_of(sources: &Sources, path: &Path) -> Option<String> {
    let inside = path.strip_prefix(repository().join(sources.folder)).expect("it is in the crate");
    let first = inside.iter().next().expect("a path").to_string_lossy();
    let name = first.trim_end_matches(".rs");
    (name != "lib").then(|| name.to_owned())
}

/// The modules that code names by a path from a crate's root: `crate::config`, `crate::{asl, stack}`.
fn imports(code: &str, sources: &Sources) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (root, prefix) in sources.roots {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_' || letter == ':') {
                continue;
            }
            let names = first_names(&code[at + root.len()..]);
            // A name in capitals is an item that the root exports.
            let modules =
                names.into_iter().filter(|name| name.starts_with(|letter: char| letter.is_lowercase()));
            found.extend(modules.map(|name| format!("{prefix}{name}")));
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

/// The text without comments, which may name what code may not, and without the tests at its end, which may use
/// whatever makes them short.
fn code(text: &str) -> String {
    let text = text.split_once("\n#[cfg(test)]\nmod tests").map_or(text, |(code, _tests)| code);
    let kept = text.lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code));
    kept.collect::<Vec<_>>().join("\n")
}

/// Whether a file is compiled for tests only.
fn is_test(path: &Path) -> bool {
    let declares = |parent: &Path, name: &str| {
        let files = ["mod.rs", "lib.rs"]
            .map(|file| parent.join(file))
            .into_iter()
            .chain([parent.with_extension("rs")]);
        let texts = files.filter_map(|file| fs::read_to_string(file).ok()).collect::<Vec<_>>();
        texts.iter().any(|text| text.contains(&format!("#[cfg(test)]\nmod {name};")))
    };
    let own = path.file_stem().expect("a name").to_string_lossy();
    let mut parent = path.parent().expect("a folder");
    if own.ends_with("tests") || declares(parent, &own) {
        return true;
    }
    while let Some(name) = parent.file_name().filter(|name| *name != "src") {
        if name == "tests" {
            return true;
        }
        parent = parent.parent().expect("a folder");
    }
    false
}

/// What a crate's sources do that its module table does not allow.
fn import_faults(sources: &Sources) -> Vec<String> {
    let mut faults = Vec::new();
    let table = table(sources.folder);
    let mut modules = BTreeSet::new();
    for path in rust_files(sources.folder) {
        let Some(module) = module_of(sources, &path) else { continue };
        if is_test(&path) {
            continue;
        }
        let file = relative(&path);
        let text = fs::read_to_string(&path).expect("a source file");
        match table.get(&module) {
            None => faults.push(format!("{file}: give `{module}` a row in the module table")),
            Some(allowed) => {
                let wanted = imports(&code(&text), sources).into_iter();
                let forbidden = wanted.filter(|name| *name != module && !allowed.has(name));
                faults.extend(forbidden.map(|name| format!("{file}: `{module}` may not import `{name}`")));
            }
        }
        modules.insert(module);
    }
    let missing = table.keys().filter(|module| !modules.contains(*module));
    faults.extend(missing.map(|module| format!("{}: `{module}` has a row and no file", sources.folder)));
    faults
}

#[test]
fn modules_import_only_what_the_architecture_allows() {
    let faults: Vec<_> = CRATES.iter().flat_map(import_faults).collect();
    assert!(
        faults.is_empty(),
        "{}\nEither the import goes against the design, or the module table of {DOCUMENT} has to allow it.",
        faults.join("\n"),
    );
}

/// What the files of a folder do that its table does not allow.
fn file_faults(folder: &str, graph: &graph::Graph) -> Vec<String> {
    let table = table(folder);
    let name = |file: &str| {
        let inside = file.strip_prefix(folder)?.strip_prefix('/')?;
        inside.strip_suffix(".rs").map(str::to_owned)
    };
    let mut faults = Vec::new();
    let mut files = BTreeSet::new();
    for (file, uses) in graph.uses.iter().filter_map(|(file, uses)| Some((name(file)?, uses))) {
        match table.get(&file) {
            None => faults.push(format!("{folder}: give `{file}` a row in the table of the folder")),
            Some(allowed) => {
                let forbidden = uses.iter().filter_map(|used| name(used)).filter(|used| !allowed.has(used));
                faults.extend(forbidden.map(|used| format!("{folder}: `{file}` may not import `{used}`")));
            }
        }
        files.insert(file);
    }
    let missing = table.keys().filter(|file| !files.contains(*file));
    faults.extend(missing.map(|file| format!("{folder}: `{file}` has a row and is no file")));
    faults
}

#[test]
fn files_import_only_what_the_table_of_their_folder_allows() {
    let of_crate = |sources: &Sources| {
        let graph = graph::Graph::of(sources.folder);
        let folders = folders().into_iter().filter(|folder| Path::new(folder).starts_with(sources.folder));
        folders.flat_map(|folder| file_faults(&folder, &graph)).collect::<Vec<_>>()
    };
    let faults: Vec<_> = CRATES.iter().flat_map(of_crate).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_big_folder_has_a_table_of_its_files() {
    let with_table = folders();
    let mut files: BTreeMap<String, usize> = BTreeMap::new();
    for sources in CRATES {
        for path in rust_files(sources.folder).iter().filter(|path| !is_test(path)) {
            let inside = path.strip_prefix(repository().join(sources.folder)).expect("it is in the crate");
            // The folders at the top of a crate are its modules.
            if let (Some(module), true) = (inside.iter().next(), inside.iter().count() > 1) {
                *files.entry(format!("{}/{}", sources.folder, module.display())).or_default() += 1;
            }
        }
    }
    let lacks = |folder: &&String| !with_table.contains(folder);
    let big = files.iter().filter(|(_, count)| **count > FILES_WITHOUT_TABLE_MAX).map(|(folder, _)| folder);
    let faults: Vec<_> = big.filter(lacks).collect();
    assert!(faults.is_empty(), "{DOCUMENT} needs a table of the files of {faults:?}");
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let graphs = CRATES.iter().map(|sources| graph::Graph::of(sources.folder)).collect::<Vec<_>>();
    let circles: Vec<String> =
        graphs.iter().flat_map(graph::Graph::circles).map(|circle| circle.join("\n    ")).collect();
    assert!(circles.is_empty(), "these files use each other in a circle:\n  {}", circles.join("\n  "));
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
fn templates_stay_short() {
    let templates = frame::files(&repository().join("templates"));
    let templates =
        templates.iter().filter(|path| path.extension().is_some_and(|extension| extension == "j2"));
    let long = templates.filter_map(|path| {
        let lines = fs::read_to_string(path).expect("a template").lines().count();
        (lines > LINES_MAX).then(|| format!("{}: {lines} lines, of at most {LINES_MAX}", relative(path)))
    });
    let long: Vec<String> = long.collect();
    assert!(long.is_empty(), "split these by what they do:\n{}", long.join("\n"));
}

#[test]
fn every_strategy_is_complete() {
    let mut faults = Vec::new();
    let mut strategies = 0;
    for entry in fs::read_dir(repository().join("templates/strategies")).expect("the strategies") {
        let folder = entry.expect("an entry").path();
        if !folder.is_dir() || folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with('_'))
        {
            continue;
        }
        strategies += 1;
        if !folder.join("strategy.yaml").is_file() {
            faults.push(format!("{} lacks strategy.yaml", relative(&folder)));
        }
        let files =
            fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        if !files.into_iter().any(|name| name.to_string_lossy().ends_with(".j2")) {
            faults.push(format!("{} lacks its states, a template `*.j2`", relative(&folder)));
        }
    }
    assert!(strategies > 0, "there are strategies");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn imports_are_found_in_paths_and_in_groups() {
    let found = |text| imports(text, &CRATES[0]).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(found("use crate::config::Config;"), "config");
    assert_eq!(found("use crate::{asl::{self, check}, stack::Stack};"), "asl stack");
    assert_eq!(
        found("crate::problem::Problem(asg_recycle_handler::contract::TAGS)"),
        "handler::contract problem"
    );
    assert_eq!(found("use crate::AsgRecycle;"), "");
    assert_eq!(found("use my_crate::config; use super::crate_name;"), "");
    assert_eq!(code("let x = 1; // as crate::cli does"), "let x = 1; ");
    assert_eq!(code("fn f() {}\n\n#[cfg(test)]\nmod tests {\n    use crate::cli;\n}\n"), "fn f() {}");
}
