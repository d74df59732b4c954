//! `doctor`: whether a stack can do its work, each finding with what mends it.

use std::fmt::Write as _;

use super::context::Context;
use super::exit_code::Failure;
use super::format::Format;
use super::operator::{Operator, now, said};
use super::simulate::look;
use crate::operate::doctor;
use crate::operate::doctor::{CheckOutcome, DoctorReport, StackCheck};
use crate::operate::fleet;
use crate::operate::place::{ReportHead, StackPlace};
use crate::operate::session::{StackError, StackSession};
use crate::problem::counted;
use crate::simulate::report::{COLUMNS, Colour, Paint, wrapped};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    operator: Operator,
    /// How to print it.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let (client, stack) = arguments.operator.asking(context, said)?;
    let (report, caller) = match StackSession::open(client, &stack) {
        Ok(session) => {
            let checks = doctor::reads::checks(&session, env!("CARGO_PKG_VERSION"), now());
            (report(&session.place, session.calls_made(), checks), session.caller.clone())
        }
        Err(StackError::NoHandler { place, caller, function, calls }) => {
            (report(&place, calls, vec![doctor::gone::handler(&function)]), caller)
        }
        Err(error) => return Err(error.into()),
    };
    let text = match arguments.format {
        Format::Json => fleet::json(&report),
        Format::Text => {
            let look = look(&context.console, None);
            text(&report, &caller, (context.console.columns.unwrap_or(COLUMNS), look.paint))
        }
    };
    context.console.result(&text)?;
    match (count(&report, CheckOutcome::Finding), count(&report, CheckOutcome::NotMade)) {
        (0, 0) => Ok(()),
        (0, unmade) => Err(Failure::World(format!(
            "{} could not be made: nothing is known there",
            counted(unmade, "check")
        ))),
        _ => Err(Failure::Findings),
    }
}

fn report(place: &StackPlace, calls: u32, checks: Vec<StackCheck>) -> DoctorReport {
    DoctorReport { head: ReportHead::new(place, calls), checks }
}

fn count(report: &DoctorReport, outcome: CheckOutcome) -> usize {
    report.checks.iter().filter(|check| check.outcome == outcome).count()
}

fn text(report: &DoctorReport, caller: &str, area: (usize, Paint)) -> String {
    let checks: String = report.checks.iter().map(|check| lines(check, area)).collect();
    let (passed, findings) = (count(report, CheckOutcome::Passed), count(report, CheckOutcome::Finding));
    let unmade = count(report, CheckOutcome::NotMade);
    let total = format!("{passed} passed, {}, {unmade} could not be made", counted(findings, "finding"));
    format!("{}\nas {caller}\n{checks}{total}\n", report.head.place)
}

fn lines(check: &StackCheck, (columns, paint): (usize, Paint)) -> String {
    const INDENT: usize = 9;
    let (word, colour) = match check.outcome {
        CheckOutcome::Passed => ("ok", Colour::Good),
        CheckOutcome::Finding => ("finding", Colour::Bad),
        CheckOutcome::NotMade => ("unknown", Colour::Starting),
    };
    let mut text = String::new();
    let width = columns.saturating_sub(INDENT);
    let mut first = word;
    for line in wrapped(&format!("{}: {}", check.name, check.about), width) {
        let blanks = INDENT - first.len();
        let _ = writeln!(text, "{}{:blanks$}{line}", paint.paint(colour, first), ""); // text takes text
        first = "";
    }
    let broken = |line: &str| match line.chars().count() {
        fits if fits + 2 <= width => vec![line.to_owned()], // such as the lines of a statement, with their indentation
        _ => wrapped(line, width.saturating_sub(2)),
    };
    for line in check.fix.iter().flat_map(|fix| fix.lines()).flat_map(broken) {
        let _ = writeln!(text, "{:<INDENT$}> {line}", "");
    }
    text
}
