//! What the writing commands say: progress, what was done, what would be.

use std::path::Path;

use super::console::Console;
use super::context::Context;
use super::exit_code::Failure;
use crate::output::{Plan, Summary};
use crate::package::Progress;

/// Crates between two lines of progress where nobody watches.
const CRATES_PER_LINE: usize = 50;

/// Tells how far a build is: one line that is written over on a terminal, a line now and then elsewhere.
pub(super) fn progress(step: &Progress, console: &mut Console) {
    match step {
        Progress::Waiting => console.note("waiting for another asg-recycle that builds the same handler\n"),
        Progress::Started { target } => console.note(&format!(
            "compiling the handler for {target}: minutes the first time, then it comes from the cache\n"
        )),
        Progress::Compiling { begun, total_max } if console.is_watched => {
            console.note(&format!("\r\u{1b}[Kcompiling the handler: crate {begun} of at most {total_max}"));
        }
        Progress::Compiling { begun, total_max } if begun % CRATES_PER_LINE == 0 => {
            console.note(&format!("compiling the handler: crate {begun} of at most {total_max}\n"));
        }
        Progress::Compiling { .. } => {}
    }
}

/// Clears the line of progress.
pub(super) fn progress_ends(console: &mut Console) {
    if console.is_watched {
        console.note("\r\u{1b}[K");
    }
}

/// Says what was written.
pub(super) fn summary(out: &Path, summary: &Summary, context: &mut Context) -> Result<(), Failure> {
    let lists = [("+", &summary.created), ("~", &summary.updated), ("-", &summary.removed)];
    let mut text = String::new();
    for (sign, paths) in lists {
        text.extend(paths.iter().map(|path| format!("{sign} {path}\n")));
    }
    let total = format!(
        "{}: {} written, {} unchanged, {} removed\n",
        out.display(),
        summary.created.len() + summary.updated.len(),
        summary.unchanged.len(),
        summary.removed.len(),
    );
    text += &total;
    for path in &summary.left {
        let path = out.join(path);
        let note = format!("note: `{}` is no longer generated, but was edited: it stays\n", path.display());
        context.console.note(&note);
    }
    context.console.result(&text)
}

/// Prints what would change; that is a finding.
pub(super) fn drift(plan: &Plan, context: &mut Context) -> Result<(), Failure> {
    if plan.is_done() {
        return context.console.result("no drift\n");
    }
    let diff = plan.diff();
    let text = if context.console.colours_results { coloured(&diff) } else { diff };
    context.console.result(&text)?;
    Err(Failure::Findings)
}

fn coloured(diff: &str) -> String {
    let line = |line: &str| {
        let code = match line.as_bytes() {
            [b'-', b'-', b'-', ..] | [b'+', b'+', b'+', ..] => "1",
            [b'-', ..] => "31",
            [b'+', ..] => "32",
            [b'@', ..] => "36",
            _ => return format!("{line}\n"),
        };
        format!("\u{1b}[{code}m{line}\u{1b}[0m\n")
    };
    diff.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::coloured;

    #[test]
    fn added_and_removed_lines_are_coloured_and_the_rest_is_not() {
        let expected = "\u{1b}[1m--- a/x\u{1b}[0m\n\u{1b}[36m@@ -1 +1 @@\u{1b}[0m\n same\n\u{1b}[31m-a\u{1b}[0m\n\u{1b}[32m+b\u{1b}[0m\n";
        assert_eq!(coloured("--- a/x\n@@ -1 +1 @@\n same\n-a\n+b\n"), expected);
    }
}
