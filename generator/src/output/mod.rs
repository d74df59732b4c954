//! Generated files into a folder: only what changed, whole or not at all, and never over someone's edits.
//!
//! `manifest.json` in the folder holds the hash of every file that was generated, and so tells a generated file from
//! an edited one and from one that was there before.

mod conflict;
mod done;
mod error;
mod manifest;
mod folder;
mod diff;
mod leftover;
mod plan;
mod staged;
mod upgrade;
mod write;

pub use conflict::{Conflict, Obstacle};
pub use error::OutputError;
pub use folder::{Edits, Folder, HANDLER_FOLDER, Wanted};
pub use manifest::{FILE_NAME as MANIFEST, Manifest, PackageRecord};
pub use plan::{Change, Plan};
pub use upgrade::StackRecord;
pub use write::{Summary, write_single};
