//! A terminal for the command: what it writes is shown as a terminal shows it, frame by frame.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::run::Run;

/// Ends an update that a terminal shows as a whole.
const END_OF_FRAME: &[u8] = b"\x1b[?2026l";
/// Longest wait for a frame, in real time: no test needs it.
const PATIENCE: Duration = Duration::from_mins(2);

/// A command in a terminal of its own.
pub(crate) struct Terminal {
    process: Child,
    written: Receiver<Vec<u8>>,
    rest: Vec<u8>,
    parser: vt100::Parser,
    size: OwnedFd,
}

impl Terminal {
    /// Runs a command in a terminal of so many rows and columns.
    pub(crate) fn of(run: Run, rows: u16, columns: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&master).expect("it is ours");
        unlockpt(&master).expect("it is open");
        let name = ptsname(&master, Vec::new()).expect("its name");
        let slave =
            File::options().read(true).write(true).open(name.to_str().expect("text")).expect("its other end");
        let size = master.try_clone().expect("a handle");
        set_size(&size, rows, columns);
        let end = || Stdio::from(slave.try_clone().expect("a handle"));
        let process = run.env("TERM", "xterm-256color").spawn(end(), end(), end());
        let (sender, written) = channel();
        std::thread::spawn(move || {
            let (mut master, mut buffer) = (File::from(master), [0; 4096]);
            // The read fails when the command has gone.
            while let Ok(length @ 1..) = master.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            process,
            written,
            rest: Vec::new(),
            parser: vt100::Parser::new(some(rows), some(columns), 1_000),
            size,
        }
    }

    /// Makes it smaller or larger.
    pub(crate) fn resize(&mut self, rows: u16, columns: u16) {
        set_size(&self.size, rows, columns);
        self.parser.screen_mut().set_size(some(rows), some(columns));
    }

    /// What it shows once the next frame is drawn, without blanks at the ends of lines; none where the command ended first.
    pub(crate) fn next_frame(&mut self) -> Option<String> {
        loop {
            let end = self.rest.windows(END_OF_FRAME.len()).position(|window| window == END_OF_FRAME);
            if let Some(end) = end {
                let frame: Vec<u8> = self.rest.drain(..end + END_OF_FRAME.len()).collect();
                self.parser.process(&frame);
                return Some(self.shown());
            }
            match self.written.recv_timeout(PATIENCE) {
                Ok(bytes) => self.rest.extend(bytes),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return None,
                Err(error) => panic!("no frame came: {error}; {:?}", String::from_utf8_lossy(&self.rest)),
            }
        }
    }

    /// Waits until it shows this, and says what it shows then.
    pub(crate) fn until(&mut self, text: &str) -> String {
        loop {
            let rest = std::mem::take(&mut self.rest);
            self.parser.process(&rest);
            let shown = self.shown();
            if shown.contains(text) {
                return shown;
            }
            match self.written.recv_timeout(PATIENCE) {
                Ok(bytes) => self.rest.extend(bytes),
                Err(error) => panic!("it never showed {text:?}: {error}:\n{shown}"),
            }
        }
    }

    /// Types a line into it.
    pub(crate) fn answer(&mut self, line: &str) {
        let mut keyboard = File::from(self.size.try_clone().expect("a handle"));
        keyboard.write_all(format!("{line}\n").as_bytes()).expect("it takes what is typed");
    }

    /// All that the command wrote to it, as it was written.
    pub(crate) fn sent(mut self) -> String {
        let mut sent = std::mem::take(&mut self.rest);
        while let Ok(bytes) = self.written.recv_timeout(PATIENCE) {
            sent.extend(bytes);
        }
        String::from_utf8_lossy(&sent).into_owned()
    }

    /// What it shows when the command has ended, and its exit code.
    pub(crate) fn end(mut self) -> (String, Option<i32>) {
        while self.next_frame().is_some() {}
        let rest = std::mem::take(&mut self.rest);
        self.parser.process(&rest);
        let status = self.process.wait().expect("the command ends");
        (self.shown(), status.code())
    }

    fn shown(&self) -> String {
        let text = self.parser.screen().contents();
        text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.process.kill(); // it may have ended
    }
}

fn some(number: u16) -> NonZero<u16> {
    NonZero::new(number).expect("a terminal has rows and columns")
}

fn set_size(terminal: &OwnedFd, rows: u16, columns: u16) {
    let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(terminal, size).expect("it takes a size");
}
