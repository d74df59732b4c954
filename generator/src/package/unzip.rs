//! A zip that is there, taken apart: to verify it, or to deploy it as it is.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use zip::{CompressionMethod, DateTime, ZipArchive};

use super::contents::{Contents, SETTINGS};
use super::error::PackageError;
use super::inputs::Difference;
use super::limits::{self, UNZIPPED_BYTES_MAX};
use crate::digest;

/// An entry as it is in a zip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Unix mode with the file's type; `None` where another system made the zip.
    pub(super) mode: Option<u32>,
    /// Its contents.
    pub(super) contents: Vec<u8>,
    /// What of its header is not as the packager writes it.
    pub(super) oddities: Vec<&'static str>,
}

/// Every entry by name, none larger than Lambda unpacks; a name that leads out of the package is refused.
pub(super) fn entries(zip: &[u8]) -> Result<Vec<(String, Found)>, PackageError> {
    let unreadable = |error: zip::result::ZipError| PackageError::NotAPackage { reason: error.to_string() };
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(unreadable)?;
    let mut entries = Vec::new();
    let mut unzipped_bytes = 0;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(unreadable)?;
        let name = entry.name().map_err(unreadable)?.into_owned();
        if entry.enclosed_name().is_none() {
            return Err(PackageError::NotAPackage { reason: format!("its entry `{name}` leads out of it") });
        }
        let mut contents = Vec::new();
        let room = UNZIPPED_BYTES_MAX - unzipped_bytes;
        let read = entry.by_ref().take(room + 1).read_to_end(&mut contents);
        read.map_err(|error| PackageError::NotAPackage { reason: format!("its entry `{name}`: {error}") })?;
        unzipped_bytes += contents.len() as u64;
        limits::check(zip.len() as u64, unzipped_bytes)?;
        let oddities = [
            (entry.last_modified() != Some(DateTime::DEFAULT), "its date is not 1980-01-01"),
            (entry.compression() != CompressionMethod::Deflated, "it is not deflated"),
            (entry.extra_data().is_some_and(|extra| !extra.is_empty()), "it has extra fields"),
        ];
        let oddities = oddities.into_iter().filter_map(|(odd, what)| odd.then_some(what)).collect();
        entries.push((name, Found { mode: entry.unix_mode(), contents, oddities }));
    }
    Ok(entries)
}

/// The settings that are not in a zip as they are in what is to be packaged, by name, with both values. None where the zip cannot be
/// read.
pub fn changed_settings(zip: &[u8], contents: &Contents) -> Vec<Difference> {
    let read = |bytes: &[u8]| serde_json::from_slice::<BTreeMap<String, String>>(bytes).unwrap_or_default();
    let Ok(found) = entries(zip) else { return Vec::new() };
    let before = found.iter().find(|(name, _)| name == SETTINGS);
    let mut before = before.map(|(_, entry)| read(&entry.contents)).unwrap_or_default();
    let now = contents.beside.get(SETTINGS).map(|bytes| read(bytes)).unwrap_or_default();
    let mut all: Vec<Difference> = now
        .into_iter()
        .map(|(name, value)| Difference { before: before.remove(&name), now: Some(value), name })
        .collect();
    all.extend(before.into_iter().map(|(name, value)| Difference { name, before: Some(value), now: None }));
    all.retain(|setting| setting.before != setting.now);
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

/// How one entry of a zip compares with what it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryVerification {
    /// The entry's path.
    pub name: String,
    /// What is wrong with it; empty where it is as it is to be.
    pub faults: Vec<String>,
}

/// A zip held against the package that the sources give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Entry by entry: those of the package, then what is in the zip beside them.
    pub entries: Vec<EntryVerification>,
    /// Whether the zip is the package, byte for byte.
    pub is_identical: bool,
}

/// Compares a zip with the package that it is to be.
pub fn verify(zip: &[u8], package: &[u8]) -> Result<Verification, PackageError> {
    let (found, wanted) = (entries(zip)?, entries(package)?);
    let mut seen: BTreeMap<&str, Vec<&Found>> = BTreeMap::new();
    for (name, entry) in &found {
        seen.entry(name).or_default().push(entry);
    }
    let mut verdicts = Vec::new();
    for (name, wanted) in &wanted {
        let faults = match seen.remove(name.as_str()).as_deref() {
            None => vec!["it is missing".to_owned()],
            Some([found]) => faults(found, wanted),
            Some(several) => vec![format!("it is there {} times", several.len())],
        };
        verdicts.push(EntryVerification { name: name.clone(), faults });
    }
    let others = seen.into_keys().map(str::to_owned);
    let excess = "nothing here gives such an entry".to_owned();
    verdicts.extend(others.map(|name| EntryVerification { name, faults: vec![excess.clone()] }));
    Ok(Verification { entries: verdicts, is_identical: zip == package })
}

fn faults(found: &Found, wanted: &Found) -> Vec<String> {
    let mut faults: Vec<String> = found.oddities.iter().map(|each| (*each).to_owned()).collect();
    if found.mode != wanted.mode {
        let text = |mode: Option<u32>| mode.map_or("none".to_owned(), |mode| format!("{mode:o}"));
        faults.push(format!("its mode is {}, not {}", text(found.mode), text(wanted.mode)));
    }
    if found.contents != wanted.contents {
        let text = |contents: &[u8]| format!("{} bytes, SHA-256 {}", contents.len(), digest::hex(contents));
        faults.push(format!("it has {}; it is to have {}", text(&found.contents), text(&wanted.contents)));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::zip::{Entry, zip};
    use super::{Contents, changed_settings, verify};

    fn package(entries: &[(&str, u32, &[u8])]) -> Vec<u8> {
        let entries: Vec<_> =
            entries.iter().map(|(name, mode, contents)| Entry { name, mode: *mode, contents }).collect();
        zip(&entries).unwrap()
    }

    #[test]
    fn a_zip_is_told_from_the_package_entry_by_entry() {
        let wanted =
            package(&[("bootstrap", 0o755, b"x"), ("ca.pem", 0o644, b"y"), ("settings.json", 0o644, b"{}")]);
        let same = verify(&wanted, &wanted).unwrap();
        assert!(same.is_identical && same.entries.iter().all(|entry| entry.faults.is_empty()));
        let other = package(&[("bootstrap", 0o644, b"xx"), ("ca.pem", 0o644, b"y"), ("extra", 0o644, b"")]);
        let verdict = verify(&other, &wanted).unwrap();
        assert!(!verdict.is_identical);
        let faults: Vec<_> =
            verdict.entries.iter().map(|entry| (entry.name.as_str(), entry.faults.len())).collect();
        assert_eq!(faults, [("bootstrap", 2), ("ca.pem", 0), ("settings.json", 1), ("extra", 1)]);
        assert_eq!(verdict.entries[0].faults[0], "its mode is 100644, not 100755");
        assert_eq!(verdict.entries[2].faults, ["it is missing"]);
    }

    #[test]
    fn settings_that_have_changed_are_named_with_both_values() {
        let zip = package(&[("settings.json", 0o644, br#"{"A": "1", "B": "2", "C": "3"}"#)]);
        let beside = [("settings.json".to_owned(), br#"{"A": "1", "B": "x", "D": "4"}"#.to_vec())].into();
        let contents = Contents { beside, ..Contents::default() };
        let value = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        let told = |zip: &[u8], contents: &Contents| -> Vec<String> {
            let all = changed_settings(zip, contents).into_iter();
            all.map(|one| format!("{} {} {}", one.name, value(one.before), value(one.now))).collect()
        };
        assert_eq!(told(&zip, &contents), ["B 2 x", "C 3 -", "D - 4"]);
        assert_eq!(told(&zip, &Contents::default()).len(), 3);
        assert_eq!(told(&package(&[("bootstrap", 0o755, b"x")]), &contents).len(), 3);
        assert_eq!(told(b"nonsense", &contents), [""; 0]);
    }

    #[test]
    fn what_is_no_zip_is_refused() {
        let package = package(&[("bootstrap", 0o755, b"x")]);
        let fault = verify(b"nonsense", &package).unwrap_err().to_string();
        assert!(fault.starts_with("this is no package: "), "{fault}");
    }
}
