//! A zip whose bytes depend on its entries alone: no time, no user, no order of a folder's listing.

use std::io::{self, Write as _};

use libdeflater::{CompressionLvl, Compressor, Crc};
use rawzip::time::UtcDateTime;
use rawzip::{CompressionMethod, DataDescriptorOutput, ZipArchiveWriter};

use super::error::PackageError;

/// How the entries are compressed, for the cache's key: what else the zip's bytes follow from besides the entries. libdeflate's
/// highest level looks for the shortest coding of all, which makes the handler's zip 3 % smaller than zlib's does.
pub(super) const DEFLATE: &str = "libdeflate 1.26.1, level 12";
/// What writes the format around them, for the cache's key too.
pub(super) const FORMAT: &str = "rawzip 0.5.2";

/// The date of every entry, in seconds of Unix: 1980-01-01, the first that a zip can say.
pub(super) const DATE: i64 = 315_532_800;
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

/// A file of the zip, compressed.
#[derive(Debug)]
pub(super) struct Packed<'a> {
    entry: Entry<'a>,
    checksum: u32,
    deflated: Vec<u8>,
}

impl<'a> Packed<'a> {
    /// Compresses a file.
    pub(super) fn new(entry: Entry<'a>) -> Result<Self, PackageError> {
        let mut checksum = Crc::new();
        checksum.update(entry.contents);
        Ok(Self { entry, checksum: checksum.sum(), deflated: deflated(entry.contents)? })
    }

    /// Bytes that it takes in the zip, less its names and numbers.
    pub(super) fn zipped_bytes(&self) -> u64 {
        self.deflated.len() as u64
    }

    /// Bytes of its contents.
    pub(super) fn unzipped_bytes(&self) -> u64 {
        self.entry.contents.len() as u64
    }
}

/// Zips the files in the order given. Sizes stand behind the contents (fact L6).
pub(super) fn zip<'a>(files: impl IntoIterator<Item = &'a Packed<'a>>) -> Result<Vec<u8>, PackageError> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for Packed { entry, checksum, deflated } in files {
        let file = archive.new_file(entry.name).compression_method(CompressionMethod::DEFLATE);
        let file = file.last_modified(UtcDateTime::from_unix(DATE));
        let (mut written, _) = file.unix_permissions(REGULAR | entry.mode).start()?;
        written.write_all(deflated).map_err(rawzip::Error::from)?;
        written.finish(DataDescriptorOutput::new(*checksum, entry.contents.len() as u64))?;
    }
    Ok(archive.finish()?)
}

/// The contents, compressed as [`DEFLATE`] says.
fn deflated(contents: &[u8]) -> Result<Vec<u8>, rawzip::Error> {
    let mut compressor = Compressor::new(CompressionLvl::best());
    let mut packed = vec![0; compressor.deflate_compress_bound(contents.len())];
    let length = compressor.deflate_compress(contents, &mut packed).map_err(io::Error::other)?;
    packed.truncate(length);
    Ok(packed)
}

#[cfg(test)]
mod tests {
    use super::{DEFLATE, Entry, FORMAT, Packed, zip};
    use crate::digest;
    use crate::package::unzip::entries;

    const NAME: &str = "bootstrap";

    fn sample() -> Vec<u8> {
        let contents: Vec<u8> =
            (0..100_000_u32).map(|each| (each * (each / 3) / 128).to_le_bytes()[0]).collect();
        zip(&[Packed::new(Entry { name: NAME, mode: 0o755, contents: &contents }).unwrap()]).unwrap()
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
    fn the_caches_key_names_the_versions_that_are_pinned() {
        let manifest = include_str!("../../../Cargo.toml");
        let pinned = |name: &str| {
            let start = format!("{name} = \"=");
            let version = manifest.lines().find_map(|line| line.strip_prefix(&start)?.strip_suffix('"'));
            version.expect("an exact version")
        };
        assert_eq!(DEFLATE, format!("libdeflate {}, level 12", pinned("libdeflater")));
        assert_eq!(FORMAT, format!("rawzip {}", pinned("rawzip")));
    }

    #[test]
    fn the_bytes_are_the_golden_ones() {
        // A change here changes every handler zip: it has to be on purpose (a new `libdeflater` or `rawzip`), and
        // `DEFLATE` or `FORMAT` says it, too.
        assert_eq!(
            digest::hex(&sample()),
            "548086499fd81814a6822f27a9c71816693491eb49621608a4372d5c4252bafa"
        );
    }

    #[test]
    fn every_entry_has_a_fixed_time_in_both_headers_and_no_machines_own() {
        let bytes = sample();
        assert_eq!(number(&bytes, 0, 4), 0x0403_4b50, "local header");
        assert_eq!(number(&bytes, 6, 2), 8, "flags: the sizes follow the contents");
        assert_eq!(number(&bytes, 8, 2), 8, "deflated");
        assert_eq!((number(&bytes, 10, 2), number(&bytes, 12, 2)), (0, 1 << 5 | 1), "1980-01-01 00:00");
        assert_eq!(number(&bytes, 28, 2), 0, "extra field");
        assert_eq!(&bytes[30..30 + NAME.len()], NAME.as_bytes());
        let extra = central(&bytes) + 46 + NAME.len();
        assert_eq!((number(&bytes, extra, 2), number(&bytes, extra + 2, 2)), (0x5455, 5), "the time in UTC");
        assert_eq!((bytes[extra + 4], number(&bytes, extra + 5, 4)), (1, 315_532_800), "1980-01-01 00:00");
    }

    #[test]
    fn the_central_record_is_made_by_unix_and_executable() {
        let bytes = sample();
        let at = central(&bytes);
        assert_eq!(number(&bytes, at, 4), 0x0201_4b50, "central record");
        assert_eq!(bytes[at + 5], 3, "made by Unix");
        assert_eq!(number(&bytes, at + 30, 2), 9, "extra field: the time");
        assert_eq!(number(&bytes, at + 32, 2), 0, "comment");
        assert_eq!(number(&bytes, at + 38, 4) >> 16, 0o100_755, "mode");
    }

    #[test]
    fn entries_keep_their_order() {
        let entry = |name| Packed::new(Entry { name, mode: 0o644, contents: b"x" }).unwrap();
        let bytes = zip(&[entry("b"), entry("a")]).unwrap();
        let names: Vec<_> = entries(&bytes).unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["b", "a"]);
    }
}
