//! The package: the emitted crate and its lock file, the real build, its zip, and that it is the same everywhere.
//!
//! The handler itself is compiled once and then comes from a cache under `target/`. What needs more than one build is
//! shown on small crates that go through the very same code.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, thread};

use asg_recycle::config::Architecture;
use asg_recycle::package::{
    self, BuildRequest, Compiler, Contents, Package, PackageError, ProcessEnvironment, Progress, Refreshed,
};
use asg_recycle::render::Files;

use crate::run::{Run, files};

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn write(files: &Files, folder: &Path) {
    for (path, contents) in files {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().expect("it is in the folder")).expect("a folder");
        fs::write(file, contents).expect("a file");
    }
}

/// Cargo in a crate that stands alone, offline: the workspace's own build has fetched every crate.
fn cargo_metadata(folder: &Path, arguments: &[&str]) {
    let mut cargo = Command::new("cargo");
    cargo.args(["metadata", "--format-version=1", "--offline", "--filter-platform=x86_64-unknown-linux-gnu"]);
    let output = cargo.args(arguments).current_dir(folder).output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The part of the workspace's lock file that a crate uses. The crate is left in the folder with it.
fn pruned_lock(sources: &Files, folder: &Path) -> String {
    write(sources, folder);
    fs::copy(repository().join("Cargo.lock"), folder.join("Cargo.lock")).expect("a lock file");
    cargo_metadata(folder, &[]); // cargo drops what the crate does not use
    fs::read_to_string(folder.join("Cargo.lock")).expect("the lock file")
}

/// Every package of a lock file: name and version to the source's checksum.
fn locked(lock: &str) -> BTreeMap<(String, String), Option<String>> {
    let lock: toml_edit::DocumentMut = lock.parse().expect("a lock file is TOML");
    let packages = lock["package"].as_array_of_tables().expect("packages");
    let text = |package: &toml_edit::Table, key: &str| {
        package.get(key).and_then(|item| item.as_str()).map(str::to_owned)
    };
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
    let lock_file = repository().join("handler/Cargo.lock");
    let folder = tempfile::tempdir().expect("a folder");
    let pruned = pruned_lock(&package::handler_sources(), folder.path());
    if env::vars_os().any(|(name, _)| name == "UPDATE_GOLDENS") {
        fs::write(&lock_file, &pruned).expect("the lock file is written");
    }
    let committed = fs::read_to_string(&lock_file).expect("handler/Cargo.lock");
    assert!(committed == pruned, "handler/Cargo.lock is out of date: run `UPDATE_GOLDENS=1 cargo test`");
    cargo_metadata(folder.path(), &["--locked"]);
    let root = locked(&fs::read_to_string(repository().join("Cargo.lock")).expect("Cargo.lock"));
    let own = locked(&committed);
    assert!(own.len() > 1 && own.len() < root.len(), "{} of {} packages", own.len(), root.len());
    for (package, checksum) in &own {
        assert_eq!(root.get(package), Some(checksum), "{package:?}");
    }
}

/// A crate that builds in a second.
pub(crate) fn small_crate(main: &str) -> Files {
    let manifest = "[package]\nname = \"small\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
        [[bin]]\nname = \"bootstrap\"\npath = \"src/main.rs\"\n\n[workspace]\n";
    let lock = "version = 4\n\n[[package]]\nname = \"small\"\nversion = \"0.1.0\"\n";
    let files = [("Cargo.toml", manifest), ("Cargo.lock", lock), ("src/main.rs", main)];
    files.into_iter().map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())).collect()
}

/// A crate that has what the handler has and could leak: registry crates that panic, a build script, and C code.
pub(crate) fn leaky_crate() -> Files {
    let main = "fn main() {\n    let text = std::env::args().next().unwrap();\n    \
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();\n    \
        let digest = ring::digest::digest(&ring::digest::SHA256, value.to_string().as_bytes());\n    \
        assert_eq!(format!(\"{digest:?}\"), text);\n}\n";
    let mut files = small_crate(main);
    let emitted = package::handler_sources();
    let emitted = std::str::from_utf8(&emitted["Cargo.toml"]).expect("UTF-8");
    let profile = &emitted[emitted.find("[profile.release]").expect("a profile")..];
    let small = std::str::from_utf8(&files["Cargo.toml"]).expect("UTF-8");
    let package = small.strip_suffix("[workspace]\n").expect("the end");
    let manifest = format!("{package}[dependencies]\nring = \"0.17\"\nserde_json = \"1\"\n\n{profile}");
    files.insert("Cargo.toml".to_owned(), manifest.into_bytes());
    let folder = tempfile::tempdir().expect("a folder");
    let lock = pruned_lock(&files, folder.path());
    files.insert("Cargo.lock".to_owned(), lock.into_bytes());
    files
}

pub(crate) fn request(cache_folder: &Path) -> BuildRequest {
    let mut environment: ProcessEnvironment = env::vars_os().collect();
    environment.insert("CARGO_NET_OFFLINE".into(), "true".into());
    BuildRequest {
        architecture: Architecture::X86_64,
        compiler: Compiler::Native,
        cache_folder: cache_folder.to_owned(),
        keep_build: false,
        trial: false, // small crates know no event
        environment,
    }
}

fn build(request: &BuildRequest, sources: &Files) -> Result<Package, PackageError> {
    package::build(request, &Contents::of_crate(sources.clone()), &mut |_| {})
}

/// The one entry of a zip, which has to be `bootstrap`.
pub(crate) fn bootstrap(zip: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    package::unpack(zip, folder.path()).expect("a zip");
    let entries: Vec<_> =
        fs::read_dir(folder.path()).expect("the folder").map(|entry| entry.expect("an entry")).collect();
    let [entry] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!(entry.file_name(), "bootstrap");
    assert_eq!(entry.metadata().expect("its mode").permissions().mode(), 0o100_755);
    fs::read(entry.path()).expect("its contents")
}

pub(crate) fn holds(binary: &[u8], text: &Path) -> bool {
    let text = text.as_os_str().as_encoded_bytes();
    binary.windows(text.len()).any(|window| window == text)
}

pub(crate) fn cargo_home(environment: &ProcessEnvironment) -> PathBuf {
    let folder = |name: &str| environment.get(&OsString::from(name)).map(PathBuf::from);
    folder("CARGO_HOME").unwrap_or_else(|| folder("HOME").expect("a home").join(".cargo"))
}

/// The same crates under another name, as another user has them.
fn another_cargo_home(environment: &mut ProcessEnvironment, folder: &Path) {
    std::os::unix::fs::symlink(cargo_home(environment).join("registry"), folder.join("registry"))
        .expect("a link");
    environment.insert("CARGO_HOME".into(), folder.into());
}

#[test]
fn what_is_compiled_is_the_crate_that_was_given_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let sources = small_crate("fn main() {}\n");
    let left = folder.path().join("build/x86_64-unknown-linux-gnu/source/src/left.rs");
    fs::create_dir_all(left.parent().expect("a folder")).expect("a folder");
    fs::write(&left, "of a former build").expect("a file");
    build(&request(folder.path()), &sources).expect("it builds");
    let compiled = files(&folder.path().join("build/x86_64-unknown-linux-gnu/source"));
    assert_eq!(compiled, sources);
}

#[test]
fn two_builds_in_different_folders_homes_zones_and_flags_are_byte_identical() {
    let sources = leaky_crate();
    let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
    let one = request(&folders[0].path().join("cache"));
    let mut two = request(&folders[1].path().join("it's another cache"));
    another_cargo_home(&mut two.environment, folders[1].path());
    for (name, value) in [
        ("TZ", "Asia/Tokyo"),
        ("LANG", "de_DE.UTF-8"),
        ("RUSTFLAGS", "-Cdebuginfo=2"),
        ("CFLAGS", "-O0 -g"),
        ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
        ("CARGO_BUILD_JOBS", "1"),
    ] {
        two.environment.insert(name.into(), value.into());
    }
    let [first, second] = [&one, &two].map(|request| build(request, &sources).expect("it builds"));
    assert!(!first.cached && !second.cached);
    let binary = bootstrap(&first.zip);
    for place in [folders[0].path(), &cargo_home(&one.environment), &env::current_dir().expect("a folder")] {
        assert!(!holds(&binary, place), "the binary names {}", place.display());
    }
    assert!(holds(&binary, Path::new("/cargo/registry/src")), "paths are there, but mapped");
    assert_eq!(first.key, second.key);
    assert_eq!(first.digest, second.digest);
}

#[test]
fn the_emitted_script_compiles_the_very_bytes_that_are_packaged() {
    let sources = leaky_crate();
    let folder = tempfile::tempdir().expect("a folder");
    let request = request(&folder.path().join("cache"));
    let packaged = build(&request, &sources).expect("it builds");
    let by_hand = folder.path().join("by hand");
    write(&sources, &by_hand);
    let script = package::handler_sources().remove("build.sh").expect("a script");
    fs::write(by_hand.join("build.sh"), script).expect("written");
    let mut shell = Command::new("sh");
    shell.arg(by_hand.join("build.sh")).env("CARGO_NET_OFFLINE", "true").current_dir("/");
    for (name, value) in
        [("RUSTFLAGS", "-Cdebuginfo=2"), ("CFLAGS", "-O0"), ("CARGO_PROFILE_RELEASE_LTO", "off")]
    {
        shell.env(name, value);
    }
    let output = shell.output().expect("sh starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let binary = by_hand.join("target/x86_64-unknown-linux-gnu/release/bootstrap");
    assert!(fs::read(binary).expect("a binary") == bootstrap(&packaged.zip), "other bytes");
}

#[test]
fn the_cache_answers_the_second_time_and_a_damaged_entry_is_built_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let request = request(folder.path());
    let sources = small_crate("fn main() {}\n");
    let first = build(&request, &sources).expect("it builds");
    let contents = Contents::of_crate(sources.clone());
    let second = package::build(&request, &contents, &mut |step| panic!("{step:?}")).expect("it is there");
    assert_eq!((first.cached, second.cached), (false, true));
    assert_eq!(first.zip, second.zip);
    fs::write(folder.path().join("packages").join(&first.key).join("handler.zip"), "damaged")
        .expect("written");
    let third = build(&request, &sources).expect("it builds");
    assert!(!third.cached);
    assert_eq!(third.zip, first.zip);
    let other = build(&request, &small_crate("fn main() { println!() }\n")).expect("it builds");
    assert_ne!((other.key, other.digest), (first.key, first.digest));
}

#[test]
fn what_lies_beside_the_binary_is_packaged_without_compiling_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let request = request(folder.path());
    let plain = Contents::of_crate(small_crate("fn main() {}\n"));
    let with = |text: &str| {
        let beside = [("ca.pem", "certificate"), ("settings.json", text)];
        let beside = beside.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()));
        Contents { beside: beside.into(), ..plain.clone() }
    };
    let first = package::build(&request, &with("{}"), &mut |_| {}).expect("it builds");
    let entries = package::verify(&first.zip, &first.zip).expect("a zip").entries;
    let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["bootstrap", "ca.pem", "settings.json"]);
    let quiet = &mut |step| panic!("nothing is compiled: {step:?}");
    let second = package::build(&request, &with("{\"a\":\"b\"}"), quiet).expect("it is zipped");
    let alone = package::build(&request, &plain, quiet).expect("it is there");
    assert!(!first.cached && second.cached && alone.cached);
    assert!(first.zip != second.zip && first.key != second.key);
    let difference = second.inputs.first_difference(&first.inputs).expect("the settings");
    assert_eq!(difference.name, "package settings.json");
    bootstrap(&alone.zip);
    let given = package::given(first.zip.clone(), &with("{}").beside, Architecture::X86_64).expect("it fits");
    assert_eq!((given.zip, given.digest), (first.zip.clone(), first.digest));
    for (beside, part) in [
        (&with("{ }").beside, "its `settings.json` is not the one that stack.yaml packages"),
        (&Files::new(), "it holds `ca.pem`, which stack.yaml does not package"),
    ] {
        let fault = package::given(first.zip.clone(), beside, Architecture::X86_64).expect_err("another");
        assert!(fault.to_string().contains(part), "{fault}");
    }
    let fault = package::given(alone.zip, &with("{}").beside, Architecture::X86_64).expect_err("it lacks it");
    assert!(fault.to_string().contains("it lacks `ca.pem`"), "{fault}");
    let arm =
        package::given(first.zip, &with("{}").beside, Architecture::Arm64).expect_err("another processor");
    assert!(arm.to_string().contains("not for arm64"), "{arm}");
}

#[test]
fn the_cache_is_listed_refreshed_and_purged() {
    let folder = tempfile::tempdir().expect("a folder");
    let request = request(folder.path());
    let sources = small_crate("fn main() {}\n");
    let built = build(&request, &sources).expect("it builds");
    let other = build(&request, &small_crate("fn main() { println!() }\n")).expect("it builds");
    let stored = package::list(folder.path()).expect("it can be read");
    assert_eq!(stored.packages.len(), 2);
    assert!(stored.packages.iter().any(|package| package.key == built.key && package.made.is_some()));
    assert!(stored.builds.is_empty(), "what was compiled is gone: {stored:?}");
    let outcomes = package::refresh(&request, &sources, &mut |_| {}).expect("it builds");
    let passed = Refreshed::Passed { key: other.key };
    let same = Refreshed::Same { key: built.key.clone() };
    assert!(outcomes.contains(&passed) && outcomes.contains(&same), "{outcomes:?}");
    let aged = package::purge(folder.path(), Some(std::time::Duration::from_hours(1))).expect("it can be");
    assert!(aged.packages.is_empty() && aged.builds.is_empty(), "{aged:?}");
    let gone = package::purge(folder.path(), None).expect("it can be");
    assert_eq!(gone.packages.len(), 2);
    assert!(package::list(folder.path()).expect("it can be read").packages.is_empty());
    assert!(!build(&request, &sources).expect("it builds").cached);
}

#[test]
fn an_interrupted_build_goes_on_and_a_kept_one_is_there_the_next_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut request = request(folder.path());
    request.keep_build = true;
    build(&request, &small_crate("fn main() {}\n")).expect("it builds");
    let compiled = folder.path().join("build/x86_64-unknown-linux-gnu/target");
    assert!(compiled.is_dir());
    let fault = build(&request, &small_crate("fn main() { nonsense }\n")).expect_err("it does not compile");
    assert!(matches!(fault, PackageError::Compile { .. }) && compiled.is_dir());
    request.keep_build = false;
    build(&request, &small_crate("fn main() { print!(\"\") }\n")).expect("it builds");
    assert!(!compiled.exists());
}

#[test]
fn builders_at_the_same_time_compile_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let sources = small_crate("fn main() {}\n");
    let built = || build(&request(folder.path()), &sources).expect("it builds");
    let packages = thread::scope(|scope| {
        let builders = [scope.spawn(built), scope.spawn(built), scope.spawn(built)];
        builders.map(|builder| builder.join().expect("no panic"))
    });
    assert_eq!(packages.iter().filter(|package| !package.cached).count(), 1);
    assert!(packages.iter().all(|package| package.zip == packages[0].zip));
}

#[test]
fn a_crate_that_does_not_compile_shows_what_the_compiler_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut steps = Vec::new();
    let contents = Contents::of_crate(small_crate("fn main() { nonsense }\n"));
    let fault = package::build(&request(folder.path()), &contents, &mut |step| steps.push(step))
        .expect_err("no package");
    assert!(matches!(fault, PackageError::Compile { .. }));
    assert!(fault.to_string().contains("cannot find value `nonsense` in this scope"), "{fault}");
    let (name, total_max) = ("small".to_owned(), 1);
    let target = "x86_64-unknown-linux-gnu".to_owned();
    steps.retain(|step| *step != Progress::Going); // as often as the compiler takes seconds
    assert_eq!(
        steps,
        [Progress::Started { target }, Progress::Compiling { name, begun: 1, fresh: 0, total_max }]
    );
}

#[test]
fn a_lock_file_that_does_not_fit_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut sources = small_crate("fn main() {}\n");
    let lock = "version = 4\n\n[[package]]\nname = \"small\"\nversion = \"9.9.9\"\n";
    sources.insert("Cargo.lock".to_owned(), lock.as_bytes().to_vec());
    let fault = build(&request(folder.path()), &sources).expect_err("no package").to_string();
    assert!(fault.contains("--locked"), "{fault}");
}

#[test]
fn a_binary_that_needs_a_newer_glibc_is_refused_with_the_symbol() {
    let folder = tempfile::tempdir().expect("a folder");
    let package = build(&request(folder.path()), &small_crate("fn main() {}\n")).expect("it builds");
    let mut binary = bootstrap(&package.zip);
    package::check_binary(&binary, Architecture::X86_64).expect("it fits the runtime");
    package::check_binary(&binary, Architecture::Arm64).expect_err("it is for another processor");
    let name = b"\0GLIBC_2.34\0";
    let at = binary.windows(name.len()).position(|window| window == name).expect("it asks for 2.34");
    binary[at..at + name.len()].copy_from_slice(b"\0GLIBC_2.38\0");
    let fault = package::check_binary(&binary, Architecture::X86_64).expect_err("it is too new").to_string();
    assert!(fault.contains("needs GLIBC_2.38 (symbol `"), "{fault}");
}

#[test]
fn without_the_tools_the_commands_that_install_them_are_named() {
    let arguments = ["build", "stack.yaml", "--out", "out", "--cache-dir", "cache"];
    let run = Run::new(&arguments).file("stack.yaml", "name: web\n").env("PATH", "/nowhere").stdout("");
    let done = run.stderr_has("cannot run `cargo`").stderr_has("https://rustup.rs").exits(3);
    assert!(!done.has("out"));
    let folder = tempfile::tempdir().expect("a folder");
    let mut request = request(folder.path());
    let path = request.environment.get(&OsString::from("PATH")).expect("a search path").clone();
    for tool in ["cargo", "rustc", "cc"] {
        let place = env::split_paths(&path).map(|each| each.join(tool)).find(|file| file.is_file());
        std::os::unix::fs::symlink(place.expect(tool), folder.path().join(tool)).expect("a link");
    }
    request.environment.insert("PATH".into(), folder.path().into());
    request.architecture = Architecture::Arm64;
    request.compiler = Compiler::Auto;
    let fault =
        build(&request, &small_crate("fn main() {}\n")).expect_err("no cross compiler is there").to_string();
    assert!(fault.starts_with("cannot build for arm64 on this machine:\n"), "{fault}");
    for command in ["pip install cargo-zigbuild ziglang", "apt-get install gcc-aarch64-linux-gnu"] {
        assert!(fault.contains(command), "{fault}");
    }
}
