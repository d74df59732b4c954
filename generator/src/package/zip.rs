//! A zip whose bytes depend on its entries alone: no time, no user, no order of a folder's listing.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use super::error::PackageError;

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

/// Zips the entries in the order given.
pub(super) fn zip(entries: &[Entry<'_>]) -> Result<Vec<u8>, PackageError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(DateTime::DEFAULT) // 1980-01-01; said outright, or a feature of the crate makes it now
        .system(System::Unix);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for entry in entries {
        writer.start_file(entry.name, options.unix_permissions(entry.mode))?;
        writer.write_all(entry.contents).map_err(zip::result::ZipError::from)?;
    }
    Ok(writer.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::{Entry, zip};
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
    fn the_bytes_are_the_golden_ones() {
        // A change here changes every handler zip: it has to be on purpose (a new `zip` or `flate2`).
        assert_eq!(
            digest::hex(&sample()),
            "7be9827619382fe710360a8626b92c66a890c997db015d937b6ddd49359a1687"
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
