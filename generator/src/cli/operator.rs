//! What every command that operates a stack takes: the stack, and where and as whom it is asked about.

use std::ffi::OsStr;
use std::io::Write as _;

use super::context::Context;
use super::exit_code::Failure;
use crate::aws::{AwsClient, AwsError, AwsPlace, TextEnvironment};
use crate::config::DeployedName;
use crate::operate::session::{StackError, StackSession};

/// The stack, and who asks.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Operator {
    /// The stack's deployed name: `name` and `environment` of its file with a hyphen between, e.g. `webops-production`
    /// [default: `$ASG_RECYCLE_STACK`].
    #[arg(long, value_name = "STACK")]
    stack: Option<String>,
    #[command(flatten)]
    pub(super) caller: Caller,
}

/// One group of the stack, and who asks.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct OneGroup {
    /// The group.
    #[arg(value_name = "GROUP")]
    pub(super) group: String,
    #[command(flatten)]
    pub(super) operator: Operator,
}

/// Where and as whom AWS is asked.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Caller {
    /// The profile whose credentials are used [default: as the AWS CLI].
    #[arg(long, value_name = "PROFILE")]
    pub(super) profile: Option<String>,
    /// The region [default: as the AWS CLI].
    #[arg(long, value_name = "REGION")]
    pub(super) region: Option<String>,
    /// A role to take on.
    #[arg(long, value_name = "ARN")]
    role_arn: Option<String>,
    /// Where all services are, if not at AWS.
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
}

impl Caller {
    /// The same in a region, where none is said.
    pub(super) fn or_in(&self, region: &str) -> Self {
        Self { region: self.region.clone().or_else(|| Some(region.to_owned())), ..self.clone() }
    }

    /// A client that asks so; where AWS has to be asked again, that is said.
    pub(super) fn client(&self, context: &Context) -> Result<AwsClient, AwsError> {
        self.client_telling(context, said)
    }

    /// A client that asks so; `on_wait` is told where AWS has to be asked again.
    fn client_telling(
        &self,
        context: &Context,
        on_wait: impl Fn(&str) + 'static,
    ) -> Result<AwsClient, AwsError> {
        let place = AwsPlace {
            region: self.region.clone(),
            profile: self.profile.clone(),
            role_arn: self.role_arn.clone(),
            endpoint: self.endpoint_url.clone(),
        };
        let client = AwsClient::new(place, TextEnvironment::of(&context.environment), on_wait)?;
        Ok(client.sharing(context.patience.clone()))
    }
}

/// Says that AWS has to be asked again.
pub(super) fn said(text: &str) {
    let _ = writeln!(std::io::stderr(), "note: {text}"); // whoever does not read it does not matter
}

impl Operator {
    /// Whether anything of it is said on the command line.
    pub(super) fn is_given(&self) -> bool {
        let Self { stack, caller: Caller { profile, region, role_arn, endpoint_url } } = self;
        [stack, profile, region, role_arn, endpoint_url].iter().any(|said| said.is_some())
    }

    /// The stack's name, where one is said.
    pub(super) fn stack_meant(&self, context: &Context) -> Option<String> {
        stack_name(self.stack.as_deref(), context).ok().map(|name| name.to_string())
    }

    /// With the credentials of a profile, and of another stack where one is named.
    pub(super) fn of_profile(&self, profile: String, stack: Option<String>) -> Self {
        let caller = Caller { profile: Some(profile), ..self.caller.clone() };
        Self { stack: stack.or_else(|| self.stack.clone()), caller }
    }

    /// The same in a region.
    pub(super) fn in_region(&self, region: String) -> Self {
        Self { caller: Caller { region: Some(region), ..self.caller.clone() }, ..self.clone() }
    }

    /// Finds the stack; where AWS has to be asked again, that is said.
    pub(super) fn open(&self, context: &Context) -> Result<StackSession, Failure> {
        self.open_telling(context, said)
    }

    /// Finds the stack; `on_wait` is told where AWS has to be asked again.
    pub(super) fn open_telling(
        &self,
        context: &Context,
        on_wait: impl Fn(&str) + 'static,
    ) -> Result<StackSession, Failure> {
        let (client, stack) = self.asking(context, on_wait)?;
        Ok(StackSession::open(client, &stack)?)
    }

    /// Who asks, and the stack that is to be found; `on_wait` is told where AWS has to be asked again.
    pub(super) fn asking(
        &self,
        context: &Context,
        on_wait: impl Fn(&str) + 'static,
    ) -> Result<(AwsClient, DeployedName), Failure> {
        let client = self.caller.client_telling(context, on_wait)?;
        Ok((client, stack_name(self.stack.as_deref(), context)?))
    }
}

/// The stack's name: as it is given, else as the environment has it.
pub(super) fn stack_name(given: Option<&str>, context: &Context) -> Result<DeployedName, Failure> {
    let set = || Some(context.environment.get(OsStr::new("ASG_RECYCLE_STACK"))?.to_str()?.to_owned());
    let name = given.map(str::to_owned).or_else(set).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| {
        Failure::Input("which stack? write `--stack NAME-ENVIRONMENT`, or set `ASG_RECYCLE_STACK`".to_owned())
    })?;
    // AWS would refuse a call that names its function so, and not say which name is wrong.
    name.parse().map_err(Failure::Input)
}

impl From<AwsError> for Failure {
    fn from(error: AwsError) -> Self {
        let message = error.to_string();
        if error.is_of_the_asker() { Self::Input(message) } else { Self::World(message) }
    }
}

impl From<StackError> for Failure {
    fn from(error: StackError) -> Self {
        match error {
            StackError::Aws(error) => error.into(),
            StackError::NoStack { .. } => Self::Input(error.to_string()),
            StackError::NoHandler { .. } => {
                Self::World(format!("{error}; `asg-recycle doctor` says what to do"))
            }
            StackError::Settings { .. } | StackError::Encrypted { .. } => Self::World(error.to_string()),
        }
    }
}

/// The time of this machine.
#[expect(clippy::disallowed_methods, reason = "ages are told to a person")]
pub(super) fn now() -> jiff::Timestamp {
    jiff::Timestamp::try_from(std::time::SystemTime::now()).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}
