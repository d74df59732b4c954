//! A drawing that browsers show: one panel a stage.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::layout::{Arrangement, Layout, Point, Size, layout};
use super::panel::{Arrow, ArrowKind, Panel, Shape, panel, panel_within};
use crate::asl::{Graph, Stage};
use crate::markup::escaped;

/// Around everything, and around what stands in a panel.
const MARGIN: i32 = 20;
const PADDING: i32 = 20;
/// From the top of a panel to what it holds.
const HEADING: i32 = 44;
/// A line of a panel's title, one of a box, and what a box has around its lines.
const TITLE_LINE: i32 = 22;
const LINE: i32 = 17;
const INSIDE: i32 = 10;
/// Characters of a line before it is broken.
const CHARACTERS_MAX: usize = 26;
/// The same for the title and the notes of a panel, whose boxes stand in rows or in a column.
const NOTE_CHARACTERS_MAX: (usize, usize) = (3 * CHARACTERS_MAX, 40);
const TITLE_CHARACTERS_MAX: (usize, usize) = (2 * CHARACTERS_MAX, 28);
/// A row of panels is no wider: what a window of 1280 pixels shows beside its scroll bar.
const WIDTH_MAX: i32 = 1260;
/// The same for a panel whose boxes stand in a column, on a narrow page.
const NARROW_WIDTH_MAX: i32 = 400;
/// How far apart in the templates two states of a column may stand with an arrow between them: the first that the page has
/// room for, since each arrow that passes a box makes the column wider.
const REACHES: [usize; 2] = [2, 1];
/// What stands above the panels.
const LEGEND: [&str; 6] = [
    "Bold outline: entered from elsewhere.",
    "→ name: goes on there.  Dotted: after an error.",
    "Six corners: a question.",
    "Round ends: a wait or an end.",
    "Two side lines: once for each item of a list.",
    "Where most errors lead is said below a stage's name.",
];

const STYLE: &str = "\
  .machine { background: var(--paper); --paper: #ffffff; --panel: #f6f7f9; --rim: #d0d5dd; --ink: #1d2433; --soft: #566074; --task: #e3edfb; --wait: #fdf1d8; --box: #ffffff; --line: #7a8499; --back: #a8559a; --error: #c0392b; }
  @media (prefers-color-scheme: dark) { .machine { --paper: #14171d; --panel: #1c2028; --rim: #353c49; --ink: #e8ebf1; --soft: #a3adbf; --task: #223452; --wait: #43371c; --box: #262c37; --line: #8792a8; --back: #d490c9; --error: #ff8a7a; } }
  .machine text { font: 13px system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', sans-serif; fill: var(--ink); }
  .machine .heading { font-size: 17px; font-weight: 600; }
  .machine .soft { fill: var(--soft); font-size: 12px; }
  .machine .paper { fill: var(--paper); }
  .machine .panel { fill: var(--panel); stroke: var(--rim); }
  .machine .box { fill: var(--box); stroke: var(--line); }
  .machine .Task, .machine .Map { fill: var(--task); }
  .machine .Wait { fill: var(--wait); }
  .machine .entry { stroke: var(--ink); stroke-width: 2.5; }
  .machine .way { fill: none; stroke: var(--line); stroke-width: 1.4; }
  .machine .back { stroke: var(--back); }
  .machine .error { stroke: var(--error); stroke-dasharray: 2 4; }
  .machine .pale { opacity: 0.4; }
  .machine .tip { fill: context-stroke; }
";

/// The states that an execution entered, where one is shown: the others, and ways to and from them, are pale.
type Entered<'a> = Option<&'a BTreeSet<String>>;

/// The panels twice: beside each other for a wide window, one below the other, and their boxes too, for a narrow one. The
/// width of the window decides which is seen.
pub(super) fn whole(graph: &Graph, entered: Entered<'_>) -> String {
    let heading = graph
        .strategy
        .as_ref()
        .map_or_else(|| "State machine".to_owned(), |strategy| format!("State machine: {strategy}"));
    let (wide, wide_body) = arranged(graph, Arrangement::Rows, entered);
    let (narrow, narrow_body) = arranged(graph, Arrangement::Column, entered);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"machine\" role=\"img\" aria-labelledby=\"title\" width=\"{0}\" height=\"{1}\">\n\
         <title id=\"title\">{heading}: its states and the ways between them</title>\n<style>\n{STYLE}  .machine .narrow {{ display: none; }}\n  \
         @media (max-width: {2}px) {{ .machine {{ width: {3}px; height: {4}px; }} .machine .wide {{ display: none; }} .machine .narrow {{ display: inline; }} }}\n</style>\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path class=\"tip\" d=\"M0 0 8 4 0 8Z\"/></marker></defs>\n\
         <rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n\
         <text class=\"heading\" x=\"{MARGIN}\" y=\"{5}\">{heading}</text>\n",
        wide.0,
        wide.1,
        wide.0 - 1,
        narrow.0,
        narrow.1,
        MARGIN + 16,
    );
    for (index, line) in (0..).zip(LEGEND) {
        let y = MARGIN + 40 + 18 * index;
        let _ = writeln!(text, "<text class=\"soft\" x=\"{MARGIN}\" y=\"{y}\">{line}</text>");
    }
    let _ = write!(
        text,
        "<g class=\"wide\">\n{wide_body}</g>\n<g class=\"narrow\">\n{narrow_body}</g>\n</svg>\n"
    );
    text
}

/// The panels in rows no wider than a page, or one below the other, and how large they are with what stands above them.
fn arranged(graph: &Graph, arrangement: Arrangement, entered: Entered<'_>) -> (Size, String) {
    let width_max = if arrangement == Arrangement::Rows { WIDTH_MAX } else { 0 };
    let mut body = String::new();
    let (mut left, mut width) = (MARGIN, 360);
    let mut top = MARGIN + 34 + 18 * i32::try_from(LEGEND.len()).unwrap_or(0);
    let mut below = top;
    for (size, panel) in graph.stages.iter().map(|stage| fitting(graph, stage, arrangement, entered)) {
        if left > MARGIN && left + size.0 + MARGIN > width_max {
            (left, top) = (MARGIN, below);
        }
        let _ = writeln!(body, "<g transform=\"translate({left} {top})\">\n{panel}</g>");
        left += size.0 + MARGIN;
        width = width.max(left);
        below = below.max(top + size.1 + MARGIN);
    }
    ((width, below), body)
}

/// A panel and its size: its boxes in rows with every arrow, where a page has room for that, and otherwise in a column.
fn fitting(graph: &Graph, stage: &Stage, arrangement: Arrangement, entered: Entered<'_>) -> (Size, String) {
    let in_rows = (arrangement == Arrangement::Rows)
        .then(|| (drawn(&panel(graph, stage), arrangement, entered), WIDTH_MAX));
    let in_a_column = REACHES
        .iter()
        .map(|reach| panel_within(graph, stage, *reach))
        .map(|panel| (drawn(&panel, Arrangement::Column, entered), NARROW_WIDTH_MAX));
    let mut last = ((0, 0), String::new());
    for (drawing, width_max) in in_rows.into_iter().chain(in_a_column) {
        last = drawing;
        if last.0.0 + 2 * MARGIN <= width_max {
            break;
        }
    }
    last
}

/// A panel and its size.
fn drawn(panel: &Panel<'_>, arrangement: Arrangement, entered: Entered<'_>) -> (Size, String) {
    let (padding, title_max, note_max) = match arrangement {
        Arrangement::Rows => (PADDING, TITLE_CHARACTERS_MAX.0, NOTE_CHARACTERS_MAX.0),
        Arrangement::Column => (PADDING / 2, TITLE_CHARACTERS_MAX.1, NOTE_CHARACTERS_MAX.1),
    };
    let texts: Vec<_> = panel.boxes.iter().map(lines).collect();
    let sizes: Vec<_> = texts.iter().zip(&panel.boxes).map(|(lines, shape)| size(lines, shape)).collect();
    let edges: Vec<_> = panel.arrows.iter().map(|arrow| (arrow.from, arrow.to)).collect();
    let layout = layout(&sizes, &edges, arrangement);
    let notes: Vec<_> = panel.notes.iter().flat_map(|note| broken(note, note_max)).collect();
    let title = broken(&panel.title(), title_max);
    let heading = HEADING + (i32::try_from(title.len()).unwrap_or(1) - 1) * TITLE_LINE;
    let below = heading + i32::try_from(notes.len()).unwrap_or(0) * LINE;
    let titles = title.iter().map(|line| text_width(line) * 3 / 2);
    let widest = notes.iter().map(|note| text_width(note)).chain(titles).max().unwrap_or(0);
    let size = (layout.size.0.max(widest) + 2 * padding, below + layout.size.1 + PADDING);
    let mut text = format!("<rect class=\"panel\" rx=\"10\" width=\"{}\" height=\"{}\"/>\n", size.0, size.1);
    for (index, line) in (0..).zip(&title) {
        let y = 28 + index * TITLE_LINE;
        let _ = writeln!(text, "<text class=\"heading\" x=\"{padding}\" y=\"{y}\">{}</text>", escaped(line));
    }
    for (index, note) in (0..).zip(&notes) {
        let y = heading + 2 + index * LINE;
        let _ = writeln!(text, "<text class=\"soft\" x=\"{padding}\" y=\"{y}\">{}</text>", escaped(note));
    }
    let left = (size.0 - layout.size.0) / 2;
    let is_pale = |index: usize| entered.is_some_and(|known| !known.contains(&panel.boxes[index].state.name));
    let is_pale: Vec<bool> = (0..panel.boxes.len()).map(is_pale).collect();
    let _ = writeln!(text, "<g transform=\"translate({left} {below})\">");
    for (arrow, route) in panel.arrows.iter().zip(&layout.routes) {
        way(&mut text, arrow, route, is_pale[arrow.from] || is_pale[arrow.to]);
    }
    boxes(&mut text, &panel.boxes, &layout, (&sizes, &texts, &is_pale));
    text.push_str("</g>\n");
    (size, text)
}

/// Lines of a box, each with whether it is about where the state leads.
type BoxText = Vec<(String, bool)>;

/// The lines of a box, broken where they are long, and whether each is about where the state leads.
fn lines(shape: &Shape<'_>) -> BoxText {
    let each = shape.lines();
    let broken = each.iter().enumerate().flat_map(|(index, line)| {
        broken(line, CHARACTERS_MAX).into_iter().map(move |line| (line, index > 0))
    });
    broken.collect()
}

fn size(lines: &[(String, bool)], shape: &Shape<'_>) -> Size {
    let widest = lines.iter().map(|(line, _)| text_width(line)).max().unwrap_or(0);
    let corners = if ["Choice", "Wait", "Map"].contains(&shape.state.kind.as_str()) { 2 * INSIDE } else { 0 };
    (widest + 2 * INSIDE + corners, i32::try_from(lines.len()).unwrap_or(0) * LINE + 2 * INSIDE - 4)
}

/// An arrow through its points: straight within a row, bent between two.
fn way(text: &mut String, arrow: &Arrow, route: &[Point], is_pale: bool) {
    let [(x, y), ..] = *route else { return };
    let mut path = format!("M{x} {y}");
    for pair in route.windows(2) {
        let [(x, y), (to_x, to_y)] = [pair[0], pair[1]];
        let middle = i32::midpoint(y, to_y);
        let _ = if x == to_x {
            write!(path, "L{to_x} {to_y}")
        } else {
            write!(path, "C{x} {middle} {to_x} {middle} {to_x} {to_y}")
        };
    }
    let goes_up = route[0].1 > route[route.len() - 1].1;
    let class = match arrow.kind {
        ArrowKind::OnError => "way error",
        _ if goes_up => "way back",
        _ => "way",
    };
    let class = if is_pale { format!("{class} pale") } else { class.to_owned() };
    let _ = writeln!(text, "<path class=\"{class}\" marker-end=\"url(#tip)\" d=\"{path}\"/>");
    if arrow.kind == ArrowKind::Otherwise {
        let (next_x, next_y) = route[1];
        let (x, y) = (x + (next_x - x) / 4 + 5, y + (next_y - y) / 3 + 4);
        let _ = writeln!(text, "<text class=\"soft\" x=\"{x}\" y=\"{y}\">else</text>");
    }
}

fn boxes(
    text: &mut String,
    shapes: &[Shape<'_>],
    layout: &Layout,
    (sizes, texts, is_pale): (&[Size], &[BoxText], &[bool]),
) {
    for (index, shape) in shapes.iter().enumerate() {
        text.push_str(if is_pale[index] { "<g class=\"pale\">\n" } else { "" });
        let ((x, y), (width, height)) = (layout.corners[index], sizes[index]);
        let kind = shape.state.kind.as_str();
        let class = format!("box {kind}{}", if shape.is_entry { " entry" } else { "" });
        let (right, bottom, middle) = (x + width, y + height, y + height / 2);
        let _ = match kind {
            "Choice" => writeln!(
                text,
                "<path class=\"{class}\" d=\"M{x} {middle} {} {y} {} {y} {right} {middle} {} {bottom} {} {bottom}Z\"/>",
                x + INSIDE,
                right - INSIDE,
                right - INSIDE,
                x + INSIDE
            ),
            "Wait" | "Succeed" | "Fail" => {
                writeln!(
                    text,
                    "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{}\"/>",
                    height / 2
                )
            }
            _ => writeln!(
                text,
                "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"3\"/>"
            ),
        };
        if kind == "Map" {
            let _ = writeln!(
                text,
                "<path class=\"way\" d=\"M{} {y}V{bottom}M{} {y}V{bottom}\"/>",
                x + 6,
                right - 6
            );
        }
        for (line, (words, is_soft)) in (0..).zip(&texts[index]) {
            let class = if *is_soft { " class=\"soft\"" } else { "" };
            let (x, y) = (x + width / 2, y + INSIDE + 11 + line * LINE);
            let _ = writeln!(
                text,
                "<text{class} text-anchor=\"middle\" x=\"{x}\" y=\"{y}\">{}</text>",
                escaped(words)
            );
        }
        text.push_str(if is_pale[index] { "</g>\n" } else { "" });
    }
}

/// About the width of a line of text: fonts differ.
fn text_width(text: &str) -> i32 {
    let width = |letter: char| match letter {
        'i' | 'j' | 'l' | 't' | 'f' | 'r' | ' ' | '.' | ',' | ':' | '\'' => 4,
        'm' | 'w' | 'W' | 'M' | '→' => 12,
        'A'..='Z' => 9,
        _ => 8,
    };
    text.chars().map(width).sum()
}

/// Words in lines of at most so many characters, one word at least.
fn broken(text: &str, characters_max: usize) -> Vec<String> {
    let mut lines = Vec::<String>::new();
    for word in text.split(' ') {
        match lines
            .last_mut()
            .filter(|line| line.chars().count() + 1 + word.chars().count() <= characters_max)
        {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::strategy::Catalog;

    #[test]
    fn the_drawing_fits_a_wide_page_and_a_narrow_one() {
        let whole = crate::asl::build(&Config::with_defaults("demo".parse().unwrap()))
            .expect("it has no fault")
            .graph();
        let catalog = Catalog::embedded();
        let each = catalog.strategies().keys().map(|name| whole.for_strategy(catalog, name));
        for graph in each.chain([whole.clone()]) {
            let ((wide, _), (narrow, _)) =
                (arranged(&graph, Arrangement::Rows, None).0, arranged(&graph, Arrangement::Column, None).0);
            assert!(wide <= WIDTH_MAX, "{:?}: {wide} pixels", graph.strategy);
            assert!(narrow <= NARROW_WIDTH_MAX, "{:?}: {narrow} pixels", graph.strategy);
        }
    }
}
