//! Faults as people read them: the message, the place, the excerpt, the fix.

use std::borrow::Cow;
use std::fmt::Write as _;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::text::{counted, is_printable};
use super::types::{Location, Problem, Problems};
use crate::secret;

/// Beyond this many faults a list helps nobody; the rest is counted.
const SHOWN_MAX: usize = 100;
/// An excerpt keeps within this many columns.
const WIDTH_COLUMNS: usize = 110;

impl Problems {
    /// The faults for a terminal, the way `rustc` prints them, and their number at the end. `source` is the text
    /// that was read, `file_name` its name for the reader; `colour` adds ANSI escapes.
    pub fn render(&self, file_name: &str, source: &str, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() }.term_width(WIDTH_COLUMNS);
        let lines = Lines::of(source);
        let mut text = String::new();
        for problem in self.iter().take(SHOWN_MAX) {
            text.push_str(&render_one(problem, file_name, &lines, &renderer));
            text.push_str("\n\n");
        }
        if self.len() > SHOWN_MAX {
            let rest = self.len() - SHOWN_MAX;
            write!(text, "... and {rest} more\n\n").expect("a string takes any text");
        }
        let ours = self.iter().any(Problem::is_of_the_templates);
        let at_fault = if ours { "the templates of asg-recycle" } else { file_name };
        let total = Level::ERROR.primary_title(total(self.len(), at_fault));
        text.push_str(&renderer.render(&[annotate_snippets::Group::with_title(total)]));
        text.push('\n');
        text
    }
}

fn total(count: usize, file_name: &str) -> String {
    format!("{} in {file_name}", counted(count, "fault"))
}

fn render_one(problem: &Problem, file_name: &str, lines: &Lines<'_>, renderer: &Renderer) -> String {
    let title = Level::ERROR.primary_title(&problem.reason).id(problem.code);
    let mut group = annotate_snippets::Group::with_title(title);
    if let Some(location) = problem.location {
        let excerpt = lines.excerpt(location, problem.code);
        let annotation = AnnotationKind::Primary.span(excerpt.start..excerpt.end);
        let snippet = Snippet::source(excerpt.text).path(file_name).line_start(location.line);
        group = group.element(snippet.annotation(annotation));
    } else if !problem.pointer.is_empty() {
        group = group.element(Level::NOTE.message(format!("at `{}`", problem.pointer)));
    }
    if let Some(template) = &problem.template {
        group = group.element(Level::NOTE.message(format!("in {template}")));
    }
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(help));
    }
    renderer.render(&[group])
}

/// A text by lines, without their ends and without a byte-order mark.
pub(crate) struct Lines<'a>(Vec<&'a str>);

/// One line, and the bytes of it to underline.
struct Excerpt {
    text: String,
    start: usize,
    end: usize,
}

impl<'a> Lines<'a> {
    /// Splits at the three line ends of YAML: `\n`, `\r\n` and `\r`.
    pub(crate) fn of(text: &'a str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        Self(lines.flat_map(|line| line.split('\r')).collect())
    }

    /// Characters of a line from a column (both from 1) to its end, trailing spaces not counted.
    pub(crate) fn length_from(&self, line: usize, column: usize) -> usize {
        let text = self.line(line).trim_end();
        text.chars().count().saturating_sub(column - 1)
    }

    /// The column, from 1, of the first tab in a line's indentation.
    pub(crate) fn column_of_tab(&self, line: usize) -> Option<usize> {
        let text = self.line(line);
        let indentation = text.chars().take_while(|character| character.is_whitespace());
        indentation.into_iter().position(|character| character == '\t').map(|index| index + 1)
    }

    /// The first line that begins with a word.
    pub(crate) fn beginning(&self, word: &str) -> Option<Location> {
        let index = self.0.iter().position(|line| line.starts_with(word))?;
        Some(Location { line: index + 1, column: 1, length: self.length_from(index + 1, 1) })
    }

    fn line(&self, line: usize) -> &'a str {
        line.checked_sub(1).and_then(|index| self.0.get(index)).copied().unwrap_or_default()
    }

    fn excerpt(&self, location: Location, code: &str) -> Excerpt {
        let line = without_secret(self.line(location.line), code);
        let (mut text, mut start, mut end) = (String::new(), None, 0);
        for (index, character) in line.chars().enumerate() {
            if index + 1 == location.column {
                start = Some(text.len());
            }
            // Tabs stay: the renderer gives them a fixed width.
            text.push(if character == '\t' || is_printable(character) { character } else { '\u{fffd}' });
            if index + 1 < location.column + location.length {
                end = text.len();
            }
        }
        let start = start.unwrap_or(text.len()); // past the end of the line: what is missing there
        Excerpt { start, end: end.max(start), text }
    }
}

/// A line as it may stand in the log of a pipeline: without its value, where that is a secret or looks like one.
fn without_secret<'a>(line: &'a str, code: &str) -> Cow<'a, str> {
    let is_secret = code == "secret" || secret::found(line.as_bytes()).is_some() || secret::is_named(line);
    let indentation = line.len() - line.trim_start_matches([' ', '\t', '-']).len();
    let key_end = line.find(": ").map(|colon| colon + 2);
    let is_key_alone = key_end.is_none() && line.trim_end().ends_with(':');
    // The secret may stand where the key should.
    let value =
        key_end.filter(|end| secret::found(&line.as_bytes()[..*end]).is_none()).unwrap_or(indentation);
    if is_secret && !(is_key_alone && secret::found(line.as_bytes()).is_none()) {
        format!("{}***", &line[..value]).into()
    } else {
        line.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(source: &str, line: usize, column: usize, length: usize) -> String {
        let problem = Problem::new("code", "pointer", "something is wrong");
        Problems::from(problem.at(Location { line, column, length })).render("stack.yaml", source, false)
    }

    #[test]
    fn carets_stand_under_the_fault() {
        let expected = "\
error[code]: something is wrong
 --> stack.yaml:2:6
  |
2 | key: value
  |      ^^^^^

error: 1 fault in stack.yaml
";
        assert_eq!(rendered("first: 1\nkey: value\n", 2, 6, 5), expected);
        assert_eq!(rendered("\u{feff}first: 1\r\nkey: value\r\n", 2, 6, 5), expected);
    }

    #[test]
    fn a_fault_without_a_place_names_its_pointer() {
        let problem = Problem::new("code", "Wait for window", "something is wrong").help("mend it");
        let expected = "\
error[code]: something is wrong
 |
 = note: at `Wait for window`
 = help: mend it

error: 1 fault in stack.yaml
";
        assert_eq!(Problems::from(problem).render("stack.yaml", "", false), expected);
    }

    #[test]
    fn a_long_line_is_cut_around_the_fault() {
        let source = format!("key: {}wrong{}", "a".repeat(300_000), "b".repeat(300_000));
        let text = rendered(&source, 1, 300_006, 5);
        assert!(text.contains("wrong") && text.contains("^^^^^"), "{text}");
        assert!(text.contains("stack.yaml:1:300006"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH_COLUMNS + 20), "{text}");
    }

    #[test]
    fn a_secret_is_not_shown_whatever_the_fault_is() {
        let expected = "\
error[code]: something is wrong
 --> stack.yaml:2:3
  |
2 |   pagerduty: ***
  |   ^^^^^^^^^
";
        let text = rendered("notifications:\n  pagerduty: https://user:hunter2@x.example\n", 2, 3, 9);
        assert!(text.starts_with(expected), "{text}");
        for line in ["  apiKey: hunter2", "- https://me:hunter2@x.example", "{name: a, password: hunter2}"] {
            let text = rendered(line, 1, line.len() - 3, 3);
            assert!(text.contains("***") && !text.contains("hunter2"), "{text}");
        }
        assert!(rendered("handler:\n  password:\n", 2, 3, 8).contains("2 |   password:\n"));
        let problem = Problem::new("secret", "x", "a secret").at(Location { line: 1, column: 1, length: 1 });
        let text = Problems::from(problem).render("stack.yaml", "x: wJalrXUtnFEMI/K7", false);
        assert!(text.contains("1 | x: ***\n"), "{text}");
    }

    #[test]
    fn many_faults_in_a_long_line_do_not_take_long() {
        let source = "a: ".repeat(20_000);
        let problem = |column| Problem::new("code", "", "wrong").at(Location { line: 1, column, length: 1 });
        let mut problems = Problems::default();
        problems.extend((1..1_000).map(|index| problem(index * 50)));
        let text = problems.render("stack.yaml", &source, false);
        assert!(text.len() < 50_000, "{}", text.len());
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        let text = rendered("key: \u{1b}[31m\u{202e}x", 1, 6, 4);
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text:?}");
    }

    #[test]
    fn a_place_outside_the_text_is_survived() {
        for (line, column, length) in [(1, 1, 1), (9, 9, 9), (1, 400, 1), (0, 0, 0), (1, 3, usize::MAX / 2)] {
            assert!(rendered("", line, column, length).contains("something is wrong"));
            assert!(rendered("key: é", line, column, length).contains("something is wrong"));
        }
    }

    #[test]
    fn a_flood_of_faults_is_counted() {
        let problem = Problem::new("code", "pointer", "something is wrong");
        let mut problems = Problems::default();
        problems.extend((0..1_000).map(|_| problem.clone()));
        let text = problems.render("stack.yaml", "", false);
        assert_eq!(text.matches("something is wrong").count(), SHOWN_MAX);
        assert!(text.contains("... and 900 more\n\nerror: 1000 faults in stack.yaml\n"), "{text}");
    }

    #[test]
    fn colour_adds_escapes_only_when_asked_for() {
        let problems = Problems::from(Problem::new("code", "pointer", "something is wrong"));
        assert!(problems.render("stack.yaml", "", true).contains('\u{1b}'));
        assert!(!problems.render("stack.yaml", "", false).contains('\u{1b}'));
    }
}
