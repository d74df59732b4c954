//! `start`: a recycle by hand, by the handler's own decision.

use asg_recycle_handler::contract::{STEP_FUNCTION_NAME, STRATEGY};
use asg_recycle_handler::decide::StartRequest;

use super::acting::{self, Aim, Following};
use super::context::Context;
use super::executions;
use super::exit_code::Failure;
use super::gone;
use super::operator::{OneGroup, now};
use super::telling::Telling;
use crate::operate::answers::SeenGroup;
use crate::operate::fleet::outdated;
use crate::operate::fleet::reads;
use crate::operate::request::{self, ReplaceAsked, StartAsked};
use crate::operate::session::StackSession;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    of: OneGroup,
    /// The strategy, instead of the one that the group's tag names.
    #[arg(long, value_name = "STRATEGY")]
    strategy: Option<String>,
    /// Which instances: `outdated`, `all`, or their ids with commas.
    #[arg(long, value_name = "WHICH", default_value = "outdated", value_parser = request::read_replace)]
    replace: ReplaceAsked,
    #[command(flatten)]
    manner: Manner,
    /// Follow it to its end; exit with 1 where that is not good.
    #[arg(long)]
    wait: bool,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    following: Following,
}

/// What it does otherwise than a recycle that nobody asks for by hand.
#[derive(Debug, clap::Args)]
struct Manner {
    /// Have the machine tell what it would replace, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Begin although alarms of the strategy are on, and do not listen to those: to take a version back that keeps them on.
    #[arg(long)]
    despite_alarms: bool,
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let session = arguments.of.operator.open(context)?;
    let name = &arguments.of.group;
    let look = || Ok(Some(decided(arguments, &session)?));
    let request = acting::agreed(&session, arguments.yes || arguments.manner.dry_run, context, look)?
        .ok_or_else(|| gone::gone(&session, name, context))?;
    let mut telling = Telling::of(&session, name, arguments.following.format);
    let done = recycle_started(arguments, (&session, &request), &mut telling, context);
    telling.close(done, &session, context)
}

/// What the handler would start, and that in words.
fn decided(arguments: &Arguments, session: &StackSession) -> Result<(StartRequest, String), Failure> {
    let group = acting::owned(session, &arguments.of.group)?;
    let asked = StartAsked {
        strategy: arguments.strategy.clone(),
        replace: arguments.replace.clone(),
        dry_run: arguments.manner.dry_run,
        despite_alarms: arguments.manner.despite_alarms,
    };
    let decided =
        request::recycle(group.as_handler_sees_it(), &asked, session.hand(), now(), &session.settings);
    let request = decided.map_err(|why| {
        // The strategy stands for the tag's value: what is wrong with it is wrong with the argument.
        let tag = if arguments.strategy.is_some() { STRATEGY.key } else { "" };
        let why = if tag.is_empty() { why } else { why.replace(&format!("`{tag}`"), "`--strategy`") };
        Failure::Input(format!("the handler would not recycle `{}`: {why}", arguments.of.group))
    })?;
    if request.machine != session.settings.machine {
        return Err(Failure::Input(format!(
            "the tag `{}` of `{}` names a state machine that is not the stack's, {}; nothing was started",
            STEP_FUNCTION_NAME.key, arguments.of.group, request.machine
        )));
    }
    let text = |key: &str| request.input[key].as_str().map(str::to_owned);
    let which = which(arguments, session, &group)?;
    let (strategy, dry) = (text("strategy").unwrap_or_default(), text("dry_run"));
    let dry = if dry.is_some_and(|dry| dry.eq_ignore_ascii_case("true")) { ", as a dry run" } else { "" };
    let despite =
        if arguments.manner.despite_alarms { "; alarms that are on are not listened to" } else { "" };
    let what = format!("starts a recycle of {} with {strategy}: {which}{dry}{despite}", arguments.of.group);
    let lock = reads::lock(session, &group.name)?;
    let holder = lock.as_ref().and_then(|lock| lock.held_by.clone());
    let own = holder.filter(|holder| holder.starts_with(&session.settings.machine.execution("")));
    let seen = own.map(|holder| reads::known_execution(session, &holder)).transpose()?.flatten();
    let has_ended = seen.is_some_and(|seen| seen.status != "RUNNING");
    let meets = if dry.is_empty() {
        let pause = reads::pause_of(session, &group.name)?;
        request::waits_for(lock.as_ref(), has_ended, pause.as_ref(), now())
    } else {
        request::skipped_for(lock.as_ref(), has_ended).into_iter().collect()
    };
    let what = meets.iter().fold(what, |what, line| format!("{what}\n  {line}"));
    Ok((request, what))
}

/// Which instances are asked for, with how many that are; a failure where one that is named is not in the group.
fn which(arguments: &Arguments, session: &StackSession, group: &SeenGroup) -> Result<String, Failure> {
    let members = || group.instances.list.iter().filter(|one| !one.is_leaving());
    let count = members().count();
    match &arguments.replace {
        ReplaceAsked::Outdated => {
            let outdated = outdated::outdated(group, &reads::aliases(session, std::slice::from_ref(group))?);
            Ok(match outdated.len() {
                0 => format!("outdated instances, none of {count} by their launch source"),
                number => format!("outdated instances, {number} of {count}"),
            })
        }
        ReplaceAsked::All => Ok(format!("all instances, {count}")),
        ReplaceAsked::Named(ids) => {
            let is_member = |id: &&String| group.instances.list.iter().any(|one| one.id == **id);
            let strange: Vec<&str> = ids.iter().filter(|id| !is_member(id)).map(String::as_str).collect();
            if strange.is_empty() {
                return Ok(ids.join(", "));
            }
            Err(Failure::Input(format!(
                "not in the group `{}`: {}; nothing was started. `asg-recycle status {}` lists its instances",
                group.name,
                strange.join(", "),
                group.name
            )))
        }
    }
}

fn recycle_started(
    arguments: &Arguments,
    (session, request): (&StackSession, &StartRequest),
    telling: &mut Telling,
    context: &mut Context,
) -> Result<(), Failure> {
    let looks = &mut arguments.following.looks();
    let execution = executions::start(session, request, looks, telling, context)?;
    telling.say(&format!("started {execution}\n"), context)?;
    if let Some(link) = &telling.report.console {
        context.console.note(&format!("{link}\n"));
    }
    if !arguments.wait {
        return Ok(());
    }
    acting::follow(session, &execution, Aim::Recycled, looks, telling, context)
}
