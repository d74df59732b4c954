//! Which file of a crate uses which: read from the paths in the code, with re-exports followed to where an item is
//! defined, so that a `mod.rs` which only names its files is in no circle with them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::{code, is_test, relative, rust_files};

/// A crate's files and what each uses of the others; files by path in the repository.
pub(super) struct Graph {
    pub(super) uses: BTreeMap<String, BTreeSet<String>>,
}

/// A file as a module: its path from the crate's root, in names.
struct Module {
    file: String,
    code: String,
    /// Names that it re-exports, each with its path from this module.
    exports: BTreeMap<String, Vec<String>>,
}

type Modules = BTreeMap<Vec<String>, Module>;

impl Graph {
    /// Reads the crate whose sources are in a folder of the repository; test code is left out.
    pub(super) fn of(folder: &str) -> Self {
        let files = rust_files(folder).into_iter().filter(|path| !is_test(path));
        let modules: Modules = files
            .map(|path| {
                let inside = path.strip_prefix(super::repository().join(folder)).expect("it is in the crate");
                (module_path(inside), Module::read(&path))
            })
            .collect();
        let uses = modules.iter().map(|(own, module)| (module.file.clone(), used(own, module, &modules)));
        Self { uses: uses.collect() }
    }

    /// The files that lead to each other, circle by circle.
    pub(super) fn circles(&self) -> Vec<Vec<&str>> {
        let reached: BTreeMap<&str, BTreeSet<&str>> =
            self.uses.keys().map(|file| (file.as_str(), self.reached(file))).collect();
        let mut circles = BTreeSet::new();
        for (file, from_here) in &reached {
            let ring: Vec<&str> =
                from_here.iter().copied().filter(|other| reached[other].contains(file)).collect();
            if ring.len() > 1 {
                circles.insert(ring);
            }
        }
        circles.into_iter().collect()
    }

    fn reached(&self, file: &str) -> BTreeSet<&str> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<&str> = self.uses[file].iter().map(String::as_str).collect();
        while let Some(next) = open.pop() {
            if reached.insert(next) {
                open.extend(self.uses[next].iter().map(String::as_str));
            }
        }
        reached
    }
}

fn module_path(inside: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        inside.with_extension("").iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if names.last().is_some_and(|name| ["mod", "lib", "main"].contains(&name.as_str())) && names != ["main"] {
        names.pop();
    }
    names
}

impl Module {
    fn read(path: &Path) -> Self {
        let code = code(&fs::read_to_string(path).expect("a source file"));
        let mut exports = BTreeMap::new();
        let statements = code.split(';').filter_map(|statement| {
            let start = statement.find("pub use ").or_else(|| statement.find("pub(crate) use "))?;
            statement[start..].split_once("use ").map(|(_, tree)| tree)
        });
        for mut leaf in statements.flat_map(leaves) {
            let renamed = leaf.iter().position(|name| name == "as").map(|at| leaf.split_off(at));
            let name = renamed.and_then(|renamed| renamed.last().cloned()).or_else(|| leaf.last().cloned());
            exports.extend(name.map(|name| (name, leaf)));
        }
        Self { file: relative(path), code, exports }
    }
}

/// The paths that a use tree spells: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn leaves(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim();
    let Some((head, group)) = tree.split_once('{') else {
        let names = tree.replace(" as ", "::as::");
        let names = names.split("::").map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        return vec![names.take_while(|name| name.chars().all(is_of_name)).collect()];
    };
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for letter in group.chars() {
        match letter {
            '}' if depth == 0 => break,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        parts.last_mut().expect("there is one").push(letter);
    }
    let head: Vec<String> = leaves(head).concat();
    let parts = parts.iter().filter(|part| !part.trim().is_empty()).flat_map(|part| leaves(part));
    parts
        .map(|leaf| head.iter().chain(leaf.iter().filter(|name| *name != "self")).cloned().collect())
        .collect()
}

fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The files that a module's paths lead to.
fn used(own: &[String], module: &Module, modules: &Modules) -> BTreeSet<String> {
    let children = modules.keys().filter(|path| path.split_last().is_some_and(|(_, parent)| parent == own));
    let children: Vec<&str> =
        children.filter_map(|path| path.last().map(String::as_str)).filter(|name| !name.is_empty()).collect();
    let mut files = BTreeSet::new();
    for root in ["crate", "super", "self", "asg_recycle", "asg_recycle_handler"].iter().chain(&children) {
        for (at, _) in module.code.match_indices(&format!("{root}::")) {
            let before = module.code[..at].trim_end();
            let glued = module.code[..at]
                .chars()
                .next_back()
                .is_some_and(|letter| is_of_name(letter) || letter == ':');
            let is_use = !["pub use", "pub(crate) use", "pub(in"].iter().any(|end| before.ends_with(end));
            if glued || !is_use {
                // A part of another path, a visibility, or a re-export, which is followed from where it is used.
                continue;
            }
            for leaf in path_at(&module.code[at..]) {
                files.extend(resolved(own, &leaf, modules).map(|found| modules[&found].file.clone()));
            }
        }
    }
    // A re-export that the file uses itself.
    let words: Vec<&str> = module.code.split(|letter| !is_of_name(letter)).collect();
    for (name, leaf) in &module.exports {
        if words.iter().filter(|word| *word == name).count() > 1 {
            files.extend(resolved(own, leaf, modules).map(|found| modules[&found].file.clone()));
        }
    }
    files.remove(&module.file);
    files
}

/// The paths that begin here, to the end of a group or of the last name.
fn path_at(text: &str) -> Vec<Vec<String>> {
    let end = text.find(|letter: char| !is_of_name(letter) && letter != ':').unwrap_or(text.len());
    if text[end..].starts_with('{') && text[..end].ends_with("::") {
        leaves(text)
    } else {
        leaves(&text[..end])
    }
}

/// The module in which a path's item is defined; nothing for other crates.
fn resolved(own: &[String], path: &[String], modules: &Modules) -> Option<Vec<String>> {
    let mut at = own.to_vec();
    let mut rest = path;
    while let Some((name, further)) = rest.split_first() {
        match name.as_str() {
            "crate" => at.clear(),
            "asg_recycle" | "asg_recycle_handler" if own == ["main"] => at.clear(),
            "asg_recycle" | "asg_recycle_handler" => return None,
            "self" => {}
            "super" => drop(at.pop()),
            _ => break,
        }
        rest = further;
    }
    while let Some((name, further)) = rest.split_first() {
        let child = [at.as_slice(), std::slice::from_ref(name)].concat();
        if modules.contains_key(&child) {
            at = child;
        } else if let Some(export) = modules.get(&at).and_then(|module| module.exports.get(name)) {
            return resolved(&at, export, modules);
        } else {
            break;
        }
        rest = further;
    }
    modules.contains_key(&at).then_some(at)
}

#[test]
fn paths_are_taken_apart() {
    let shown = |tree: &str| leaves(tree).iter().map(|leaf| leaf.join("::")).collect::<Vec<_>>().join(" ");
    assert_eq!(
        shown("crate::a::{self, b::{C, d}, E as F}"),
        "crate::a crate::a::b::C crate::a::b::d crate::a::E::as::F"
    );
    assert_eq!(shown("super::x::Y"), "super::x::Y");
    assert_eq!(path_at("crate::a::f(crate::b)").concat().join("::"), "crate::a::f");
}

#[test]
fn circles_are_found_and_lines_are_not() {
    let file = |uses: &[&str]| uses.iter().map(ToString::to_string).collect::<BTreeSet<String>>();
    let uses = [("a", file(&["b"])), ("b", file(&["c"])), ("c", file(&["b"])), ("d", file(&["a"]))];
    let graph = Graph { uses: uses.into_iter().map(|(name, uses)| (name.to_owned(), uses)).collect() };
    assert_eq!(graph.circles(), [["b", "c"]]);
}
