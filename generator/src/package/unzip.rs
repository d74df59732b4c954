//! A zip that is there, taken apart: to verify it, or to deploy it as it is.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use flate2::bufread::DeflateDecoder;
use rawzip::extra_fields::ExtraFieldId;
use rawzip::time::{DosDateTime, UtcDateTime};
use rawzip::{CompressionMethod, CreatorSystem, ZipArchive, ZipFileHeaderRecord, ZipSliceArchive};

use super::contents::{Contents, SETTINGS};
use super::error::PackageError;
use super::inputs::Difference;
use super::limits::{self, Part, UNZIPPED_BYTES_MAX};
use super::zip::DATE;
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
    let unreadable = |error: rawzip::Error| PackageError::NotAPackage { reason: error.to_string() };
    let archive = ZipArchive::from_slice(zip).map_err(unreadable)?;
    let mut entries = Vec::new();
    let mut unzipped_bytes = 0;
    for entry in archive.entries() {
        let entry = entry.map_err(unreadable)?;
        let path = entry.file_path();
        let name = String::from_utf8_lossy(path.as_bytes()).into_owned();
        if !path.try_normalize().is_ok_and(|plain| plain.as_str() == name && !name.is_empty()) {
            return Err(PackageError::NotAPackage { reason: format!("its entry `{name}` leads out of it") });
        }
        let room = UNZIPPED_BYTES_MAX - unzipped_bytes;
        let contents = unpacked(&archive, &entry, room)
            .map_err(|error| PackageError::NotAPackage { reason: format!("its entry `{name}`: {error}") })?;
        unzipped_bytes += contents.len() as u64;
        limits::check(Part::All, zip.len() as u64, unzipped_bytes)?;
        let is_by_unix = entry.version_made_by().creator_system() == CreatorSystem::UNIX;
        let mode = is_by_unix.then(|| entry.mode().value());
        entries.push((name, Found { mode, contents, oddities: oddities(&entry) }));
    }
    Ok(entries)
}

/// What an entry holds, as far as there is room for it and a byte more.
fn unpacked(
    archive: &ZipSliceArchive<&[u8]>,
    entry: &ZipFileHeaderRecord<'_>,
    room: u64,
) -> io::Result<Vec<u8>> {
    let local = archive.get_entry(entry.wayfinder()).map_err(io::Error::other)?;
    let packed: Box<dyn Read> = match entry.compression_method() {
        CompressionMethod::DEFLATE => Box::new(DeflateDecoder::new(local.data())),
        CompressionMethod::STORE => Box::new(local.data()),
        other => {
            return Err(io::Error::other(format!("it is packed by {other}, which Lambda does not unpack")));
        }
    };
    let mut contents = Vec::new();
    local.verifying_reader(packed).take(room + 1).read_to_end(&mut contents)?;
    Ok(contents)
}

fn oddities(entry: &ZipFileHeaderRecord<'_>) -> Vec<&'static str> {
    let is_dated = entry.last_modified_dos() == DosDateTime::from(&UtcDateTime::from_unix(DATE));
    let has_more = entry.extra_fields().any(|(id, _)| id != ExtraFieldId::EXTENDED_TIMESTAMP);
    let oddities = [
        (!is_dated, "its date is not 1980-01-01"),
        (entry.compression_method() != CompressionMethod::DEFLATE, "it is not deflated"),
        (has_more, "it has extra fields"),
    ];
    oddities.into_iter().filter_map(|(odd, what)| odd.then_some(what)).collect()
}

/// Writes every entry of a zip into a folder that is there, with its permissions, as Lambda does before it starts the function.
pub fn unpack(zip: &[u8], folder: &Path) -> Result<(), PackageError> {
    for (name, found) in entries(zip)? {
        let path = folder.join(name);
        let write = || {
            fs::create_dir_all(path.parent().unwrap_or(folder))?;
            fs::write(&path, &found.contents)?;
            fs::set_permissions(&path, Permissions::from_mode(found.mode.unwrap_or(0o644) & 0o777))
        };
        write().map_err(PackageError::file("write", &path))?;
    }
    Ok(())
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
    use super::super::zip::{Entry, Packed, zip};
    use super::{Contents, changed_settings, verify};

    fn package(entries: &[(&str, u32, &[u8])]) -> Vec<u8> {
        let packed = entries.iter().map(|(name, mode, contents)| Entry { name, mode: *mode, contents });
        let packed: Vec<_> = packed.map(|entry| Packed::new(entry).unwrap()).collect();
        zip(&packed).unwrap()
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

    /// A zip of one entry, which says of itself what `change` makes of its bytes.
    fn changed(name: &str, change: impl Fn(&mut [u8])) -> String {
        let mut zip = package(&[(name, 0o644, b"some text, some text, some text")]);
        change(&mut zip);
        let read = super::entries(&zip);
        read.map_or_else(|fault| fault.to_string(), |found| format!("{:?}", found[0].1.oddities))
    }

    /// Where a signature stands in a zip.
    fn place(zip: &[u8], signature: [u8; 4]) -> usize {
        zip.windows(4).position(|window| window == signature).unwrap()
    }

    #[test]
    fn an_entry_that_is_damaged_or_leads_out_is_refused() {
        assert_eq!(changed("a/b", |_| {}), "[]");
        for out in ["../a", "/a", "./a", "a/../b"] {
            let fault = changed("a/b/c1", |zip| {
                let name = [out.as_bytes(), &b"xxxxxx"[out.len()..]].concat();
                while let Some(at) = zip.windows(6).position(|window| window == b"a/b/c1") {
                    zip[at..at + 6].copy_from_slice(&name);
                }
            });
            assert!(fault.contains("leads out of it"), "{out}: {fault}");
        }
        let fault = changed("a", |zip| zip[33] ^= 0x55);
        assert!(fault.contains("its entry `a`: "), "{fault}");
        let fault = changed("a", |zip| {
            let at = place(zip, *b"PK\x01\x02") + 16;
            zip[at] ^= 0x55; // its checksum
        });
        assert!(fault.contains("its entry `a`: Invalid checksum"), "{fault}");
        let fault = changed("a", |zip| {
            let at = place(zip, *b"PK\x01\x02") + 10;
            zip[at] = 12;
        });
        assert!(fault.contains("which Lambda does not unpack"), "{fault}");
        let odd = changed("a", |zip| {
            let at = place(zip, *b"PK\x01\x02") + 12;
            zip[at] = 1;
        });
        assert_eq!(odd, "[\"its date is not 1980-01-01\"]");
    }

    #[test]
    fn a_package_is_unpacked_with_its_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let zip = package(&[("bootstrap", 0o755, b"x"), ("certs/ca.pem", 0o644, b"y")]);
        super::unpack(&zip, folder.path()).unwrap();
        let of = |name: &str| {
            let path = folder.path().join(name);
            let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
            (std::fs::read(&path).unwrap(), mode & 0o777)
        };
        assert_eq!(of("bootstrap"), (b"x".to_vec(), 0o755));
        assert_eq!(of("certs/ca.pem"), (b"y".to_vec(), 0o644));
    }
}
