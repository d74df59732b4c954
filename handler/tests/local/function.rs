//! A function's process under Lambda's Runtime API (version 2018-06-01): invocations in, answers out.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::http::{self, Reply, Request, Then};

/// How often a waiting invoker looks whether the process still lives.
const LOOK: Duration = Duration::from_millis(20);
/// Longest wait for an answer, far above every deadline that is set.
const LOOKS_MAX: usize = 6_000;

/// What came of an invocation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// The function's answer.
    Answer(Value),
    /// The function's error.
    Error(Value),
    /// The process ended without an answer.
    Died,
}

struct Invocation {
    payload: String,
    time_left: Duration,
}

/// A process that serves invocations, one at a time.
pub(crate) struct Function {
    child: Arc<Mutex<Child>>,
    invocations: Sender<Invocation>,
    outcomes: Receiver<Outcome>,
    output: Option<JoinHandle<Vec<String>>>,
}

/// Ends a function's process from anywhere, at once and without a chance to tidy up.
#[derive(Clone, Default)]
pub(crate) struct Killer(Arc<Mutex<Option<Arc<Mutex<Child>>>>>);

impl Killer {
    /// Aims at `function`.
    pub(crate) fn aim(&self, function: &Function) {
        *self.0.lock().expect("no panic") = Some(Arc::clone(&function.child));
    }

    /// Kills it, and waits until it is gone.
    pub(crate) fn kill(&self) {
        if let Some(child) = self.0.lock().expect("no panic").as_ref() {
            let mut child = child.lock().expect("no panic");
            child.kill().expect("it can be killed");
            child.wait().expect("it ends");
        }
    }
}

impl Function {
    /// Starts `program` with no environment but `environment` and what Lambda adds.
    pub(crate) fn start(program: &Path, arguments: &[&str], environment: &BTreeMap<String, String>) -> Self {
        let (invocations, next) = mpsc::channel();
        let (finished, outcomes) = mpsc::channel();
        let (next, finished) = (Mutex::new(next), Mutex::new(finished));
        let api = http::serve(None, move |request| serve(request, &next, &finished));
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(environment).stdin(Stdio::null()).stdout(Stdio::piped());
        command.env("AWS_LAMBDA_RUNTIME_API", api.to_string());
        let mut child = command.spawn().expect("the function starts");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let output = thread::spawn(move || lines.map_while(Result::ok).collect());
        Self { child: Arc::new(Mutex::new(child)), invocations, outcomes, output: Some(output) }
    }

    /// Invokes it with `time_left` until Lambda's deadline, and waits for the outcome.
    pub(crate) fn invoke(&self, payload: &Value, time_left: Duration) -> Outcome {
        self.invocations
            .send(Invocation { payload: payload.to_string(), time_left })
            .expect("the server runs");
        for _ in 0..LOOKS_MAX {
            match self.outcomes.recv_timeout(LOOK) {
                Ok(outcome) => return outcome,
                Err(RecvTimeoutError::Timeout) if self.is_running() => {}
                // It may have answered just before its end.
                Err(_) => return self.outcomes.try_recv().unwrap_or(Outcome::Died),
            }
        }
        panic!("the function neither answers nor ends");
    }

    /// The process's number.
    pub(crate) fn process_id(&self) -> u32 {
        self.child.lock().expect("no panic").id()
    }

    fn is_running(&self) -> bool {
        self.child.lock().expect("no panic").try_wait().expect("its state").is_none()
    }

    /// Ends the process and returns all that it printed.
    pub(crate) fn stop(mut self) -> Vec<String> {
        self.end();
        self.output.take().expect("it is stopped once").join().expect("no panic")
    }

    /// Waits until the process ends by itself; returns whether it ended well, and all that it printed.
    pub(crate) fn wait(mut self) -> (bool, Vec<String>) {
        let ended_well = self.child.lock().expect("no panic").wait().expect("it ends").success();
        (ended_well, self.output.take().expect("it is stopped once").join().expect("no panic"))
    }

    fn end(&self) {
        let mut child = self.child.lock().expect("no panic");
        let _ = child.kill(); // it may have ended
        child.wait().expect("it ends");
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        self.end();
    }
}

fn serve(request: &Request, next: &Mutex<Receiver<Invocation>>, finished: &Mutex<Sender<Outcome>>) -> Reply {
    let path = request.path.strip_prefix("/2018-06-01/runtime/").expect("the Runtime API's path");
    if (request.method.as_str(), path) == ("GET", "invocation/next") {
        return match next.lock().expect("no panic").recv() {
            Ok(invocation) => invocation.reply(),
            Err(_) => Reply::Cut, // nobody will invoke it any more
        };
    }
    assert_eq!(request.method, "POST", "{path}");
    let body = serde_json::from_str(&request.body).expect("a JSON answer");
    let outcome = if path.ends_with("/response") { Outcome::Answer(body) } else { Outcome::Error(body) };
    let _ = finished.lock().expect("no panic").send(outcome); // the invoker may be gone
    Reply::json(202, "{\"status\":\"OK\"}".to_owned())
}

impl Invocation {
    fn reply(self) -> Reply {
        let milliseconds = i64::try_from(self.time_left.as_millis()).expect("a time that fits");
        let deadline = Timestamp::now().as_millisecond() + milliseconds;
        let headers = vec![
            ("Content-Type", "application/json".to_owned()),
            ("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned()),
            ("Lambda-Runtime-Deadline-Ms", deadline.to_string()),
            (
                "Lambda-Runtime-Invoked-Function-Arn",
                "arn:aws:lambda:eu-west-2:123456789012:function:asg-recycle-test-handler".to_owned(),
            ),
            ("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700".to_owned()),
        ];
        Reply::Answer { status: 200, headers, body: self.payload, then: Then::KeepOpen }
    }
}

/// The environment that the stack gives the function.
pub(crate) fn stack_environment() -> BTreeMap<String, String> {
    owned([
        ("STATE_MACHINE_ARN", "arn:aws:states:eu-west-2:123456789012:stateMachine:asg-recycle-test"),
        ("TOPIC_ARN", "arn:aws:sns:eu-west-2:123456789012:asg-recycle-test-recycles"),
        ("STRATEGIES", "in-out,out-in,out-in-timed:windowed"),
        ("DEFAULT_TIME_ZONE", "Europe/London"),
        ("TAG_CHANGES", "propagated"),
        ("SLACK_CHANNEL", "#recycles"),
        ("OWN_ROLE_ARNS", "arn:aws:iam::123456789012:role/asg-recycle-test-machine"),
    ])
}

/// The environment that the stack and Lambda give the function, for an account that answers at `endpoint`.
pub(crate) fn environment(endpoint: &str) -> BTreeMap<String, String> {
    let mut variables = stack_environment();
    variables.extend(owned([
        ("AWS_REGION", "eu-west-2"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_SESSION_TOKEN", "token"),
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_LAMBDA_FUNCTION_NAME", "asg-recycle-test-handler"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/asg-recycle-test-handler"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "stream"),
    ]));
    variables
}

fn owned<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}
