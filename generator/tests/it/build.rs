//! The package: the emitted crate and its lock file, the real build, its zip, and that it is the same everywhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use asg_recycle::package;
use asg_recycle::render::Files;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn write(files: &Files, folder: &Path) {
    for (path, contents) in files {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().expect("it is in the folder")).expect("a folder");
        fs::write(file, contents).expect("a file");
    }
}

/// Cargo in an emitted crate, offline: the workspace's own build has fetched every crate.
fn cargo_metadata(folder: &Path, arguments: &[&str]) {
    let mut cargo = Command::new("cargo");
    cargo.args(["metadata", "--format-version=1", "--offline", "--filter-platform=x86_64-unknown-linux-gnu"]);
    let output = cargo.args(arguments).current_dir(folder).output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Every package of a lock file: name and version to the source's checksum.
fn locked(lock: &str) -> BTreeMap<(String, String), Option<String>> {
    let lock: toml_edit::DocumentMut = lock.parse().expect("a lock file is TOML");
    let packages = lock["package"].as_array_of_tables().expect("packages");
    let text = |package: &toml_edit::Table, key: &str| package.get(key).and_then(|item| item.as_str()).map(str::to_owned);
    packages
        .iter()
        .map(|package| {
            let name = text(package, "name").expect("a name");
            ((name, text(package, "version").expect("a version")), text(package, "checksum"))
        })
        .collect()
}

#[test]
fn the_handlers_lock_file_is_the_workspaces_for_the_crates_it_uses() {
    let root = fs::read_to_string(repository().join("Cargo.lock")).expect("Cargo.lock");
    let lock_file = repository().join("handler/Cargo.lock");
    let folder = tempfile::tempdir().expect("a folder");
    write(&package::handler_sources(), folder.path());
    fs::write(folder.path().join("Cargo.lock"), &root).expect("a lock file");
    cargo_metadata(folder.path(), &[]); // drops from the lock file what the handler does not use
    let pruned = fs::read_to_string(folder.path().join("Cargo.lock")).expect("the lock file");
    if env::var_os("UPDATE_GOLDENS").is_some() {
        fs::write(&lock_file, &pruned).expect("the lock file is written");
    }
    let committed = fs::read_to_string(&lock_file).expect("handler/Cargo.lock");
    assert!(committed == pruned, "handler/Cargo.lock is out of date: run `UPDATE_GOLDENS=1 cargo test`");
    cargo_metadata(folder.path(), &["--locked"]);
    let root = locked(&root);
    let own = locked(&committed);
    assert!(own.len() > 1 && own.len() < root.len(), "{} of {} packages", own.len(), root.len());
    for (package, checksum) in &own {
        assert_eq!(root.get(package), Some(checksum), "{package:?}");
    }
}
