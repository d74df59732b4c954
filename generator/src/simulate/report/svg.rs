//! The capacity of a run's groups over time, as one SVG.

use std::fmt::Write as _;

use super::clock;
use crate::simulate::runner::{GroupReport, Run};
use crate::simulate::time::{Moment, Span};
use crate::simulate::world::record::Sample;

const WIDTH: u64 = 900;
const PANEL: u64 = 280;
const LEFT: u64 = 50;
const RIGHT: u64 = 20;
const TOP: u64 = 50;
const BOTTOM: u64 = 40;
/// How long it goes on after the last execution has ended.
const AFTERWARDS: Span = Span::seconds(30);

const OLD: &str = "#4c72b0";
const NEW: &str = "#55a868";
const STARTING: &str = "#b9dcc1";
const HEALTHY: &str = "#111111";
const DESIRED: &str = "#c44e52";
const MAXIMUM: &str = "#8c8c8c";

/// Where things are in one group's panel.
struct Panel<'a> {
    group: &'a GroupReport,
    began_at: Moment,
    ended_at: Moment,
    top: u32,
    y: u64,
}

/// Draws a run.
pub fn svg(run: &Run) -> String {
    let height = PANEL * (run.groups.len() as u64).max(1);
    let mut drawn = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    );
    for (group, y) in run.groups.iter().zip((0..).step_by(usize::try_from(PANEL).unwrap_or(1))) {
        let figures = group.history.iter().map(|(_, one)| one.live.max(one.desired));
        let needed = figures.max().unwrap_or(1).max(1);
        let limits = group.history.iter().map(|(_, one)| one.max).filter(|max| *max <= needed * 2);
        let top = needed.max(limits.max().unwrap_or(0));
        let panel = Panel { group, began_at: run.began_at, ended_at: run.ended_at + AFTERWARDS, top, y };
        panel.draw(&mut drawn);
    }
    drawn + "</svg>\n"
}

impl Panel<'_> {
    fn draw(&self, drawn: &mut String) {
        let title = escaped(&format!("{} with {}", self.group.name, self.group.strategy));
        let _ = writeln!(drawn, "<text x=\"{LEFT}\" y=\"{}\" font-size=\"15\">{title}</text>", self.y + 20);
        self.legend(drawn);
        self.axes(drawn);
        let serving_old = |one: &Sample| one.old;
        let serving_new = |one: &Sample| one.old + one.serving.saturating_sub(one.old.min(one.serving));
        self.area(drawn, STARTING, |one| one.live);
        self.area(drawn, NEW, serving_new);
        self.area(drawn, OLD, serving_old);
        self.line(drawn, MAXIMUM, "6 4", |one| one.max);
        self.line(drawn, DESIRED, "2 2", |one| one.desired);
        self.line(drawn, HEALTHY, "", |one| one.serving);
    }

    fn legend(&self, drawn: &mut String) {
        let entries = [
            ("old", OLD),
            ("new", NEW),
            ("new, not yet healthy", STARTING),
            ("healthy", HEALTHY),
            ("desired", DESIRED),
            ("maximum", MAXIMUM),
        ];
        let mut x = LEFT;
        for (name, colour) in entries {
            let y = self.y + 30;
            let _ =
                writeln!(drawn, "<rect x=\"{x}\" y=\"{y}\" width=\"10\" height=\"10\" fill=\"{colour}\"/>");
            let _ = writeln!(drawn, "<text x=\"{}\" y=\"{}\">{name}</text>", x + 14, y + 10);
            x += 40 + 7 * name.len() as u64;
        }
    }

    fn axes(&self, drawn: &mut String) {
        let (bottom, right) = (self.y + PANEL - BOTTOM, WIDTH - RIGHT);
        let step = self.top.div_ceil(6).max(1);
        for level in (0..=self.top).step_by(step as usize) {
            let y = self.y_of(level);
            let _ = writeln!(
                drawn,
                "<line x1=\"{LEFT}\" y1=\"{y}\" x2=\"{right}\" y2=\"{y}\" stroke=\"#e5e5e5\"/>"
            );
            let _ = writeln!(
                drawn,
                "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{level}</text>",
                LEFT - 6,
                y + 4
            );
        }
        let span = self.ended_at - self.began_at;
        for tick in 0..=6 {
            let at = self.began_at + Span(span.0 * tick / 6);
            let x = self.x_of(at);
            let text = clock(at - self.began_at);
            let _ =
                writeln!(drawn, "<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{text}</text>", bottom + 18);
        }
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
            let (x, y) = (self.x_of(*moment), self.y_of(figure(sample)));
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

    fn area(&self, drawn: &mut String, colour: &str, figure: impl Fn(&Sample) -> u32) {
        let bottom = self.y_of(0);
        let (left, right) = (LEFT, self.x_of(self.ended_at));
        let corners = self.corners(&figure);
        let _ = writeln!(
            drawn,
            "<polygon points=\"{left},{bottom} {corners} {right},{bottom}\" fill=\"{colour}\"/>"
        );
    }

    fn line(&self, drawn: &mut String, colour: &str, dashes: &str, figure: impl Fn(&Sample) -> u32) {
        let corners = self.corners(&figure);
        let _ = writeln!(
            drawn,
            "<polyline points=\"{corners}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dashes}\"/>"
        );
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
