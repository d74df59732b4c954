//! Builds a package, or takes it from the cache.

use std::fs;

use super::answers::Answers;
use super::assembled::{Package, only_binary, packed, zipped};
use super::cache::Cache;
use super::contents::Contents;
use super::error::PackageError;
use super::inputs::Inputs;
use super::request::{BuildRequest, Progress};
use super::toolchain::Target;
use super::trial::{self, Trial};
use super::{compile, elf};
use crate::stack::PackageDigest;

/// What a zip of these contents would be built from here and now: no compiler runs.
pub fn inputs(request: &BuildRequest, contents: &Contents) -> Result<Inputs, PackageError> {
    let cache = Cache::open(&request.cache_folder)?;
    let target = Target::choose(request, &Answers::open(cache.folder()))?;
    Ok(contents.inputs().with(&target.inputs))
}

/// Whether the cache has what a zip of these contents needs: no compiler would run.
pub fn is_ready(request: &BuildRequest, contents: &Contents) -> Result<bool, PackageError> {
    let inputs = inputs(request, contents)?;
    let cache = Cache::open(&request.cache_folder)?;
    Ok([inputs.of_binary(), inputs].iter().any(|inputs| cache.get(&inputs.key()).is_some()))
}

/// The zip of these contents, if the cache has it. A cache that is not there is not made.
pub fn cached(request: &BuildRequest, contents: &Contents) -> Result<Option<Package>, PackageError> {
    if !request.cache_folder.is_dir() {
        return Ok(None);
    }
    let inputs = inputs(request, contents)?;
    let zip = Cache::open(&request.cache_folder)?.get(&inputs.key());
    Ok(zip.map(|zip| package(zip, true, inputs)))
}

fn package(zip: Vec<u8>, cached: bool, inputs: Inputs) -> Package {
    Package { digest: PackageDigest::of(&zip), zip, cached, key: inputs.key(), inputs }
}

/// Builds a zip, or takes it from the cache.
pub fn build(
    request: &BuildRequest,
    contents: &Contents,
    progress: &mut dyn FnMut(Progress),
) -> Result<Package, PackageError> {
    let cache = Cache::open(&request.cache_folder)?;
    let target = Target::choose(request, &Answers::open(cache.folder()))?;
    let inputs = contents.inputs().with(&target.inputs);
    let key = inputs.key();
    if let Some(zip) = cache.get(&key) {
        return Ok(package(zip, true, inputs));
    }
    let _lock = cache.lock(target.triple, || progress(Progress::Waiting))?;
    if let Some(zip) = cache.get(&key) {
        return Ok(package(zip, true, inputs)); // the process that was waited for has built it
    }
    let of_binary = inputs.of_binary();
    if [&key, &of_binary.key()].iter().any(|key| cache.is_damaged(key)) {
        progress(Progress::Damaged);
    }
    let known = cache.get(&of_binary.key()).and_then(|zip| only_binary(&zip));
    let cached = known.is_some();
    // Before what takes minutes: with or without the binary this may be more than Lambda takes.
    let beside = packed(&contents.beside, known.as_deref().unwrap_or_default(), progress)?;
    let binary = match known {
        Some(binary) => binary,
        None => compiled(request, &target, contents, &cache, progress)?,
    };
    let zip = zipped(&binary, &beside)?;
    if inputs != of_binary && !cached {
        // For the next stack, which may package other files beside the same binary.
        keep(&cache, request, (&of_binary, &zipped(&binary, &[])?), progress);
    }
    keep(&cache, request, (&inputs, &zip), progress);
    Ok(package(zip, cached, inputs))
}

/// Keeps a zip for the next build. Where that cannot be, this one is whole all the same.
fn keep(
    cache: &Cache,
    request: &BuildRequest,
    (inputs, zip): (&Inputs, &[u8]),
    progress: &mut dyn FnMut(Progress),
) {
    if let Err(error) = cache.put(inputs, request.architecture.as_str(), zip) {
        progress(Progress::NotKept { reason: error.to_string() });
    }
}

pub(super) fn compiled(
    request: &BuildRequest,
    target: &Target,
    contents: &Contents,
    cache: &Cache,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<u8>, PackageError> {
    let build_dir = cache.build_dir(target.triple);
    let place = compile::compile(request, target, &contents.sources, &build_dir, progress)?;
    let binary = fs::read(&place).map_err(PackageError::file("read", &place))?;
    elf::check(&binary, request.architecture)?;
    let trial = if request.trial {
        trial::run(&place, request)?
    } else {
        Trial::Impossible("it was left out (`--no-smoke`)".to_owned())
    };
    progress(match trial {
        Trial::Passed => Progress::Tried,
        Trial::Impossible(reason) => Progress::NotTried { reason },
    });
    if !request.keep_build {
        compile::clean(&build_dir)?;
    }
    Ok(binary)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::Architecture;
    use crate::package::Compiler;

    #[test]
    fn a_zip_that_cannot_be_kept_is_told_of_and_no_failure() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache::open(folder.path()).expect("a cache");
        let request = BuildRequest {
            architecture: Architecture::X86_64,
            compiler: Compiler::Auto,
            cache_folder: folder.path().to_owned(),
            keep_build: false,
            trial: false,
            environment: BTreeMap::new(),
        };
        let kept = |told: &mut Vec<Progress>| {
            let inputs = Inputs::default();
            keep(&cache, &request, (&inputs, b"zip"), &mut |progress| told.push(progress));
            cache.get(&inputs.key())
        };
        let mut told = Vec::new();
        assert_eq!((kept(&mut told).as_deref(), told.len()), (Some(&b"zip"[..]), 0));
        // A file stands where the packages would be kept.
        fs::remove_dir_all(folder.path().join("packages")).expect("it is there");
        fs::write(folder.path().join("packages"), "").expect("a file");
        assert_eq!(kept(&mut told), None);
        let [Progress::NotKept { reason }] = &told[..] else { panic!("{told:?}") };
        assert!(reason.contains("packages"), "{reason}");
    }
}
