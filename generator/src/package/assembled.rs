//! A package: the binary and what lies beside it, as one zip.

use super::error::PackageError;
use super::inputs::Inputs;
use super::zip::{Entry, zip};
use super::{limits, unzip};
use crate::render::Files;
use crate::stack::PackageDigest;

/// The binary's name in the zip.
pub(super) const BOOTSTRAP: &str = "bootstrap";

/// A handler zip, ready to be deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The zip's bytes: the same for the same key, on every machine.
    pub zip: Vec<u8>,
    /// The digest that the stack deploys it by.
    pub digest: PackageDigest,
    /// Whether nothing was compiled for it.
    pub cached: bool,
    /// SHA-256 in hex over what it was built from.
    pub key: String,
    /// What it was built from.
    pub inputs: Inputs,
}

/// The binary, then what lies beside it by name.
pub(super) fn zipped(binary: &[u8], beside: &Files) -> Result<Vec<u8>, PackageError> {
    let first = Entry { name: BOOTSTRAP, mode: 0o755, contents: binary };
    let others = beside.iter().map(|(name, contents)| Entry { name, mode: 0o644, contents });
    let entries: Vec<_> = std::iter::once(first).chain(others).collect();
    let zip = zip(&entries)?;
    limits::check(zip.len() as u64, entries.iter().map(|entry| entry.contents.len() as u64).sum())?;
    Ok(zip)
}

/// The binary of a zip that holds nothing else.
pub(super) fn only_binary(zip: &[u8]) -> Option<Vec<u8>> {
    let mut entries = unzip::entries(zip).ok()?;
    let (name, entry) = entries.pop()?;
    (entries.is_empty() && name == BOOTSTRAP).then_some(entry.contents)
}
