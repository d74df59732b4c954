//! Where commands print: results on one stream, everything else on the other.

use std::borrow::Cow;
use std::fs;
use std::io::{self, IsTerminal as _, Write};
use std::path::Path;

use unicode_width::UnicodeWidthChar as _;

use super::exit_code::Failure;
use crate::output::{self, Edits};
use crate::package::ProcessEnvironment;
use crate::problem::is_printable;

/// When to use colours; `auto` is on a terminal, unless `NO_COLOR` is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(super) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    /// The choice on a command line that may not be one that can be parsed, for the message that says so.
    pub(super) fn scan(arguments: &[String]) -> Self {
        let word = |at: usize, argument: &String| match argument.strip_prefix("--color") {
            Some("") => arguments.get(at + 1).cloned(),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        let mut words = arguments.iter().enumerate().filter_map(|(at, argument)| word(at, argument));
        match words.next_back().as_deref() {
            Some("always") => Self::Always,
            Some("never") => Self::Never,
            _ => Self::Auto,
        }
    }

    fn on(self, is_terminal: bool, environment: &ProcessEnvironment) -> bool {
        let set = |name: &str| environment.get(std::ffi::OsStr::new(name)).filter(|value| !value.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                is_terminal && set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb")
            }
        }
    }
}

/// What shows results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Surface {
    /// A terminal that can be written over.
    Screen,
    /// Anything else.
    Stream,
}

/// The two streams of a command.
pub(super) struct Console {
    results: Box<dyn Write>,
    notes: Box<dyn Write>,
    /// Whether results are coloured.
    pub(super) colours_results: bool,
    /// Whether notes are coloured.
    pub(super) colours_notes: bool,
    /// Whether a person watches the notes.
    pub(super) is_watched: bool,
    /// Columns of the terminal that shows the results, where one does.
    pub(super) columns: Option<usize>,
    surface: Surface,
}

impl Console {
    /// The process's own streams.
    pub(super) fn standard(color: Color, environment: &ProcessEnvironment) -> Self {
        let is_watched = io::stderr().is_terminal();
        let set = |name: &str| environment.get(std::ffi::OsStr::new(name));
        let columns_said = set("COLUMNS").and_then(|value| value.to_str()?.parse().ok());
        let is_screen = io::stdout().is_terminal() && set("TERM").is_none_or(|term| term != "dumb");
        let surface = if is_screen { Surface::Screen } else { Surface::Stream };
        Self {
            results: Box::new(io::stdout().lock()),
            notes: Box::new(io::stderr()),
            colours_results: color.on(io::stdout().is_terminal(), environment),
            colours_notes: color.on(is_watched, environment),
            is_watched,
            columns: columns_said.or_else(|| screen().map(|(columns, _)| columns)),
            surface,
        }
    }

    /// Columns and rows, as they are now, of the terminal that shows the results; none where it cannot be written over.
    pub(super) fn screen(&self) -> Option<(usize, usize)> {
        // Not what `COLUMNS` says: a shell that exports it does so once, and terminals change their size.
        screen().filter(|_| self.surface == Surface::Screen)
    }

    /// Prints a result: standard output. Control characters that may have come with somebody's text are shown, not sent.
    pub(super) fn result(&mut self, text: &str) -> Result<(), Failure> {
        self.draw(&harmless(text))
    }

    /// Sends as it is what this tool draws: lines within it have to be [`harmless`].
    pub(super) fn draw(&mut self, text: &str) -> Result<(), Failure> {
        let written = self.results.write_all(text.as_bytes()).and_then(|()| self.results.flush());
        written.map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::ReaderGone,
            _ => Failure::World(format!("cannot write to standard output: {error}")),
        })
    }

    /// Prints anything else: standard error, like [`Console::result`]. A reader that is gone does not matter.
    pub(super) fn note(&mut self, text: &str) {
        self.progress(&harmless(text));
    }

    /// Sends there as it is a line that the next one is written over.
    pub(super) fn progress(&mut self, text: &str) {
        let _ = self.notes.write_all(text.as_bytes()).and_then(|()| self.notes.flush());
    }

    /// Shows a line on the terminal of whoever watches, in the place of the one before; of what is wider than that its beginning.
    pub(super) fn write_over(&mut self, line: &str) {
        let columns = terminal_size::terminal_size_of(io::stderr()).map(|(width, _)| usize::from(width.0));
        self.progress(&format!("\r\u{1b}[K{}", beginning(&harmless(line), columns.unwrap_or(usize::MAX))));
    }

    /// Says why a command failed.
    pub(super) fn failure(&mut self, failure: &Failure) {
        match failure {
            Failure::Input(message) | Failure::World(message) => {
                let word = if self.colours_notes { "\u{1b}[1;31merror\u{1b}[0m" } else { "error" };
                self.note(&format!("{word}: {message}\n"));
            }
            Failure::Faults(faults) => self.note(faults),
            Failure::Findings | Failure::ReaderGone => {}
        }
    }
}

/// A text without what a terminal obeys: of all control characters line ends, tabs and colours stay. What people write into tags,
/// reasons and events reaches the terminals of others.
pub(super) fn harmless(text: &str) -> Cow<'_, str> {
    let obeyed = |c: char| !is_printable(c) && c != '\n' && c != '\t';
    if !text.contains(obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let colour = colour(rest);
        match colour {
            Some(length) => shown.push_str(&rest[..length]),
            None => shown.push(if obeyed(next) { '\u{fffd}' } else { next }),
        }
        rest = &rest[colour.unwrap_or(next.len_utf8())..];
    }
    Cow::Owned(shown)
}

/// As much of a line as so many columns show.
fn beginning(line: &str, columns: usize) -> &str {
    let mut width = 0;
    let end = line.char_indices().find(|(_, character)| {
        width += character.width().unwrap_or(1);
        width > columns
    });
    &line[..end.map_or(line.len(), |(at, _)| at)]
}

/// How long the choice of a colour is that a text begins with; none where it begins with none.
fn colour(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let length = parameters.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    parameters[length..].starts_with('m').then_some(2 + length + 1)
}

/// Columns and rows of the terminal that shows the results, where one does.
fn screen() -> Option<(usize, usize)> {
    let (width, height) = terminal_size::terminal_size_of(io::stdout())?;
    Some((usize::from(width.0), usize::from(height.0)))
}

/// Writes a file that was asked for, whole or not at all, and its folder where that is missing. `false` means that there is one, and that
/// it stays. What is there and is no file, such as `/dev/stdout` or a pipe, is written to.
pub(super) fn write_file(path: &Path, text: &str, edits: Edits) -> Result<bool, Failure> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        let written = fs::write(path, text).map(|()| true);
        return written
            .map_err(|error| Failure::World(format!("cannot write `{}`: {error}", path.display())));
    }
    // What a link leads to is written, and the link stays.
    let file = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    Ok(output::write_single(&file, text.as_bytes(), edits)?)
}

#[cfg(test)]
mod tests {
    use super::{Color, ProcessEnvironment, beginning, harmless};

    #[test]
    fn a_line_that_is_written_over_takes_one_row() {
        assert_eq!([5, 4, 0].map(|columns| beginning("a12345", columns)), ["a1234", "a123", ""]);
        assert_eq!(beginning("é日本", 4), "é日", "by columns, and no character in part");
        assert_eq!(beginning("short", 80), "short");
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        assert_eq!(harmless("a\tb\n\u{1b}[1;31merror\u{1b}[0m é\n"), "a\tb\n\u{1b}[1;31merror\u{1b}[0m é\n");
        assert_eq!(
            harmless("x\u{1b}]0;title\u{7}y\u{1b}[2Jz\r\u{9b}1m"),
            "x\u{fffd}]0;title\u{fffd}y\u{fffd}[2Jz\u{fffd}\u{fffd}1m"
        );
        assert_eq!(harmless("\u{1b}"), "\u{fffd}");
        assert_eq!(harmless("\u{1b}[1"), "\u{fffd}[1");
        assert_eq!(harmless("a\u{202e}b"), "a\u{fffd}b");
    }

    #[test]
    fn the_choice_is_found_on_any_command_line() {
        let scan = |line: &str| Color::scan(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(scan("x --color never --nonsense"), Color::Never);
        assert_eq!(scan("x --color=always"), Color::Always);
        assert_eq!(scan("x --color=never --color always"), Color::Always);
        for auto in ["x", "x --color", "x --color=blue", "x --colorful"] {
            assert_eq!(scan(auto), Color::Auto, "{auto}");
        }
    }

    #[test]
    fn colours_follow_the_choice_then_the_environment() {
        let environment = |pairs: &[(&str, &str)]| -> ProcessEnvironment {
            pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
        };
        let none = environment(&[]);
        assert!(Color::Always.on(false, &none) && !Color::Never.on(true, &none));
        assert!(Color::Auto.on(true, &none) && !Color::Auto.on(false, &none));
        assert!(!Color::Auto.on(true, &environment(&[("NO_COLOR", "1")])));
        assert!(Color::Auto.on(true, &environment(&[("NO_COLOR", "")])));
        assert!(!Color::Auto.on(true, &environment(&[("TERM", "dumb")])));
    }
}
