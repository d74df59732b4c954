//! `local`: the handler on this machine, under Lambda's Runtime API, with AWS or a modelled world behind it.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::changes::WatchedFiles;
use super::context::Context;
use super::exit_code::Failure;
use super::function::{FunctionArguments, Prepared};
use super::input::Source;
use super::invoke::EventArguments;
use super::scenario::{WorldArguments, follow_template};
use super::simulate::look;
use crate::http;
use crate::local::{self, Account, Asked, AwsCall, Endpoint, Left, ServiceFault};
use crate::runtime::{LocalFunction, Notice, Outcome, Sandbox};
use crate::simulate::report;
use crate::simulate::runner::{Deployment, Detail, Run};

/// How often files are looked at.
const LOOK: Duration = Duration::from_millis(500);
/// How long a line may be on its way from the handler.
const BREATH: Duration = Duration::from_millis(20);
/// How long an endpoint may take to accept a connection.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// The port to listen on; 0 is any that is free.
    #[arg(long, value_name = "PORT", default_value_t = 9000)]
    port: u16,
    /// The address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    address: IpAddr,
    #[command(flatten)]
    function: FunctionArguments,
    /// No AWS: the modelled world of the simulator answers, and what is started runs in it.
    #[arg(long, conflicts_with = "endpoint_url")]
    offline: bool,
    /// Start anew whenever the stack's file, the file of variables or the binary changes.
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    event: EventArguments,
    #[command(flatten)]
    world: WorldArguments,
}

/// An invocation that has ended.
struct Ended {
    outcome: Outcome,
    milliseconds: i64,
    /// What was started in the modelled account.
    left: Option<Left>,
}

/// What the one loop of this command waits for.
enum Happening {
    Told(Notice),
    Asked(Asked),
    Interrupted,
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let is_of_world = arguments.world.scenario.is_some() || arguments.world.strategy.is_some();
    if is_of_world && !arguments.offline {
        return Err(Failure::Input("a scenario is for `--offline`: AWS has groups of its own".to_owned()));
    }
    if let Some(url) = &arguments.function.endpoint_url {
        let fix = "start the emulator, or leave AWS out with `--offline`";
        http::answers(url, PATIENCE).map_err(|error| Failure::World(format!("{error}; {fix}")))?;
    }
    let address = SocketAddr::new(arguments.address, arguments.port);
    // One event needs no port that anybody knows.
    let address = if arguments.event.is_given() { SocketAddr::new(arguments.address, 0) } else { address };
    let no_port = |error: http::PortError| Failure::World(error.to_string());
    http::free(address).map_err(no_port)?; // before the minutes that compiling may take
    let (sender, happenings) = mpsc::channel();
    let endpoint = Arc::<Endpoint>::default();
    let this = Arc::<OnceLock<Arc<Sandbox>>>::default();
    let aws = if arguments.offline {
        Some(serve_account(sender.clone(), Arc::clone(&endpoint), Arc::clone(&this))?)
    } else {
        None
    };
    let event = if arguments.event.is_given() { Some(arguments.event.read()?) } else { None };
    let mut prepared = arguments.function.prepare(&arguments.source, aws.as_deref(), context)?;
    let account = arguments.account(&mut prepared, context)?;
    let payload = match event {
        Some(read) => Some(arguments.event.payload(read, &prepared.defaults)?),
        None => None,
    };
    endpoint.set_defaults(prepared.defaults.clone());
    let tell = sender.clone();
    let sandbox =
        Sandbox::new(prepared.function.clone(), move |notice| drop(tell.send(Happening::Told(notice))));
    let _ = this.set(Arc::clone(&sandbox));
    let interrupted = interruptions(sender)?;
    let address = local::serve(address, &sandbox, &endpoint).map_err(no_port)?;
    let cannot = |error: std::io::Error| Failure::World(format!("cannot run the handler: {error}"));
    sandbox.start(&address.to_string()).map_err(cannot)?;
    let mut session = Session { arguments, prepared, sandbox, endpoint, account, interrupted, aws, address };
    match payload {
        Some(payload) => session.once(&payload, &happenings, context),
        None => session.serve(&happenings, context),
    }
}

/// Serves the modelled account; its calls are answered by the loop, for a world stays with its thread.
fn serve_account(
    sender: Sender<Happening>,
    endpoint: Arc<Endpoint>,
    sandbox: Arc<OnceLock<Arc<Sandbox>>>,
) -> Result<String, Failure> {
    let gone =
        || ServiceFault { code: "ServiceUnavailable".to_owned(), message: "the account is gone".to_owned() };
    let ask = move |call: AwsCall| {
        let (answer, answered) = mpsc::channel();
        sender.send(Happening::Asked(Asked { call: call.clone(), answer })).map_err(|_| gone())?;
        let answer = answered.recv().map_err(|_| gone())??;
        if let Some(sandbox) = sandbox.get() {
            endpoint.remember(sandbox, &call, &answer);
        }
        Ok(answer)
    };
    let address = local::serve_aws(ask).map_err(|error| Failure::World(error.to_string()))?;
    Ok(format!("http://{address}"))
}

/// Lets Ctrl-C, SIGTERM and SIGHUP end the loop and a run that it is at.
fn interruptions(sender: Sender<Happening>) -> Result<Arc<AtomicBool>, Failure> {
    let interrupted = Arc::<AtomicBool>::default();
    let flag = Arc::clone(&interrupted);
    let handler = move || {
        flag.store(true, Ordering::Relaxed);
        let _ = sender.send(Happening::Interrupted); // the loop may have ended
    };
    ctrlc::set_handler(handler)
        .map_err(|error| Failure::World(format!("cannot listen for Ctrl-C: {error}")))?;
    Ok(interrupted)
}

impl Arguments {
    /// The modelled account, where AWS is left out; and what the samples are then about.
    fn account(&self, prepared: &mut Prepared, context: &Context) -> Result<Option<Account>, Failure> {
        if !self.offline {
            return Ok(None);
        }
        let config = prepared.stack.config().clone();
        let (strategy, mut scenario) = self.world.scenario(&config, context)?;
        if self.world.scenario.is_none() {
            follow_template(&mut scenario);
        }
        scenario.triggers = Some(Vec::new()); // the event on the desk is the trigger
        let deployment =
            Deployment::of(&prepared.stack).map_err(|problems| Failure::World(problems.to_string()))?;
        let deployments = [Rc::new(deployment)];
        let begin = move || {
            let mut scenario = scenario.clone();
            // The handler has this machine's clock, and windows are told by it.
            scenario.world.starts_at = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or_default();
            scenario.runner(&deployments, &strategy, Detail::Plain).map_err(|error| error.to_string())
        };
        let first = begin().map_err(Failure::Input)?;
        let name = |index| first.world().group(index).map(|group| group.name.to_string());
        (prepared.defaults.group, prepared.defaults.other_group) = (name(0), name(1));
        let instance = first.world().group(0).and_then(|group| group.instances.first());
        prepared.defaults.instance = instance.map(|instance| instance.id.to_string());
        prepared.defaults.template = first.world().templates().keys().next().map(ToString::to_string);
        Ok(Some(Account::new(begin)))
    }
}

/// A handler that is served.
struct Session<'a> {
    arguments: &'a Arguments,
    prepared: Prepared,
    sandbox: Arc<Sandbox>,
    endpoint: Arc<Endpoint>,
    account: Option<Account>,
    interrupted: Arc<AtomicBool>,
    aws: Option<String>,
    address: SocketAddr,
}

/// However it ends, it leaves no process.
impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.sandbox.close();
    }
}

impl Session<'_> {
    /// Sends one event and shows what becomes of it.
    fn once(
        &mut self,
        payload: &Value,
        happenings: &Receiver<Happening>,
        context: &mut Context,
    ) -> Result<(), Failure> {
        let (sandbox, payload) = (Arc::clone(&self.sandbox), payload.to_string().into_bytes());
        std::thread::spawn(move || sandbox.invoke(payload));
        for happening in happenings {
            match happening {
                Happening::Interrupted => break,
                other => {
                    let Some(ended) = self.follow(other, context)? else { continue };
                    self.sandbox.stop(); // now it has said all that it had to say
                    for said in happenings.try_iter() {
                        self.follow(said, context)?;
                    }
                    let is_answer = matches!(ended.outcome, Outcome::Answer(_));
                    let run = self.finished(ended, context)?;
                    let is_sound = run.is_none_or(|run| run.verdict.is_sound() && !run.has_failed());
                    return if is_sound && is_answer { Ok(()) } else { Err(Failure::Findings) };
                }
            }
        }
        Ok(())
    }

    /// Serves events until it is interrupted.
    fn serve(&mut self, happenings: &Receiver<Happening>, context: &mut Context) -> Result<(), Failure> {
        self.greet(context);
        let mut files = self.files();
        let mut ended = VecDeque::new();
        while !self.interrupted.load(Ordering::Relaxed) {
            self.settle(&mut ended, happenings, context)?;
            match happenings.recv_timeout(LOOK) {
                Ok(happening) => ended.extend(self.follow(happening, context)?),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) if files.have_changed() => self.renew(happenings, context)?,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        Ok(())
    }

    /// Shows what came of the invocations that have ended.
    fn settle(
        &mut self,
        ended: &mut VecDeque<Ended>,
        happenings: &Receiver<Happening>,
        context: &mut Context,
    ) -> Result<(), Failure> {
        while let Some(first) = ended.pop_front() {
            // What it said before it answered is read by another thread, and comes a moment later.
            while let Ok(said) = happenings.recv_timeout(BREATH) {
                ended.extend(self.follow(said, context)?);
            }
            drop(self.finished(first, context)?);
        }
        Ok(())
    }

    fn files(&self) -> WatchedFiles {
        let own = self.arguments.function.files().map(std::path::Path::to_owned);
        let all = [self.arguments.source.file.clone()].into_iter().chain(own);
        WatchedFiles::watch(if self.arguments.watch { all.collect() } else { Vec::new() })
    }

    fn greet(&self, context: &mut Context) {
        let url = format!("http://{}", self.address);
        let port = if self.address.port() == 9000 { String::new() } else { format!(" --endpoint-url {url}") };
        let behind = match (&self.prepared.defaults.group, &self.arguments.function.endpoint_url) {
            (Some(group), _) => format!("no AWS: a modelled world with the group {group} answers"),
            (None, Some(url)) => format!("AWS is {url}"),
            (None, None) => format!("AWS is the account {}", self.prepared.defaults.account),
        };
        let text = format!(
            "{} listens at {url}; {behind}\n\
             next: `asg-recycle invoke --sample update-launch-template{port}` in another terminal; Ctrl-C ends it\n",
            self.prepared.function.name
        );
        context.console.note(&text);
    }

    /// Shows or answers what happens; an invocation that has ended is left to the caller.
    fn follow(&mut self, happening: Happening, context: &mut Context) -> Result<Option<Ended>, Failure> {
        match happening {
            Happening::Told(Notice::Finished { outcome, milliseconds, .. }) => {
                let left = self.account.as_mut().and_then(Account::leave);
                return Ok(Some(Ended { outcome, milliseconds, left }));
            }
            Happening::Told(Notice::Line(line)) => {
                let shown = if context.console.is_watched {
                    local::pretty(&line, context.console.colours_notes, context.console.columns)
                } else {
                    Some(line)
                };
                if let Some(line) = shown {
                    context.console.note(&(line + "\n"));
                }
            }
            Happening::Told(Notice::Died { how }) => {
                context
                    .console
                    .note(&format!("the handler has ended: {how}; the next event starts it again\n"));
            }
            Happening::Asked(Asked { call, answer }) => {
                let account =
                    self.account.as_mut().ok_or_else(|| Failure::World("there is no account".to_owned()))?;
                let _ = answer.send(account.answer(&call)); // the handler may be gone
                for message in account.take_published() {
                    context.console.note(&format!("published: {message}\n"));
                }
            }
            Happening::Told(Notice::Started | Notice::Invoked { .. }) | Happening::Interrupted => {}
        }
        Ok(None)
    }

    /// An invocation has ended: what it has started is run and shown.
    fn finished(&self, ended: Ended, context: &mut Context) -> Result<Option<Run>, Failure> {
        let Ended { outcome, milliseconds, left } = ended;
        match &outcome {
            Outcome::Answer(_) => context.console.note(&format!("answered after {milliseconds} ms\n")),
            Outcome::Error(error) => {
                let text = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default();
                let line = format!("function error {}: {}\n", text("errorType"), text("errorMessage"));
                context.console.note(&line);
            }
        }
        let interrupted = Arc::clone(&self.interrupted);
        let goes_on = move |_: &crate::simulate::runner::Runner| !interrupted.load(Ordering::Relaxed);
        let run = left.and_then(|left| left.finish(goes_on));
        if let Some(run) = &run {
            context.console.result(&report::text(run, look(&context.console, None)))?;
        }
        Ok(run)
    }

    /// Files have changed: the function is built and started anew; where that fails, the former goes on.
    fn renew(&mut self, happenings: &Receiver<Happening>, context: &mut Context) -> Result<(), Failure> {
        let built = self.arguments.function.prepare(&self.arguments.source, self.aws.as_deref(), context);
        let built = built.and_then(|mut prepared| {
            let account = self.arguments.account(&mut prepared, context)?;
            Ok((prepared, account))
        });
        let renewed = match built {
            Ok((prepared, account)) => {
                let replaced = self.replace(prepared.function.clone(), happenings, context)?;
                replaced.map(|()| (prepared, account))
            }
            Err(failure) => Err(failure),
        };
        match renewed {
            Ok((prepared, account)) => {
                self.endpoint.set_defaults(prepared.defaults.clone());
                (self.prepared, self.account) = (prepared, account);
                context.console.note("changed: the handler was started anew\n");
            }
            Err(failure) => {
                context.console.failure(&failure);
                context.console.note("the handler goes on as it was\n");
            }
        }
        Ok(())
    }

    /// Starts another function in place of the one that runs. An event that is under way comes to its end before, with what it asks and
    /// starts in the account that it began with.
    fn replace(
        &mut self,
        function: LocalFunction,
        happenings: &Receiver<Happening>,
        context: &mut Context,
    ) -> Result<Result<(), Failure>, Failure> {
        let sandbox = Arc::clone(&self.sandbox);
        let replacing = std::thread::spawn(move || sandbox.replace(function));
        let mut ended = VecDeque::new();
        while !replacing.is_finished() {
            if self.interrupted.load(Ordering::Relaxed) {
                self.sandbox.close(); // the event that is under way is not waited for
            }
            if let Ok(happening) = happenings.recv_timeout(BREATH) {
                ended.extend(self.follow(happening, context)?);
            }
        }
        self.settle(&mut ended, happenings, context)?;
        let replaced = replacing.join().unwrap_or_else(|_| Err(std::io::Error::other("it broke down")));
        Ok(replaced.map_err(|error| Failure::World(format!("cannot run the handler: {error}"))))
    }
}
