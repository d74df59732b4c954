//! `operator-policy`: the least policy of whoever operates a stack, computed from the calls that these commands make.

use super::context::Context;
use super::exit_code::Failure;
use super::operator::stack_name;
use crate::aws::TextEnvironment;
use crate::config::RoleArn;
use crate::names::regions;
use crate::operate::place::StackPlace;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The stack's deployed name, e.g. `webops-production` [default: `$ASG_RECYCLE_STACK`].
    #[arg(long, value_name = "STACK")]
    stack: Option<String>,
    /// The region [default: as the AWS CLI].
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// The account's 12 digits.
    #[arg(long, value_name = "ACCOUNT", default_value = "*", value_parser = account)]
    account: String,
    /// ARN of a role that somebody else keeps for the stack (`permissions.*_role_arn`), which `doctor` asks about; may be given twice.
    #[arg(long = "role", value_name = "ARN")]
    roles: Vec<RoleArn>,
    /// For acting too: starting, stopping and putting back.
    #[arg(long)]
    act: bool,
}

/// An account's digits, or `*` for whichever it is.
fn account(text: &str) -> Result<String, &'static str> {
    let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let known = Some(text.to_owned()).filter(|_| is_account || text == "*");
    known.ok_or("write its 12 digits, e.g. `123456789012`")
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let environment = TextEnvironment::of(&context.environment);
    let region = environment.region_or(arguments.region.as_deref())?;
    if !regions::is_known(&region) {
        let meant = regions::meant(&region).map(|meant| format!("; did you mean `{meant}`?"));
        let text = format!("note: AWS had no region `{region}` on {}", regions::LISTED_ON);
        context.console.note(&format!("{text}{}\n", meant.unwrap_or_default()));
    }
    let place = StackPlace {
        stack: stack_name(arguments.stack.as_deref(), context)?.to_string(),
        region,
        account: arguments.account.clone(),
    };
    let roles: Vec<String> = arguments.roles.iter().map(ToString::to_string).collect();
    context.console.result(&format!("{:#}\n", place.operator_policy(arguments.act, &roles)))
}
