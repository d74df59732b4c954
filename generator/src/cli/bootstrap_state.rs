//! `bootstrap-state`: the bucket that holds Terraform's state, and on request the table that locks it.

use super::acting::confirm;
use super::context::Context;
use super::exit_code::Failure;
use super::operator::Caller;
use crate::bootstrap::{Aspect, BootstrapError, StatePlace};

/// Width of the names of what is made, in characters.
const WIDTH: usize = 22;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The bucket [default: `ACCOUNT-terraform`].
    #[arg(long, value_name = "BUCKET")]
    bucket: Option<String>,
    /// A table of DynamoDB, too: Terraform before 1.10 locks with one, later versions lock in the bucket.
    #[arg(long, value_name = "TABLE", num_args = 0..=1, default_missing_value = "terraform_locks")]
    lock_table: Option<String>,
    /// Change nothing: say what would be changed.
    #[arg(long)]
    dry_run: bool,
    /// Change a bucket that is there without asking.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    caller: Caller,
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let client = arguments.caller.client(context)?;
    let place = StatePlace::of_caller(&client, arguments.bucket.as_deref(), arguments.lock_table.clone())?;
    let StatePlace { account, region, bucket, table } = place.clone();
    context.console.result(&format!("account {account}, region {region}, s3://{bucket}\n"))?;
    let found = place.look(&client)?;
    let table = table.unwrap_or_default();
    let (mut missing, mut lines) = (0, String::new());
    for (aspect, found) in found.aspects() {
        missing += usize::from(found.is_none());
        lines += &line(aspect, found, &table);
    }
    context.console.result(&lines)?;
    if missing == 0 {
        return context.console.result("all is as it should be; nothing was changed\n");
    }
    if arguments.dry_run {
        return context.console.result("nothing was changed: this was a dry run\n");
    }
    if found.changes_what_is_there() {
        context.console.note("the bucket is there, and whoever uses it may notice what changes\n");
        confirm(arguments.yes, context)?;
    }
    let mut done = Vec::new();
    let made = found.make(&client, &mut |aspect| done.push(words(aspect, &table).0));
    if !done.is_empty() {
        context.console.result(&format!("done: {}\n", done.join(", ")))?;
    }
    made?;
    context.console.result(&format!(
        "next: `terraform init` with `-backend-config=\"bucket={bucket}\"`, as the output's README.md has it\n"
    ))
}

fn line(aspect: Aspect, found: Option<&str>, table: &str) -> String {
    let (name, does, is) = words(aspect, table);
    let what = match found {
        None => format!("to be {does}"),
        Some("") => is.to_owned(),
        Some(what) => format!("{is} ({what})"),
    };
    format!("  {name:WIDTH$}{what}\n")
}

/// What an aspect is called, what is done where it is missing, and what it is where it is not.
fn words(aspect: Aspect, table: &str) -> (String, &'static str, &'static str) {
    let (name, does, is) = match aspect {
        Aspect::Bucket => ("bucket", "made", "is there"),
        Aspect::Versioning => ("versioning", "switched on", "is on"),
        Aspect::Encryption => ("encryption", "set to AES256", "is on"),
        Aspect::PublicAccess => ("public access", "blocked", "is blocked"),
        Aspect::Transport => ("requests without TLS", "refused", "are refused"),
        Aspect::Table => return (format!("table {table}"), "made", "is there"),
    };
    (name.to_owned(), does, is)
}

impl From<BootstrapError> for Failure {
    fn from(error: BootstrapError) -> Self {
        match error {
            BootstrapError::Aws(error) => error.into(),
            BootstrapError::BucketName { .. }
            | BootstrapError::Foreign { .. }
            | BootstrapError::Region { .. }
            | BootstrapError::TableKey { .. } => Self::Input(error.to_string()),
            BootstrapError::Unreadable { .. } => Self::World(error.to_string()),
        }
    }
}
