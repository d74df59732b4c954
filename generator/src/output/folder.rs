//! An output folder as it is, and what it is to hold.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::error::{OutputError, is_absent};
use super::manifest::{FILE_NAME as MANIFEST, Manifest, PackageRecord};
use super::upgrade::StackRecord;
use crate::digest;
use crate::names::HANDLER_ZIP;
use crate::render::Files;

/// Where the handler's source crate lies under the output folder; ends with `/`.
pub const HANDLER_FOLDER: &str = "handler/";

/// What is done about files that someone else has changed or made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edits {
    /// They are kept: generating over one is refused.
    Protect,
    /// They are overwritten, without a copy.
    Overwrite,
}

/// An output folder as it is now.
#[derive(Debug)]
pub struct Folder {
    pub(super) path: PathBuf,
    pub(super) manifest: Manifest,
    pub(super) edits: Edits,
}

/// What a folder is to hold.
#[derive(Debug, Default)]
pub struct Wanted {
    /// The files to write.
    pub files: Files,
    /// The handler zip that the folder then holds.
    pub package: Option<PackageRecord>,
    /// The stack that the folder then holds.
    pub stack: Option<StackRecord>,
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

    /// What this stack leaves to the next version, deployed over what the folder holds.
    pub fn upgraded(&self, stack: StackRecord) -> StackRecord {
        stack.after(self.manifest.stack.as_ref(), self.manifest.version == crate::VERSION)
    }

    /// The handler zip's record, if the zip is there and is the one recorded.
    pub fn package(&self) -> Option<&PackageRecord> {
        let record = self.manifest.package.as_ref()?;
        let zip = fs::read(self.path.join(HANDLER_ZIP)).ok()?;
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
}
