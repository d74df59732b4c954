//! The one template environment: strict about undefined names, with delimiters that leave `JSONata`'s `{% %}` and
//! Terraform's `${}` alone.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use include_dir::{Dir, include_dir};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior};

/// Everything under `templates/`.
static TEMPLATES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../templates");

/// Ends the name of every template.
pub(crate) const SUFFIX: &str = ".j2";

/// An environment that finds templates by their path under `templates/`. Blocks are `<% %>`, values `<< >>`,
/// comments `<# #>`; nothing is escaped, so that a template says exactly what it prints.
pub(crate) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .block_delimiters("<%", "%>")
        .variable_delimiters("<<", ">>")
        .comment_delimiters("<#", "#>")
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
        .expect("the delimiters are distinct");
    environment.set_syntax(syntax);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_loader(|path| Ok(text(path).map(str::to_owned)));
    environment
}

/// Such an environment, in which the templates of a folder and of those in it are compiled already: once, however many stacks
/// a process renders.
pub(crate) fn compiled(path: &'static str) -> Environment<'static> {
    static COMPILED: Mutex<BTreeMap<&str, Environment<'static>>> = Mutex::new(BTreeMap::new());
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let environment = compiled.entry(path).or_insert_with(|| {
        let environment = environment();
        let mut folders: Vec<_> = folder(path).into_iter().collect();
        while let Some(folder) = folders.pop() {
            folders.extend(folder.dirs());
            let paths = folder.files().filter_map(|file| file.path().to_str());
            // The fault of one is told to whoever renders it.
            paths.filter(|path| path.ends_with(SUFFIX)).for_each(|path| drop(environment.get_template(path)));
        }
        environment
    });
    environment.clone()
}

/// A file's text, by its path under `templates/`.
pub(crate) fn text(path: &str) -> Option<&'static str> {
    let (parent, _) = path.rsplit_once('/')?;
    let file = folder(parent)?.files().find(|file| file.path().as_os_str() == path)?;
    file.contents_utf8()
}

/// A folder, by its path under `templates/`. `Dir::get_dir` looks into every folder on its way, and there are a thousand
/// files of cases.
pub(crate) fn folder(path: &str) -> Option<&'static Dir<'static>> {
    let mut folder = &TEMPLATES;
    while folder.path().as_os_str() != path {
        folder = folder.dirs().find(|inner| Path::new(path).starts_with(inner.path()))?;
    }
    Some(folder)
}

#[cfg(test)]
mod tests {
    use super::{TEMPLATES, folder, text};

    #[test]
    fn files_and_folders_are_found_by_their_whole_path() {
        let path = "strategies/out-in/strategy.yaml";
        let file = TEMPLATES.get_file(path).expect("it is there");
        assert_eq!(text(path), file.contents_utf8());
        assert_eq!(
            folder("terraform/tests").map(|found| found.path().to_str()),
            Some(Some("terraform/tests"))
        );
        for absent in
            ["", "x", "terraform", "strategies/out/strategy.yaml", "strategies/out-in", "terraform/tests/x"]
        {
            assert_eq!(text(absent), None, "{absent}");
        }
        assert!(folder("terraform/x").is_none() && folder("strategies/out").is_none());
    }
}
