//! One group as an operator reads it: a screen of a terminal, and a line where there is none. Pure.

use asg_recycle_simulator::time::Moment;
use asg_recycle_simulator::world::record::Sample;

use super::load_balancers::{TargetStatus, UNKNOWN};
use super::status::{GroupSeen, GroupStatus, InstanceStatus, RecycleStatus};
use crate::operate::answers::execution::status_in_words;
use crate::operate::fleet::GroupStanding;
use crate::operate::lock::Replaced;
use crate::operate::place::without_account;
use crate::operate::span::span;
use crate::operate::table::{self, TableColumn, colour, cut, printed};
use crate::problem::counted;
use crate::simulate::report::{CHART_ROWS_MAX, ChartArea, Colour, Paint, chart};

/// Columns where nobody says how many there are.
const COLUMNS: usize = 100;
/// Rows of a screen below which it shows no chart; and the fewest instances that are shown.
const CHART_NEEDS_ROWS: usize = 20;
const INSTANCES_MIN: usize = 3;
/// Rows of the chart besides its drawing: legend, axis, and the blank one before.
const CHART_MARGIN: usize = 6;

/// Rows of a terminal that a screen with its last line leaves.
pub const FOOT_ROWS: usize = 3;

/// Where a screen is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScreenArea {
    /// Columns of the terminal; where there is none nothing is cut off.
    pub columns: Option<usize>,
    /// Rows of the terminal, where a screen has to fit into them.
    pub rows: Option<usize>,
    /// Whether it is coloured.
    pub paint: Paint,
}

/// A group's screen: what it is about, what runs, its instances, and its capacity since then.
pub fn screen(seen: &GroupSeen, area: ScreenArea) -> String {
    let head = head(&seen.status, area.columns);
    let rows_left = area.rows.map(|rows| rows.saturating_sub(head.lines().count() + 1));
    let chart = match rows_left {
        Some(rows)
            if area.rows.is_some_and(|rows| rows < CHART_NEEDS_ROWS)
                || rows < CHART_MARGIN + INSTANCES_MIN + 3 =>
        {
            String::new()
        }
        _ => drawn(&seen.samples, rows_left, area),
    };
    let instances_max =
        rows_left.map(|rows| rows.saturating_sub(chart.lines().count() + 2).max(INSTANCES_MIN));
    let cut = |text: String| match area.columns {
        Some(columns) => text.lines().map(|line| cut(line, columns) + "\n").collect(),
        None => text,
    };
    let table = instances(&seen.status.instances, instances_max, area);
    cut(painted(&head, &seen.status, area.paint)) + "\n" + &cut(table) + &chart
}

/// A head with its state in colour; that ends the first line.
fn painted(head: &str, status: &GroupStatus, paint: Paint) -> String {
    let state = state(status);
    let colour = colour(status.group.state);
    let first = format!("{}: {state}\n", status.group.group);
    match head.strip_prefix(&first) {
        Some(rest) => format!("{}: {}\n{rest}", status.group.group, paint.paint(colour, &state)),
        None => head.to_owned(),
    }
}

/// The colour of an instance: whether it serves, leaves, or why not.
fn colour_of(one: &InstanceStatus) -> Colour {
    match &*one.lifecycle_state {
        _ if one.serves => Colour::Good,
        state if state.starts_with("Terminat") => Colour::Faint,
        _ if one.health != "Healthy" => Colour::Bad,
        _ => Colour::Starting,
    }
}

/// A screen with its last line, no higher than a terminal of so many columns and rows: what scrolls off could not be drawn over.
pub fn framed(screen: &str, foot: &str, (columns, rows): (usize, usize)) -> String {
    // The blank line, the last one, and that of the cursor.
    let room = rows.saturating_sub(FOOT_ROWS);
    let mut frame: String = screen.lines().take(room).map(|line| line.to_owned() + "\n").collect();
    if room > 0 {
        frame.push('\n');
    }
    frame + &cut(foot, columns) + "\n"
}

/// A line that tells how far a group is, for a log.
pub fn line(status: &GroupStatus) -> String {
    let mut parts = vec![state(status)];
    if let Some(recycle) = &status.recycle {
        parts.push(progress(recycle, status.group.paused.is_some()));
        parts.extend(recycle.turn.as_ref().map(ToString::to_string));
        parts.extend(recycle.refresh.as_ref().map(|refresh| format!("refresh {refresh}")));
    }
    parts.push(capacity(status));
    parts.push(sizes(status));
    parts.join("; ")
}

/// What is known of a group besides its instances, in lines of at most so many columns; broken between words, for nothing that a line ends with
/// may be lost: why it failed, or what it waits for.
fn head(status: &GroupStatus, columns: Option<usize>) -> String {
    let GroupStatus { head, group, .. } = status;
    let mut text = format!("{}: {}\n{}\n", group.group, state(status), head.place);
    let mut told = |heading: &str, what: &str| table::told(&mut text, (heading, what), columns);
    if !group.detail.is_empty() && group.state != GroupStanding::Recycling {
        told("why", &group.detail);
    }
    told("sizes", &sizes(status));
    told("capacity", &capacity(status));
    if let Some(age) = group.age() {
        told("outdated", &format!("{} of {}, since {age}", group.outdated, group.instances));
    }
    if !status.suspended.is_empty() {
        told("suspended", &status.suspended.join(", "));
    }
    if let Some(recycle) = &status.recycle {
        told("phase", &progress(recycle, group.paused.is_some()));
        of_recycle(recycle, &head.place.stack, &mut told);
    } else if let Some(last) = &group.last {
        told(
            "last",
            &format!("{last}{}", group.last_at.as_ref().map(|at| format!(", {at}")).unwrap_or_default()),
        );
    }
    if let Some(pause) = &group.paused {
        told("paused", pause.told().trim_start_matches("paused "));
    }
    if let Some(opens) = &group.window_opens_at {
        let closes = group.window_closes_at.as_deref().unwrap_or_default();
        let is_open = group.window_is_open;
        told("window", &if is_open { format!("open until {closes}") } else { format!("opens {opens}") });
    }
    text
}

fn of_recycle(recycle: &RecycleStatus, stack: &str, told: &mut impl FnMut(&str, &str)) {
    if let Some(execution) = &recycle.execution {
        let name = execution.rsplit(':').next().unwrap_or(execution);
        let is_own = execution.rsplit(':').nth(1) == Some(stack);
        let unknown =
            if is_own { "forgotten" } else { "of another stack, which this one does not ask about" };
        let status = recycle.status.as_deref().map_or_else(|| unknown.to_owned(), status_in_words);
        let since = recycle.seconds.map(|seconds| format!(" for {}", span(seconds)));
        let since = since.filter(|_| status == "running").unwrap_or_default();
        told("held by", &format!("{name}, {status}{since}"));
    }
    if let Some(trigger) = &recycle.trigger {
        let by = recycle.by.as_deref().map(|by| format!(" by {}", without_account(by)));
        told("trigger", &format!("{trigger}{}", by.unwrap_or_default()));
    }
    if let Some(state) = &recycle.at_state {
        told("at", &format!("\"{state}\""));
    }
    if let Some(turn) = &recycle.turn {
        told("turn", &turn.to_string());
    }
    if let Some(refresh) = &recycle.refresh {
        told("refresh", &refresh.to_string());
    }
    for deadline in &recycle.deadlines {
        let (left, what) = (deadline.seconds_left, &deadline.what);
        let when = if left < 0 {
            format!("over for {}: {what}", span(-left))
        } else {
            format!("in {} {what}", span(left))
        };
        told("deadline", &when);
    }
    if recycle.has_mark {
        told("mark", "another round was asked for, and follows");
    }
    for (number, line) in recycle.puts_back.iter().enumerate() {
        told(if number == 0 { "would undo" } else { "" }, line);
    }
}

fn state(status: &GroupStatus) -> String {
    let word = status.group.state.word();
    match &status.recycle {
        Some(recycle) if status.group.state == GroupStanding::Recycling => {
            let word = if recycle.mode.as_deref() == Some("restore") { "being restored" } else { word };
            let strategy =
                recycle.strategy.as_ref().map(|strategy| format!(" with {strategy}")).unwrap_or_default();
            format!("{word}{strategy}")
        }
        _ => word.to_owned(),
    }
}

/// How far a recycle is; `is_paused` is whether the pause that it stands still for is still on.
fn progress(recycle: &RecycleStatus, is_paused: bool) -> String {
    let so_far = Replaced { gone: recycle.replaced, of: recycle.to_replace }.after(&recycle.phase);
    match (recycle.stands_still, is_paused) {
        (false, _) => so_far,
        (true, true) => format!("{so_far}, stands still for the pause"),
        // It looks every ten minutes at last.
        (true, false) => format!("{so_far}, stands still until it sees that the pause is over"),
    }
}

fn sizes(GroupStatus { min, desired, max, .. }: &GroupStatus) -> String {
    format!("min {min}, desired {desired}, max {max}")
}

fn capacity(status: &GroupStatus) -> String {
    let count = |is: &dyn Fn(&&InstanceStatus) -> bool| status.instances.iter().filter(is).count();
    let leaving = count(&|one| one.lifecycle_state.starts_with("Terminat"));
    let leaving = if leaving > 0 { format!(", {leaving} leaving") } else { String::new() };
    let unknown = if status.unasked.is_empty() { 0 } else { count(&|one| may_serve(one)) };
    let unknown = if unknown > 0 { format!(", {unknown} not known") } else { String::new() };
    let healthy = count(&|one| one.serves);
    format!("{}, {healthy} healthy{unknown}{leaving}", counted(status.instances.len(), "instance"))
}

/// Whether nothing but load balancers that tell nothing of it keeps an instance from counting as healthy.
fn may_serve(one: &InstanceStatus) -> bool {
    let is_known = |target: &TargetStatus| !target.is_fit && target.state != UNKNOWN;
    !one.serves
        && one.lifecycle_state == "InService"
        && one.health == "Healthy"
        && !one.targets.iter().any(is_known)
}

/// What an instance was launched from, and why it goes: for what it wants, or because the recycle replaces it all the same.
fn version_of(one: &InstanceStatus) -> String {
    let bare = |text: &str| text.trim_start_matches("version ").to_owned();
    let why = match &one.wants {
        Some(wants) => format!(", wants {}", bare(wants)),
        None if one.to_replace && !one.lifecycle_state.starts_with("Terminat") => ", to go".to_owned(),
        None => String::new(),
    };
    bare(&one.launched_from) + &why
}

fn instances(instances: &[InstanceStatus], most: Option<usize>, area: ScreenArea) -> String {
    let most = most.unwrap_or(instances.len()).min(instances.len());
    let mut shown: Vec<&InstanceStatus> = instances.iter().collect();
    if most < instances.len() {
        shown.sort_by_key(|one| one.serves); // where not all fit, who does not serve is what is looked for
    }
    let shown = &shown[..most];
    let column = |title, weight, cell: &dyn Fn(&InstanceStatus) -> String| {
        TableColumn::of(title, weight, shown, |one| cell(one))
    };
    let state = |one: &InstanceStatus| {
        let health = if one.health == "Healthy" { String::new() } else { format!(", {}", one.health) };
        let protected = if one.is_protected { ", protected" } else { "" };
        format!("{}{health}{protected}", one.lifecycle_state)
    };
    let table = printed(
        vec![
            column("INSTANCE", 9, &|one| one.id.clone()),
            column("ZONE", 5, &|one| one.zone.clone()),
            column("VERSION", 7, &version_of),
            column("STATE", 8, &state).in_colours(shown.iter().map(|one| colour_of(one))),
            column("TARGET", 6, &|one| targets(&one.targets)),
            column("AGE", 3, &|one| one.age_seconds.map(span).unwrap_or_default()),
            column("TYPE", 1, &|one| one.instance_type.clone()),
        ],
        (area.columns, area.paint),
    );
    match instances.len() - shown.len() {
        0 => table,
        more => format!("{table}and {more} more\n"),
    }
}

/// The worst of an instance's states as a target, with the reason: what keeps it from serving, else what is not plainly healthy;
/// targets that are all the same are told once.
fn targets(targets: &[TargetStatus]) -> String {
    let unfit = targets.iter().find(|target| !target.is_fit);
    let worst = unfit.or(targets.iter().find(|target| target.state != "healthy")).or(targets.first());
    let told = |target: &TargetStatus| match &target.reason {
        // The prefix says whether the target or the load balancer is at fault, as the state does.
        Some(reason) => format!("{}, {}", target.state, reason.rsplit('.').next().unwrap_or(reason)),
        None => target.state.clone(),
    };
    worst.map(told).unwrap_or_default()
}

fn drawn(samples: &[(Moment, Sample)], rows: Option<usize>, area: ScreenArea) -> String {
    let (Some((began, _)), Some((now, _))) = (samples.first(), samples.last()) else { return String::new() };
    if began >= now {
        return String::new();
    }
    // The instances have a third of what is left.
    let room = rows.map(|rows| (rows * 2 / 3).saturating_sub(CHART_MARGIN).max(1));
    let rows_max =
        room.and_then(|rows| u32::try_from(rows).ok()).unwrap_or(CHART_ROWS_MAX).min(CHART_ROWS_MAX);
    let columns = area.columns.unwrap_or(COLUMNS);
    let area = ChartArea { columns, rows_max, paint: area.paint, has_sizes: false, has_checks: false };
    format!("\n{}", chart(samples, (*began, *now), area))
}

#[cfg(test)]
#[path = "screen_tests.rs"]
mod tests;
