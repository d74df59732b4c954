//! Carries out a plan: all files are written beside their places, and then renamed, so that each is whole or untouched.

use std::fs;
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

use super::error::{OutputError, is_absent};
use super::folder::Edits;
use super::leftover;
use super::manifest::FILE_NAME as MANIFEST;
use super::plan::{Change, Plan};
use super::staged::Staged;

/// What was done, by path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Files that were not there before.
    pub created: Vec<String>,
    /// Files that were written over.
    pub updated: Vec<String>,
    /// Files that were right already.
    pub unchanged: Vec<String>,
    /// Files of earlier runs that are gone now.
    pub removed: Vec<String>,
    /// Files of earlier runs that nothing wants any longer, but that were edited: they stay.
    pub left: Vec<String>,
}

impl Summary {
    /// What was done in all, where `earlier` was done in the same folder just before.
    #[must_use]
    pub fn after(mut self, earlier: &Self) -> Self {
        let both = [&mut self.updated, &mut self.unchanged];
        let mut again: Vec<String> = Vec::new();
        for list in both {
            again.extend(list.extract_if(.., |path| earlier.created.contains(path)));
        }
        self.created.extend(again);
        self.created.sort();
        self.updated.extend(self.unchanged.extract_if(.., |path| earlier.updated.contains(path)));
        self.updated.sort();
        self.removed.extend(earlier.removed.iter().cloned());
        self
    }
}

impl Plan {
    /// Makes the folder hold what is wanted, or leaves it alone where that would lose someone's work.
    pub fn apply(&self) -> Result<Summary, OutputError> {
        let conflicts = self.conflicts();
        if !conflicts.is_empty() {
            return Err(OutputError::Conflicts(conflicts));
        }
        let mut summary = Summary::default();
        let Staged { announced, mut files, manifest } = self.staged()?;
        announced.map_or(Ok(()), |file| self.place(MANIFEST, file))?;
        for (path, step) in &self.steps {
            match (&step.change, files.remove(path)) {
                (_, Some(file)) => self.place(path, file)?,
                (Change::Remove, None) => self.remove(path)?,
                _ => {}
            }
            let list = match &step.change {
                Change::Create => &mut summary.created,
                Change::Update | Change::Blocked(_) => &mut summary.updated,
                Change::Keep => &mut summary.unchanged,
                Change::Remove => &mut summary.removed,
                Change::Leave => &mut summary.left,
                Change::Forget => continue,
            };
            list.push(path.clone());
        }
        manifest.map_or(Ok(()), |file| self.place(MANIFEST, file))?;
        Ok(summary)
    }

    /// Gives what was written beside it its place.
    fn place(&self, path: &str, written: NamedTempFile) -> Result<(), OutputError> {
        let file = self.root.join(path);
        let folder = file.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder).map_err(OutputError::file("make the folder", folder))?;
        let placed = written.persist(&file).map(drop).map_err(|error| error.error);
        placed.map_err(OutputError::file("write", &file))
    }

    fn remove(&self, path: &str) -> Result<(), OutputError> {
        let file = self.root.join(path);
        match fs::remove_file(&file) {
            Err(error) if !is_absent(&error) => return Err(OutputError::file("remove", file)(error)),
            _ => {}
        }
        let inner = Path::new(path).ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
        for folder in inner {
            if fs::remove_dir(self.root.join(folder)).is_err() {
                break; // it still holds something
            }
        }
        Ok(())
    }
}

/// Writes one file that belongs to no manifest; its folder is made where it is missing. `false` means that there is
/// such a file and that it stays.
pub fn write_single(file: &Path, contents: &[u8], edits: Edits) -> Result<bool, OutputError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(OutputError::file("make the folder", folder))?;
    let failed = |source| OutputError::file("write", file)(source);
    let temporary = leftover::written(folder, contents).map_err(failed)?;
    let kept = match edits {
        Edits::Overwrite => temporary.persist(file),
        Edits::Protect => temporary.persist_noclobber(file),
    };
    match kept {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(failed(error.error)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::super::{Folder, OutputError, Wanted};
    use super::{Edits, MANIFEST, write_single};
    use crate::render::Files;

    fn wanted(files: &[(&str, &str)]) -> Wanted {
        let files: Files =
            files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
        Wanted { files, ..Wanted::default() }
    }

    fn apply(root: &Path, edits: Edits, files: &[(&str, &str)]) -> Result<super::Summary, OutputError> {
        Folder::open(root, edits)?.plan(wanted(files))?.apply()
    }

    #[test]
    fn a_second_run_writes_nothing_and_a_third_only_what_changed() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let first = apply(root, Edits::Protect, &[("a", "1"), ("b/c", "1")]).unwrap();
        assert_eq!(first.created, ["a", "b/c"]);
        let manifest = fs::metadata(root.join(MANIFEST)).unwrap().modified().unwrap();
        let second = apply(root, Edits::Protect, &[("a", "1"), ("b/c", "1")]).unwrap();
        assert_eq!((second.unchanged.len(), second.created.len() + second.updated.len()), (2, 0));
        assert_eq!(fs::metadata(root.join(MANIFEST)).unwrap().modified().unwrap(), manifest);
        let third = apply(root, Edits::Protect, &[("a", "2"), ("b/c", "1")]).unwrap();
        assert_eq!((third.updated, third.unchanged), (vec!["a".to_owned()], vec!["b/c".to_owned()]));
    }

    #[test]
    fn edited_and_foreign_files_are_all_named_and_none_is_touched() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        apply(root, Edits::Protect, &[("a", "1"), ("b", "1")]).unwrap();
        fs::write(root.join("a"), "mine").unwrap();
        fs::write(root.join("c"), "mine").unwrap();
        let fault =
            apply(root, Edits::Protect, &[("a", "2"), ("b", "2"), ("c", "2")]).unwrap_err().to_string();
        assert!(fault.contains("  a: was edited\n  c: was there before\n"), "{fault}");
        assert_eq!(fs::read_to_string(root.join("b")).unwrap(), "1");
        apply(root, Edits::Overwrite, &[("a", "2"), ("b", "2"), ("c", "2")]).unwrap();
        assert_eq!(fs::read_to_string(root.join("a")).unwrap(), "2");
    }

    #[test]
    fn what_is_no_longer_wanted_goes_with_its_folder_unless_it_was_edited() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        apply(root, Edits::Protect, &[("a/b/c", "1"), ("a/b/d", "1"), ("e/f", "1")]).unwrap();
        fs::write(root.join("a/b/d"), "mine").unwrap();
        let summary = apply(root, Edits::Protect, &[]).unwrap();
        assert_eq!((summary.removed.len(), summary.left), (2, vec!["a/b/d".to_owned()]));
        assert!(root.join("a/b/d").exists() && !root.join("a/b/c").exists() && !root.join("e").exists());
        assert!(root.exists());
    }

    #[test]
    fn a_run_that_was_cut_short_leaves_whole_files_that_the_next_one_knows() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        apply(root, Edits::Protect, &[("a", "1"), ("z/z", "1")]).unwrap();
        let files = wanted(&[("a", "2"), ("z/z", "2")]);
        let plan = Folder::open(root, Edits::Protect).unwrap().plan(files).unwrap();
        let mut staged = plan.staged().unwrap();
        // It ends when the first file has its place.
        plan.place(MANIFEST, staged.announced.take().unwrap()).unwrap();
        plan.place("a", staged.files.remove("a").unwrap()).unwrap();
        drop((staged, plan));
        assert_eq!(fs::read_to_string(root.join("a")).unwrap(), "2");
        assert_eq!(fs::read_to_string(root.join("z/z")).unwrap(), "1");
        let summary = apply(root, Edits::Protect, &[("a", "3"), ("z/z", "3")]).unwrap();
        assert_eq!(summary.updated, ["a", "z/z"]);
        assert!(!fs::read_to_string(root.join(MANIFEST)).unwrap().contains("pending"));
    }

    #[test]
    fn what_a_killed_run_left_is_drift_and_goes() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        apply(root, Edits::Protect, &[("a/b", "1")]).unwrap();
        for path in [".asg-recycle-x1", "a/.asg-recycle-x2"] {
            fs::write(root.join(path), "half of").unwrap();
        }
        let plan = || Folder::open(root, Edits::Protect).unwrap().plan(wanted(&[("a/b", "1")])).unwrap();
        assert!(!plan().is_done() && plan().diff().contains("--- a/a/.asg-recycle-x2"), "{}", plan().diff());
        let removed = plan().apply().unwrap().removed;
        assert_eq!(removed, [".asg-recycle-x1", "a/.asg-recycle-x2"]);
        assert!(plan().is_done() && !root.join(".asg-recycle-x1").exists());
    }

    #[test]
    fn a_manifest_of_another_tool_is_not_overwritten() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(MANIFEST), "{\"name\": \"web app\"}").unwrap();
        let fault = apply(root.path(), Edits::Protect, &[("a", "1")]).unwrap_err();
        assert!(matches!(fault, OutputError::Manifest { .. }), "{fault}");
        apply(root.path(), Edits::Overwrite, &[("a", "1")]).unwrap();
    }

    #[test]
    fn a_single_file_is_written_once_unless_it_may_be_overwritten() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("new/stack.yaml");
        assert!(write_single(&file, b"1", Edits::Protect).unwrap());
        assert!(!write_single(&file, b"2", Edits::Protect).unwrap());
        assert_eq!(fs::read(&file).unwrap(), b"1");
        assert!(write_single(&file, b"2", Edits::Overwrite).unwrap());
        assert_eq!(fs::read(&file).unwrap(), b"2");
    }

    #[cfg(unix)]
    #[test]
    fn written_files_have_the_users_ordinary_permissions_and_no_temporary_file_stays() {
        use std::os::unix::fs::PermissionsExt as _;
        let root = tempfile::tempdir().unwrap();
        apply(root.path(), Edits::Protect, &[("a", "1")]).unwrap();
        let plain = root.path().join("plain");
        fs::write(&plain, "x").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&root.path().join("a")), mode(&plain));
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 3); // the manifest, too
    }
}
