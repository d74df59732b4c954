//! The capacity of a group over time, drawn with plain characters.

use std::fmt::Write as _;

use super::style::{Colour, Paint, clock};
use asg_recycle_simulator::time::{Moment, Span};
use asg_recycle_simulator::world::record::Sample;

/// Rows of the drawing, at most, where there is room.
pub const CHART_ROWS_MAX: u32 = 12;
/// Columns of the margin on the left, and where it has to take the name of those in service.
const MARGIN: usize = 9;
const MARGIN_UNCHECKED: usize = 12;
/// Columns between two times on the axis.
const TICK: usize = 10;

/// What a cell shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    Old,
    New,
    Unchecked,
    Starting,
    Leaving,
    Desired,
    Maximum,
    Empty,
}

impl Cell {
    /// The legend, where it is known who passes every check, and where it is not.
    const CHECKED: [(Self, &'static str); 3] =
        [(Self::Old, "old"), (Self::New, "new"), (Self::Starting, "new, not yet healthy")];
    const UNCHECKED: [(Self, &'static str); 3] =
        [(Self::Old, "old"), (Self::Unchecked, "new, in service"), (Self::Starting, "new, not in service")];
    const FURTHER: [(Self, &'static str); 3] =
        [(Self::Leaving, "leaving"), (Self::Desired, "desired"), (Self::Maximum, "maximum")];

    /// The cell where checks are known, or are not.
    fn known(self, has_checks: bool) -> Self {
        if self == Self::New && !has_checks { Self::Unchecked } else { self }
    }

    fn character(self) -> char {
        match self {
            Self::Old => 'o',
            Self::New => '#',
            Self::Unchecked => 'x',
            Self::Starting => '+',
            Self::Leaving => '.',
            Self::Desired => '-',
            Self::Maximum => '=',
            Self::Empty => ' ',
        }
    }

    fn colour(self) -> Colour {
        match self {
            Self::Old => Colour::Old,
            Self::New => Colour::New,
            Self::Unchecked => Colour::Unchecked,
            Self::Starting => Colour::Starting,
            Self::Leaving | Self::Empty => Colour::Faint,
            Self::Desired | Self::Maximum => Colour::Strong,
        }
    }
}

/// Where a chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChartArea {
    /// Columns that it fills.
    pub columns: usize,
    /// Rows that the drawing has at most, axis and legend apart; at least 1.
    pub rows_max: u32,
    /// Whether it is coloured.
    pub paint: Paint,
    /// Whether the samples know the group's desired capacity, minimum and maximum.
    pub has_sizes: bool,
    /// Whether those of the samples that serve passed every check; else they are in service, which is all that is known.
    pub has_checks: bool,
}

impl ChartArea {
    fn margin(self) -> usize {
        if self.has_checks { MARGIN } else { MARGIN_UNCHECKED }
    }
}

/// Draws a group's figures, each from its moment on, from `began_at` to `ended_at`.
pub fn chart(
    history: &[(Moment, Sample)],
    (began_at, ended_at): (Moment, Moment),
    area: ChartArea,
) -> String {
    let ChartArea { columns, rows_max, paint, .. } = area;
    let width = columns.saturating_sub(area.margin()).max(TICK * 2);
    let name = area.margin() - 2;
    let ends = |column: usize| moment_of(column + 1, width, (began_at, ended_at));
    let shown = |column: usize| worst(history, moment_of(column, width, (began_at, ended_at)), ends(column));
    let samples: Vec<Sample> = (0..width).map(shown).collect();
    let top = top(&samples);
    let per_row = top.div_ceil(rows_max).max(1);
    let rows = top.div_ceil(per_row).max(1);
    let mut drawn = legend(area);
    for row in (1..=rows).rev() {
        let level = row * per_row;
        let cells: Vec<Cell> = samples.iter().map(|sample| cell(*sample, level, per_row)).collect();
        let cells: Vec<Cell> = cells.into_iter().map(|cell| cell.known(area.has_checks)).collect();
        let _ = writeln!(drawn, "{level:>name$} |{}", painted(&cells, paint));
    }
    let _ = writeln!(drawn, "{:>name$} +{}", 0, "-".repeat(width));
    drawn + &axis(&samples, (began_at, ended_at), width, area)
}

fn moment_of(column: usize, width: usize, (began_at, ended_at): (Moment, Moment)) -> Moment {
    let span = (ended_at - began_at).0;
    began_at + Span(span * (column as u64) / (width.max(2) as u64 - 1))
}

fn at(history: &[(Moment, Sample)], moment: Moment) -> Sample {
    let after = history.partition_point(|(since, _)| *since <= moment);
    history.get(after.saturating_sub(1)).map(|(_, sample)| *sample).unwrap_or_default()
}

/// The figures of a column's time with the fewest healthy, so that no dip is too short to be seen.
fn worst(history: &[(Moment, Sample)], from: Moment, until: Moment) -> Sample {
    let within = history.iter().filter(|(moment, _)| *moment > from && *moment < until);
    within
        .map(|(_, sample)| *sample)
        .fold(at(history, from), |worst, one| if one.serving < worst.serving { one } else { worst })
}

/// The highest figure to be shown; a maximum far above everything else is not.
fn top(samples: &[Sample]) -> u32 {
    let needed = samples.iter().map(|one| (one.live + one.terminating).max(one.desired)).max().unwrap_or(0);
    let limits = samples.iter().map(|one| one.max).filter(|max| *max <= needed * 2);
    needed.max(limits.max().unwrap_or(0)).max(1)
}

fn cell(sample: Sample, level: u32, per_row: u32) -> Cell {
    let serving_old = sample.old.min(sample.serving);
    let serving_new = sample.serving - serving_old;
    // A row is filled from the middle of it on.
    let reaches = |figure: u32| figure + per_row / 2 >= level && figure > 0;
    let in_row = |figure: u32| figure <= level && figure + per_row > level;
    if reaches(sample.old) {
        Cell::Old
    } else if reaches(sample.old + serving_new) {
        Cell::New
    } else if reaches(sample.live) {
        Cell::Starting
    } else if reaches(sample.live + sample.terminating) {
        Cell::Leaving
    } else if in_row(sample.desired) {
        Cell::Desired
    } else if in_row(sample.max) {
        Cell::Maximum
    } else {
        Cell::Empty
    }
}

fn legend(area: ChartArea) -> String {
    let ChartArea { columns, paint, has_sizes, has_checks, .. } = area;
    let margin = " ".repeat(area.margin());
    let mut text = margin.clone();
    let mut used = area.margin();
    let is_size = |cell: &Cell| matches!(cell, Cell::Desired | Cell::Maximum);
    let first = if has_checks { Cell::CHECKED } else { Cell::UNCHECKED };
    let shown = first.iter().chain(&Cell::FURTHER).filter(|(cell, _)| has_sizes || !is_size(cell));
    for (number, (cell, name)) in shown.enumerate() {
        let length = name.chars().count() + 2;
        if number > 0 && used + 3 + length > columns {
            text = text + "\n" + &margin;
            used = area.margin();
        } else if number > 0 {
            text += "   ";
            used += 3;
        }
        let mark = paint.paint(cell.colour(), &cell.character().to_string());
        let _ = write!(text, "{mark} {name}"); // text takes text
        used += length;
    }
    text + "\n"
}

fn painted(cells: &[Cell], paint: Paint) -> String {
    let runs = cells.chunk_by(|a, b| a == b);
    let text = runs.map(|run| {
        let text: String = run.iter().map(|cell| cell.character()).collect();
        paint.paint(run[0].colour(), &text)
    });
    text.collect::<String>().trim_end().to_owned()
}

/// Those that serve, at the fewest.
fn fewest(samples: &[Sample]) -> u32 {
    samples.iter().map(|sample| sample.serving).min().unwrap_or(0)
}

/// The times, and the figures from each of them on: the fewest healthy until the next, the others at those times.
fn axis(samples: &[Sample], period: (Moment, Moment), width: usize, area: ChartArea) -> String {
    let (paint, name_columns) = (area.paint, area.margin() - 2);
    // A figure needs its columns, so the last part of the axis may have none of its own.
    let ticks: Vec<usize> = (0..width).step_by(TICK).filter(|tick| tick + TICK <= width).collect();
    let end = |tick: usize| if tick + 2 * TICK <= width { tick + TICK } else { samples.len() };
    let row = |name: &str, figure: &dyn Fn(usize) -> String| {
        let figures: Vec<_> = ticks.iter().map(|column| format!("{:<TICK$}", figure(*column))).collect();
        paint.paint(Colour::Faint, &format!("{name:>name_columns$}  ")) + figures.concat().trim_end() + "\n"
    };
    let drawn = row("time", &|column| clock(moment_of(column, width, period) - period.0))
        + &row(if area.has_checks { "healthy" } else { "in service" }, &|column| {
            fewest(&samples[column..end(column)]).to_string()
        });
    if !area.has_sizes {
        return drawn;
    }
    drawn
        + &row("desired", &|column| samples[column].desired.to_string())
        + &row("min-max", &|column| format!("{}-{}", samples[column].min, samples[column].max))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(columns: usize) -> ChartArea {
        ChartArea {
            columns,
            rows_max: CHART_ROWS_MAX,
            paint: Paint::Plain,
            has_sizes: true,
            has_checks: true,
        }
    }

    #[test]
    fn sizes_that_are_not_known_are_not_shown() {
        let sample = Sample { live: 2, old: 1, serving: 1, ..Sample::default() };
        let area = ChartArea { has_sizes: false, rows_max: 1, ..area(MARGIN + 20) };
        let drawn = chart(&[(Moment(0), sample)], (Moment(0), Moment(60_000)), area);
        let expected = "      2 |oooooooooooooooooooo
      0 +--------------------
   time  0:00      0:31
healthy  1         1
";
        assert!(drawn.ends_with(expected), "{drawn}");
        assert!(drawn.contains("leaving") && !drawn.contains("maximum"), "{drawn}");
    }

    #[test]
    fn whom_nobody_checked_is_called_in_service_and_not_healthy() {
        let sample = Sample { live: 4, old: 1, new: 3, serving: 3, ..Sample::default() };
        let area = ChartArea { has_sizes: false, has_checks: false, ..area(MARGIN_UNCHECKED + 20) };
        let drawn = chart(&[(Moment(0), sample)], (Moment(0), Moment(60_000)), area);
        let expected = "         4 |++++++++++++++++++++
         3 |xxxxxxxxxxxxxxxxxxxx
         2 |xxxxxxxxxxxxxxxxxxxx
         1 |oooooooooooooooooooo
         0 +--------------------
      time  0:00      0:31
in service  3         3
";
        assert!(drawn.ends_with(expected), "{drawn}");
        assert!(drawn.contains("x new, in service") && !drawn.contains("healthy"), "{drawn}");
    }

    #[test]
    fn the_chart_shows_old_new_desired_and_maximum() {
        let sample = |old, new, serving| Sample {
            live: old + new,
            old,
            new,
            serving,
            desired: 2,
            min: 1,
            max: 3,
            ..Sample::default()
        };
        let history = [
            (Moment(0), sample(2, 0, 2)),
            (Moment(100_000), sample(1, 0, 1)),
            (Moment(150_000), sample(1, 1, 1)),
        ];
        let drawn = chart(&history, (Moment(0), Moment(190_000)), area(MARGIN + 20));
        let expected = "      3 |====================
      2 |oooooooooo-----+++++
      1 |oooooooooooooooooooo
      0 +--------------------
   time  0:00      1:40
healthy  2         1
";
        assert!(drawn.contains(expected), "{drawn}");
    }

    #[test]
    fn a_dip_of_a_second_is_drawn_and_its_figure_shown() {
        let sample =
            |serving| Sample { live: 3, old: serving, serving, desired: 3, max: 3, ..Sample::default() };
        let history =
            vec![(Moment(0), sample(3)), (Moment(500_500), sample(2)), (Moment(501_500), sample(3))];
        let drawn = chart(&history, (Moment(0), Moment(1_900_000)), area(MARGIN + 20));
        assert!(drawn.contains("healthy  2         3\n"), "{drawn}");
        let top = drawn.lines().find(|line| line.starts_with("      3 |")).unwrap_or_default();
        assert_eq!(top.matches('o').count(), 19, "{drawn}");
    }

    #[test]
    fn a_large_group_is_drawn_to_scale() {
        let sample =
            Sample { live: 100, old: 100, serving: 100, desired: 100, max: 1000, ..Sample::default() };
        let drawn = chart(&[(Moment(0), sample)], (Moment(0), Moment(60_000)), area(60));
        assert!(drawn.lines().count() <= CHART_ROWS_MAX as usize + 7, "{drawn}");
        // The 100 do not reach the middle of the row that ends at 108, so it shows where they are wanted.
        assert!(drawn.contains("\n    108 |---") && drawn.contains("\n     99 |ooo"), "{drawn}");
    }
}
