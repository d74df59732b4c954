//! `abort`: a recycle is stopped, and its restore followed to the end.

use super::acting::{self, Aim, Looks};
use super::context::Context;
use super::exit_code::Failure;
use super::restore::{Arguments, told};
use crate::operate::reads;
use crate::operate::session::StackSession;

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let session = arguments.operator.open(context)?;
    let name = &arguments.group;
    let group = acting::owned(&session, name)?;
    let lock = reads::lock(&session, name)?;
    let holder = lock.as_ref().and_then(|lock| lock.held_by.clone());
    let (Some(lock), Some(holder)) = (lock, holder) else {
        return Err(Failure::Input(format!(
            "no recycle of `{name}` runs; `asg-recycle restore` puts back what was left"
        )));
    };
    acting::own_holder(&session, name, &holder)?;
    let seen = reads::known_execution(&session, &holder)?.filter(|seen| seen.status == "RUNNING");
    let Some(seen) = seen else {
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
    let phase = lock.journal.as_ref().map_or("before its first change", |journal| &journal.phase);
    let what = format!("stops {holder} ({phase}) and puts back\n{}", told(&lock, &group));
    acting::agree(&session, what.trim_end(), arguments.yes, context)?;
    let holds = reads::lock(&session, name)?.and_then(|lock| lock.held_by);
    if holds.as_ref() != Some(&holder) {
        let holds = holds.as_deref().unwrap_or("nobody");
        return Err(Failure::Input(format!("meanwhile {holds} holds `{name}`; nothing was done")));
    }
    acting::stop(&session, &holder)?;
    let stopped = reads::execution(&session, &holder)?;
    if !["ABORTED", "RUNNING"].contains(&&*stopped.status) {
        context.console.note(&format!("{holder} ended before it could be stopped\n"));
        return acting::end(name, &stopped, Aim::Restored, context);
    }
    context.console.note(&format!("stopped {holder}; its restore begins within a minute or so\n"));
    let mut looks = arguments.following.looks();
    let Some(restore) = restore_after(&session, name, &holder, &mut looks, context)? else {
        return context.console.result(&format!("{name}: stopped; nothing is left changed\n"));
    };
    acting::follow(&session, name, &restore, Aim::Restored, &arguments.following, context)
}

/// The execution that took the lock from the one that was stopped; none where the lock is free, for there was nothing to put back
/// or it is done.
fn restore_after(
    session: &StackSession,
    group: &str,
    stopped: &str,
    looks: &mut Looks,
    context: &mut Context,
) -> Result<Option<String>, Failure> {
    loop {
        match reads::lock(session, group)?.map(|lock| lock.held_by) {
            None => return Ok(None),
            Some(Some(holder)) if holder != stopped => {
                if reads::execution(session, &holder)?.is_restore() {
                    return Ok(Some(holder));
                }
                context.console.note(&format!(
                    "{group}: a recycle took over, {holder}; it first puts back what was left changed\n"
                ));
                return Err(Failure::Findings);
            }
            Some(None) => {
                context.console.note(&format!(
                    "{group}: a journal is left and nobody holds it; `asg-recycle restore` puts it back by hand\n"
                ));
                return Err(Failure::Findings);
            }
            Some(_) => looks.wait(
                &format!(
                    "nothing restores {group}; `asg-recycle restore` does it by hand: this one stands still"
                ),
                context,
            )?,
        }
    }
}
