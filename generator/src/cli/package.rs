//! `package`: the handler's zip.

use std::path::PathBuf;

use super::context::Context;
use super::exit_code::Failure;
use super::generate::{Target, handler_files};
use super::input::Source;
use super::report;
use crate::config::Architecture;
use crate::output::{Folder, HANDLER_FOLDER, HANDLER_ZIP, PackageRecord, Wanted};
use crate::package::{self, BuildRequest, Compiler, Package};
use crate::render::Files;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    building: Building,
}

/// How the handler is built.
#[derive(Debug, clap::Args)]
pub(super) struct Building {
    /// Where compiled handlers are kept, if not in `$ASG_RECYCLE_CACHE_DIR` or the user's cache.
    #[arg(long, value_name = "DIR")]
    cache_dir: Option<PathBuf>,
    /// What compiles the handler.
    #[arg(long, value_enum, value_name = "COMPILER", default_value_t)]
    compiler: CompilerChoice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum CompilerChoice {
    /// cargo for this machine's processor; for another, cargo-zigbuild or a cross compiler, whichever is there.
    #[default]
    Auto,
    /// cargo with a C compiler of this machine.
    Native,
    /// cargo-zigbuild: against the runtime's C library, whatever this machine has.
    Zig,
}

impl Building {
    /// Builds the handler, telling whoever waits how far it is.
    pub(super) fn build(
        &self,
        architecture: Architecture,
        sources: &Files,
        context: &mut Context,
    ) -> Result<Package, Failure> {
        let cache_folder = match &self.cache_dir {
            Some(folder) => folder.clone(),
            None => package::default_cache_folder(&context.environment)?,
        };
        let compiler = match self.compiler {
            CompilerChoice::Auto => Compiler::Auto,
            CompilerChoice::Native => Compiler::Native,
            CompilerChoice::Zig => Compiler::Zig,
        };
        let request =
            BuildRequest { architecture, compiler, cache_folder, environment: context.environment.clone() };
        let console = &mut context.console;
        let built = package::build(&request, sources, &mut |step| report::progress(&step, console));
        report::progress_ends(console);
        Ok(built?)
    }
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let config = arguments.source.config(context)?;
    let folder = arguments.target.open()?;
    let sources = package::handler_sources();
    let architecture = config.handler.architecture;
    let built = arguments.building.build(architecture, &sources, context)?;
    let record = record(&built, architecture, &sources);
    let is_stale = folder.manifest().package.as_ref() != Some(&record);
    let plan = folder.plan(wanted(&folder, built.zip, record, &sources))?;
    report::summary(&arguments.target.out, &plan.apply()?, context)?;
    let (file, out) = (arguments.source.file.display(), arguments.target.out.display());
    let next = if is_stale {
        format!("next: `asg-recycle generate {file} --out {out}` puts the zip's hash into the stack\n")
    } else {
        format!("next: {out}/README.md says how to deploy\n")
    };
    context.console.result(&next)
}

/// The zip and the crate it is built from; every other generated file stays.
fn wanted(folder: &Folder, zip: Vec<u8>, record: PackageRecord, sources: &Files) -> Wanted {
    let mut files = handler_files(sources);
    files.insert(HANDLER_ZIP.to_owned(), zip);
    let carried = folder.carried(|path| path != HANDLER_ZIP && !path.starts_with(HANDLER_FOLDER));
    Wanted { files, package: Some(record), carried }
}

/// What the manifest says of a zip.
pub(super) fn record(built: &Package, architecture: Architecture, sources: &Files) -> PackageRecord {
    PackageRecord {
        architecture: architecture.as_str().to_owned(),
        sha256_hex: built.digest.hex(),
        sha256_base64: built.digest.base64(),
        sources_sha256: package::sources_sha256(sources),
    }
}
