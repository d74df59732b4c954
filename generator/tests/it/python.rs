//! The Python environments of the tests, each a virtual environment under `target/`: one for the emulator, `cfn-lint` and
//! `node`, one for the third interpreter, one for checkers, and one for a linter.
//!
//! Each is made once, by the first test that needs it, from a list in `tests/emulator/`; its name holds the hash of that
//! file, so that other requirements get an environment of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::prepared;

/// A program of the environment, e.g. `python` or `cfn-lint`.
pub(crate) fn program(name: &str) -> PathBuf {
    static ENVIRONMENT: OnceLock<PathBuf> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| environment("requirements.txt")).join("bin").join(name)
}

/// The `python` that has the third interpreter.
pub(crate) fn ministack() -> PathBuf {
    static ENVIRONMENT: OnceLock<PathBuf> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| environment("requirements-ministack.txt")).join("bin/python")
}

/// A program of the environment of other people's checkers, e.g. `checkov`.
pub(crate) fn checker(name: &str) -> PathBuf {
    static ENVIRONMENT: OnceLock<PathBuf> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| environment("requirements-checkers.txt")).join("bin").join(name)
}

/// The linter of Dockerfiles.
pub(crate) fn hadolint() -> PathBuf {
    static ENVIRONMENT: OnceLock<PathBuf> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| environment("requirements-dockerfile.txt")).join("bin/hadolint")
}

/// The folder that holds the package `emulator`.
pub(crate) fn sources() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests"))
}

fn environment(requirements: &str) -> PathBuf {
    let requirements = sources().join("emulator").join(requirements);
    let text = fs::read(&requirements).expect("the requirements");
    prepared::folder("python", &text, |folder| make(folder, &requirements))
}

fn make(folder: &Path, requirements: &Path) {
    prepared::run(
        Command::new("python3").args(["-m", "venv"]).arg(folder),
        "python3 is needed for these tests, with its module venv (on Debian: apt install python3-venv)",
    );
    prepared::run(
        Command::new(folder.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(requirements),
        &format!("the packages of {} could not be installed", requirements.display()),
    );
}
