//! Everything that a zip's bytes follow from, by name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::zip::{DEFLATE, FORMAT};
use crate::digest;
use crate::render::Files;

/// What a file of the compiled crate is named by, before its path.
const SOURCE: &str = "source ";
/// What a file beside the binary is named by, before its path.
const BESIDE: &str = "package ";
/// A zip that was given, and not built.
const GIVEN: &str = "given zip";
/// How the zip is compressed.
const COMPRESSED: &str = "deflate";
/// What writes the zip.
const ZIPPED: &str = "zip";

/// Everything that a zip's bytes follow from: names to texts, files by their SHA-256.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Inputs(BTreeMap<String, String>);

/// An input that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The input.
    pub name: String,
    /// What it was; `None` where there was none.
    pub before: Option<String>,
    /// What it is; `None` where there is none any longer.
    pub now: Option<String>,
}

impl From<BTreeMap<String, String>> for Inputs {
    fn from(inputs: BTreeMap<String, String>) -> Self {
        Self(inputs)
    }
}

impl From<Inputs> for BTreeMap<String, String> {
    fn from(inputs: Inputs) -> Self {
        inputs.0
    }
}

impl Inputs {
    pub(super) fn of_files(sources: &Files, beside: &Files) -> Self {
        let named = |kind: &'static str, files: &Files| -> Vec<(String, String)> {
            files.iter().map(|(path, contents)| (format!("{kind}{path}"), digest::hex(contents))).collect()
        };
        let made =
            [(COMPRESSED, DEFLATE), (ZIPPED, FORMAT)].map(|(name, by)| (name.to_owned(), by.to_owned()));
        Self(named(SOURCE, sources).into_iter().chain(named(BESIDE, beside)).chain(made).collect())
    }

    /// The same with those of a tool chain.
    pub(super) fn with(mut self, more: &BTreeMap<String, String>) -> Self {
        self.0.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
        self
    }

    /// The same with the tool chain that `other` was built by.
    pub(super) fn with_tools_of(self, other: &Self) -> Self {
        let is_tool = |name: &str| {
            !name.starts_with(SOURCE) && !name.starts_with(BESIDE) && ![COMPRESSED, ZIPPED].contains(&name)
        };
        self.with(&other.0.iter().filter(|(name, _)| is_tool(name)).map(owned).collect())
    }

    /// The inputs of a zip that was given: what lies beside its binary, and the zip's own hash.
    pub fn of_given(beside: &Files, zip: &[u8]) -> Self {
        let mut inputs = Self::of_files(&Files::new(), beside);
        inputs.0.retain(|name, _| ![COMPRESSED, ZIPPED].contains(&name.as_str())); // whoever made it
        inputs.0.insert(GIVEN.to_owned(), digest::hex(zip));
        inputs
    }

    /// Only what the binary follows from.
    pub(super) fn of_binary(&self) -> Self {
        Self(self.0.iter().filter(|(name, _)| !name.starts_with(BESIDE)).map(owned).collect())
    }

    /// What it is built under: SHA-256 in hex over all of them.
    pub(super) fn key(&self) -> String {
        digest::hex_of_all(self.0.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]))
    }

    /// Whether a zip built from these is one of the contents that `contents` are the inputs of, whatever built it.
    pub fn fit(&self, contents: &Self) -> bool {
        let of = |inputs: &Self, kind: &str| -> BTreeMap<String, String> {
            inputs.0.iter().filter(|(name, _)| name.starts_with(kind)).map(owned).collect()
        };
        let sources_fit = self.0.contains_key(GIVEN) || of(self, SOURCE) == of(contents, SOURCE);
        !self.0.is_empty() && sources_fit && of(self, BESIDE) == of(contents, BESIDE)
    }

    /// Whether the compiled crate is this one.
    pub(super) fn has_sources_of(&self, other: &Self) -> bool {
        let of = |inputs: &Self| -> BTreeMap<String, String> {
            inputs.0.iter().filter(|(name, _)| name.starts_with(SOURCE)).map(owned).collect()
        };
        of(self) == of(other)
    }

    /// One of them.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The first, by name, that is not as it was in `before`.
    pub fn first_difference(&self, before: &Self) -> Option<Difference> {
        let mut names: Vec<&String> = self.0.keys().chain(before.0.keys()).collect();
        names.sort();
        let name = names.into_iter().find(|name| self.0.get(*name) != before.0.get(*name))?;
        let of = |inputs: &Self| inputs.0.get(name).cloned();
        Some(Difference { name: name.clone(), before: of(before), now: of(self) })
    }
}

fn owned((name, value): (&String, &String)) -> (String, String) {
    (name.clone(), value.clone())
}

#[cfg(test)]
mod tests {
    use super::{Difference, Inputs};
    use crate::render::Files;

    fn files(path: &str, text: &str) -> Files {
        Files::from([(path.to_owned(), text.as_bytes().to_vec())])
    }

    fn tools(rustc: &str) -> std::collections::BTreeMap<String, String> {
        [("rustc".to_owned(), rustc.to_owned())].into()
    }

    #[test]
    fn the_key_changes_with_every_input() {
        let base = Inputs::of_files(&files("a", "x"), &files("s", "y")).with(&tools("1"));
        for other in [
            Inputs::of_files(&files("b", "x"), &files("s", "y")).with(&tools("1")),
            Inputs::of_files(&files("a", "y"), &files("s", "y")).with(&tools("1")),
            Inputs::of_files(&files("a", "x"), &files("s", "z")).with(&tools("1")),
            Inputs::of_files(&files("a", "x"), &files("s", "y")).with(&tools("2")),
            Inputs::of_files(&files("s", "y"), &files("a", "x")).with(&tools("1")),
        ] {
            assert_ne!(base.key(), other.key());
        }
        let alone = Inputs::of_files(&files("a", "x"), &Files::new()).with(&tools("1"));
        assert_eq!(base.of_binary(), alone);
    }

    #[test]
    fn a_zip_that_another_release_compressed_is_another() {
        let now = Inputs::of_files(&files("a", "x"), &Files::new());
        let mut before = now.clone();
        before.0.insert(super::COMPRESSED.to_owned(), "zlib".to_owned());
        assert_ne!(now.key(), before.key());
        assert_eq!(
            now.clone().with_tools_of(&before),
            now,
            "its compilers are taken over, not how it was compressed"
        );
        assert!(before.fit(&now), "and what a folder has of it can be deployed");
        assert_eq!(Inputs::of_given(&Files::new(), b"zip").get(super::COMPRESSED), None);
    }

    #[test]
    fn the_first_difference_has_both_values() {
        let before = Inputs::of_files(&files("a", "x"), &Files::new()).with(&tools("1"));
        let now = Inputs::of_files(&files("a", "x"), &Files::new()).with(&tools("2"));
        let expected =
            Difference { name: "rustc".to_owned(), before: Some("1".to_owned()), now: Some("2".to_owned()) };
        assert_eq!(now.first_difference(&before), Some(expected));
        assert_eq!(now.first_difference(&now), None);
        let more = Inputs::of_files(&files("a", "x"), &files("s", "y")).with(&tools("2"));
        let difference = more.first_difference(&now).unwrap();
        assert_eq!((difference.name.as_str(), difference.before), ("package s", None));
    }

    #[test]
    fn a_given_zip_fits_what_is_beside_its_binary() {
        let contents = Inputs::of_files(&files("a", "x"), &files("s", "y"));
        assert!(Inputs::of_given(&files("s", "y"), b"zip").fit(&contents));
        assert!(!Inputs::of_given(&files("s", "z"), b"zip").fit(&contents));
        assert!(contents.clone().with(&tools("1")).fit(&contents));
        assert!(!Inputs::default().fit(&Inputs::default()), "a record of an older version says nothing");
    }
}
