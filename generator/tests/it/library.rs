//! The program of `docs/library.md`: built without the default features, and run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use asg_recycle::FORMATS;

use crate::prepared;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// cargo, on the generator without its default features.
fn cargo(command: &str) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(repository()).args([command, "--package", "asg-recycle", "--no-default-features"]);
    cargo.args(["--locked", "--offline"]);
    cargo
}

#[test]
fn the_documented_program_is_the_one_that_is_built() {
    let page = fs::read_to_string(repository().join("docs/library.md")).expect("the page");
    let program =
        fs::read_to_string(repository().join("generator/examples/library.rs")).expect("the program");
    let (_, code) = program.split_once("\n\n").expect("it begins with what it is for");
    assert!(page.contains(&format!("```rust\n{code}```")), "docs/library.md shows another program");
}

#[test]
fn every_feature_has_its_row() {
    let page = fs::read_to_string(repository().join("docs/library.md")).expect("the page");
    let manifest = fs::read_to_string(repository().join("generator/Cargo.toml")).expect("the manifest");
    let manifest: toml_edit::DocumentMut = manifest.parse().expect("a manifest is TOML");
    let features = manifest["features"].as_table().expect("features are a table").iter();
    let shown: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(feature, _)| feature)
        .collect();
    for (feature, _) in features.filter(|(feature, _)| *feature != "default") {
        assert!(shown.contains(&feature), "docs/library.md has no row for `{feature}`");
    }
}

#[test]
fn every_format_is_exported_and_named_where_formats_are() {
    for format in FORMATS {
        let name = format!("{format:?}");
        let exports =
            include_str!("../../src/lib.rs").lines().find(|line| line.starts_with("pub use render::"));
        let is_exported =
            exports.is_some_and(|line| line.split(['{', ',', '}']).any(|one| one.trim() == name));
        assert!(is_exported, "generator/src/lib.rs exports no `{name}`");
        for page in ["README.md", "UPGRADING.md", "docs/deploying.md", "docs/glossary.md"] {
            let text = fs::read_to_string(repository().join(page)).expect(page);
            assert!(text.contains(&name), "{page} does not name {name}");
        }
    }
}

#[test]
fn a_library_needs_neither_the_command_line_nor_the_simulator_nor_the_compiler() {
    let output =
        cargo("tree").args(["--edges", "normal", "--prefix", "none", "--format", "{p} [{f}]"]).output();
    let output = output.expect("cargo starts");
    let tree = String::from_utf8_lossy(&output.stdout);
    let crates: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(crates.contains(&"asg-recycle") && crates.contains(&"minijinja"), "{tree}");
    for foreign in ["clap", "clap_complete", "object", "toml_edit", "zip", "tokio"] {
        assert!(!crates.contains(&foreign), "{foreign} is among\n{tree}");
    }
    // Of the simulator's crate it takes the reader of expressions, and neither the interpreter nor the modelled AWS.
    let of_simulator: Vec<&str> =
        tree.lines().filter(|line| line.starts_with("asg-recycle-simulator ")).collect();
    assert!(of_simulator.iter().all(|line| line.contains(" []")), "{of_simulator:?}");
}

#[test]
fn the_documented_program_writes_a_stack() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("handler.zip"), "a zip").expect("it can be written");
    let run = || {
        let mut run = cargo("run");
        run.args(["--quiet", "--example", "library", "--"]).arg(folder.path());
        prepared::run(&mut run, "the program of docs/library.md fails");
    };
    run();
    let module = fs::read_to_string(folder.path().join("terraform/variables.tf")).expect("it is written");
    assert!(module.contains("payments-alerts"), "{module}");
    let template = folder.path().join("cloudformation/template.yaml");
    let written = fs::metadata(&template).and_then(|file| file.modified()).expect("it is written");
    run();
    assert_eq!(fs::metadata(&template).and_then(|file| file.modified()).ok(), Some(written), "written twice");
}
