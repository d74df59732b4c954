//! Runs the commands that README.md and the Makefile show, so that none of them is a promise only.
//!
//! What counts as a command, in a fenced block:
//! - `sh`: every line is run, and has to succeed;
//! - `console`: a line that begins with `$ ` is run, and what follows it, up to the next such line, has to be what it
//!   prints on both streams together. A line `...` in that stands for any lines.
//!
//! All blocks run one after another in one folder that holds the repository's `examples/`, with `asg-recycle` and
//! `cargo run --release --` both standing for the built command. A block that cannot run here, such as one that needs
//! an AWS account, is preceded by `<!-- not run: REASON -->`; the reason is required.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use asg_recycle_handler::contract::TAGS;
use regex::Regex;

use crate::run::{PROGRAM, Run, cache_folder};

const FROM_SOURCE: &str = "cargo run --release -- ";
const MARK: &str = "<!-- not run:";

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// One command of the README, and what it is said to print.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    /// Of the command, from 1.
    line: usize,
    command: String,
    /// `None` where the block shows no output.
    output: Option<Vec<String>>,
}

/// The commands of a text that are to be run; or what is wrong with its blocks.
fn commands(text: &str) -> Result<Vec<Shown>, String> {
    let mut commands = Vec::new();
    let mut lines = (1..).zip(text.lines());
    let mut skips = false;
    while let Some((number, line)) = lines.next() {
        if let Some(reason) = line.trim().strip_prefix(MARK) {
            let reason = reason.trim_end_matches("-->").trim();
            if reason.is_empty() {
                return Err(format!("README.md:{number}: `{MARK} REASON -->` needs a reason"));
            }
            skips = true;
        } else if let Some(language) = line.strip_prefix("```") {
            let block: Vec<_> = lines.by_ref().take_while(|(_, line)| !line.starts_with("```")).collect();
            match language.trim() {
                _ if skips => {}
                "sh" => commands.extend(plain(&block)),
                "console" => commands.extend(transcript(&block)?),
                _ => {}
            }
            skips = false;
        } else if !line.trim().is_empty() {
            skips = false;
        }
    }
    Ok(commands)
}

fn plain(block: &[(usize, &str)]) -> Vec<Shown> {
    let said = block.iter().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    said.map(|(line, command)| Shown { line: *line, command: (*command).to_owned(), output: None }).collect()
}

fn transcript(block: &[(usize, &str)]) -> Result<Vec<Shown>, String> {
    let mut shown: Vec<Shown> = Vec::new();
    for (number, line) in block {
        match (line.strip_prefix("$ "), shown.last_mut()) {
            (Some(command), _) => {
                shown.push(Shown { line: *number, command: command.to_owned(), output: Some(Vec::new()) });
            }
            (None, Some(last)) => last.output.get_or_insert_default().push((*line).to_owned()),
            (None, None) => {
                return Err(format!("README.md:{number}: a console block begins with `$ COMMAND`"));
            }
        }
    }
    Ok(shown)
}

/// Whether printed lines are those that are shown, `...` standing for any.
fn is_as_shown(printed: &[&str], shown: &[String]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((any, rest)) if any.trim() == "..." => {
            (0..=printed.len()).any(|skipped| is_as_shown(&printed[skipped..], rest))
        }
        Some((line, rest)) => {
            printed.first().is_some_and(|first| first.trim_end() == line.trim_end())
                && is_as_shown(&printed[1..], rest)
        }
    }
}

/// Runs a command in the folder; both streams together, and whether it succeeded.
fn run(command: &str, folder: &Path) -> (String, bool) {
    let command = command.replace(FROM_SOURCE, "asg-recycle ");
    let program = Path::new(PROGRAM).parent().expect("a folder");
    let mut shell = Command::new("bash");
    // The built command comes first on the path; the test asks nothing of the environment but its path.
    let script =
        format!("set -euo pipefail\nexport PATH={}:\"$PATH\"\nexec 2>&1\n{command}", program.display());
    shell.args(["-c", &script]).current_dir(folder);
    shell
        .env("ASG_RECYCLE_CACHE_DIR", cache_folder())
        .env("ASG_RECYCLE_KEEP_BUILD", "1")
        .env("NO_COLOR", "1");
    let output = shell.output().expect("bash starts");
    (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.success())
}

#[test]
fn the_readme_lists_every_tag_as_the_contract_has_it() {
    let readme = fs::read_to_string(repository().join("README.md")).expect("README.md");
    for tag in TAGS {
        let required = if tag.required { "yes" } else { "no" };
        let row = format!("| `{}` | {required} | {} | {} |\n", tag.key, tag.values, tag.summary);
        assert!(readme.contains(&row), "README.md lacks the row\n{row}");
    }
}

#[test]
fn the_readmes_commands_do_what_it_says() {
    let text = std::fs::read_to_string(repository().join("README.md")).expect("README.md");
    let commands = commands(&text).unwrap_or_else(|fault| panic!("{fault}"));
    assert!(!commands.is_empty(), "README.md shows commands in `sh` or `console` blocks");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let copied = Command::new("cp").arg("-r").arg(repository().join("examples")).arg(folder.path()).status();
    assert!(copied.is_ok_and(|status| status.success()), "the examples are copied");
    let mut faults = String::new();
    for shown in commands {
        let (printed, succeeded) = run(&shown.command, folder.path());
        let lines: Vec<_> = printed.trim_end().lines().collect();
        let expected = shown.output.as_deref();
        let fault = match expected {
            None if !succeeded => "fails",
            Some(output) if !is_as_shown(&lines, output) => "prints something else",
            _ => continue,
        };
        let _ = writeln!(faults, "README.md:{}: `{}` {fault}:\n{printed}", shown.line, shown.command);
    }
    assert!(faults.is_empty(), "{faults}\nMend the README, or mark the block with `{MARK} REASON -->`.");
}

#[test]
fn every_task_of_the_makefile_is_one_line_and_the_commands_own_do_what_they_are_for() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let set = format!("OUT={}/out", out.path().display());
    for task in ["build", "test", "lint", "audit", "local", "package", "clean"] {
        let mut make = Command::new("make");
        let Ok(output) = make.args(["--dry-run", task, &set]).current_dir(repository()).output() else {
            return println!("not checked here, for there is no make");
        };
        let shown = String::from_utf8(output.stdout).expect("UTF-8");
        assert_eq!(shown.lines().count(), 1, "{task}: {shown}");
        if shown.starts_with(FROM_SOURCE) {
            let (printed, succeeded) = run(&shown, repository());
            assert!(succeeded, "{shown}{printed}");
        }
    }
    assert!(out.path().join("out/handler.zip").exists() && out.path().join("out/terraform").exists());
}

#[test]
fn commands_are_found_by_their_blocks() {
    let text = "\
```sh
asg-recycle --version
```
<!-- not run: needs an account -->

```sh
aws s3 ls
```
```console
$ asg-recycle validate x
fine
...
$ true
```
```yaml
name: x
```
";
    let found = commands(text).expect("its blocks are well made");
    let shown: Vec<_> = found.iter().map(|each| (each.line, each.command.as_str())).collect();
    assert_eq!(shown, [(2, "asg-recycle --version"), (10, "asg-recycle validate x"), (13, "true")]);
    assert_eq!(found[1].output.as_deref(), Some(&["fine".to_owned(), "...".to_owned()][..]));
    assert!(commands("<!-- not run: -->\n").is_err());
}

#[test]
fn shown_output_is_compared_line_by_line() {
    let shown = ["a", "...", "d"].map(str::to_owned);
    assert!(is_as_shown(&["a", "b", "c", "d"], &shown));
    assert!(is_as_shown(&["a", "d"], &shown));
    assert!(!is_as_shown(&["a", "b"], &shown));
    assert!(!is_as_shown(&["a", "d", "e"], &shown));
}

/// An option that takes an alarm away takes it out of what people read, too, and says so where it is the log that feeds it.
#[test]
fn the_output_readme_names_no_alarm_that_the_stack_has_not() {
    let names = |template: &str| -> BTreeSet<String> {
        let found = Regex::new(r#"AlarmName: .*Environment\}-([a-z-]+)""#).expect("a pattern");
        found.captures_iter(template).map(|one| one[1].to_owned()).collect()
    };
    let all = "name: x\ntrigger: {launch_template_versions: true, scheduled_maintenance: true}\n\
        alarms: {silence_hours: 24, lock_held_hours: 48}\n";
    let generated =
        |text: &str| Run::new(&["generate", "stack.yaml", "--out", "out"]).file("stack.yaml", text);
    let most = names(&generated(all).ok().read("out/cloudformation/template.yaml"));
    for (level, is_told) in [("all", false), ("error", false), ("fatal", true), ("off", true)] {
        let text = format!("name: x\nmachine: {{log_level: \"{level}\"}}\n");
        let told = format!("`machine.log_level: {level}` leaves out the alarms of refused notifications");
        let run = generated(&text);
        let done = if is_told { run.stderr_has(&told) } else { run.stderr_lacks("leaves out") }.ok();
        let own = names(&done.read("out/cloudformation/template.yaml"));
        assert_eq!(own.contains("notifications-refused"), !is_told, "{level}: {own:?}");
        let readme = done.read("out/README.md");
        let lacking: Vec<_> =
            most.difference(&own).filter(|name| readme.contains(&format!("`{name}`"))).collect();
        assert!(lacking.is_empty(), "{level}: {lacking:?}");
    }
}
