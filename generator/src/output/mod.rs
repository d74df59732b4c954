//! Generated files into a folder: only what changed, whole or not at all, and never over someone's edits.
//!
//! `manifest.json` in the folder holds the hash of every file that was generated, and so tells a generated file from
//! an edited one and from one that was there before.

mod manifest;
mod plan;
mod diff;
mod write;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::digest;
use crate::render::Files;

pub use manifest::{FILE_NAME as MANIFEST, Manifest, PackageRecord};
pub use plan::{Change, Conflict, Obstacle, Plan};
pub use write::{Summary, write_single};

/// The handler zip's path under the output folder.
pub const HANDLER_ZIP: &str = "handler.zip";
/// Where the handler's source crate lies under the output folder; ends with `/`.
pub const HANDLER_FOLDER: &str = "handler/";

/// What is done about files that someone else has changed or made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edits {
    /// They are kept: generating over one is refused.
    Protect,
    /// They are overwritten.
    Overwrite,
}

/// Why a folder could not be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// Files stand in the way.
    #[error(
        "these files are not as asg-recycle generated them, and nothing was written:\n{}\n\
         keep your changes elsewhere, delete the files, or use `--force` to overwrite them", list(.0)
    )]
    Conflicts(Vec<Conflict>),
    /// There is a `manifest.json` that asg-recycle did not write.
    #[error(
        "`{}` is not a manifest of asg-recycle ({reason}): use another folder, or `--force` to overwrite it",
        .path.display()
    )]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file operation failed; the file is as it was.
    #[error("cannot {action} `{}`: {source}", .path.display())]
    File {
        /// What was tried, e.g. `write`.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

impl OutputError {
    fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }
}

fn list(conflicts: &[Conflict]) -> String {
    conflicts.iter().map(|each| format!("  {each}")).collect::<Vec<_>>().join("\n")
}

/// An output folder as it is now.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    manifest: Manifest,
    edits: Edits,
}

/// What a folder is to hold.
#[derive(Debug, Default)]
pub struct Wanted {
    /// The files to write.
    pub files: Files,
    /// The handler zip that the folder then holds.
    pub package: Option<PackageRecord>,
    /// Files written earlier that stay as they are: path to hash.
    pub carried: BTreeMap<String, String>,
}

impl Folder {
    /// Reads the folder's manifest; the folder may be missing.
    pub fn open(path: &Path, edits: Edits) -> Result<Self, OutputError> {
        let file = path.join(MANIFEST);
        let manifest = match fs::read(&file) {
            Ok(text) => match (Manifest::parse(&text), edits) {
                (Ok(manifest), _) => manifest,
                (Err(_), Edits::Overwrite) => Manifest::default(),
                (Err(reason), Edits::Protect) => return Err(OutputError::Manifest { path: file, reason }),
            },
            Err(error) if is_absent(&error) => Manifest::default(),
            Err(source) => return Err(OutputError::file("read", file)(source)),
        };
        Ok(Self { path: path.to_owned(), manifest, edits })
    }

    /// The manifest; empty where there was none.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The handler zip's record, if the zip is there, is the one recorded, and was made for this processor from
    /// these sources (SHA-256 in hex).
    pub fn kept_package(&self, architecture: &str, sources_sha256: &str) -> Option<PackageRecord> {
        let record = self.manifest.package.clone()?;
        let fits = record.architecture == architecture && record.sources_sha256 == sources_sha256;
        let zip = fs::read(self.path.join(HANDLER_ZIP)).ok().filter(|_| fits)?;
        (digest::hex(&zip) == record.sha256_hex).then_some(record)
    }

    /// The files that the folder holds by its manifest and that `is_carried` picks: path to hash.
    pub fn carried(&self, is_carried: impl Fn(&str) -> bool) -> BTreeMap<String, String> {
        self.manifest
            .files
            .iter()
            .filter(|(path, _)| is_carried(path))
            .map(|(path, hash)| (path.clone(), hash.clone()))
            .collect()
    }

    /// Compares the folder with what it is to hold. Nothing is written.
    pub fn plan(&self, wanted: Wanted) -> Result<Plan, OutputError> {
        plan::plan(self, wanted)
    }
}

/// Whether the path does not exist, also because a part of it is a file.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
