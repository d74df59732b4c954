//! What stands in a package's way: missing tools, no network, a full or a read-only disk, a folder of another user, an end half
//! way. Each is a message with a fix, and nothing that was there is lost.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use asg_recycle::package::{self, Contents, PackageError, ProcessEnvironment};

use crate::build::{leaky_crate, request, small_crate};
use crate::run::{PROGRAM, Run, files};

/// The folder with links to some of the machine's programs.
pub(crate) fn tools(folder: &Path, names: &[&str]) -> PathBuf {
    let place = folder.join("tools");
    fs::create_dir(&place).expect("a folder");
    for name in names {
        std::os::unix::fs::symlink(program(name), place.join(name)).expect("a link");
    }
    place
}

/// Where the machine has a program.
pub(crate) fn program(name: &str) -> PathBuf {
    let path = env::vars_os().find(|(name, _)| name == "PATH").expect("a search path").1;
    let program = env::split_paths(&path).map(|each| each.join(name)).find(|file| file.is_file());
    program.expect(name)
}

fn fault(change: impl FnOnce(&mut ProcessEnvironment, &Path)) -> PackageError {
    let folder = tempfile::tempdir().expect("a folder");
    let mut request = request(&folder.path().join("cache"));
    change(&mut request.environment, folder.path());
    let contents = Contents::of_crate(small_crate("fn main() {}\n"));
    package::build(&request, &contents, &mut |_| {}).expect_err("no package")
}

#[test]
fn without_a_c_compiler_the_package_that_has_one_is_named() {
    let fault = fault(|environment, folder| {
        environment.insert("PATH".into(), tools(folder, &["cargo", "rustc"]).into());
    });
    assert!(matches!(fault, PackageError::ProgramMissing { program: "cc", .. }), "{fault}");
    assert!(fault.to_string().contains("apt-get install gcc"), "{fault}");
}

#[test]
fn a_toolchain_that_is_not_installed_is_named_with_the_command_that_installs_it() {
    let fault = fault(|environment, folder| {
        let place = tools(folder, &["cargo", "cc"]);
        let script = "#!/bin/sh\necho \"error: toolchain '$RUSTUP_TOOLCHAIN' is not installed, trace $RUST_BACKTRACE\" >&2\nexit 1\n";
        fs::write(place.join("rustc"), script).expect("a file");
        fs::set_permissions(place.join("rustc"), fs::Permissions::from_mode(0o755)).expect("executable");
        environment.insert("PATH".into(), place.into());
        environment.insert("RUST_BACKTRACE".into(), "1".into());
    });
    let text = fault.to_string();
    assert!(matches!(fault, PackageError::CompilerMissing { .. }), "{text}");
    assert!(
        text.contains("rustup toolchain install ") && text.contains("is not installed, trace 0"),
        "{text}"
    );
}

#[test]
fn offline_without_the_crates_the_command_that_fetches_them_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut request = request(&folder.path().join("cache"));
    request.environment.insert("CARGO_HOME".into(), folder.path().join("empty").into());
    let contents = Contents::of_crate(leaky_crate());
    let fault = package::build(&request, &contents, &mut |_| {}).expect_err("no package");
    assert!(matches!(fault, PackageError::Network { .. }), "{fault}");
    assert!(fault.to_string().contains("cargo fetch --locked"), "{fault}");
}

/// Runs a script, whose `$0` is the program, where it may mount what it likes; `None` on a machine that lets nobody do so.
fn where_things_can_be_mounted(script: &str, folder: &Path) -> Option<Output> {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script, PROGRAM]);
    let output = command.current_dir(folder).output().ok()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("unshare") || said.contains("mount:") {
        println!("not checked here, for nothing can be mounted: {said}");
        return None;
    }
    Some(output)
}

#[test]
fn a_full_or_a_read_only_disk_is_named_and_what_is_there_stays() {
    let done = Run::new(&["validate", "stack.yaml"]).file("stack.yaml", "name: web\n").ok();
    fs::create_dir(done.folder.join("disk")).expect("a folder");
    let before = files(&done.folder);
    let fill = "head -c 1000000 /dev/zero >disk/filler 2>/dev/null; true";
    let seal = "mount -o remount,ro disk";
    for (prepare, arguments, part) in [
        (fill, "generate stack.yaml --out disk/out", "No space left on device"),
        (seal, "generate stack.yaml --out disk/out", "Read-only file system"),
        (
            seal,
            "package stack.yaml --out out --cache-dir disk/cache",
            "name a folder of your own with `--cache-dir`",
        ),
        (fill, "package stack.yaml --out out --cache-dir disk/cache", "No space left on device"),
    ] {
        let script = format!("mount -t tmpfs -o size=64k none disk && {prepare} && exec \"$0\" {arguments}");
        let Some(output) = where_things_can_be_mounted(&script, &done.folder) else { return };
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{arguments}: {said}");
        assert!(said.contains(part) && said.contains("disk/"), "{arguments}: {said}");
        assert_eq!(files(&done.folder), before, "{arguments}");
    }
}

#[test]
fn a_disk_that_fills_up_half_way_leaves_the_folder_as_it_was() {
    let done = Run::new(&["validate", "new.yaml"])
        .file("old.yaml", "name: web\n")
        .file("new.yaml", "name: web\nhandler:\n  memory_megabytes: 512\n");
    let done = done.ok();
    fs::create_dir(done.folder.join("disk")).expect("a folder");
    // Room for nothing, for the first file, for most of them: each time what was there is there, and nothing beside it.
    let script = r#"mount -t tmpfs -o size=8m none disk && "$0" generate old.yaml --out disk/out >/dev/null && cp -a disk/out before || exit 90
        for room in 1 8 40 150; do
            head -c $(($(df --output=avail -k disk | tail -n 1) * 1024 - room * 1024)) /dev/zero >disk/filler
            "$0" generate new.yaml --out disk/out; [ $? = 3 ] || exit 91
            diff -r before disk/out || exit 92
            "$0" build new.yaml --out disk/new/out; [ $? = 3 ] || exit 93
            [ ! -e disk/new ] || exit 94
            rm disk/filler
        done
        "$0" generate new.yaml --out disk/out >/dev/null && "$0" generate new.yaml --out disk/out --check"#;
    let Some(said) = said_where_things_can_be_mounted(script, &done.folder) else { return };
    assert!(
        said.contains("No space left on device") && said.contains("what was there is as it was"),
        "{said}"
    );
}

/// What such a script says on standard error, which has to succeed.
fn said_where_things_can_be_mounted(script: &str, folder: &Path) -> Option<String> {
    let output = where_things_can_be_mounted(script, folder)?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}: {said}{}", output.status, String::from_utf8_lossy(&output.stdout));
    Some(said)
}

/// A file that cannot be renamed over, and a folder from which nothing can be taken away: both come after files that could be written.
#[test]
fn what_cannot_be_written_half_way_leaves_the_folder_as_it_was() {
    let role = "permissions:\n  handler_role_arn: arn:aws:iam::123456789012:role/mine\n";
    let done = Run::new(&["validate", "new.yaml"])
        .file("old.yaml", &format!("name: web\n{role}"))
        .file("less.yaml", "name: web\nhandler:\n  memory_megabytes: 512\n")
        .file("new.yaml", &format!("name: web\nhandler:\n  memory_megabytes: 512\n{role}"));
    let done = done.ok();
    let script = r#""$0" generate old.yaml --out out >/dev/null && cp -a out before || exit 90
        mount --bind out/terraform/function.tf out/terraform/function.tf || exit 95
        "$0" generate new.yaml --out out; [ $? = 3 ] || exit 91
        diff -r before out || exit 92
        umount out/terraform/function.tf
        mount --bind out/role-policy out/role-policy && mount -o remount,ro,bind out/role-policy || exit 95
        "$0" generate less.yaml --out out; [ $? = 3 ] || exit 93
        diff -r before out || exit 94
        umount out/role-policy
        "$0" generate less.yaml --out out >/dev/null && "$0" generate less.yaml --out out --check && [ ! -e out/role-policy ]"#;
    let Some(said) = said_where_things_can_be_mounted(script, &done.folder) else { return };
    assert!(said.contains("function.tf`: ") && said.contains("cannot remove `out/role-policy/"), "{said}");
}

#[test]
fn a_zip_over_the_limit_is_refused_before_anything_is_compiled() {
    let text = "name: web\nhandler:\n  files:\n    big: big\n";
    let run =
        Run::new(&["package", "stack.yaml", "--out", "out", "--cache-dir", "cache"]).file("stack.yaml", text);
    let run = run.file("big", "");
    let big = fs::File::options().write(true).open(run.folder().join("big")).expect("a file");
    big.set_len(262_144_001).expect("a hole in a file");
    let done = run.stderr_has("`big` is more than fits").stderr_has("stack.yaml:4:10").exits(2);
    assert!(!done.has("out") && !done.has("cache"));
}

#[test]
fn a_folder_of_another_user_is_named_and_stays_as_it_is() {
    let done = Run::new(&["generate", "stack.yaml", "--out", "out"]).file("stack.yaml", "name: web\n").ok();
    fs::set_permissions(&done.folder, fs::Permissions::from_mode(0o755)).expect("it can be entered");
    fs::write(done.folder.join("stack.yaml"), "name: web\nregion: eu-central-1\n").expect("a file");
    let kept = done.folder.join("cache/packages/one");
    fs::create_dir_all(&kept).expect("a folder");
    fs::write(kept.join("package.json"), "{}").expect("a file");
    fs::set_permissions(kept.join("package.json"), fs::Permissions::from_mode(0o600)).expect("it is ours");
    let before = files(&done.folder);
    let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", PROGRAM];
    for (arguments, fix) in [
        (["generate", "stack.yaml", "--out", "out"], "a folder of your own with `--out`"),
        (["generate", "stack.yaml", "--out", "other"], "a folder of your own with `--out`"),
        (["cache", "list", "--cache-dir", "cache"], "a folder of your own with `--cache-dir`"),
    ] {
        let mut command = Command::new("setpriv");
        let output = command.args(nobody).args(arguments).current_dir(&done.folder).output();
        let Some(output) = output.ok().filter(|output| !output.stderr.starts_with(b"setpriv:")) else {
            return println!("not checked here, for this user cannot become another");
        };
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("Permission denied") && said.contains(fix), "{said}");
        assert_eq!(files(&done.folder), before);
    }
}

/// A cargo that compiles half of the handler and then takes its time; one that is asked again says what it finds.
const SLOW_CARGO: &str = "#!/bin/sh\n\
    if [ -e \"$CARGO_TARGET_DIR/half\" ]; then echo 'error: half of it is there' >&2; exit 101; fi\n\
    mkdir -p \"$CARGO_TARGET_DIR\"\n\
    echo '   Compiling libc v0.2.0' >&2\n\
    echo half >\"$CARGO_TARGET_DIR/half\"\n\
    exec sleep 10\n";

#[test]
fn a_build_that_is_ended_half_way_leaves_the_stacks_files_and_what_the_next_goes_on_from() {
    for signal in ["-KILL", "-INT", "-TERM"] {
        let done = Run::new(&["validate", "stack.yaml"]).file("stack.yaml", "name: web\n").ok();
        let place = tools(&done.folder, &["rustc", "cc", "mkdir", "sleep"]);
        fs::write(place.join("cargo"), SLOW_CARGO).expect("a file");
        fs::set_permissions(place.join("cargo"), fs::Permissions::from_mode(0o755)).expect("executable");
        let build = ["build", "stack.yaml", "--out", "out", "--cache-dir", "cache"];
        let mut command = Command::new(PROGRAM);
        command.args(build).current_dir(&done.folder).env("PATH", &place);
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        let half = done.folder.join("cache/build/x86_64-unknown-linux-gnu/target/half");
        wait_for(|| half.exists());
        let id = process.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill runs").success());
        assert!(!process.wait().expect("it ends").success());
        assert!(done.has("out/terraform/versions.tf") && !done.has("out/handler.zip"), "{signal}");
        done.then(&["generate", "stack.yaml", "--out", "out", "--check"]).stdout("no drift\n").ok();
        let list = ["cache", "list", "--cache-dir", "cache"];
        done.then(&list)
            .stdout_has("the next build goes on from it")
            .stdout_has("0 packages and 1 build")
            .ok();
        let before = files(&done.folder.join("out"));
        done.then(&build).env("PATH", &place).stderr_has("half of it is there").exits(3);
        assert_eq!(files(&done.folder.join("out")), before, "{signal}");
    }
}

#[expect(clippy::disallowed_methods, reason = "another process takes its time")]
fn wait_for(condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_mins(2), "it does not happen");
        thread::sleep(Duration::from_millis(20));
    }
}
