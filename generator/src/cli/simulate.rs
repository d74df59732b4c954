//! `simulate`: the machine that would be deployed, run against a modelled group.

use std::path::PathBuf;
use std::rc::Rc;

use super::context::Context;
use super::exit_code::Failure;
use super::input::Source;
use crate::config::Config;
use crate::digest;
use crate::problem::Problems;
use crate::simulate::campaign::{Campaign, CampaignPlan};
use crate::simulate::report::{self, Paint, Replay};
use crate::simulate::runner::{Deployment, Detail, Run};
use crate::simulate::scenario::{FAULTS, Fault, Scenario, cases};
use asg_recycle_simulator::time::Span;
use asg_recycle_simulator::world::spec::GroupSpec;

/// Scenarios of one campaign: what takes the better part of a day on one core.
const RUNS_MAX: u64 = 10_000_000;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// The strategy; `out-in` where it is not said.
    #[arg(long, value_name = "STRATEGY")]
    strategy: Option<String>,
    /// Number of instances in the group.
    #[arg(long, value_name = "N", default_value_t = 3, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(..=2000))]
    instances: u32,
    /// Time from the launch of an instance until it is in service, e.g. 240s or 4m.
    #[arg(long, value_name = "TIME", default_value = "240s")]
    boot: Span,
    /// Time from the termination of an instance until it has left, load balancers included.
    #[arg(long, value_name = "TIME", default_value = "330s")]
    drain: Span,
    /// Something that goes wrong; may be repeated.
    #[arg(long = "fault", value_name = "NAME", value_parser = faults())]
    faults: Vec<String>,
    /// A scenario: the path of a YAML file, or the name of one that comes with a strategy.
    #[arg(long, value_name = "SCENARIO", conflicts_with_all = ["instances", "boot", "drain", "faults"])]
    scenario: Option<String>,
    /// Run so many made-up scenarios instead of one; the first has the seed, each other the next one.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=RUNS_MAX),
        conflicts_with_all = ["instances", "boot", "drain", "faults", "scenario", "svg"])]
    campaign: Option<u64>,
    /// Decides everything that is left to chance [default: 1, or what the scenario's `world` says].
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
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

/// The names of the faults, each with what it does.
fn faults() -> clap::builder::PossibleValuesParser {
    let value = |fault: &Fault| clap::builder::PossibleValue::new(fault.name).help(fault.summary);
    FAULTS.iter().map(value).collect::<Vec<_>>().into()
}

/// From the end of draining until an instance has left.
const SHUTDOWN: Span = Span::seconds(30);

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let input = arguments.source.read()?;
    let replay = Replay {
        version: crate::VERSION,
        file: input.name.clone(),
        digest: digest::hex(&input.text),
        arguments: Vec::new(),
    };
    let config = input.into_stack(context)?.config().clone();
    let strategy = strategy(arguments, &config)?;
    if let Some(runs) = arguments.campaign {
        return campaign(arguments, &config, (runs, &replay), context);
    }
    let scenario = scenario(arguments, &strategy)?;
    let replay = Replay { arguments: again(arguments, &strategy, scenario.world.seed), ..replay };
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
    let mut seed = arguments.seed.unwrap_or(1);
    let plans = (0..threads).map(|thread| {
        let plan = CampaignPlan {
            strategy: arguments.strategy.clone(),
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

fn strategy(arguments: &Arguments, config: &Config) -> Result<String, Failure> {
    let name = arguments.strategy.as_deref().unwrap_or("out-in");
    if config.strategies.contains_key(name) {
        return Ok(name.to_owned());
    }
    let known: Vec<&str> = config.strategies.keys().map(String::as_str).collect();
    Err(Failure::Input(format!(
        "there is no strategy `{name}` in the stack (there are: {})",
        known.join(", ")
    )))
}

fn scenario(arguments: &Arguments, strategy: &str) -> Result<Scenario, Failure> {
    let mut scenario = match &arguments.scenario {
        Some(name) => find(name, strategy)?,
        None => described(arguments)?,
    };
    scenario.world.seed = arguments.seed.unwrap_or(scenario.world.seed);
    Ok(scenario)
}

/// The scenario that the arguments describe.
fn described(arguments: &Arguments) -> Result<Scenario, Failure> {
    let instances = arguments.instances;
    let mut group =
        GroupSpec { min: instances, desired: instances, max: instances * 2, ..GroupSpec::default() };
    group.timing.boot = arguments.boot;
    group.timing.start = group.timing.start.min(arguments.boot);
    group.timing.shutdown = SHUTDOWN.min(arguments.drain);
    group.timing.drain = Span(arguments.drain.0 - group.timing.shutdown.0);
    let mut scenario = Scenario { group: Some(group), ..Scenario::default() };
    for fault in arguments.faults.iter().filter_map(|name| Fault::named(name)) {
        scenario.add(fault).map_err(|error| Failure::World(error.to_string()))?;
    }
    Ok(scenario)
}

/// A scenario by its path, or by its name.
fn find(name: &str, strategy: &str) -> Result<Scenario, Failure> {
    let unreadable = |what: &str, error: &dyn std::fmt::Display| Failure::Input(format!("{what}: {error}"));
    let known = cases().map_err(|(path, error)| Failure::World(format!("{path}: {error}")))?;
    let mut of_strategy = known.into_iter().filter(|case| case.strategy == strategy);
    let names: Vec<String> = of_strategy.clone().map(|case| case.name).collect();
    if let Some(case) = of_strategy.find(|case| case.name == name) {
        return Ok(case.scenario);
    }
    match std::fs::read_to_string(name) {
        Ok(text) => Scenario::parse(&text).map_err(|error| unreadable(name, &error)),
        Err(error) => Err(Failure::Input(format!(
            "`{name}` is no file ({error}), and no scenario of {strategy} (there are: {})",
            names.join(", ")
        ))),
    }
}

/// The arguments that give the same run again.
fn again(arguments: &Arguments, strategy: &str, seed: u64) -> Vec<String> {
    let mut again = vec!["--strategy".to_owned(), strategy.to_owned()];
    let mut say = |name: &str, value: String| again.extend([name.to_owned(), value]);
    let millis = |span: Span| format!("{}ms", span.0);
    if let Some(scenario) = &arguments.scenario {
        say("--scenario", scenario.clone());
    } else {
        say("--instances", arguments.instances.to_string());
        say("--boot", millis(arguments.boot));
        say("--drain", millis(arguments.drain));
        arguments.faults.iter().for_each(|fault| say("--fault", fault.clone()));
    }
    say("--seed", seed.to_string());
    again
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
