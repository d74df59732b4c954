//! The handler's sources to a byte-identical Lambda zip, built once per set of inputs.
//!
//! In the order in which a build goes through them: the sources that are emitted, the cache that is asked first,
//! the compiler, the check of what it made, and the zip.

mod error;
mod request;
mod sources;
mod cache;
mod toolchain;
mod flags;
mod compile;
mod elf;
mod zip;

use crate::config::Architecture;
use crate::digest;
use crate::render::Files;
use crate::stack::PackageDigest;

pub use cache::default_folder as default_cache_folder;
pub use error::PackageError;
pub use request::{BuildRequest, Compiler, ProcessEnvironment, Progress};
pub use sources::{ManifestError, handler_sources, stand_alone_manifest};

/// A handler zip, ready to be deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The zip's bytes: the same for the same key, on every machine.
    pub zip: Vec<u8>,
    /// The digest that the stack deploys it by.
    pub digest: PackageDigest,
    /// Whether it came out of the cache.
    pub cached: bool,
    /// What it was built from: SHA-256 in hex over sources, lock file, flags and toolchain.
    pub key: String,
}

/// Builds the zip of a crate that stands alone (see [`handler_sources`]), or takes it from the cache.
pub fn build(
    request: &BuildRequest,
    sources: &Files,
    progress: &mut dyn FnMut(Progress),
) -> Result<Package, PackageError> {
    let target = toolchain::Target::choose(request)?;
    let key = cache::key(sources, &target.fingerprint);
    let cache = cache::Cache::open(&request.cache_folder)?;
    if let Some(zip) = cache.get(&key) {
        return Ok(cached(zip, key));
    }
    let _lock = cache.lock(target.triple, || progress(Progress::Waiting))?;
    if let Some(zip) = cache.get(&key) {
        return Ok(cached(zip, key)); // the process that was waited for has built it
    }
    let binary = compile::compile(request, &target, sources, &cache.build_dir(target.triple), progress)?;
    elf::check(&binary, request.architecture)?;
    let zip = zip::zip(&[zip::Entry { name: "bootstrap", mode: 0o755, contents: &binary }])?;
    cache.put(&key, &zip)?;
    Ok(Package { digest: PackageDigest::of(&zip), zip, cached: false, key })
}

fn cached(zip: Vec<u8>, key: String) -> Package {
    Package { digest: PackageDigest::of(&zip), zip, cached: true, key }
}

/// SHA-256 in hex over a crate's sources: their paths and contents.
pub fn sources_sha256(sources: &Files) -> String {
    digest::hex_of_all(sources.iter().flat_map(|(path, contents)| [path.as_bytes(), contents]))
}

/// Checks that a binary runs on the Lambda runtime: its processor, and the glibc it asks for.
pub fn check_binary(binary: &[u8], architecture: Architecture) -> Result<(), PackageError> {
    elf::check(binary, architecture)
}
