//! Words as a POSIX shell reads them, for commands that are printed to be pasted.

/// A word, in quotes where it needs them.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "_./:=,@%+-".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_blanks_and_quotes_are_quoted_and_others_stay() {
        assert_eq!(quoted("out/größe.yaml"), "out/größe.yaml");
        assert_eq!(quoted("it's mine.yaml"), r"'it'\''s mine.yaml'");
        assert_eq!((quoted(""), quoted("$HOME")), ("''".to_owned(), "'$HOME'".to_owned()));
    }
}
