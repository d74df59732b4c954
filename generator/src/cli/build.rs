//! `build`: the main job, everything from one file.

use super::context::Context;
use super::exit_code::Failure;
use super::formats::Formats;
use super::generate::{Target, files, plan_without_zip};
use super::input::Source;
use super::package::{Building, record};
use super::report;
use crate::output::{Folder, HANDLER_ZIP, Obstacle, OutputError, Wanted};
use crate::{AsgRecycle, package};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    building: Building,
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let stack = arguments.source.stack(context)?;
    let folder = arguments.target.open()?;
    refuse_edits(&folder, stack.clone())?;
    let sources = package::handler_sources();
    let architecture = stack.config().handler.architecture;
    let built = arguments.building.build(architecture, &sources, context)?;
    let record = record(&built, architecture, &sources);
    let mut files = files(stack, Some(&record), &Formats::all(), &sources)?;
    files.insert(HANDLER_ZIP.to_owned(), built.zip);
    let plan = folder.plan(Wanted { files, package: Some(record), ..Wanted::default() })?;
    report::summary(&arguments.target.out, &plan.apply()?, context)?;
    context
        .console
        .result(&format!("next: {}/README.md says how to deploy\n", arguments.target.out.display()))
}

/// Refuses edited files before the minutes that compiling may take. Files that were there before are left to the
/// real plan: they may turn out to be just what is wanted.
fn refuse_edits(folder: &Folder, stack: AsgRecycle) -> Result<(), Failure> {
    let mut conflicts = plan_without_zip(folder, stack, &Formats::all())?.conflicts();
    conflicts.retain(|conflict| conflict.obstacle == Obstacle::Edits);
    if conflicts.is_empty() { Ok(()) } else { Err(OutputError::Conflicts(conflicts).into()) }
}
