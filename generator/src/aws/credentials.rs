//! Credentials as every AWS tool finds them, without an async runtime: what the chain of providers asks for is done at once.
//! And the region, where the profile has it.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::pin::pin;
use std::process::Command;
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use ini::Ini;
use oxhttp::model::{Request, Response};
use reqsign_core::{CommandExecute, CommandOutput, Context, Env, Error, FileRead, HttpSend, Result};

use crate::http;

/// The environment of the process, as text.
#[derive(Debug, Clone)]
pub(crate) struct TextEnvironment(pub(crate) HashMap<String, String>);

/// What the chain asks of this machine.
#[derive(Debug, Clone, Copy)]
struct Machine;

/// Longest wait for a service that issues credentials; and for one of the machine itself, which a desk does not have.
const PATIENCE: Duration = Duration::from_secs(30);
const LINK_LOCAL_PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn context(environment: TextEnvironment) -> Context {
    let context = Context::new().with_file_read(Machine).with_http_send(Machine);
    context.with_command_execute(Machine).with_env(environment)
}

/// The value of a future that never waits: everything beneath it is done when it is asked for.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = TaskContext::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

impl TextEnvironment {
    /// The environment of the process, without what is no text.
    pub(crate) fn of(process: &BTreeMap<OsString, OsString>) -> Self {
        let texts = process.iter();
        let texts =
            texts.filter_map(|(name, value)| Some((name.to_str()?.to_owned(), value.to_str()?.to_owned())));
        Self(texts.collect())
    }

    /// The environment with a profile in place of whatever credentials stand in it, as the AWS CLI has it.
    #[must_use]
    pub(crate) fn with_profile(mut self, profile: Option<&str>) -> Self {
        if let Some(profile) = profile {
            for key in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
                self.0.remove(key);
            }
            self.0.insert("AWS_PROFILE".to_owned(), profile.to_owned());
        }
        self
    }

    /// The value of a variable that is set to something.
    pub(crate) fn set(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The region that the environment names, else the profile.
    pub(crate) fn region(&self) -> Option<String> {
        let named = self.set("AWS_REGION").or_else(|| self.set("AWS_DEFAULT_REGION")).map(str::to_owned);
        named.or_else(|| {
            let home = || Some(PathBuf::from(self.set("HOME")?).join(".aws/config"));
            let file = self.set("AWS_CONFIG_FILE").map(PathBuf::from).or_else(home)?;
            let config = Ini::load_from_file(file).ok()?;
            let section = match self.set("AWS_PROFILE").unwrap_or("default") {
                "default" => "default".to_owned(),
                profile => format!("profile {profile}"),
            };
            config.get_from(Some(section), "region").map(str::to_owned)
        })
    }
}

impl Env for TextEnvironment {
    fn var(&self, key: &str) -> Option<String> {
        self.0.get(key).cloned()
    }

    fn vars(&self) -> HashMap<String, String> {
        self.0.clone()
    }

    fn home_dir(&self) -> Option<PathBuf> {
        self.var("HOME").map(PathBuf::from)
    }
}

impl FileRead for Machine {
    async fn file_read(&self, path: &str) -> Result<Vec<u8>> {
        std::fs::read(path).map_err(|error| Error::config_invalid(format!("cannot read `{path}`: {error}")))
    }
}

impl HttpSend for Machine {
    async fn http_send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let is_link_local = request.uri().host().is_some_and(|host| host.starts_with("169.254."));
        let patience = if is_link_local { LINK_LOCAL_PATIENCE } else { PATIENCE };
        let answer = http::send(request.map(|body| body.to_vec()), patience);
        let answer = answer.map_err(|error| Error::unexpected(error.to_string()))?;
        Ok(answer.map(Bytes::from))
    }
}

impl CommandExecute for Machine {
    async fn command_execute<'a>(&'a self, program: &'a str, args: &'a [&'a str]) -> Result<CommandOutput> {
        let output = Command::new(OsStr::new(program)).args(args).output();
        let output =
            output.map_err(|error| Error::config_invalid(format!("cannot run `{program}`: {error}")))?;
        Ok(CommandOutput {
            status: output.status.code().unwrap_or(-1),
            stdout: output.stdout,
            stderr: output.stderr,
        })
    }
}
