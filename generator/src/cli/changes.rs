//! Files that are looked at for changes, a few and now and then: no more than `--watch` needs.

use std::path::PathBuf;
use std::time::SystemTime;

/// When a file was last written, and its length; nothing of one that is not there.
type Stamp = Option<(SystemTime, u64)>;

/// Files, as they were when last looked at.
pub(super) struct WatchedFiles(Vec<(PathBuf, Stamp)>);

fn stamp(path: &PathBuf) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

impl WatchedFiles {
    /// Begins to watch.
    pub(super) fn watch(paths: Vec<PathBuf>) -> Self {
        Self(paths.into_iter().map(|path| (path.clone(), stamp(&path))).collect())
    }

    /// Whether any has changed since this was last asked. A file that is gone has not: editors write a new one in its place.
    pub(super) fn have_changed(&mut self) -> bool {
        let mut changed = false;
        for (path, known) in &mut self.0 {
            let now = stamp(path);
            if now.is_some() && now != *known {
                *known = now;
                changed = true;
            }
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::WatchedFiles;

    #[test]
    fn a_change_is_seen_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        std::fs::write(&file, "1").unwrap();
        let mut files = WatchedFiles::watch(vec![file.clone()]);
        assert!(!files.have_changed());
        std::fs::write(&file, "12").unwrap();
        assert!(files.have_changed() && !files.have_changed());
        std::fs::remove_file(&file).unwrap();
        assert!(!files.have_changed());
    }
}
