//! `build`: the main job, everything from one file.

use std::path::PathBuf;

use super::building::{self, Building, record};
use super::context::Context;
use super::exit_code::Failure;
use super::formats::{self, Formats};
use super::generate::{self, Target, files, plan_without_zip};
use super::input::Source;
use super::writing;
use crate::AsgRecycle;
use crate::names::HANDLER_ZIP;
use crate::output::{Obstacle, OutputError, Summary, Wanted};
use crate::package::{self, Contents};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    target: Target,
    /// Which formats to write.
    #[arg(long, value_name = "FORMAT", value_parser = Formats::parser(), default_value = formats::ALL)]
    format: Formats,
    /// Take this zip instead of compiling the handler; it needs no Rust. It is checked, and deployed as it is.
    #[arg(long, value_name = "ZIP", conflicts_with_all = ["cache_dir", "compiler", "keep_build", "no_smoke"])]
    handler_zip: Option<PathBuf>,
    #[command(flatten)]
    building: Building,
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let stack = arguments.source.stack(context)?;
    let unheard = writing::unheard(&stack);
    let contents = arguments.source.contents(stack.config(), context)?;
    let architecture = stack.config().handler.architecture;
    let built = match &arguments.handler_zip {
        Some(file) => Some(building::given(file, architecture, &contents)?),
        None => package::cached(&arguments.building.request(architecture, context)?, &contents)?,
    };
    let (built, early) = if let Some(built) = built {
        (built, Summary::default())
    } else {
        let early = write_early(arguments, &stack, &contents, context)?;
        (arguments.building.build(architecture, &contents, context)?, early)
    };
    let record = record(&built, architecture);
    let folder = arguments.target.open()?;
    let upgraded = folder.upgraded(generate::record(&stack));
    let mut files = files(stack, Some(&record), &upgraded, &arguments.format, &contents.sources)?;
    files.insert(HANDLER_ZIP.to_owned(), built.zip);
    let plan =
        folder.plan(Wanted { files, package: Some(record), stack: Some(upgraded), ..Wanted::default() })?;
    writing::upgrade(&plan, context);
    writing::left_out(&plan, &arguments.format, &arguments.target.out, context);
    writing::summary(&arguments.target.out, &plan.apply()?.after(&early), context)?;
    writing::silence(&unheard, context);
    context
        .console
        .result(&format!("next: {}/README.md says how to deploy\n", writing::pasted(&arguments.target.out)))
}

/// Before the minutes that compiling may take, edited files are refused, and a folder that has no zip yet gets the
/// stack's files, for whoever wants to read them meanwhile. Files that were there before are left to the real plan:
/// they may turn out to be just what is wanted.
fn write_early(
    arguments: &Arguments,
    stack: &AsgRecycle,
    contents: &Contents,
    context: &mut Context,
) -> Result<Summary, Failure> {
    let folder = arguments.target.open()?;
    let plan = plan_without_zip(&folder, stack.clone(), &arguments.format, contents)?;
    let mut conflicts = plan.conflicts();
    let is_free = conflicts.is_empty();
    conflicts.retain(|conflict| conflict.obstacle == Obstacle::Edits);
    if !conflicts.is_empty() {
        return Err(OutputError::Conflicts(conflicts).into());
    }
    let request = arguments.building.request(stack.config().handler.architecture, context)?;
    if !is_free || folder.manifest().package.is_some() || package::is_ready(&request, contents)? {
        return Ok(Summary::default());
    }
    let summary = plan.apply()?;
    let out = arguments.target.out.display();
    context.console.note(&format!("the stack's files are in {out}; {HANDLER_ZIP} follows\n"));
    Ok(summary)
}
