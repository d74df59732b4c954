//! The exit codes: part of the interface.

use std::process::ExitCode;

/// Done, and nothing to report.
pub const DONE: u8 = 0;
/// Done, with findings: drift, a failed check, a failed scenario.
pub const FINDINGS: u8 = 1;
/// The command line or the input is at fault; nothing was written.
pub const INPUT: u8 = 2;
/// The world failed: AWS, cargo, the disk.
pub const WORLD: u8 = 3;

/// Why a command ends early.
#[derive(Debug)]
pub(super) enum Failure {
    /// The findings are printed already.
    Findings,
    /// A fault of the command line or of the folder written to: what, and the fix.
    Input(String),
    /// Faults of the input file, rendered.
    Faults(String),
    /// What failed, and the fix.
    World(String),
    /// The reader of the results is gone, e.g. `head`: nothing is wrong.
    ReaderGone,
}

impl Failure {
    /// What it says, where that is not printed already.
    pub(super) fn message(&self) -> &str {
        match self {
            Self::Input(message) | Self::World(message) | Self::Faults(message) => message,
            Self::Findings | Self::ReaderGone => "",
        }
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::ReaderGone => DONE,
            Self::Findings => FINDINGS,
            Self::Input(_) | Self::Faults(_) => INPUT,
            Self::World(_) => WORLD,
        })
    }
}

impl From<crate::package::PackageError> for Failure {
    fn from(error: crate::package::PackageError) -> Self {
        use crate::package::PackageError;
        match error {
            PackageError::PackagedFile { .. }
            | PackageError::Several(_)
            | PackageError::TooLarge { .. }
            | PackageError::NotAPackage { .. } => Self::Input(error.to_string()),
            _ => Self::World(error.to_string()),
        }
    }
}

impl From<crate::publish::PublishError> for Failure {
    fn from(error: crate::publish::PublishError) -> Self {
        use crate::publish::PublishError;
        match error {
            PublishError::BucketName { .. } | PublishError::Version { .. } | PublishError::Differs { .. } => {
                Self::Input(error.to_string())
            }
            PublishError::Aws(error) => error.into(),
            _ => Self::World(error.to_string()),
        }
    }
}

impl From<crate::output::OutputError> for Failure {
    fn from(error: crate::output::OutputError) -> Self {
        use crate::output::OutputError;
        match error {
            OutputError::Conflicts(_) | OutputError::Manifest { .. } => Self::Input(error.to_string()),
            OutputError::File { .. } | OutputError::Unrestored { .. } => Self::World(error.to_string()),
        }
    }
}
