//! What commands share that change something: the group is the stack's, a person agrees, and what was started is followed.

use std::io::{BufRead as _, IsTerminal as _};
use std::time::{Duration, Instant};

use asg_recycle_handler::spelling::suggestion;

use super::context::Context;
use super::exit_code::Failure;
use super::format::Format;
use super::telling::Telling;
use crate::aws::AwsError;
use crate::operate::answers::SeenGroup;
use crate::operate::answers::execution::SeenExecution;
use crate::operate::fleet::reads;
use crate::operate::place::StackPlace;
use crate::operate::session::StackSession;
use crate::operate::span;

/// Whether to ask, and how to follow.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Following {
    /// Time between two looks, 15s unless it is given; the machine itself looks every 15 seconds or less often.
    #[arg(long, value_name = "TIME", value_parser = span::read_span)]
    every: Option<i64>,
    /// Give up after this time, with exit code 1; what was started goes on.
    #[arg(long, value_name = "TIME", default_value = "4h", value_parser = span::read_span)]
    timeout: i64,
    /// How to print what comes of it.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(super) format: Format,
}

/// Looks until one deadline, by a clock that nobody sets.
pub(super) struct Looks {
    began: Instant,
    every: Duration,
    /// The shortest time between two looks.
    pace: Duration,
    /// Whether somebody asked for that time.
    is_asked: bool,
    timeout: Duration,
    /// The holder that Step Functions did not know, and since when.
    unknown: Option<(String, Instant)>,
}

/// How long an execution that has just begun may not be seen yet.
const UNSEEN_MAX: Duration = Duration::from_secs(30);

/// Seconds between two looks where nobody says otherwise.
const EVERY_SECONDS: i64 = 15;

/// Time between two looks at most, however much AWS throttles.
const PACE_MAX: Duration = Duration::from_mins(4);

impl Following {
    #[expect(clippy::disallowed_methods, reason = "whoever follows something has a deadline")]
    pub(super) fn looks(&self) -> Looks {
        let time = |seconds: i64| Duration::from_secs(seconds.unsigned_abs());
        let every = time(self.every.unwrap_or(EVERY_SECONDS).max(1));
        let (is_asked, timeout) = (self.every.is_some(), time(self.timeout));
        Looks { began: Instant::now(), every, pace: every, is_asked, timeout, unknown: None }
    }
}

impl Looks {
    /// Sets the shortest time between two looks; what is to be said where somebody asked for a shorter one.
    pub(super) fn no_faster_than(&mut self, seconds: u64) -> Option<String> {
        let (asked, floor) = (self.pace, Duration::from_secs(seconds));
        self.pace = asked.max(floor);
        self.every = self.pace;
        let (asked, floor) = (asked.as_secs(), floor.as_secs());
        (self.is_asked && asked < floor)
            .then(|| format!("looks every {floor} s, not every {asked} s: the machine looks no more often"))
    }

    /// Looks half as often where AWS throttles, and as before where it does no more.
    pub(super) fn pace(&mut self, is_throttled: bool) {
        self.every = if is_throttled { (self.every * 2).min(PACE_MAX.max(self.pace)) } else { self.pace };
    }

    /// Seconds between two looks.
    pub(super) fn every_seconds(&self) -> u64 {
        self.every.as_secs()
    }

    /// Whether a holder is gone that Step Functions does not know: only where it did not know it half a minute before either.
    #[expect(clippy::disallowed_methods, reason = "how old what was seen is")]
    pub(super) fn is_gone(&mut self, unknown: Option<&str>) -> bool {
        let Some(holder) = unknown else {
            self.unknown = None;
            return true;
        };
        match &self.unknown {
            Some((known, since)) if known == holder => since.elapsed() >= UNSEEN_MAX,
            _ => {
                self.unknown = Some((holder.to_owned(), Instant::now()));
                false
            }
        }
    }

    /// Waits for the next look; a failure when the time is up.
    #[expect(clippy::disallowed_methods, reason = "whoever follows something waits")]
    pub(super) fn wait(&mut self, what: &str, context: &mut Context) -> Result<(), Failure> {
        let left = self.timeout.saturating_sub(self.began.elapsed());
        if left.is_zero() {
            let timeout = span::span(self.timeout.as_secs().try_into().unwrap_or(i64::MAX));
            context.console.note(&format!("{what} after {timeout}\n"));
            return Err(Failure::Findings);
        }
        std::thread::sleep(self.every.min(left));
        Ok(())
    }

    /// What was read; none where AWS did not answer this time, after the wait for the next look.
    pub(super) fn patient<T>(
        &mut self,
        read: Result<T, AwsError>,
        context: &mut Context,
    ) -> Result<Option<T>, Failure> {
        match read {
            // An execution that is followed is there: one that was started just now may not be seen yet.
            Err(error) if error.may_pass() || error.is("ExecutionDoesNotExist") => {
                self.wait(&error.to_string(), context)?;
                Ok(None)
            }
            read => Ok(Some(read?)),
        }
    }
}

/// A group that the stack owns: nothing else is acted on.
pub(super) fn owned(session: &StackSession, name: &str) -> Result<SeenGroup, Failure> {
    owned_as_seen(session, name, reads::group(session, name)?)
}

/// The same of a group that was asked for already; `None` where there is none of that name.
pub(super) fn owned_as_seen(
    session: &StackSession,
    name: &str,
    seen: Option<SeenGroup>,
) -> Result<SeenGroup, Failure> {
    let place = &session.place;
    let group = seen.ok_or_else(|| {
        Failure::Input(format!(
            "there is no group `{name}` in account {}, {}; `asg-recycle status` lists those of the stack{}",
            place.account,
            place.region,
            meant(session, name)
        ))
    })?;
    if session.settings.groups.selects(&group.as_handler_sees_it()) {
        return Ok(group);
    }
    Err(Failure::Input(format!(
        "the group `{name}` is not among those that stack `{}` is for (`groups` in stack.yaml); nothing was done",
        place.stack
    )))
}

/// The question after the group that was probably meant; nothing where none of the stack's is near.
pub(super) fn meant(session: &StackSession, name: &str) -> String {
    // Whoever may not list groups is told the rest all the same.
    let own = reads::own_groups(session).unwrap_or_default();
    suggestion(name, own.iter().map(|group| &*group.name))
}

/// Fails where another stack's execution holds the lock: that stack's operators act on it.
pub(super) fn own_holder(session: &StackSession, group: &str, holder: &str) -> Result<(), Failure> {
    if holder.starts_with(&session.settings.machine.execution("")) {
        return Ok(());
    }
    Err(Failure::Input(format!("`{group}` is held by another stack's execution: {holder}; nothing was done")))
}

/// Has a person agree to what a look shows, which is given as it is then: whoever finds it otherwise once they have answered is asked
/// again. None where the look finds nothing to be done.
pub(super) fn agreed<T>(
    session: &StackSession,
    yes: bool,
    context: &mut Context,
    look: impl Fn() -> Result<Option<(T, String)>, Failure>,
) -> Result<Option<T>, Failure> {
    let Some((mut seen, mut what)) = look()? else { return Ok(None) };
    loop {
        agree(session, &what, yes, context)?;
        if yes {
            return Ok(Some(seen));
        }
        let Some((again, now)) = look()? else { return Ok(None) };
        if now == what {
            return Ok(Some(again));
        }
        (seen, what) = (again, now);
        context.console.note("meanwhile it is otherwise:\n");
    }
}

/// Shows what is about to be done and where, and has a person agree.
pub(super) fn agree(
    session: &StackSession,
    what: &str,
    yes: bool,
    context: &mut Context,
) -> Result<(), Failure> {
    let StackPlace { stack, region, account } = &session.place;
    let place = format!("account {account}, {region}, stack {stack}\nas {}", session.caller);
    context.console.note(&format!("{place}\n{what}\n"));
    confirm(yes, context)
}

/// Has a person agree to what was shown.
pub(super) fn confirm(yes: bool, context: &mut Context) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::Input("nobody can be asked here: write `--yes`; nothing was done".to_owned()));
    }
    context.console.note("go on? [y/N] ");
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.map_err(|error| Failure::World(format!("cannot read the answer: {error}")))?;
    if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
        return Ok(());
    }
    Err(Failure::Input("not agreed to; nothing was done".to_owned()))
}

/// What the execution that is followed is to come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// It did what it was asked for, or there was nothing to do.
    Recycled,
    /// What was changed is put back.
    Restored,
}

impl Aim {
    fn is_met(self, seen: &SeenExecution) -> bool {
        let outcome = seen.said("outcome");
        seen.status == "SUCCEEDED"
            && match self {
                Self::Recycled => {
                    matches!(outcome.as_deref(), Some("recycled" | "up_to_date" | "empty" | "dry_run"))
                }
                Self::Restored => outcome.as_deref() == Some("restored"),
            }
    }
}

/// Follows an execution to its end, and the one that goes on for it; fails with findings where it did not come to its aim. Whatever
/// keeps it from following, the execution goes on, and its ARN is told.
pub(super) fn follow(
    session: &StackSession,
    execution: &str,
    aim: Aim,
    looks: &mut Looks,
    telling: &mut Telling,
    context: &mut Context,
) -> Result<(), Failure> {
    let group = &telling.report.group.clone();
    let mut execution = execution.to_owned();
    let ended = ending(session, group, &mut execution, aim, looks, context);
    telling.follows(&execution);
    let seen = ended.inspect_err(|_| context.console.note(&format!("it goes on: {execution}\n")))?;
    end(&seen, aim, telling, context)?;
    if let Some(next) = seen.said("continued_by").filter(|_| aim == Aim::Restored) {
        context.console.note(&format!("{group}: {next} recycles it now, as was asked for meanwhile\n"));
    }
    Ok(())
}

/// The end of an execution or of the one that goes on for it, which is then in `execution`.
fn ending(
    session: &StackSession,
    group: &str,
    execution: &mut String,
    aim: Aim,
    looks: &mut Looks,
    context: &mut Context,
) -> Result<SeenExecution, Failure> {
    let mut told = String::new();
    loop {
        let Some(seen) = looks.patient(reads::execution(session, execution), context)? else { continue };
        if seen.status == "RUNNING" {
            let Some(progress) = looks.patient(progress(session, group), context)? else { continue };
            if progress != told {
                context.console.note(&format!("{group}: {progress}\n"));
                told = progress;
            }
        } else if aim == Aim::Restored && aim.is_met(&seen) {
            return Ok(seen);
        } else if let Some(next) = seen.said("continued_by").filter(|next| next != execution) {
            context.console.note(&format!("{group}: {next} takes care of it\n"));
            *execution = next;
            continue;
        } else if let Some(other) = other_restore(session, group, aim, &seen)? {
            context.console.note(&format!("{group}: {other} restores it\n"));
            *execution = other;
            continue;
        } else {
            return Ok(seen);
        }
        looks.wait(&format!("{group} is not done"), context)?;
    }
}

/// The restore that a restore left the group to, where that was skipped for it.
fn other_restore(
    session: &StackSession,
    group: &str,
    aim: Aim,
    seen: &SeenExecution,
) -> Result<Option<String>, Failure> {
    if aim != Aim::Restored || seen.said("outcome").as_deref() != Some("skipped") {
        return Ok(None);
    }
    let Some(holder) = reads::lock(session, group)?.and_then(|lock| lock.held_by) else { return Ok(None) };
    own_holder(session, group, &holder)?;
    let is_other = holder != seen.execution_arn && reads::execution(session, &holder)?.is_restore();
    Ok(Some(holder).filter(|_| is_other))
}

/// How far a group's recycle is, in a few words.
fn progress(session: &StackSession, group: &str) -> Result<String, AwsError> {
    let Some(lock) = reads::lock(session, group)? else { return Ok("begins".to_owned()) };
    if lock.journal.is_none() {
        return Ok(lock.phase().to_owned());
    }
    let Some(group) = reads::group(session, group)? else { return Ok("the group is gone".to_owned()) };
    Ok(lock.replaced(&group.instances.list).after(lock.phase()))
}

/// Tells how an execution ended; fails with findings where it did not come to its aim.
pub(super) fn end(
    seen: &SeenExecution,
    aim: Aim,
    telling: &mut Telling,
    context: &mut Context,
) -> Result<(), Failure> {
    telling.ended(seen, context)?;
    if aim.is_met(seen) { Ok(()) } else { Err(Failure::Findings) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_aim_is_met_by_what_an_execution_says_of_itself() {
        let seen = |status: &str, outcome: &str| SeenExecution {
            status: status.to_owned(),
            output: Some(json!({"outcome": outcome}).to_string()),
            ..SeenExecution::default()
        };
        for (status, outcome, recycled, restored) in [
            ("SUCCEEDED", "recycled", true, false),
            ("SUCCEEDED", "up_to_date", true, false),
            ("SUCCEEDED", "skipped", false, false),
            ("SUCCEEDED", "dry_run", true, false),
            ("SUCCEEDED", "restored", false, true),
            ("SUCCEEDED", "", false, false),
            ("FAILED", "restored", false, false),
            ("ABORTED", "", false, false),
        ] {
            let seen = seen(status, outcome);
            let met = (Aim::Recycled.is_met(&seen), Aim::Restored.is_met(&seen));
            assert_eq!(met, (recycled, restored), "{status} {outcome}");
        }
    }
}
