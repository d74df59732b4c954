//! What the YAML parser says, in the words of this tool.

use granit_parser::{ErrorKind, ScanError};

use crate::problem::{Lines, Location, Problem};

/// Collections inside collections, aliases followed; the deepest key needs three.
pub(super) const DEPTH_MAX: usize = 32;

/// The fault at which the parser gave up.
pub(super) fn problem(error: &ScanError, lines: &Lines<'_>) -> Problem {
    let line = error.marker().line();
    // A tab is reported from where the indentation ends.
    let tab = is_tab(error.kind()).then(|| lines.column_of_tab(line)).flatten();
    let column = tab.unwrap_or(error.marker().col() + 1);
    let (reason, help) = match error.kind() {
        ErrorKind::RecursionLimitExceeded => return too_deep().at(Location { line, column, length: 1 }),
        kind => words(kind),
    };
    // The parser names a point; from there to the end of the line is what it could not read.
    let length = if is_point(error.kind()) { 1 } else { lines.length_from(line, column).max(1) };
    let reason = format!("not valid YAML: {reason}");
    let problem = Problem::new("yaml-syntax", "", reason).at(Location { line, column, length });
    Problem { help: help.map(str::to_owned), ..problem }
}

/// The fault of a text that nests deeper than anything here needs.
pub(super) fn too_deep() -> Problem {
    let reason = format!("lists and mappings stand more than {DEPTH_MAX} deep in each other");
    Problem::new("too-deep", "", reason).help("no key of a stack stands deeper than three mappings")
}

/// The fault of a document that wants to be read by the rules of another YAML, where `yes` is a boolean and `010` is eight.
pub(super) fn other_version(major: u32, minor: u32) -> Problem {
    let reason = format!("the document is YAML {major}.{minor} by its own words, but is read as YAML 1.2");
    Problem::new("yaml-version", "", reason).help("remove the line `%YAML`, or write `%YAML 1.2`")
}

fn is_point(kind: &ErrorKind) -> bool {
    is_tab(kind)
        || matches!(
            kind,
            ErrorKind::UnexpectedCharacter { .. }
                | ErrorKind::MappingValueNotAllowed
                | ErrorKind::UnclosedFlowCollection { .. }
        )
}

fn is_tab(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabNotAllowed
            | ErrorKind::TabAtBlockScalarStart
    )
}

fn words(kind: &ErrorKind) -> (String, Option<&'static str>) {
    let (reason, help) = match kind {
        kind if is_tab(kind) => ("a tab in the indentation", "indent with spaces"),
        ErrorKind::MappingValueNotAllowed => {
            ("a key is not allowed here", "check the indentation, and put text that holds `: ` into quotes")
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            ("a key without `:`", "write `key: value`, with a space after the colon")
        }
        ErrorKind::InvalidIndentation | ErrorKind::ExpectedBlockMappingKey => {
            ("the indentation fits no key above", "give the keys of one mapping the same indentation")
        }
        ErrorKind::UnknownAnchor => ("the alias names no anchor above it", "write the value out"),
        ErrorKind::UnclosedQuotedScalar => ("a quote is not closed", "close it on the same line"),
        ErrorKind::InvalidQuotedScalarIndent => {
            ("a quote above is not closed", "close it on the line where it opens")
        }
        ErrorKind::UnclosedFlowCollection { .. } => ("a bracket is not closed", "close it"),
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            ("text after a closing quote", "put the whole value into quotes, or none of it")
        }
        ErrorKind::ExpectedDocumentStart => {
            ("this belongs to nothing above", "give all keys of the top level the same indentation")
        }
        ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator
        | ErrorKind::InvalidColonPlacement => {
            ("between brackets, a `,` or the closing bracket is missing", "separate the items with `,`")
        }
        ErrorKind::MisplacedFlowCollectionEnd => ("a closing bracket without an opening one", "remove it"),
        ErrorKind::UnknownQuotedScalarEscape => {
            ("a `\\` that escapes nothing", "write `\\\\`, or put the text into single quotes")
        }
        ErrorKind::BlockSequenceEntryNotAllowed => {
            ("a list item is not allowed here", "start it on a line of its own, or put the text into quotes")
        }
        ErrorKind::UnexpectedCharacter { character } => {
            let reason = format!("a value cannot start with `{}`", character.escape_default());
            return (reason, Some("put the value into quotes"));
        }
        other => return (other.to_string(), None),
    };
    (reason.to_owned(), Some(help))
}
