//! The command that gives a run again, ready to be pasted, and what it has to be run with.

use std::fmt;

use crate::shell;

/// What a run was a run of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// The generator's version.
    pub version: &'static str,
    /// Path of the configuration, as it was given; empty where the machine was the one that a stack has deployed.
    pub file: String,
    /// SHA-256 of the configuration, in hex: it is part of what decides a run.
    pub digest: String,
    /// The other arguments of `simulate`, the seed among them.
    pub arguments: Vec<String>,
}

impl Replay {
    /// The same with other arguments.
    #[must_use]
    pub fn with<const N: usize>(&self, arguments: [&str; N]) -> Self {
        Self { arguments: arguments.map(str::to_owned).to_vec(), ..self.clone() }
    }

    /// The command, quoted for a POSIX shell.
    pub fn command(&self) -> String {
        let file = Some(&self.file).filter(|file| !file.is_empty());
        let words = file.into_iter().chain(&self.arguments).map(|word| shell::quoted(word));
        ["asg-recycle".to_owned(), "simulate".to_owned()]
            .into_iter()
            .chain(words)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Two lines: what it is run with, and the command.
impl fmt::Display for Replay {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, file, digest, .. } = self;
        if file.is_empty() {
            writeln!(
                out,
                "again, with asg-recycle {version}, as long as the group and the stack are as they were:"
            )?;
            return write!(out, "{}", self.command());
        }
        writeln!(out, "again, with asg-recycle {version} and the {file} whose SHA-256 is {digest}:")?;
        write!(out, "  {}", self.command())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_be_pasted_whatever_the_file_is_called() {
        let replay = Replay {
            version: "1.2.3",
            file: "it's mine.yaml".to_owned(),
            digest: "ab".to_owned(),
            arguments: Vec::new(),
        };
        let replay = replay.with(["--campaign", "1", "--seed", "7"]);
        assert_eq!(replay.command(), r"asg-recycle simulate 'it'\''s mine.yaml' --campaign 1 --seed 7");
        assert!(replay.to_string().starts_with("again, with asg-recycle 1.2.3 and the it's mine.yaml whose"));
    }
}
