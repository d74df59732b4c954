//! What the cache holds, and taking it away.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::cache::{self, COMPILED, Cache};
use super::error::PackageError;

/// A package in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPackage {
    /// What it was built from: SHA-256 in hex.
    pub key: String,
    /// The processor, as Lambda names it; `None` where the entry is damaged.
    pub architecture: Option<String>,
    /// What compiled it, as the inputs name it.
    pub compiler: Option<String>,
    /// What it takes on disk.
    pub bytes: u64,
    /// When it was built.
    pub made: Option<SystemTime>,
    /// When it was last made or asked for.
    pub used: Option<SystemTime>,
}

/// A folder in which a crate is compiled, or was: what an interrupted build goes on from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBuild {
    /// The target triple.
    pub target: String,
    /// What it takes on disk.
    pub bytes: u64,
    /// Whether a build runs in it.
    pub is_in_use: bool,
}

/// What the cache holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The packages, the last used first.
    pub packages: Vec<StoredPackage>,
    /// The folders of builds that hold anything.
    pub builds: Vec<StoredBuild>,
}

/// What the cache in a folder holds.
pub fn list(folder: &Path) -> Result<Stored, PackageError> {
    let cache = Cache::open(folder)?;
    let mut entries = cache.entries()?;
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.used));
    let packages = entries.iter().map(described).collect();
    let builds = cache.builds()?.into_iter().map(|folder| StoredBuild {
        target: name(&folder),
        bytes: cache::bytes(&folder.join(COMPILED)),
        is_in_use: Cache::try_lock(&folder).is_none(),
    });
    Ok(Stored { packages, builds: builds.filter(|build| build.bytes > 0 || build.is_in_use).collect() })
}

/// Takes away what was not used for so long, or everything; what is in use stays. Gives what is gone.
pub fn purge(folder: &Path, older_than: Option<Duration>) -> Result<Stored, PackageError> {
    let cache = Cache::open(folder)?;
    let limit = match older_than {
        Some(age) => Some(now(folder)?.checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH)),
        None => None,
    };
    let is_old = |time: Option<SystemTime>| limit.is_none_or(|limit| time.is_none_or(|time| time < limit));
    let mut gone = Stored { packages: Vec::new(), builds: Vec::new() };
    for entry in cache.entries()? {
        if is_old(entry.used) && Cache::remove(&entry)? {
            gone.packages.push(described(&entry));
        }
    }
    for folder in cache.builds()? {
        let compiled = folder.join(COMPILED);
        let Ok(changed) = fs::metadata(&compiled).and_then(|compiled| compiled.modified()) else { continue };
        let Some(_lock) = Cache::try_lock(&folder).filter(|_| is_old(Some(changed))) else { continue };
        let bytes = cache::bytes(&compiled);
        fs::remove_dir_all(&compiled).map_err(PackageError::file("remove", &compiled))?; // the lock file stays
        gone.builds.push(StoredBuild { target: name(&folder), bytes, is_in_use: false });
    }
    Ok(gone)
}

/// The time by the clock that dates the cache's files, which on a network's disk is not this machine's.
fn now(folder: &Path) -> Result<SystemTime, PackageError> {
    let time = tempfile::NamedTempFile::new_in(folder).and_then(|file| file.as_file().metadata()?.modified());
    time.map_err(PackageError::file("write in", folder))
}

fn described(entry: &cache::CacheEntry) -> StoredPackage {
    let label = entry.label.as_ref();
    StoredPackage {
        key: name(&entry.folder),
        architecture: label.map(|label| label.architecture.clone()),
        compiler: label.and_then(|label| label.inputs.get("linker")).map(str::to_owned),
        bytes: entry.bytes,
        made: entry.made,
        used: entry.used,
    }
}

fn name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
