//! The words that `DynamoDB` does not take as attribute names in expressions.

/// From `DynamoDB`'s developer guide, in order.
static WORDS: &str = include_str!("reserved.txt");

/// Whether an expression may not name an attribute so, in whatever case.
pub(super) fn is_reserved(word: &str) -> bool {
    WORDS.split_ascii_whitespace().any(|reserved| reserved.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_words_are_known_in_any_case() {
        assert!(["name", "STATUS", "Owner", "ttl"].into_iter().all(is_reserved));
        assert!(!["held_by", "journal", "rerun", "auto_scaling_group_name"].into_iter().any(is_reserved));
    }
}
