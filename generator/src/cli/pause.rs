//! `pause` and `resume`: groups are kept from being changed for a time. Recycles that run go on to their next safe point.

use std::fmt::Write as _;

use asg_recycle_handler::contract::RECYCLE_ON_ASG_UPDATE;
use asg_recycle_handler::settings::Settings;
use asg_recycle_handler::tags::{self, NotOptedIn, OptIn};

use super::acting;
use super::context::Context;
use super::exit_code::Failure;
use super::format::Format;
use super::operator::{Operator, now};
use crate::aws::AwsError;
use crate::names;
use crate::operate::answers::{NoAnswer, SeenGroup};
use crate::operate::fleet;
use crate::operate::fleet::operated::{PauseChange, PauseDone, PauseReport};
use crate::operate::fleet::reads;
use crate::operate::pause::{self, GroupPause};
use crate::operate::session::StackSession;
use crate::operate::session::operation::{ANNOUNCE, DELETE_PAUSE, Operation, PUT_PAUSE};
use crate::operate::span;
use serde_json::{Value, json};

/// Longest reason of a pause, in characters: it stands in every `status`, and in the announcement of each group.
const WHY_LENGTH_MAX: usize = 500;

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
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    until: Option<jiff::Timestamp>,
    /// Also in place of a pause that ends later.
    #[arg(long)]
    replace: bool,
}

/// Which groups.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("groups").required(true).args(["group", "all"])))]
pub(super) struct Which {
    /// The group.
    #[arg(value_name = "GROUP")]
    group: Option<String>,
    /// Every group that the stack has now.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    operator: Operator,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// How to print what was done.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

impl Which {
    fn groups(&self, session: &StackSession) -> Result<Vec<SeenGroup>, Failure> {
        match &self.group {
            Some(name) => Ok(vec![acting::owned(session, name)?]),
            None => Ok(reads::own_groups(session)?),
        }
    }
}

fn moment(text: &str) -> Result<jiff::Timestamp, String> {
    let fault = |_| format!("`{text}` is no moment: write day, time and zone, e.g. `2026-01-05T18:00:00Z`");
    text.parse().map_err(fault)
}

/// Why no event makes the handler recycle a group; none where one may.
fn why_nothing_starts(group: &SeenGroup, settings: &Settings) -> Option<String> {
    match tags::read(&group.as_handler_sees_it(), settings) {
        Ok(OptIn::In(_)) => None,
        Ok(OptIn::Out(NotOptedIn::Missing(key))) => Some(format!("it lacks the tag `{key}`")),
        Ok(OptIn::Out(NotOptedIn::SwitchedOff)) => Some("it is not opted in".to_owned()),
        Err(_) => Some("its tags are at fault".to_owned()),
    }
}

/// Refuses a group without the opt-in tag for which nothing runs: `status` would not show the pause, nor `resume --all` end it.
fn can_be_paused(
    session: &StackSession,
    groups: &[SeenGroup],
    known: &reads::LocksAndPauses,
) -> Result<(), Failure> {
    let is_foreign = |group: &&SeenGroup| {
        let has_tag = group.tags.list.iter().any(|tag| tag.key == RECYCLE_ON_ASG_UPDATE.key);
        !has_tag && !known.0.contains_key(&group.name)
    };
    let Some(group) = groups.iter().find(is_foreign) else { return Ok(()) };
    let why = why_nothing_starts(group, &session.settings).unwrap_or_default();
    Err(Failure::Input(format!(
        "nothing recycles `{}`, for {why}; nothing was paused: pause it once it has that",
        group.name
    )))
}

/// The reason of a pause, where it is one that can be shown.
fn reason(said: &str) -> Result<&str, Failure> {
    let why = said.trim();
    let length = why.chars().count();
    let fault = if why.is_empty() {
        "say why with `--why`: whoever finds it paused has to know".to_owned()
    } else if why.contains(char::is_control) {
        "write what `--why` says in one line: it has a line break or another control character".to_owned()
    } else if length > WHY_LENGTH_MAX {
        format!(
            "say why in {WHY_LENGTH_MAX} characters at most, with a link to the rest: `--why` has {length}"
        )
    } else {
        return Ok(why);
    };
    Err(Failure::Input(fault))
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let now = now();
    let until = pause::ends_at(now, arguments.lasts, arguments.until).map_err(Failure::Input)?;
    let why = reason(&arguments.why)?;
    let session = arguments.which.operator.open(context)?;
    let groups = arguments.which.groups(&session)?;
    if groups.is_empty() {
        context.console.note("the stack has no group that could be paused\n");
        return Err(Failure::Findings);
    }
    let known = reads::locks_and_pauses(&session)?;
    can_be_paused(&session, &groups, &known)?;
    let pauses = &known.1;
    let covers = |group: &&SeenGroup| pauses.get(&group.name).is_some_and(|pause| pause.covers(until, now));
    let (kept, groups): (Vec<&SeenGroup>, Vec<&SeenGroup>) =
        groups.iter().partition(|group| !arguments.replace && covers(group));
    let mut written = Written::of(&session, arguments.which.format);
    for pause in kept.iter().filter_map(|group| pauses.get(&group.name)) {
        let told = format!("{}: {}; that stays, `--replace` takes its place\n", pause.group, pause.told());
        context.console.note(&told);
        written.note(&pause.group, PauseChange::Kept, Some(pause));
    }
    if groups.is_empty() {
        return written.close(Ok(()), context);
    }
    let what = intended(&groups, &known, (until, now), &session.settings);
    acting::agree(&session, what.trim_end(), arguments.which.yes, context)?;
    for (number, group) in groups.iter().enumerate() {
        let pause = GroupPause {
            group: group.name.clone(),
            until: format!("{until:.0}"),
            by: session.caller.clone(),
            why: why.to_owned(),
            since: format!("{now:.0}"),
        };
        let put = json!({"TableName": names::LOCK_TABLE, "Item": pause.item()});
        let put = pause::where_unchanged(put, pauses.get(&group.name));
        match written.write((&PUT_PAUSE, &put), (group, Some(&pause)), context) {
            Ok(true) => {
                written.note(&group.name, PauseChange::Paused, Some(&pause));
                written.say(&format!("{}: paused until {}\n", group.name, pause.until), context)?;
                written.announce(&pause, group, None);
            }
            Ok(false) => {}
            Err(failure) => {
                let failure = written.broken_off(failure, &groups[number..]);
                return written.close(Err(failure), context);
            }
        }
    }
    written.end(context)
}

/// What is about to be written, for whoever agrees to it.
fn intended(
    groups: &[&SeenGroup],
    (locks, pauses): &reads::LocksAndPauses,
    (until, now): (jiff::Timestamp, jiff::Timestamp),
    settings: &Settings,
) -> String {
    let lasts = span::span(until.as_second() - now.as_second());
    let mut what = format!("pauses until {until:.0} ({lasts})\n");
    for group in groups {
        let is_held = locks.get(&group.name).is_some_and(|lock| lock.held_by.is_some());
        let runs = if is_held {
            ": a recycle runs, and goes on to its next safe point".to_owned()
        } else {
            let idle = why_nothing_starts(group, settings);
            idle.map(|why| format!(": {why}, so no change starts anything now")).unwrap_or_default()
        };
        let _ = writeln!(what, "  {}{runs}", group.name); // text takes text
        if let Some(pause) = pauses.get(&group.name).filter(|pause| pause.is_on(now)) {
            let _ = writeln!(what, "    instead of: {}", pause.told()); // text takes text
        }
    }
    what
}

pub(super) fn resume(arguments: &Which, context: &mut Context) -> Result<(), Failure> {
    let session = arguments.operator.open(context)?;
    let (_, all) = reads::locks_and_pauses(&session)?;
    let groups = match &arguments.group {
        // The pause of a group that is gone stays in the table until somebody takes it away.
        Some(name) if all.contains_key(name) && reads::group(&session, name)?.is_none() => {
            let gone = SeenGroup { name: name.clone(), ..SeenGroup::default() };
            // Its tags are gone with it.
            if !session.settings.groups.selects(&gone.as_handler_sees_it()) {
                return Err(Failure::Input(format!(
                    "`{name}` is gone, and by what is left of it not among the groups that stack `{}` is for (`groups` in \
                     stack.yaml); nothing was done, and its pause ends by itself: {}",
                    session.place.stack,
                    all.get(name).map(GroupPause::told).unwrap_or_default()
                )));
            }
            vec![gone]
        }
        _ => arguments.groups(&session)?,
    };
    let paused: Vec<(&SeenGroup, &GroupPause)> =
        groups.iter().filter_map(|group| Some((group, all.get(&group.name)?))).collect();
    let mut written = Written::of(&session, arguments.format);
    for group in groups.iter().filter(|group| !all.contains_key(&group.name)) {
        written.note(&group.name, PauseChange::NotPaused, None);
    }
    if paused.is_empty() {
        let what = arguments.group.as_deref().unwrap_or("no group of the stack");
        let is = if arguments.group.is_some() { "is not paused" } else { "is paused" };
        written.say(&format!("{what} {is}\n"), context)?;
        return written.close(Ok(()), context);
    }
    let mut what = "ends the pause of\n".to_owned();
    for (group, pause) in &paused {
        let _ = writeln!(what, "  {}: {}", group.name, pause.told()); // text takes text
    }
    acting::agree(&session, what.trim_end(), arguments.yes, context)?;
    let groups: Vec<&SeenGroup> = paused.iter().map(|(group, _)| *group).collect();
    for (number, (group, pause)) in paused.into_iter().enumerate() {
        let delete = json!({"TableName": names::LOCK_TABLE, "Key": pause::key(&group.name)});
        let delete = pause::where_unchanged(delete, Some(pause));
        match written.write((&DELETE_PAUSE, &delete), (group, None), context) {
            Ok(true) => {
                written.note(&group.name, PauseChange::Resumed, None);
                let text =
                    format!("{}: resumed; a recycle that stands still goes on within minutes\n", group.name);
                written.say(&text, context)?;
                if pause.is_on(now()) {
                    written.announce(pause, group, Some(&session.caller));
                }
            }
            Ok(false) => {}
            Err(failure) => {
                let failure = written.broken_off(failure, &groups[number..]);
                return written.close(Err(failure), context);
            }
        }
    }
    written.end(context)
}

/// What came of writing.
struct Written<'a> {
    session: &'a StackSession,
    format: Format,
    report: PauseReport,
    /// What could not be announced, and why.
    untold: Vec<String>,
    /// What may have been announced: why nobody knows.
    perhaps_told: Vec<String>,
}

impl<'a> Written<'a> {
    fn of(session: &'a StackSession, format: Format) -> Self {
        let report = PauseReport::new(&session.place);
        Self { session, format, report, untold: Vec::new(), perhaps_told: Vec::new() }
    }

    /// Notes what was done to a group.
    fn note(&mut self, group: &str, change: PauseChange, paused: Option<&GroupPause>) {
        let (group, paused) = (group.to_owned(), paused.cloned());
        let done = PauseDone { group, change, paused, is_announced: None, may_be_announced: false };
        self.report.groups.push(done);
    }

    /// Tells people what was done; programs are told once, at the end.
    fn say(&self, text: &str, context: &mut Context) -> Result<(), Failure> {
        if self.format == Format::Text { context.console.result(text) } else { Ok(()) }
    }

    /// Tells whoever is told of recycles what was done to the group that was noted last.
    fn announce(&mut self, pause: &GroupPause, group: &SeenGroup, ended_by: Option<&str>) {
        let message = pause.announcement(&self.session.settings, group, ended_by);
        let published: Result<NoAnswer, AwsError> = self.session.ask(&ANNOUNCE, &message);
        let is_lost = published.as_ref().is_err_and(AwsError::may_be_done);
        if let Some(done) = self.report.groups.last_mut() {
            (done.is_announced, done.may_be_announced) = ((!is_lost).then_some(published.is_ok()), is_lost);
        }
        let untold = if is_lost { &mut self.perhaps_told } else { &mut self.untold };
        untold.extend(published.err().map(|error| format!("{}: {error}", group.name)));
    }

    /// Writes where the pause still is as it was shown; whether it then is as is wanted.
    fn write(
        &mut self,
        (operation, arguments): (&Operation, &Value),
        (group, wanted): (&SeenGroup, Option<&GroupPause>),
        context: &mut Context,
    ) -> Result<bool, Failure> {
        let session = self.session;
        let done = if wanted.is_some() { "paused" } else { "resumed" };
        let look = || {
            reads::pause_of(session, &group.name).map_err(|error| {
                Failure::World(format!("{error}\nit is not known whether {} was {done}", group.name))
            })
        };
        let answer: Result<NoAnswer, AwsError> = session.ask(operation, arguments);
        match answer {
            Err(error) if error.is("ConditionalCheckFailedException") => {
                // A call whose answer was lost is made again, and finds what it wrote itself.
                let now = look()?;
                if now.as_ref() == wanted {
                    return Ok(true);
                }
                self.note(&group.name, PauseChange::ChangedMeanwhile, now.as_ref());
                let text = "somebody changed its pause meanwhile, which stays; look again";
                context.console.note(&format!("{}: {text}\n", group.name));
                Ok(false)
            }
            // It may have been carried out all the same.
            Err(error) if error.may_be_done() => {
                let text = format!("{error}\nlooking whether {} was {done} all the same\n", group.name);
                context.console.note(&text);
                if look()?.as_ref() == wanted {
                    context.console.note(&format!("it was {done}\n"));
                    return Ok(true);
                }
                Err(Failure::World(format!("{} was not {done}; try again", group.name)))
            }
            answer => Ok(answer.map(|NoAnswer {}| true)?),
        }
    }

    /// A failure half way, with what is known of the groups: those that are done have been told of.
    fn broken_off(&self, failure: Failure, left: &[&SeenGroup]) -> Failure {
        let Failure::World(reason) = failure else { return failure };
        let [at, rest @ ..] = left else { return Failure::World(reason) };
        let rest: Vec<&str> = rest.iter().map(|group| &*group.name).collect();
        let rest =
            if rest.is_empty() { String::new() } else { format!("; left as they are: {}", rest.join(", ")) };
        let untold = self.untold().map(|untold| format!("\n{untold}")).unwrap_or_default();
        let how = format!(
            "broken off at {}, of which `asg-recycle status {}` tells how it is now",
            at.name, at.name
        );
        Failure::World(format!("{reason}\n{how}{rest}{untold}"))
    }

    /// What was done and could not be announced, and of what nobody knows whether it was.
    fn untold(&self) -> Option<String> {
        let told = |what: &str, of: &[String]| {
            let (first, more) = of.split_first()?;
            let more =
                if more.is_empty() { String::new() } else { format!("\nand {} more likewise", more.len()) };
            Some(format!("{what}: {first}{more}"))
        };
        let untold = told("what is done could not be announced", &self.untold);
        let lost = "what is done may have been announced or not, for no answer came";
        let lines: Vec<String> = untold.into_iter().chain(told(lost, &self.perhaps_told)).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// Fails where something was not written, or was done and somebody was not told.
    fn end(self, context: &mut Context) -> Result<(), Failure> {
        let is_changed = |done: &PauseDone| done.change == PauseChange::ChangedMeanwhile;
        let done = match self.untold() {
            Some(untold) => Err(Failure::World(untold)),
            None if self.report.groups.iter().any(is_changed) => Err(Failure::Findings),
            None => Ok(()),
        };
        self.close(done, context)
    }

    /// Ends the command as it ended, with what programs are told.
    fn close(mut self, done: Result<(), Failure>, context: &mut Context) -> Result<(), Failure> {
        if self.format == Format::Json {
            self.report.head.calls = self.session.calls_made();
            context.console.result(&fleet::json(&self.report))?;
        }
        done
    }
}
