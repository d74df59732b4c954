//! Lambda's two faces on one port: the Runtime API for the function's process, and `Invoke` (2015-03-31) for whoever has an
//! event, at the paths of Amazon's own emulator. Any name of a function is this one.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::account::AwsCall;
use crate::http::{self, Call, PortError, Reply};
use crate::runtime::{Outcome, PAYLOAD_MAX, Sandbox, api};

/// Where events are sent.
pub const INVOCATIONS_PATH: &str = "/2015-03-31/functions/function/invocations";
/// Where `invoke` asks what an invocation has started; the invocation's id follows.
pub const EXECUTIONS_PATH: &str = "/asg-recycle/executions/";
/// Where `invoke` asks what its samples are to be about.
pub const DEFAULTS_PATH: &str = "/asg-recycle/defaults";
/// Invocations whose executions are remembered.
const REMEMBERED_MAX: usize = 100;

/// What sample events name where nobody says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defaults {
    /// A group that is there.
    pub group: Option<String>,
    /// Another that is there.
    pub other_group: Option<String>,
    /// An instance of the group.
    pub instance: Option<String>,
    /// The ARN of a role of the stack's own.
    pub role: Option<String>,
    /// The state machine's name.
    pub machine: String,
    /// The account's 12 digits.
    pub account: String,
    /// The region.
    pub region: String,
    /// The launch template of the group.
    pub template: Option<String>,
}

/// What is served besides the sandbox.
#[derive(Default)]
pub struct Endpoint {
    defaults: Mutex<Defaults>,
    /// Inputs of executions by the invocation that started them, the oldest first.
    executions: Mutex<VecDeque<(String, Value)>>,
}

impl Endpoint {
    /// Sets what sample events name.
    pub fn set_defaults(&self, defaults: Defaults) {
        *self.defaults.lock().unwrap_or_else(PoisonError::into_inner) = defaults;
    }

    /// Remembers what the invocation under way has started by a call.
    pub fn remember(&self, sandbox: &Sandbox, call: &AwsCall, answer: &Value) {
        let Some(request_id) = sandbox.current().filter(|_| call.action == "StartExecution") else { return };
        let text = |key: &str| call.arguments.get(key).and_then(Value::as_str).unwrap_or_default();
        let input: Value = serde_json::from_str(text("input")).unwrap_or_default();
        let execution = json!({"execution_arn": answer.get("executionArn"), "input": input});
        let mut known = self.executions.lock().unwrap_or_else(PoisonError::into_inner);
        known.push_back((request_id, execution));
        if known.len() > REMEMBERED_MAX {
            known.pop_front();
        }
    }

    fn executions_of(&self, request_id: &str) -> Vec<Value> {
        let known = self.executions.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().filter(|(id, _)| id == request_id).map(|(_, one)| one.clone()).collect()
    }
}

/// Serves a sandbox at an address; port 0 is any that is free.
///
/// # Errors
/// If the port is not to be had.
pub fn serve(
    address: SocketAddr,
    sandbox: &Arc<Sandbox>,
    endpoint: &Arc<Endpoint>,
) -> Result<SocketAddr, PortError> {
    let (sandbox, endpoint) = (Arc::clone(sandbox), Arc::clone(endpoint));
    http::serve(address, PAYLOAD_MAX, move |call| answer(call, &sandbox, &endpoint))
}

fn answer(call: &Call, sandbox: &Arc<Sandbox>, endpoint: &Endpoint) -> Reply {
    if let Some(reply) = api::answer(call, sandbox) {
        return reply;
    }
    let is_invocation = call.path.strip_prefix("/2015-03-31/functions/").is_some_and(|rest| {
        rest.split_once('/').is_some_and(|(name, rest)| !name.is_empty() && rest == "invocations")
    });
    if is_invocation && call.method == "POST" {
        return invoke(call, sandbox);
    }
    if let Some(request_id) = call.path.strip_prefix(EXECUTIONS_PATH) {
        return Reply::json(200, json!(endpoint.executions_of(request_id)));
    }
    if call.path == DEFAULTS_PATH {
        let defaults = endpoint.defaults.lock().unwrap_or_else(PoisonError::into_inner);
        return Reply::json(200, json!(*defaults));
    }
    let message =
        format!("{} {} is not served here; events go to POST {INVOCATIONS_PATH}", call.method, call.path);
    api::refusal(404, "ResourceNotFoundException", &message)
}

fn invoke(call: &Call, sandbox: &Arc<Sandbox>) -> Reply {
    if call.body.len() as u64 > PAYLOAD_MAX {
        let message =
            format!("Request must be smaller than {PAYLOAD_MAX} bytes for the InvokeFunction operation");
        return api::refusal(413, "RequestTooLargeException", &message);
    }
    let payload = if call.body.is_empty() { b"{}".to_vec() } else { call.body.clone() };
    if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&payload) {
        let message = format!("Could not parse request body into json: {error}");
        return api::refusal(400, "InvalidRequestContentException", &message);
    }
    match call.header("x-amz-invocation-type") {
        Some("DryRun") => return Reply { status: 204, headers: Vec::new(), body: Vec::new() },
        Some("Event") => {
            let sandbox = Arc::clone(sandbox);
            std::thread::spawn(move || sandbox.invoke(payload));
            return Reply { status: 202, headers: Vec::new(), body: Vec::new() };
        }
        None | Some("RequestResponse") => {}
        Some(other) => {
            let message = format!(
                "1 validation error detected: Value '{other}' at 'invocationType' failed to satisfy constraint: \
                 Member must satisfy enum value set: [DryRun, RequestResponse, Event]"
            );
            return api::refusal(400, "ValidationException", &message);
        }
    }
    let (request_id, outcome) = sandbox.invoke(payload);
    let reply = match outcome {
        Outcome::Answer(body) => Reply { body, ..Reply::json(200, "") },
        Outcome::Error(error) => Reply::json(200, error).with("x-amz-function-error", "Unhandled"),
    };
    reply.with("x-amzn-requestid", request_id).with("x-amz-executed-version", "$LATEST")
}
