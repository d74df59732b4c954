//! `manifest.json`: what was generated, by hash.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

use super::upgrade::StackRecord;

/// The manifest's path under the output folder.
pub const FILE_NAME: &str = "manifest.json";
const GENERATOR: &str = "asg-recycle";

/// What a folder holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always `asg-recycle`.
    pub(super) generator: String,
    /// Version of the generator that wrote the folder.
    pub version: String,
    /// The handler zip in the folder, if there is one.
    pub package: Option<PackageRecord>,
    /// The stack in the folder, as far as the next version has to know it. Absent where an older generator wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<StackRecord>,
    /// Every generated file but this one: path, `/`-separated, to SHA-256 in hex.
    pub files: BTreeMap<String, String>,
    /// Present only after a run that was cut short: the hashes of the files it was writing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pending: BTreeMap<String, String>,
}

/// The handler zip as it was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageRecord {
    /// The processor it runs on, as Lambda names it.
    pub architecture: String,
    /// SHA-256 of the zip in hex.
    pub sha256_hex: String,
    /// SHA-256 of the zip in base64: Lambda's `CodeSha256`, Terraform's `source_code_hash`.
    pub sha256_base64: String,
    /// Everything that its bytes follow from, by name: files by their SHA-256, tools by what they say of themselves.
    /// Empty where an older generator wrote the record.
    #[serde(default)]
    pub inputs: BTreeMap<String, String>,
}

impl Default for Manifest {
    /// The manifest of an empty folder.
    fn default() -> Self {
        Self {
            generator: GENERATOR.to_owned(),
            version: crate::VERSION.to_owned(),
            package: None,
            stack: None,
            files: BTreeMap::new(),
            pending: BTreeMap::new(),
        }
    }
}

impl Manifest {
    /// Reads a manifest; the error says what is wrong. A path that leads out of the folder is refused, because files
    /// that a manifest lists may be removed.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let manifest: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if manifest.generator != GENERATOR {
            return Err(format!("its generator is `{}`", manifest.generator));
        }
        match manifest.files.keys().chain(manifest.pending.keys()).find(|path| !is_inside(path)) {
            Some(path) => Err(format!("it lists `{path}`, which is outside the folder")),
            None => Ok(manifest),
        }
    }

    /// The manifest's text.
    pub(super) fn print(&self) -> Vec<u8> {
        let mut text = serde_json::to_vec_pretty(self).expect("text keys and values");
        text.push(b'\n');
        text
    }

    /// The hashes under which a file counts as generated.
    pub(super) fn hashes(&self, path: &str) -> Vec<&str> {
        [&self.files, &self.pending].iter().filter_map(|each| each.get(path)).map(String::as_str).collect()
    }
}

fn is_inside(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::Manifest;

    #[test]
    fn a_manifest_comes_back_as_it_was_written() {
        let mut manifest = Manifest::default();
        manifest.files.insert("terraform/main.tf".to_owned(), "00".to_owned());
        let text = manifest.print();
        assert_eq!(Manifest::parse(&text), Ok(manifest));
        assert!(!String::from_utf8(text).unwrap().contains("pending"));
    }

    #[test]
    fn other_manifests_and_paths_out_of_the_folder_are_refused() {
        let manifest = |generator: &str, path: &str| {
            format!(r#"{{"generator":"{generator}","version":"1","package":null,"files":{{"{path}":"00"}}}}"#)
        };
        let fault = |text: String| Manifest::parse(text.as_bytes()).unwrap_err();
        assert!(Manifest::parse(manifest("asg-recycle", "a/b").as_bytes()).is_ok());
        assert_eq!(fault(manifest("webpack", "a")), "its generator is `webpack`");
        for path in ["/etc/passwd", "../x", "a/../../x", "", "."] {
            assert!(fault(manifest("asg-recycle", path)).contains("outside the folder"), "{path}");
        }
        assert!(fault("[]".to_owned()).contains("line 1"));
    }
}
