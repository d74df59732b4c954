//! Built zips by what they were built from. Safe against a crash, a second builder and a damaged entry.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::error::PackageError;
use super::inputs::Inputs;
use super::request::ProcessEnvironment;
use crate::digest;

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

/// What a package in the cache was built from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Label {
    /// The processor, as Lambda names it.
    pub(super) architecture: String,
    /// Everything that its bytes follow from.
    pub(super) inputs: Inputs,
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

    /// Where it lies.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    fn entry(&self, key: &str) -> PathBuf {
        self.folder.join(PACKAGES).join(key)
    }

    /// The zip of a key. A missing, half-written or damaged entry is a miss.
    pub(super) fn get(&self, key: &str) -> Option<Vec<u8>> {
        let entry = self.entry(key);
        let _in_use = hold(&entry); // until it is read
        let expected = fs::read_to_string(entry.join(CHECKSUM)).ok()?;
        let zip = fs::read(entry.join(ZIP)).ok()?;
        (digest::hex(&zip) == expected.trim_end()).then_some(zip)
    }

    /// Whether there is an entry of a key that cannot be used: half-written, or damaged. Asked for by whoever holds the lock of its
    /// target's builds, so that nobody writes it meanwhile.
    pub(super) fn is_damaged(&self, key: &str) -> bool {
        self.entry(key).exists() && self.get(key).is_none()
    }

    /// Keeps a zip under the key of its inputs: the checksum last, so that an entry with a checksum is whole. Then the
    /// packages that were not used for longest go, until the rest has room.
    pub(super) fn put(&self, inputs: &Inputs, architecture: &str, zip: &[u8]) -> Result<(), PackageError> {
        let entry = self.entry(&inputs.key());
        fs::create_dir_all(&entry).map_err(PackageError::file("make the folder", &entry))?;
        let in_use = File::create(entry.join(USED)).map_err(PackageError::file("write", entry.join(USED)))?;
        in_use.lock_shared().map_err(PackageError::file("lock", entry.join(USED)))?;
        let label = Label { architecture: architecture.to_owned(), inputs: inputs.clone() };
        write_atomically(&entry, LABEL, &serde_json::to_vec_pretty(&label).expect("text keys and values"))?;
        write_atomically(&entry, ZIP, zip)?;
        write_atomically(&entry, CHECKSUM, format!("{}\n", digest::hex(zip)).as_bytes())?;
        self.bound(PACKAGES_BYTES_MAX)
    }

    /// Removes packages, the one that was not used for longest first, until the others are no larger than that.
    fn bound(&self, bytes_max: u64) -> Result<(), PackageError> {
        let mut entries = self.entries()?;
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.used));
        let mut bytes = 0;
        for entry in entries {
            bytes += entry.bytes;
            if bytes > bytes_max {
                Self::remove(&entry)?;
            }
        }
        Ok(())
    }

    /// What the cache holds, in no order.
    pub(super) fn entries(&self) -> Result<Vec<CacheEntry>, PackageError> {
        let mut entries = Vec::new();
        for folder in folders(&self.folder.join(PACKAGES))? {
            let time = |name: &str| fs::metadata(folder.join(name)).and_then(|file| file.modified()).ok();
            let label = match fs::read(folder.join(LABEL)) {
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    return Err(PackageError::file("read", folder.join(LABEL))(error)); // not damaged, but another user's
                }
                read => read.ok(),
            };
            entries.push(CacheEntry {
                label: label.and_then(|text| serde_json::from_slice(&text).ok()),
                bytes: bytes(&folder),
                made: time(ZIP),
                used: time(USED).or_else(|| time(CHECKSUM)),
                folder,
            });
        }
        Ok(entries)
    }

    /// Removes an entry, unless somebody reads or writes it; whether it is gone.
    pub(super) fn remove(entry: &CacheEntry) -> Result<bool, PackageError> {
        let place = entry.folder.join(USED);
        let lock = File::open(&place);
        if let Ok(lock) = &lock
            && lock.try_lock().is_err()
        {
            return Ok(false);
        }
        match fs::remove_dir_all(&entry.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true), // somebody else has removed it
            removed => removed.map(|()| true).map_err(PackageError::file("remove", &entry.folder)),
        }
    }

    /// The folders in which crates are compiled, or were: target to folder.
    pub(super) fn builds(&self) -> Result<Vec<PathBuf>, PackageError> {
        folders(&self.folder.join(BUILD))
    }

    /// Takes the lock of a target's builds, if nobody builds.
    pub(super) fn try_lock(build_dir: &Path) -> Option<File> {
        let file = File::create(build_dir.join(LOCK)).ok()?;
        file.try_lock().is_ok().then_some(file)
    }

    /// Where the crate of a target is compiled: kept, so that a changed handler compiles without its dependencies.
    pub(super) fn build_dir(&self, triple: &str) -> PathBuf {
        self.folder.join(BUILD).join(triple)
    }

    /// Waits until no other process builds for the target; the lock ends with the value.
    pub(super) fn lock(&self, triple: &str, waiting: impl FnOnce()) -> Result<File, PackageError> {
        let folder = self.build_dir(triple);
        fs::create_dir_all(&folder).map_err(PackageError::file("make the folder", &folder))?;
        let path = folder.join(LOCK);
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

/// A package in the cache.
#[derive(Debug)]
pub(super) struct CacheEntry {
    /// Its folder, named by its key.
    pub(super) folder: PathBuf,
    /// What it was built from, if that can be read.
    pub(super) label: Option<Label>,
    /// What it takes on disk.
    pub(super) bytes: u64,
    /// When it was built.
    pub(super) made: Option<SystemTime>,
    /// When it was last made or asked for.
    pub(super) used: Option<SystemTime>,
}

/// The folder of packages.
const PACKAGES: &str = "packages";
/// The folder in which crates are compiled.
const BUILD: &str = "build";
/// In a folder of [`BUILD`]: what is compiled.
pub(super) const COMPILED: &str = "target";
/// Held by whoever compiles in its folder.
const LOCK: &str = "lock";
const ZIP: &str = "handler.zip";
const CHECKSUM: &str = "handler.zip.sha256";
const LABEL: &str = "package.json";
/// Held by whoever reads or writes the entry; its time is that of the last use.
const USED: &str = "used";
/// Most that packages take together: about a hundred of them.
const PACKAGES_BYTES_MAX: u64 = 256 << 20;

/// Notes that an entry is used now, and keeps it until the value goes.
fn hold(entry: &Path) -> Option<File> {
    let mut file = File::options().write(true).open(entry.join(USED)).ok()?;
    file.lock_shared().ok()?;
    let _ = file.write_all(b"\n"); // the disk's own clock dates it
    Some(file)
}

fn folders(folder: &Path) -> Result<Vec<PathBuf>, PackageError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(PackageError::file("read the folder", folder))?,
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.is_dir());
    paths.sort();
    Ok(paths)
}

/// What a folder's files take together; what vanishes meanwhile counts for nothing.
pub(super) fn bytes(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let entries = entries.filter_map(Result::ok);
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

pub(super) fn write_atomically(folder: &Path, name: &str, contents: &[u8]) -> Result<(), PackageError> {
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

    use super::{CHECKSUM, Cache, Inputs, ProcessEnvironment, USED, ZIP, default_folder};
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

    /// Inputs of a name, and the key that they make.
    fn inputs(name: &str) -> (Inputs, String) {
        let inputs = Inputs::of_files(&Files::from([(name.to_owned(), Vec::new())]), &Files::new());
        let key = inputs.key();
        (inputs, key)
    }

    fn opened() -> (tempfile::TempDir, Cache) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        (folder, cache)
    }

    #[test]
    fn an_entry_comes_back_and_a_damaged_one_is_a_miss() {
        let (_folder, cache) = opened();
        let (inputs, key) = inputs("k");
        assert_eq!(cache.get(&key), None);
        cache.put(&inputs, "x86_64", b"zip").unwrap();
        assert_eq!(cache.get(&key).as_deref(), Some(&b"zip"[..]));
        assert!(!cache.is_damaged(&key) && !cache.is_damaged("another"));
        fs::write(cache.entry(&key).join(ZIP), b"zap").unwrap();
        assert_eq!(cache.get(&key), None);
        assert!(cache.is_damaged(&key));
        cache.put(&inputs, "x86_64", b"zip").unwrap();
        fs::remove_file(cache.entry(&key).join(CHECKSUM)).unwrap();
        assert_eq!(cache.get(&key), None);
    }

    #[test]
    fn the_oldest_packages_go_first_and_one_in_use_stays() {
        let (_folder, cache) = opened();
        let keys: Vec<String> = ["a", "b", "c"]
            .iter()
            .map(|name| {
                let (inputs, key) = inputs(name);
                cache.put(&inputs, "x86_64", &[0; 1000]).unwrap();
                key
            })
            .collect();
        let times = [3, 1, 2].map(std::time::Duration::from_secs).map(|age| std::time::UNIX_EPOCH + age);
        for (key, time) in keys.iter().zip(times) {
            let used = fs::File::options().write(true).open(cache.entry(key).join(USED)).unwrap();
            used.set_modified(time).unwrap();
        }
        let held = fs::File::open(cache.entry(&keys[1]).join(USED)).unwrap();
        held.lock_shared().unwrap();
        let size = cache.entries().unwrap().iter().map(|entry| entry.bytes).max().unwrap();
        cache.bound(size).unwrap();
        let left =
            |cache: &Cache| -> Vec<bool> { keys.iter().map(|key| cache.entry(key).exists()).collect() };
        assert_eq!(left(&cache), [true, true, false], "`b` is older than `c`, but in use");
        drop(held);
        cache.bound(size).unwrap();
        assert_eq!(left(&cache), [true, false, false]);
        cache.get(&keys[0]).unwrap();
        let used = cache.entries().unwrap()[0].used.unwrap();
        assert!(used > times[0], "asking for it is a use");
    }

    #[test]
    fn a_second_builder_waits_for_the_first() {
        let (_folder, cache) = opened();
        let (inputs, key) = inputs("k");
        let first = cache.lock("t", || panic!("nobody else holds it")).unwrap();
        let (told, is_waiting) = std::sync::mpsc::channel();
        thread::scope(|scope| {
            let second = scope.spawn(|| cache.lock("t", || told.send(()).unwrap()).map(drop));
            is_waiting.recv().unwrap();
            cache.put(&inputs, "x86_64", b"first").unwrap();
            drop(first);
            second.join().unwrap().unwrap();
        });
        assert_eq!(cache.get(&key).as_deref(), Some(&b"first"[..]));
    }

    #[test]
    fn writers_of_one_entry_leave_it_whole() {
        let (_folder, cache) = opened();
        let (inputs, key) = inputs("k");
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..20).for_each(|_| cache.put(&inputs, "x86_64", &[7; 10_000]).unwrap()));
            }
        });
        assert_eq!(cache.get(&key).as_deref(), Some(&[7; 10_000][..]));
    }
}
