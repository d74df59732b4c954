//! Colours, times and numbers as reports write them.

use asg_recycle_simulator::time::Span;

/// Whether text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// Plain characters only.
    Plain,
    /// ANSI colours.
    Coloured,
}

/// Colours by what they stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// An instance that is replaced.
    Old,
    /// An instance that replaces it.
    New,
    /// What is not there yet, or waits.
    Starting,
    /// What is not known, or is under way.
    Unchecked,
    /// All is well.
    Good,
    /// Somebody has to look.
    Bad,
    /// What matters little.
    Faint,
    /// What matters most.
    Strong,
}

impl Paint {
    /// A text in a colour, as it is where nothing is coloured.
    pub fn paint(self, colour: Colour, text: &str) -> String {
        if self == Self::Plain || text.trim().is_empty() {
            return text.to_owned();
        }
        let code = match colour {
            Colour::Old => "34",
            Colour::New | Colour::Good => "32",
            Colour::Starting => "33",
            Colour::Unchecked => "36",
            Colour::Bad => "1;31",
            Colour::Faint => "2",
            Colour::Strong => "1",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// A length of time as a clock shows it: `4:12`, `1:04:12`.
pub fn clock(span: Span) -> String {
    let seconds = span.0 / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// A length of time in words: `11 min 42 s`.
pub fn words(span: Span) -> String {
    let seconds = span.0 / 1000;
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let parts: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n} {unit}")).collect();
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

/// How a report is to look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Whether it is coloured.
    pub paint: Paint,
    /// Columns that there are; less than [`COLUMNS_MIN`] are taken as that.
    pub columns: usize,
    /// What an instance costs, in dollars for an hour, where that is known.
    pub dollars_per_hour: Option<f64>,
}

/// A report needs so many columns.
pub(super) const COLUMNS_MIN: usize = 40;
/// Columns where nobody says how many there are.
pub const COLUMNS: usize = 100;

impl Default for Look {
    fn default() -> Self {
        Self { paint: Paint::Plain, columns: COLUMNS, dollars_per_hour: None }
    }
}

/// Words in lines of at most `columns` characters; a longer word stands alone.
pub fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let used = lines.last().map_or(0, |line| line.chars().count());
        if used > 0 && used + 1 + word.chars().count() > columns {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("extraordinary word", 5), ["extraordinary", "word"]);
        assert_eq!(wrapped("", 5), [""]);
    }

    #[test]
    fn times_are_written_as_clocks_and_as_words() {
        assert_eq!(clock(Span::seconds(252)), "4:12");
        assert_eq!(clock(Span::seconds(3852)), "1:04:12");
        assert_eq!(words(Span::seconds(702)), "11 min 42 s");
        assert_eq!(words(Span::seconds(3600)), "1 h");
        assert_eq!(words(Span(0)), "0 s");
    }
}
