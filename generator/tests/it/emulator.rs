//! The AWS that the tests run the product against: a client of `tests/emulator`, whose `world.py` says what each
//! command does. Time is virtual there: it passes only in the commands that wait.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::{NamedTempFile, TempDir};

use crate::python;

/// What emulators are forked off: what they stand on takes seconds to load. It ends with this process, whose pipe it reads.
static FORK_SERVER: LazyLock<ForkServer> = LazyLock::new(ForkServer::start);

struct ForkServer {
    socket: PathBuf,
    _process: Child,
}

impl ForkServer {
    fn start() -> Self {
        let socket = TempDir::new().expect("a folder for its socket").keep().join("emulators");
        let mut process = Command::new(python::program("python"))
            .args(["-m", "emulator"])
            .arg(&socket)
            .env("PYTHONPATH", python::sources())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(env!("CARGO_TARGET_TMPDIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python starts");
        let mut ready = String::new();
        BufReader::new(process.stdout.take().expect("its output is piped"))
            .read_line(&mut ready)
            .expect("it is heard of");
        assert_eq!(ready, "ready\n", "what it says, it says on standard error");
        Self { socket, _process: process }
    }
}

/// A running emulator; it ends with the value.
pub(crate) struct Emulator {
    answers: BufReader<UnixStream>,
    diagnostics: NamedTempFile,
    /// What it unpacks, removed with it.
    _scratch: TempDir,
}

/// What delivering one batch of messages led to.
#[derive(Debug, Deserialize)]
pub(crate) struct Delivery {
    /// How many messages there were.
    pub(crate) messages: usize,
    /// `response` or `error`.
    pub(crate) kind: Option<String>,
    /// What the function answered.
    pub(crate) answer: Value,
    /// The lines that the function logged.
    pub(crate) logs: Vec<String>,
    /// ARNs of the executions it started.
    pub(crate) started: Vec<String>,
}

/// How an execution ended.
#[derive(Debug, Deserialize)]
pub(crate) struct Execution {
    pub(crate) status: String,
    pub(crate) input: Value,
    pub(crate) output: Value,
    pub(crate) error: Option<String>,
    pub(crate) cause: Option<String>,
    /// The states it entered, in order.
    pub(crate) states: Vec<String>,
}

/// A group, as the API describes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Group {
    pub(crate) min_size: u32,
    pub(crate) max_size: u32,
    pub(crate) desired_capacity: u32,
    pub(crate) launch_template: LaunchTemplate,
    pub(crate) instances: Vec<Instance>,
    pub(crate) suspended_processes: Vec<Value>,
}

/// An instance, as the API describes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Instance {
    #[serde(rename = "InstanceId")]
    pub(crate) id: String,
    pub(crate) lifecycle_state: String,
    pub(crate) health_status: String,
    pub(crate) availability_zone: String,
    pub(crate) launch_template: LaunchTemplate,
}

/// A launch template and the version in use.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LaunchTemplate {
    pub(crate) launch_template_id: String,
    pub(crate) version: String,
}

/// Something that happened: a call that changes a group, or a change of an instance.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Entry {
    /// Virtual seconds since the start.
    pub(crate) at: f64,
    /// e.g. `autoscaling:SetDesiredCapacity`.
    pub(crate) call: Option<String>,
    /// `machine`, `handler` or `test`.
    pub(crate) caller: Option<String>,
    /// e.g. `launched`, `in-service`, `terminating`, `gone` (from the group), `terminated` (in EC2).
    pub(crate) event: Option<String>,
    pub(crate) instance: Option<String>,
    /// How many instances served after it.
    pub(crate) healthy: Option<usize>,
    /// Why AWS refused the call.
    pub(crate) error: Option<String>,
}

impl Entry {
    /// Whether it is this event.
    pub(crate) fn is(&self, event: &str) -> bool {
        self.event.as_deref() == Some(event)
    }
}

/// A publication to the topic.
#[derive(Debug, Deserialize)]
pub(crate) struct Notification {
    pub(crate) message: Value,
    pub(crate) attributes: Value,
}

impl Emulator {
    /// Starts an emulator of its own for a test.
    pub(crate) fn start() -> Self {
        let diagnostics = NamedTempFile::new().expect("a file for diagnostics");
        let scratch = TempDir::new().expect("a folder for what it unpacks");
        let mut emulator = UnixStream::connect(&FORK_SERVER.socket).expect("emulators are forked off");
        let place = json!({"log": diagnostics.path(), "scratch": scratch.path()});
        emulator.write_all(format!("{place}\n").as_bytes()).expect("the emulator begins");
        Self { answers: BufReader::new(emulator), diagnostics, _scratch: scratch }
    }

    /// Gives a command and its arguments, an object; the result.
    pub(crate) fn ask<T: DeserializeOwned>(&mut self, command: &str, arguments: Value) -> T {
        let Value::Object(mut order) = arguments else { panic!("arguments are an object: {arguments}") };
        order.insert("do".to_owned(), command.into());
        let order = Value::Object(order).to_string() + "\n";
        let sent = self.answers.get_mut().write_all(order.as_bytes());
        let mut line = String::new();
        let read = sent.and_then(|()| self.answers.read_line(&mut line));
        assert!(matches!(read, Ok(1..)), "the emulator ended at `{command}`:\n{}", self.diagnostics());
        let mut answer: Value = serde_json::from_str(&line).expect("an answer is JSON");
        if let Some(reason) = answer.get("failed") {
            panic!("`{command}` failed: {}\n{}", reason.as_str().unwrap_or_default(), self.diagnostics());
        }
        let done = answer["done"].take();
        serde_json::from_value(done).unwrap_or_else(|error| panic!("answer to `{command}`: {error}: {line}"))
    }

    /// Gives a command whose result does not matter.
    pub(crate) fn order(&mut self, command: &str, arguments: Value) {
        self.ask::<Value>(command, arguments);
    }

    /// Deploys a template, its handler's zip put where the parameters say.
    pub(crate) fn deploy(&mut self, template: &Path, handler_zip: &Path) {
        let (bucket, key) = ("artifacts", "handler.zip");
        self.order(
            "deploy",
            json!({
                "template": template,
                "parameters": {"HandlerS3Bucket": bucket, "HandlerS3Key": key},
                "uploads": [{"bucket": bucket, "key": key, "path": handler_zip}],
                "handler_zip": handler_zip,
            }),
        );
    }

    /// The group as it is.
    pub(crate) fn group(&mut self, name: &str) -> Group {
        self.ask("group", json!({"name": name}))
    }

    /// Puts an event on the default bus; the names of the rules that matched.
    pub(crate) fn put_event(&mut self, event: &Value) -> Vec<String> {
        self.ask("put_event", json!({"event": event}))
    }

    /// Hands one batch of the queue to the function.
    pub(crate) fn deliver(&mut self) -> Delivery {
        self.ask("deliver", json!({}))
    }

    /// Lets time pass until an execution has ended.
    pub(crate) fn wait(&mut self, execution: &str) -> Execution {
        self.ask("wait", json!({"execution": execution}))
    }

    /// What happened so far.
    pub(crate) fn journal(&mut self) -> Vec<Entry> {
        self.ask("journal", json!({}))
    }

    /// What was published so far.
    pub(crate) fn notifications(&mut self) -> Vec<Notification> {
        self.ask("notifications", json!({}))
    }

    fn diagnostics(&self) -> String {
        let text = fs::read_to_string(self.diagnostics.path()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // The end of its input is its end.
        let ended = self.answers.get_ref().shutdown(Shutdown::Write);
        if ended.and_then(|()| self.answers.read_to_end(&mut Vec::new())).is_err() {
            eprintln!("the emulator could not be waited for");
        }
    }
}

#[test]
fn the_emulator_keeps_its_promises() {
    let all = ["test_model", "test_refreshes", "test_interpreter", "test_lock_watch"];
    for tests in all.map(|name| format!("emulator.tests.{name}")) {
        let mut unittest = Command::new(python::program("python"));
        unittest.args(["-m", "unittest", &tests]).env("PYTHONDONTWRITEBYTECODE", "1");
        let output = unittest.current_dir(python::sources()).output().expect("python starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
