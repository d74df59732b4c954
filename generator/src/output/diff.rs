//! Two versions of a file as a unified diff.

use std::str;

use similar::TextDiff;

/// The diff of one file. `None` means that the file is absent on that side.
pub(super) fn unified(path: &str, before: Option<&[u8]>, after: Option<&[u8]>) -> String {
    let name = |side: &str, contents: Option<&[u8]>| match contents {
        Some(_) => format!("{side}/{path}"),
        None => "/dev/null".to_owned(),
    };
    let (from, to) = (name("a", before), name("b", after));
    let text =
        |contents: Option<&'_ [u8]>| str::from_utf8(contents.unwrap_or_default()).ok().map(str::to_owned);
    match (text(before), text(after)) {
        (Some(old), Some(new)) if old == new => format!("--- {from}\n+++ {to}\n"), // an empty file comes or goes
        (Some(old), Some(new)) => {
            TextDiff::from_lines(&old, &new).unified_diff().context_radius(3).header(&from, &to).to_string()
        }
        _ => format!("binary files {from} and {to} differ\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::unified;

    #[test]
    fn a_changed_line_is_shown_with_its_surroundings() {
        let diff = unified("x.tf", Some(b"one\ntwo\nthree\n"), Some(b"one\n2\nthree\n"));
        assert_eq!(diff, "--- a/x.tf\n+++ b/x.tf\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n");
    }

    #[test]
    fn files_that_come_go_or_are_not_text_are_shown_as_such() {
        assert_eq!(unified("x", None, Some(b"a\n")), "--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a\n");
        assert_eq!(unified("x", Some(b"a\n"), None), "--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n");
        assert_eq!(unified("x", Some(b""), None), "--- a/x\n+++ /dev/null\n");
        assert_eq!(unified("x", Some(b"\xff"), Some(b"a")), "binary files a/x and b/x differ\n");
    }
}
