//! The Runtime API (2018-06-01), by which a function's process is given events and answers them.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::json;

use super::sandbox::{Outcome, Sandbox};
use crate::http::{self, Call, PortError, Reply};

/// Longest payload of a synchronous invocation, in bytes.
pub const PAYLOAD_MAX: u64 = 6_291_456;

/// Serves the function's process alone, at any port that is free.
pub(crate) fn serve(sandbox: &Arc<Sandbox>) -> Result<SocketAddr, PortError> {
    let sandbox = Arc::clone(sandbox);
    let nobody = || refusal(404, "ResourceNotFoundException", "only the Runtime API is served here");
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    http::serve(address, PAYLOAD_MAX, move |call| answer(call, &sandbox).unwrap_or_else(nobody))
}

/// The answer to what the function's process asks; `None` where that is for another API.
pub(crate) fn answer(call: &Call, sandbox: &Sandbox) -> Option<Reply> {
    call.path.strip_prefix("/2018-06-01/runtime/").map(|path| runtime(call, path, sandbox))
}

/// How Lambda refuses a call.
pub(crate) fn refusal(status: u16, kind: &'static str, message: &str) -> Reply {
    Reply::json(status, json!({"Type": "User", "message": message})).with("x-amzn-errortype", kind)
}

fn runtime(call: &Call, path: &str, sandbox: &Sandbox) -> Reply {
    if (call.method.as_str(), path) == ("GET", "invocation/next") {
        return match sandbox.next() {
            Some(invocation) => Reply { body: invocation.payload, ..Reply::json(200, "") }
                .with("lambda-runtime-aws-request-id", &invocation.request_id)
                .with("lambda-runtime-deadline-ms", invocation.deadline_milliseconds)
                .with("lambda-runtime-invoked-function-arn", &invocation.arn)
                .with(
                    "lambda-runtime-trace-id",
                    trace_id(&invocation.request_id, invocation.deadline_milliseconds),
                ),
            // Who asked is dead, so an answer would only be complained of: the connection's thread ends with the program.
            None => loop {
                std::thread::park();
            },
        };
    }
    let accepted = || Reply::json(202, json!({"status": "OK"}));
    let error = || serde_json::from_slice(&call.body).unwrap_or_else(|_| json!({"errorType": "Unhandled"}));
    if path == "init/error" {
        sandbox.failed_to_start(error());
        return accepted();
    }
    let answer = path.strip_prefix("invocation/").and_then(|rest| rest.split_once('/'));
    let is_due = match answer {
        Some((id, "response")) => sandbox.answered(id, Outcome::Answer(call.body.clone())),
        Some((id, "error")) => sandbox.answered(id, Outcome::Error(error())),
        _ => return refusal(404, "ResourceNotFoundException", "the Runtime API has no such path"),
    };
    if is_due { accepted() } else { refusal(400, "InvalidRequestID", "this invocation is not under way") }
}

/// As X-Ray writes it, of a trace that nobody records.
fn trace_id(request_id: &str, milliseconds: i64) -> String {
    let digits: String = request_id.chars().filter(char::is_ascii_hexdigit).collect();
    format!("Root=1-{:08x}-{};Parent={};Sampled=0", milliseconds / 1000, &digits[..24], &digits[16..])
}
