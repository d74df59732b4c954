//! `package`: the handler's zip, and what there is to know of it without building one.

use std::path::{Path, PathBuf};

use super::building::{Building, read_zip, record};
use super::context::Context;
use super::exit_code::Failure;
use super::generate::{Target, handler_files};
use super::input::Source;
use super::writing;
use crate::config::Architecture;
use crate::names::HANDLER_ZIP;
use crate::output::{Edits, Folder, HANDLER_FOLDER, PackageRecord, Wanted};
use crate::package::{self, Contents, Difference, Inputs, Verification};
use crate::render::Files;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// The folder to write to; made where it is missing.
    #[arg(long, value_name = "DIR", required_unless_present = "verify")]
    out: Option<PathBuf>,
    /// Overwrite files that were edited or that asg-recycle did not write.
    #[arg(long)]
    force: bool,
    /// Build nothing: say whether a build is needed, and exit 1 if one is.
    #[arg(long, conflicts_with_all = ["force", "verify"])]
    check: bool,
    /// With --check: name the first input that has changed, with both values.
    #[arg(long, requires = "check")]
    explain: bool,
    /// Write nothing: compare a zip, entry by entry, with the one that these sources give; exit 1 if it is another.
    #[arg(long, value_name = "ZIP", conflicts_with_all = ["out", "force"])]
    verify: Option<PathBuf>,
    #[command(flatten)]
    building: Building,
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let config = arguments.source.config(context)?;
    let architecture = config.handler.architecture;
    let contents = arguments.source.contents(&config, context)?;
    match (&arguments.verify, &arguments.out) {
        (Some(zip), _) => verify(arguments, zip, architecture, &contents, context),
        (None, Some(out)) => {
            let target = Target { out: out.clone(), force: arguments.force };
            if arguments.check {
                check(arguments, &target, architecture, &contents, context)
            } else {
                build(arguments, &target, architecture, &contents, context)
            }
        }
        (None, None) => Err(Failure::Input("name the folder to write to with `--out`".to_owned())),
    }
}

fn build(
    arguments: &Arguments,
    target: &Target,
    architecture: Architecture,
    contents: &Contents,
    context: &mut Context,
) -> Result<(), Failure> {
    let folder = target.open()?;
    let built = arguments.building.build(architecture, contents, context)?;
    let record = record(&built, architecture);
    let is_stale = folder.manifest().package.as_ref() != Some(&record);
    let plan = folder.plan(wanted(&folder, built.zip, record, &contents.sources))?;
    writing::summary(&target.out, &plan.apply()?, context)?;
    let (file, out) = (writing::pasted(&arguments.source.file), writing::pasted(&target.out));
    let next = if is_stale {
        format!("next: `asg-recycle generate {file} --out {out}` puts the zip's hash into the stack\n")
    } else {
        format!("next: {out}/README.md says how to deploy\n")
    };
    context.console.result(&next)
}

/// The zip and the crate it is built from; every other generated file stays.
fn wanted(folder: &Folder, zip: Vec<u8>, record: PackageRecord, sources: &Files) -> Wanted {
    let mut files = handler_files(sources);
    files.insert(HANDLER_ZIP.to_owned(), zip);
    let carried = folder.carried(|path| path != HANDLER_ZIP && !path.starts_with(HANDLER_FOLDER));
    Wanted { files, package: Some(record), stack: folder.manifest().stack.clone(), carried }
}

/// Says whether a build would give another zip than the folder has.
fn check(
    arguments: &Arguments,
    target: &Target,
    architecture: Architecture,
    contents: &Contents,
    context: &mut Context,
) -> Result<(), Failure> {
    let request = arguments.building.request(architecture, context)?;
    let now = package::inputs(&request, contents)?;
    let folder = Folder::open(&target.out, Edits::Protect)?;
    let zip = target.out.join(HANDLER_ZIP);
    let zip = zip.display();
    let reason = match (folder.package(), &folder.manifest().package) {
        (None, None) => "the folder has none yet".to_owned(),
        (None, Some(_)) => "it is gone, or is not the one that was written".to_owned(),
        (Some(record), _) => match now.first_difference(&Inputs::from(record.inputs.clone())) {
            None => return context.console.result(&format!("{zip}: up to date, no build is needed\n")),
            Some(difference) if arguments.explain => {
                // Of the settings the hash says nothing, and the zip that is there has the former ones.
                let former = std::fs::read(target.out.join(HANDLER_ZIP)).unwrap_or_default();
                let settings = package::changed_settings(&former, contents);
                explained(&difference) + &settings.iter().map(setting).collect::<String>()
            }
            Some(difference) => format!("`{}` has changed", difference.name),
        },
    };
    context.console.result(&format!("{zip}: a build is needed: {reason}\n"))?;
    Err(Failure::Findings)
}

fn explained(difference: &Difference) -> String {
    let value =
        |value: &Option<String>| value.as_ref().map_or("absent".to_owned(), |text| format!("`{text}`"));
    let (before, now) = (value(&difference.before), value(&difference.now));
    format!("`{}` has changed\n  was {before}\n  is  {now}", difference.name)
}

/// A setting with both values.
fn setting(difference: &Difference) -> String {
    let value =
        |value: &Option<String>| value.as_ref().map_or("absent".to_owned(), |text| format!("`{text}`"));
    let (before, now) = (value(&difference.before), value(&difference.now));
    format!("\n  `handler.settings`, `{}`: was {before}, is {now}", difference.name)
}

fn verify(
    arguments: &Arguments,
    zip: &Path,
    architecture: Architecture,
    contents: &Contents,
    context: &mut Context,
) -> Result<(), Failure> {
    let bytes = read_zip(zip)?;
    let built = arguments.building.build(architecture, contents, context)?;
    let verdict = package::verify(&bytes, &built.zip)
        .map_err(|fault| Failure::Input(format!("`{}`: {fault}", zip.display())))?;
    context.console.result(&described(&verdict, &zip.display().to_string()))?;
    if verdict.is_identical { Ok(()) } else { Err(Failure::Findings) }
}

fn described(verdict: &Verification, zip: &str) -> String {
    let mut lines = Vec::new();
    for entry in &verdict.entries {
        let sign = if entry.faults.is_empty() { "=" } else { "~" };
        lines.push(format!("{sign} {}", entry.name));
        lines.extend(entry.faults.iter().map(|fault| format!("    {fault}")));
    }
    let sound = verdict.entries.iter().all(|entry| entry.faults.is_empty());
    lines.push(match (verdict.is_identical, sound) {
        (true, _) => format!("{zip}: byte for byte what these sources give"),
        (false, true) => {
            format!("{zip}: the entries are right, but their order, their compression or what wrote the zip is another")
        }
        (false, false) => format!("{zip}: not what these sources give"),
    });
    lines.join("\n") + "\n"
}
