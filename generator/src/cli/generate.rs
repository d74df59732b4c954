//! `generate`: the stack's files, without the handler's zip.

use std::path::PathBuf;

use super::context::Context;
use super::exit_code::Failure;
use super::formats::{self, Formats};
use super::input::Source;
use super::writing;
use crate::AsgRecycle;
use crate::config::RoleArn;
use crate::names::HANDLER_ZIP;
use crate::output::{Edits, Folder, HANDLER_FOLDER, PackageRecord, Plan, StackRecord, Wanted};
use crate::package::{Contents, Inputs};
use crate::problem::Problems;
use crate::render::Files;
use crate::stack::PackageDigest;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    target: Target,
    /// Which formats to write.
    #[arg(long, value_name = "FORMAT", value_parser = Formats::parser(), default_value = formats::ALL)]
    format: Formats,
    /// Write nothing: print what would change as a diff, and exit 1 if anything would.
    #[arg(long, conflicts_with = "force")]
    check: bool,
}

/// Where a command writes.
#[derive(Debug, clap::Args)]
pub(super) struct Target {
    /// The folder to write to; made where it is missing.
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// Overwrite files that were edited or that asg-recycle did not write.
    #[arg(long)]
    pub(super) force: bool,
}

impl Target {
    /// The folder as it is.
    pub(super) fn open(&self) -> Result<Folder, Failure> {
        let edits = if self.force { Edits::Overwrite } else { Edits::Protect };
        Ok(Folder::open(&self.out, edits)?)
    }
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let stack = arguments.source.stack(context)?;
    let unheard = writing::unheard(&stack);
    let folder = arguments.target.open()?;
    let contents = arguments.source.contents(stack.config(), context)?;
    let plan = plan_without_zip(&folder, stack, &arguments.format, &contents)?;
    if arguments.check {
        return writing::drift(&plan, context);
    }
    writing::upgrade(&plan, context);
    writing::left_out(&plan, &arguments.format, &arguments.target.out, context);
    let has_zip = plan.package().is_some();
    let summary = plan.apply()?;
    writing::summary(&arguments.target.out, &summary, context)?;
    writing::silence(&unheard, context);
    let out = writing::pasted(&arguments.target.out);
    let next = if has_zip {
        format!("next: {out}/README.md says how to deploy\n")
    } else {
        let file = writing::pasted(&arguments.source.file);
        format!("next: `asg-recycle build {file} --out {out}` makes {HANDLER_ZIP}, which the stack deploys\n")
    };
    context.console.result(&next)
}

/// The plan for a folder that keeps the handler zip that it has, if that is the right one.
pub(super) fn plan_without_zip(
    folder: &Folder,
    stack: AsgRecycle,
    formats: &Formats,
    contents: &Contents,
) -> Result<Plan, Failure> {
    let architecture = stack.config().handler.architecture.as_str();
    let kept = folder.package().filter(|record| {
        record.architecture == architecture && Inputs::from(record.inputs.clone()).fit(&contents.inputs())
    });
    let kept = kept.cloned();
    let carried = folder.carried(|path| kept.is_some() && path == HANDLER_ZIP);
    let record = folder.upgraded(record(&stack));
    let files = files(stack, kept.as_ref(), &record, formats, &contents.sources)?;
    Ok(folder.plan(Wanted { files, package: kept, stack: Some(record), carried })?)
}

/// The stack, as far as the next version has to know it.
pub(super) fn record(stack: &AsgRecycle) -> StackRecord {
    let config = stack.config();
    let prefixes = config.groups.name_prefixes.iter().map(|prefix| format!("{prefix}*"));
    let tags = config.groups.tags.iter().map(|(key, value)| format!("{key}={value}"));
    let groups: Vec<String> = prefixes.chain(tags).collect();
    let text = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
    let role = |arn: Option<&RoleArn>| text(arn.map(ToString::to_string));
    let fixed = [
        ("name", config.name.to_string()),
        ("environment", config.environment.to_string()),
        ("region", config.region.to_string()),
        ("permissions.role_path", config.permissions.role_path.to_string()),
        ("permissions.handler_role_arn", role(config.permissions.handler_role_arn.as_ref())),
        ("permissions.machine_role_arn", role(config.permissions.machine_role_arn.as_ref())),
        ("permissions.boundary_arn", text(config.permissions.boundary_arn.as_ref().map(ToString::to_string))),
        (
            "notifications.notifier_function_arn",
            text(config.notifications.notifier_function_arn.as_ref().map(ToString::to_string)),
        ),
        ("handler.alias", text(config.handler.alias.as_ref().map(ToString::to_string))),
        ("locks.create_table", config.locks.create_table.to_string()),
        ("encryption.customer_key", config.encryption.customer_key.to_string()),
        ("package.kind", config.package.kind.as_str().to_owned()),
        ("network", if config.network.is_given() { StackRecord::IN_A_VPC } else { "none" }.to_owned()),
        ("groups", if groups.is_empty() { "all".to_owned() } else { groups.join(", ") }),
    ];
    StackRecord {
        api_calls: stack.machine().api_calls.clone(),
        fixed: fixed.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        ..StackRecord::default()
    }
}

/// The stack with what its roles keep for the version before.
pub(super) fn upgrading(stack: AsgRecycle, record: &StackRecord) -> Result<AsgRecycle, Failure> {
    let stack = stack.upgrading(record.former_api_calls.clone()).map_err(|problems| unmade(&problems))?;
    let stack = if record.keeps_network { stack.keeping_network() } else { stack };
    Ok(match &record.former_notifier {
        Some(arn) => stack.keeping_notifier(arn),
        None => stack,
    })
}

/// The names and the machine have passed already; neither a call of before nor the zip's hash can make a fault of its own.
fn unmade(problems: &Problems) -> Failure {
    Failure::World(format!("{problems:?}"))
}

/// Every text file of the output folder.
pub(super) fn files(
    stack: AsgRecycle,
    package: Option<&PackageRecord>,
    record: &StackRecord,
    formats: &Formats,
    sources: &Files,
) -> Result<Files, Failure> {
    let digest = package.and_then(|record| PackageDigest::from_hex(&record.sha256_hex));
    let stack = upgrading(stack, record)?;
    let stack = match &digest {
        Some(digest) => stack.with_package(digest).map_err(|problems| unmade(&problems))?,
        None => stack,
    };
    let mut files = stack.synth_all(&formats.0);
    files.extend(handler_files(sources));
    Ok(files)
}

/// The handler's crate at its place in the output folder.
pub(super) fn handler_files(sources: &Files) -> Files {
    let place = |(path, contents): (&String, &Vec<u8>)| (format!("{HANDLER_FOLDER}{path}"), contents.clone());
    sources.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::config::Config;

    #[test]
    fn every_key_whose_change_is_dangerous_is_remembered() {
        let stack = AsgRecycle::from_config(Config::with_defaults("demo".parse().unwrap())).unwrap();
        let remembered: BTreeSet<String> = record(&stack).fixed.into_keys().collect();
        assert_eq!(remembered, StackRecord::fixed_keys().map(str::to_owned).collect());
    }

    #[test]
    fn a_role_that_is_given_later_is_a_danger_to_what_runs() {
        let of = |machine: Option<&str>| {
            let mut config = Config::with_defaults("demo".parse().unwrap());
            config.permissions.machine_role_arn = machine.map(|arn| arn.parse().unwrap());
            record(&AsgRecycle::from_config(config).unwrap())
        };
        let given = of(Some("arn:aws:iam::123456789012:role/m"));
        assert_eq!(given.dangers(&given), [""; 0]);
        for dangers in [given.dangers(&of(None)), of(None).dangers(&given)] {
            let [danger] = &dangers[..] else { panic!("{dangers:?}") };
            assert!(danger.starts_with("`permissions.machine_role_arn` was `"), "{danger}");
            assert!(danger.contains("no recycle may run meanwhile"), "{danger}");
        }
    }
}
