//! The handler on a desk: `local`, `invoke` and `events`, with the real handler, and with a function that misbehaves when asked.

mod children;
mod obstacles;
mod samples;
mod watching;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::run::{PROGRAM, Run};

/// Longest wait for a line, far above what any takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// The handler's own binary, as `cargo build` makes it.
fn handler() -> &'static str {
    static HANDLER: OnceLock<String> = OnceLock::new();
    HANDLER.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder");
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["build", "--quiet", "-p", "asg-recycle-handler", "--bin", "bootstrap", "--target-dir"])
            .arg(target);
        crate::prepared::run(&mut cargo, "the handler cannot be built");
        target.join("debug/bootstrap").to_string_lossy().into_owned()
    })
}

fn function() -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/local/function.py");
    script.to_string_lossy().into_owned()
}

/// A handler that is served.
struct Local {
    process: Child,
    url: String,
    lines: Receiver<String>,
    folder: tempfile::TempDir,
}

impl Local {
    /// Serves a binary for a stack with one more line.
    fn start(binary: &str, stack: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("stack.yaml"), format!("name: demo\n{stack}")).expect("a file");
        let mut command = Command::new(PROGRAM);
        command.args(["local", "stack.yaml", "--port", "0", "--bootstrap", binary]).args(arguments);
        command.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("it starts");
        let (sender, lines) = channel();
        let (errors, output) =
            (process.stderr.take().expect("stderr"), process.stdout.take().expect("stdout"));
        let other = sender.clone();
        std::thread::spawn(move || {
            BufReader::new(errors).lines().map_while(Result::ok).all(|line| sender.send(line).is_ok())
        });
        std::thread::spawn(move || {
            BufReader::new(output).lines().map_while(Result::ok).all(|line| other.send(line).is_ok())
        });
        let mut local = Self { process, url: String::new(), lines, folder };
        let line = local.line(" listens at ");
        let url = line.split_once(" listens at ").and_then(|(_, rest)| rest.split(';').next());
        url.expect("an address").clone_into(&mut local.url);
        local
    }

    /// The next line with that in it; what comes before is skipped.
    fn line(&self, part: &str) -> String {
        let mut seen = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(part) => return line,
                Ok(line) => seen.push(line),
                Err(gone) => panic!("no line with {part:?} ({gone}), but\n{}", seen.join("\n")),
            }
        }
    }

    fn invoke(&self, payload: &str) -> (Option<String>, Value) {
        invoke(&self.url, payload)
    }

    /// `asg-recycle invoke` with it.
    fn client(&self, arguments: &[&str]) -> Run {
        let all: Vec<&str> =
            ["invoke", "--endpoint-url", &self.url].iter().chain(arguments).copied().collect();
        Run::within(self.folder.path(), &all)
    }

    fn children(&self) -> Vec<u32> {
        let id = self.process.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        children.split_whitespace().map(|id| id.parse().expect("a number")).collect()
    }

    /// Ends it with a signal; whether it ended well.
    fn end(mut self, signal: &str) -> bool {
        let id = self.process.id().to_string();
        let killed = Command::new("kill").args([signal, &id]).status().expect("kill runs");
        assert!(killed.success());
        self.process.wait().expect("it ends").success()
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Invokes a function over HTTP, as curl does: the function's error, where there is one, and the answer.
fn invoke(url: &str, payload: &str) -> (Option<String>, Value) {
    let (head, body) = post(url, "/2015-03-31/functions/anything/invocations", payload);
    let error = head.lines().find_map(|line| line.strip_prefix("x-amz-function-error: ")).map(str::to_owned);
    (error, serde_json::from_str(&body).unwrap_or_else(|_| panic!("{head}\n{body}")))
}

/// The head and the body of the answer.
fn post(url: &str, path: &str, payload: &str) -> (String, String) {
    post_with("", url, path, payload)
}

/// With headers of its own, each ended by `\r\n`.
fn post_with(headers: &str, url: &str, path: &str, payload: &str) -> (String, String) {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).expect("it listens");
    let length = payload.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n"
    );
    stream.write_all((head + payload).as_bytes()).expect("it takes it");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("it answers");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text}"));
    (head.to_owned(), body.to_owned())
}

#[test]
fn an_event_on_a_desk_becomes_a_recycle_on_a_chart() {
    for arguments in [&[][..], &["--batch"], &["--strategy", "in-out", "--instances", "5", "--zones", "2"]] {
        let own = [
            "local",
            "stack.yaml",
            "--offline",
            "--bootstrap",
            handler(),
            "--sample",
            "update-launch-template",
        ];
        let all: Vec<&str> = own.iter().chain(arguments).copied().collect();
        let done = Run::new(&all)
            .file("stack.yaml", "name: demo\n")
            .stderr_has("\"decision\":\"start\"")
            .stderr_has("answered after")
            .stdout_has("webops-asg-1 with")
            .stdout_has("ends recycled")
            .stdout_has("invariants held")
            .ok();
        assert!(done.stdout.contains("UpdateAutoScalingGroup: starts webops-"), "{}", done.stdout);
    }
}

#[test]
fn an_event_that_starts_nothing_says_so_and_a_recycle_that_fails_is_a_finding() {
    let run = |arguments: &[&str]| {
        let own = ["local", "stack.yaml", "--offline", "--bootstrap", handler()];
        Run::new(&own.iter().chain(arguments).copied().collect::<Vec<_>>()).file("stack.yaml", "name: demo\n")
    };
    run(&["--sample", "update-sizes"]).stderr_has("changes no launch source").stdout("").ok();
    run(&["--sample", "update-launch-template", "--fault", "never-healthy"]).stdout_has("Recycle.").exits(1);
    run(&["--event", "x.json"])
        .file("x.json", "{\"detail\": 1}")
        .stderr_has("function error EventFailed")
        .exits(1);
    run(&["--sample", "update-launch-template", "--scenario", "groups"])
        .stderr_has("no scenario of out-in")
        .exits(2);
}

#[test]
fn events_are_served_until_it_is_ended_and_no_process_is_left() {
    let local = Local::start(handler(), "", &["--offline"]);
    let done = local.client(&["--sample", "update-launch-template"]).ok();
    assert!(
        done.stdout.starts_with("start webops-asg-1: recycle with out-in after UpdateAutoScalingGroup\n"),
        "{}",
        done.stdout
    );
    assert!(done.stdout.contains("\"auto_scaling_group_name\": \"webops-asg-1\""), "{}", done.stdout);
    local.line("invariants held");
    // The world is as at the beginning for the next event, too.
    local
        .client(&["--sample", "delete-tags", "--batch"])
        .stdout_has("\"batchItemFailures\": []")
        .stdout_has("\"release\": null")
        .ok();
    local.line("invariants held");
    local.client(&["--sample", "execution-aborted"]).stdout_has("restore with").ok();
    let report = local.client(&["--sample", "update-sizes", "--format", "json"]).ok().stdout;
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["answer"]["decisions"][0]["decision"], "skip");
    assert_eq!(report["executions"], json!([]));
    let children = local.children();
    assert_eq!(children.len(), 1, "the handler runs");
    assert!(local.end("-TERM"));
    assert!(!Path::new(&format!("/proc/{}", children[0])).exists(), "the handler is gone");
}

#[test]
fn events_that_come_before_the_former_is_run_have_a_world_of_their_own() {
    let local = Local::start(handler(), "", &["--offline"]);
    let show = ["events", "show", "update-launch-template", "--set", "group=webops-asg-1"];
    let event = Run::within(local.folder.path(), &show).ok().stdout;
    for _ in 0..4 {
        let (error, answer) = local.invoke(&event);
        assert_eq!((error, &answer["decisions"][0]["decision"]), (None, &json!("start")));
    }
    for _ in 0..4 {
        local.line("all 16 invariants held");
    }
}

#[test]
fn a_function_is_fed_as_lambda_feeds_it_and_ended_where_it_overruns() {
    let local = Local::start(&function(), "handler:\n  timeout_seconds: 2\n", &["--offline"]);
    let (error, answer) = local.invoke("{}");
    assert_eq!((error, &answer["calls"]), (None, &json!(1)));
    assert_eq!(answer["arn"], "arn:aws:lambda:eu-west-2:123456789012:function:demo-production-handler");
    assert!(answer["trace"].as_str().is_some_and(|trace| trace.starts_with("Root=1-")), "{answer}");
    let left = answer["seconds_left"].as_f64().expect("seconds");
    assert!((0.5..=2.0).contains(&left), "{left} s are left");
    let environment = &answer["environment"];
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_NAME"], "demo-production-handler");
    assert!(environment["STATE_MACHINE_ARN"].is_string() && environment["HOME"].is_null(), "{environment}");
    let (error, answer) = local.invoke(r#"{"do": "fail"}"#);
    assert_eq!((error.as_deref(), &answer["errorType"]), (Some("Unhandled"), &json!("Sad")));
    let (error, answer) = local.invoke(r#"{"do": "overrun"}"#);
    assert_eq!((error.as_deref(), &answer["errorType"]), (Some("Unhandled"), &json!("Sandbox.Timedout")));
    assert!(
        answer["errorMessage"].as_str().is_some_and(|text| text.ends_with("timed out after 2.00 seconds")),
        "{answer}"
    );
    let (error, answer) = local.invoke(r#"{"do": "crash"}"#);
    assert_eq!((error.as_deref(), &answer["errorType"]), (Some("Unhandled"), &json!("Runtime.ExitError")));
    assert!(answer["errorMessage"].as_str().is_some_and(|text| text.ends_with("exit status 7")), "{answer}");
    local.line("the handler has ended: exit status 7");
    let (error, answer) = local.invoke("{}");
    assert_eq!((error, &answer["calls"]), (None, &json!(1)), "it was started again");
}

#[test]
fn two_invocations_at_once_wait_for_each_other() {
    let local = Local::start(&function(), "", &["--offline"]);
    let answers = std::thread::scope(|scope| {
        let both = [(); 2].map(|()| scope.spawn(|| invoke(&local.url, r#"{"do": "last"}"#).1));
        both.map(|one| one.join().expect("no panic"))
    });
    let times = |key: &str| {
        answers.each_ref().map(|answer| answer[key].as_f64().unwrap_or_else(|| panic!("no time: {answer}")))
    };
    let ([began_a, began_b], [ended_a, ended_b]) = (times("began"), times("ended"));
    assert!(ended_a <= began_b || ended_b <= began_a, "{answers:?}");
}

#[test]
fn a_function_that_does_not_start_is_told_at_every_event_and_variables_come_from_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("own.env");
    fs::write(&file, "INIT=fails\n").expect("a file");
    let local = Local::start(&function(), "", &["--offline", "--env-file", &file.to_string_lossy()]);
    local.line("no start today");
    let (error, answer) = local.invoke("{}");
    assert_eq!(
        (error.as_deref(), &answer["errorType"]),
        (Some("Unhandled"), &json!("Runtime.ExitError")),
        "{answer}"
    );
    drop(local);
    fs::write(&file, "INIT fails\n").expect("a file");
    let path: PathBuf = file;
    Run::new(&[
        "local",
        "stack.yaml",
        "--offline",
        "--bootstrap",
        &function(),
        "--env-file",
        &path.to_string_lossy(),
    ])
    .file("stack.yaml", "name: demo\n")
    .stderr_has("own.env:1: write `NAME=VALUE`")
    .exits(2);
}

#[test]
fn samples_are_listed_and_shown() {
    Run::new(&["events", "list"])
        .stdout_has("update-launch-template      a group was given another version")
        .ok();
    let shown =
        Run::new(&["events", "show", "delete-tags", "--set", "group=payments-asg-1", "--batch"]).ok().stdout;
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    let body: Value =
        serde_json::from_str(shown["Records"][0]["body"].as_str().expect("a body")).expect("JSON");
    assert_eq!(body["detail"]["requestParameters"]["tags"][0]["resourceId"], "payments-asg-1");
    Run::new(&["events", "show", "x"]).stderr_has("`asg-recycle events list` shows them").exits(2);
    Run::new(&["events", "show", "minimal", "--set", "grup=x"]).stderr_has("did you mean `group`?").exits(2);
}

#[test]
fn an_event_that_the_handler_logged_can_be_sent_again() {
    let start = || Local::start(handler(), "handler:\n  log_level: debug\n", &["--offline"]);
    let input = |local: &Local, arguments: &[&str]| {
        let report = local.client(&[arguments, &["--batch", "--format", "json"]].concat()).ok().stdout;
        let report: Value = serde_json::from_str(&report).expect("JSON");
        report["executions"][0]["input"].clone()
    };
    let first = start();
    let sent = input(&first, &["--sample", "update-launch-template"]);
    assert!(sent.is_object(), "{sent}");
    let line = first.line("\"message\":\"event\"");
    // Where it was sent before, its execution is there already.
    let second = start();
    let write = |name: &str, text: &str| fs::write(second.folder.path().join(name), text).expect("a file");
    write("captured.json", &line);
    assert_eq!(input(&second, &["--event", "captured.json"]), sent);
    write("broken.json", &line.replacen("{\\\"", "{oops\\\"", 1));
    second
        .client(&["--event", "broken.json"])
        .stderr_has("broken.json, `detail`:1:2: the event is no JSON")
        .exits(2);
}
