//! How long commands take that have nothing to do, as whole processes, beside `cargo lambda build` where that is installed:
//! `cargo bench -p asg-recycle --bench commands`. It prints figures and asserts nothing.
//!
//! The peer's crate is an empty `main`, the least that it can have to do.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Runs of each command; the median is told, and the fastest.
const RUNS: usize = 30;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let stack = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/webops/stack.yaml");
    let stack = stack.to_str().expect("UTF-8");
    let ours = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_asg-recycle"));
        command.args(arguments).current_dir(folder.path());
        command
    };
    let build = ["build", stack, "--out", "out"];
    eprintln!("building once, which compiles the handler unless the cache has it");
    assert!(ours(&build).stdout(Stdio::null()).status().expect("it starts").success(), "the build failed");
    let zip = fs::metadata(folder.path().join("out/handler.zip")).expect("a zip").len();
    println!("| command | median | fastest |\n|---|---|---|");
    let no_op = timed("build, nothing to do", || ours(&build));
    timed("package --check", || ours(&["package", stack, "--out", "out", "--check"]));
    timed("generate, nothing to do", || ours(&["generate", stack, "--out", "out"]));
    timed("validate", || ours(&["validate", stack]));
    if let Some(theirs) = cargo_lambda(folder.path()) {
        println!("\ncargo lambda takes {:.0} times as long", theirs.as_secs_f64() / no_op.as_secs_f64());
    }
    println!("\nThe zip has {zip} bytes.");
}

/// A build of an empty crate by cargo-lambda, with nothing to do.
fn cargo_lambda(folder: &Path) -> Option<Duration> {
    let krate = folder.join("peer");
    fs::create_dir_all(krate.join("src")).expect("a folder");
    let manifest = "[package]\nname = \"peer\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n";
    fs::write(krate.join("Cargo.toml"), manifest).expect("a file");
    fs::write(krate.join("src/main.rs"), "fn main() {}\n").expect("a file");
    let command = || {
        let mut command = Command::new("cargo");
        command.args(["lambda", "build", "--release"]).current_dir(&krate).env_remove("CARGO_TARGET_DIR");
        command
    };
    let first = command().stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !first.is_ok_and(|status| status.success()) {
        println!("| cargo lambda build | not installed | |");
        return None;
    }
    Some(timed("cargo lambda build, nothing to do", command))
}

/// Prints and gives the median of some runs.
#[expect(clippy::disallowed_methods, reason = "it measures")]
fn timed(name: &str, command: impl Fn() -> Command) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let mut command = command();
            let begun = Instant::now();
            let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
            let taken = begun.elapsed();
            assert!(status.is_ok_and(|status| status.success()), "{name} failed");
            taken
        })
        .collect();
    times.sort();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1_000.0;
    let median = times[RUNS / 2];
    println!("| {name} | {:.1} ms | {:.1} ms |", milliseconds(median), milliseconds(times[0]));
    median
}
