//! The function's process with all that it starts: one process group, which ends as a whole, as Lambda ends a sandbox.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// How long what an ended process has printed may be on its way: a process that left the group can hold the pipes for ever.
const DRAIN: Duration = Duration::from_secs(1);

/// The group that runs, if any. Its leader is reaped under this lock only: until then nobody else can have its number.
#[derive(Debug, Default)]
pub(super) struct ProcessGroup(Mutex<Running>);

#[derive(Debug, Default)]
enum Running {
    #[default]
    Nothing,
    Leader(Pid),
    /// Nothing is to run any more.
    Closed,
}

/// A process that was started, with its output not yet read.
#[derive(Debug)]
pub(super) struct Spawned {
    child: Child,
    leader: Pid,
}

impl ProcessGroup {
    fn held(&self) -> MutexGuard<'_, Running> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a process in a group of its own: a terminal's Ctrl-C does not reach it.
    ///
    /// # Errors
    /// If it cannot be run, or the group is closed.
    pub(super) fn spawn(&self, command: &mut Command) -> std::io::Result<Spawned> {
        std::os::unix::process::CommandExt::process_group(command, 0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = self.held();
        if matches!(*running, Running::Closed) {
            return Err(std::io::Error::other("it was ended"));
        }
        let child = command.spawn()?;
        let leader = Pid::from_child(&child);
        *running = Running::Leader(leader);
        Ok(Spawned { child, leader })
    }

    /// Kills whatever runs in the group. It may have ended.
    pub(super) fn kill(&self) {
        if let Running::Leader(leader) = *self.held() {
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }

    /// Kills whatever runs, and lets nothing be started again.
    pub(super) fn close(&self) {
        self.kill();
        *self.held() = Running::Closed;
    }
}

impl Spawned {
    /// Hands on each line that it prints until its end, and ends what it has started and left running; says how it ended.
    pub(super) fn follow(
        mut self,
        group: &ProcessGroup,
        line: &Arc<impl Fn(String) + Send + Sync + 'static>,
    ) -> String {
        let (open, drained) = channel();
        let (output, errors) = (self.child.stdout.take(), self.child.stderr.take());
        if let Some(stream) = output {
            read(stream, Arc::clone(line), open.clone());
        }
        if let Some(stream) = errors {
            read(stream, Arc::clone(line), open.clone());
        }
        drop(open);
        // It is left unreaped, so that its number is still the group's when the rest is killed.
        while waitid(WaitId::Pid(self.leader), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)
            .is_err_and(|error| error == rustix::io::Errno::INTR)
        {}
        let ended = {
            let mut running = group.held();
            let _ = kill_process_group(self.leader, Signal::KILL);
            let ended = self.child.wait();
            if matches!(*running, Running::Leader(leader) if leader == self.leader) {
                *running = Running::Nothing;
            }
            ended
        };
        let _ = drained.recv_timeout(DRAIN); // both readers are gone, or they are left to themselves
        ended.map_or_else(|error| error.to_string(), told)
    }
}

/// Reads a stream in a thread of its own, which drops `open` at the end.
fn read(
    stream: impl Read + Send + 'static,
    line: Arc<impl Fn(String) + Send + Sync + 'static>,
    open: Sender<()>,
) {
    thread::spawn(move || {
        for text in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            line(String::from_utf8_lossy(&text).trim_end().to_owned());
        }
        drop(open);
    });
}

/// As Lambda tells it: `exit status 1`, `signal: 9 (SIGKILL)`.
fn told(status: ExitStatus) -> String {
    status.to_string().replace("exit status: ", "exit status ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    fn followed(group: &ProcessGroup, script: &str) -> (String, Vec<String>) {
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let heard = Arc::clone(&lines);
        let line = Arc::new(move |line| heard.lock().unwrap().push(line));
        let how = group.spawn(&mut shell(script)).unwrap().follow(group, &line);
        let lines = lines.lock().unwrap().clone();
        (how, lines)
    }

    #[test]
    fn what_a_process_started_and_left_running_ends_with_it() {
        let (how, lines) = followed(&ProcessGroup::default(), "sleep 600 & echo $!; exit 3");
        assert_eq!(how, "exit status 3");
        let [sleeper] = &lines[..] else { panic!("{lines:?}") };
        // Killed, though perhaps not yet reaped by whoever inherits it, and on a busy machine not yet gone in this very moment.
        let state = || std::fs::read_to_string(format!("/proc/{sleeper}/stat")).unwrap_or_default();
        let is_over = |state: String| state.is_empty() || state.contains(") Z ") || state.contains(") X ");
        let ended = (0..10_000_000).any(|_| {
            thread::yield_now();
            is_over(state())
        });
        assert!(ended, "{}", state());
    }

    #[test]
    fn a_killed_group_takes_the_children_along_and_a_closed_one_starts_nothing() {
        let group = Arc::<ProcessGroup>::default();
        let (sender, lines) = channel();
        let line = Arc::new(move |line| drop(sender.send(line)));
        let spawned = group.spawn(&mut shell("sleep 600 | cat & echo here; wait")).unwrap();
        let followed = {
            let group = Arc::clone(&group);
            thread::spawn(move || spawned.follow(&group, &line))
        };
        assert_eq!(lines.recv().unwrap(), "here");
        group.close();
        assert_eq!(followed.join().unwrap(), "signal: 9 (SIGKILL)");
        assert!(lines.recv().is_err(), "the readers have seen the end of the pipes");
        assert!(group.spawn(&mut shell("exit 0")).is_err());
    }

    #[test]
    fn a_process_that_left_the_group_holds_nobody_up() {
        // It holds the pipe of errors. What is read of it ends once it has a session of its own.
        let script = "left=$(setsid sh -c 'exec >/dev/null; exec sleep 5' &); echo done";
        let (how, lines) = followed(&ProcessGroup::default(), script);
        assert_eq!((how.as_str(), &lines[..]), ("exit status 0", &["done".to_owned()][..]));
    }
}
