//! Ids of invocations.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

/// A random UUID, as Lambda names invocations.
pub(super) fn request_id() -> String {
    let words = [0_u8, 1].map(|salt| RandomState::new().hash_one(salt)); // the keys are the system's random numbers
    let [high, low] = words;
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0xfff,
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::request_id;

    #[test]
    fn ids_have_the_form_of_a_uuid_and_differ() {
        let (one, other) = (request_id(), request_id());
        let lengths: Vec<_> = one.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{one}");
        assert_ne!(one, other);
    }
}
