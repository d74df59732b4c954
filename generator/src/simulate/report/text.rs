//! A run as text for a terminal.

use std::fmt::Write as _;

use super::chart::{CHART_ROWS_MAX, ChartArea, chart};
use super::style::{COLUMNS_MIN, Colour, Look, clock, words, wrapped};
use super::summary::GroupSummary;
use super::timeline::timeline;
use super::wording::Tone;
use crate::problem::counted;
use crate::simulate::invariants::Invariant;
use crate::simulate::runner::{Calls, DOLLARS_PER_THOUSAND_TRANSITIONS, PRICE, Run};
use asg_recycle_simulator::time::{Moment, Span};
use asg_recycle_simulator::world::ids::InstanceId;

/// How long the chart goes on after the last execution has ended.
const AFTERWARDS: Span = Span::seconds(30);

/// Columns of a name in the totals.
const NAME: usize = 26;

/// The whole report.
pub fn text(run: &Run, look: Look) -> String {
    let look = Look { columns: look.columns.max(COLUMNS_MIN), ..look };
    let mut report = String::new();
    let period = (run.began_at, run.ended_at + AFTERWARDS);
    for group in &run.groups {
        let first = group.first();
        let title = format!(
            "{} with {}, {}, {} outdated",
            group.name,
            group.strategy,
            counted(first.live, "instance"),
            first.outdated
        );
        let sentence = GroupSummary::of(run, group).sentence(look.dollars_per_hour);
        report += &paragraph(&title, look, Some(Colour::Strong));
        report += &paragraph(&sentence, look, None);
        report += "\n";
        let Look { columns, paint, .. } = look;
        let area = ChartArea { columns, rows_max: CHART_ROWS_MAX, paint, has_sizes: true, has_checks: true };
        let _ = writeln!(report, "{}", chart(&group.history, period, area));
    }
    report + &lines(run, look) + "\n" + &totals(run, look) + "\n" + &verdict(run, look)
}

fn paragraph(text: &str, look: Look, colour: Option<Colour>) -> String {
    let paint = |line: String| colour.map_or(line.clone(), |colour| look.paint.paint(colour, &line)) + "\n";
    wrapped(text, look.columns).into_iter().map(paint).collect()
}

/// A text after a heading on its first line, in what is left of the columns. A narrow rest is not.
fn hanging(heading: &str, width: usize, text: &str, look: Look, colour: Option<Colour>) -> String {
    let mut written = String::new();
    let room = look.columns.saturating_sub(width).max(COLUMNS_MIN / 2);
    for (number, line) in wrapped(text, room).into_iter().enumerate() {
        let painted = colour.map_or(line.clone(), |colour| look.paint.paint(colour, &line));
        let before = if number == 0 { heading.to_owned() } else { " ".repeat(width) };
        written += &(before + &painted + "\n");
    }
    written
}

fn lines(run: &Run, look: Look) -> String {
    let lines = timeline(run);
    let last = run.ended_at + AFTERWARDS;
    let shown: Vec<_> = lines.iter().filter(|line| line.at <= last).collect();
    let actors = shown.iter().map(|line| line.actor.to_string().chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for line in shown {
        let actor = format!("{:<actors$}", line.actor.to_string());
        let colour = match line.tone {
            Tone::Plain => None,
            Tone::Warning => Some(Colour::Starting),
            Tone::Good => Some(Colour::Good),
            Tone::Bad => Some(Colour::Bad),
        };
        let time = clock(line.at - run.began_at);
        let heading = format!("{time:>8}  {}  ", look.paint.paint(Colour::Faint, &actor));
        text += &hanging(&heading, 12 + actors, &line.text, look, colour);
    }
    text
}

fn totals(run: &Run, look: Look) -> String {
    let mut text = String::new();
    let mut row = |name: &str, value: &str| {
        let name = look.paint.paint(Colour::Faint, &format!("{name:<NAME$}"));
        text += &hanging(&name, NAME, value, look, None);
    };
    row("begins", &begins(run.began_at));
    row("wall-clock", &words(run.duration()));
    let sum = run.totals.all_calls();
    row("API calls", &reads_and_writes(sum));
    for (service, calls) in &run.totals.calls {
        row(&format!("  {service}"), &reads_and_writes(*calls));
    }
    let transitions = run.totals.transitions;
    let dollars = run.totals.dollars();
    row(
        "state transitions",
        &format!("{transitions}, ${dollars:.4} at ${DOLLARS_PER_THOUSAND_TRANSITIONS} per 1,000 ({PRICE})"),
    );
    row("longest history", &format!("{} events of at most 25,000", run.totals.history_events_max));
    text
}

fn reads_and_writes(calls: Calls) -> String {
    format!("{}, {}", counted(calls.reads, "read"), counted(calls.writes, "mutation"))
}

fn verdict(run: &Run, look: Look) -> String {
    let paint = look.paint;
    let mut text = String::new();
    for execution in &run.executions {
        let good = execution.status == "SUCCEEDED";
        let colour = if good { Colour::Good } else { Colour::Bad };
        let _ = writeln!(text, "{}  {}", paint.paint(colour, &execution.ending()), execution.name());
        // A refusal or a failure is told in full here; the timeline shortens it.
        if !execution.reason.is_empty() {
            text += &hanging("  ", 2, &numbered(&execution.reason), look, None);
        }
    }
    for violation in &run.verdict.violations {
        let broken = format!("{} is broken", violation.invariant);
        let _ = writeln!(
            text,
            "{} at {}: {}",
            paint.paint(Colour::Bad, &broken),
            since(run, violation.moment),
            violation.detail
        );
        text += &hanging("  ", 2, violation.invariant.sentence(), look, None);
    }
    if run.verdict.is_sound() {
        let held = format!("all {} invariants held", Invariant::ALL.len());
        let _ = writeln!(text, "{}", paint.paint(Colour::Good, &held));
        let names: Vec<&str> = Invariant::ALL.iter().map(|one| one.name()).collect();
        text += &hanging("  ", 2, &names.join(", "), look, Some(Colour::Faint));
    }
    text
}

/// A reason with instances by the numbers that the timeline has, with which their ids end.
fn numbered(reason: &str) -> String {
    let words = reason.split_inclusive(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-'));
    let word = |word: &str| {
        let id = word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
        match InstanceId::parse(id) {
            Some(number) => format!("i-...{}{}", number.0, &word[id.len()..]),
            None => word.to_owned(),
        }
    };
    words.map(word).collect()
}

/// The clock of the modelled world, with the day of the week: windows are told by it.
fn begins(moment: Moment) -> String {
    let millis = i64::try_from(moment.0).unwrap_or(i64::MAX);
    let at = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
    at.strftime("%a %Y-%m-%d %H:%M:%S UTC").to_string()
}

fn since(run: &Run, moment: Moment) -> String {
    clock(moment - run.began_at)
}

#[cfg(test)]
mod tests {
    use super::numbered;

    #[test]
    fn instances_in_a_reason_have_the_timelines_numbers() {
        let reason = "not healthy: i-00000000000000157 is Terminating, i-00000000000000001 is old";
        assert_eq!(numbered(reason), "not healthy: i-...157 is Terminating, i-...1 is old");
        assert_eq!(numbered("no ids, in here."), "no ids, in here.");
    }
}
