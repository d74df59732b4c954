//! `abort`: a recycle is stopped, and its restore followed to the end.

use super::acting::{self, Aim, Looks};
use super::context::Context;
use super::executions;
use super::exit_code::Failure;
use super::gone;
use super::operator::now;
use super::restore::{Arguments, told};
use super::telling::Telling;
use crate::names;
use crate::operate::answers::execution::SeenExecution;
use crate::operate::fleet::reads;
use crate::operate::history;
use crate::operate::session::StackSession;

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let session = arguments.of.operator.open(context)?;
    let name = &arguments.of.group;
    let Some(holder) = acting::agreed(&session, arguments.yes, context, || running(&session, name))? else {
        return Err(Failure::Input(format!(
            "no recycle of `{name}` runs; `asg-recycle restore` puts back what was left"
        )));
    };
    let mut telling = Telling::of(&session, name, arguments.following.format);
    let looks = &mut arguments.following.looks();
    let done = executions::stop(&session, &holder, looks, context)
        .and_then(|()| stopped(&session, &holder, looks, &mut telling, context));
    telling.close(done, &session, context)
}

/// The recycle of a group that runs, and what stopping it would put back, in words; none where none holds the lock.
fn running(session: &StackSession, name: &str) -> Result<Option<(String, String)>, Failure> {
    let lock = reads::lock(session, name)?;
    // A group that was deleted meanwhile is the stack's where the stack's own execution holds it.
    let is_held = lock.as_ref().is_some_and(|lock| lock.held_by.is_some());
    let seen = reads::group(session, name)?;
    let is_gone = is_held && seen.is_none();
    let group = if is_gone { None } else { Some(acting::owned_as_seen(session, name, seen)?) };
    let holder = lock.as_ref().and_then(|lock| lock.held_by.clone());
    let (Some(lock), Some(holder)) = (lock, holder) else { return Ok(None) };
    acting::own_holder(session, name, &holder)?;
    let seen = reads::known_execution(session, &holder)?.filter(|seen| seen.status == "RUNNING");
    let Some(seen) = seen else {
        if is_gone && let Some(refusal) = gone::refusal(session, name)? {
            return Err(refusal);
        }
        return Err(Failure::Input(format!(
            "{holder} does not run any more; `asg-recycle restore` puts back what it left"
        )));
    };
    if seen.is_restore() {
        // Nothing restores after a restore that is dead: the group would stay as it is now.
        return Err(Failure::Input(format!(
            "a restore already runs, {holder}; follow it with `asg-recycle wait {name}`"
        )));
    }
    let phase = lock.phase();
    let what = match &group {
        Some(group) => format!("stops {holder} ({phase}) and puts back\n{}", told(&lock, group)),
        None => format!(
            "stops {holder} ({phase}); the group is gone: its restore gives the lock back, and no more"
        ),
    };
    Ok(Some((holder, what.trim_end().to_owned())))
}

/// Follows what comes of an execution that was stopped.
fn stopped(
    session: &StackSession,
    holder: &str,
    looks: &mut Looks,
    telling: &mut Telling,
    context: &mut Context,
) -> Result<(), Failure> {
    telling.report.stopped = Some(holder.to_owned());
    let name = telling.report.group.clone();
    let restore = restore_after(session, &name, holder, looks, context);
    let restore =
        restore.inspect_err(|_| context.console.note(&format!("{holder} is not followed any further\n")))?;
    match restore {
        After::Restore(restore) => {
            let done = acting::follow(session, &restore, Aim::Restored, looks, telling, context);
            match done {
                Err(Failure::Findings) if reads::group(session, &name)?.is_none() => {
                    let text = "that is well: the group is gone, and nothing was to be put back";
                    context.console.note(&format!("{name}: {text}\n"));
                    Ok(())
                }
                done => done,
            }
        }
        After::EndedBefore(seen) => {
            telling.report.stopped = None;
            acting::end(&seen, Aim::Restored, telling, context)
        }
        After::NothingLeft => telling.say(&format!("{name}: stopped; nothing is left changed\n"), context),
    }
}

/// What to do where the restore of an execution that was stopped does not begin.
fn unrestored(group: &str, is_gone: bool) -> String {
    let what = if is_gone {
        format!(
            "where nothing takes the lock of {group}, which is gone, within two minutes, delete the item `{group}` from the table `{}`",
            names::LOCK_TABLE
        )
    } else {
        format!("where nothing puts {group} back within two minutes, `asg-recycle restore` does so by hand")
    };
    format!("{what}; its restore has not begun")
}

/// What came of an execution that was stopped.
enum After {
    /// The restore of this ARN puts back.
    Restore(String),
    /// It had ended by itself.
    EndedBefore(SeenExecution),
    /// The lock is free, and no restore is known that let go of it: there was nothing to put back.
    NothingLeft,
}

/// Waits for whoever takes the lock from the execution that was stopped.
fn restore_after(
    session: &StackSession,
    group: &str,
    stopped: &str,
    looks: &mut Looks,
    context: &mut Context,
) -> Result<After, Failure> {
    let seen = loop {
        if let Some(seen) = looks.patient(reads::execution(session, stopped), context)? {
            break seen;
        }
    };
    if !["ABORTED", "RUNNING"].contains(&&*seen.status) {
        context.console.note(&format!("{stopped} ended before it could be stopped\n"));
        return Ok(After::EndedBefore(seen));
    }
    context.console.note(&format!("stopped {stopped}; its restore begins within a minute or so\n"));
    loop {
        let Some(lock) = looks.patient(reads::lock(session, group), context)? else { continue };
        let fails = match lock.map(|lock| lock.held_by) {
            None => {
                let Some(restore) =
                    looks.patient(history::reads::restore_of(session, (group, stopped), now()), context)?
                else {
                    continue;
                };
                return Ok(restore.map_or(After::NothingLeft, After::Restore));
            }
            Some(Some(holder)) if holder != stopped => {
                let Some(seen) = looks.patient(reads::execution(session, &holder), context)? else {
                    continue;
                };
                if seen.is_restore() {
                    return Ok(After::Restore(holder));
                }
                format!("a recycle took over, {holder}; it first puts back what was left changed")
            }
            Some(None) => {
                "a journal is left and nobody holds it; `asg-recycle restore` puts it back by hand".to_owned()
            }
            Some(_) => {
                let Some(seen) = looks.patient(reads::group(session, group), context)? else { continue };
                looks.wait(&unrestored(group, seen.is_none()), context)?;
                continue;
            }
        };
        context.console.note(&format!("{group}: {fails}\n"));
        return Err(Failure::Findings);
    }
}
