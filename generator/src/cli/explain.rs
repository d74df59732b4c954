//! `explain`: why something that a stack deploys is there.

use std::fmt::Write as _;
use std::path::PathBuf;

use asg_recycle_handler::spelling::suggestion;

use super::context::Context;
use super::exit_code::Failure;
use super::format::Format;
use super::generate;
use super::input::Source;
use crate::explain::{Explanation, Explanations, Fact, ThingKind};
use crate::output::{Edits, Folder};
use crate::simulate::report::{COLUMNS, wrapped};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// An IAM action, a statement's name, an alarm, a parameter, an output, a Terraform address, a logical id or a state of the
    /// machine; without one, all that there is.
    #[arg(value_name = "THING")]
    thing: Option<String>,
    /// The folder that the stack was generated into: it knows what the role keeps for executions of the former version.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How it is printed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let stack = arguments.source.stack(context)?;
    let stack = match &arguments.out {
        None => stack,
        Some(out) => {
            let folder = Folder::open(out, Edits::Protect)?;
            if folder.manifest().stack.is_none() {
                let out = out.display();
                return Err(Failure::Input(format!(
                    "`{out}` holds no stack that asg-recycle generated: what its role keeps is not known"
                )));
            }
            let record = folder.upgraded(generate::record(&stack));
            generate::upgrading(stack, &record)?
        }
    };
    let explanations = Explanations::of(&stack);
    let found: Vec<&Explanation> = match &arguments.thing {
        None => explanations.all().iter().collect(),
        Some(thing) => explanations.find(thing),
    };
    let columns = context.console.columns.unwrap_or(COLUMNS);
    match (&arguments.thing, arguments.format) {
        (Some(thing), _) if found.is_empty() => Err(Failure::Input(format!(
            "there is no `{thing}` in what `{}` deploys{}",
            arguments.source.file.display(),
            suggestion(thing, explanations.names())
        ))),
        (_, Format::Json) => {
            let text = serde_json::to_string_pretty(&found).expect("texts and lists");
            context.console.result(&format!("{text}\n"))
        }
        (Some(_), Format::Text) => {
            let texts: Vec<String> = found.iter().map(|one| text(one, columns)).collect();
            context.console.result(&texts.join("\n"))
        }
        (None, Format::Text) => context.console.result(&listed(&found, columns)),
    }
}

/// Columns of what a fact is about.
const INDENT: usize = 14;

fn text(one: &Explanation, columns: usize) -> String {
    let mut text = format!("{} ({})\n", one.name, one.kind.nouns()[0]);
    if !one.purpose.is_empty() {
        text.extend(wrapped(&one.purpose, columns).into_iter().map(|line| line + "\n"));
    }
    let names = Fact { about: "also called", says: vec![one.other_names.join(", ")] };
    let names = (!one.other_names.is_empty()).then_some(&names);
    for fact in names.into_iter().chain(&one.facts) {
        let mut about = fact.about;
        for line in wrapped(&fact.says.join(", "), columns.saturating_sub(INDENT)) {
            let _ = writeln!(text, "{about:<INDENT$}{line}"); // text takes text
            about = "";
        }
    }
    text
}

/// Every name that there is, kind by kind.
fn listed(all: &[&Explanation], columns: usize) -> String {
    /// In place of the blanks in a name, at which no line is broken.
    const BLANK: &str = "\u{a0}";
    let mut text = String::new();
    let mut kinds: Vec<ThingKind> = all.iter().map(|one| one.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        let mut names: Vec<&str> =
            all.iter().filter(|one| one.kind == kind).map(|one| one.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let _ = writeln!(text, "{} {}:", names.len(), kind.nouns()[usize::from(names.len() != 1)]); // text takes text
        let separator = if names.iter().any(|name| name.contains(' ')) { ", " } else { " " };
        let names: Vec<String> = names.iter().map(|name| name.replace(' ', BLANK)).collect();
        let lines = wrapped(&names.join(separator), columns.saturating_sub(2));
        text.extend(lines.into_iter().map(|line| format!("  {}\n", line.replace(BLANK, " "))));
    }
    text
}
