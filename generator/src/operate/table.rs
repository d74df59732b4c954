//! Tables as operators read them: columns as wide as they need, and fewer of them where the terminal is narrow.

use std::fmt::Write as _;

use jiff::Timestamp;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::operate::fleet::{FleetRow, GroupStanding};
use crate::operate::span::span;
use crate::simulate::report::{Colour, Paint, wrapped};

/// Columns of the headings on the left of what is told in lines.
const HEADING: usize = 11;

/// A column of a table.
pub(super) struct TableColumn {
    title: &'static str,
    cells: Vec<String>,
    /// The greater, the later it is left out where there is no room; the first never is.
    weight: u8,
    /// Whether long cells lose their middle where there is no room.
    is_cut: bool,
    /// The colours of its cells; none where they have none.
    colours: Vec<Colour>,
}

impl TableColumn {
    /// A column with what each row shows in it; the greater the weight, the later it is left out where there is no room.
    pub(super) fn of<T>(title: &'static str, weight: u8, rows: &[T], cell: impl Fn(&T) -> String) -> Self {
        Self {
            title,
            cells: rows.iter().map(|row| shown(&cell(row))).collect(),
            weight,
            is_cut: false,
            colours: Vec::new(),
        }
    }

    /// The same, each cell in a colour of its own where tables are coloured.
    pub(super) fn in_colours(self, colours: impl Iterator<Item = Colour>) -> Self {
        Self { colours: colours.collect(), ..self }
    }

    /// The same, of which long cells lose their middle where there is no room.
    fn cut(self) -> Self {
        Self { is_cut: true, ..self }
    }
}

/// The colour of a state: whether it is well, waits, runs, or needs somebody.
pub(super) fn colour(state: GroupStanding) -> Colour {
    match state {
        GroupStanding::Current => Colour::Good,
        GroupStanding::Outdated => Colour::Starting,
        GroupStanding::Recycling => Colour::Unchecked,
        GroupStanding::Failed | GroupStanding::Held | GroupStanding::FaultyTags => Colour::Bad,
        GroupStanding::NotOptedIn => Colour::Faint,
    }
}

/// The table of a fleet. Without `columns` nothing is left out.
pub fn fleet(rows: &[FleetRow], now: Timestamp, (columns, paint): (Option<usize>, Paint)) -> String {
    let column =
        |title, weight, cell: &dyn Fn(&FleetRow) -> String| TableColumn::of(title, weight, rows, cell);
    let ago = |at: &Option<String>| {
        Some(span(now.as_second() - at.as_ref()?.parse::<Timestamp>().ok()?.as_second()))
    };
    let state = |row: &FleetRow| {
        let paused = if row.paused.is_some() { ", paused" } else { "" };
        match row.state {
            GroupStanding::Recycling => format!("recycling {}{paused}", row.detail),
            state => format!("{}{paused}", state.word()),
        }
    };
    let window = |row: &FleetRow| {
        let opens: Option<Timestamp> = row.window_opens_at.as_ref().and_then(|at| at.parse().ok());
        match opens {
            Some(_) if row.window_is_open => "open".to_owned(),
            Some(opens) => format!("in {}", span(opens.as_second() - now.as_second())),
            None => String::new(),
        }
    };
    let last = |row: &FleetRow| match (&row.last, ago(&row.last_at)) {
        (Some(last), Some(ago)) => format!("{last}, {ago} ago"),
        (last, _) => last.clone().unwrap_or_default(),
    };
    let outdated = |row: &FleetRow| format!("{} of {}", row.outdated, row.instances);
    printed(
        vec![
            column("GROUP", 9, &|row| row.group.clone()).cut(),
            column("STATE", 8, &state).in_colours(rows.iter().map(|row| colour(row.state))),
            column("OUTDATED", 7, &outdated),
            column("SINCE", 6, &|row| row.age().unwrap_or_default()),
            column("STRATEGY", 4, &|row| row.strategy.clone().unwrap_or_default()),
            column("WINDOW", 3, &window),
            column("LAST", 5, &last),
            column("TEAM", 2, &|row| row.team.clone().unwrap_or_default()),
        ],
        (columns, paint),
    )
}

fn shown(cell: &str) -> String {
    if cell.is_empty() { "-".to_owned() } else { cell.to_owned() }
}

/// Columns that a cell keeps which loses its middle.
const CUT_MIN: usize = 20;

/// A text of at most so many columns: its beginning and its end, which tell names apart.
fn without_middle(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let head = cut(text, columns / 2);
    let mut left = columns - head.width();
    let fits = |c: &char| {
        let width = c.width().unwrap_or(1);
        let fits = width <= left;
        left = left.saturating_sub(if fits { width } else { left });
        fits
    };
    let tail: Vec<char> = text.chars().rev().take_while(fits).collect();
    head + &tail.into_iter().rev().collect::<String>()
}

/// What ends a colour.
const PLAIN: &str = "\u{1b}[0m";

/// A line of at most so many columns; what is cut off is marked. Colours take none.
pub fn cut(line: &str, columns: usize) -> String {
    let mut in_colour = false;
    let mut shown = |c: char| {
        let is_shown = !in_colour && c != '\u{1b}';
        in_colour = c == '\u{1b}' || (in_colour && !c.is_ascii_alphabetic());
        if is_shown { c.width().unwrap_or(1) } else { 0 }
    };
    let widths: Vec<(char, usize)> = line.chars().map(|c| (c, shown(c))).collect();
    if widths.iter().map(|(_, width)| width).sum::<usize>() <= columns {
        return line.to_owned();
    }
    let mut left = columns.saturating_sub(1);
    let fits = widths.into_iter().take_while(|(_, width)| {
        let fits = *width <= left;
        left = left.saturating_sub(*width);
        fits
    });
    let kept: String = fits.map(|(c, _)| c).collect();
    let plain = if kept.contains('\u{1b}') { PLAIN } else { "" };
    format!("{kept}{plain}…")
}

/// Writes a heading with what is told under it, in lines of at most so many columns.
pub(super) fn told(text: &mut String, (heading, what): (&str, &str), columns: Option<usize>) {
    let room = columns.map_or(usize::MAX, |columns| columns.saturating_sub(HEADING).max(HEADING));
    for (number, line) in wrapped(what, room).iter().enumerate() {
        let heading = if number == 0 { heading } else { "" };
        let _ = writeln!(text, "{heading:<HEADING$}{line}"); // text takes text
    }
}

/// A table, narrowed to so many columns by leaving out the lightest.
pub(super) fn printed(mut table: Vec<TableColumn>, (columns, paint): (Option<usize>, Paint)) -> String {
    let width = |column: &TableColumn| {
        let cells = column.cells.iter().map(|cell| cell.width());
        cells.chain([column.title.len()]).max().unwrap_or_default()
    };
    let total =
        |table: &[TableColumn]| table.iter().map(|column| width(column) + 2).sum::<usize>().saturating_sub(2);
    if let Some(columns) = columns.filter(|columns| total(&table) > *columns) {
        // One long name must not take the other columns from every row.
        let room = (columns / 3).max(CUT_MIN);
        let cells = table.iter_mut().filter(|column| column.is_cut).flat_map(|column| &mut column.cells);
        cells.for_each(|cell| *cell = without_middle(cell, room));
    }
    while columns.is_some_and(|columns| total(&table) > columns) && table.len() > 2 {
        let lightest = table.iter().map(|column| column.weight).min();
        table.retain(|column| Some(column.weight) != lightest);
    }
    let mut text = String::new();
    let rows = table.first().map_or(0, |column| column.cells.len());
    for row in 0..=rows {
        let mut line = String::new();
        for column in &table {
            let cell = if row == 0 { column.title } else { &column.cells[row - 1] };
            // A character may take two columns, which the widths of `format!` do not know.
            let blanks = width(column).saturating_sub(cell.width()) + 2;
            let colour = row.checked_sub(1).and_then(|row| column.colours.get(row));
            let cell = colour.map_or_else(|| cell.to_owned(), |colour| paint.paint(*colour, cell));
            let _ = write!(line, "{cell}{:blanks$}", ""); // text takes text
        }
        text = text + line.trim_end() + "\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(group: &str) -> FleetRow {
        FleetRow {
            group: group.to_owned(),
            strategy: Some("out-in-timed".to_owned()),
            team: Some("search".to_owned()),
            state: GroupStanding::Recycling,
            detail: "1 of 3".to_owned(),
            instances: 3,
            outdated: 2,
            outdated_since: Some("2026-01-05T08:00:00Z".to_owned()),
            outdated_seconds: Some(3_600),
            may_be_older: false,
            window_opens_at: Some("2026-01-05T22:00:00Z".to_owned()),
            window_closes_at: Some("2026-01-06T04:00:00Z".to_owned()),
            window_is_open: false,
            last: Some("recycled".to_owned()),
            last_succeeded: None,
            last_execution: None,
            last_error: None,
            last_reason: None,
            is_left_alone: false,
            last_at: Some("2026-01-03T09:00:00Z".to_owned()),
            held_by: None,
            paused: None,
        }
    }

    #[test]
    fn characters_of_two_columns_take_two() {
        let now = "2026-01-05T09:00:00Z".parse().expect("a time");
        let told = fleet(&[row("検索"), row("web")], now, (Some(80), Paint::Plain));
        let starts: Vec<usize> = told
            .lines()
            .map(|line| {
                let state = line.find("STATE").or(line.find("recycling")).expect("the second column");
                line[..state].width()
            })
            .collect();
        assert_eq!(starts, [7, 7, 7], "{told}");
    }

    #[test]
    fn one_long_name_takes_no_column_from_the_others() {
        let now = "2026-01-05T09:00:00Z".parse().expect("a time");
        let long = format!("webops-production-{}-1ABCDEFGHIJKL", "検索".repeat(20));
        for columns in [80, 200] {
            let told = fleet(&[row("web"), row(&long)], now, (Some(columns), Paint::Plain));
            assert!(told.lines().all(|line| line.width() <= columns), "{columns}:\n{told}");
            assert!(told.contains("OUTDATED  SINCE"), "{columns}:\n{told}");
            assert!(told.contains("webops-produ") && told.contains("DEFGHIJKL  recycling"), "{told}");
        }
        assert!(
            fleet(&[row(&long)], now, (None, Paint::Plain)).contains(&long),
            "where there is no terminal it is whole"
        );
    }

    #[test]
    fn a_narrow_terminal_gets_fewer_columns_and_no_line_is_wrapped() {
        let now = "2026-01-05T09:00:00Z".parse().expect("a time");
        let rows =
            [row("search-asg-1"), FleetRow { outdated_seconds: None, may_be_older: true, ..row("web") }];
        assert_eq!(
            fleet(&rows, now, (None, Paint::Plain)),
            "GROUP         STATE             OUTDATED  SINCE  STRATEGY      WINDOW   LAST               TEAM\n\
             search-asg-1  recycling 1 of 3  2 of 3    1 h    out-in-timed  in 13 h  recycled, 2 d ago  search\n\
             web           recycling 1 of 3  2 of 3    ?      out-in-timed  in 13 h  recycled, 2 d ago  search\n"
        );
        for columns in [40, 60, 80, 100] {
            let narrow = fleet(&rows, now, (Some(columns), Paint::Plain));
            assert!(narrow.lines().all(|line| line.len() <= columns), "{columns}:\n{narrow}");
            assert!(narrow.starts_with("GROUP"), "{narrow}");
        }
        assert!(fleet(&rows, now, (Some(80), Paint::Plain)).contains("LAST"), "what matters stays");
    }

    #[test]
    fn states_are_coloured_where_tables_are_and_take_no_more_room() {
        let now = "2026-01-05T09:00:00Z".parse().expect("a time");
        let failed = FleetRow { state: GroupStanding::Failed, ..row("api") };
        let told = |paint| fleet(&[row("web"), failed.clone()], now, (Some(80), paint));
        let (plain, coloured) = (told(Paint::Plain), told(Paint::Coloured));
        assert!(coloured.contains("\u{1b}[36mrecycling 1 of 3\u{1b}[0m  "), "{coloured:?}");
        assert!(coloured.contains("\u{1b}[1;31mfailed\u{1b}[0m  "), "{coloured:?}");
        let without = ["36", "1;31", "0"]
            .iter()
            .fold(coloured, |text, code| text.replace(&format!("\u{1b}[{code}m"), ""));
        assert_eq!(without, plain);
    }

    #[test]
    fn a_line_is_cut_by_what_is_seen_of_it_and_its_colour_ends_there() {
        let line = "\u{1b}[32mcurrent\u{1b}[0m and more";
        assert_eq!(cut(line, 16), line);
        assert_eq!(cut(line, 5), "\u{1b}[32mcurr\u{1b}[0m…");
        assert_eq!(cut("current", 7), "current");
    }
}
