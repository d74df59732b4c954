//! The edge: reads the environment and the clock, makes the clients, and serves the Lambda runtime.

use std::collections::BTreeMap;
use std::io;
use std::panic::{self, PanicHookInfo};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use lambda_runtime::{Context, Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;
use tokio::time::Instant;

use crate::aws::Aws;
use crate::batch;
use crate::delivery::InvocationFault;
use crate::invocation::Invocation;
use crate::log::{Format, Level, Log};
use crate::ports::Ports;
use crate::problem::{self, Problem};
use crate::settings::{self, Settings};

/// Most time kept for answering when the function's own time runs out.
const ANSWER_MARGIN_MAX: Duration = Duration::from_secs(1);
/// Longest time that Lambda gives a function.
const TIMEOUT_MAX: Duration = Duration::from_mins(15);

/// What every invocation shares.
struct Function<P> {
    settings: Settings,
    ports: Arc<P>,
    log: Arc<Log>,
}

/// The variables of the process's environment, by name.
pub type Environment = BTreeMap<String, String>;

/// Serves invocations until the environment is shut down. Faults of the settings are logged, all of them, and end it.
pub async fn serve() -> ExitCode {
    serve_with(Aws::new).await
}

/// The same with the ports that `connect` makes of the environment and the topic's ARN.
pub async fn serve_with<P: Ports>(
    connect: impl FnOnce(&Environment, &str) -> Result<P, Vec<Problem>>,
) -> ExitCode {
    let mut environment: Environment = std::env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let variable = |name: &str| environment.get(name).map(String::as_str);
    let level = Level::parse(variable("AWS_LAMBDA_LOG_LEVEL"));
    let format = Format::parse(variable("AWS_LAMBDA_LOG_FORMAT"));
    let log = Arc::new(Log::new(level, format, io::stdout()));
    log_panics(Arc::clone(&log));
    let unreadable = complete(&mut environment);
    let function = match Function::new(&environment, unreadable, Arc::clone(&log), connect) {
        Ok(function) => Arc::new(function),
        Err(faults) => {
            log.note(Level::Error, now(), "the settings are at fault", &problem::line(&faults));
            return ExitCode::FAILURE;
        }
    };
    let service = service_fn(move |event: LambdaEvent<Value>| {
        let function = Arc::clone(&function);
        async move { function.invoke(event).await }
    });
    match lambda_runtime::run(service).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log.note(Level::Error, now(), "the runtime ended", &error.to_string());
            ExitCode::FAILURE
        }
    }
}

impl<P: Ports> Function<P> {
    fn new(
        environment: &Environment,
        mut faults: Vec<Problem>,
        log: Arc<Log>,
        connect: impl FnOnce(&Environment, &str) -> Result<P, Vec<Problem>>,
    ) -> Result<Self, Vec<Problem>> {
        let settings = Settings::parse(environment);
        let ports =
            connect(environment, settings.as_ref().map_or("", |settings| settings.topic_arn.as_str()));
        match (settings, ports) {
            (Ok(settings), Ok(ports)) if faults.is_empty() => {
                Ok(Self { settings, ports: Arc::new(ports), log })
            }
            (settings, ports) => {
                faults.extend(settings.err().into_iter().chain(ports.err()).flatten());
                Err(faults)
            }
        }
    }

    async fn invoke(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let (payload, context) = event.into_parts();
        let invocation = invocation(context, now(), Instant::now());
        let answer = batch::handle(payload, &invocation, &self.settings, &self.ports, &self.log).await;
        answer.map_err(|fault| {
            self.log.note(Level::Error, now(), "the invocation failed", &fault.to_string());
            diagnostic(&fault)
        })
    }
}

fn diagnostic(fault: &InvocationFault) -> Diagnostic {
    Diagnostic { error_type: fault.kind().to_owned(), error_message: fault.to_string() }
}

fn invocation(context: Context, now: Timestamp, received: Instant) -> Invocation {
    Invocation {
        deadline: received + usable(context.deadline, now),
        request_id: context.request_id,
        function_name: context.env_config.function_name.clone(),
        // arn:aws:lambda:<region>:<account>:function:<name>
        account_id: context.invoked_function_arn.split(':').nth(4).unwrap_or_default().to_owned(),
        now,
        received,
    }
}

/// The time to work in before the function's deadline, given in milliseconds since the epoch: all but what the answer
/// may take.
fn usable(deadline_milliseconds: u64, now: Timestamp) -> Duration {
    let now_milliseconds = u64::try_from(now.as_millisecond()).unwrap_or(0);
    let left = Duration::from_millis(deadline_milliseconds.saturating_sub(now_milliseconds)).min(TIMEOUT_MAX);
    left.saturating_sub(ANSWER_MARGIN_MAX).max(left * 3 / 4)
}

/// Completes the environment by `settings.json` beside the binary, where there is one.
fn complete(environment: &mut Environment) -> Vec<Problem> {
    let Some(path) = std::env::current_exe().ok().map(|binary| binary.with_file_name("settings.json")) else {
        return Vec::new();
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => settings::complete(environment, &text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => vec![Problem::of("settings.json", &path.display().to_string(), error.to_string())],
    }
}

/// A panic fails one record only; its place in the code is logged as every other line is.
fn log_panics(log: Arc<Log>) {
    panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        log.note(Level::Error, now(), "panic", &info.to_string());
    }));
}

/// The calendar's time, in whole milliseconds.
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_stops_a_second_before_the_deadline_or_at_three_quarters_of_a_short_time() {
        let now = Timestamp::from_millisecond(1_000_000).unwrap();
        for (left_milliseconds, expected_milliseconds) in
            [(30_000, 29_000), (4_000, 3_000), (2_000, 1_500), (0, 0), (u64::MAX - 1_000_000, 899_000)]
        {
            let usable = usable(1_000_000 + left_milliseconds, now);
            assert_eq!(usable, Duration::from_millis(expected_milliseconds), "{left_milliseconds}");
        }
        assert_eq!(usable(0, now), Duration::ZERO);
    }

    #[test]
    fn the_function_tells_its_account() {
        let mut context = Context::default();
        context.invoked_function_arn = "arn:aws:lambda:eu-west-2:123456789012:function:f".to_owned();
        let of = |context: &Context| invocation(context.clone(), now(), Instant::now()).account_id;
        assert_eq!(of(&context), "123456789012");
        context.invoked_function_arn = "none".to_owned();
        assert_eq!(of(&context), "");
    }
}
