//! Folders under `target/` that tests make for themselves, once, from files that say what goes into them.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest as _, Sha256};

/// The folder `target/<name>-<hash of the contents>`, made by the first test that needs it.
pub(crate) fn folder(name: &str, contents: &[u8], make: impl FnOnce(&Path)) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder");
    let mut name = format!("{name}-");
    for byte in &Sha256::digest(contents)[..6] {
        write!(name, "{byte:02x}").expect("text takes text");
    }
    let folder = target.join(name);
    let complete = folder.join("complete");
    // Another process may be at it: `cargo test` in two shells, or two versions of this test binary.
    let lock = File::create(folder.with_extension("lock")).expect("a lock file in the target folder");
    lock.lock().expect("the lock on the folder");
    if !complete.exists() {
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("what an interrupted run left can be removed");
        }
        println!("making {}, which tests need", folder.display());
        make(&folder);
        File::create(complete).expect("the mark of a complete folder");
    }
    folder
}

/// Runs it; says `fault` with all that it printed where it fails.
pub(crate) fn run(command: &mut Command, fault: &str) {
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
