//! The handler's sources to a byte-identical Lambda zip, built once per set of inputs.
//!
//! In the order in which a build goes through them: the contents that are packaged, the inputs that the bytes follow
//! from, the cache that is asked first, the compiler, the check and the trial of what it made, and the zip.

mod disk_full;
mod error;
mod request;
mod sources;
mod by_hand;
mod limits;
mod inputs;
mod contents;
mod cache;
mod answers;
mod toolchain;
mod flags;
mod compile;
mod elf;
mod trial;
mod zip;
mod unzip;
mod assembled;
mod builder;
mod given;
mod stored;
mod refresh;

use crate::config::Architecture;

pub use assembled::Package;
pub use builder::{build, cached, inputs, is_ready};
pub use cache::default_folder as default_cache_folder;
pub use contents::Contents;
pub use disk_full::BuildPlace;
pub use error::PackageError;
pub use given::given;
pub use inputs::{Difference, Inputs};
pub use refresh::{Refreshed, refresh};
pub use request::{BuildRequest, Compiler, ProcessEnvironment, Progress};
pub use sources::{HANDLER_CRATE, ManifestError, handler_sources, stand_alone_manifest};
pub use stored::{Stored, StoredBuild, StoredPackage, list, purge};
pub use unzip::{EntryVerification, Verification, changed_settings, unpack, verify};

/// Checks that a binary runs on the Lambda runtime: its processor, and the glibc it asks for.
pub fn check_binary(binary: &[u8], architecture: Architecture) -> Result<(), PackageError> {
    elf::check(binary, architecture)
}
