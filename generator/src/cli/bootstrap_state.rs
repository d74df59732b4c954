//! `bootstrap-state`: the bucket that holds Terraform's state, and on request the table that locks it.

use super::context::Context;
use super::exit_code::Failure;
use super::operator::Caller;
use crate::bootstrap::{Aspect, AspectOutcome, BootstrapError, StatePlace};

/// Width of the names of what is made, in characters.
const WIDTH: usize = 22;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The bucket [default: `ACCOUNT-terraform`].
    #[arg(long, value_name = "BUCKET")]
    bucket: Option<String>,
    /// A table of `DynamoDB`, too: Terraform before 1.10 locks with one, later versions lock in the bucket.
    #[arg(long, value_name = "TABLE", num_args = 0..=1, default_missing_value = "terraform_locks")]
    lock_table: Option<String>,
    /// Change nothing: say what would be changed.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    caller: Caller,
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let client = arguments.caller.client(context)?;
    let place = StatePlace::of_caller(&client, arguments.bucket.as_deref(), arguments.lock_table.clone())?;
    let StatePlace { account, region, bucket, table } = &place;
    context.console.result(&format!("account {account}, region {region}, s3://{bucket}\n"))?;
    let mut done = 0;
    let mut printed = Ok(());
    let made = place.make(&client, arguments.dry_run, &mut |aspect, outcome| {
        done += usize::from(*outcome == AspectOutcome::Done);
        let line = line(aspect, outcome, arguments.dry_run, table.as_deref());
        let result = context.console.result(&line);
        printed = std::mem::replace(&mut printed, Ok(())).and(result);
    });
    printed?;
    made?;
    let summary = match (done, arguments.dry_run) {
        (0, _) => "all is as it should be; nothing was changed\n".to_owned(),
        (_, true) => "nothing was changed: this was a dry run\n".to_owned(),
        (_, false) => {
            format!(
                "next: `terraform init` with `-backend-config=\"bucket={bucket}\"`, as the output's README.md has it\n"
            )
        }
    };
    context.console.result(&summary)?;
    Ok(())
}

fn line(aspect: Aspect, outcome: &AspectOutcome, dry_run: bool, table: Option<&str>) -> String {
    let name = match aspect {
        Aspect::Bucket => "bucket".to_owned(),
        Aspect::Versioning => "versioning".to_owned(),
        Aspect::Encryption => "encryption".to_owned(),
        Aspect::PublicAccess => "public access".to_owned(),
        Aspect::Transport => "requests without TLS".to_owned(),
        Aspect::Table => format!("table {}", table.unwrap_or_default()),
    };
    let (does, is) = match aspect {
        Aspect::Bucket | Aspect::Table => ("made", "is there"),
        Aspect::Versioning => ("switched on", "is on"),
        Aspect::Encryption => ("set to AES256", "is on"),
        Aspect::PublicAccess => ("blocked", "is blocked"),
        Aspect::Transport => ("refused", "are refused"),
    };
    let what = match outcome {
        AspectOutcome::Done if dry_run => format!("would be {does}"),
        AspectOutcome::Done => does.to_owned(),
        AspectOutcome::Kept(what) if what.is_empty() => is.to_owned(),
        AspectOutcome::Kept(what) => format!("{is} ({what})"),
    };
    format!("  {name:WIDTH$}{what}\n")
}

impl From<BootstrapError> for Failure {
    fn from(error: BootstrapError) -> Self {
        match error {
            BootstrapError::Aws(error) => error.into(),
            BootstrapError::BucketName { .. }
            | BootstrapError::Foreign { .. }
            | BootstrapError::Region { .. }
            | BootstrapError::TableKey { .. } => Self::Input(error.to_string()),
            BootstrapError::Policy { .. } => Self::World(error.to_string()),
        }
    }
}
