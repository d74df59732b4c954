//! SHA-256 in the two spellings that are emitted.

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

/// SHA-256 of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// SHA-256 as 64 lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    spell_hex(&sha256(bytes))
}

/// A digest in base64, as Lambda's `CodeSha256`.
pub(crate) fn spell_base64(digest: &[u8; 32]) -> String {
    base64::engine::general_purpose::STANDARD.encode(digest)
}

/// SHA-256 in hex over a list of byte strings, each with its length before it, so that no two lists run together.
#[cfg(feature = "package")]
pub(crate) fn hex_of_all<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    spell_hex(&hasher.finalize().into())
}

/// A digest as 64 lower-case hex digits.
pub(crate) fn spell_hex(digest: &[u8; 32]) -> String {
    let digit = |value: u8| char::from(HEX_DIGITS[usize::from(value)]);
    digest.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The digest that is written as 64 lower-case hex digits.
pub(crate) fn read_hex(text: &str) -> Option<[u8; 32]> {
    let value = |digit: &u8| HEX_DIGITS.iter().position(|each| each == digit);
    let values: Option<Vec<usize>> = text.as_bytes().iter().map(value).collect();
    let bytes: Result<Vec<u8>, _> = values?
        .chunks(2)
        .map(|pair| u8::try_from(pair.iter().fold(0, |sum, value| 16 * sum + value)))
        .collect();
    bytes.ok()?.try_into().ok().filter(|_| text.len() == 64)
}

const HEX_DIGITS: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    #[cfg(feature = "package")]
    use super::hex_of_all;
    use super::{hex, sha256, spell_base64};

    #[test]
    fn both_spellings_are_those_of_the_published_test_vector() {
        assert_eq!(hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(spell_base64(&sha256(b"abc")), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    }

    #[cfg(feature = "package")]
    #[test]
    fn moving_a_byte_from_one_part_to_the_next_changes_the_digest() {
        assert_ne!(hex_of_all([&b"ab"[..], b"c"]), hex_of_all([&b"a"[..], b"bc"]));
    }
}
