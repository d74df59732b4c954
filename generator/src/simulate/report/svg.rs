//! The capacity of groups over time, as one SVG.

use std::fmt::Write as _;

use super::style::clock;
use super::summary::GroupSummary;
use crate::markup::escaped;
use crate::simulate::runner::{ExecutionReport, GroupReport, Run};
use asg_recycle_simulator::time::{Moment, Span};
use asg_recycle_simulator::world::record::Sample;

const WIDTH: u64 = 900;
const PANEL: u64 = 280;
const LEFT: u64 = 56;
const RIGHT: u64 = 40;
const TOP: u64 = 50;
const BOTTOM: u64 = 30;
/// How long it goes on after the last execution has ended.
const AFTERWARDS: Span = Span::seconds(30);

const OLD: &str = "#4c72b0";
const NEW: &str = "#55a868";
const STARTING: &str = "#b9dcc1";
const UNCHECKED: &str = "#3aa6a6";
const LEAVING: &str = "#d9d9d9";
const HEALTHY: &str = "#111111";
const DESIRED: &str = "#c44e52";
const MINIMUM: &str = "#8172b3";
const MAXIMUM: &str = "#8c8c8c";
const GOOD: &str = "#1e7a3c";
const BAD: &str = "#b00020";

/// The areas of the legend, where it is known who passes every check, and where it is not.
const AREAS: [(&str, &str); 4] =
    [("old", OLD), ("new", NEW), ("new, not yet healthy", STARTING), ("leaving", LEAVING)];
const AREAS_UNCHECKED: [(&str, &str); 4] =
    [("old", OLD), ("new, in service", UNCHECKED), ("new, not in service", STARTING), ("leaving", LEAVING)];

/// A line: what it shows, its colour, its dashes.
type Line = (&'static str, &'static str, &'static str);

/// The line of those that serve.
const SERVING: Line = ("healthy", HEALTHY, "none");
const SERVING_UNCHECKED: Line = ("in service", HEALTHY, "none");
/// The lines of sizes.
const SIZES: [Line; 3] =
    [("desired", DESIRED, "2 2"), ("minimum", MINIMUM, "2 6"), ("maximum", MAXIMUM, "6 4")];

/// Times between two ticks of the axis, in seconds.
const TIME_STEPS: [u64; 14] = [5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 43_200, 86_400];
/// Ticks of an axis, at most.
const TICKS_MAX: u64 = 8;

/// What differs where a page is dark; a viewer that knows no styles shows the colours above.
const DARK: &str = "@media (prefers-color-scheme: dark) { .capacity .paper { fill: #1c2028 } .capacity text { fill: #e8ebf1 } \
    .capacity .grid { stroke: #353c49 } .capacity .leaving { fill: #565d6b } .capacity .healthy, .capacity .in.service { stroke: #ffffff } \
    .capacity .maximum { stroke: #b4bac6 } .capacity .minimum { stroke: #b3a6e8 } .capacity .good { fill: #6fd08c } \
    .capacity .bad { fill: #ff8a7a } .capacity .broken { stroke: #ff8a7a } }";

/// A group's capacity over time, with what is said above it.
#[derive(Debug, Clone, PartialEq)]
pub struct CapacityPanel<'a> {
    /// The group's name.
    pub name: &'a str,
    /// The strategy of its executions.
    pub strategy: &'a str,
    /// How they ended.
    pub endings: String,
    /// Whether that was well.
    pub is_good: bool,
    /// Its figures, each from its moment on.
    pub history: &'a [(Moment, Sample)],
    /// Whether the figures know the group's desired capacity, minimum and maximum.
    pub has_sizes: bool,
    /// Whether those of the figures that serve passed every check; else they are in service, which is all that is known.
    pub has_checks: bool,
    /// When something was broken, and what.
    pub broken: Vec<(Moment, String)>,
}

/// Where things are in one group's panel.
struct Panel<'a> {
    group: &'a CapacityPanel<'a>,
    began_at: Moment,
    ended_at: Moment,
    top: u32,
    y: u64,
}

/// Draws a run.
pub fn svg(run: &Run) -> String {
    let panel = |group: &'_ GroupReport| {
        let of_group = || run.executions.iter().filter(|one| one.group == group.name);
        let endings: Vec<String> = of_group().map(ExecutionReport::ending).collect();
        (endings.join(", "), of_group().all(|one| one.status == "SUCCEEDED"))
    };
    let broken = run.verdict.violations.iter();
    let broken = broken.map(|one| (one.moment, format!("{} is broken", one.invariant)));
    let broken: Vec<(Moment, String)> = broken.collect();
    let panels = run.groups.iter().map(|group| {
        let (endings, is_good) = panel(group);
        CapacityPanel {
            name: &group.name,
            strategy: &group.strategy,
            endings,
            is_good,
            history: &group.history,
            has_sizes: true,
            has_checks: true,
            broken: broken.clone(),
        }
    });
    capacity_svg(&panels.collect::<Vec<_>>(), (run.began_at, run.ended_at + AFTERWARDS), &about(run))
}

/// Draws groups one below the other, each over the same time; `about` says in words what is seen.
pub fn capacity_svg(
    groups: &[CapacityPanel<'_>],
    (began_at, ended_at): (Moment, Moment),
    about: &str,
) -> String {
    let height = PANEL * (groups.len() as u64).max(1);
    let mut drawn = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"capacity\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<title>{}</title>\n<style>{DARK}</style>\n\
         <rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n",
        escaped(about)
    );
    for (group, y) in groups.iter().zip((0..).step_by(usize::try_from(PANEL).unwrap_or(1))) {
        let figures = group.history.iter().map(|(_, one)| (one.live + one.terminating).max(one.desired));
        let needed = figures.max().unwrap_or(1).max(1);
        let limits = group.history.iter().map(|(_, one)| one.max).filter(|max| *max <= needed * 2);
        let top = needed.max(limits.max().unwrap_or(0));
        Panel { group, began_at, ended_at, top, y }.draw(&mut drawn);
    }
    drawn + "</svg>\n"
}

/// The run in words, for whoever cannot see it.
fn about(run: &Run) -> String {
    let of_group =
        |group: &GroupReport| format!("{}: {}", group.name, GroupSummary::of(run, group).sentence(None));
    run.groups.iter().map(of_group).collect::<Vec<_>>().join("; ")
}

impl Panel<'_> {
    fn draw(&self, drawn: &mut String) {
        self.title(drawn);
        self.legend(drawn);
        self.axes(drawn);
        self.units(drawn);
        let serving_old = |one: &Sample| one.old;
        let serving_new = |one: &Sample| one.old + one.serving.saturating_sub(one.old.min(one.serving));
        self.area(drawn, ("leaving", LEAVING), |one| one.live + one.terminating);
        self.area(drawn, ("starting", STARTING), |one| one.live);
        self.area(drawn, ("new", if self.group.has_checks { NEW } else { UNCHECKED }), serving_new);
        self.area(drawn, ("old", OLD), serving_old);
        let figures: [fn(&Sample) -> u32; 4] =
            [|one| one.serving, |one| one.desired, |one| one.min, |one| one.max];
        for (line, figure) in self.lines().into_iter().zip(figures).collect::<Vec<_>>().into_iter().rev() {
            stroke(drawn, &self.corners(&figure), line);
        }
        self.broken(drawn);
    }

    /// The lines that are drawn: only that of those that serve where sizes are not known.
    fn lines(&self) -> Vec<Line> {
        let serving = if self.group.has_checks { SERVING } else { SERVING_UNCHECKED };
        let sizes = if self.group.has_sizes { &SIZES[..] } else { &[] };
        [&[serving], sizes].concat()
    }

    /// The group, its strategy, and how its executions ended.
    fn title(&self, drawn: &mut String) {
        let CapacityPanel { name, strategy, endings, is_good, .. } = self.group;
        let (class, colour) = if *is_good { ("good", GOOD) } else { ("bad", BAD) };
        let _ = writeln!(
            drawn,
            "<text x=\"{LEFT}\" y=\"{}\" font-size=\"15\">{} with {} \
             <tspan dx=\"12\" class=\"{class}\" fill=\"{colour}\">{}</tspan></text>",
            self.y + 20,
            escaped(name),
            escaped(strategy),
            escaped(endings),
        );
    }

    fn legend(&self, drawn: &mut String) {
        let (mut x, y) = (LEFT, self.y + 30);
        let mut name_it = |drawn: &mut String, name: &str| {
            let _ = writeln!(drawn, "<text x=\"{}\" y=\"{}\">{name}</text>", x + 20, y + 10);
            x += 40 + 7 * name.len() as u64;
            x
        };
        let mut left = LEFT;
        for (name, colour) in if self.group.has_checks { AREAS } else { AREAS_UNCHECKED } {
            let _ = writeln!(
                drawn,
                "<rect class=\"{name}\" x=\"{left}\" y=\"{y}\" width=\"16\" height=\"10\" fill=\"{colour}\"/>"
            );
            left = name_it(drawn, name);
        }
        for line in self.lines() {
            stroke(drawn, &format!("{left},{0} {1},{0}", y + 6, left + 16), line);
            left = name_it(drawn, line.0);
        }
    }

    /// Where something was broken.
    fn broken(&self, drawn: &mut String) {
        let (top, bottom) = (self.y + TOP, self.y + PANEL - BOTTOM);
        for (moment, what) in self.group.broken.iter().filter(|(moment, _)| *moment <= self.ended_at) {
            let x = self.x_of(*moment);
            stroke(drawn, &format!("{x},{top} {x},{bottom}"), ("broken", BAD, "none"));
            let anchor = if x > WIDTH / 2 { "end" } else { "start" };
            let _ = writeln!(
                drawn,
                "<text class=\"bad\" x=\"{x}\" y=\"{}\" fill=\"{BAD}\" text-anchor=\"{anchor}\">{}</text>",
                top + 14,
                escaped(what),
            );
        }
    }

    fn axes(&self, drawn: &mut String) {
        let (bottom, right) = (self.y + PANEL - BOTTOM, WIDTH - RIGHT);
        let step = level_step(self.top);
        for level in (0..=self.top).step_by(step as usize) {
            let y = self.y_of(level);
            let _ = writeln!(
                drawn,
                "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{y}\" x2=\"{right}\" y2=\"{y}\" stroke=\"#e5e5e5\"/>"
            );
            let _ = writeln!(
                drawn,
                "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{level}</text>",
                LEFT - 6,
                y + 4
            );
        }
        let length = (self.ended_at - self.began_at).0 / 1000;
        let longest = TIME_STEPS[TIME_STEPS.len() - 1];
        let step = TIME_STEPS.into_iter().find(|step| length / step <= TICKS_MAX);
        let step = step.unwrap_or_else(|| longest * (length / longest).div_ceil(TICKS_MAX));
        for tick in (0..=length).step_by(usize::try_from(step).unwrap_or(usize::MAX)) {
            let x = self.x_of(self.began_at + Span::seconds(tick));
            let text = clock(Span::seconds(tick));
            let _ =
                writeln!(drawn, "<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{text}</text>", bottom + 18);
        }
    }

    /// What the figures on the axes are.
    fn units(&self, drawn: &mut String) {
        let (left, right, bottom) = (LEFT - 6, WIDTH - RIGHT, self.y + PANEL - BOTTOM);
        let unit = if self.ended_at - self.began_at >= Span::seconds(3600) { "h:min:s" } else { "min:s" };
        let _ = writeln!(
            drawn,
            "<text x=\"{left}\" y=\"{}\" text-anchor=\"end\" font-size=\"10\">instances</text>",
            self.y + TOP - 10
        );
        let _ = writeln!(
            drawn,
            "<text x=\"{right}\" y=\"{}\" text-anchor=\"end\" font-size=\"10\">{unit}</text>",
            bottom + 28
        );
    }

    fn x_of(&self, moment: Moment) -> u64 {
        let span = (self.ended_at - self.began_at).0.max(1);
        LEFT + (WIDTH - LEFT - RIGHT) * (moment - self.began_at).0.min(span) / span
    }

    fn y_of(&self, level: u32) -> u64 {
        let height = PANEL - TOP - BOTTOM;
        let level = level.min(self.top);
        self.y + PANEL - BOTTOM - height * u64::from(level) / u64::from(self.top)
    }

    /// The corners of a figure over time.
    fn corners(&self, figure: &dyn Fn(&Sample) -> u32) -> String {
        let mut corners = String::new();
        let mut last = None;
        for (moment, sample) in self.group.history.iter().filter(|(moment, _)| *moment <= self.ended_at) {
            let y = self.y_of(figure(sample));
            if last == Some(y) {
                continue; // no corner: a thousand instances change at more moments than a drawing has points
            }
            let x = self.x_of(*moment);
            if let Some(before) = last {
                let _ = write!(corners, "{x},{before} ");
            }
            let _ = write!(corners, "{x},{y} ");
            last = Some(y);
        }
        if let Some(y) = last {
            let _ = write!(corners, "{},{y}", self.x_of(self.ended_at));
        }
        corners
    }

    fn area(&self, drawn: &mut String, (class, colour): (&str, &str), figure: impl Fn(&Sample) -> u32) {
        let bottom = self.y_of(0);
        let (left, right) = (LEFT, self.x_of(self.ended_at));
        let corners = self.corners(&figure);
        let _ = writeln!(
            drawn,
            "<polygon class=\"{class}\" points=\"{left},{bottom} {corners} {right},{bottom}\" fill=\"{colour}\"/>"
        );
    }
}

fn stroke(drawn: &mut String, points: &str, (class, colour, dashes): Line) {
    let _ = writeln!(
        drawn,
        "<polyline class=\"{class}\" points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" \
         stroke-dasharray=\"{dashes}\"/>"
    );
}

/// Levels between two lines of the grid: 1, 2 or 5, or ten, a hundred times as many.
fn level_step(top: u32) -> u32 {
    let powers = (0..).map_while(|power| 10_u32.checked_pow(power));
    let mut steps = powers.flat_map(|power| [1, 2, 5].map(|digit| power.saturating_mul(digit)));
    steps.find(|step| top / step <= 6).unwrap_or(top)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_have_round_levels() {
        let steps = [1, 6, 7, 13, 20, 40, 200, 1000].map(level_step);
        assert_eq!(steps, [1, 1, 2, 2, 5, 10, 50, 200]);
    }
}
