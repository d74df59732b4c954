//! A package: the binary and what lies beside it, as one zip.

use std::iter;

use super::error::PackageError;
use super::inputs::Inputs;
use super::limits::{self, Part};
use super::request::Progress;
use super::unzip;
use super::zip::{Entry, Packed, zip};
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

/// From this size on, in bytes, whoever waits is told that a file is being compressed: it takes a second or more.
const TOLD_BYTES: u64 = 8_000_000;

/// What lies beside the binary, compressed, by name. Refused where it is too much, with the binary as far as that is known: what can
/// be told by lengths, before anything is compressed.
pub(super) fn packed<'a>(
    beside: &'a Files,
    binary: &[u8],
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<Packed<'a>>, PackageError> {
    let part = if binary.is_empty() { Part::Beside } else { Part::All };
    let lengths = beside.values().map(|contents| contents.len() as u64);
    let unzipped_bytes = binary.len() as u64 + lengths.sum::<u64>();
    limits::check(part, 0, unzipped_bytes)?;
    let mut packed = Vec::with_capacity(beside.len());
    let mut zipped_bytes = 0;
    for (name, contents) in beside {
        let bytes = contents.len() as u64;
        if bytes >= TOLD_BYTES {
            progress(Progress::Packing { name: name.clone(), bytes });
        }
        let file = Packed::new(Entry { name, mode: 0o644, contents })?;
        zipped_bytes += file.zipped_bytes();
        limits::check(Part::Beside, zipped_bytes, unzipped_bytes)?;
        packed.push(file);
    }
    Ok(packed)
}

/// The binary, then what lies beside it.
pub(super) fn zipped(binary: &[u8], beside: &[Packed<'_>]) -> Result<Vec<u8>, PackageError> {
    let unzipped_bytes = binary.len() as u64 + beside.iter().map(Packed::unzipped_bytes).sum::<u64>();
    let zipped_bytes = beside.iter().map(Packed::zipped_bytes).sum();
    limits::check(Part::All, zipped_bytes, unzipped_bytes)?;
    let first = Packed::new(Entry { name: BOOTSTRAP, mode: 0o755, contents: binary })?;
    let zip = zip(iter::once(&first).chain(beside))?;
    limits::check(Part::All, zip.len() as u64, unzipped_bytes)?;
    Ok(zip)
}

/// The binary of a zip that holds nothing else.
pub(super) fn only_binary(zip: &[u8]) -> Option<Vec<u8>> {
    let mut entries = unzip::entries(zip).ok()?;
    let (name, entry) = entries.pop()?;
    (entries.is_empty() && name == BOOTSTRAP).then_some(entry.contents)
}

#[cfg(test)]
mod tests {
    use super::{Files, packed};
    use crate::package::limits::UNZIPPED_BYTES_MAX;

    #[test]
    fn what_lengths_tell_is_refused_before_anything_is_compressed() {
        let most = vec![0; usize::try_from(UNZIPPED_BYTES_MAX).unwrap()];
        for (beside, binary, what) in [
            (
                Files::from([("a".to_owned(), most.clone())]),
                &b"x"[..],
                "the unpacked zip has 262144001 bytes",
            ),
            (
                Files::from([("a".to_owned(), most), ("b".to_owned(), vec![0])]),
                b"",
                "even without its binary, has 262144001",
            ),
        ] {
            let fault = packed(&beside, binary, &mut |step| panic!("{step:?}")).unwrap_err().to_string();
            assert!(fault.contains(what), "{fault}");
        }
    }

    #[test]
    fn a_large_file_is_told_of_while_it_is_compressed() {
        let beside = Files::from([("a".to_owned(), vec![0; 8_000_000]), ("b".to_owned(), vec![0])]);
        let mut told = Vec::new();
        let packed = packed(&beside, b"", &mut |step| told.push(format!("{step:?}"))).unwrap();
        assert_eq!((packed.len(), told), (2, vec!["Packing { name: \"a\", bytes: 8000000 }".to_owned()]));
    }
}
