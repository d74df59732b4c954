//! `wait`: blocks until a group is at rest.

use super::acting::{Following, Looks};
use super::context::Context;
use super::exit_code::Failure;
use super::gone;
use super::operator::{OneGroup, now};
use super::telling::Telling;
use crate::operate::fleet::reads;
use crate::operate::fleet::{self, FleetRow, GroupStanding};
use crate::operate::session::StackSession;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) of: OneGroup,
    #[command(flatten)]
    pub(super) following: Following,
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let session = arguments.of.operator.open(context)?;
    let name = &arguments.of.group;
    gone::there(&session, name, context)?;
    let mut telling = Telling::of(&session, name, arguments.following.format);
    let done = rest(&session, &mut arguments.following.looks(), &mut telling, context);
    telling.close(done, &session, context)
}

/// Waits until nothing runs for the group.
fn rest(
    session: &StackSession,
    looks: &mut Looks,
    telling: &mut Telling,
    context: &mut Context,
) -> Result<(), Failure> {
    let name = &telling.report.group.clone();
    loop {
        let Some(facts) = looks.patient(reads::fleet_of_one(session, name), context)? else { continue };
        let Some(row) = fleet::rows(&facts, &session.settings, now()).into_iter().next() else {
            return Err(gone::gone(session, name, context));
        };
        let unknown = facts.forgotten.first().map(String::as_str);
        if row.state != GroupStanding::Recycling && looks.is_gone(unknown) {
            let Some(begins) = looks.patient(reads::running_for(session, name), context)? else { continue };
            if begins.is_none() {
                telling.stands(&row);
                return at_rest(&row, telling, context);
            }
        }
        looks.wait(&format!("{name} is not at rest"), context)?;
    }
}

/// Tells how a group stands for which nothing runs; fails with findings where that is not well.
pub(super) fn at_rest(row: &FleetRow, telling: &Telling, context: &mut Context) -> Result<(), Failure> {
    let last = row.last.as_ref().map(|last| format!(", last {last}")).unwrap_or_default();
    let detail = if row.detail.is_empty() { String::new() } else { format!(": {}", row.detail) };
    telling.say(&format!("{}: {}{detail}{last}\n", row.group, row.state.word()), context)?;
    if row.is_well() { Ok(()) } else { Err(Failure::Findings) }
}
