//! The input file: read, parsed, and its faults rendered.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::context::Context;
use super::exit_code::Failure;
use crate::AsgRecycle;
use crate::config::{self, Config, values};
use crate::package::{Contents, PackageError};
use crate::problem::{Problem, Problems};

/// Bytes of a text that are read at most: more than those take who parse it, so that they, not the machine's memory, set the limit.
const LENGTH_MAX: u64 = 16 << 20;

/// The file that a command works on.
#[derive(Debug, clap::Args)]
pub(super) struct Source {
    /// The stack's description; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
}

/// A file's text, and what it describes or what is wrong with it.
pub(super) struct Input {
    pub(super) name: String,
    pub(super) text: Vec<u8>,
    pub(super) stack: Result<AsgRecycle, Problems>,
}

impl Source {
    /// Reads the file, and builds the stack: faults of names and of the state machine are the file's faults, too.
    pub(super) fn read(&self) -> Result<Input, Failure> {
        let text = read(&self.file)?;
        let stack = config::parse(&text).and_then(AsgRecycle::from_config);
        Ok(Input { name: self.file.display().to_string(), text, stack })
    }

    /// The stack that the file describes.
    pub(super) fn stack(&self, context: &Context) -> Result<AsgRecycle, Failure> {
        self.read()?.into_stack(context)
    }

    /// What the file says, for commands to which names and the state machine do not matter.
    pub(super) fn config(&self, context: &Context) -> Result<Config, Failure> {
        let text = read(&self.file)?;
        let name = self.file.display().to_string();
        config::parse(&text)
            .map_err(|problems| faults(&problems, &name, &text, context.console.colours_notes))
    }

    /// What the stack packages: files are looked for beside the stack's. Each that cannot be packaged is a fault of the stack's file,
    /// at its line.
    pub(super) fn contents(&self, config: &Config, context: &Context) -> Result<Contents, Failure> {
        self.packaged(config, &[]).map_err(|problems| {
            // Standard input was read to its end: the faults are told without their lines.
            let text =
                if self.file.as_os_str() == "-" { Vec::new() } else { read(&self.file).unwrap_or_default() };
            let problems = self.packaged(config, &text).err().unwrap_or(problems);
            faults(&problems, &self.file.display().to_string(), &text, context.console.colours_notes)
        })
    }

    /// The same; faults are told by their places in the text of the stack's file.
    pub(super) fn packaged(&self, config: &Config, text: &[u8]) -> Result<Contents, Problems> {
        let folder = self.file.parent().unwrap_or(Path::new(""));
        let found = match Contents::of_handler(&config.handler, folder) {
            Ok(contents) => return Ok(contents),
            Err(PackageError::Several(faults)) => faults,
            Err(fault) => vec![fault],
        };
        let places = values::values(&String::from_utf8_lossy(text)).map(|values| values.places);
        let places = places.unwrap_or_default();
        let mut problems = Problems::default();
        problems.extend(found.iter().map(|fault| {
            let PackageError::PackagedFile { path, source_path, reason, fix } = fault else {
                return Problem::new("packaged-file", "handler.files", fault.to_string());
            };
            let place = places.get(&format!("/handler/files/{}", values::escaped(path)));
            let reason = format!("`{}` {reason}", source_path.display());
            let problem = Problem::new("packaged-file", format!("handler.files.{path}"), reason).help(*fix);
            place.map_or(problem.clone(), |place| problem.at(place.value))
        }));
        Err(problems)
    }
}

impl Input {
    /// The stack, or its faults as a failure.
    pub(super) fn into_stack(self, context: &Context) -> Result<AsgRecycle, Failure> {
        let Self { name, text, stack } = self;
        stack.map_err(|problems| faults(&problems, &name, &text, context.console.colours_notes))
    }
}

/// The faults of a file as a failure.
pub(super) fn faults(problems: &Problems, name: &str, text: &[u8], colours: bool) -> Failure {
    Failure::Faults(problems.render(name, &String::from_utf8_lossy(text), colours))
}

/// The bytes of a file that the command line names; of standard input where it is `-`. No more than `length_max` are read, whatever
/// is named. `missing` is what helps where there is no such file.
pub(super) fn read_at_most(length_max: u64, path: &Path, missing: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let is_standard_input = path.as_os_str() == "-";
    let name = if is_standard_input { "standard input".to_owned() } else { format!("`{}`", path.display()) };
    let read = if is_standard_input {
        std::io::stdin().take(length_max + 1).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(length_max + 1).read_to_end(&mut bytes))
    };
    match read {
        Ok(length) if length as u64 > length_max => {
            Err(Failure::Input(format!("{name} is longer than {} MiB", length_max >> 20)))
        }
        Ok(_) => Ok(bytes),
        Err(error) => {
            let message = format!("cannot read {name}: {error}");
            Err(match error.kind() {
                ErrorKind::NotFound => Failure::Input(message + missing),
                ErrorKind::IsADirectory => Failure::Input(format!("{message}; name the file in it")),
                _ => Failure::World(message),
            })
        }
    }
}

/// The same for a text.
pub(super) fn read_text(path: &Path) -> Result<String, Failure> {
    let text = read_at_most(LENGTH_MAX, path, "")?;
    String::from_utf8(text)
        .map_err(|error| Failure::Input(format!("`{}` is no text in UTF-8: {error}", path.display())))
}

/// A stack's description.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    read_at_most(LENGTH_MAX, path, "; `asg-recycle init` writes a file to start from")
}
