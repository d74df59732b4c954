//! How a zip is come by: built, taken from the cache, or given.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::context::Context;
use super::exit_code::Failure;
use super::input;
use super::writing::{self, BuildReport};
use crate::config::Architecture;
use crate::output::PackageRecord;
use crate::package::{self, BuildRequest, Compiler, Contents, Package, PackageError};

/// For developers, whose handler changes often.
const KEEP_BUILD: &str = "ASG_RECYCLE_KEEP_BUILD";

/// Where the cache is.
#[derive(Debug, clap::Args)]
pub(super) struct CachePlace {
    /// Where compiled handlers are kept, if not in `$ASG_RECYCLE_CACHE_DIR` or the user's cache.
    #[arg(long, value_name = "DIR")]
    cache_dir: Option<PathBuf>,
}

impl CachePlace {
    /// The cache's folder.
    pub(super) fn folder(&self, context: &Context) -> Result<PathBuf, PackageError> {
        match &self.cache_dir {
            Some(folder) => Ok(folder.clone()),
            None => package::default_cache_folder(&context.environment),
        }
    }
}

/// How the handler is built.
#[derive(Debug, clap::Args)]
pub(super) struct Building {
    #[command(flatten)]
    cache: CachePlace,
    /// What compiles the handler.
    #[arg(long, value_enum, value_name = "COMPILER", default_value_t)]
    compiler: Compiler,
    /// Keep what was compiled in the cache (about 450 MB), so that a changed handler compiles in less time. The same
    /// as a value in `$ASG_RECYCLE_KEEP_BUILD`.
    #[arg(long)]
    keep_build: bool,
    /// Package a handler that was compiled without trying it out on an event first.
    #[arg(long)]
    no_smoke: bool,
}

impl Building {
    /// What is to be built, and how.
    pub(super) fn request(
        &self,
        architecture: Architecture,
        context: &Context,
    ) -> Result<BuildRequest, Failure> {
        Ok(BuildRequest {
            architecture,
            compiler: self.compiler,
            cache_folder: self.cache.folder(context)?,
            keep_build: self.keep_build
                || context.environment.get(OsStr::new(KEEP_BUILD)).is_some_and(|value| !value.is_empty()),
            trial: !self.no_smoke,
            environment: context.environment.clone(),
        })
    }

    /// Builds the handler, telling whoever waits how far it is.
    pub(super) fn build(
        &self,
        architecture: Architecture,
        contents: &Contents,
        context: &mut Context,
    ) -> Result<Package, Failure> {
        let request = self.request(architecture, context)?;
        let console = &mut context.console;
        let told = BuildReport::new();
        let built = package::build(&request, contents, &mut |step| told.tell(&step, console));
        writing::progress_ends(console);
        Ok(built?)
    }
}

/// A zip that was built elsewhere, checked.
pub(super) fn given(
    file: &Path,
    architecture: Architecture,
    contents: &Contents,
) -> Result<Package, Failure> {
    let zip = read_zip(file)?;
    package::given(zip, &contents.beside, architecture)
        .map_err(|fault| Failure::Input(format!("`{}`: {fault}", file.display())))
}

/// The bytes of a zip that the command line names.
pub(super) fn read_zip(file: &Path) -> Result<Vec<u8>, Failure> {
    /// Lambda takes no package that is longer, and none that unpacks to more.
    const LENGTH_MAX: u64 = 250 << 20;
    input::read_at_most(LENGTH_MAX, file, "")
}

/// What the manifest says of a zip.
pub(super) fn record(built: &Package, architecture: Architecture) -> PackageRecord {
    PackageRecord {
        architecture: architecture.as_str().to_owned(),
        sha256_hex: built.digest.hex(),
        sha256_base64: built.digest.base64(),
        inputs: built.inputs.clone().into(),
    }
}
