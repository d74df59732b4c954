//! What to build, and what a waiting person is told of it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::config::Architecture;

/// The environment of the process, read once at the edge.
pub type ProcessEnvironment = BTreeMap<OsString, OsString>;

/// What to build, with what, and where results are kept.
#[derive(Debug, Clone)]
pub struct BuildRequest {
    /// The processor of the function that will run it.
    pub architecture: Architecture,
    /// What compiles and links it.
    pub compiler: Compiler,
    /// The cache's folder; made where it is missing.
    pub cache_folder: PathBuf,
    /// Whether what was compiled stays in the cache, so that a changed handler compiles without its dependencies.
    pub keep_build: bool,
    /// Whether a compiled handler answers an event before it is packaged, where this machine can run it.
    pub trial: bool,
    /// The environment that cargo runs in, less what would change the bytes.
    pub environment: ProcessEnvironment,
}

/// Something to tell a waiting person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Another process builds into the same cache; this one waits for it.
    Waiting,
    /// A cargo of another process, perhaps of a build that was killed, compiles in the same folder; this one waits for it.
    HeldUp,
    /// A cargo of another process fetches crates, or takes them away; this one waits for it.
    CratesHeld,
    /// What the cache has of the zip is not what was put there: it is built again.
    Damaged,
    /// The compiler starts: the cache does not have the zip.
    Started {
        /// What is compiled for.
        target: String,
    },
    /// A large file that lies beside the binary is being compressed.
    Packing {
        /// Its path in the package.
        name: String,
        /// Its size.
        bytes: u64,
    },
    /// The compiled handler was tried out, and answers an event.
    Tried,
    /// The compiled handler was not tried out, for this reason.
    NotTried {
        /// Why.
        reason: String,
    },
    /// What was built could not be kept in the cache, for this reason: the next build takes as long.
    NotKept {
        /// Why.
        reason: String,
    },
    /// A crate is being compiled.
    Compiling {
        /// Its name.
        name: String,
        /// Crates begun so far, this one and those of `fresh` included.
        begun: usize,
        /// Those of them that an interrupted build had compiled before.
        fresh: usize,
        /// Crates in the lock file: an upper bound.
        total_max: usize,
    },
    /// The crate that was begun last is still compiled: told about once a second.
    Going,
}

/// What compiles and links the handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Compiler {
    /// cargo for this machine's processor; for another, cargo-zigbuild or a cross compiler, whichever is there.
    #[default]
    Auto,
    /// cargo with a C compiler of this machine.
    Native,
    /// cargo-zigbuild: against the runtime's C library, whatever this machine has.
    Zig,
}
