//! `graph`: the state machine as a picture.

use std::path::PathBuf;

use super::console::write_file;
use super::context::Context;
use super::exit_code::Failure;
use super::input::Source;
use crate::graph::{self, PictureFormat};
use crate::output::Edits;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Show only what an execution for this strategy can come to.
    #[arg(long, value_name = "STRATEGY")]
    strategy: Option<String>,
    /// How it is printed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: PictureFormat,
    /// Write it into this file instead of printing it; `-` prints it, too.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let stack = arguments.source.stack(context)?;
    let catalog = stack.config().catalog();
    let whole = &stack.machine().graph();
    let picture = match &arguments.strategy {
        Some(name) if !catalog.strategies().contains_key(name) => {
            let known: Vec<&str> = catalog.strategies().keys().map(String::as_str).collect();
            let known = known.join(", ");
            return Err(Failure::Input(format!("there is no strategy `{name}` (there are: {known})")));
        }
        Some(name) => graph::print(&whole.for_strategy(catalog, name), arguments.format),
        None => graph::print(whole, arguments.format),
    };
    match &arguments.output {
        Some(path) if path.as_os_str() != "-" => write_file(path, &picture, Edits::Overwrite).map(drop),
        _ => context.console.result(&picture),
    }
}
