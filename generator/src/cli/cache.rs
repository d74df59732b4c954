//! `cache`: what was compiled before, and how to be rid of it.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::building::{Building, CachePlace};
use super::context::Context;
use super::exit_code::Failure;
use super::writing::{self, BuildReport};
use crate::config::Architecture;
use crate::operate::span;
use crate::package::{self, Refreshed, Stored};
use crate::problem::counted;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List what the cache holds, the last used first.
    #[command(after_help = "Example: asg-recycle cache list")]
    List(CachePlace),
    /// Remove what the cache holds; what a running build uses stays.
    #[command(after_help = "Example: asg-recycle cache purge --older-than 30d")]
    Purge {
        #[command(flatten)]
        place: CachePlace,
        /// Only what was not used for so long: a whole number with `s`, `m`, `h` or `d`.
        #[arg(long, value_name = "TIME", value_parser = span::read_span)]
        older_than: Option<i64>,
    },
    /// Build anew every package of this version's handler; a byte that comes out otherwise is a finding.
    #[command(after_help = "Example: asg-recycle cache refresh")]
    Refresh(Building),
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    match &arguments.command {
        Command::List(place) => {
            let folder = place.folder(context)?;
            let stored = package::list(&folder)?;
            let total = total(&stored);
            let text = format!("{}{}: {total}\n", described(&stored), folder.display());
            context.console.result(&text)
        }
        Command::Purge { place, older_than } => {
            let gone = package::purge(
                &place.folder(context)?,
                older_than.map(|seconds| Duration::from_secs(seconds.unsigned_abs())),
            )?;
            let total = total(&gone);
            context.console.result(&format!("{}removed: {total}\n", described(&gone)))
        }
        Command::Refresh(building) => refresh(building, context),
    }
}

fn refresh(building: &Building, context: &mut Context) -> Result<(), Failure> {
    let request = building.request(Architecture::X86_64, context)?;
    let sources = package::handler_sources();
    let console = &mut context.console;
    let told = BuildReport::new();
    let outcomes = package::refresh(&request, &sources, &mut |step| told.tell(&step, console));
    writing::progress_ends(console);
    let outcomes = outcomes?;
    let differs = outcomes.iter().any(|outcome| matches!(outcome, Refreshed::Differs { .. }));
    let line = |outcome: &Refreshed| match outcome {
        Refreshed::Same { key } => format!("{}  the same, byte for byte\n", short(key)),
        Refreshed::Rebuilt { key, new_key } => {
            format!("{}  the compiler has changed: built anew as {}\n", short(key), short(new_key))
        }
        Refreshed::Differs { key } => {
            format!("{}  other bytes from the same inputs; the new ones are kept\n", short(key))
        }
        Refreshed::Passed { key } => {
            format!("{}  damaged, or of another version's handler: left as it is\n", short(key))
        }
    };
    let text: String = outcomes.iter().map(line).collect();
    let done = outcomes.iter().filter(|outcome| !matches!(outcome, Refreshed::Passed { .. })).count();
    context.console.result(&format!("{text}{done} of {} built anew\n", outcomes.len()))?;
    if differs { Err(Failure::Findings) } else { Ok(()) }
}

/// A line of at most 80 columns for each, and one below it that says what compiled a package.
fn described(stored: &Stored) -> String {
    let packages = stored.packages.iter().map(|package| {
        let (key, bytes) = (short(&package.key), size(package.bytes));
        let (Some(architecture), Some(compiler)) = (&package.architecture, &package.compiler) else {
            return format!("package {key}  damaged: built again when it is needed  {bytes:>8}\n");
        };
        format!(
            "package {key}  {architecture:<6}  {bytes:>8}  built {}  used {}\n        by {compiler}\n",
            moment(package.made, "%Y-%m-%d"),
            moment(package.used, "%Y-%m-%dT%H:%MZ"),
        )
    });
    let builds = stored.builds.iter().map(|build| {
        let state = if build.is_in_use { "a build runs in it" } else { "the next build goes on from it" };
        format!("build   {}  {:>8}  {state}\n", build.target, size(build.bytes))
    });
    packages.chain(builds).collect()
}

fn total(stored: &Stored) -> String {
    let bytes = stored.packages.iter().map(|package| package.bytes);
    let bytes: u64 = bytes.chain(stored.builds.iter().map(|build| build.bytes)).sum();
    let (packages, builds) = (stored.packages.len(), stored.builds.len());
    format!("{} and {}, {}", counted(packages, "package"), counted(builds, "build"), size(bytes))
}

/// The first digits of a key: enough to tell a hundred apart.
fn short(key: &str) -> &str {
    key.get(..12).unwrap_or(key)
}

fn size(bytes: u64) -> String {
    match bytes {
        0..100_000 => format!("{bytes} B"),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
    }
}

/// A moment in UTC.
fn moment(time: Option<SystemTime>, format: &str) -> String {
    let timestamp = time.and_then(|time| Timestamp::try_from(time).ok());
    timestamp.map_or("unknown".to_owned(), |time| time.strftime(format).to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{described, moment, size};
    use crate::package::{Stored, StoredBuild, StoredPackage};

    #[test]
    fn sizes_and_moments_are_short() {
        assert_eq!((size(512), size(1_949_000)), ("512 B".to_owned(), "1.9 MB".to_owned()));
        let time = std::time::UNIX_EPOCH + Duration::from_mins(1_441);
        assert_eq!(moment(Some(time), "%Y-%m-%dT%H:%MZ"), "1970-01-02T00:01Z");
        assert_eq!(moment(None, "%Y"), "unknown");
    }

    #[test]
    fn what_is_stored_is_told_in_eighty_columns() {
        let time = Some(std::time::UNIX_EPOCH + Duration::from_mins(1_441));
        let package = |architecture: Option<&str>, compiler: Option<&str>| StoredPackage {
            key: "0123456789abcdef".repeat(4),
            architecture: architecture.map(str::to_owned),
            compiler: compiler.map(str::to_owned),
            bytes: 199_999_999,
            made: time,
            used: time,
        };
        let build = |target: &str, is_in_use| StoredBuild {
            target: target.to_owned(),
            bytes: 432_100_000,
            is_in_use,
        };
        let stored = Stored {
            packages: vec![
                package(Some("x86_64"), Some("cc (cc (Debian 12.2.0-14+deb12u1) 12.2.0)")),
                package(None, None),
            ],
            builds: vec![build("x86_64-unknown-linux-gnu", true), build("aarch64-unknown-linux-gnu", false)],
        };
        let expected = "\
package 0123456789ab  x86_64  199.9 MB  built 1970-01-02  used 1970-01-02T00:01Z
        by cc (cc (Debian 12.2.0-14+deb12u1) 12.2.0)
package 0123456789ab  damaged: built again when it is needed  199.9 MB
build   x86_64-unknown-linux-gnu  432.1 MB  a build runs in it
build   aarch64-unknown-linux-gnu  432.1 MB  the next build goes on from it
";
        let told = described(&stored);
        assert_eq!(told, expected);
        assert!(told.lines().all(|line| line.len() <= 80), "{told}");
    }
}
