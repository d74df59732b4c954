//! `restore`: what a dead execution left changed is put back, from the journal.

use asg_recycle_handler::decide::StartRequest;

use super::acting::{self, Aim, Following};
use super::context::Context;
use super::executions;
use super::exit_code::Failure;
use super::gone;
use super::operator::{OneGroup, now};
use super::telling::Telling;
use crate::names;
use crate::operate::answers::SeenGroup;
use crate::operate::doctor;
use crate::operate::fleet::reads;
use crate::operate::group;
use crate::operate::lock::GroupLock;
use crate::operate::request;
use crate::operate::session::StackSession;

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
    let name = &arguments.of.group;
    let mut telling = Telling::of(&session, name, arguments.following.format);
    let done = match acting::agreed(&session, arguments.yes, context, || left(&session, name))? {
        Some(request) => restore_started(arguments, (&session, &request), &mut telling, context),
        None => telling.say(&format!("{name}: nothing was left changed\n"), context),
    };
    telling.close(done, &session, context)
}

fn restore_started(
    arguments: &Arguments,
    (session, request): (&StackSession, &StartRequest),
    telling: &mut Telling,
    context: &mut Context,
) -> Result<(), Failure> {
    let looks = &mut arguments.following.looks();
    let execution = executions::start(session, request, looks, telling, context)?;
    context.console.note(&format!("started {execution}\n"));
    acting::follow(session, &execution, Aim::Restored, looks, telling, context)
}

/// The restore of what was left of a group, and that in words; none where nothing was.
fn left(session: &StackSession, name: &str) -> Result<Option<(StartRequest, String)>, Failure> {
    let seen = reads::group(session, name)?;
    if seen.is_none()
        && let Some(refusal) = gone::refusal(session, name)?
    {
        return Err(refusal);
    }
    let group = acting::owned_as_seen(session, name, seen)?;
    let Some(lock) = reads::lock(session, name)? else { return Ok(None) };
    let dead = match &lock.held_by {
        None => None,
        Some(holder) => {
            acting::own_holder(session, name, holder)?;
            reads::known_execution(session, holder)?
        }
    };
    if let Some(running) = dead.as_ref().filter(|seen| seen.status == "RUNNING") {
        return Err(Failure::Input(format!(
            "{} runs and holds `{name}`; `asg-recycle abort` stops it and puts back",
            running.execution_arn
        )));
    }
    if let Some(journal) = &lock.unread_journal {
        return Err(unreadable(session, name, journal));
    }
    let what = format!("puts back what was left of {name}\n{}", told(&lock, &group));
    let dead = dead.as_ref().map(|seen| &*seen.input);
    let request =
        request::restore(&group.as_handler_sees_it(), dead, session.hand(), now(), &session.settings);
    Ok(Some((request, what.trim_end().to_owned())))
}

/// The refusal to start a restore that must fail: who is to put back a journal that this version does not read.
fn unreadable(session: &StackSession, name: &str, journal: &str) -> Failure {
    let own = crate::VERSION;
    let by_another = format!(
        "deploy the version that wrote it, and `asg-recycle restore {name}` with that; where that is gone, or it is no journal at all, put \
         back by hand and delete the item `{name}` from the table `{}`",
        names::LOCK_TABLE
    );
    let who = match group::reads::definition(session).map(|definition| doctor::version_of(&definition)) {
        Ok(Some(its)) if doctor::is_newer(&its, own) => format!(
            "the stack is of version {its}, this tool of {own}: install version {its} of this tool, and restore with that"
        ),
        Ok(_) => format!("the machine of this stack cannot read it either: {by_another}"),
        Err(error) => format!(
            "the stack's version could not be read ({error}): where it is newer than {own}, install its version of this tool; else \
             {by_another}"
        ),
    };
    Failure::Input(format!(
        "`{name}` has a journal that this version cannot read; nothing was done. It says {journal}\n{who}"
    ))
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
