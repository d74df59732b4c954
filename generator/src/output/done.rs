//! What a plan has done so far: put back as it was where the rest cannot be done.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use super::leftover;

/// What was done, in order.
#[derive(Default)]
pub(super) struct Done(Vec<Step>);

enum Step {
    /// A folder was made.
    Folder(PathBuf),
    /// A file was given its place, where none was.
    Placed(PathBuf),
    /// A file was taken away, or another given its place.
    Aside(PathBuf, Aside),
}

/// A file under a name of its own beside its place, which goes with the value unless it is put back.
struct Aside {
    path: TempPath,
    /// Held as long as it is there, so that no other run takes it for left over.
    _held: Option<File>,
}

impl Done {
    /// Makes a folder and those above it that are not there.
    pub(super) fn make(&mut self, folder: &Path) -> io::Result<()> {
        let missing =
            |folder: &&Path| !folder.as_os_str().is_empty() && fs::symlink_metadata(folder).is_err();
        let made: Vec<&Path> = folder.ancestors().take_while(missing).collect();
        for folder in made.into_iter().rev() {
            fs::create_dir(folder)?;
            self.0.push(Step::Folder(folder.to_owned()));
        }
        fs::create_dir_all(folder) // which says what stands in the way
    }

    /// Gives a file its place.
    pub(super) fn place(&mut self, file: &Path, written: NamedTempFile) -> io::Result<()> {
        if fs::symlink_metadata(file).is_err() {
            written.persist(file).map_err(|error| error.error)?;
            self.0.push(Step::Placed(file.to_owned()));
            return Ok(());
        }
        // A second name, so that the file is there all the time; where there cannot be two, under the other name alone.
        let second = |name: &Path| match fs::hard_link(file, name) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => fs::rename(file, name),
            linked => linked,
        };
        self.0.push(Step::Aside(file.to_owned(), Aside::take(file, second)?));
        written.persist(file).map(drop).map_err(|error| error.error)
    }

    /// Takes a file away.
    pub(super) fn remove(&mut self, file: &Path) -> io::Result<()> {
        self.0.push(Step::Aside(file.to_owned(), Aside::take(file, |name| fs::rename(file, name))?));
        Ok(())
    }

    /// Puts everything back, the last first; gives the places where that failed.
    pub(super) fn undo(self) -> Vec<PathBuf> {
        let undone = |step: Step| {
            let (place, undone) = match step {
                Step::Folder(folder) => {
                    let _ = fs::remove_dir(&folder); // somebody else may have put something there
                    return None;
                }
                Step::Placed(file) => (file.clone(), fs::remove_file(file)),
                Step::Aside(file, aside) => (file.clone(), aside.put_back(&file)),
            };
            undone.err().map(|_| place)
        };
        self.0.into_iter().rev().filter_map(undone).collect()
    }
}

impl Aside {
    /// Takes a file aside, by what gives it the other name.
    fn take(file: &Path, named: impl Fn(&Path) -> io::Result<()>) -> io::Result<Self> {
        if fs::symlink_metadata(file)?.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let path = leftover::name(file.parent().unwrap_or(Path::new(".")), named)?;
        let held = File::open(&path).ok().filter(|file| file.try_lock().is_ok());
        Ok(Self { path, _held: held })
    }

    fn put_back(self, file: &Path) -> io::Result<()> {
        let aside = self.path.to_path_buf();
        // Where it fails, the file stays under the other name: it is all that there is of it.
        let kept = self.path.keep()?;
        fs::rename(kept, file)?;
        match fs::remove_file(aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()), // two names of one file are both left by a rename
        }
    }
}
