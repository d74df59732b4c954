//! A zip that was built elsewhere.

use std::collections::BTreeMap;

use super::assembled::{BOOTSTRAP, Package};
use super::error::PackageError;
use super::inputs::Inputs;
use super::{elf, unzip};
use crate::config::Architecture;
use crate::render::Files;
use crate::stack::PackageDigest;

/// A zip that was built elsewhere, as it is: its binary has to run on the function, and what lies beside it has to be
/// what the stack packages.
pub fn given(zip: Vec<u8>, beside: &Files, architecture: Architecture) -> Result<Package, PackageError> {
    let not = |reason: String| PackageError::NotAPackage { reason };
    let mut found: BTreeMap<_, _> = unzip::entries(&zip)?.into_iter().collect();
    let binary = found.remove(BOOTSTRAP).ok_or_else(|| not("it has no entry `bootstrap`".to_owned()))?;
    if binary.mode.is_none_or(|mode| mode & 0o555 != 0o555) {
        return Err(not("its `bootstrap` is not executable for everyone (mode 0755)".to_owned()));
    }
    elf::check(&binary.contents, architecture)?;
    for (path, contents) in beside {
        match found.remove(path) {
            Some(entry) if entry.contents == *contents => {}
            Some(_) => return Err(not(format!("its `{path}` is not the one that stack.yaml packages"))),
            None => return Err(not(format!("it lacks `{path}`, which stack.yaml packages"))),
        }
    }
    if let Some(excess) = found.keys().next() {
        return Err(not(format!("it holds `{excess}`, which stack.yaml does not package")));
    }
    let inputs = Inputs::of_given(beside, &zip);
    Ok(Package { digest: PackageDigest::of(&zip), zip, cached: true, key: inputs.key(), inputs })
}
