//! Why a package could not be made.

use std::io;
use std::path::PathBuf;

use super::disk_full::{self, BuildPlace};

/// Why a package could not be made. Every message names the fix.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// A program is not on the search path.
    #[error("cannot run `{program}`: it is not on the search path; {fix}")]
    ProgramMissing {
        /// The program, as it is looked for on the search path.
        program: &'static str,
        /// What to install so that it is there.
        fix: &'static str,
    },
    /// A program could not be started.
    #[error("cannot run `{program}`: {source}")]
    ProgramFailed {
        /// The program, as it is looked for on the search path.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// Another compiler stands where the pinned one should.
    #[error(
        "the Rust compiler on the search path is {found}, and the handler is built with {channel}: put rustup's before it \
         (https://rustup.rs) and `rustup toolchain install {channel} --profile minimal`"
    )]
    CompilerOther {
        /// The pinned version.
        channel: String,
        /// What the other says that it is.
        found: String,
    },
    /// The pinned compiler does not answer.
    #[error(
        "the Rust compiler {channel} does not answer; install it with \
         `rustup toolchain install {channel} --profile minimal`:\n{output}"
    )]
    CompilerMissing {
        /// The version that `rust-toolchain.toml` pins.
        channel: String,
        /// What the compiler, or rustup in its place, said.
        output: String,
    },
    /// Nothing here can build for the wanted processor.
    #[error("cannot build for {architecture} on this machine:\n{}", list(.missing))]
    CrossToolsMissing {
        /// The processor that it was to be compiled for.
        architecture: &'static str,
        /// What is missing, each with the commands that install it.
        missing: Vec<String>,
    },
    /// Cargo could not fetch a crate.
    #[error(
        "cargo could not fetch the handler's crates; check the network and the proxy settings, or fetch them where \
         there is a network by `cargo fetch --locked` in the emitted `handler` folder:\n{tail}"
    )]
    Network {
        /// The end of what cargo said.
        tail: String,
    },
    /// The compiler, or cargo before it, gave up.
    #[error("the handler does not compile:\n{tail}")]
    Compile {
        /// The end of what cargo said.
        tail: String,
    },
    /// The disk filled up while cargo compiled.
    #[error(
        "the disk filled up while the handler was compiled{}; the next build goes on from what is compiled already:\n{tail}",
        disk_full::listed(.places)
    )]
    DiskFull {
        /// The places that are full, or that may be where it is not known which is.
        places: Vec<BuildPlace>,
        /// The end of what cargo said.
        tail: String,
    },
    /// The compiled handler does not answer an event.
    #[error(
        "the handler compiles, but does not answer an event as it should: {how}\n{said}\nnothing was packaged; \
         `--no-smoke` packages it all the same"
    )]
    TrialFailed {
        /// What came in place of the answer.
        how: String,
        /// What the handler printed.
        said: String,
    },
    /// The binary is not one that can be checked.
    #[error("the compiled binary is not a 64-bit ELF file: {reason}")]
    NotElf {
        /// What the reader said.
        reason: String,
    },
    /// The binary is for another processor.
    #[error("the compiled binary is for ELF machine {found}, not for {wanted}")]
    WrongMachine {
        /// ELF machine number of the binary.
        found: u16,
        /// The processor that the function has.
        wanted: &'static str,
    },
    /// The binary needs a newer glibc than the runtime has.
    #[error(
        "the compiled binary needs {version} (symbol `{symbol}`), but provided.al2023 has glibc 2.34: this machine's \
         C library is newer than the runtime's; build against 2.34 with \
         `pip install cargo-zigbuild ziglang` and `--compiler zig`, or build on an older distribution"
    )]
    GlibcTooNew {
        /// The version needed, e.g. `GLIBC_2.38`.
        version: String,
        /// A symbol that needs it.
        symbol: String,
    },
    /// A file that the stack packages is not there, or must not be packaged.
    #[error("`handler.files`, `{path}`: `{}` {reason}; {fix}", .source_path.display())]
    PackagedFile {
        /// Its path in the package: the key under `handler.files`.
        path: String,
        /// The file.
        source_path: PathBuf,
        /// What is wrong with it, after its name.
        reason: String,
        /// What would be right.
        fix: &'static str,
    },
    /// More than one such thing.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Several(Vec<Self>),
    /// Lambda does not take it.
    #[error("{what} has {bytes} bytes, and Lambda takes {bytes_max}: package less under `handler.files`")]
    TooLarge {
        /// The zip, or what is in it.
        what: &'static str,
        /// Its size.
        bytes: u64,
        /// Lambda's limit.
        bytes_max: u64,
    },
    /// A zip that was given is none, or not one of the handler.
    #[error("this is no package: {reason}; `asg-recycle package` makes one")]
    NotAPackage {
        /// What is wrong with it.
        reason: String,
    },
    /// The zip could not be made.
    #[error("cannot make the zip: {0}")]
    Zip(#[from] rawzip::Error),
    /// No folder for the cache can be derived.
    #[error(
        "there is no place for the build cache: neither `ASG_RECYCLE_CACHE_DIR`, `XDG_CACHE_HOME` nor `HOME` is set; \
         name a folder with `--cache-dir`"
    )]
    NoCacheFolder,
    /// A file operation in the cache failed.
    #[error("cannot {action} `{}`: {source}{}", .path.display(), advice(.source))]
    File {
        /// What was tried, e.g. `write`.
        action: &'static str,
        /// The file or folder that it was tried on.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl PackageError {
    /// For `map_err` on a file operation.
    pub(super) fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }
}

/// What helps against a fault of the cache's disk.
fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; nothing that was there is lost: free some space (`asg-recycle cache purge` empties the cache), or name \
             a folder on another disk with `--cache-dir`"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; name a folder of your own with `--cache-dir` or `ASG_RECYCLE_CACHE_DIR`"
        }
        _ => "",
    }
}

fn list(lines: &[String]) -> String {
    lines.iter().map(|line| format!("  - {line}")).collect::<Vec<_>>().join("\n")
}
