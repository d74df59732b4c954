//! Carries out a plan: all files are written beside their places, and then renamed, so that each is whole or untouched. Where one cannot
//! be, all are put back.

use std::fs;
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

use super::done::Done;
use super::error::{OutputError, is_absent};
use super::folder::Edits;
use super::leftover;
use super::manifest::FILE_NAME as MANIFEST;
use super::plan::{Change, Plan};
use super::staged::{MadeFolders, Staged};

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
        let mut staged = self.staged()?;
        let mut done = Done::default();
        if let Err(fault) = self.carry_out(&mut staged, &mut done) {
            let places = done.undo();
            return Err(if places.is_empty() {
                fault
            } else {
                OutputError::Unrestored { fault: Box::new(fault), places }
            });
        }
        staged.keep();
        drop(done);
        Ok(self.summary())
    }

    /// Gives all their places, and takes away what is no longer wanted.
    fn carry_out(&self, staged: &mut Staged, done: &mut Done) -> Result<(), OutputError> {
        if let Some(announced) = staged.announced.take() {
            self.place(done, MANIFEST, announced)?;
        }
        for (path, step) in &self.steps {
            match (&step.change, staged.files.remove(path)) {
                (_, Some(file)) => self.place(done, path, file)?,
                (Change::Remove, None) => self.remove(done, path)?,
                _ => {}
            }
        }
        staged.manifest.take().map_or(Ok(()), |manifest| self.place(done, MANIFEST, manifest))
    }

    /// What was done; folders that hold nothing any more go.
    fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for (path, step) in &self.steps {
            if step.change == Change::Remove {
                self.remove_empty_folders(path);
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
        summary
    }

    /// Gives what was written beside it its place.
    fn place(&self, done: &mut Done, path: &str, written: NamedTempFile) -> Result<(), OutputError> {
        let file = self.root.join(path);
        let folder = file.parent().unwrap_or(&self.root);
        done.make(folder).map_err(OutputError::file("make the folder", folder))?;
        done.place(&file, written).map_err(OutputError::file("write", &file))
    }

    fn remove(&self, done: &mut Done, path: &str) -> Result<(), OutputError> {
        let file = self.root.join(path);
        match done.remove(&file) {
            Err(error) if !is_absent(&error) => Err(OutputError::file("remove", file)(error)),
            _ => Ok(()),
        }
    }

    fn remove_empty_folders(&self, path: &str) {
        let inner = Path::new(path).ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
        for folder in inner {
            if fs::remove_dir(self.root.join(folder)).is_err() {
                break; // it still holds something
            }
        }
    }
}

/// Writes one file that belongs to no manifest; its folder is made where it is missing. `false` means that there is
/// such a file and that it stays.
pub fn write_single(file: &Path, contents: &[u8], edits: Edits) -> Result<bool, OutputError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let made = MadeFolders::make(folder)?;
    let failed = |source| OutputError::file("write", file)(source);
    let temporary = leftover::written(folder, contents).map_err(failed)?;
    let kept = match edits {
        Edits::Overwrite => temporary.persist(file),
        Edits::Protect => temporary.persist_noclobber(file),
    };
    match kept {
        Ok(_) => {
            made.keep();
            Ok(true)
        }
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
        let mut done = super::Done::default();
        plan.place(&mut done, MANIFEST, staged.announced.take().unwrap()).unwrap();
        plan.place(&mut done, "a", staged.files.remove("a").unwrap()).unwrap();
        drop((staged, plan, done));
        assert_eq!(fs::read_to_string(root.join("a")).unwrap(), "2");
        assert_eq!(fs::read_to_string(root.join("z/z")).unwrap(), "1");
        let summary = apply(root, Edits::Protect, &[("a", "3"), ("z/z", "3")]).unwrap();
        assert_eq!(summary.updated, ["a", "z/z"]);
        assert!(!fs::read_to_string(root.join(MANIFEST)).unwrap().contains("pending"));
    }

    /// Every file and folder below a folder, with what a file holds.
    fn held(root: &Path) -> Vec<(String, String)> {
        let entries = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
        let mut all: Vec<(String, String)> = entries
            .flat_map(|path| {
                let text = fs::read_to_string(&path).unwrap_or_default();
                let inner = if path.is_dir() { held(&path) } else { Vec::new() };
                [(path.display().to_string(), text)].into_iter().chain(inner)
            })
            .collect();
        all.sort();
        all
    }

    #[test]
    fn where_the_last_file_finds_no_place_everything_is_as_it_was() {
        for is_linked in [false, true] {
            let root = tempfile::tempdir().unwrap();
            let root = &root.path().join("out");
            apply(root, Edits::Protect, &[("a", "1"), ("b/gone", "1"), ("c", "1"), ("z", "1")]).unwrap();
            let plan = |files: &[(&str, &str)]| {
                Folder::open(root, Edits::Protect).unwrap().plan(wanted(files)).unwrap()
            };
            let written = plan(&[("a", "2"), ("c/in/its/place", "2"), ("new/folder/f", "2"), ("z", "2")]);
            let removed = plan(&[("a", "2"), ("new/folder/f", "2")]);
            // Somebody puts a folder there after it was looked at: nothing can be renamed over it, nor may it be taken away.
            fs::remove_file(root.join("z")).unwrap();
            fs::create_dir(root.join("z")).unwrap();
            if is_linked {
                fs::rename(root.join("a"), root.join("target")).unwrap();
                std::os::unix::fs::symlink("target", root.join("a")).unwrap();
            }
            let before = held(root);
            for plan in [written, removed] {
                let fault = plan.apply().unwrap_err().to_string();
                assert!(fault.contains("/z`: "), "{fault}");
                assert_eq!(held(root), before);
            }
        }
    }

    #[test]
    fn a_folder_that_was_made_for_nothing_goes() {
        let root = tempfile::tempdir().unwrap();
        let out = &root.path().join("deep/out");
        let plan = Folder::open(out, Edits::Protect).unwrap().plan(wanted(&[("z", "2")])).unwrap();
        let staged = plan.staged().unwrap();
        assert!(out.is_dir());
        drop(staged);
        assert!(!root.path().join("deep").exists());
    }

    #[test]
    fn what_could_not_be_put_back_is_named() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        apply(root, Edits::Protect, &[("a/f", "1")]).unwrap();
        let mut done = super::Done::default();
        done.remove(&root.join("a/f")).unwrap();
        // What was taken aside is taken away by somebody.
        fs::remove_dir_all(root.join("a")).unwrap();
        let places = done.undo();
        assert_eq!(places, [root.join("a/f")]);
        let fault = OutputError::file("write", "z")(std::io::ErrorKind::PermissionDenied.into());
        let said = OutputError::Unrestored { fault: Box::new(fault), places }.to_string();
        assert!(said.contains("a/f") && said.contains("could not be put back"), "{said}");
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
        // A name that is too long: its folder was made for nothing.
        let long = root.path().join("deep/er").join("x".repeat(300));
        assert!(write_single(&long, b"1", Edits::Protect).is_err());
        assert!(!root.path().join("deep").exists());
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
