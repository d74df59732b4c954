//! A run of the command: arguments, folder, environment, and what is expected of it.
//!
//! ```text
//! Run::new(&["validate", "stack.yaml"]).file("stack.yaml", "name: x\n").stdout("stack.yaml: no faults\n").ok();
//! ```
//!
//! Each run has an empty folder of its own unless it is told to run in another's, and an environment without
//! anything that would change what the command does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The built command.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_asg-recycle");

/// The cache of compiled handlers that all tests share: the first to need one compiles it, the rest wait for it.
pub(crate) fn cache_folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("asg-recycle-cache")
}

/// A run to be made; nothing happens before [`Run::ok`] or [`Run::exits`].
#[must_use = "nothing runs before `ok` or `exits`"]
pub(crate) struct Run {
    command: Command,
    folder: PathBuf,
    own: Option<tempfile::TempDir>,
    stdout: Vec<Expectation>,
    stderr: Vec<Expectation>,
}

/// What is expected of a stream.
enum Expectation {
    Is(String),
    Has(String),
    Lacks(String),
}

impl Expectation {
    fn check(&self, stream: &str, text: &str) {
        match self {
            Self::Is(expected) => assert_eq!(text, expected, "{stream}"),
            Self::Has(part) => assert!(text.contains(part), "{stream} lacks {part:?}:\n{text}"),
            Self::Lacks(part) => assert!(!text.contains(part), "{stream} has {part:?}:\n{text}"),
        }
    }
}

/// What a run has left behind.
pub(crate) struct Done {
    pub(crate) stdout: String,
    /// The folder it ran in.
    pub(crate) folder: PathBuf,
    _own: Option<tempfile::TempDir>, // removed with the value
}

impl Run {
    /// A run in an empty folder.
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let own = tempfile::tempdir().expect("a temporary folder");
        let folder = own.path().to_owned();
        Self { own: Some(own), ..Self::within(&folder, arguments) }
    }

    /// A run in a folder that is there.
    pub(crate) fn within(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(folder).stdin(Stdio::null());
        for steering in ["NO_COLOR", "ASG_RECYCLE_CACHE_DIR", "CARGO_TERM_COLOR"] {
            command.env_remove(steering);
        }
        command.env("ASG_RECYCLE_KEEP_BUILD", "1"); // the handler changes often where its tests run
        Self { command, folder: folder.to_owned(), own: None, stdout: Vec::new(), stderr: Vec::new() }
    }

    /// Writes a file into the folder before the run.
    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        let file = self.folder.join(path);
        fs::create_dir_all(file.parent().expect("it is in the folder")).expect("a folder");
        fs::write(file, text).expect("a file");
        self
    }

    /// The folder that it runs in.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Sets a variable of the environment.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Expects exactly this on standard output.
    pub(crate) fn stdout(mut self, text: &str) -> Self {
        self.stdout.push(Expectation::Is(text.to_owned()));
        self
    }

    /// Expects this within standard output.
    pub(crate) fn stdout_has(mut self, part: &str) -> Self {
        self.stdout.push(Expectation::Has(part.to_owned()));
        self
    }

    /// Expects this nowhere in standard output.
    pub(crate) fn stdout_lacks(mut self, part: &str) -> Self {
        self.stdout.push(Expectation::Lacks(part.to_owned()));
        self
    }

    /// Expects exactly this on standard error.
    pub(crate) fn stderr(mut self, text: &str) -> Self {
        self.stderr.push(Expectation::Is(text.to_owned()));
        self
    }

    /// Expects this within standard error.
    pub(crate) fn stderr_has(mut self, part: &str) -> Self {
        self.stderr.push(Expectation::Has(part.to_owned()));
        self
    }

    /// Expects this nowhere in standard error.
    pub(crate) fn stderr_lacks(mut self, part: &str) -> Self {
        self.stderr.push(Expectation::Lacks(part.to_owned()));
        self
    }

    /// Runs it and expects success.
    pub(crate) fn ok(self) -> Done {
        self.exits(0)
    }

    /// Runs it and expects this exit code.
    pub(crate) fn exits(self, code: i32) -> Done {
        self.begin().exits(code)
    }

    /// Begins it with streams of the test's own.
    pub(crate) fn spawn(mut self, input: Stdio, output: Stdio, notes: Stdio) -> Child {
        self.command.stdin(input).stdout(output).stderr(notes).spawn().expect("the command starts")
    }

    /// Begins it, and the test goes on meanwhile.
    pub(crate) fn begin(mut self) -> Begun {
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Begun { process: self.command.spawn().expect("the command starts"), run: self }
    }
}

/// A run under way.
#[must_use = "it is to end"]
pub(crate) struct Begun {
    process: Child,
    run: Run,
}

impl Begun {
    /// Waits for its end and expects this exit code.
    pub(crate) fn exits(self, code: i32) -> Done {
        let Self { process, mut run } = self;
        let output = process.wait_with_output().expect("the command ends");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the command prints UTF-8");
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        let status = output.status.code();
        assert_eq!(status, Some(code), "exit code of {:?}\n{stdout}{stderr}", run.command);
        run.stdout.iter().for_each(|each| each.check("standard output", &stdout));
        run.stderr.iter().for_each(|each| each.check("standard error", &stderr));
        Done { stdout, folder: run.folder, _own: run.own.take() }
    }
}

impl Done {
    /// A file's text after the run.
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Whether a file is there after the run.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.folder.join(path).exists()
    }

    /// A further run in the same folder.
    pub(crate) fn then(&self, arguments: &[&str]) -> Run {
        Run::within(&self.folder, arguments)
    }
}

/// Every file under a folder: path, `/`-separated, to contents.
pub(crate) fn files(folder: &Path) -> asg_recycle::render::Files {
    let mut files = asg_recycle::render::Files::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(each) = folders.pop() {
        for entry in fs::read_dir(&each).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let parts: Vec<_> =
                path.strip_prefix(folder).expect("below").iter().map(|part| part.to_string_lossy()).collect();
            files.insert(parts.join("/"), fs::read(&path).expect("a file"));
        }
    }
    files
}
