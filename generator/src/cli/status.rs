//! `status`: what is outdated, and what is happening.

use super::context::Context;
use super::exit_code::Failure;
use super::format::Format;
use super::gone;
use super::operator::{Operator, now};
use super::simulate::look;
use super::watch;
use crate::operate::console_link::execution_link;
use crate::operate::fleet::reads;
use crate::operate::fleet::{self, FleetReport, FleetRow, GroupStanding, StackFleet, UnknownPlace};
use crate::operate::group::reads::HistorySeen;
use crate::operate::group::screen::{self, ScreenArea};
use crate::operate::span;
use crate::operate::table;
use crate::problem::counted;
use crate::simulate::report::{Paint, wrapped};

/// What the further rows of a line below the table begin with.
const BELOW_INDENT: &str = "  ";

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// One group, in full [default: all groups of the stack, a line each].
    #[arg(value_name = "GROUP", conflicts_with_all = ["state", "team", "strategy", "max_age", "regions", "profiles"])]
    group: Option<String>,
    #[command(flatten)]
    operator: Operator,
    /// Only groups that stand so, e.g. `outdated`; may be repeated.
    #[arg(long, value_name = "STATE", value_parser = ["current", "outdated", "recycling", "failed", "held", "faulty tags", "not opted in"])]
    state: Vec<String>,
    /// Only groups of this team.
    #[arg(long, value_name = "TEAM")]
    team: Option<String>,
    /// Only groups of this strategy.
    #[arg(long, value_name = "STRATEGY")]
    strategy: Option<String>,
    /// Exit with 1 when something has been outdated for longer, e.g. `7d`; makes a call for each version that groups wait for.
    #[arg(long, value_name = "TIME", value_parser = span::read_span)]
    max_age: Option<i64>,
    /// In these regions, with commas.
    #[arg(long, value_name = "REGIONS", value_delimiter = ',', value_parser = listed, conflicts_with = "region")]
    regions: Vec<String>,
    /// With the credentials of these profiles, with commas; `PROFILE=STACK` where the stack has another name in that account.
    #[arg(long, value_name = "PROFILES", value_delimiter = ',', value_parser = listed_profile, conflicts_with = "profile")]
    profiles: Vec<ListedProfile>,
    /// How to print it.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

/// A profile, and the stack's name where that differs from the one that is meant elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ListedProfile {
    profile: String,
    stack: Option<String>,
}

fn listed_profile(text: &str) -> Result<ListedProfile, &'static str> {
    let text = listed(text)?;
    let (profile, stack) = match text.split_once('=') {
        None => (text, None),
        Some((profile, stack)) => (profile.trim().to_owned(), Some(stack.trim().to_owned())),
    };
    if profile.is_empty() || stack.as_ref().is_some_and(String::is_empty) {
        return Err("a name is missing: write `PROFILE=STACK`, or `PROFILE` alone");
    }
    Ok(ListedProfile { profile, stack })
}

/// A name of a list: whoever writes one sets blanks after commas.
fn listed(name: &str) -> Result<String, &'static str> {
    let name = name.trim();
    if name.is_empty() { Err("a name is missing") } else { Ok(name.to_owned()) }
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    if let Some(name) = &arguments.group {
        return one_group(arguments, name, context);
    }
    let now = now();
    let operators = operators(arguments, context);
    let Asked { report, sizes, failures, is_anybody } = asked(arguments, &operators, now, context)?;
    print((&report, &sizes), arguments.format, now, context)?;
    let too_old = |row: &FleetRow| {
        let is_old = |max: i64| row.outdated_seconds.is_some_and(|age| age > max);
        arguments.max_age.is_some_and(is_old)
    };
    // Accounts and regions have groups of the same name.
    let of = |fleet: &StackFleet, row: &FleetRow| match operators.len() {
        1 => row.group.clone(),
        _ => format!("{} (account {}, {})", row.group, fleet.place.account, fleet.place.region),
    };
    let rows = || report.stacks.iter().flat_map(|fleet| fleet.groups.iter().map(move |row| (fleet, row)));
    let old: Vec<_> = rows().filter(|(_, row)| too_old(row)).collect();
    for (fleet, row) in &old {
        let (name, age) = (of(fleet, row), row.age().unwrap_or_default());
        context.console.note(&format!("{name} is outdated for {age}\n"));
    }
    let not_old = rows().filter(|(_, row)| !too_old(row) && arguments.max_age.is_some() && row.may_be_older);
    let unaged: Vec<String> = not_old.map(|(fleet, row)| of(fleet, row)).collect();
    let unknown: Vec<String> =
        [unknown_places(&report), unknown_ages(&unaged)].into_iter().flatten().collect();
    if unknown.is_empty() && old.is_empty() {
        // A gate that looked at nobody has not been passed.
        let is_filtered = arguments.team.is_some() || arguments.strategy.is_some();
        let is_void = arguments.max_age.is_some() && is_filtered && !is_anybody;
        return if is_void { Err(arguments.nobody()) } else { Ok(()) };
    }
    if !old.is_empty() {
        for text in unknown {
            context.console.note(&format!("{text}\n"));
        }
        return Err(Failure::Findings);
    }
    let unknown = unknown.join("\n");
    // AWS is at fault where it is so anywhere; a stack or a profile that is not there is a fault of the command line.
    let is_input = |failure: &Failure| matches!(failure, Failure::Input(_));
    let all_input = !failures.is_empty() && failures.iter().all(is_input);
    Err(if all_input { Failure::Input(unknown) } else { Failure::World(unknown) })
}

/// What was heard of all places.
struct Asked {
    report: FleetReport,
    /// How many groups each stack has, whatever is asked for.
    sizes: Vec<usize>,
    /// Of the places that could not be asked.
    failures: Vec<Failure>,
    /// Whether a group is there that the filters let through.
    is_anybody: bool,
}

/// Asks one place after the other; one of several that cannot be asked must not hide the others.
fn asked(
    arguments: &Arguments,
    operators: &[Operator],
    now: jiff::Timestamp,
    context: &mut Context,
) -> Result<Asked, Failure> {
    let (mut stacks, mut unknown, mut failures) = (Vec::new(), Vec::new(), Vec::new());
    let (mut sizes, mut is_anybody) = (Vec::new(), false);
    for operator in operators {
        match fleet_of(arguments, operator, now, context) {
            Ok((fleet, size, has_such)) => {
                is_anybody |= has_such;
                sizes.push(size);
                stacks.push(fleet);
            }
            Err(failure @ (Failure::World(_) | Failure::Input(_))) if operators.len() > 1 => {
                unknown.push(UnknownPlace {
                    profile: operator.caller.profile.clone(),
                    region: operator.caller.region.clone(),
                    why: failure.message().to_owned(),
                });
                failures.push(failure);
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(Asked { report: FleetReport { version: 1, stacks, unknown }, sizes, failures, is_anybody })
}

fn print(
    (report, sizes): (&FleetReport, &[usize]),
    format: Format,
    now: jiff::Timestamp,
    context: &mut Context,
) -> Result<(), Failure> {
    if format == Format::Json {
        return context.console.result(&fleet::json(report));
    }
    for (fleet, size) in report.stacks.iter().zip(sizes) {
        let text = text(fleet, *size, now, (context.console.columns, look(&context.console, None).paint));
        context.console.result(&text)?;
    }
    for place in &report.unknown {
        context.console.result(&format!("{}: not known\n", place.name()))?;
    }
    Ok(())
}

/// That it is not known of these groups whether they are outdated for too long; nothing where there is none.
fn unknown_ages(groups: &[String]) -> Option<String> {
    let text = "not known for how long it is outdated, for what it is to be launched from is not there: ";
    (!groups.is_empty()).then(|| text.to_owned() + &groups.join(", "))
}

/// Which places are not known, and why; nothing where all are.
fn unknown_places(report: &FleetReport) -> Option<String> {
    let told: Vec<String> =
        report.unknown.iter().map(|place| format!("{}: {}", place.name(), place.why)).collect();
    (!told.is_empty()).then(|| told.join("\n"))
}

/// The fleet of one profile and region, as far as it is asked for; how many groups it has in all, and whether it has one of the team and the
/// strategy that are asked for, however that stands.
fn fleet_of(
    arguments: &Arguments,
    operator: &Operator,
    now: jiff::Timestamp,
    context: &Context,
) -> Result<(StackFleet, usize, bool), Failure> {
    let session = operator.open(context)?;
    let calls_max = if arguments.max_age.is_some() { u32::MAX } else { reads::FLEET_CALLS_MAX };
    let facts = reads::fleet(&session, calls_max)?;
    let mut groups = fleet::rows(&facts, &session.settings, now);
    let size = groups.len();
    let has_such = groups.iter().any(|row| arguments.is_of(row));
    groups.retain(|row| arguments.asks_for(row));
    let (profile, calls) = (operator.caller.profile.clone(), session.calls_made());
    Ok((StackFleet { place: session.place.clone(), profile, calls, groups }, size, has_such))
}

/// One group, in full.
fn one_group(arguments: &Arguments, name: &str, context: &mut Context) -> Result<(), Failure> {
    let session = arguments.operator.open(context)?;
    gone::there(&session, name, context)?;
    let seen = watch::seen(&session, name, &mut HistorySeen::default())?
        .ok_or_else(|| gone::gone(&session, name, context))?;
    let unasked = seen.status.unasked.join("\n");
    let known = if unasked.is_empty() { Ok(()) } else { Err(Failure::World(unasked)) };
    if arguments.format == Format::Json {
        context.console.result(&fleet::json(&seen.status))?;
        return known;
    }
    let look = look(&context.console, None);
    let area = ScreenArea { columns: context.console.columns, rows: None, paint: look.paint };
    context.console.result(&screen::screen(&seen, area))?;
    let group = &seen.status.group;
    let of_failed = group.last_execution.as_deref().filter(|_| group.state == GroupStanding::Failed);
    let of_failed = of_failed.and_then(|execution| execution_link(&seen.status.head.place.region, execution));
    if let Some(link) = seen.status.recycle.and_then(|recycle| recycle.console).or(of_failed) {
        context.console.result(&format!("\n{link}\n"))?;
    }
    known
}

/// One for each profile and region; a profile that names the stack that is meant anyway is the same as without.
fn operators(arguments: &Arguments, context: &Context) -> Vec<Operator> {
    let own = &arguments.operator;
    let profiles: Vec<Operator> = if arguments.profiles.is_empty() {
        vec![own.clone()]
    } else {
        let meant = own.stack_meant(context);
        let stack = |one: &ListedProfile| one.stack.clone().or_else(|| meant.clone());
        let named: Vec<ListedProfile> = arguments
            .profiles
            .iter()
            .map(|one| ListedProfile { profile: one.profile.clone(), stack: stack(one) })
            .collect();
        let named = once_each(&named);
        named.into_iter().map(|ListedProfile { profile, stack }| own.of_profile(profile, stack)).collect()
    };
    if arguments.regions.is_empty() {
        return profiles;
    }
    let regions = once_each(&arguments.regions);
    profiles.iter().flat_map(|own| regions.iter().map(|region| own.in_region(region.clone()))).collect()
}

/// What is listed, without what was there before.
fn once_each<T: Clone + PartialEq>(listed: &[T]) -> Vec<T> {
    let mut each: Vec<T> = Vec::new();
    for one in listed {
        if !each.contains(one) {
            each.push(one.clone());
        }
    }
    each
}

impl Arguments {
    fn asks_for(&self, row: &FleetRow) -> bool {
        self.is_of(row) && (self.state.is_empty() || self.state.iter().any(|state| state == row.state.word()))
    }

    /// Whether a group is of the team and the strategy that are asked for.
    fn is_of(&self, row: &FleetRow) -> bool {
        let is = |asked: &Option<String>, own: &Option<String>| asked.is_none() || asked == own;
        is(&self.team, &row.team) && is(&self.strategy, &row.strategy)
    }

    fn nobody(&self) -> Failure {
        let of = |what: &str, asked: &Option<String>| asked.as_ref().map(|asked| format!("{what} `{asked}`"));
        let asked: Vec<String> =
            [of("team", &self.team), of("strategy", &self.strategy)].into_iter().flatten().collect();
        Failure::Input(format!("no group is of {}: nothing was held to `--max-age`", asked.join(" and ")))
    }
}

/// A fleet; `size` is how many groups it has, whatever is asked for.
fn text(fleet: &StackFleet, size: usize, now: jiff::Timestamp, area: (Option<usize>, Paint)) -> String {
    let StackFleet { place, profile, groups, .. } = fleet;
    let profile = profile.as_ref().map(|profile| format!(", profile {profile}")).unwrap_or_default();
    let mut text = format!("{place}{profile}\n");
    if groups.is_empty() && size == 0 {
        return text + "no group that the stack is for carries the opt-in tag\n";
    }
    if groups.is_empty() {
        return format!("{text}of {} none is as asked for\n", counted(size, "group"));
    }
    text += &table::fleet(groups, now, area);
    for row in
        groups.iter().filter(|row| !row.detail.is_empty() && row.state != fleet::GroupStanding::Recycling)
    {
        text += &below(&format!("{}: {}", row.group, row.detail), area.0);
    }
    for (row, pause) in groups.iter().filter_map(|row| Some((row, row.paused.as_ref()?))) {
        text += &below(&format!("{}: {}", row.group, pause.told()), area.0);
    }
    text
}

/// A line below the table: on a terminal in as many rows as it takes, elsewhere one.
fn below(line: &str, columns: Option<usize>) -> String {
    let Some(columns) = columns else { return format!("{line}\n") };
    let rows = wrapped(line, columns.saturating_sub(BELOW_INDENT.len()));
    rows.join(&format!("\n{BELOW_INDENT}")) + "\n"
}
