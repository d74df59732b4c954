//! What commands say of a group that is not there any more: whether its recycle still runs, and what is left to be done.

use super::acting;
use super::context::Context;
use super::exit_code::Failure;
use crate::names;
use crate::operate::answers::SeenGroup;
use crate::operate::fleet::reads;
use crate::operate::session::StackSession;

/// What a group that is gone has left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
enum LeftBehind {
    /// The stack's own execution of this ARN holds its lock, and runs.
    Running(String),
    /// It holds the lock, and does not run.
    Dead(String),
    /// No lock of the stack's.
    Nothing,
}

fn left_behind(session: &StackSession, name: &str) -> Result<LeftBehind, Failure> {
    let own = session.settings.machine.execution("");
    let holder = reads::lock(session, name)?.and_then(|lock| lock.held_by);
    let Some(holder) = holder.filter(|holder| holder.starts_with(&own)) else {
        return Ok(LeftBehind::Nothing);
    };
    let seen = reads::known_execution(session, &holder)?;
    let runs = seen.is_some_and(|seen| seen.status == "RUNNING");
    Ok(if runs { LeftBehind::Running(holder) } else { LeftBehind::Dead(holder) })
}

impl LeftBehind {
    /// What is so, and what to do.
    fn told(&self, name: &str) -> String {
        match self {
            Self::Running(holder) => format!(
                "the group `{name}` is gone; {holder} still runs for it, and ends by itself: `asg-recycle abort {name}` ends it now"
            ),
            Self::Dead(holder) => format!(
                "the group `{name}` is gone: nothing is left to put back. Its lock is held by {holder}, which does not run any more: \
                 where no restore takes it within two minutes, delete the item `{name}` from the table `{}`",
                names::LOCK_TABLE
            ),
            Self::Nothing => {
                format!("the group `{name}` is gone, and no execution of this stack's holds its lock")
            }
        }
    }
}

/// Tells that a group is gone which was there a moment ago: nothing is wrong with the command, and nothing comes of it.
pub(super) fn gone(session: &StackSession, name: &str, context: &mut Context) -> Failure {
    // It is gone, whatever else cannot be read.
    let told = match left_behind(session, name) {
        Ok(left) => left.told(name),
        Err(failure) => {
            format!(
                "the group `{name}` is gone; whether its lock is held is not known: {}",
                failure.message()
            )
        }
    };
    context.console.note(&format!("{told}\n"));
    Failure::Findings
}

/// A group of the stack's that is looked at; one that is gone while the stack's own execution still holds its lock is told as gone.
pub(super) fn there(session: &StackSession, name: &str, context: &mut Context) -> Result<SeenGroup, Failure> {
    let seen = reads::group(session, name)?;
    if seen.is_none() && left_behind(session, name)? != LeftBehind::Nothing {
        return Err(gone(session, name, context));
    }
    acting::owned_as_seen(session, name, seen)
}

/// The refusal to put back what is left of a group that was seen to be gone; none where nothing is.
pub(super) fn refusal(session: &StackSession, name: &str) -> Result<Option<Failure>, Failure> {
    let left = left_behind(session, name)?;
    Ok((left != LeftBehind::Nothing)
        .then(|| Failure::Input(format!("{}; nothing was done", left.told(name)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_done_follows_from_who_holds_the_lock_and_names_no_command_that_refuses() {
        let arn = || "arn:x".to_owned();
        let told = |left: LeftBehind| left.told("web");
        assert!(told(LeftBehind::Running(arn())).contains("`asg-recycle abort web` ends it now"));
        let dead = told(LeftBehind::Dead(arn()));
        assert!(
            dead.contains("delete the item `web` from the table") && !dead.contains("asg-recycle restore")
        );
        let nothing = told(LeftBehind::Nothing);
        assert!(nothing.ends_with("holds its lock") && !nothing.contains("asg-recycle"), "{nothing}");
    }
}
