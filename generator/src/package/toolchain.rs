//! What compiles the handler: the target, the tools for it, the environment they run in, and their identity.

use std::collections::BTreeMap;
use std::env::consts::{ARCH, OS};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::answers::Answers;
use super::error::PackageError;
use super::request::{BuildRequest, Compiler, ProcessEnvironment};
use super::{flags, sources};
use crate::config::Architecture;

/// How cargo is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    /// `cargo build` with this C compiler as linker.
    Cargo { linker: &'static str },
    /// `cargo zigbuild`.
    Zigbuild,
}

/// A target that can be built here.
#[derive(Debug)]
pub(super) struct Target {
    /// The target triple.
    pub(super) triple: &'static str,
    /// How cargo is called.
    pub(super) method: Method,
    /// Everything about the tools that can change the bytes, by name: compiler, linker and flags.
    pub(super) inputs: BTreeMap<String, String>,
    /// The commit that the compiler was built from.
    pub(super) compiler_commit: String,
}

impl Target {
    /// Finds the tools for a request, and asks them who they are, unless they have answered before.
    pub(super) fn choose(request: &BuildRequest, answers: &Answers) -> Result<Self, PackageError> {
        let tools = Tools { environment: &request.environment };
        tools.find("cargo").ok_or(PackageError::ProgramMissing {
            program: "cargo",
            fix: "install Rust from https://rustup.rs, or use a zip that was built elsewhere: `build --handler-zip`",
        })?;
        let ask = |program: &'static str, arguments: &[&str]| {
            answers.of(&tools.places(program), arguments, || tools.ask(program, arguments))
        };
        let rustc = ask("rustc", &["-vV"])?;
        pinned(&rustc)?;
        let triple = triple(request.architecture);
        let method = tools.method(request)?;
        let first_line = |text: String| text.lines().next().unwrap_or_default().to_owned();
        let builder = match method {
            Method::Cargo { linker } => first_line(ask(linker, &["--version"])?),
            Method::Zigbuild => {
                let own = first_line(ask("cargo-zigbuild", &["--version"])?);
                own + " " + &first_line(ask("cargo-zigbuild", &["zig", "cc", "--", "--version"])?)
            }
        };
        let flags = flags::SourcePlaces::symbolic().rustc_flags().join(" ");
        let commit = rustc.lines().find_map(|line| line.strip_prefix("commit-hash: "));
        let compiler_commit = commit.unwrap_or("unknown").to_owned();
        let rustc = rustc.lines().skip(1).collect::<Vec<_>>().join(", "); // the first line says it shorter
        let inputs = [
            ("target", triple.to_owned()),
            ("linker", format!("{} ({builder})", method.name())),
            ("flags", flags),
            ("rustc", rustc),
        ];
        let inputs = inputs.map(|(name, value)| (name.to_owned(), value)).into();
        Ok(Self { triple, method, inputs, compiler_commit })
    }
}

/// Refuses another compiler than the pinned one: without rustup nobody else looks, and it fails in words that do not say so.
fn pinned(rustc: &str) -> Result<(), PackageError> {
    let release = rustc.lines().find_map(|line| line.strip_prefix("release: "));
    let release = release.or_else(|| rustc.strip_prefix("rustc ")?.split_whitespace().next());
    let channel = sources::channel();
    match release {
        Some(release) if release == channel => Ok(()),
        _ => Err(PackageError::CompilerOther {
            channel,
            found: release.unwrap_or_else(|| rustc.lines().next().unwrap_or("nothing")).to_owned(),
        }),
    }
}

impl Method {
    /// What it is called by in the inputs of a build.
    fn name(self) -> &'static str {
        match self {
            Self::Cargo { linker } => linker,
            Self::Zigbuild => "cargo-zigbuild",
        }
    }
}

/// The target triple of a processor.
fn triple(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::Arm64 => "aarch64-unknown-linux-gnu",
        Architecture::X86_64 => "x86_64-unknown-linux-gnu",
    }
}

/// The C compiler that Debian and its kin install for a processor.
fn cross_linker(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::Arm64 => "aarch64-linux-gnu-gcc",
        Architecture::X86_64 => "x86_64-linux-gnu-gcc",
    }
}

/// The machine's programs, run in a given environment.
pub(super) struct Tools<'a> {
    pub(super) environment: &'a ProcessEnvironment,
}

impl Tools<'_> {
    fn method(&self, request: &BuildRequest) -> Result<Method, PackageError> {
        let architecture = request.architecture;
        let is_host = OS == "linux" && ARCH == triple(architecture).split('-').next().unwrap_or_default();
        if is_host && request.compiler != Compiler::Zig {
            return self.find("cc").map(|_| Method::Cargo { linker: "cc" }).ok_or(
                PackageError::ProgramMissing {
                    program: "cc",
                    fix: "install a C compiler, e.g. `apt-get install gcc libc6-dev` or `dnf install gcc`",
                },
            );
        }
        let mut missing = Vec::new();
        if !is_host && !self.has_standard_library(triple(architecture))? {
            let (triple, channel) = (triple(architecture), sources::channel());
            missing.push(format!(
                "Rust's standard library for the target: `rustup target add {triple} --toolchain {channel}`"
            ));
        }
        let linker = cross_linker(architecture);
        let zig = (request.compiler != Compiler::Native && self.has_zig()).then_some(Method::Zigbuild);
        let gcc = || {
            let found = request.compiler != Compiler::Zig && OS == "linux" && self.find(linker).is_some();
            found.then_some(Method::Cargo { linker })
        };
        let method = zig.or_else(gcc);
        if method.is_none() {
            missing.push(linker_advice(request.compiler, linker));
        }
        match method {
            Some(method) if missing.is_empty() => Ok(method),
            _ => Err(PackageError::CrossToolsMissing { architecture: architecture.as_str(), missing }),
        }
    }

    fn has_zig(&self) -> bool {
        self.find("cargo-zigbuild").is_some()
    }

    fn has_standard_library(&self, triple: &str) -> Result<bool, PackageError> {
        let folder = self.rustc(&["--print", "target-libdir", "--target", triple])?;
        Ok(Path::new(folder.trim_end()).is_dir())
    }

    /// What the pinned compiler answers.
    pub(super) fn rustc(&self, arguments: &[&str]) -> Result<String, PackageError> {
        let output = self.run("rustc", arguments)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
        Err(PackageError::CompilerMissing { channel: sources::channel(), output: said })
    }

    fn ask(&self, program: &str, arguments: &[&str]) -> Result<String, PackageError> {
        if program == "rustc" {
            return self.rustc(arguments);
        }
        let output = self.run(program, arguments)?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// The files that a program's answers follow from: itself, and for rustup's stand-in what it starts. None where
    /// they are not known: then it is always asked.
    fn places(&self, program: &str) -> Vec<PathBuf> {
        let Some(found) = self.find(program).and_then(|path| path.canonicalize().ok()) else {
            return Vec::new();
        };
        let is_rustup = found.file_stem().is_some_and(|stem| stem == "rustup");
        if program == "cargo-zigbuild" {
            return Vec::new(); // which zig it finds is its own affair
        }
        if !is_rustup {
            return vec![found];
        }
        let folder = |name: &str| self.environment.get(OsStr::new(name)).map(PathBuf::from);
        let home = folder("RUSTUP_HOME").or_else(|| folder("HOME").map(|home| home.join(".rustup")));
        let toolchain = home.map(|home| {
            let host = format!("{}-{ARCH}-unknown-linux-gnu", sources::channel());
            home.join("toolchains").join(host).join("bin").join(program)
        });
        toolchain.filter(|program| program.is_file()).map_or(Vec::new(), |program| vec![found, program])
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<Output, PackageError> {
        let mut command = self.command(program);
        let output = command.args(arguments).output();
        output.map_err(|source| PackageError::ProgramFailed { program: program.to_owned(), source })
    }

    /// A program in the environment of a build.
    pub(super) fn command(&self, program: &str) -> Command {
        // `Command` searches the path of this process, not that of the environment given to the child.
        let mut command = Command::new(self.find(program).unwrap_or_else(|| program.into()));
        command.env_clear();
        command.envs(self.environment.iter().filter(|(name, _)| is_harmless(name)));
        // rustup reads the first; without rustup the last three change nothing.
        command.env("RUSTUP_TOOLCHAIN", sources::channel()).env("LC_ALL", "C").env("TZ", "UTC");
        command.env("RUST_BACKTRACE", "0"); // rustup would print its own below "is not installed"
        command
    }

    /// A program on the search path.
    pub(super) fn find(&self, program: &str) -> Option<PathBuf> {
        let path = self.environment.get(OsStr::new("PATH"))?;
        let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
        std::env::split_paths(path).map(|folder| folder.join(&name)).find(|file| file.is_file())
    }
}

fn linker_advice(compiler: Compiler, linker: &str) -> String {
    let zig = "`pip install cargo-zigbuild ziglang`";
    let package = linker.trim_end_matches("-gcc");
    match compiler {
        Compiler::Zig => format!("cargo-zigbuild: {zig}"),
        Compiler::Native => {
            format!("a C compiler for the target, `{linker}`: `apt-get install gcc-{package}`")
        }
        Compiler::Auto => format!(
            "a C compiler for the target: either {zig}, or `{linker}` by `apt-get install gcc-{package}` on Linux"
        ),
    }
}

/// Whether a variable cannot change what a build makes. Cargo's settings for the network are kept; its others, and
/// those that choose or steer compilers, are not.
fn is_harmless(name: &OsString) -> bool {
    let name = name.to_string_lossy();
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    if starts(&["CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTRY_", "CARGO_REGISTRIES_"]) || name == "CARGO_HOME"
    {
        return true;
    }
    let steers =
        ["CARGO", "RUSTC", "RUSTDOC", "RUSTFLAGS", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "ARFLAGS"];
    let tool = |name: &str| {
        let base = name.trim_start_matches("HOST_").trim_start_matches("TARGET_");
        ["CC", "CXX", "AR", "LD", "NM", "RANLIB"]
            .iter()
            .any(|tool| base.strip_prefix(tool).is_some_and(|rest| rest.is_empty() || rest.starts_with('_')))
    };
    let flags = name.contains("_CFLAGS") || name.contains("_CXXFLAGS");
    let search = ["C_INCLUDE_PATH", "CPATH", "LIBRARY_PATH", "GCC_EXEC_PREFIX", "COMPILER_PATH"];
    !(starts(&steers)
        || flags
        || tool(&name)
        || search.contains(&name.as_ref())
        || starts(&["RING_", "AWS_LC_"]))
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_the_pinned_compiler_is_taken() {
        let channel = super::sources::channel();
        let told = |text: &str| super::pinned(text).map_err(|error| error.to_string());
        assert_eq!(told(&format!("rustc {channel} (5 2026)\nbinary: rustc\nrelease: {channel}\n")), Ok(()));
        for other in ["rustc 1.60.0 (7737e0b5c 2022-04-04)\nrelease: 1.60.0\n", "rustc 1.60.0\n", "1.60.0\n"]
        {
            let told = told(other).unwrap_err();
            assert!(told.contains("1.60.0") && told.contains(&channel) && told.contains("rustup"), "{told}");
        }
    }

    use std::ffi::OsString;

    use super::{Answers, Compiler, PackageError, ProcessEnvironment, Target, is_harmless};
    use crate::config::Architecture;
    use crate::package::BuildRequest;

    #[test]
    fn variables_that_steer_compilers_are_taken_away() {
        for steering in [
            "RUSTFLAGS",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_BUILD_TARGET",
            "CARGO_PROFILE_RELEASE_LTO",
            "CARGO_TARGET_DIR",
            "RUSTC_WRAPPER",
            "RUSTC",
            "CC",
            "CFLAGS",
            "CFLAGS_x86_64_unknown_linux_gnu",
            "TARGET_CC",
            "HOST_CFLAGS",
            "AR",
            "LIBRARY_PATH",
            "CARGO_INCREMENTAL",
            "CARGO",
        ] {
            assert!(!is_harmless(&OsString::from(steering)), "{steering}");
        }
        for kept in [
            "PATH",
            "HOME",
            "CARGO_HOME",
            "CARGO_HTTP_PROXY",
            "CARGO_NET_OFFLINE",
            "https_proxy",
            "ARCH",
            "LANG",
        ] {
            assert!(is_harmless(&OsString::from(kept)), "{kept}");
        }
    }

    fn request(architecture: Architecture, environment: ProcessEnvironment) -> BuildRequest {
        BuildRequest {
            architecture,
            compiler: Compiler::Auto,
            cache_folder: "unused".into(),
            keep_build: false,
            trial: false,
            environment,
        }
    }

    #[test]
    fn without_cargo_the_message_says_how_to_get_it() {
        let environment = ProcessEnvironment::from([("PATH".into(), "/nowhere".into())]);
        let fault =
            Target::choose(&request(Architecture::X86_64, environment), &Answers::none()).unwrap_err();
        assert!(matches!(fault, PackageError::ProgramMissing { program: "cargo", .. }));
        assert!(fault.to_string().contains("https://rustup.rs"), "{fault}");
    }

    #[test]
    fn the_advice_for_a_missing_linker_follows_the_compiler_asked_for() {
        let advice = |compiler| super::linker_advice(compiler, "aarch64-linux-gnu-gcc");
        assert!(advice(Compiler::Auto).contains("ziglang") && advice(Compiler::Auto).contains("apt-get"));
        assert!(!advice(Compiler::Zig).contains("apt-get"));
        assert!(advice(Compiler::Native).contains("apt-get install gcc-aarch64-linux-gnu"));
    }
}
