//! `report`: one page of a real or a simulated run, for a browser.

use std::path::{Path, PathBuf};

use super::console::write_file;
use super::context::Context;
use super::exit_code::Failure;
use super::input::Source;
use super::operator::{Operator, now};
use super::{acting, scenario, simulate};
use crate::asl::{self, Graph};
use crate::config::{self, Config};
use crate::operate::fleet::reads;
use crate::operate::history::recorded_reads;
use crate::operate::session::StackSession;
use crate::output::Edits;
use crate::page::{self, RunPage};
use crate::problem::Problems;
use crate::simulate::report::Replay;
use crate::simulate::runner::Detail;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A group, of which the execution is told that runs, else the newest; or the ARN of an execution; or a scenario: the path of a
    /// YAML file, or with --file or --strategy the name of one that comes with a strategy.
    #[arg(value_name = "GROUP|EXECUTION|SCENARIO")]
    of: String,
    /// The page; `-` is standard output.
    #[arg(long, short, value_name = "FILE.html")]
    output: PathBuf,
    /// The stack.yaml whose machine runs a scenario [default: every setting as it is by default].
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The strategy of a scenario [default: what its group is tagged with, else `out-in`, else the first that it is for].
    #[arg(long, value_name = "STRATEGY")]
    strategy: Option<String>,
    #[command(flatten)]
    operator: Operator,
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let of = Path::new(&arguments.of);
    let is_scenario = arguments.file.is_some()
        || arguments.strategy.is_some()
        || of.is_file()
        || scenario::with_strategy(&arguments.of).is_some();
    let (page, machine) =
        if is_scenario { simulated(arguments, context)? } else { real(arguments, context)? };
    let html = page
        .html(&machine)
        .map_err(|error| Failure::World(format!("the page cannot be written: {error:#}")))?;
    if arguments.output.as_os_str() == "-" {
        return context.console.result(&html);
    }
    let shown = arguments.output.display();
    write_file(&arguments.output, &html, Edits::Overwrite)?;
    context.console.note(&format!("wrote {shown}\n"));
    Ok(())
}

fn simulated(arguments: &Arguments, context: &mut Context) -> Result<(RunPage, Graph), Failure> {
    let (file, digest, config) = match &arguments.file {
        Some(file) => {
            let input = Source { file: file.clone() }.read()?;
            let (name, digest) = (input.name.clone(), crate::digest::hex(&input.text));
            (name, digest, input.into_stack(context)?.config().clone())
        }
        None => ("stack.yaml".to_owned(), String::new(), default_config()?),
    };
    let (strategy, scenario) =
        scenario::found(&arguments.of, (arguments.strategy.as_deref(), &config), context)?;
    let configs = scenario.configs(&config).map_err(|problems| Failure::Input(problems.to_string()))?;
    let deployments = simulate::built(&configs)?;
    let run = simulate::played(&deployments, &scenario, (&strategy, Detail::States), context)?;
    let again = ["--strategy", &strategy, "--scenario", &arguments.of].map(str::to_owned).to_vec();
    let replay = Replay { version: crate::VERSION, file, digest, arguments: again };
    let page = page::of_run(&run, &scenario.about, replay.command());
    Ok((page, machine(configs.first().unwrap_or(&config), &strategy)?))
}

fn real(arguments: &Arguments, context: &mut Context) -> Result<(RunPage, Graph), Failure> {
    if [".yaml", ".yml"].iter().any(|end| arguments.of.ends_with(end)) {
        return Err(Failure::Input(format!("there is no file `{}`", arguments.of)));
    }
    let session = arguments.operator.open(context).map_err(|failure| match failure {
        Failure::Input(why) if !arguments.of.starts_with("arn:") => Failure::Input(format!(
            "`{}` is no file, and without `--strategy` no scenario but the name of a group: {why}",
            arguments.of
        )),
        other => other,
    })?;
    let execution = execution(&arguments.of, &session)?;
    let recorded = recorded_reads::recorded(&session, &execution)?.ok_or_else(|| {
        Failure::Input(format!(
            "Step Functions does not know `{execution}`, or not any more: it keeps executions for 90 days"
        ))
    })?;
    let page = recorded.page(&session.place, now());
    Ok((page, machine(&default_config()?, &recorded.strategy())?))
}

/// The execution that is meant.
fn execution(of: &str, session: &StackSession) -> Result<String, Failure> {
    if of.starts_with("arn:") {
        let own = session.settings.machine.execution("");
        return if of.starts_with(&own) {
            Ok(of.to_owned())
        } else {
            Err(Failure::Input(format!("`{of}` is no execution of the stack: those begin with `{own}`")))
        };
    }
    let seen = reads::group(session, of)?;
    let is_there = seen.is_some();
    if is_there {
        acting::owned_as_seen(session, of, seen)?;
    }
    let found = recorded_reads::newest(session, of, now())?;
    if !is_there && found.is_none() {
        return Err(Failure::Input(format!(
            "there is no group `{of}`, and nothing ran for one of that name in the last 90 days; nor is there such a file. \
             `asg-recycle status` lists the groups of the stack; the name of a scenario goes with `--strategy`{}",
            acting::meant(session, of)
        )));
    }
    found.ok_or_else(|| Failure::Input(format!("nothing ran for `{of}` in the last 90 days")))
}

/// A configuration in which every setting is as it is by default.
fn default_config() -> Result<Config, Failure> {
    config::parse(b"name: asg-recycle\n").map_err(|problems: Problems| Failure::World(problems.to_string()))
}

/// The machine as an execution for the strategy can go through it; the whole of it for one that this version does not have.
fn machine(config: &Config, strategy: &str) -> Result<Graph, Failure> {
    let whole = asl::build(config).map_err(|problems| Failure::World(problems.to_string()))?.graph();
    let catalog = config.catalog();
    Ok(if catalog.strategies().contains_key(strategy) {
        whole.for_strategy(catalog, strategy)
    } else {
        whole
    })
}
