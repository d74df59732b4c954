//! `plan`: what a recycle would do to a real group now, and how it would go.

use std::path::PathBuf;

use super::acting;
use super::console::write_file;
use super::context::Context;
use super::exit_code::Failure;
use super::format::Format;
use super::operator::{OneGroup, now};
use super::simulate::{dollars, look};
use crate::operate::{fleet, plan, plan_reads, plan_text};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    of: OneGroup,
    /// Also write the group as a scenario into this file, to be changed and run with `simulate --scenario`.
    #[arg(long, value_name = "FILE")]
    write_scenario: Option<PathBuf>,
    /// Write the scenario over a file that is there.
    #[arg(long, requires = "write_scenario")]
    force: bool,
    /// What an instance costs, in dollars for an hour: the forecast tells what the additional ones cost.
    #[arg(long, value_name = "DOLLARS", value_parser = dollars)]
    price_per_hour: Option<f64>,
    /// How to print it.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    if arguments.write_scenario.as_ref().is_some_and(|path| path.as_os_str() == "-") {
        let text =
            "the plan is printed there: name a file with `--write-scenario`, e.g. `./-` for one of this name";
        return Err(Failure::Input(text.to_owned()));
    }
    if let Some(path) = arguments.write_scenario.as_ref().filter(|path| path.exists() && !arguments.force) {
        let shown = path.display();
        return Err(Failure::Input(format!("`{shown}` is there already: `--force` writes over it")));
    }
    let session = arguments.of.operator.open(context)?;
    let name = &arguments.of.group;
    acting::owned(&session, name)?;
    let facts = plan_reads::plan(&session, name)?;
    let plan = plan::of(&facts, &session.place, &session.settings, session.calls_made(), now())
        .ok_or_else(|| acting::gone(name, context))?;
    if let Some(path) = &arguments.write_scenario {
        let shown = path.display();
        let text = serde_yaml::to_string(&plan.scenario)
            .map_err(|error| Failure::World(format!("the scenario cannot be written: {error}")))?;
        write_file(path, &text)?;
        context.console.note(&format!("wrote {shown}\n"));
    }
    let look = look(&context.console, arguments.price_per_hour);
    context.console.result(&match arguments.format {
        Format::Json => fleet::json(&plan.report),
        Format::Text => plan_text::text(&plan, look, context.console.columns),
    })?;
    if plan.run.is_none() {
        context.console.note("there is no forecast; \"leaves out\" says why\n");
        return Err(Failure::Findings);
    }
    Ok(())
}
