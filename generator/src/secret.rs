//! What looks like a secret, by its name or by itself: such things do not belong into a file that others read.

use std::sync::LazyLock;

use regex::bytes::{Regex, RegexSet, RegexSetBuilder};

/// Words of a name that say that its value is a secret.
const WORDS: &[&str] = &["passwd", "password", "passphrase", "pwd", "secret", "secrets", "token", "tokens"];
/// Pairs of words that do.
const PAIRS: &[[&str; 2]] =
    &[["access", "key"], ["api", "key"], ["auth", "key"], ["integration", "key"], ["private", "key"]];
/// Files that hold secrets, and the endings of such.
const FILES: &[&str] =
    &[".env", ".netrc", ".npmrc", ".pgpass", "credentials", "id_dsa", "id_ecdsa", "id_ed25519", "id_rsa"];
const ENDINGS: &[&str] = &[".env", ".jks", ".kdbx", ".key", ".keystore", ".p12", ".pfx", ".tfstate"];

/// What secrets look like, and what each is.
const SHAPES: &[(&str, &str)] = &[
    (r"-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY", "a private key"),
    (r"\b(AKIA|ASIA)[A-Z2-7]{16}\b", "an AWS access key"),
    (r"\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{22}", "a GitHub token"),
    (r"\bglpat-[A-Za-z0-9_-]{20}", "a GitLab token"),
    (r"\bxox[abeprs]-[A-Za-z0-9-]{10}|\bxapp-[0-9]-[A-Z0-9]{8}", "a Slack token"),
    (r"https://hooks\.slack\.com/(services|workflows|triggers)/", "a Slack webhook"),
    (
        r"(?i)https?://events(\.eu)?\.pagerduty\.com/(integration|x-ere)/[0-9a-z]{20}",
        "a PagerDuty integration key",
    ),
    (r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.", "a signed token (JWT)"),
    (r"\b[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s@]+@", "a URL with a password"),
];

/// Whether a name, in any spelling of its words, says that its value is a secret.
pub(crate) fn is_named(name: &str) -> bool {
    let words: Vec<String> = words(name);
    words.iter().any(|word| WORDS.contains(&word.as_str()))
        || words
            .windows(2)
            .any(|pair| PAIRS.iter().any(|[first, last]| pair[0] == *first && pair[1] == *last))
}

/// Whether a file's name, the last part of its path, says that it holds secrets.
pub(crate) fn is_file_named(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    FILES.contains(&name.as_str()) || ENDINGS.iter().any(|ending| name.ends_with(ending)) || is_named(&name)
}

/// What is in a text or a file that looks like a secret, if anything does.
pub(crate) fn found(contents: &[u8]) -> Option<&'static str> {
    static SET: LazyLock<RegexSet> = LazyLock::new(|| {
        let mut shapes = RegexSetBuilder::new(SHAPES.iter().map(|(shape, _)| shape));
        // Without Unicode's `\b`, for which each byte above ASCII sends the search on its slowest way: minutes for a file of 60 MB.
        shapes.unicode(false).build().expect("the shapes are tested")
    });
    SET.matches(contents).iter().next().map(|index| SHAPES[index].1)
}

/// Whether a text alone looks like the secret part of an AWS access key: 40 characters of base64 of every kind.
pub(crate) fn is_random(text: &str) -> bool {
    static SHAPE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new("^[A-Za-z0-9/+]{40}$").expect("the shape is tested"));
    let any = |of: fn(&char) -> bool| text.chars().any(|each| of(&each));
    let mixed = any(char::is_ascii_uppercase) && any(char::is_ascii_lowercase) && any(char::is_ascii_digit);
    mixed && SHAPE.is_match(text.as_bytes())
}

/// The words of a name: parted by signs, and before capitals that follow small letters.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for each in name.chars() {
        if !each.is_ascii_alphanumeric() || (each.is_ascii_uppercase() && before.is_ascii_lowercase()) {
            words.push(String::new());
        }
        if each.is_ascii_alphanumeric() {
            words.last_mut().expect("there is one").push(each.to_ascii_lowercase());
        }
        before = each;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{found, is_file_named, is_named, is_random};

    #[test]
    fn names_of_secrets_are_known_in_every_spelling() {
        for name in
            ["SLACK_TOKEN", "dbPassword", "api-key", "PAGERDUTY_INTEGRATION_KEY", "AWS_SECRET_ACCESS_KEY"]
        {
            assert!(is_named(name), "{name}");
        }
        for name in ["AWS_CA_BUNDLE", "tokenizer", "KEY", "SLACK_CHANNEL", "monkey", "STRATEGIES"] {
            assert!(!is_named(name), "{name}");
        }
    }

    #[test]
    fn files_of_secrets_are_known_by_name() {
        for path in [".env", "certs/server.key", "keys/id_rsa", "prod.env", "a/credentials", "my-secret.txt"]
        {
            assert!(is_file_named(path), "{path}");
        }
        for path in ["ca.pem", "certs/ca.crt", "keys.txt", "environment.json"] {
            assert!(!is_file_named(path), "{path}");
        }
    }

    #[test]
    fn secrets_are_known_by_their_shape() {
        // Put together here, so that no scanner takes this file for a leak.
        let shapes = [
            (format!("x\n-----BEGIN {} KEY-----\n", "RSA PRIVATE"), "a private key"),
            (format!("id = {}{}", "AKIA", "ABCDEFGHIJKLMNOP"), "an AWS access key"),
            (format!("gh{}{}", "p_", "a".repeat(36)), "a GitHub token"),
            (format!("xox{}-{}", "b", "1234567890-abc"), "a Slack token"),
            (format!("https://hooks.{}/services/T0/B0/x", "slack.com"), "a Slack webhook"),
            (format!("postgres://{}@db/x", "user:pass"), "a URL with a password"),
        ];
        for (text, what) in shapes {
            assert_eq!(found(text.as_bytes()), Some(what), "{text}");
        }
        for text in ["-----BEGIN CERTIFICATE-----", "https://vpce-1.sns.eu-west-2.vpce.amazonaws.com", "AKIA"]
        {
            assert_eq!(found(text.as_bytes()), None, "{text}");
        }
        assert!(is_random(&format!("{}{}", "wJalrXUtnFEMI/K7MDENG/", "bPxRfiCYEXAMPLEKEY")));
        assert!(!is_random("2c26b46b68ffc68ff99b453c1d30413413422d70"), "a commit");
    }
}
