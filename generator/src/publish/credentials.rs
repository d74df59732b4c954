//! Credentials as every AWS tool finds them, without an async runtime: what the chain of providers asks for is done at once.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::pin::pin;
use std::process::Command;
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use oxhttp::model::{Request, Response};
use reqsign_core::{CommandExecute, CommandOutput, Context, Env, Error, FileRead, HttpSend, Result};

use crate::http;

/// The environment of the process, as text.
#[derive(Debug, Clone)]
pub(super) struct Environment(pub(super) HashMap<String, String>);

/// What the chain asks of this machine.
#[derive(Debug, Clone, Copy)]
struct Machine;

/// Longest wait for a service that issues credentials; and for one of the machine itself, which a desk does not have.
const PATIENCE: Duration = Duration::from_secs(30);
const LINK_LOCAL_PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn context(environment: Environment) -> Context {
    let context = Context::new().with_file_read(Machine).with_http_send(Machine);
    context.with_command_execute(Machine).with_env(environment)
}

/// The value of a future that never waits: everything beneath it is done when it is asked for.
pub(super) fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = TaskContext::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

impl Env for Environment {
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
