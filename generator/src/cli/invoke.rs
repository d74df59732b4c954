//! `invoke`: sends an event to the handler that `local` runs, and shows what it decided.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::console::Console;
use super::context::Context;
use super::events::Shape;
use super::exit_code::Failure;
use super::format::Format;
use super::input;
use crate::http::{self, Answered};
use crate::local::{DEFAULTS_PATH, Defaults, EXECUTIONS_PATH, INVOCATIONS_PATH};
use crate::samples::{self, SampleValue};

/// Longest event that EventBridge delivers of CloudTrail and Step Functions, in bytes.
const EVENT_MAX: usize = 256 * 1024;
/// After how long somebody who waits for an answer is told so.
const QUIET: Duration = Duration::from_secs(2);

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    event: EventArguments,
    /// Where `asg-recycle local` listens; or another emulator of Lambda.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9000")]
    endpoint_url: String,
    /// How long to wait for the answer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// How it is printed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

/// Which event.
#[derive(Debug, clap::Args)]
#[group(id = "event-source", multiple = true)]
pub(super) struct EventArguments {
    /// The event's file, or a line of the handler's log that has one; `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sample", "settings"])]
    event: Option<PathBuf>,
    /// An embedded event; `asg-recycle events list` shows them.
    #[arg(long, value_name = "NAME")]
    sample: Option<String>,
    #[command(flatten)]
    shape: Shape,
}

impl EventArguments {
    /// Whether an event is named.
    pub(super) fn is_given(&self) -> bool {
        self.event.is_some() || self.sample.is_some()
    }

    /// What can be told before anything is asked or compiled: the event of a file, or that there is such a sample.
    pub(super) fn read(&self) -> Result<Option<Value>, Failure> {
        match (&self.event, &self.sample) {
            (Some(path), _) => {
                let event = read(path)?;
                refuse_long(&event)?;
                Ok(Some(event))
            }
            (None, Some(name)) => {
                samples::event(name, &self.shape.settings).map_err(Failure::Input)?;
                Ok(None)
            }
            (None, None) => {
                let fix = "name one with `--sample update-launch-template` or `--event FILE`";
                Err(Failure::Input(format!("there is no event to send; {fix}")))
            }
        }
    }

    /// The payload of what was read; a sample is about what `defaults` names, unless the arguments say otherwise.
    pub(super) fn payload(&self, read: Option<Value>, defaults: &Defaults) -> Result<Value, Failure> {
        let event = match (read, &self.sample) {
            (None, Some(name)) => {
                let mut settings = settings(defaults);
                settings.extend(self.shape.settings.iter().cloned());
                samples::event(name, &settings).map_err(Failure::Input)?
            }
            (read, _) => read.unwrap_or_default(),
        };
        refuse_long(&event)?;
        Ok(self.shape.of(event))
    }
}

fn settings(defaults: &Defaults) -> Vec<SampleValue> {
    let Defaults { group, other_group, instance, role, machine, account, region, template } = defaults;
    let named = [
        ("group", group.as_deref().unwrap_or_default()),
        ("other-group", other_group.as_deref().unwrap_or_default()),
        ("instance", instance.as_deref().unwrap_or_default()),
        ("role", role.as_deref().unwrap_or_default()),
        ("machine", machine),
        ("account", account),
        ("region", region),
        ("template", template.as_deref().unwrap_or_default()),
    ];
    named.iter().filter_map(|(name, value)| SampleValue::new(name, value).ok()).collect()
}

fn read(path: &std::path::Path) -> Result<Value, Failure> {
    let text = input::read_text(path)?;
    let name = if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() };
    let read = parse(&name, &text)?;
    match captured(&read) {
        Some(event) => parse(&format!("{name}, `detail`"), event),
        None => Ok(read),
    }
}

fn parse(name: &str, text: &str) -> Result<Value, Failure> {
    if text.trim().is_empty() {
        let fix = "`asg-recycle events show update-launch-template` prints an event to start from";
        return Err(Failure::Input(format!("{name} is empty; {fix}")));
    }
    // Without the end of the last line, after which a text that breaks off would have its fault.
    serde_json::from_str(text.trim_end()).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let excerpt = text.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim();
        let excerpt: String = excerpt.chars().take(80).collect();
        Failure::Input(format!(
            "{name}:{line}:{column}: the event is no JSON: {error}\n  {excerpt}\n\
             `asg-recycle events show update-launch-template` prints one to start from"
        ))
    })
}

/// The event in a line that the deployed handler logs at `DEBUG`, which is how a real one is captured.
fn captured(line: &Value) -> Option<&str> {
    let is_line = line["level"] == "DEBUG" && line["message"] == "event";
    line["detail"].as_str().filter(|_| is_line)
}

/// No event of that length reaches the deployed function. Those of a batch are measured one by one.
fn refuse_long(payload: &Value) -> Result<(), Failure> {
    let bodies = payload.get("Records").and_then(Value::as_array).into_iter().flatten();
    let bodies: Vec<usize> = bodies.filter_map(|record| Some(record.get("body")?.as_str()?.len())).collect();
    let longest =
        if bodies.is_empty() { payload.to_string().len() } else { bodies.into_iter().max().unwrap_or(0) };
    if longest <= EVENT_MAX {
        return Ok(());
    }
    Err(Failure::Input(format!(
        "the event has {} KiB, and EventBridge delivers none of CloudTrail or Step Functions of more than {} KiB: leave out what \
         the handler does not read (`asg-recycle events show minimal` is the least that it takes), or send it as it is with curl",
        longest.div_ceil(1024),
        EVENT_MAX / 1024
    )))
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let base = arguments.endpoint_url.trim_end_matches('/');
    let patience = Duration::from_secs(arguments.timeout);
    let read = arguments.event.read()?;
    let console = &mut context.console;
    // Another emulator knows nothing of defaults: the samples' own hold.
    let defaults = ask((base, DEFAULTS_PATH), None, patience, console);
    let defaults = defaults.map_err(|error| unanswered(base, patience, &error))?;
    let defaults: Defaults = serde_json::from_str(&defaults.body).unwrap_or_default();
    let payload = arguments.event.payload(read, &defaults)?;
    let answer = ask((base, INVOCATIONS_PATH), Some(payload.to_string().into_bytes()), patience, console);
    let answer = answer.map_err(|error| unanswered(base, patience, &error))?;
    if answer.status != 200 {
        return Err(Failure::World(format!("{base} answered with {}: {}", answer.status, answer.body)));
    }
    let executions = match answer.header("x-amzn-requestid") {
        Some(id) => http::ask(&format!("{base}{EXECUTIONS_PATH}{id}"), None, patience).ok(),
        None => None,
    };
    let executions = executions.and_then(|answer| serde_json::from_str(&answer.body).ok());
    let executions: Vec<Value> = executions.unwrap_or_default();
    let text = match arguments.format {
        Format::Text => shown(&answer, &executions),
        Format::Json => {
            let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
            let error = answer.header("x-amz-function-error");
            let report = json!({"answer": body, "function_error": error, "executions": executions});
            format!("{report:#}\n")
        }
    };
    context.console.result(&text)?;
    if answer.header("x-amz-function-error").is_some() { Err(Failure::Findings) } else { Ok(()) }
}

/// Asks. Where the answer takes its time, whoever waits is told so.
fn ask(
    (base, path): (&str, &str),
    body: Option<Vec<u8>>,
    patience: Duration,
    console: &mut Console,
) -> std::io::Result<Answered> {
    let (sender, answered) = mpsc::channel();
    let url = format!("{base}{path}");
    thread::spawn(move || sender.send(http::ask(&url, body, patience)));
    if let Ok(answer) = answered.recv_timeout(QUIET) {
        return answer;
    }
    console
        .note(&format!("waiting for the answer of {base}, {} s at most (`--timeout`)\n", patience.as_secs()));
    answered.recv().unwrap_or_else(|_| Err(std::io::Error::other("the exchange broke off")))
}

fn unanswered(base: &str, patience: Duration, error: &std::io::Error) -> Failure {
    use std::io::ErrorKind;
    Failure::World(match error.kind() {
        ErrorKind::ConnectionRefused => {
            format!("nothing listens at {base}; start the handler there with `asg-recycle local stack.yaml`")
        }
        ErrorKind::TimedOut | ErrorKind::WouldBlock => format!(
            "{base} did not answer within {} s; `--timeout` waits longer, and the log of `asg-recycle local` tells what the \
             handler does",
            patience.as_secs()
        ),
        _ => format!(
            "cannot reach {base}: {error}; `--endpoint-url` is where `asg-recycle local` listens, which says it when it starts"
        ),
    })
}

fn shown(answer: &Answered, executions: &[Value]) -> String {
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_else(|_| json!(answer.body));
    let mut text = String::new();
    if answer.header("x-amz-function-error").is_some() {
        let field = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
        let _ = writeln!(text, "function error {}: {}", field("errorType"), field("errorMessage"));
        return text;
    }
    match body.get("decisions").and_then(Value::as_array) {
        Some(decisions) => decisions.iter().for_each(|one| {
            let field = |key: &str| one.get(key).and_then(Value::as_str).unwrap_or("-");
            let _ = writeln!(text, "{} {}: {}", field("decision"), field("group"), field("reason"));
        }),
        None => {
            let _ = writeln!(text, "{body:#}");
        }
    }
    for execution in executions {
        let arn = execution.get("execution_arn").and_then(Value::as_str).unwrap_or_default();
        let input = execution.get("input").unwrap_or(&Value::Null);
        let _ =
            writeln!(text, "execution {} with the input\n{input:#}", arn.rsplit(':').next().unwrap_or(arn));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_300_kib_is_refused_alone_and_in_a_batch() {
        let long = json!({"detail": {"requestParameters": {"autoScalingGroupName": "x".repeat(300 * 1024)}}});
        assert!(
            refuse_long(&long)
                .is_err_and(|failure| matches!(failure, Failure::Input(text) if text.contains("301 KiB")))
        );
        assert!(refuse_long(&samples::batch(&[json!({}), long], "r", "a")).is_err());
        let short = json!({"detail": {"x": "x".repeat(200 * 1024)}});
        assert!(refuse_long(&samples::batch(&[short.clone(), short], "r", "a")).is_ok());
    }
}
