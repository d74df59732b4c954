//! Built zips by what they were built from. Safe against a crash, a second builder and a damaged entry.

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::error::PackageError;
use super::request::ProcessEnvironment;
use crate::digest;
use crate::render::Files;

/// The permission bits of every emitted source; part of the key, so that a change of them is a change.
const SOURCE_MODE: &[u8] = b"100644";

/// Where the cache lies unless the command line says otherwise: `ASG_RECYCLE_CACHE_DIR`, else `asg-recycle` under
/// `XDG_CACHE_HOME`, else under `~/.cache`.
pub fn default_folder(environment: &ProcessEnvironment) -> Result<PathBuf, PackageError> {
    let folder = |name: &str| {
        environment.get(std::ffi::OsStr::new(name)).filter(|value| !value.is_empty()).map(PathBuf::from)
    };
    folder("ASG_RECYCLE_CACHE_DIR")
        .or_else(|| folder("XDG_CACHE_HOME").map(|cache| cache.join("asg-recycle")))
        .or_else(|| folder("HOME").map(|home| home.join(".cache").join("asg-recycle")))
        .ok_or(PackageError::NoCacheFolder)
}

/// The key of a build: SHA-256 in hex over every source with its path and mode, and over the toolchain.
pub(super) fn key(sources: &Files, fingerprint: &str) -> String {
    let files = sources.iter().flat_map(|(path, contents)| [path.as_bytes(), SOURCE_MODE, contents]);
    digest::hex_of_all(files.chain([fingerprint.as_bytes()]))
}

/// An opened cache.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// Opens the cache in a folder, which is made where it is missing.
    pub(super) fn open(folder: &Path) -> Result<Self, PackageError> {
        fs::create_dir_all(folder).map_err(PackageError::file("make the folder", folder))?;
        let folder = folder.canonicalize().map_err(PackageError::file("find", folder))?;
        Ok(Self { folder })
    }

    fn entry(&self, key: &str) -> PathBuf {
        self.folder.join("packages").join(key)
    }

    /// The zip of a key. A missing, half-written or damaged entry is a miss.
    pub(super) fn get(&self, key: &str) -> Option<Vec<u8>> {
        let entry = self.entry(key);
        let expected = fs::read_to_string(entry.join(CHECKSUM)).ok()?;
        let zip = fs::read(entry.join(ZIP)).ok()?;
        (digest::hex(&zip) == expected.trim_end()).then_some(zip)
    }

    /// Keeps a zip: the checksum last, so that an entry with a checksum is whole.
    pub(super) fn put(&self, key: &str, zip: &[u8]) -> Result<(), PackageError> {
        let entry = self.entry(key);
        fs::create_dir_all(&entry).map_err(PackageError::file("make the folder", &entry))?;
        write_atomically(&entry, ZIP, zip)?;
        write_atomically(&entry, CHECKSUM, format!("{}\n", digest::hex(zip)).as_bytes())
    }

    /// Where the crate of a target is compiled: kept, so that a changed handler compiles without its dependencies.
    pub(super) fn build_dir(&self, triple: &str) -> PathBuf {
        self.folder.join("build").join(triple)
    }

    /// Waits until no other process builds for the target; the lock ends with the value.
    pub(super) fn lock(&self, triple: &str, waiting: impl FnOnce()) -> Result<File, PackageError> {
        let folder = self.build_dir(triple);
        fs::create_dir_all(&folder).map_err(PackageError::file("make the folder", &folder))?;
        let path = folder.join("lock");
        let file = File::create(&path).map_err(PackageError::file("open", &path))?;
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => waiting(),
            Err(TryLockError::Error(source)) => return Err(PackageError::file("lock", &path)(source)),
        }
        file.lock().map_err(PackageError::file("lock", &path))?;
        Ok(file)
    }
}

const ZIP: &str = "handler.zip";
const CHECKSUM: &str = "handler.zip.sha256";

fn write_atomically(folder: &Path, name: &str, contents: &[u8]) -> Result<(), PackageError> {
    let path = folder.join(name);
    let write = || {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(contents)?;
        file.persist(&path).map(drop).map_err(|error| error.error)
    };
    write().map_err(PackageError::file("write", &path))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::PathBuf;
    use std::{fs, thread};

    use super::{CHECKSUM, Cache, ProcessEnvironment, ZIP, default_folder, key};
    use crate::render::Files;

    fn environment(pairs: &[(&str, &str)]) -> ProcessEnvironment {
        pairs.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
    }

    #[test]
    fn the_folder_is_the_first_that_the_environment_names() {
        let all = [("ASG_RECYCLE_CACHE_DIR", "/a"), ("XDG_CACHE_HOME", "/b"), ("HOME", "/c")];
        let folder = |skip: usize| default_folder(&environment(&all[skip..]));
        assert_eq!(folder(0).unwrap(), PathBuf::from("/a"));
        assert_eq!(folder(1).unwrap(), PathBuf::from("/b/asg-recycle"));
        assert_eq!(folder(2).unwrap(), PathBuf::from("/c/.cache/asg-recycle"));
        assert!(folder(3).unwrap_err().to_string().contains("--cache-dir"));
        assert_eq!(
            default_folder(&environment(&[("XDG_CACHE_HOME", ""), ("HOME", "/c")])).unwrap().to_str(),
            Some("/c/.cache/asg-recycle")
        );
    }

    #[test]
    fn the_key_changes_with_every_input() {
        let files = |path: &str, text: &str| Files::from([(path.to_owned(), text.as_bytes().to_vec())]);
        let base = key(&files("a", "x"), "rustc 1");
        assert_eq!(base, key(&files("a", "x"), "rustc 1"));
        for other in [
            key(&files("b", "x"), "rustc 1"),
            key(&files("a", "y"), "rustc 1"),
            key(&files("a", "x"), "rustc 2"),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn an_entry_comes_back_and_a_damaged_one_is_a_miss() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        assert_eq!(cache.get("k"), None);
        cache.put("k", b"zip").unwrap();
        assert_eq!(cache.get("k").as_deref(), Some(&b"zip"[..]));
        fs::write(cache.entry("k").join(ZIP), b"zap").unwrap();
        assert_eq!(cache.get("k"), None);
        cache.put("k", b"zip").unwrap();
        fs::remove_file(cache.entry("k").join(CHECKSUM)).unwrap();
        assert_eq!(cache.get("k"), None);
    }

    #[test]
    fn a_second_builder_waits_for_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let first = cache.lock("t", || panic!("nobody else holds it")).unwrap();
        let (told, is_waiting) = std::sync::mpsc::channel();
        thread::scope(|scope| {
            let second = scope.spawn(|| cache.lock("t", || told.send(()).unwrap()).map(drop));
            is_waiting.recv().unwrap();
            cache.put("k", b"first").unwrap();
            drop(first);
            second.join().unwrap().unwrap();
        });
        assert_eq!(cache.get("k").as_deref(), Some(&b"first"[..]));
    }

    #[test]
    fn writers_of_one_entry_leave_it_whole() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..20).for_each(|_| cache.put("k", &[7; 10_000]).unwrap()));
            }
        });
        assert_eq!(cache.get("k").as_deref(), Some(&[7; 10_000][..]));
    }
}
