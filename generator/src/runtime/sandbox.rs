//! One sandbox, as Lambda has for each concurrent invocation: the function's process, fed with one invocation after the other,
//! ended where it overruns, and started again where it crashes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::identity::request_id;
use super::process::{ProcessGroup, Spawned};

/// How long a function may take until it asks for its first event. Lambda gives it ten seconds; a desk may be busier.
const INIT_MAX: Duration = Duration::from_secs(30);
/// How long a process that has answered may take until it asks for the next event.
const PARTING: Duration = Duration::from_secs(1);

/// A function, as its configuration has it.
#[derive(Debug, Clone)]
pub struct LocalFunction {
    /// Its executable: `bootstrap`, or what runs it.
    pub program: PathBuf,
    /// What the executable is called with: nothing, or `bootstrap` for what runs it.
    pub arguments: Vec<PathBuf>,
    /// The folder that it was unpacked to, in which it runs.
    pub folder: PathBuf,
    /// Its whole environment, but for what the sandbox adds.
    pub environment: BTreeMap<String, String>,
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// How long an invocation may take.
    pub timeout: Duration,
}

/// What an invocation came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The function's answer, as it wrote it.
    Answer(Vec<u8>),
    /// The function's error, or Lambda's about it: an object with `errorType` and `errorMessage`.
    Error(Value),
}

/// Something to tell the person who watches.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// A line that the function printed.
    Line(String),
    /// The process was started.
    Started,
    /// An invocation begins.
    Invoked {
        /// Its id.
        request_id: String,
    },
    /// An invocation has ended.
    Finished {
        /// Its id.
        request_id: String,
        /// How.
        outcome: Outcome,
        /// After how long.
        milliseconds: i64,
    },
    /// The process has ended, though nobody asked it to.
    Died {
        /// How, e.g. `exit status: 1`.
        how: String,
    },
}

/// An invocation as the Runtime API hands it out.
#[derive(Debug, Clone)]
pub(super) struct Invocation {
    pub(super) request_id: String,
    pub(super) payload: Vec<u8>,
    pub(super) deadline_milliseconds: i64,
    pub(super) arn: String,
}

#[derive(Debug, Clone, PartialEq)]
enum Phase {
    /// There is no process.
    Down,
    /// It has not yet asked for an event.
    Starting,
    /// It waits for an event.
    Idle,
    /// It has the event of this invocation.
    Busy(String),
    /// It has answered, and not yet asked for the next event.
    Answered,
    /// The process has ended by itself: how, and what it said of its start.
    Ended(String),
}

struct State {
    /// Number of the process, from 1: what a former one still does is not taken for this one's.
    life: u64,
    phase: Phase,
    next: Option<Invocation>,
    /// Of the invocation under way. The process may ask for the next event before whoever waits has seen it.
    outcome: Option<Outcome>,
    init_error: Option<Value>,
}

/// The sandbox. It is shared by whoever serves it.
pub struct Sandbox {
    function: Mutex<LocalFunction>,
    /// Held by the invocation under way; the others wait for it.
    turn: Mutex<()>,
    state: Mutex<State>,
    changed: Condvar,
    group: ProcessGroup,
    /// Follows the process until it has ended.
    follower: Mutex<Option<JoinHandle<()>>>,
    /// `HOST:PORT` of the Runtime API; known once it is served.
    api: Mutex<String>,
    tell: Arc<dyn Fn(Notice) + Send + Sync>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sandbox {
    /// A sandbox without a process.
    pub fn new(function: LocalFunction, tell: impl Fn(Notice) + Send + Sync + 'static) -> Arc<Self> {
        let state = State { life: 0, phase: Phase::Down, next: None, outcome: None, init_error: None };
        Arc::new(Self {
            function: Mutex::new(function),
            turn: Mutex::new(()),
            state: Mutex::new(state),
            changed: Condvar::new(),
            group: ProcessGroup::default(),
            follower: Mutex::new(None),
            api: Mutex::default(),
            tell: Arc::new(tell),
        })
    }

    /// Starts the process, whose Runtime API is served at `api`.
    ///
    /// # Errors
    /// If the binary cannot be run.
    pub fn start(self: &Arc<Self>, api: &str) -> std::io::Result<()> {
        api.clone_into(&mut held(&self.api));
        let _turn = held(&self.turn);
        self.spawn()
    }

    /// Puts another function in its place, once the invocation under way has ended.
    ///
    /// # Errors
    /// If the binary cannot be run: then the former is started again.
    pub fn replace(self: &Arc<Self>, function: LocalFunction) -> std::io::Result<()> {
        let _turn = held(&self.turn);
        self.stop();
        let former = std::mem::replace(&mut *held(&self.function), function);
        self.spawn().inspect_err(|_| {
            *held(&self.function) = former;
            let _ = self.spawn(); // where that cannot be run either, the next invocation says so
        })
    }

    /// Ends the process and all that it has started. What they printed has been told of then.
    pub fn stop(&self) {
        // One that has answered is about to ask for the next event: it is not cut off while it hears that its answer is there.
        self.wait_while(PARTING, |phase| *phase == Phase::Answered);
        {
            let mut state = held(&self.state);
            state.life += 1; // its end is nobody's concern any more
            state.phase = Phase::Down;
            state.next = None;
        }
        self.changed.notify_all();
        self.group.kill();
        let follower = held(&self.follower).take();
        // The last to hold the sandbox can be the follower itself, which has seen the end.
        if let Some(follower) = follower.filter(|one| one.thread().id() != thread::current().id()) {
            let _ = follower.join();
        }
    }

    /// Ends the process for good: nothing starts it again, whatever is under way. The event that it has is not waited for.
    pub fn close(&self) {
        self.group.close();
        self.stop();
    }

    /// Invokes the function and waits for the outcome; two at once wait for each other, as for one sandbox of Lambda's.
    pub fn invoke(self: &Arc<Self>, payload: Vec<u8>) -> (String, Outcome) {
        let _turn = held(&self.turn);
        let id = request_id();
        (self.tell)(Notice::Invoked { request_id: id.clone() });
        let began = Timestamp::now();
        let outcome = self.attempt(&id, payload);
        let milliseconds = Timestamp::now().as_millisecond() - began.as_millisecond();
        let finished = Notice::Finished { request_id: id.clone(), outcome: outcome.clone(), milliseconds };
        (self.tell)(finished);
        (id, outcome)
    }

    fn attempt(self: &Arc<Self>, id: &str, payload: Vec<u8>) -> Outcome {
        let (arn, timeout) = {
            let function = held(&self.function);
            (function.arn.clone(), function.timeout)
        };
        if let Err(outcome) = self.ready(id) {
            return outcome;
        }
        let milliseconds = i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX);
        let deadline_milliseconds = Timestamp::now().as_millisecond().saturating_add(milliseconds);
        let busy = Phase::Busy(id.to_owned()); // but for a process that has ended since it asked
        {
            let mut state = held(&self.state);
            if !matches!(state.phase, Phase::Ended(_)) {
                state.next =
                    Some(Invocation { request_id: id.to_owned(), payload, deadline_milliseconds, arn });
                state.phase = busy.clone();
                state.outcome = None;
            }
        }
        self.changed.notify_all();
        let phase = self.wait_while(timeout, |phase| *phase == busy);
        if let Some(outcome) = held(&self.state).outcome.take() {
            return outcome;
        }
        if let Phase::Ended(how) = phase {
            let _ = self.spawn(); // where it cannot be, the next invocation says so
            return error(id, "Runtime.ExitError", &format!("Runtime exited with error: {how}"));
        }
        self.stop();
        let _ = self.spawn();
        let seconds = timeout.as_secs_f64();
        error(id, "Sandbox.Timedout", &format!("Task timed out after {seconds:.2} seconds"))
    }

    /// Waits until the function takes an event; starts it where it is not there.
    fn ready(self: &Arc<Self>, id: &str) -> Result<(), Outcome> {
        let is_gone = matches!(held(&self.state).phase, Phase::Down | Phase::Ended(_));
        if is_gone {
            let cannot = |failed: std::io::Error| error(id, "Runtime.InvalidEntrypoint", &failed.to_string());
            self.spawn().map_err(cannot)?;
        }
        match self.wait_while(INIT_MAX, |phase| matches!(phase, Phase::Starting | Phase::Answered)) {
            Phase::Idle => Ok(()),
            Phase::Ended(how) => {
                let own = held(&self.state).init_error.take().map(Outcome::Error);
                let exited = || error(id, "Runtime.ExitError", &format!("Runtime exited with error: {how}"));
                Err(own.unwrap_or_else(exited))
            }
            _ => {
                self.stop();
                let message = format!("Init timed out after {} seconds", INIT_MAX.as_secs());
                Err(error(id, "Sandbox.Timedout", &message))
            }
        }
    }

    /// The phase in which it is once `goes_on` no longer holds, or after `patience`.
    fn wait_while(&self, patience: Duration, goes_on: impl Fn(&Phase) -> bool) -> Phase {
        let state = held(&self.state);
        let waited = self.changed.wait_timeout_while(state, patience, |state| goes_on(&state.phase));
        waited.unwrap_or_else(PoisonError::into_inner).0.phase.clone()
    }

    fn spawn(self: &Arc<Self>) -> std::io::Result<()> {
        let function = held(&self.function).clone();
        let api = held(&self.api).clone();
        let mut command = Command::new(&function.program);
        command
            .args(&function.arguments)
            .current_dir(&function.folder)
            .env_clear()
            .envs(&function.environment);
        command.env("AWS_LAMBDA_RUNTIME_API", api);
        // Before it is there: it may ask for an event before this thread goes on, and would be taken for the former one.
        let life = {
            let mut state = held(&self.state);
            state.life += 1;
            state.phase = Phase::Starting;
            state.next = None;
            state.init_error = None;
            state.life
        };
        self.changed.notify_all(); // whoever waits for the former one need not any longer
        let spawned = self.group.spawn(&mut command);
        let spawned = spawned.inspect_err(|_| held(&self.state).phase = Phase::Down)?;
        (self.tell)(Notice::Started);
        let sandbox = Arc::clone(self);
        *held(&self.follower) = Some(thread::spawn(move || sandbox.follow(spawned, life)));
        Ok(())
    }

    /// Tells what the process prints, and notes its end unless it was ended from here.
    fn follow(&self, spawned: Spawned, life: u64) {
        let tell = Arc::clone(&self.tell);
        let how = spawned.follow(&self.group, &Arc::new(move |line| tell(Notice::Line(line))));
        let mut state = held(&self.state);
        if state.life == life {
            state.phase = Phase::Ended(how.clone());
            state.next = None;
            drop(state);
            (self.tell)(Notice::Died { how });
            self.changed.notify_all();
        }
    }

    /// The next invocation for the process that asks; `None` once it is not the one that is there.
    pub(super) fn next(&self) -> Option<Invocation> {
        let mut state = held(&self.state);
        let life = state.life;
        if matches!(state.phase, Phase::Starting | Phase::Answered) {
            state.phase = Phase::Idle;
            self.changed.notify_all();
        }
        let waits = |state: &mut State| state.life == life && state.next.is_none();
        let mut state = self.changed.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner);
        if state.life == life { state.next.take() } else { None }
    }

    /// Takes the function's answer to an invocation; false where that is not under way.
    pub(super) fn answered(&self, request_id: &str, outcome: Outcome) -> bool {
        let mut state = held(&self.state);
        let is_due = state.phase == Phase::Busy(request_id.to_owned());
        if is_due {
            state.phase = Phase::Answered;
            state.outcome = Some(outcome);
            self.changed.notify_all();
        }
        is_due
    }

    /// Takes what the function says of its start.
    pub(super) fn failed_to_start(&self, error: Value) {
        held(&self.state).init_error = Some(error);
    }

    /// The invocation under way.
    #[cfg(feature = "local")]
    pub(crate) fn current(&self) -> Option<String> {
        match &held(&self.state).phase {
            Phase::Busy(id) => Some(id.clone()),
            _ => None,
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.close();
    }
}

fn error(request_id: &str, kind: &str, message: &str) -> Outcome {
    Outcome::Error(
        json!({"errorType": kind, "errorMessage": format!("RequestId: {request_id} Error: {message}")}),
    )
}
