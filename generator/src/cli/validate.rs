//! `validate`: every fault of a file at once.

use serde_json::{Value, json};

use super::context::Context;
use super::exit_code::Failure;
use super::input::{self, Source};
use crate::AsgRecycle;
use crate::problem::{Problem, Problems};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// How to report: text on standard error, or JSON on standard output.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: ReportFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum ReportFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let mut input = match arguments.source.read() {
        Ok(input) => input,
        Err(failure) => return Err(unread(arguments, failure, context)),
    };
    // Whether what the stack packages can be packaged: every other command would refuse it.
    let packaged = |stack: &AsgRecycle| arguments.source.packaged(stack.config(), &input.text).err();
    if let Some(problems) = input.stack.as_ref().ok().and_then(packaged) {
        input.stack = Err(problems);
    }
    if arguments.format == ReportFormat::Json {
        let report = report(&input.name, input.stack.as_ref().err());
        context.console.result(&format!("{report:#}\n"))?;
    }
    match (&input.stack, arguments.format) {
        (Ok(_), ReportFormat::Text) => context.console.result(&format!("{}: no faults\n", input.name)),
        (Ok(_), ReportFormat::Json) => Ok(()),
        (Err(problems), ReportFormat::Text) => {
            Err(input::faults(problems, &input.name, &input.text, context.console.colours_notes))
        }
        (Err(_), ReportFormat::Json) => Err(Failure::Faults(String::new())), // all said on standard output
    }
}

/// A file that cannot be read, which a program is told as it asked to be.
fn unread(arguments: &Arguments, failure: Failure, context: &mut Context) -> Failure {
    if let (ReportFormat::Json, Failure::Input(reason) | Failure::World(reason)) =
        (arguments.format, &failure)
    {
        let problems = Problems::from(Problem::new("unreadable", "", reason.clone()));
        let report = report(&arguments.source.file.display().to_string(), Some(&problems));
        if let Err(failure) = context.console.result(&format!("{report:#}\n")) {
            return failure;
        }
    }
    failure
}

fn report(name: &str, problems: Option<&Problems>) -> Value {
    let problems: Vec<Value> = problems.into_iter().flat_map(Problems::iter).map(problem).collect();
    json!({ "file": name, "valid": problems.is_empty(), "problems": problems })
}

fn problem(problem: &Problem) -> Value {
    let location = problem
        .location
        .map(|place| json!({ "line": place.line, "column": place.column, "length": place.length }));
    json!({
        "code": problem.code,
        "pointer": problem.pointer,
        "location": location,
        "reason": problem.reason,
        "help": problem.help,
    })
}

#[cfg(test)]
mod tests {
    use super::report;
    use crate::problem::{Location, Problem, Problems};

    #[test]
    fn the_report_holds_every_part_of_a_problem() {
        let mut problems = Problems::default();
        let problem = Problem::new("unknown-key", "handler.memroy", "there is no such key");
        problems.push(problem.at(Location { line: 3, column: 5, length: 6 }));
        let expected = serde_json::json!({
            "file": "stack.yaml",
            "valid": false,
            "problems": [{
                "code": "unknown-key",
                "pointer": "handler.memroy",
                "location": { "line": 3, "column": 5, "length": 6 },
                "reason": "there is no such key",
                "help": null,
            }],
        });
        assert_eq!(report("stack.yaml", Some(&problems)), expected);
        assert_eq!(report("x", None), serde_json::json!({ "file": "x", "valid": true, "problems": [] }));
    }
}
