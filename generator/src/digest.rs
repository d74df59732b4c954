//! SHA-256 in the two spellings that are emitted.

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

/// SHA-256 as 64 lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    spell(&Sha256::digest(bytes))
}

/// SHA-256 in base64, as Lambda's `CodeSha256`.
pub(crate) fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(Sha256::digest(bytes))
}

/// SHA-256 in hex over a list of byte strings, each with its length before it, so that no two lists run together.
pub(crate) fn hex_of_all<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    spell(&hasher.finalize())
}

fn spell(digest: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    digest.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::{base64, hex, hex_of_all};

    #[test]
    fn both_spellings_are_those_of_the_published_test_vector() {
        assert_eq!(hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(base64(b"abc"), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    }

    #[test]
    fn moving_a_byte_from_one_part_to_the_next_changes_the_digest() {
        assert_ne!(hex_of_all([&b"ab"[..], b"c"]), hex_of_all([&b"a"[..], b"bc"]));
    }
}
