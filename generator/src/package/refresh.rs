//! Builds anew all packages of the cache that are of this generator's handler.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;

use super::answers::Answers;
use super::assembled::{BOOTSTRAP, packed, zipped};
use super::builder::compiled;
use super::cache::{COMPILED, Cache};
use super::contents::Contents;
use super::error::PackageError;
use super::inputs::Inputs;
use super::request::{BuildRequest, Compiler, Progress};
use super::toolchain::Target;
use super::unzip;
use crate::config::Architecture;
use crate::render::Files;

/// What became of one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshed {
    /// It came out the same.
    Same {
        /// Its key.
        key: String,
    },
    /// What builds it has changed since: the new one stands beside it, under its own key.
    Rebuilt {
        /// Its key.
        key: String,
        /// The new one's.
        new_key: String,
    },
    /// The same inputs gave other bytes: a compiler that is not to be trusted, or an entry that somebody changed. The
    /// new one is kept.
    Differs {
        /// Its key.
        key: String,
    },
    /// It is damaged, or of another generator's handler, and stays as it is.
    Passed {
        /// Its key.
        key: String,
    },
}

/// Compiles the handler of `sources` once for every processor and compiler that a package of it is there for, and makes
/// those packages anew.
pub fn refresh(
    request: &BuildRequest,
    sources: &Files,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<Refreshed>, PackageError> {
    let cache = Cache::open(&request.cache_folder)?;
    let contents = Contents::of_crate(sources.clone());
    let mut binaries: BTreeMap<(&'static str, bool), (Vec<u8>, Inputs)> = BTreeMap::new();
    let mut outcomes = Vec::new();
    for entry in cache.entries()? {
        let key = entry.folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let label = entry.label.as_ref().filter(|label| label.inputs.has_sources_of(&contents.inputs()));
        let known = label.and_then(|label| {
            let zip = cache.get(&key)?;
            Some((Architecture::from_word(&label.architecture)?, label, zip))
        });
        let Some((architecture, label, old)) = known else {
            outcomes.push(Refreshed::Passed { key });
            continue;
        };
        let by_zig = label.inputs.get("linker").is_some_and(|linker| linker.starts_with("cargo-zigbuild"));
        let place = (architecture.as_str(), by_zig);
        let (binary, tools) = match binaries.entry(place) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let compiler = if by_zig { Compiler::Zig } else { Compiler::Native };
                let request = BuildRequest { architecture, compiler, ..request.clone() };
                place.insert(fresh(&request, &contents, &cache, progress)?)
            }
        };
        let beside = beside(&old)?;
        let zip = zipped(binary, &packed(&beside, binary, progress)?)?;
        let inputs = Contents { beside, ..contents.clone() }.inputs().with_tools_of(tools);
        cache.put(&inputs, architecture.as_str(), &zip)?;
        let new_key = inputs.key();
        outcomes.push(match (new_key == key, zip == old) {
            (true, true) => Refreshed::Same { key },
            (true, false) => Refreshed::Differs { key },
            (false, _) => Refreshed::Rebuilt { key, new_key },
        });
    }
    Ok(outcomes)
}

/// Compiles from nothing; the binary, and the inputs that it follows from.
fn fresh(
    request: &BuildRequest,
    contents: &Contents,
    cache: &Cache,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Vec<u8>, Inputs), PackageError> {
    let target = Target::choose(request, &Answers::none())?;
    let _lock = cache.lock(target.triple, || progress(Progress::Waiting))?;
    let compiled_before = cache.build_dir(target.triple).join(COMPILED);
    if compiled_before.exists() {
        fs::remove_dir_all(&compiled_before).map_err(PackageError::file("remove", &compiled_before))?;
    }
    let binary = compiled(request, &target, contents, cache, progress)?;
    Ok((binary, contents.inputs().with(&target.inputs)))
}

/// What lies beside the binary in a package.
fn beside(zip: &[u8]) -> Result<Files, PackageError> {
    let others = unzip::entries(zip)?.into_iter().filter(|(name, _)| name != BOOTSTRAP);
    Ok(others.map(|(name, entry)| (name, entry.contents)).collect())
}
