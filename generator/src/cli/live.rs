//! A part of the terminal that is written over: each frame takes the place of the one before, at once and without a blank between.

use super::console::{Console, harmless};
use super::exit_code::Failure;
use unicode_width::UnicodeWidthChar as _;

/// Begins and ends an update that terminals show as a whole; those that do not know it leave it out.
const BEGIN: &str = "\u{1b}[?2026h";
const END: &str = "\u{1b}[?2026l";
/// Erases to the end of the line, and of the screen.
const ERASE_LINE: &str = "\u{1b}[K";
const ERASE_BELOW: &str = "\u{1b}[J";

/// What stands there now.
#[derive(Debug, Default)]
pub(super) struct Live {
    /// Columns of each line.
    lines: Vec<usize>,
}

impl Live {
    /// Draws a frame over the one before, in a terminal of so many columns.
    pub(super) fn draw(&mut self, frame: &str, columns: usize, console: &mut Console) -> Result<(), Failure> {
        let text = self.update(&harmless(frame), columns);
        console.draw(&text)
    }

    /// Writes a line that stays, where the frame stood: the next frame is drawn below it.
    pub(super) fn above(&mut self, line: &str, columns: usize, console: &mut Console) -> Result<(), Failure> {
        let text = self.kept(&harmless(line), columns);
        console.draw(&text)
    }

    fn kept(&mut self, line: &str, columns: usize) -> String {
        let up = self.up(columns);
        self.lines.clear();
        format!("{up}{ERASE_BELOW}{line}\n")
    }

    /// To the beginning of the former frame.
    fn up(&self, columns: usize) -> String {
        // Where the terminal is narrower by now, lines of the former frame take several rows.
        let rows: usize = self.lines.iter().map(|width| width.div_ceil(columns.max(1)).max(1)).sum();
        if rows > 0 { format!("\u{1b}[{rows}F") } else { String::new() }
    }

    fn update(&mut self, frame: &str, columns: usize) -> String {
        let up = self.up(columns);
        self.lines = frame.lines().map(width).collect();
        // Each line is erased before it is written: after one of full width terminals erase its last character.
        let lines: Vec<&str> = frame.lines().flat_map(|line| [ERASE_LINE, line, "\n"]).collect();
        format!("{BEGIN}{up}{}{ERASE_BELOW}{END}", lines.concat())
    }
}

/// Columns of a line, its colours apart.
fn width(line: &str) -> usize {
    let mut in_escape = false;
    let shown = line.chars().filter(|character| {
        let is_shown = !in_escape && *character != '\u{1b}';
        in_escape = (*character == '\u{1b}') || (in_escape && !character.is_ascii_alphabetic());
        is_shown
    });
    shown.map(|character| character.width().unwrap_or(1)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_takes_the_place_of_the_one_before() {
        let mut live = Live::default();
        assert_eq!(
            live.update("one\ntwo\n", 80),
            format!("{BEGIN}{ERASE_LINE}one\n{ERASE_LINE}two\n{ERASE_BELOW}{END}")
        );
        let second = live.update("\u{1b}[32m1234567890\u{1b}[0m\n", 80);
        assert!(second.starts_with(&format!("{BEGIN}\u{1b}[2F{ERASE_LINE}\u{1b}[32m")), "{second:?}");
        // Ten columns take three rows of a terminal that has four columns now.
        assert!(live.update("x\n", 4).starts_with(&format!("{BEGIN}\u{1b}[3F")));
    }

    #[test]
    fn a_line_that_stays_takes_the_place_of_the_frame_and_is_not_drawn_over() {
        let mut live = Live::default();
        live.update("one\ntwo\n", 80);
        assert_eq!(live.kept("link", 80), format!("\u{1b}[2F{ERASE_BELOW}link\n"));
        assert!(live.update("one\n", 80).starts_with(&format!("{BEGIN}{ERASE_LINE}one")));
    }
}
