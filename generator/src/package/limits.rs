//! What Lambda takes.

use super::error::PackageError;

/// Largest zip that is uploaded to Lambda itself, in bytes: what Terraform's `filename` does.
const ZIPPED_BYTES_MAX: u64 = 52_428_800;
/// Most bytes that Lambda unpacks.
pub(super) const UNZIPPED_BYTES_MAX: u64 = 262_144_000;

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The package.
    All,
    /// What lies beside the binary: no binary makes that less.
    Beside,
}

/// Checks a zip's size, and that of what is in it.
pub(super) fn check(part: Part, zipped_bytes: u64, unzipped_bytes: u64) -> Result<(), PackageError> {
    let [zipped, unzipped] = match part {
        Part::All => ["the zip", "the unpacked zip"],
        Part::Beside => ["the zip, even without its binary,", "the unpacked zip, even without its binary,"],
    };
    for (what, bytes, bytes_max) in
        [(zipped, zipped_bytes, ZIPPED_BYTES_MAX), (unzipped, unzipped_bytes, UNZIPPED_BYTES_MAX)]
    {
        if bytes > bytes_max {
            return Err(PackageError::TooLarge { what, bytes, bytes_max });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Part, UNZIPPED_BYTES_MAX, ZIPPED_BYTES_MAX, check};

    #[test]
    fn either_limit_is_kept_to_the_byte() {
        assert!(check(Part::All, ZIPPED_BYTES_MAX, UNZIPPED_BYTES_MAX).is_ok());
        let zipped = check(Part::All, ZIPPED_BYTES_MAX + 1, 1).unwrap_err().to_string();
        assert!(zipped.starts_with("the zip has 52428801 bytes, and Lambda takes 52428800"), "{zipped}");
        let unzipped = check(Part::Beside, 1, UNZIPPED_BYTES_MAX + 1).unwrap_err().to_string();
        assert!(
            unzipped.starts_with("the unpacked zip, even without its binary, has 262144001 bytes"),
            "{unzipped}"
        );
    }
}
