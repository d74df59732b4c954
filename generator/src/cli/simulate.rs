//! `simulate`: the machine that would be deployed, run against a modelled group.

use std::path::PathBuf;
use std::rc::Rc;

use super::context::Context;
use super::exit_code::Failure;
use super::input::Source;
use super::scenario::WorldArguments;
use crate::config::Config;
use crate::digest;
use crate::problem::Problems;
use crate::simulate::campaign::{Campaign, CampaignPlan};
use crate::simulate::report::{self, Paint, Replay};
use crate::simulate::runner::{Deployment, Detail, Run};
use crate::simulate::scenario::Scenario;

/// Scenarios of one campaign: what takes the better part of a day on one core.
const RUNS_MAX: u64 = 10_000_000;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    world: WorldArguments,
    /// Run so many made-up scenarios instead of one; the first has the seed, each other the next one.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=RUNS_MAX),
        conflicts_with_all = ["instances", "min", "max", "zones", "target_groups", "window", "at", "boot", "drain", "faults",
            "scenario", "svg"])]
    campaign: Option<u64>,
    /// How the report is printed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: ReportFormat,
    /// Also draw the capacity over time into this file.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
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
    let input = arguments.source.read()?;
    let replay = Replay {
        version: crate::VERSION,
        file: input.name.clone(),
        digest: digest::hex(&input.text),
        arguments: Vec::new(),
    };
    let config = input.into_stack(context)?.config().clone();
    let strategy = arguments.world.strategy(&config)?;
    if let Some(runs) = arguments.campaign {
        return campaign(arguments, &config, (runs, &replay), context);
    }
    let scenario = arguments.world.scenario(&strategy)?;
    let replay = Replay { arguments: arguments.world.again(&strategy, scenario.world.seed), ..replay };
    // What a scenario says of its stacks is its own.
    let configs = scenario.configs(&config).map_err(|problems| Failure::Input(problems.to_string()))?;
    let run = simulate(&configs, &scenario, &strategy)?;
    if let Some(path) = &arguments.svg {
        std::fs::write(path, report::svg(&run))
            .map_err(|error| Failure::World(format!("cannot write `{}`: {error}", path.display())))?;
    }
    let unmet = scenario.expect.as_ref().map(|expect| expect.unmet(&run));
    let is_as_expected = run.verdict.is_sound() && unmet.as_ref().is_none_or(Vec::is_empty);
    print(arguments.format, &run, (unmet.as_deref().unwrap_or_default(), &replay, is_as_expected), context)?;
    // A scenario that expects nothing is to recycle.
    let failed = unmet.is_none() && run.has_failed();
    if failed || !is_as_expected { Err(Failure::Findings) } else { Ok(()) }
}

/// Runs a scenario on the stacks that these configurations build.
fn simulate(configs: &[Config], scenario: &Scenario, strategy: &str) -> Result<Run, Failure> {
    let deployed = configs.iter().map(|config| Deployment::build(config).map(Rc::new)).collect();
    let deployments: Vec<_> =
        Result::map_err(deployed, |problems: Problems| Failure::World(problems.to_string()))?;
    let runner = scenario.runner(&deployments, strategy, Detail::Plain);
    Ok(runner.map_err(|error| Failure::Input(error.to_string()))?.finish())
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
    let mut whole = Campaign::default();
    std::thread::scope(|scope| {
        let part = |plan| {
            scope.spawn(move || Some(Campaign::run(&[Rc::new(Deployment::build(config).ok()?)], plan)))
        };
        let parts: Vec<_> = plans.iter().map(part).collect();
        for part in parts {
            let found = part.join().ok().flatten();
            let found =
                found.ok_or_else(|| Failure::World("a part of the campaign broke down".to_owned()))?;
            whole.add(found);
        }
        Ok::<(), Failure>(())
    })?;
    let text = match arguments.format {
        ReportFormat::Text => report::campaign_text(&whole, replay),
        ReportFormat::Json => format!("{:#}\n", report::campaign_json(&whole, replay)),
    };
    context.console.result(&text)?;
    if whole.failures.is_empty() { Ok(()) } else { Err(Failure::Findings) }
}

fn print(
    format: ReportFormat,
    run: &Run,
    (unmet, replay, is_as_expected): (&[String], &Replay, bool),
    context: &mut Context,
) -> Result<(), Failure> {
    match format {
        ReportFormat::Text => {
            let paint = if context.console.colours_results { Paint::Coloured } else { Paint::Plain };
            let mut text = report::text(run, paint);
            text.extend(unmet.iter().map(|one| format!("not as expected: {one}\n")));
            if !is_as_expected {
                text += &replay.to_string();
                text.push('\n');
            }
            context.console.result(&text)
        }
        ReportFormat::Json => {
            let mut report = report::json(run);
            report["unmet"] = unmet.into();
            report["generator_version"] = replay.version.into();
            report["configuration_sha256"] = replay.digest.as_str().into();
            report["replay"] = replay.command().into();
            context.console.result(&format!("{report:#}\n"))
        }
    }
}
