//! `simulate`: the machine that would be deployed, run against a modelled group.

use std::path::PathBuf;
use std::rc::Rc;

use asg_recycle_handler::contract::STRATEGY;

use super::acting;
use super::console::{Console, write_file};
use super::context::Context;
use super::exit_code::Failure;
use super::gone;
use super::input::Source;
use super::operator::{Operator, now};
use super::scenario::{self, WorldArguments};
use super::scenario_file::ScenarioFile;
use crate::config::Config;
use crate::digest;
use crate::operate::fleet;
use crate::operate::plan as forecast;
use crate::operate::plan;
use crate::operate::plan::model;
use crate::output::Edits;
use crate::problem::Problems;
use crate::simulate::campaign::{Campaign, CampaignPlan, CampaignStacks};
use crate::simulate::report::{self, COLUMNS, Look, Paint, Replay};
use crate::simulate::runner::{Deployment, Detail, Run};
use crate::simulate::scenario::{Case, Scenario, cases};

/// Scenarios of one campaign: what takes the better part of a day on one core.
const RUNS_MAX: u64 = 10_000_000;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The stack's description; `-` is standard input. With --group it may be left out: the machine is then that which is deployed.
    #[arg(value_name = "FILE", required_unless_present = "group")]
    file: Option<PathBuf>,
    /// A real group, as it is now: sizes, zones, hooks, load balancers, launch source, tags and times, as `plan` reads them.
    #[arg(long, value_name = "GROUP", conflicts_with_all = ["scenario", "campaign", "list", "instances", "desired", "min", "max", "zones",
        "target_groups", "window", "at", "boot", "drain"])]
    group: Option<String>,
    #[command(flatten)]
    operator: Operator,
    #[command(flatten)]
    kept: ScenarioFile,
    #[command(flatten)]
    world: WorldArguments,
    /// Run so many made-up scenarios instead of one; the first has the seed, each other the next one.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=RUNS_MAX),
        conflicts_with_all = ["instances", "desired", "min", "max", "zones", "target_groups", "window", "at", "boot", "drain", "faults",
            "scenario", "svg"])]
    campaign: Option<u64>,
    /// What an instance costs, in dollars for an hour: the summary tells what the additional ones cost.
    #[arg(long, value_name = "DOLLARS", value_parser = dollars)]
    price_per_hour: Option<f64>,
    /// List the scenarios that come with the strategy, and run none.
    #[arg(long, conflicts_with_all = ["campaign", "scenario"])]
    list: bool,
    /// How the report is printed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: ReportFormat,
    /// Also draw the capacity over time into this file; `-` prints the drawing instead of the report.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum ReportFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: JSON, of one run as `docs/simulation.schema.json` describes, of a campaign as `docs/campaign.schema.json`.
    Json,
}

/// Steps between two looks at how far a run is.
const STEPS: u64 = 1000;

pub(super) fn dollars(text: &str) -> Result<f64, String> {
    let number = text.strip_prefix('$').unwrap_or(text).parse::<f64>().ok();
    number
        .filter(|price| price.is_finite() && *price >= 0.0)
        .ok_or_else(|| format!("`{text}` is no price: write `0.096`"))
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let file = match (&arguments.group, &arguments.file) {
        (Some(group), _) => return of_group(arguments, group, context),
        (None, _) if arguments.kept.write_scenario.is_some() => {
            return Err(Failure::Input(
                "`--write-scenario` keeps a real group: name it with `--group`".to_owned(),
            ));
        }
        (None, Some(file)) if !arguments.operator.is_given() => file.clone(),
        (None, _) => {
            return Err(Failure::Input("where to ask AWS matters with `--group` only".to_owned()));
        }
    };
    let input = Source { file }.read()?;
    let replay = Replay {
        version: crate::VERSION,
        file: input.name.clone(),
        digest: digest::hex(&input.text),
        arguments: Vec::new(),
    };
    let config = input.into_stack(context)?.config().clone();
    if arguments.list {
        return list(&arguments.world.strategy(&config)?, context);
    }
    if let Some(runs) = arguments.campaign {
        return campaign(arguments, &config, (runs, &replay), context);
    }
    let (strategy, scenario) = arguments.world.scenario(&config, context)?;
    let replay = Replay { arguments: arguments.world.again(&strategy, scenario.world.seed, false), ..replay };
    // What a scenario says of its stacks is its own.
    let configs = scenario.configs(&config).map_err(|problems| Failure::Input(problems.to_string()))?;
    let deployments = built(&configs)?;
    let run = played(&deployments, &scenario, (&strategy, Detail::Plain), context)?;
    finish(arguments, &run, (&scenario, &replay), context)
}

/// A real group, as it is now, on the machine that its stack has deployed, or on that of a file.
fn of_group(arguments: &Arguments, group: &str, context: &mut Context) -> Result<(), Failure> {
    arguments.kept.check()?;
    let session = arguments.operator.open(context)?;
    acting::owned(&session, group)?;
    let facts = plan::reads::plan(&session, group)?;
    let kept = model::scenario(&facts, &session.place, now());
    let kept = kept.ok_or_else(|| gone::gone(&session, group, context))?;
    arguments.kept.keep(&kept, context)?;
    let scenario = Scenario::from_value(kept);
    let mut scenario = scenario.map_err(|error| Failure::World(error.to_string()))?;
    arguments.world.change(&mut scenario)?;
    let tagged = || scenario.strategy_tag().map(str::to_owned);
    let strategy = arguments.world.strategy.clone().or_else(tagged).filter(|strategy| !strategy.is_empty());
    let strategy = strategy.ok_or_else(|| {
        Failure::Input(format!(
            "`{group}` names no strategy by the tag `{}`: write `--strategy`",
            STRATEGY.key
        ))
    })?;
    if let Some(group) = &mut scenario.group {
        group.tags.insert(STRATEGY.key.to_owned(), strategy.clone()); // the handler goes by the tag
    }
    let (config, file, deployed) = if let Some(file) = &arguments.file {
        let input = Source { file: file.clone() }.read()?;
        let told = (input.name.clone(), digest::hex(&input.text));
        let config = input.into_stack(context)?.config().clone();
        scenario.stack = String::new(); // the file's settings are meant, not those that are deployed
        let deployed = built(std::slice::from_ref(&config))?;
        (config, Some(told), deployed)
    } else {
        let (config, deployed) = forecast::deployment(&scenario, &facts, &session.settings)
            .map_err(|why| Failure::World(format!("the simulator cannot take what is deployed: {why}")))?;
        (config, None, vec![Rc::new(deployed)])
    };
    let strategy = scenario::known_strategy(&strategy, &config)?;
    let run = played(&deployed, &scenario, (&strategy, Detail::Plain), context)?;
    let (file, digest) = file.unwrap_or_default();
    let mut again =
        vec!["--group".to_owned(), group.to_owned(), "--stack".to_owned(), session.place.stack.clone()];
    again.extend(arguments.world.again(&strategy, scenario.world.seed, true));
    let replay = Replay { version: crate::VERSION, file, digest, arguments: again };
    finish(arguments, &run, (&scenario, &replay), context)
}

/// Prints what came of a run; findings where it did not go well.
fn finish(
    arguments: &Arguments,
    run: &Run,
    (scenario, replay): (&Scenario, &Replay),
    context: &mut Context,
) -> Result<(), Failure> {
    let prints_drawing = arguments.svg.as_ref().is_some_and(|path| path.as_os_str() == "-");
    if prints_drawing {
        context.console.result(&report::svg(run))?;
    } else if let Some(path) = &arguments.svg {
        write_file(path, &report::svg(run), Edits::Overwrite)?;
    }
    for what in &run.undone {
        context.console.note(&format!("note: {what}\n"));
    }
    let unmet = scenario.expect.as_ref().map(|expect| expect.unmet(run));
    let is_as_expected = run.verdict.is_sound() && unmet.as_ref().is_none_or(Vec::is_empty);
    if !prints_drawing {
        print(arguments, run, (unmet.as_deref().unwrap_or_default(), replay, is_as_expected), context)?;
    }
    // A scenario that expects nothing is to recycle.
    let failed = unmet.is_none() && run.has_failed();
    if failed && is_as_expected {
        context.console.note("note: exit code 1: an execution did not end well, or none was started; a scenario that is to end so says it in `expect: {endings: …}`\n");
    }
    if failed || !is_as_expected { Err(Failure::Findings) } else { Ok(()) }
}

/// The stacks that these configurations build.
pub(super) fn built(configs: &[Config]) -> Result<Vec<Rc<Deployment>>, Failure> {
    let deployed = configs.iter().map(|config| Deployment::build(config).map(Rc::new)).collect();
    Result::map_err(deployed, |problems: Problems| Failure::World(problems.to_string()))
}

/// Runs a scenario on stacks.
pub(super) fn played(
    deployments: &[Rc<Deployment>],
    scenario: &Scenario,
    (strategy, detail): (&str, Detail),
    context: &mut Context,
) -> Result<Run, Failure> {
    let runner = scenario.runner(deployments, strategy, detail);
    let runner = runner.map_err(|error| Failure::Input(error.to_string()))?;
    if !context.console.is_watched {
        return Ok(runner.finish());
    }
    let mut shown = false;
    let run = runner.finish_while(|runner| {
        let (span, steps) = runner.progress();
        if steps > 0 && steps % STEPS == 0 {
            shown = true;
            let minutes = span.0 / 60_000;
            let (hours, minutes) = (minutes / 60, minutes % 60);
            context
                .console
                .progress(&format!("\r\u{1b}[Ksimulated {hours} h {minutes:02} min in {steps} steps"));
        }
        true
    });
    if shown {
        context.console.progress("\r\u{1b}[K");
    }
    run.ok_or_else(|| Failure::World("the run was broken off".to_owned()))
}

/// The scenarios of a strategy, each with what it shows.
fn list(strategy: &str, context: &mut Context) -> Result<(), Failure> {
    let known = cases().map_err(|(path, error)| Failure::World(format!("{path}: {error}")))?;
    let mut known: Vec<_> = known.into_iter().filter(|case| case.strategy == strategy).collect();
    known.sort_by(|one, other| one.name.cmp(&other.name));
    let width = known.iter().map(|case| case.name.len()).max().unwrap_or(0);
    let line =
        |case: &Case| format!("{:<width$}  {}\n", case.name, case.scenario.about.trim().replace('\n', " "));
    context.console.result(&known.iter().map(line).collect::<String>())
}

/// How reports look here.
pub(super) fn look(console: &Console, dollars_per_hour: Option<f64>) -> Look {
    let paint = if console.colours_results { Paint::Coloured } else { Paint::Plain };
    Look { paint, columns: console.columns.unwrap_or(COLUMNS), dollars_per_hour }
}

/// Runs made-up scenarios on all cores.
fn campaign(
    arguments: &Arguments,
    config: &Config,
    (runs, replay): (u64, &Replay),
    context: &mut Context,
) -> Result<(), Failure> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    let (each, rest) = (runs / threads, runs % threads);
    let mut seed = arguments.world.seed.unwrap_or(1);
    let plans = (0..threads).map(|thread| {
        let plan = CampaignPlan {
            strategy: arguments.world.strategy.clone(),
            seed,
            runs: each + u64::from(thread < rest),
        };
        seed = seed.wrapping_add(plan.runs);
        plan
    });
    let plans: Vec<CampaignPlan> = plans.collect();
    let whole = conduct(config, &plans, runs, context)?;
    let text = match arguments.format {
        ReportFormat::Text => report::campaign_text(&whole, replay),
        ReportFormat::Json => fleet::json(&report::campaign_json(&whole, replay)),
    };
    context.console.result(&text)?;
    if whole.failures.is_empty() { Ok(()) } else { Err(Failure::Findings) }
}

/// Runs the plans, a thread each.
fn conduct(
    config: &Config,
    plans: &[CampaignPlan],
    runs: u64,
    context: &mut Context,
) -> Result<Campaign, Failure> {
    let mut whole = Campaign::default();
    let (sender, scenarios) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let part = |plan| {
            let sender = sender.clone();
            let done = move || {
                let _ = sender.send(()); // it is heard as long as the scope is
            };
            scope
                .spawn(move || CampaignStacks::build(config).map(|stacks| Campaign::run(&stacks, plan, done)))
        };
        let parts: Vec<_> = plans.iter().map(part).collect();
        drop(sender);
        for (number, ()) in (1_u64..).zip(scenarios) {
            if context.console.is_watched && (number % 10 == 0 || number == runs) {
                context.console.progress(&format!("\r\u{1b}[K{number} of {runs} scenarios"));
            }
        }
        if context.console.is_watched {
            context.console.progress("\r\u{1b}[K");
        }
        for part in parts {
            let found = part.join();
            let found = found.map_err(|_| Failure::World("a part of the campaign broke down".to_owned()))?;
            whole.add(found.map_err(|problems| Failure::World(problems.to_string()))?);
        }
        Ok(whole)
    })
}

fn print(
    arguments: &Arguments,
    run: &Run,
    (unmet, replay, is_as_expected): (&[String], &Replay, bool),
    context: &mut Context,
) -> Result<(), Failure> {
    match arguments.format {
        ReportFormat::Text => {
            let mut text = report::text(run, look(&context.console, arguments.price_per_hour));
            text.extend(unmet.iter().map(|one| format!("not as expected: {one}\n")));
            if !is_as_expected {
                text += &replay.to_string();
                text.push('\n');
            }
            context.console.result(&text)
        }
        ReportFormat::Json => context.console.result(&fleet::json(&report::json(run, unmet, replay))),
    }
}
