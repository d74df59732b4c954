//! `restore`: what a dead execution left changed is put back, from the journal.

use super::acting::{self, Aim, Following};
use super::context::Context;
use super::exit_code::Failure;
use super::operator::{OneGroup, now};
use super::telling::Telling;
use crate::operate::answers::SeenGroup;
use crate::operate::lock::GroupLock;
use crate::operate::{reads, request};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) of: OneGroup,
    /// Do not ask.
    #[arg(long)]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) following: Following,
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let session = arguments.of.operator.open(context)?;
    let group = acting::owned(&session, &arguments.of.group)?;
    let mut telling = Telling::of(&session, &arguments.of.group, arguments.following.format);
    let Some(lock) = reads::lock(&session, &arguments.of.group)? else {
        telling.say(&format!("{}: nothing was left changed\n", arguments.of.group), context)?;
        return telling.close(Ok(()), &session, context);
    };
    let dead = match &lock.held_by {
        None => None,
        Some(holder) => {
            acting::own_holder(&session, &arguments.of.group, holder)?;
            reads::known_execution(&session, holder)?
        }
    };
    if let Some(running) = dead.as_ref().filter(|seen| seen.status == "RUNNING") {
        return Err(Failure::Input(format!(
            "{} runs and holds `{}`; `asg-recycle abort` stops it and puts back",
            running.execution_arn, arguments.of.group
        )));
    }
    let what = format!("puts back what was left of {}\n{}", arguments.of.group, told(&lock, &group));
    acting::agree(&session, what.trim_end(), arguments.yes, context)?;
    let (account, dead) = (&session.place.account, dead.as_ref().map(|seen| &*seen.input));
    let request = request::restore(&group.as_handler_sees_it(), dead, account, now(), &session.settings);
    let execution = acting::start(&session, &request)?;
    context.console.note(&format!("started {execution}\n"));
    let looks = &mut arguments.following.looks();
    let done = acting::follow(&session, &execution, Aim::Restored, looks, &mut telling, context);
    telling.close(done, &session, context)
}

/// What a journal says, and what comes of it.
pub(super) fn told(lock: &GroupLock, group: &SeenGroup) -> String {
    lock.what_follows()
        .into_iter()
        .fold(put_back(lock, group), |told, follows| format!("{told}  {follows}\n"))
}

fn put_back(lock: &GroupLock, group: &SeenGroup) -> String {
    if let Some(journal) = &lock.unread_journal {
        return format!("  the journal cannot be read here: {journal}\n");
    }
    let lines = lock.to_put_back((group.min_size, group.max_size));
    if lines.is_empty() {
        return "  nothing was changed, as far as its journal says\n".to_owned();
    }
    format!("  {}\n", lines.join("\n  "))
}
