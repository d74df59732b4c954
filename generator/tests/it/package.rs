//! The package by the commands: `build`, `package` and `cache`, what they write, and what they leave alone.

use std::path::Path;
use std::{env, fs};

use asg_recycle::config::Architecture;
use asg_recycle::package;
use asg_recycle::render::Files;
use asg_recycle::stack::PackageDigest;

use crate::build::{bootstrap, cargo_home, holds, repository};
use crate::cli::SILENT;
use crate::run::{Run, cache_folder, files};

/// The arguments of a build that shares the tests' cache.
fn with_cache<'a>(arguments: &[&'a str], cache: &'a Path) -> Vec<&'a str> {
    [arguments, &["--cache-dir", cache.to_str().expect("UTF-8")]].concat()
}

/// The emitted crate, by path in the crate.
fn handler(out: &Files) -> Files {
    let inner = |(path, contents): (&String, &Vec<u8>)| {
        Some((path.strip_prefix("handler/")?.to_owned(), contents.clone()))
    };
    out.iter().filter_map(inner).collect()
}

#[test]
fn the_main_job_writes_a_folder_that_is_complete_and_the_same_everywhere() {
    let cache = cache_folder();
    let arguments = with_cache(&["build", "stack.yaml", "--out", "out"], &cache);
    let first = Run::new(&arguments).file("stack.yaml", "name: web\n");
    let first =
        first.stdout_has("+ handler.zip\n").stdout_has("next: out/README.md says how to deploy\n").ok();
    let out = files(&first.folder.join("out"));
    let binary = bootstrap(&out["handler.zip"]);
    package::check_binary(&binary, Architecture::X86_64).expect("it runs on Lambda");
    for place in [&cache, &cargo_home(&env::vars_os().collect()), &repository()] {
        assert!(!holds(&binary, place), "the binary names {}", place.display());
    }
    assert!(out["handler.zip"].len() < 2_000_000, "the package outgrows 2 MB: see docs/benchmarks.md");
    let manifest: serde_json::Value = serde_json::from_slice(&out["manifest.json"]).expect("JSON");
    let digest = PackageDigest::of(&out["handler.zip"]);
    assert_eq!(manifest["package"]["sha256_hex"], digest.hex());
    assert_eq!(manifest["package"]["sha256_base64"], digest.base64());
    assert_eq!(manifest["package"]["architecture"], "x86_64");
    assert_eq!(manifest["files"].as_object().expect("files").len(), out.len() - 1);
    for (path, contents) in handler(&out) {
        let hash = &manifest["package"]["inputs"][format!("source {path}")];
        assert_eq!(*hash, PackageDigest::of(&contents).hex(), "{path} is not what was compiled");
    }
    let second = Run::new(&arguments).file("stack.yaml", "name: web\n").stderr(SILENT).ok(); // nothing is compiled
    assert_eq!(files(&second.folder.join("out")), out);
}

#[test]
fn generate_keeps_the_zip_that_build_made_while_it_is_the_right_one() {
    let cache = cache_folder();
    let generate = ["generate", "stack.yaml", "--out", "out"];
    let check = [&generate[..], &["--check"]].concat();
    let build = with_cache(&["build", "stack.yaml", "--out", "out"], &cache);
    let done = Run::new(&build).file("stack.yaml", "name: web\n").ok();
    let out = files(&done.folder.join("out"));
    done.then(&check).stdout("no drift\n").ok();
    done.then(&generate).stdout_has("out: 0 written").stdout_has("next: out/README.md").ok();
    assert_eq!(files(&done.folder.join("out")), out);
    let other = "name: web\nhandler:\n  architecture: arm64\n";
    let done = done.then(&generate).file("stack.yaml", other).stdout_has("- handler.zip\n").ok();
    let done = done.then(&generate).stdout_has("next: `asg-recycle build").ok();
    assert!(done.read("out/manifest.json").contains("\"package\": null"));
}

#[test]
fn a_zip_that_is_there_needs_no_compiler() {
    let cache = cache_folder();
    let built = Run::new(&with_cache(&["build", "stack.yaml", "--out", "out"], &cache));
    let built = built.file("stack.yaml", "name: web\n").ok();
    let given = ["build", "stack.yaml", "--out", "given", "--handler-zip", "out/handler.zip"];
    let done = built.then(&given).env("PATH", "/nowhere").stdout_has("+ handler.zip\n").ok();
    let [given_files, files] = ["given", "out"].map(|folder| files(&done.folder.join(folder)));
    for (path, contents) in &files {
        assert!(path == "manifest.json" || given_files[path] == *contents, "{path}");
    }
    let check = ["generate", "stack.yaml", "--out", "given", "--check"];
    let done = done.then(&check).env("PATH", "/nowhere").stdout("no drift\n").ok();
    let one =
        ["build", "stack.yaml", "--out", "one", "--format", "terraform", "--handler-zip", "out/handler.zip"];
    let done = done.then(&one).stdout_lacks("cloudformation").ok();
    let arm = "name: web\nhandler:\n  architecture: arm64\n";
    let done = done.then(&given).file("stack.yaml", arm).stderr_has("not for arm64").exits(2);
    let broken = ["build", "stack.yaml", "--out", "given", "--handler-zip", "stack.yaml"];
    let done = done.then(&broken).stderr_has("`stack.yaml`: this is no package").exits(2);
    let absent = ["build", "stack.yaml", "--out", "given", "--handler-zip", "absent.zip"];
    done.then(&absent).stderr_has("cannot read `absent.zip`").exits(2);
}

#[test]
fn a_package_is_checked_and_verified_without_being_written() {
    let cache = cache_folder();
    let build = with_cache(&["build", "stack.yaml", "--out", "out"], &cache);
    let check = with_cache(&["package", "stack.yaml", "--out", "out", "--check"], &cache);
    let explain = [&check[..], &["--explain"]].concat();
    let first = Run::new(&check).file("stack.yaml", "name: web\n").stdout_has("the folder has none yet");
    let own = first.exits(1); // its folder goes with it
    let done = own.then(&build).ok();
    let done = done.then(&check).stdout("out/handler.zip: up to date, no build is needed\n").stderr("").ok();
    let settings = "name: web\nhandler:\n  settings:\n    AWS_USE_FIPS_ENDPOINT: \"true\"\n";
    let done =
        done.then(&check).file("stack.yaml", settings).stdout_has("`package settings.json` has changed");
    let done = done.exits(1).then(&explain).stdout_has("\n  was absent\n  is  `");
    let done =
        done.stdout_has("`handler.settings`, `AWS_USE_FIPS_ENDPOINT`: was absent, is `true`\n").exits(1);
    let verify = with_cache(&["package", "stack.yaml", "--verify", "out/handler.zip"], &cache);
    let done = done.then(&verify).stdout_has("= bootstrap\n~ settings.json\n    it is missing\n").exits(1);
    let done = done.then(&verify).file("stack.yaml", "name: web\n").stdout_has("byte for byte").ok();
    fs::write(done.folder.join("out/handler.zip"), "damaged").expect("written");
    let done = done.then(&check).stdout_has("is not the one that was written").exits(1);
    done.then(&verify).stderr_has("`out/handler.zip`: this is no package").exits(2);
}

#[test]
fn what_a_stack_packages_is_in_its_zip() {
    let cache = cache_folder();
    let text = "name: web\nhandler:\n  settings:\n    AWS_CA_BUNDLE: /var/task/ca.pem\n  files:\n    ca.pem: certs/ca.pem\n";
    let build = with_cache(&["build", "stack/stack.yaml", "--out", "out"], &cache);
    let run = Run::new(&build).file("stack/stack.yaml", text);
    let done = run.file("stack/certs/ca.pem", "-----BEGIN CERTIFICATE-----\n").ok();
    let zip = fs::read(done.folder.join("out/handler.zip")).expect("a zip");
    let names: Vec<_> =
        package::verify(&zip, &zip).expect("a zip").entries.into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, ["bootstrap", "ca.pem", "settings.json"]);
    let before = files(&done.folder.join("out"));
    fs::remove_file(done.folder.join("stack/certs/ca.pem")).expect("removed");
    let done = done.then(&build).stderr_has("`stack/certs/ca.pem` cannot be read");
    let done = done.exits(2);
    assert_eq!(files(&done.folder.join("out")), before, "the output is as it was");
}

#[test]
fn the_cache_of_the_command_line() {
    let purge = ["cache", "purge", "--cache-dir", "cache", "--older-than"];
    let run =
        Run::new(&["cache", "list", "--cache-dir", "cache"]).stdout_has("0 packages and 0 builds, 0 B\n");
    let own = run.ok(); // its folder goes with it
    let done = own.then(&[&purge[..], &["30d"]].concat()).stdout_has("removed: 0 packages").ok();
    let done =
        done.then(&[&purge[..], &["soon"]].concat()).stderr_has("`soon` is no length of time").exits(2);
    fs::write(done.folder.join("file"), "").expect("a file");
    done.then(&["cache", "list", "--cache-dir", "file/cache"]).stderr_has("cannot make the folder").exits(3);
}

#[test]
fn package_then_generate_is_the_main_job_in_two_steps() {
    let cache = cache_folder();
    let package = with_cache(&["package", "stack.yaml", "--out", "out"], &cache);
    let done =
        Run::new(&package).file("stack.yaml", "name: web\n").stdout_has("next: `asg-recycle generate").ok();
    assert!(done.has("out/handler.zip") && done.has("out/handler/Cargo.toml") && !done.has("out/README.md"));
    done.then(&["generate", "stack.yaml", "--out", "out"]).stdout_lacks("handler.zip\n").ok();
    let build = with_cache(&["build", "stack.yaml", "--out", "whole"], &cache);
    let done = done.then(&build).ok();
    assert_eq!(files(&done.folder.join("out")), files(&done.folder.join("whole")));
    let again = done.then(&package).stdout_has("out: 0 written").stdout_has("next: out/README.md").ok();
    assert_eq!(files(&again.folder.join("out")), files(&again.folder.join("whole")));
}
