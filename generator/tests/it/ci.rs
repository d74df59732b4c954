//! The steps of CI that are scripts of their own: what a release's tag is held to, and the lock file's advisories.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

#[test]
fn a_releases_tag_is_held_to_the_version_of_the_crates() {
    let release = |tag: &str| {
        let done = Command::new(repository().join(".ci/release")).arg(tag).output().expect("it runs");
        (done.status.success(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    let version = asg_recycle::VERSION;
    assert!(release(&format!("v{version}")).0);
    let (succeeds, said) = release(&format!("v9{version}"));
    assert!(!succeeds && said.contains(&format!("asg-recycle has {version}")), "{said}");
    assert!(!release(version).0, "a tag has a `v`");
}

#[test]
fn the_lock_file_is_held_against_a_copy_of_the_advisories_or_that_is_said_to_be_left_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |path: &str| folder.path().join(path);
    // Out of reach, whatever the machine can reach; what cargo is asked for is printed, and succeeds unless it is to find something.
    for (name, script) in [
        ("curl", "exit 6"),
        ("cargo-audit", ""),
        ("cargo", "echo cargo $*; [ $1 != audit ] || exit ${FOUND:-0}"),
    ] {
        fs::write(at(name), format!("#!/bin/sh\n{script}\n")).expect("a file");
        fs::set_permissions(at(name), fs::Permissions::from_mode(0o755)).expect("a mode");
    }
    let audit = |variables: &[(&str, &Path)]| {
        let mut command = Command::new(repository().join(".ci/audit"));
        command.env("PATH", format!("{}:/usr/bin:/bin", folder.path().display()));
        command.env("CARGO_HOME", at("cargo-home")).env_remove("ADVISORY_DB").envs(variables.iter().copied());
        let done = command.output().expect("it runs");
        let said = [done.stdout, done.stderr].concat();
        (done.status.code(), String::from_utf8_lossy(&said).into_owned())
    };
    let is_packaged = Path::new("/usr/share/cargo-audit-advisory-db").exists();
    let is_skipped = || {
        let (code, said) = audit(&[]);
        assert_eq!(code, Some(0), "{said}");
        is_packaged || said.starts_with("skipped: Cargo.lock was held against no advisory")
    };
    assert!(is_skipped());
    let (code, said) = audit(&[("ADVISORY_DB", &at("gone"))]);
    assert!(code == Some(1) && said.contains("is no copy of"), "what is asked for is not left out: {said}");
    // A folder without advisories is none.
    for copy in ["cargo-home/advisory-db", "elsewhere"] {
        fs::create_dir_all(at(copy).join("crates/serde_json")).expect("a folder");
    }
    assert!(is_skipped());
    for (copy, variables) in
        [("cargo-home/advisory-db", &[][..]), ("elsewhere", &[("ADVISORY_DB", &*at("elsewhere"))][..])]
    {
        fs::write(at(copy).join("crates/serde_json/RUSTSEC-2026-0001.md"), "").expect("a file");
        let (code, said) = audit(variables);
        assert!(said.ends_with(&format!("--no-fetch --stale --db {}\n", at(copy).display())), "{said}");
        assert_eq!(code, Some(0), "{said}");
        let (code, said) = audit(&[variables, &[("FOUND", Path::new("1"))]].concat());
        assert_eq!(code, Some(1), "what is found fails: {said}");
    }
}
