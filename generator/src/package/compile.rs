//! Compiles the emitted crate in a folder of the cache, so that neither folder nor user nor time reach the binary.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use super::cache::COMPILED;
use super::disk_full::{self, BuildPlace};
use super::error::PackageError;
use super::flags::{SOURCE_DATE_EPOCH, SourcePlaces};
use super::request::{BuildRequest, Progress};
use super::toolchain::{Method, Target, Tools};
use crate::render::Files;

/// How often whoever waits is told that a crate is still compiled: the last one takes minutes.
const TELL: Duration = Duration::from_secs(1);
/// Lines of cargo's that a failure shows.
const TAIL_LINES: usize = 30;
/// Characters of such a line that are shown: a compiler's command has thousands.
const LINE_CHARACTERS_MAX: usize = 300;
/// Of what is said of a full disk, that much is looked at.
const FULL_BYTES_MAX: usize = 16_384;
/// What cargo says more when it is asked to name the crates that it need not compile again; no failure needs it.
const VERBOSE: [&str; 3] = ["Fresh ", "Dirty ", "Running `"];
/// What cargo says while another one has what it needs: the folder it compiles in, for one whose own builder was killed goes on for a
/// while, or the crates.
const HELD_UP: &str = "Blocking waiting for file lock on ";

/// Compiles the sources in `build_dir`; gives the binary's place.
pub(super) fn compile(
    request: &BuildRequest,
    target: &Target,
    sources: &Files,
    build_dir: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<PathBuf, PackageError> {
    let (source, output) = (build_dir.join("source"), build_dir.join(COMPILED));
    stage(sources, &source)?;
    let mut command = command(request, target, &source, &output)?;
    progress(Progress::Started { target: target.triple.to_owned() });
    let crates = sources.get("Cargo.lock").map_or(0, |lock| {
        String::from_utf8_lossy(lock).lines().filter(|line| *line == "[[package]]").count()
    });
    let places = places(request, &output)?;
    run(&mut command, crates, &places, progress)?;
    Ok(output.join(target.triple).join("release").join("bootstrap"))
}

/// Takes away what was compiled, but not the sources, which show what the last build was of.
pub(super) fn clean(build_dir: &Path) -> Result<(), PackageError> {
    let output = build_dir.join(COMPILED);
    fs::remove_dir_all(&output).map_err(PackageError::file("remove", &output))
}

/// Makes the folder hold these files and no other.
fn stage(sources: &Files, folder: &Path) -> Result<(), PackageError> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(PackageError::file("remove", folder))?;
    }
    for (path, contents) in sources {
        let file = folder.join(path);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent).map_err(PackageError::file("make the folder", parent))?;
        }
        fs::write(&file, contents).map_err(PackageError::file("write", &file))?;
    }
    Ok(())
}

fn command(
    request: &BuildRequest,
    target: &Target,
    source: &Path,
    output: &Path,
) -> Result<Command, PackageError> {
    let tools = Tools { environment: &request.environment };
    let cargo_home = cargo_home(request)?;
    let sysroot = PathBuf::from(tools.rustc(&["--print", "sysroot"])?.trim_end());
    let places = SourcePlaces::new(&cargo_home, source, output, &sysroot, &target.compiler_commit);
    let (subcommand, triple) = match target.method {
        Method::Cargo { .. } => ("build", target.triple.to_owned()),
        Method::Zigbuild => ("zigbuild", format!("{}.2.34", target.triple)), // the runtime's glibc
    };
    let mut command = tools.command("cargo");
    command.args([subcommand, "--release", "--locked", "--verbose", "--target", &triple]).current_dir(source);
    command
        .env("CARGO_ENCODED_RUSTFLAGS", places.rustc_flags().join("\u{1f}"))
        .env("CFLAGS", places.c_flags())
        .env("CC_SHELL_ESCAPED_FLAGS", "1")
        .env("CARGO_TARGET_DIR", output)
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_TERM_COLOR", "never")
        .env("RUSTC_WRAPPER", "") // empty: also not the one of the user's configuration
        .env("RUSTC_WORKSPACE_WRAPPER", "")
        .env("SOURCE_DATE_EPOCH", SOURCE_DATE_EPOCH);
    if let Method::Cargo { linker } = target.method {
        let name = target.triple.to_uppercase().replace('-', "_");
        command.env(format!("CARGO_TARGET_{name}_LINKER"), linker);
        command.env(format!("CC_{}", target.triple.replace('-', "_")), linker);
    }
    Ok(command)
}

fn cargo_home(request: &BuildRequest) -> Result<PathBuf, PackageError> {
    let folder = |name: &str| request.environment.get(std::ffi::OsStr::new(name)).map(PathBuf::from);
    let home = folder("CARGO_HOME").or_else(|| folder("HOME").map(|home| home.join(".cargo")));
    home.ok_or(PackageError::ProgramMissing {
        program: "cargo",
        fix: "and neither `CARGO_HOME` nor `HOME` is set; set one of them",
    })
}

/// What a build writes to.
fn places(request: &BuildRequest, output: &Path) -> Result<[BuildPlace; 3], PackageError> {
    let temporary = request.environment.get(std::ffi::OsStr::new("TMPDIR"));
    let temporary = temporary.map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
    Ok([
        BuildPlace::Target(output.to_owned()),
        BuildPlace::CargoHome(cargo_home(request)?),
        BuildPlace::Temporary(temporary),
    ])
}

fn run(
    command: &mut Command,
    total_max: usize,
    places: &[BuildPlace],
    progress: &mut dyn FnMut(Progress),
) -> Result<(), PackageError> {
    let failed = |source| PackageError::ProgramFailed { program: "cargo".to_owned(), source };
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().map_err(failed)?;
    let mut tail = VecDeque::with_capacity(TAIL_LINES);
    let (mut begun, mut fresh) = (0, 0);
    let mut full = String::new();
    let said = child.stderr.take();
    let (sender, lines) = channel();
    // The thread ends with what cargo says, or when nobody listens any more.
    std::thread::spawn(move || {
        let mut lines = said.into_iter().flat_map(|said| BufReader::new(said).split(b'\n'));
        lines.try_for_each(|line| sender.send(line))
    });
    loop {
        let line = match lines.recv_timeout(TELL) {
            Ok(line) => String::from_utf8_lossy(&line.map_err(failed)?).into_owned(),
            Err(RecvTimeoutError::Timeout) if begun > 0 => {
                progress(Progress::Going);
                continue;
            }
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let status = line.trim_start();
        if status.starts_with("Fresh ") {
            fresh += 1;
        }
        if let Some(lock) = status.strip_prefix(HELD_UP) {
            // The others are of what all cargos of this user share.
            let is_ours = ["build directory", "artifact directory"].iter().any(|ours| lock.starts_with(ours));
            progress(if is_ours { Progress::HeldUp } else { Progress::CratesHeld });
            continue;
        }
        if let Some(what) = status.strip_prefix("Compiling ") {
            begun += 1;
            let name = what.split(' ').next().unwrap_or_default().to_owned();
            progress(Progress::Compiling { name, begun: begun + fresh, fresh, total_max });
        }
        if VERBOSE.iter().any(|kind| status.starts_with(kind)) {
            continue;
        }
        if disk_full::is_sign(&line) && full.len() < FULL_BYTES_MAX {
            full.push_str(&line); // whole, and also where more is said after it than a failure shows
            full.push('\n');
        }
        if tail.len() == TAIL_LINES {
            tail.pop_front();
        }
        tail.push_back(shortened(line));
    }
    if child.wait().map_err(failed)?.success() {
        return Ok(());
    }
    Err(failure(&Vec::from(tail).join("\n"), &full, places))
}

/// The line, without most of a command that would fill a screen.
fn shortened(line: String) -> String {
    match line.char_indices().nth(LINE_CHARACTERS_MAX) {
        Some((at, _)) => format!("{} …", &line[..at]),
        None => line,
    }
}

/// What went wrong, by what cargo said last, and of a full disk, which wrote to these places.
fn failure(tail: &str, full: &str, places: &[BuildPlace]) -> PackageError {
    let tail = tail.trim_end().to_owned();
    // Whichever crate it was: it compiles where there is room.
    let places = disk_full::full(full, places);
    if !places.is_empty() {
        let shown = if tail.lines().any(disk_full::is_sign) { "" } else { full };
        return PackageError::DiskFull { places, tail: format!("{shown}{tail}") };
    }
    let network = [
        "failed to download",
        "failed to fetch",
        "download of config.json failed",
        "spurious network error",
        "failed to query replaced source",
        "Could not resolve host",
        "you may be offline",
        "made in offline mode",
        "using offline mode",
    ];
    if network.iter().any(|sign| tail.contains(sign)) {
        PackageError::Network { tail }
    } else {
        PackageError::Compile { tail }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::{BuildPlace, PackageError, Progress, failure, run, stage};
    use crate::render::Files;

    #[test]
    fn whoever_waits_is_told_that_a_crate_is_still_compiled() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        let mut command = Command::new("sh");
        // As cargo does: it says what it compiles, and is silent. It ends when it is told to.
        let script = r#"mkfifo "$1" && printf '    Blocking waiting for file lock on package cache\n    Blocking waiting for file lock on build directory\n   Fresh quick v1.0.0\n   Compiling slow v1.0.0\n' >&2 && read -r _ <"$1""#;
        command.args(["-c", script, "sh"]).arg(&pipe);
        let mut told = Vec::new();
        let ran = run(&mut command, 2, &[], &mut |step| {
            if step == Progress::Going {
                fs::write(&pipe, "\n").expect("it is read");
            }
            told.push(step);
        });
        ran.expect("it ends well");
        let compiling = Progress::Compiling { name: "slow".to_owned(), begun: 2, fresh: 1, total_max: 2 };
        assert_eq!(told, [Progress::CratesHeld, Progress::HeldUp, compiling, Progress::Going]);
    }

    #[test]
    fn a_failure_shows_what_cargo_says_without_its_commands() {
        let mut command = Command::new("sh");
        let script = r"printf '    Blocking waiting for file lock on package cache\n   Fresh a v1.0.0\n   Dirty b v1.0.0: stale\n     Running `rustc b`\nerror: no b\n%0400d\n' 0 >&2; exit 101";
        command.args(["-c", script]);
        let Err(PackageError::Compile { tail }) = run(&mut command, 2, &[], &mut |_| ()) else {
            panic!("it fails")
        };
        assert_eq!(tail, format!("error: no b\n{} …", "0".repeat(300)));
    }

    #[test]
    fn a_full_disk_is_no_fault_in_the_code() {
        let full = "error: failed to write `/c/libsyn.rmeta`: No space left on device (os error 28)\n\nerror: could not compile `syn`\n";
        let fault = failure(full, full, &[BuildPlace::Target("/c".into())]);
        assert!(
            matches!(&fault, PackageError::DiskFull { tail, .. } if tail.contains("libsyn.rmeta")),
            "{fault}"
        );
        let said =
            "compiled: `/c`, where it is compiled, which takes about 450 MB: free some space there, or name";
        assert!(fault.to_string().contains(said), "{fault}");
        // Behind what fills a line, and before what fills a screen.
        let mut command = Command::new("sh");
        let script = r"printf 'warning: %0400d /c/x.s: No space left on device\n' 0 >&2; yes 'it goes on' | head -n 99 >&2; exit 101";
        command.args(["-c", script]);
        let fault =
            run(&mut command, 2, &[BuildPlace::Target("/c".into())], &mut |_| ()).expect_err("it fails");
        let PackageError::DiskFull { tail, .. } = fault else { panic!("{fault}") };
        assert!(tail.contains("No space left on device\nit goes on\n"), "{tail}");
    }

    #[test]
    fn a_network_fault_is_told_from_a_fault_in_the_code() {
        let network = "error: failed to download from `https://static.crates.io/x`\n\nCaused by:\n  [6] Could not resolve host\n";
        assert!(matches!(failure(network, "", &[]), PackageError::Network { .. }));
        let offline =
            "error: attempting to make an HTTP request, but --offline was specified\n  you may be offline";
        assert!(matches!(failure(offline, "", &[]), PackageError::Network { .. }));
        let fault = failure("error[E0425]: cannot find value `x` in this scope\n", "", &[]);
        assert!(matches!(&fault, PackageError::Compile { tail } if tail.contains("E0425")));
    }

    #[test]
    fn the_staged_folder_holds_the_sources_and_nothing_older() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source");
        let files = |path: &str| Files::from([(path.to_owned(), b"x".to_vec())]);
        stage(&files("src/old.rs"), &source).unwrap();
        stage(&files("src/new.rs"), &source).unwrap();
        assert!(!source.join("src/old.rs").exists());
        assert!(source.join("src/new.rs").exists());
    }
}
