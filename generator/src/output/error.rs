//! Why a folder could not be written.

use std::io;
use std::path::PathBuf;

use super::conflict::Conflict;

/// Why a folder could not be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// Files stand in the way.
    #[error(
        "these files are not as asg-recycle generated them, and nothing was written:\n{}\n\
         `asg-recycle generate --check` shows how they differ; \
         keep your changes elsewhere, delete the files, or use `--force` to overwrite them", list(.0)
    )]
    Conflicts(Vec<Conflict>),
    /// There is a `manifest.json` that asg-recycle did not write.
    #[error(
        "`{}` is not a manifest of asg-recycle ({reason}): use another folder, or `--force` to overwrite it",
        .path.display()
    )]
    Manifest {
        /// The `manifest.json` that was found.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file operation failed; what was there is as it was.
    #[error("cannot {action} `{}`: {source}{}", .path.display(), advice(.source))]
    File {
        /// What was tried, e.g. `write`.
        action: &'static str,
        /// The file or folder that it was tried on.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file operation failed, and so did it to put back what was changed before it.
    #[error(
        "{fault}\nthese are not as they were, and could not be put back; what was there is beside them as `.asg-recycle-...`:\n{}\n\
         `asg-recycle generate --check` shows how the folder differs", paths(.places)
    )]
    Unrestored {
        /// Why the folder could not be written.
        fault: Box<Self>,
        /// The files.
        places: Vec<PathBuf>,
    },
}

impl OutputError {
    pub(super) fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }
}

/// What helps against a fault of the folder's disk.
fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; free some space and run it again: what was there is as it was"
        }
        io::ErrorKind::PermissionDenied => {
            "; it belongs to another user, or is protected: run it as that user, or name a folder of your own with `--out`"
        }
        io::ErrorKind::ReadOnlyFilesystem => "; name a folder on another disk with `--out`",
        _ => "",
    }
}

fn paths(places: &[PathBuf]) -> String {
    places.iter().map(|place| format!("  {}", place.display())).collect::<Vec<_>>().join("\n")
}

fn list(conflicts: &[Conflict]) -> String {
    conflicts.iter().map(|each| format!("  {each}")).collect::<Vec<_>>().join("\n")
}

/// Whether the path does not exist, also because a part of it is a file.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
