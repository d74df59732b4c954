//! The Python contestant: `recycle.py` in a virtual environment under `target/`, made from `PyPI` where there is none.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::measure::Contestant;

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/python");
/// What is installed, a line each.
pub(crate) const PACKAGES: &str = include_str!("../python/requirements.txt");

/// A virtual environment with the handler in it.
pub(crate) struct Python {
    folder: PathBuf,
}

impl Python {
    /// Makes the environment unless there is one with the same requirements.
    pub(crate) fn install() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cold-start-python");
        let installed = folder.join("installed.txt");
        if fs::read_to_string(&installed).is_ok_and(|text| text == PACKAGES) {
            return Self { folder }.with_handler();
        }
        let _ = fs::remove_dir_all(&folder); // where an earlier run was interrupted
        succeed(Command::new("python3").args(["-m", "venv"]).arg(&folder));
        let requirements = format!("{SOURCES}/requirements.txt");
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        succeed(Command::new(folder.join("bin/python")).args(pip).arg(requirements));
        fs::write(installed, PACKAGES).expect("a file");
        Self { folder }.with_handler()
    }

    /// Puts the handler where Python may keep its compiled form, as in a layer.
    fn with_handler(self) -> Self {
        fs::create_dir_all(self.task()).expect("a folder");
        fs::copy(format!("{SOURCES}/recycle.py"), self.task().join("recycle.py")).expect("a copy");
        self
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn task(&self) -> PathBuf {
        self.folder.join("task")
    }

    fn program(&self) -> PathBuf {
        self.folder.join("bin/python")
    }

    /// The handler under Lambda's own runtime client.
    pub(crate) fn contestant(&self, mut environment: BTreeMap<String, String>) -> Contestant {
        let region = environment["AWS_REGION"].clone();
        let task = self.task().display().to_string();
        for (key, value) in
            [("AWS_DEFAULT_REGION", region), ("LAMBDA_TASK_ROOT", task.clone()), ("PYTHONPATH", task)]
        {
            environment.insert(key.to_owned(), value);
        }
        Contestant {
            program: self.program(),
            arguments: vec!["-m", "awslambdaric", "recycle.handler"],
            environment,
        }
    }

    /// The authorities that the SDK trusts.
    pub(crate) fn authorities(&self) -> String {
        self.print(
            "import botocore, os; print(os.path.join(os.path.dirname(botocore.__file__), 'cacert.pem'))",
        )
    }

    pub(crate) fn version(&self) -> String {
        self.print("import sys; print(sys.version.split()[0])")
    }

    fn print(&self, program: &str) -> String {
        let output = Command::new(self.program()).args(["-c", program]).output().expect("Python starts");
        String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
    }
}

fn succeed(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}
