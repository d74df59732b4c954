//! What a plan writes, on the disk but not yet in its place: where the disk is full, or a folder protected, nothing has changed.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::OutputError;
use super::leftover;
use super::manifest::{FILE_NAME as MANIFEST, Manifest};
use super::plan::{Change, Disk, FileStep, Plan};
use crate::digest;

/// Whole files under names of their own, each of which goes with the value unless it was given its place.
#[derive(Default)]
pub(super) struct Staged {
    /// The manifest while the others take their places.
    pub(super) announced: Option<NamedTempFile>,
    /// By path.
    pub(super) files: BTreeMap<String, NamedTempFile>,
    /// The manifest after that.
    pub(super) manifest: Option<NamedTempFile>,
    /// The folder, where it was made for them: it goes after them.
    made: MadeFolders,
}

impl Staged {
    /// The folder stays.
    pub(super) fn keep(self) {
        self.made.keep();
    }
}

impl Plan {
    /// Writes all files beside their places: none where nothing is to be done.
    ///
    /// # Errors
    /// The first that cannot be written. Then everything is as it was.
    pub(super) fn staged(&self) -> Result<Staged, OutputError> {
        if self.is_done() {
            return Ok(Staged::default());
        }
        let made = MadeFolders::make(&self.root)?;
        self.all_staged(made)
    }

    fn all_staged(&self, made: MadeFolders) -> Result<Staged, OutputError> {
        let announced = self.stage(MANIFEST, &self.announcement().print())?;
        let mut files = BTreeMap::new();
        for (path, step) in &self.steps {
            let Some(contents) = step.wanted.as_ref().filter(|_| is_written(step)) else { continue };
            if step.disk == Disk::Other {
                let fault = io::Error::from(io::ErrorKind::IsADirectory);
                return Err(OutputError::file("write", self.root.join(path))(fault));
            }
            files.insert(path.clone(), self.stage(path, contents)?);
        }
        let manifest = self.stage(MANIFEST, &self.after.print())?;
        Ok(Staged { announced: Some(announced), files, manifest: Some(manifest), made })
    }

    /// The manifest that notes which hashes are about to be written: were this run cut short, the next one would take
    /// its files for hand edits otherwise.
    fn announcement(&self) -> Manifest {
        let pending: BTreeMap<_, _> = self
            .steps
            .iter()
            .filter(|(_, step)| is_written(step))
            .filter_map(|(path, _)| Some((path.clone(), self.after.files.get(path)?.clone())))
            .collect();
        let mut manifest = Manifest { pending, ..self.before.clone() };
        for (path, step) in &self.steps {
            if let (Change::Update, Disk::File(bytes)) = (&step.change, &step.disk) {
                manifest.files.insert(path.clone(), digest::hex(bytes)); // also where a cut-short run wrote it
            }
        }
        manifest
    }

    /// Writes one file into the folder of its place or, where that is not there yet, the next one above it.
    fn stage(&self, path: &str, contents: &[u8]) -> Result<NamedTempFile, OutputError> {
        let file = self.root.join(path);
        let mut folder = file.parent().unwrap_or(&self.root);
        while folder != self.root && !folder.is_dir() {
            self.clear(folder)?;
            folder = folder.parent().unwrap_or(&self.root);
        }
        leftover::written(folder, contents).map_err(OutputError::file("write", &file))
    }

    /// That nothing stands where a folder is to be made, but for a file that goes before.
    fn clear(&self, folder: &Path) -> Result<(), OutputError> {
        let path = folder.strip_prefix(&self.root).unwrap_or(folder).to_string_lossy();
        let goes = self.steps.get(&*path).is_some_and(|step| step.change == Change::Remove);
        if goes || fs::symlink_metadata(folder).is_err() {
            return Ok(());
        }
        let fault = io::Error::from(io::ErrorKind::NotADirectory);
        Err(OutputError::file("make the folder", folder)(fault))
    }
}

fn is_written(step: &FileStep) -> bool {
    matches!(step.change, Change::Create | Change::Update | Change::Blocked(_))
}

/// A folder with those above it that were not there: removed again unless they are kept.
#[derive(Default)]
pub(super) struct MadeFolders(Vec<PathBuf>);

impl MadeFolders {
    pub(super) fn make(folder: &Path) -> Result<Self, OutputError> {
        let missing =
            |folder: &&Path| !folder.as_os_str().is_empty() && fs::symlink_metadata(folder).is_err();
        let made = Self(folder.ancestors().take_while(missing).map(Path::to_owned).collect());
        fs::create_dir_all(folder).map_err(OutputError::file("make the folder", folder))?;
        Ok(made)
    }

    pub(super) fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for MadeFolders {
    fn drop(&mut self) {
        for folder in &self.0 {
            let _ = fs::remove_dir(folder); // somebody else may have put something there
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::super::{Edits, Folder, OutputError, Wanted};
    use crate::render::Files;

    fn apply(root: &Path, files: &[(&str, &str)]) -> Result<super::super::Summary, OutputError> {
        let files: Files =
            files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
        Folder::open(root, Edits::Overwrite)?.plan(Wanted { files, ..Wanted::default() })?.apply()
    }

    /// Every file below a folder, with what it holds.
    fn held(root: &Path) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for entry in fs::read_dir(root).into_iter().flatten().filter_map(Result::ok) {
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.path().is_dir() {
                all.extend(
                    held(&entry.path()).into_iter().map(|(path, text)| (format!("{name}/{path}"), text)),
                );
            } else {
                all.push((name, fs::read_to_string(entry.path()).unwrap()));
            }
        }
        all.sort();
        all
    }

    #[test]
    fn where_one_file_cannot_be_written_none_has_changed() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        apply(root, &[("a", "1"), ("b/c", "1"), ("d", "1")]).unwrap();
        let before = held(root);
        // A folder stands where a file is wanted, and a file where a folder is.
        for (obstacle, wanted) in [("z/inner", "z"), ("z", "z/y/x")] {
            let place = root.join(obstacle);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(&place, "in the way").unwrap();
            let fault = apply(root, &[("a", "2"), ("new/f", "2"), (wanted, "2")]).unwrap_err().to_string();
            assert!(fault.contains("/z`: "), "{fault}");
            let mut now = held(root);
            now.retain(|(path, _)| path != obstacle);
            assert_eq!(now, before);
            assert!(!root.join("new").exists());
            if obstacle == "z" { fs::remove_file(&place) } else { fs::remove_dir_all(root.join("z")) }
                .unwrap();
        }
        // Nor is a folder there that was not there before.
        apply(&root.join("d/out"), &[("a", "2")]).unwrap_err();
        apply(root, &[("new/folder/f", "2"), ("b", "2")]).unwrap_err();
        assert!(!root.join("new").exists());
        assert_eq!(held(root), before);
        apply(root, &[("a/b", "2")]).unwrap();
        assert_eq!(
            held(root)[0],
            ("a/b".to_owned(), "2".to_owned()),
            "a file goes before its place is a folder's"
        );
    }
}
