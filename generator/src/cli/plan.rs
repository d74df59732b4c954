//! `plan`: what a recycle would do to a real group now, and how it would go.

use super::acting;
use super::context::Context;
use super::exit_code::Failure;
use super::format::Format;
use super::gone;
use super::operator::{OneGroup, now};
use super::scenario_file::ScenarioFile;
use super::simulate::{dollars, look};
use crate::operate::fleet;
use crate::operate::plan;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    of: OneGroup,
    #[command(flatten)]
    scenario: ScenarioFile,
    /// What an instance costs, in dollars for an hour: the forecast tells what the additional ones cost.
    #[arg(long, value_name = "DOLLARS", value_parser = dollars)]
    price_per_hour: Option<f64>,
    /// How to print it.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    arguments.scenario.check()?;
    let session = arguments.of.operator.open(context)?;
    let name = &arguments.of.group;
    acting::owned(&session, name)?;
    let facts = plan::reads::plan(&session, name)?;
    let plan = plan::of(&facts, &session.place, &session.settings, session.calls_made(), now())
        .ok_or_else(|| gone::gone(&session, name, context))?;
    arguments.scenario.keep(&plan.scenario, context)?;
    let look = look(&context.console, arguments.price_per_hour);
    context.console.result(&match arguments.format {
        Format::Json => fleet::json(&plan.report),
        Format::Text => plan::text::text(&plan, look, context.console.columns),
    })?;
    if plan.run.is_none() {
        context.console.note("there is no forecast; \"leaves out\" says why\n");
        return Err(Failure::Findings);
    }
    Ok(())
}
