//! `history`: what ran in the last 90 days, why, and how it ended.

use super::acting;
use super::context::Context;
use super::exit_code::Failure;
use super::format::Format;
use super::operator::{Operator, now};
use super::simulate::dollars;
use crate::operate::fleet;
use crate::operate::history;
use crate::operate::history::recorded_reads;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// One group [default: all groups of the stack].
    #[arg(value_name = "GROUP")]
    group: Option<String>,
    #[command(flatten)]
    operator: Operator,
    /// Executions that are shown at most, the newest; each takes a call.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=500))]
    limit: u16,
    /// Ask CloudTrail who made the calls: a call for each execution, of which it takes two a second.
    #[arg(long)]
    who: bool,
    /// Tell what each cost: about five calls for each, which read its whole history and what the group did.
    #[arg(long)]
    cost: bool,
    /// What an instance costs, in dollars for an hour: with --cost, the additional ones are counted in.
    #[arg(long, value_name = "DOLLARS", value_parser = dollars, requires = "cost")]
    price_per_hour: Option<f64>,
    /// How to print it.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let session = arguments.operator.open(context)?;
    let (group, now) = (arguments.group.as_deref(), now());
    let mut facts = history::reads::history(&session, group, arguments.limit.into(), now)?;
    if let Some(name) = group.filter(|_| !facts.is_there && facts.executions.is_empty() && !facts.has_more) {
        return Err(Failure::Input(format!(
            "there is no group `{name}`, and nothing ran for one of that name in 90 days; `asg-recycle status` lists those of the stack{}",
            acting::meant(&session, name)
        )));
    }
    if arguments.who {
        facts.callers = history::reads::callers(&session, &facts.executions)?;
    }
    if arguments.cost {
        facts.costs = recorded_reads::costs(&session, &facts.executions, (arguments.price_per_hour, now))?;
    }
    let report = history::report(&facts, &session.place, session.calls_made(), now);
    context.console.result(&match arguments.format {
        Format::Json => fleet::json(&report),
        Format::Text => history::text(&report, group, context.console.columns),
    })
}
