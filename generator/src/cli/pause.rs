//! `pause` and `resume`: groups are kept from being changed for a time. Recycles that run go on to their next safe point.

use std::fmt::Write as _;

use super::acting;
use super::context::Context;
use super::exit_code::Failure;
use super::operator::{Operator, now};
use crate::names;
use crate::operate::answers::{NoAnswer, SeenGroup};
use crate::operate::operation::{ANNOUNCE, DELETE_PAUSE, PUT_PAUSE};
use crate::operate::pause::{self, GroupPause};
use crate::operate::session::StackSession;
use crate::operate::{reads, span};
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: Which,
    /// Why, for whoever finds it paused.
    #[arg(long, value_name = "TEXT")]
    why: String,
    /// For how long, three days at most [default: 4h].
    #[arg(long = "for", value_name = "TIME", value_parser = span::read_span, conflicts_with = "until")]
    lasts: Option<i64>,
    /// Until when, e.g. `2026-01-05T18:00:00Z`.
    #[arg(long, value_name = "MOMENT")]
    until: Option<jiff::Timestamp>,
}

/// Which groups.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// The group.
    #[arg(value_name = "GROUP", required_unless_present = "all", conflicts_with = "all")]
    group: Option<String>,
    /// Every group that the stack has now.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    operator: Operator,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

impl Which {
    fn groups(&self, session: &StackSession) -> Result<Vec<SeenGroup>, Failure> {
        match &self.group {
            Some(name) => Ok(vec![acting::owned(session, name)?]),
            None => Ok(reads::own_groups(session)?),
        }
    }
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let now = now();
    let until = pause::ends_at(now, arguments.lasts, arguments.until).map_err(Failure::Input)?;
    let why = arguments.why.trim();
    if why.is_empty() {
        return Err(Failure::Input("say why with `--why`: whoever finds it paused has to know".to_owned()));
    }
    let session = arguments.which.operator.open(context)?;
    let groups = arguments.which.groups(&session)?;
    let locks = reads::locks(&session)?;
    let lasts = span::span(until.as_second() - now.as_second());
    let mut what = format!("pauses until {until:.0} ({lasts})\n");
    for group in &groups {
        let is_held = locks.get(&group.name).is_some_and(|lock| lock.held_by.is_some());
        let runs = if is_held { ": a recycle runs, and goes on to its next safe point" } else { "" };
        let _ = writeln!(what, "  {}{runs}", group.name); // text takes text
    }
    acting::agree(&session, what.trim_end(), arguments.which.yes, context)?;
    let mut untold = Vec::new();
    for group in &groups {
        let pause = GroupPause {
            group: group.name.clone(),
            until: format!("{until:.0}"),
            by: session.caller.clone(),
            why: why.to_owned(),
            since: format!("{now:.0}"),
        };
        let _: NoAnswer =
            session.ask(&PUT_PAUSE, &json!({"TableName": names::LOCK_TABLE, "Item": pause.item()}))?;
        context.console.result(&format!("{}: paused until {}\n", group.name, pause.until))?;
        untold.extend(announce(&session, &pause, group, None).err());
    }
    told(&untold)
}

pub(super) fn resume(arguments: &Which, context: &mut Context) -> Result<(), Failure> {
    let session = arguments.operator.open(context)?;
    let groups = arguments.groups(&session)?;
    let all = reads::pauses(&session)?;
    let paused: Vec<(&SeenGroup, &GroupPause)> =
        groups.iter().filter_map(|group| Some((group, all.get(&group.name)?))).collect();
    if paused.is_empty() {
        let what = arguments.group.as_deref().unwrap_or("no group of the stack");
        let is = if arguments.group.is_some() { "is not paused" } else { "is paused" };
        return context.console.result(&format!("{what} {is}\n"));
    }
    let mut what = "ends the pause of\n".to_owned();
    for (group, pause) in &paused {
        let _ = writeln!(what, "  {}: {}", group.name, pause.told()); // text takes text
    }
    acting::agree(&session, what.trim_end(), arguments.yes, context)?;
    let mut untold = Vec::new();
    for (group, pause) in paused {
        let arguments = json!({"TableName": names::LOCK_TABLE, "Key": pause::key(&group.name)});
        let _: NoAnswer = session.ask(&DELETE_PAUSE, &arguments)?;
        context.console.result(&format!(
            "{}: resumed; a recycle that stands still goes on within minutes\n",
            group.name
        ))?;
        if pause.is_on(now()) {
            untold.extend(announce(&session, pause, group, Some(&session.caller)).err());
        }
    }
    told(&untold)
}

/// Tells whoever is told of recycles.
fn announce(
    session: &StackSession,
    pause: &GroupPause,
    group: &SeenGroup,
    ended_by: Option<&str>,
) -> Result<(), String> {
    let message = pause.announcement(&session.settings.topic_arn, group, ended_by);
    let published: Result<NoAnswer, _> = session.ask(&ANNOUNCE, &message);
    published.map(drop).map_err(|error| format!("{}: {error}", group.name))
}

/// Fails where something was done and somebody was not told.
fn told(untold: &[String]) -> Result<(), Failure> {
    match untold.first() {
        None => Ok(()),
        Some(first) => {
            let more = untold.len() - 1;
            let more = if more > 0 { format!("\nand {more} more likewise") } else { String::new() };
            Err(Failure::World(format!("it is done, and could not be announced: {first}{more}")))
        }
    }
}
