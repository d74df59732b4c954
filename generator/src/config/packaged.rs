//! What the handler's zip holds beside the binary: settings, and files of the user's.

use std::collections::BTreeMap;
use std::ops::Deref;

use asg_recycle_handler::contract::{CA_BUNDLE, CONNECTION_VARIABLES, VARIABLES};
use asg_recycle_handler::spelling;
use serde::Serialize;

use super::path;
use super::text::{PackagedPath, SettingName, SettingText};
use crate::problem::{Problem, shown};
use crate::secret;

/// Where Lambda unpacks the zip.
pub const TASK_FOLDER: &str = "/var/task/";
/// The names in the zip that are the generator's own.
const OWN: [&str; 2] = ["bootstrap", "settings.json"];
/// Where a secret belongs, for whoever meant to package one.
pub(crate) const PLACE_FOR_SECRETS: &str = "whoever may read the function can read its zip: keep a secret in AWS Secrets Manager or, encrypted, in SSM \
     Parameter Store; the handler itself needs none, for its role is what lets it call AWS";

/// The settings of `settings.json`, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PackagedSettings(BTreeMap<SettingName, SettingText>);

/// The files beside the binary: path in the zip to path in the folder of `stack.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PackagedFiles(BTreeMap<PackagedPath, PackagedPath>);

impl PackagedSettings {
    /// Most settings: there are no more names.
    pub const COUNT_MAX: usize = 20;

    /// Adds a setting, if it is one that the stack does not make itself and no secret.
    pub fn insert(&mut self, name: &str, value: &str) -> Result<(), Problem> {
        setting(name, value)?;
        self.0.insert(name.parse()?, value.parse()?);
        Ok(())
    }
}

impl PackagedFiles {
    /// Most files.
    pub const COUNT_MAX: usize = 100;

    /// Adds a file, if its name is not taken and does not say that it holds secrets.
    pub fn insert(&mut self, path: &str, source: &str) -> Result<(), Problem> {
        file(path, source)?;
        self.0.insert(path.parse()?, source.parse()?);
        Ok(())
    }
}

impl Deref for PackagedSettings {
    type Target = BTreeMap<SettingName, SettingText>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Deref for PackagedFiles {
    type Target = BTreeMap<PackagedPath, PackagedPath>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// Checks one setting; the problem has no pointer yet. The reason does not repeat what may be a secret.
pub(super) fn setting(name: &str, value: &str) -> Result<(), Problem> {
    if let Some(reason) = secret_setting(name, value) {
        return Err(Problem::new("secret", "", reason).help(PLACE_FOR_SECRETS));
    }
    if VARIABLES.iter().any(|variable| variable.name == name) {
        let reason =
            format!("`{name}` is what the stack itself tells the handler, and that wins over the package");
        let help = "remove it; the keys of stack.yaml say what it holds";
        return Err(Problem::new("own-setting", "", reason).help(help));
    }
    let known = || CONNECTION_VARIABLES.iter().map(|variable| variable.name);
    if known().any(|known| known == name) {
        return Ok(());
    }
    let problem =
        Problem::new("unknown-setting", "", format!("the handler has no setting `{}`", shown(name)));
    Err(match spelling::nearest(name, known()) {
        Some(known) => problem.help(format!("did you mean `{known}`?")),
        None => problem.help(format!("it has {}", known().collect::<Vec<_>>().join(", "))),
    })
}

fn secret_setting(name: &str, value: &str) -> Option<String> {
    if secret::is_named(name) {
        return Some(format!("`{}` says by its name that it is a secret", shown(name)));
    }
    let looks_like = secret::found(value.as_bytes());
    let looks_like = looks_like.or_else(|| secret::is_random(value).then_some("the secret part of a key"))?;
    Some(format!("the value of `{}` looks like {looks_like}", shown(name)))
}

/// Checks one file by its two paths; the problem has no pointer yet.
pub(super) fn file(path: &str, source: &str) -> Result<(), Problem> {
    for (path, what) in [(path, "the package"), (source, "the folder of stack.yaml")] {
        if path.starts_with('/') || path.split('/').any(|part| part == "..") {
            let reason = format!("the path `{}` leads out of {what}", shown(path));
            let help = "both paths are relative and go downwards only; copy the file beside stack.yaml";
            return Err(Problem::new("path-outside", "", reason).help(help));
        }
        if path.split('/').any(|part| part == ".") {
            // Two names of one file: what is looked for under the one, such as `bootstrap`, would not be seen under the other.
            let reason = format!("the path `{}` has a part `.`", shown(path));
            return Err(Problem::new("path-dot", "", reason).help("leave it out: `./ca.pem` is `ca.pem`"));
        }
    }
    if OWN.contains(&path) {
        let reason = format!("`{path}` is a file that the package has already");
        return Err(Problem::new("own-file", "", reason).help("give it another name"));
    }
    if let Some(named) = [path, source].into_iter().find(|path| secret::is_file_named(path)) {
        let reason = format!("`{}` says by its name that it holds secrets", shown(named));
        return Err(Problem::new("secret", "", reason).help(PLACE_FOR_SECRETS));
    }
    Ok(())
}

/// What the settings and the files have to say to each other: a bundle that is looked for in the package is in it, and
/// no file stands where another needs a folder. Pairs of the path of a key and a fault without pointer.
pub(super) fn together<'a>(
    settings: impl Fn(&str) -> Option<&'a str>,
    files: &[&str],
) -> Vec<(String, Problem)> {
    let mut problems = Vec::new();
    let bundle = settings(CA_BUNDLE.name).and_then(|path| path.strip_prefix(TASK_FOLDER));
    if let Some(path) = bundle.filter(|path| !files.contains(path)) {
        let reason =
            format!("`{}` is looked for in the package, but `handler.files` has no `{path}`", CA_BUNDLE.name);
        let help = format!("add `{path}: <its path beside stack.yaml>` to `handler.files`");
        problems.push(("handler.settings".to_owned(), Problem::new("missing-file", "", reason).help(help)));
    }
    for file in files {
        let folder = format!("{file}/");
        if let Some(inner) = files.iter().find(|other| other.starts_with(&folder)) {
            let reason = format!("`{file}` is a file, and `{inner}` needs a folder of that name");
            let at = path::join("handler.files", file);
            problems.push((at, Problem::new("own-file", "", reason).help("rename one")));
        }
    }
    problems
}
