//! Files that runs which were killed left beside the ones that they were writing.
//!
//! A file is written under a name of its own and then renamed. As long as its writer lives it holds a lock on it, which the
//! system takes from a process that dies: so a file that can be locked is nobody's.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::{NamedTempFile, TempPath};

/// What the names begin with.
const PREFIX: &str = ".asg-recycle-";

/// A new file beside the one that it is to become, which others leave alone as long as this process lives.
fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666)); // less the user's mask
    loop {
        let temporary = builder.tempfile_in(folder).map_err(unnamed)?;
        // Where a folder's file system has no locks, nobody takes anything for left over either.
        let _ = temporary.as_file().lock();
        // Between its making and its lock another run may have found it, and removed it.
        if temporary.path().exists() {
            return Ok(temporary);
        }
    }
}

/// The same with these contents.
pub(super) fn written(folder: &Path, contents: &[u8]) -> io::Result<NamedTempFile> {
    let mut temporary = temporary(folder)?;
    temporary.as_file_mut().write_all(contents)?; // its own `write_all` tells its own name, too
    Ok(temporary)
}

/// A name of the same kind, which `named` gives to what is to have it; what has it goes with the value.
pub(super) fn name(folder: &Path, named: impl Fn(&Path) -> io::Result<()>) -> io::Result<TempPath> {
    let named = tempfile::Builder::new().prefix(PREFIX).make_in(folder, named).map_err(unnamed)?;
    Ok(named.into_temp_path())
}

/// The error without the temporary file's own name, which tells nobody anything.
fn unnamed(error: io::Error) -> io::Error {
    match error.to_string().split_once(" at path \"") {
        Some((said, _)) => io::Error::new(error.kind(), said),
        None => error,
    }
}

/// What is left over in a folder: each file's name, and the file with its lock.
pub(super) fn in_folder(folder: &Path) -> Vec<(String, File)> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let left = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok().filter(|name| name.starts_with(PREFIX))?;
        if !entry.file_type().ok()?.is_file() {
            return None;
        }
        let file = File::open(entry.path()).ok()?;
        file.try_lock().ok()?;
        Some((name, file))
    });
    left.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_made_is_told_without_its_own_name() {
        let folder = tempfile::tempdir().unwrap();
        let error = temporary(&folder.path().join("absent")).unwrap_err();
        assert_eq!(error.to_string(), "No such file or directory (os error 2)");
    }

    #[test]
    fn what_its_writer_still_holds_is_not_left_over() {
        let folder = tempfile::tempdir().unwrap();
        let held = temporary(folder.path()).unwrap();
        assert!(in_folder(folder.path()).is_empty());
        let (file, path) = held.keep().unwrap();
        drop(file); // as the system does for a process that was killed
        fs::write(folder.path().join("stack.yaml"), "mine").unwrap();
        let names: Vec<_> = in_folder(folder.path()).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, [path.file_name().unwrap().to_str().unwrap()]);
    }
}
