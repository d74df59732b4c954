//! `dlq`: what is in the stack's dead-letter queue, in words, and back again into the queue of events.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::acting;
use super::context::Context;
use super::exit_code::Failure;
use super::format::Format;
use super::operator::{Operator, now};
use crate::operate::dead_letter::{
    self, DeadLetter, DeadLetterKind, DeadLetterReport, PutBack, QueueMessage,
};
use crate::operate::fleet;
use crate::operate::place::{ReportHead, without_account};
use crate::operate::session::StackSession;
use crate::operate::span;
use crate::simulate::report::{COLUMNS, wrapped};

/// Messages that are looked at, at most, where nobody says how many.
const MESSAGES_MAX: usize = 100;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Tell what is in it; exit with 1 where there is something.
    List(Look),
    /// Print one message: what is known of it, and the event.
    Show {
        /// The message's id, or how it begins.
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        look: Look,
    },
    /// Put messages back into the queue of events; those that the handler cannot read only where they are named.
    Redrive {
        /// Ids of messages, or how they begin [default: all that can be read].
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        look: Look,
    },
}

#[derive(Debug, clap::Args)]
struct Look {
    #[command(flatten)]
    operator: Operator,
    /// Look at this many messages at most.
    #[arg(long, value_name = "COUNT", default_value_t = MESSAGES_MAX)]
    limit: usize,
    /// How to print it.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    match &arguments.action {
        Action::List(look) => list(look, context),
        Action::Show { id, look } => show(id, look, context),
        Action::Redrive { ids, yes, look } => redrive(ids, *yes, look, context),
    }
}

/// What was found in the queue.
struct Found {
    session: StackSession,
    messages: Vec<QueueMessage>,
    report: DeadLetterReport,
}

fn find(look: &Look, context: &Context) -> Result<Found, Failure> {
    let session = look.operator.open(context)?;
    let about_in_queue = dead_letter::reads::count(&session)?;
    let messages = dead_letter::reads::look(&session, look.limit)?;
    let names = dead_letter::groups_named(&messages, &session.settings);
    let groups = dead_letter::reads::groups(&session, &names)?;
    let told = |message| dead_letter::told(message, &groups, now(), &session.settings);
    let report = DeadLetterReport {
        head: ReportHead::new(&session.place, session.calls_made()),
        about_in_queue,
        messages: messages.iter().map(told).collect(),
        events: None,
        put_back: None,
    };
    Ok(Found { session, messages, report })
}

fn list(look: &Look, context: &mut Context) -> Result<(), Failure> {
    let Found { report, .. } = find(look, context)?;
    let columns = context.console.columns;
    context.console.result(&printed(&report, look.format, || text(&report, columns)))?;
    if is_empty(&report) { Ok(()) } else { Err(Failure::Findings) }
}

/// Whether nothing is in the queue, as far as is known: what somebody else looks at is counted, and not handed out.
fn is_empty(report: &DeadLetterReport) -> bool {
    report.messages.is_empty() && report.about_in_queue == 0
}

fn show(id: &str, look: &Look, context: &mut Context) -> Result<(), Failure> {
    let Found { messages, mut report, .. } = find(look, context)?;
    let chosen = chosen(&report, &[id.to_owned()])?;
    report.messages.retain(|letter| chosen.contains(&letter.id));
    let events = messages.iter().filter(|message| chosen.contains(&message.id));
    let events: Vec<serde_json::Value> = events
        .map(|message| serde_json::from_str(&message.body).unwrap_or(message.body.clone().into()))
        .collect();
    let text = match look.format {
        Format::Json => fleet::json(&DeadLetterReport { events: Some(events), ..report }),
        Format::Text => {
            let text = head(&report) + &letters(&report, context.console.columns);
            events.iter().fold(text, |text, event| format!("{text}{event:#}\n"))
        }
    };
    context.console.result(&text)
}

fn redrive(ids: &[String], yes: bool, look: &Look, context: &mut Context) -> Result<(), Failure> {
    let Found { session, mut report, .. } = find(look, context)?;
    let is_readable = |letter: &&DeadLetter| letter.kind != DeadLetterKind::Unreadable;
    let chosen = if ids.is_empty() {
        report.messages.iter().filter(is_readable).map(|letter| letter.id.clone()).collect()
    } else {
        chosen(&report, ids)?
    };
    let left_out = if ids.is_empty() { report.messages.len() - chosen.len() } else { 0 };
    if left_out > 0 {
        let text = format!(
            "{left_out} that the handler cannot read stay; name them to put them back all the same\n"
        );
        context.console.note(&text);
    }
    let mut put_back = BTreeMap::new();
    if chosen.is_empty() {
        report.put_back = Some(put_back);
        context.console.result(&printed(&report, look.format, || "nothing to put back\n".to_owned()))?;
        if report.messages.is_empty() && !is_empty(&report) {
            context.console.note(&hidden(&report));
        }
        return if is_empty(&report) { Ok(()) } else { Err(Failure::Findings) };
    }
    let count = chosen.len();
    let put = report.messages.iter().filter(|letter| chosen.contains(&letter.id));
    let columns = context.console.columns.unwrap_or(COLUMNS);
    let what: String = put.map(|letter| lines(letter, columns)).collect();
    let what = format!("puts back into the queue of events, {count} of {}\n{what}", report.messages.len());
    acting::agree(&session, what.trim_end(), yes, context)?;
    let read =
        dead_letter::reads::put_back(&session, (&chosen, report.about_in_queue), |message, outcome| {
            put_back.insert(message.id.clone(), outcome);
            context.console.note(&format!("{} {}\n", message.id, in_words(outcome)));
        });
    let done = put_back.values().filter(|outcome| **outcome != PutBack::PerhapsSent).count();
    report.put_back = Some(put_back);
    context.console.result(&printed(&report, look.format, || format!("{done} of {count} put back\n")))?;
    read?;
    let looked_at = u32::try_from(report.messages.len()).unwrap_or(u32::MAX);
    let unseen = if ids.is_empty() { report.about_in_queue.saturating_sub(looked_at) } else { 0 };
    if unseen > 0 {
        context.console.note(&format!("about {unseen} more were not looked at; `--limit` looks at more\n"));
    }
    if done == count && left_out == 0 && unseen == 0 {
        return Ok(());
    }
    if done < count {
        context
            .console
            .note("what was not seen again is looked at by somebody else, or gone; try again in a minute\n");
    }
    Err(Failure::Findings)
}

/// What is printed: the report for programs, else the text.
fn printed(report: &DeadLetterReport, format: Format, text: impl FnOnce() -> String) -> String {
    if format == Format::Json { fleet::json(report) } else { text() }
}

fn in_words(outcome: PutBack) -> &'static str {
    match outcome {
        PutBack::Done => "is back in the queue",
        PutBack::Twice => "is back in the queue, and here still; a second time does no harm",
        PutBack::PerhapsTwice => "is back in the queue, and may be here still; a second time does no harm",
        PutBack::PerhapsSent => "is here still, and may be back in the queue too; a second time does no harm",
    }
}

/// The messages that are meant: each word is the beginning of one id.
fn chosen(report: &DeadLetterReport, words: &[String]) -> Result<BTreeSet<String>, Failure> {
    let one = |word: &String| {
        let mut meant = report.messages.iter().filter(|letter| letter.id.starts_with(&**word));
        match (meant.next(), meant.next()) {
            (Some(letter), None) => Ok(letter.id.clone()),
            (Some(_), Some(_)) => {
                Err(Failure::Input(format!("several messages begin with `{word}`; write more of it")))
            }
            (None, _) => Err(Failure::Input(format!(
                "no message begins with `{word}`; `asg-recycle dlq list` lists them, and what somebody else looks at is hidden for a \
                 minute"
            ))),
        }
    };
    words.iter().map(one).collect()
}

fn head(report: &DeadLetterReport) -> String {
    format!("{}\n", report.head.place)
}

fn letters(report: &DeadLetterReport, columns: Option<usize>) -> String {
    report.messages.iter().map(|letter| lines(letter, columns.unwrap_or(COLUMNS))).collect()
}

/// Said where there are messages and none was seen.
fn hidden(report: &DeadLetterReport) -> String {
    let about = report.about_in_queue;
    format!(
        "about {about} in the dead-letter queue, and none was handed out: somebody else looks at them; try again in a minute\n"
    )
}

fn text(report: &DeadLetterReport, columns: Option<usize>) -> String {
    let about = report.about_in_queue;
    let seen = u32::try_from(report.messages.len()).unwrap_or(u32::MAX);
    let rest = match seen {
        0 if about == 0 => "the dead-letter queue is empty\n".to_owned(),
        0 => hidden(report),
        seen if about > seen => format!("about {about} in the queue; `--limit` looks at more\n"),
        _ => String::new(),
    };
    head(report) + &letters(report, columns) + &rest
}

/// A message in a few lines.
fn lines(letter: &DeadLetter, columns: usize) -> String {
    let about =
        if letter.about.is_empty() { String::new() } else { format!(" of {}", letter.about.join(", ")) };
    let event = letter.event.as_deref().unwrap_or("an event that cannot be read");
    let caller = letter.caller.as_ref().map(|caller| format!("by {}", without_account(caller)));
    let at: Option<jiff::Timestamp> = letter.at.as_ref().and_then(|at| at.parse().ok());
    let ago = at.map(|at| format!("{} ago", span::span(now().as_second() - at.as_second())));
    let received = match letter.received {
        1 => Some("received once".to_owned()),
        times => Some(format!("received {times} times")),
    };
    let facts: Vec<String> = [caller, ago, received].into_iter().flatten().collect();
    let mut text = format!("{}\n  {event}{about}\n", letter.id);
    let now = letter.now.iter().map(|decided| format!("now {decided}"));
    for line in [facts.join(", "), letter.why.clone()].into_iter().chain(now) {
        for part in wrapped(&line, columns.saturating_sub(2)) {
            let _ = writeln!(text, "  {part}"); // text takes text
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::place::StackPlace;

    #[test]
    fn a_queue_of_which_nothing_was_handed_out_is_not_empty() {
        let place = StackPlace {
            stack: "webops".to_owned(),
            account: "123456789012".to_owned(),
            region: "eu-west-2".to_owned(),
        };
        let report = |about_in_queue| DeadLetterReport {
            head: ReportHead::new(&place, 3),
            about_in_queue,
            messages: Vec::new(),
            events: None,
            put_back: None,
        };
        assert!(is_empty(&report(0)) && text(&report(0), None).ends_with("the dead-letter queue is empty\n"));
        assert!(!is_empty(&report(3)));
        let told = text(&report(3), None);
        assert!(told.contains("about 3 in") && told.contains("none was handed out"), "{told}");
    }
}
