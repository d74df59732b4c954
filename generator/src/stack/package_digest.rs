//! The handler zip, as far as a stack has to know it.

use crate::digest;

/// The SHA-256 of a handler zip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageDigest([u8; 32]);

impl PackageDigest {
    /// The digest of a zip's bytes.
    pub fn of(zip: &[u8]) -> Self {
        Self(digest::sha256(zip))
    }

    /// A digest that was written as 64 lower-case hex digits; nothing for other text.
    pub fn from_hex(text: &str) -> Option<Self> {
        digest::read_hex(text).map(Self)
    }

    /// As 64 lower-case hex digits.
    pub fn hex(&self) -> String {
        digest::spell_hex(&self.0)
    }

    /// In base64, as Lambda's `CodeSha256` and Terraform's `source_code_hash`.
    pub fn base64(&self) -> String {
        digest::spell_base64(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_comes_back_from_its_hex() {
        let digest = PackageDigest::of(b"zip");
        assert_eq!(PackageDigest::from_hex(&digest.hex()), Some(digest));
        for text in ["", "00", &"g".repeat(64), &"A".repeat(64), &"é".repeat(32)] {
            assert_eq!(PackageDigest::from_hex(text), None, "{text}");
        }
    }
}
