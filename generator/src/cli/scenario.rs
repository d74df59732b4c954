//! The modelled world of `simulate` and `local --offline`: a group that the arguments describe, or a scenario.

use std::path::Path;

use asg_recycle_handler::contract::{RECYCLE_WINDOW, STRATEGY as STRATEGY_TAG};
use asg_recycle_handler::spelling::nearest;
use asg_recycle_simulator::time::Span;
use asg_recycle_simulator::world::spec::{GroupSpec, LaunchSpec, TemplateVersionSpec, WorldSpec};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::context::Context;
use super::exit_code::Failure;
use super::input::{self, faults};
use crate::config::{Config, USUAL_STRATEGY};
use crate::simulate::scenario::{FAULTS, Fault, Scenario, ScenarioError, cases};
use crate::strategy;

/// Which world.
#[derive(Debug, clap::Args)]
pub(super) struct WorldArguments {
    /// The strategy [default: what the scenario's group is tagged with, else `out-in`, else the first that it is for].
    #[arg(long, value_name = "STRATEGY")]
    pub(super) strategy: Option<String>,
    /// A scenario: the path of a YAML file, or the name of one that comes with a strategy.
    #[arg(long, value_name = "SCENARIO", conflicts_with_all = ["instances", "desired", "min", "max", "zones", "target_groups",
        "window", "at", "boot", "drain", "faults"])]
    pub(super) scenario: Option<String>,
    /// Decides everything that is left to chance [default: 1, or what the scenario's `world` says].
    #[arg(long, value_name = "SEED", allow_negative_numbers = true, value_parser = seed)]
    pub(super) seed: Option<u64>,
    /// Something that goes wrong; may be repeated.
    #[arg(long = "fault", value_name = "NAME", value_parser = fault_names())]
    pub(super) faults: Vec<String>,
    #[command(flatten)]
    group: GroupArguments,
}

/// A group in a few words.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "The group")]
struct GroupArguments {
    /// Number of instances in the group: its desired capacity [default: 3].
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(..=2000))]
    instances: Option<u32>,
    /// The same, by Auto Scaling's name for it.
    // No alias: what is wrong with a value would be told of `--instances`.
    #[arg(long, value_name = "N", conflicts_with = "instances", allow_negative_numbers = true,
        value_parser = clap::value_parser!(u32).range(..=2000))]
    desired: Option<u32>,
    /// Its minimum; the number of instances where it is not said.
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(..=10_000))]
    min: Option<u32>,
    /// Its maximum; twice the number of instances where it is not said.
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(..=10_000))]
    max: Option<u32>,
    /// Its Availability Zones: how many, or their names with commas.
    #[arg(long, value_name = "ZONES", value_parser = zones, default_value = "3")]
    zones: Zones,
    /// Number of target groups that it is attached to.
    #[arg(long, value_name = "N", default_value_t = GroupSpec::default().target_groups, allow_negative_numbers = true,
        value_parser = clap::value_parser!(u32).range(..=50))]
    target_groups: u32,
    /// Its recycle window, as the tag has it, e.g. `22:00,04:00`.
    #[arg(long, value_name = "WINDOW")]
    window: Option<String>,
    /// When it begins, in UTC: `HH:MM` of Monday 5 January 2026, or a time such as `2026-07-01T21:00:00Z`.
    #[arg(long, value_name = "TIME", value_parser = moment, default_value = "09:00")]
    at: u64,
    /// Time from the launch of an instance until it is in service, e.g. 240s or 4m.
    #[arg(long, value_name = "TIME", default_value = "240s", allow_hyphen_values = true)]
    boot: Span,
    /// Time from the termination of an instance until it has left, load balancers included.
    #[arg(long, value_name = "TIME", default_value = "330s", allow_hyphen_values = true)]
    drain: Span,
}

/// From the end of draining until an instance has left.
const SHUTDOWN: Span = Span::seconds(30);

/// Names of zones.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Zones(Vec<String>);

/// Most zones that a region has, and then some.
const ZONES_MAX: usize = 8;

fn zones(text: &str) -> Result<Zones, String> {
    let names: Vec<String> = match text.parse::<usize>() {
        Ok(number) => ('a'..='z').take(number).map(|letter| format!("eu-west-2{letter}")).collect(),
        Err(_) => text.split(',').map(|name| name.trim().to_owned()).collect(),
    };
    let is_sound = |name: &String| !name.is_empty() && !name.contains(char::is_whitespace);
    if (1..=ZONES_MAX).contains(&names.len()) && names.iter().all(is_sound) {
        Ok(Zones(names))
    } else {
        Err(format!("write a number from 1 to {ZONES_MAX}, or names such as `eu-west-2a,eu-west-2b`"))
    }
}

fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("write a whole number from 0 to {}", u64::MAX))
}

/// Milliseconds since the epoch.
fn moment(text: &str) -> Result<u64, String> {
    let first_day: Date = "2026-01-05".parse().map_err(|error: jiff::Error| error.to_string())?;
    let of_day = || {
        text.parse::<Time>()
            .ok()
            .and_then(|time| TimeZone::UTC.to_timestamp(first_day.to_datetime(time)).ok())
    };
    let timestamp = text.parse::<jiff::Timestamp>().ok().or_else(of_day);
    let milliseconds = timestamp.and_then(|at| u64::try_from(at.as_millisecond()).ok());
    milliseconds.ok_or_else(|| format!("`{text}` is no time: write `21:30` or `2026-07-01T21:30:00Z`"))
}

/// The names of the faults, each with what it does.
fn fault_names() -> clap::builder::PossibleValuesParser {
    let value = |fault: &Fault| clap::builder::PossibleValue::new(fault.name).help(fault.summary);
    FAULTS.iter().map(value).collect::<Vec<_>>().into()
}

impl WorldArguments {
    /// The strategy, which the stack has.
    pub(super) fn strategy(&self, config: &Config) -> Result<String, Failure> {
        known_strategy(self.strategy.as_deref().unwrap_or(USUAL_STRATEGY), config)
    }

    /// The scenario, and the strategy that it is run with.
    pub(super) fn scenario(&self, config: &Config, context: &Context) -> Result<(String, Scenario), Failure> {
        let (strategy, mut scenario) = match &self.scenario {
            Some(name) => found(name, (self.strategy.as_deref(), config), context)?,
            None => (self.windowed_strategy(config)?, self.described()?),
        };
        scenario.world.seed = self.seed.unwrap_or(scenario.world.seed);
        Ok((strategy, scenario))
    }

    /// The strategy, which looks at windows if one is given.
    fn windowed_strategy(&self, config: &Config) -> Result<String, Failure> {
        let strategy = self.strategy(config)?;
        let all = config.catalog().strategies();
        let looks = |name: &str| all.get(name).is_some_and(|strategy| strategy.windowed);
        if self.group.window.is_none() || looks(&strategy) {
            return Ok(strategy);
        }
        let others: Vec<String> = config
            .strategies
            .keys()
            .filter(|name| looks(name))
            .map(|name| format!("`--strategy {name}`"))
            .collect();
        let fix = if others.is_empty() {
            "no strategy of the stack does".to_owned()
        } else {
            format!("{} does", others.join(" or "))
        };
        Err(Failure::Input(format!(
            "`{strategy}` looks at no window, so `--window` would change nothing; {fix}"
        )))
    }

    /// A scenario from elsewhere with the seed and the faults that are given.
    pub(super) fn change(&self, scenario: &mut Scenario) -> Result<(), Failure> {
        scenario.world.seed = self.seed.unwrap_or(scenario.world.seed);
        for fault in self.faults.iter().filter_map(|name| Fault::named(name)) {
            scenario.add(fault).map_err(|error| Failure::World(error.to_string()))?;
        }
        Ok(())
    }

    /// The scenario that the arguments describe.
    fn described(&self) -> Result<Scenario, Failure> {
        let world = WorldSpec { starts_at: self.group.at, ..WorldSpec::default() };
        let group = Some(self.group.spec()?);
        let mut scenario = Scenario { world, group, ..Scenario::default() };
        self.change(&mut scenario)?;
        Ok(scenario)
    }

    /// The arguments that give the same world again; `is_real` where the group is a real one.
    pub(super) fn again(&self, strategy: &str, seed: u64, is_real: bool) -> Vec<String> {
        let mut again = vec!["--strategy".to_owned(), strategy.to_owned()];
        let mut say = |name: &str, value: String| again.extend([name.to_owned(), value]);
        if let Some(scenario) = &self.scenario {
            say("--scenario", scenario.clone());
        } else {
            for (name, value) in if is_real { Vec::new() } else { self.group.again() } {
                say(name, value);
            }
            self.faults.iter().for_each(|fault| say("--fault", fault.clone()));
        }
        say("--seed", seed.to_string());
        again
    }
}

impl GroupArguments {
    /// Number of instances.
    fn size(&self) -> u32 {
        self.instances.or(self.desired).unwrap_or(3)
    }

    fn spec(&self) -> Result<GroupSpec, Failure> {
        let desired = self.size();
        let (min, max) = (self.min.unwrap_or(desired), self.max.unwrap_or(desired * 2));
        if !(min <= desired && desired <= max) {
            let sizes = format!("min {min}, desired {desired}, max {max}");
            return Err(Failure::Input(format!("no group has these sizes: {sizes}; min <= desired <= max")));
        }
        let mut group = GroupSpec { min, desired, max, zones: self.zones.0.clone(), ..GroupSpec::default() };
        group.target_groups = self.target_groups;
        if let Some(window) = &self.window {
            group.tags.insert(RECYCLE_WINDOW.key.to_owned(), window.clone());
        }
        group.timing.boot = self.boot;
        group.timing.start = group.timing.start.min(self.boot);
        group.timing.shutdown = SHUTDOWN.min(self.drain);
        group.timing.drain = Span(self.drain.0 - group.timing.shutdown.0);
        Ok(group)
    }

    /// Those that are not what they are by default, and the times.
    fn again(&self) -> Vec<(&'static str, String)> {
        let millis = |span: Span| format!("{}ms", span.0);
        let mut again = vec![("--instances", self.size().to_string())];
        again.extend(self.min.map(|min| ("--min", min.to_string())));
        again.extend(self.max.map(|max| ("--max", max.to_string())));
        if self.zones.0 != GroupSpec::default().zones {
            again.push(("--zones", self.zones.0.join(",")));
        }
        if self.target_groups != GroupSpec::default().target_groups {
            again.push(("--target-groups", self.target_groups.to_string()));
        }
        again.extend(self.window.as_ref().map(|window| ("--window", window.clone())));
        if self.at != WorldSpec::default().starts_at {
            again.push(("--at", asg_recycle_simulator::time::Moment(self.at).to_string()));
        }
        again.extend([("--boot", millis(self.boot)), ("--drain", millis(self.drain))]);
        again
    }
}

/// The group beside the one that the arguments describe.
const OTHER_GROUP: &str = "webops-asg-2";

/// Makes of the group that the arguments describe one that follows its launch template's newest version, beside another like it that
/// follows the default one: so there is a group for every sample.
pub(super) fn follow_template(scenario: &mut Scenario) {
    let Some(group) = &mut scenario.group else { return };
    let follows = |version: &str| {
        LaunchSpec::Template(TemplateVersionSpec {
            version: version.to_owned(),
            ..TemplateVersionSpec::default()
        })
    };
    group.launch = follows("$Latest");
    let name = OTHER_GROUP.to_owned();
    scenario.other_groups.push(GroupSpec { name, launch: follows("$Default"), ..group.clone() });
}

/// The strategy of that name, which the stack has.
pub(super) fn known_strategy(name: &str, config: &Config) -> Result<String, Failure> {
    if config.strategies.contains_key(name) {
        return Ok(name.to_owned());
    }
    let known = || config.strategies.keys().map(String::as_str);
    let fix = match nearest(name, known()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are: {}", known().collect::<Vec<_>>().join(", ")),
    };
    Err(Failure::Input(format!("there is no strategy `{name}` in the stack; {fix}")))
}

/// A strategy and the name of one of its scenarios, as `STRATEGY/NAME` has them; none where it is something else.
pub(super) fn with_strategy(name: &str) -> Option<(&str, &str)> {
    let is_file = std::path::Path::new(name).is_file();
    name.split_once('/').filter(|(strategy, _)| !is_file && strategy::all().contains_key(*strategy))
}

/// A scenario by its path or its name, and the strategy that it is run with: that which is given, else that of its group's tag, else
/// the first that it is for.
pub(super) fn found(
    name: &str,
    (strategy, config): (Option<&str>, &Config),
    context: &Context,
) -> Result<(String, Scenario), Failure> {
    let of_name = with_strategy(name).filter(|(of, _)| strategy.is_none_or(|said| said == *of));
    let (strategy, name) = of_name.map_or((strategy, name), |(of, name)| (Some(of), name));
    let given = strategy.map(|strategy| known_strategy(strategy, config)).transpose()?;
    let mut scenario = find(name, given.as_deref().unwrap_or(USUAL_STRATEGY), context.console.colours_notes)?;
    let tag = scenario.group.as_mut().and_then(|group| group.tags.get_mut(STRATEGY_TAG.key));
    // The handler goes by the tag: what is asked for here takes the place of another strategy, and of no fault that is tried.
    if let (Some(given), Some(tag)) = (&given, tag.filter(|tag| config.strategies.contains_key(&**tag))) {
        tag.clone_from(given);
    }
    let tagged = scenario.strategy_tag().map(str::to_owned);
    let is_for = |name: &str| config.catalog().strategies().get(name).is_some_and(|of| scenario.is_for(of));
    match given {
        Some(given) if !is_for(&given) => {
            scenario.configs(config).map_err(|problems| Failure::Input(problems.to_string()))?;
            Err(Failure::Input(not_for(&given, config, is_for)))
        }
        Some(given) => Ok((given, scenario)),
        None => {
            let of_stack = |name: &&String| config.strategies.contains_key(&**name) && is_for(name);
            let usual = USUAL_STRATEGY.to_owned();
            let first = tagged.iter().chain([&usual]).chain(config.strategies.keys()).find(of_stack).cloned();
            Ok((first.unwrap_or(usual), scenario))
        }
    }
}

fn not_for(strategy: &str, config: &Config, is_for: impl Fn(&str) -> bool) -> String {
    let others: Vec<_> =
        config.strategies.keys().filter(|name| is_for(name)).map(|name| format!("`{name}`")).collect();
    let fix = if others.is_empty() {
        "nor for any other of the stack's: see its `strategies`, `fits` and `settings`".to_owned()
    } else {
        format!("it is for {}, by its `strategies`, `fits` and `settings`", others.join(", "))
    };
    format!("the scenario is not for `{strategy}`; {fix}")
}

/// A scenario by its path, or by its name.
fn find(name: &str, strategy: &str, colours: bool) -> Result<Scenario, Failure> {
    let known = cases().map_err(|(path, error)| Failure::World(format!("{path}: {error}")))?;
    let mut of_strategy = known.into_iter().filter(|case| case.strategy == strategy);
    let names: Vec<String> = of_strategy.clone().map(|case| case.name).collect();
    if let Some(case) = of_strategy.find(|case| case.name == name) {
        return Ok(case.scenario);
    }
    let path = Path::new(name);
    if !path.exists() {
        let fix = match nearest(name, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("`asg-recycle simulate FILE --list` shows the {} that there are", names.len()),
        };
        return Err(Failure::Input(format!("`{name}` is no file, and no scenario of {strategy}; {fix}")));
    }
    let text = input::read_text(path)?;
    let unread = |error: ScenarioError| faults(&error.0, name, text.as_bytes(), colours);
    Scenario::parse(&text).map_err(unread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_zones_are_read_as_people_write_them() {
        assert_eq!(moment("09:00"), Ok(WorldSpec::default().starts_at));
        assert_eq!(moment("2026-01-05T10:00:00+01:00"), Ok(WorldSpec::default().starts_at));
        assert!(moment("noon").is_err() && moment("25:00").is_err());
        assert_eq!(zones("3").map(|zones| zones.0), Ok(GroupSpec::default().zones));
        assert_eq!(zones("a1, b1").map(|zones| zones.0.len()), Ok(2));
        assert!(zones("0").is_err() && zones("a,,b").is_err() && zones("9").is_err());
    }
}
