//! `stack.yaml`: text to a checked [`Config`], or every fault in it.
//!
//! Two stages: [`document`] reads any YAML into a tree of values with places; [`read`] takes that tree apart by
//! the [`registry`] of keys. Everything else that knows the keys, such as the schema and the reference, reads the
//! same registry.

mod types;
mod registry;
mod format;
mod document;
mod syntax;
mod scalar;
mod path;
mod read;
mod value;
mod zone;
mod suggest;
mod across;
mod assemble;
mod schema;
mod starter;
mod reference;

use crate::problem::{Location, Problem, Problems};

pub use format::Format;
pub use reference::reference;
pub use registry::{Key, Kind, Presence, Section, Value, keys, sections};
pub use schema::json_schema;
pub use starter::{SCHEMA_FILE, starter};
pub use types::{
    Alarms, Architecture, Config, Handler, LogLevel, Logs, MachineLogLevel, Notifications, Permissions,
    Queue, SettingValue, TagChanges, Trigger,
};

/// Longest `stack.yaml`, in bytes. Every key and fifty tags of full length need less than half of it.
pub const BYTES_MAX: usize = 65_536;

/// Reads a `stack.yaml`: the checked configuration, or every fault in it, by place.
pub fn parse(bytes: &[u8]) -> Result<Config, Problems> {
    let text = decode(bytes)?;
    let mut problems = Problems::default();
    let reading = match document::read(text, &mut problems) {
        Some(root) => Some(read::read(&root, &mut problems)),
        None if problems.is_empty() => {
            problems.push(empty());
            None
        }
        None => None,
    };
    if let Some(reading) = &reading {
        across::check(reading, &mut problems);
    }
    problems.sort_by_place();
    match reading {
        Some(reading) if problems.is_empty() => Ok(assemble::assemble(reading.values)),
        _ => Err(problems),
    }
}

/// The text without a byte-order mark.
fn decode(bytes: &[u8]) -> Result<&str, Problem> {
    if bytes.len() > BYTES_MAX {
        let reason = format!("the file has {} bytes, but a stack has {BYTES_MAX} at most", bytes.len());
        return Err(Problem::new("too-large", "", reason).help("check that it is the right file"));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to()))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn not_utf8(bytes: &[u8], valid_up_to: usize) -> Problem {
    let valid = String::from_utf8_lossy(&bytes[..valid_up_to]);
    let valid = valid.strip_prefix('\u{feff}').unwrap_or(&valid).replace("\r\n", "\n").replace('\r', "\n");
    let last = valid.rsplit('\n').next().unwrap_or_default();
    let (line, column) = (valid.matches('\n').count() + 1, last.chars().count() + 1);
    let reason = format!("the byte {:#04x} is not valid UTF-8", bytes[valid_up_to]);
    let problem = Problem::new("not-utf8", "", reason).at(Location { line, column, length: 1 });
    problem.help("save the file as UTF-8")
}

fn empty() -> Problem {
    let problem = Problem::new("empty-file", "", "the file has no keys");
    problem
        .at(Location { line: 1, column: 1, length: 1 })
        .help("give at least `name: asg-recycle`; `asg-recycle init` writes a file with every key")
}
