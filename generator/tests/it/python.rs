//! The Python environment of the tests: the emulator and `cfn-lint`, in a virtual environment under `target/`.
//!
//! It is made once, by the first test that needs it, from `tests/emulator/requirements.txt`; its name holds the
//! hash of that file, so that other requirements get an environment of their own.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};

/// A program of the environment, e.g. `python` or `cfn-lint`.
pub(crate) fn program(name: &str) -> PathBuf {
    static ENVIRONMENT: OnceLock<PathBuf> = OnceLock::new();
    ENVIRONMENT.get_or_init(environment).join("bin").join(name)
}

/// The folder that holds the package `emulator`.
pub(crate) fn sources() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests"))
}

fn environment() -> PathBuf {
    let requirements = sources().join("emulator/requirements.txt");
    let text = fs::read(&requirements).expect("the requirements");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder");
    let mut name = "python-".to_owned();
    for byte in &Sha256::digest(&text)[..6] {
        write!(name, "{byte:02x}").expect("text takes text");
    }
    let folder = target.join(name);
    let complete = folder.join("complete");
    // Another process may be at it: `cargo test` in two shells, or two versions of this test binary.
    let lock = File::create(folder.with_extension("lock")).expect("a lock file in the target folder");
    lock.lock().expect("the lock on the Python environment");
    if !complete.exists() {
        make(&folder, &requirements);
        File::create(complete).expect("the mark of a complete environment");
    }
    folder
}

fn make(folder: &Path, requirements: &Path) {
    if folder.exists() {
        fs::remove_dir_all(folder).expect("what an interrupted run left can be removed");
    }
    println!("making the tests' Python environment in {}", folder.display());
    run(
        Command::new("python3").args(["-m", "venv"]).arg(folder),
        "python3 is needed for these tests, with its module venv (on Debian: apt install python3-venv)",
    );
    run(
        Command::new(folder.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(requirements),
        "the packages of tests/emulator/requirements.txt could not be installed",
    );
}

/// Runs it; says `fault` with all that it printed where it fails.
fn run(command: &mut Command, fault: &str) {
    match command.output() {
        Err(error) => panic!("{fault}: {command:?}: {error}"),
        Ok(output) if !output.status.success() => panic!(
            "{fault}: {command:?}: {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        ),
        Ok(_) => {}
    }
}
