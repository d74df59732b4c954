//! A zip whose bytes depend on its entries alone: no time, no user, no order of a folder's listing.

use libdeflater::{CompressionLvl, Compressor, Crc};
use zip::result::ZipError;

use super::error::PackageError;

/// How the entries are compressed, for the cache's key: what else the zip's bytes follow from besides the entries. libdeflate's
/// highest level looks for the shortest coding of all, which makes the handler's zip 3 % smaller than zlib's does.
pub(super) const DEFLATE: &str = "libdeflate 1.26.1, level 12";

/// Two bytes of date: 1980-01-01, the first that a zip can say.
const DATE: u16 = 1 << 5 | 1;
/// The least version of the format that an unpacker has to know: 2.0 has deflate and folders.
const VERSION: u16 = 20;
/// The system that made the zip, by which permission bits have a meaning: Unix.
const UNIX: u16 = 3;
/// A regular file's bit among those of its mode.
const REGULAR: u32 = 0o100_000;

/// A file in the zip.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    /// Its path, `/`-separated.
    pub(super) name: &'a str,
    /// Unix permission bits.
    pub(super) mode: u32,
    /// Its contents.
    pub(super) contents: &'a [u8],
}

/// Zips the entries in the order given. The format is written here, because the crate that reads it compresses with nothing better
/// than zlib.
pub(super) fn zip(entries: &[Entry<'_>]) -> Result<Vec<u8>, PackageError> {
    let mut zip = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let at = four(zip.len())?;
        let packed = deflated(entry.contents)?;
        let described = described(entry, packed.len())?;
        zip.extend(b"PK\x03\x04");
        zip.extend(&described);
        zip.extend(entry.name.as_bytes());
        zip.extend(packed);

        directory.extend(b"PK\x01\x02");
        directory.extend((UNIX << 8 | VERSION).to_le_bytes());
        directory.extend(&described);
        directory.extend([0; 6]); // no comment, the first disk, nothing is said of the contents
        directory.extend(((REGULAR | entry.mode) << 16).to_le_bytes());
        directory.extend(at);
        directory.extend(entry.name.as_bytes());
    }
    let (at, length, count) = (four(zip.len())?, four(directory.len())?, two(entries.len())?);
    zip.extend(directory);
    zip.extend(b"PK\x05\x06\0\0\0\0");
    zip.extend([count, count].concat());
    zip.extend([length, at].concat());
    zip.extend([0; 2]); // no comment
    Ok(zip)
}

/// What the entry's own header and the directory say of it alike.
fn described(entry: &Entry<'_>, packed: usize) -> Result<Vec<u8>, PackageError> {
    let mut crc = Crc::new();
    crc.update(entry.contents);
    let mut described = Vec::new();
    for number in [VERSION, 0, 8, 0, DATE] {
        described.extend(number.to_le_bytes()); // no flags, deflated, at midnight
    }
    described.extend(crc.sum().to_le_bytes());
    described.extend(four(packed)?);
    described.extend(four(entry.contents.len())?);
    described.extend(two(entry.name.len())?);
    described.extend([0; 2]); // no extra field
    Ok(described)
}

/// The contents, compressed as [`DEFLATE`] says.
fn deflated(contents: &[u8]) -> Result<Vec<u8>, PackageError> {
    let mut compressor = Compressor::new(CompressionLvl::best());
    let mut packed = vec![0; compressor.deflate_compress_bound(contents.len())];
    let length = compressor
        .deflate_compress(contents, &mut packed)
        .map_err(|_| ZipError::UnsupportedArchive("the compressed entry is longer than it can become"))?;
    packed.truncate(length);
    Ok(packed)
}

/// A length or a place in four bytes, the lowest first.
fn four(number: usize) -> Result<[u8; 4], PackageError> {
    let number =
        u32::try_from(number).map_err(|_| ZipError::UnsupportedArchive("it would have more than 4 GiB"))?;
    Ok(number.to_le_bytes())
}

/// A count, or the length of a name, in two bytes, the lowest first.
fn two(number: usize) -> Result<[u8; 2], PackageError> {
    let number = u16::try_from(number).map_err(|_| {
        ZipError::UnsupportedArchive("it would have more than 65,535 files, or a path of more characters")
    })?;
    Ok(number.to_le_bytes())
}

#[cfg(test)]
mod tests {
    use super::{DEFLATE, Entry, zip};
    use crate::digest;

    const NAME: &str = "bootstrap";

    fn sample() -> Vec<u8> {
        let contents: Vec<u8> =
            (0..100_000_u32).map(|each| (each * (each / 3) / 128).to_le_bytes()[0]).collect();
        zip(&[Entry { name: NAME, mode: 0o755, contents: &contents }]).unwrap()
    }

    fn number(bytes: &[u8], at: usize, width: usize) -> u64 {
        bytes[at..at + width].iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    }

    /// Where the central directory's one record starts, read from the end record.
    fn central(bytes: &[u8]) -> usize {
        let end = bytes.len() - 22; // no comment follows
        assert_eq!(number(bytes, end, 4), 0x0605_4b50, "end record");
        assert_eq!(number(bytes, end + 10, 2), 1, "entries");
        usize::try_from(number(bytes, end + 16, 4)).unwrap()
    }

    #[test]
    fn the_caches_key_names_the_compressor_that_is_pinned() {
        let manifest = include_str!("../../../Cargo.toml");
        let pinned =
            manifest.lines().find_map(|line| line.strip_prefix("libdeflater = \"=")?.strip_suffix('"'));
        assert_eq!(DEFLATE, format!("libdeflate {}, level 12", pinned.expect("an exact version")));
    }

    #[test]
    fn the_bytes_are_the_golden_ones() {
        // A change here changes every handler zip: it has to be on purpose (a new `libdeflater`), and
        // `DEFLATE` says it, too.
        assert_eq!(
            digest::hex(&sample()),
            "1d6d255b1589a2d53bd21257ca69ce36bcf44dad1514e714b33cd474cb5ab41c"
        );
    }

    #[test]
    fn the_local_header_has_a_fixed_time_no_extra_field_and_no_data_descriptor() {
        let bytes = sample();
        assert_eq!(number(&bytes, 0, 4), 0x0403_4b50, "local header");
        assert_eq!(number(&bytes, 6, 2), 0, "flags: bit 3 would be a data descriptor");
        assert_eq!(number(&bytes, 8, 2), 8, "deflated");
        assert_eq!((number(&bytes, 10, 2), number(&bytes, 12, 2)), (0, 1 << 5 | 1), "1980-01-01 00:00");
        assert_eq!(number(&bytes, 28, 2), 0, "extra field");
        assert_eq!(&bytes[30..30 + NAME.len()], NAME.as_bytes());
    }

    #[test]
    fn the_central_record_is_made_by_unix_and_executable() {
        let bytes = sample();
        let at = central(&bytes);
        assert_eq!(number(&bytes, at, 4), 0x0201_4b50, "central record");
        assert_eq!(bytes[at + 5], 3, "made by Unix");
        assert_eq!(number(&bytes, at + 30, 2), 0, "extra field");
        assert_eq!(number(&bytes, at + 32, 2), 0, "comment");
        assert_eq!(number(&bytes, at + 38, 4) >> 16, 0o100_755, "mode");
    }

    #[test]
    fn entries_keep_their_order() {
        let entry = |name| Entry { name, mode: 0o644, contents: b"x" };
        let bytes = zip(&[entry("b"), entry("a")]).unwrap();
        let archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let names: Vec<_> = archive.file_names().map(Result::unwrap).collect();
        assert_eq!(names, ["b", "a"]);
    }
}
