//! A run as text for a terminal.

use std::fmt::Write as _;

use super::chart::chart;
use super::style::{Colour, Paint, clock, counted, words};
use super::timeline::timeline;
use super::wording::Tone;
use crate::simulate::invariants::Invariant;
use crate::simulate::runner::{Calls, DOLLARS_PER_THOUSAND_TRANSITIONS, PRICE, Run};
use asg_recycle_simulator::time::{Moment, Span};

/// Columns of a terminal.
const COLUMNS: usize = 100;

/// How long the chart goes on after the last execution has ended.
const AFTERWARDS: Span = Span::seconds(30);

/// The whole report.
pub fn text(run: &Run, paint: Paint) -> String {
    let mut report = String::new();
    let period = (run.began_at, run.ended_at + AFTERWARDS);
    for group in &run.groups {
        let first = group.first();
        let title = format!(
            "{} with {}, {}, {} outdated",
            group.name,
            group.strategy,
            counted(first.live.into(), "instance"),
            first.outdated
        );
        let _ = writeln!(report, "{}\n", paint.paint(Colour::Strong, &title));
        let _ = writeln!(report, "{}", chart(group, period, COLUMNS, paint));
    }
    report + &lines(run, paint) + "\n" + &totals(run, paint) + "\n" + &verdict(run, paint)
}

fn lines(run: &Run, paint: Paint) -> String {
    let lines = timeline(run);
    let last = run.ended_at + AFTERWARDS;
    let shown: Vec<_> = lines.iter().filter(|line| line.at <= last).collect();
    let actors = shown.iter().map(|line| line.actor.to_string().chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for line in shown {
        let actor = format!("{:<actors$}", line.actor.to_string());
        let words = match line.tone {
            Tone::Plain => line.text.clone(),
            Tone::Warning => paint.paint(Colour::Starting, &line.text),
            Tone::Good => paint.paint(Colour::Good, &line.text),
            Tone::Bad => paint.paint(Colour::Bad, &line.text),
        };
        let time = clock(line.at - run.began_at);
        let _ = writeln!(text, "{time:>8}  {}  {words}", paint.paint(Colour::Faint, &actor));
    }
    text
}

fn totals(run: &Run, paint: Paint) -> String {
    let mut text = String::new();
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(text, "{}{value}", paint.paint(Colour::Faint, &format!("{name:<26}")));
    };
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

fn verdict(run: &Run, paint: Paint) -> String {
    let mut text = String::new();
    for execution in &run.executions {
        let good = execution.status == "SUCCEEDED";
        let colour = if good { Colour::Good } else { Colour::Bad };
        let _ = writeln!(text, "{}  {}", paint.paint(colour, &execution.ending()), execution.name());
        // A refusal or a failure is told in full here; the timeline shortens it.
        if !execution.reason.is_empty() {
            let _ = writeln!(text, "  {}", execution.reason);
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
        let _ = writeln!(text, "  {}", violation.invariant.sentence());
    }
    if run.verdict.is_sound() {
        let held = format!("all {} invariants held", Invariant::ALL.len());
        let _ = writeln!(text, "{}", paint.paint(Colour::Good, &held));
    }
    text
}

fn since(run: &Run, moment: Moment) -> String {
    clock(moment - run.began_at)
}
