//! The function that `local` runs: its binary and its environment, as the stack deploys it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use asg_recycle_handler::contract::{CA_BUNDLE, CONNECTION_VARIABLES, OWN_ROLE_ARNS};
use tempfile::TempDir;

use super::building::Building;
use super::context::Context;
use super::exit_code::Failure;
use super::input::{self, Source};
use crate::AsgRecycle;
use crate::config::{Architecture, TASK_FOLDER};
use crate::local::{Defaults, env_file};
use crate::package;
use crate::runtime::LocalFunction;
use crate::simulate::runner::{PLACE, handler_environment};
use crate::stack::Place;

/// What of this process's environment the function gets, as Lambda would give it.
const PASSED_ON: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_AUTO_SCALING",
    "AWS_ENDPOINT_URL_SFN",
    "AWS_ENDPOINT_URL_SNS",
];

/// The binary and its environment.
#[derive(Debug, clap::Args)]
pub(super) struct FunctionArguments {
    /// Run this binary instead of compiling the handler or taking it from the cache.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cache_dir", "compiler"])]
    bootstrap: Option<PathBuf>,
    #[command(flatten)]
    building: Building,
    /// Variables for the function, `NAME=VALUE` a line; they win over the stack's.
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// AWS is at this URL, for all services: an emulator's.
    #[arg(long, value_name = "URL")]
    pub(super) endpoint_url: Option<String>,
    /// The account that the stack is deployed to.
    #[arg(long, value_name = "ACCOUNT", default_value = PLACE.account)]
    account: String,
    /// The region that it is deployed to [default: `AWS_REGION`, or eu-west-2].
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
}

/// A function that can be started.
pub(super) struct Prepared {
    pub(super) stack: AsgRecycle,
    pub(super) function: LocalFunction,
    /// What sample events name.
    pub(super) defaults: Defaults,
    /// Where it was unpacked; removed with the value.
    _unpacked: Option<TempDir>,
}

impl FunctionArguments {
    /// Builds the function; `offline` is the endpoint of a modelled account.
    pub(super) fn prepare(
        &self,
        source: &Source,
        offline: Option<&str>,
        context: &mut Context,
    ) -> Result<Prepared, Failure> {
        let stack = source.stack(context)?;
        let given = self.given()?;
        let variable = |name: &str| {
            let value = context.environment.get(OsStr::new(name))?.to_str()?;
            (!value.is_empty()).then(|| value.to_owned())
        };
        let region =
            self.region.clone().or_else(|| variable("AWS_REGION")).or_else(|| variable("AWS_DEFAULT_REGION"));
        let region = region.filter(|_| offline.is_none()).unwrap_or_else(|| PLACE.region.to_owned());
        let account = if offline.is_some() { PLACE.account } else { &self.account };
        let place = Place { region: &region, account, ..PLACE };
        let mut environment = handler_environment(stack.stack(), place);
        if offline.is_none() {
            environment
                .extend(PASSED_ON.iter().filter_map(|name| Some(((*name).to_owned(), variable(name)?))));
        }
        environment.extend(self.own_variables()?);
        if let Some(url) = offline.or(self.endpoint_url.as_deref()) {
            // Those of single services, too: the package may set one, and it would win.
            let names = CONNECTION_VARIABLES.iter().map(|variable| variable.name);
            let names = names.filter(|name| name.starts_with("AWS_ENDPOINT_URL"));
            environment.extend(names.map(|name| (name.to_owned(), url.to_owned())));
        }
        self.credentials(&mut environment, offline.is_some())?;
        let (program, unpacked) = match given {
            Some(program) => (program, None),
            None => self.built(&stack, source, context).map(|(program, folder)| (program, Some(folder)))?,
        };
        let folder = program.parent().unwrap_or(Path::new(".")).to_owned();
        let name = stack.stack().text(&stack.stack().function.name, place);
        let settings = &stack.config().handler.settings;
        if let Some(bundle) = settings.get(CA_BUNDLE.name).and_then(|path| path.strip_prefix(TASK_FOLDER)) {
            let bundle = folder.join(bundle).display().to_string(); // the package lies elsewhere here
            environment.entry(CA_BUNDLE.name.to_owned()).or_insert(bundle);
        }
        for (key, value) in lambda_variables(&stack, &name, &region, &folder) {
            environment.entry(key.to_owned()).or_insert(value);
        }
        let function = LocalFunction {
            program,
            arguments: Vec::new(),
            folder,
            environment,
            arn: format!("arn:aws:lambda:{region}:{account}:function:{name}"),
            name,
            timeout: Duration::from_secs(stack.stack().function.timeout_seconds.into()),
        };
        let machine = stack.stack().text(&stack.stack().machine.name, place);
        let roles = function.environment.get(OWN_ROLE_ARNS.name);
        let role = roles.and_then(|roles| roles.rsplit(',').next()).map(|role| role.trim().to_owned());
        let defaults = Defaults { machine, role, account: account.to_owned(), region, ..Defaults::default() };
        Ok(Prepared { stack, function, defaults, _unpacked: unpacked })
    }

    /// Files whose change changes the function.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.bootstrap.as_deref().into_iter().chain(self.env_file.as_deref())
    }

    fn own_variables(&self) -> Result<BTreeMap<String, String>, Failure> {
        let Some(path) = &self.env_file else { return Ok(BTreeMap::new()) };
        let text = input::read_text(path)?;
        env_file::parse(&text).map_err(|faults| {
            let name = path.display();
            let lines: Vec<String> = faults.iter().map(|fault| format!("{name}:{fault}")).collect();
            Failure::Input(lines.join("\n"))
        })
    }

    /// The SDK signs every call; what answers on this machine does not look at it.
    fn credentials(
        &self,
        environment: &mut BTreeMap<String, String>,
        is_offline: bool,
    ) -> Result<(), Failure> {
        let names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
        if names.iter().all(|name| environment.contains_key(*name)) {
            return Ok(());
        }
        if !is_offline && self.endpoint_url.is_none() {
            return Err(Failure::Input(
                "there are no credentials in the environment for the handler's calls to AWS: \
                 `eval \"$(aws configure export-credentials --format env)\"` puts them there, `--endpoint-url URL` goes to an \
                 emulator, and `--offline` needs no AWS at all"
                    .to_owned(),
            ));
        }
        environment.extend(names.map(|name| (name.to_owned(), "local".to_owned())));
        Ok(())
    }

    /// The binary that was named.
    fn given(&self) -> Result<Option<PathBuf>, Failure> {
        let Some(path) = &self.bootstrap else { return Ok(None) };
        let missing = |error| format!("cannot find the binary `{}`: {error}", path.display());
        path.canonicalize().map(Some).map_err(|error| Failure::Input(missing(error)))
    }

    /// The binary that was compiled, and the folder that it was unpacked to.
    fn built(
        &self,
        stack: &AsgRecycle,
        source: &Source,
        context: &mut Context,
    ) -> Result<(PathBuf, TempDir), Failure> {
        let here = match std::env::consts::ARCH {
            "aarch64" => Architecture::Arm64,
            _ => Architecture::X86_64,
        };
        if stack.config().handler.architecture != here {
            let note =
                format!("note: this machine runs {0}, so the handler is built for {0} here\n", here.as_str());
            context.console.note(&note);
        }
        let built = self.building.build(here, &source.contents(stack.config(), context)?, context)?;
        let folder =
            tempfile::tempdir().map_err(|error| Failure::World(format!("no temporary folder: {error}")))?;
        package::unpack(&built.zip, folder.path())
            .map_err(|error| Failure::World(format!("cannot unpack the handler: {error}")))?;
        Ok((folder.path().join("bootstrap"), folder))
    }
}

/// What Lambda sets.
fn lambda_variables(
    stack: &AsgRecycle,
    name: &str,
    region: &str,
    folder: &Path,
) -> Vec<(&'static str, String)> {
    let memory = stack.stack().function.memory_megabytes.to_string();
    vec![
        ("AWS_REGION", region.to_owned()),
        ("AWS_DEFAULT_REGION", region.to_owned()),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023".to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", name.to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", memory),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON".to_owned()),
        ("AWS_LAMBDA_LOG_LEVEL", stack.config().handler.log_level.as_str().to_uppercase()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "local".to_owned()),
        ("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin".to_owned()),
        ("LAMBDA_TASK_ROOT", folder.display().to_string()),
        ("TZ", ":UTC".to_owned()),
    ]
}
