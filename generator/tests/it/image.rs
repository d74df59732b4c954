//! The handler as a container image: its Dockerfile is gone through as a builder would, without the base images. What the
//! release stage holds has to be what the zip does.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use asg_recycle::package;
use parse_dockerfile::{Command as Arguments, CopyInstruction, Dockerfile, Instruction, Source};

use crate::python;
use crate::run::{Done, Run, cache_folder};

const STACK: &str = "name: imaged\npackage:\n  kind: image\nhandler:\n  settings:\n    AWS_CA_BUNDLE: /var/task/tls/ca.pem\n  \
    files:\n    tls/ca.pem: ca.pem\n";

/// Name to mode and contents.
type Tree = BTreeMap<String, (u32, Vec<u8>)>;

/// A folder for each stage, in place of its file system.
struct Builder {
    folder: tempfile::TempDir,
    /// What `.dockerignore` leaves of the output folder.
    context: PathBuf,
}

impl Builder {
    /// Reads the one form of `.dockerignore` that is emitted: nothing, but these.
    fn new(out: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let context = folder.path().join("context");
        fs::create_dir(&context).expect("a folder");
        let ignored = fs::read_to_string(out.join(".dockerignore")).expect(".dockerignore");
        let mut rules = ignored.lines().filter(|line| !line.starts_with('#'));
        assert_eq!(rules.next(), Some("*"));
        for rule in rules {
            let kept = rule.strip_prefix('!').expect("what is kept after all");
            fs::copy(out.join(kept), context.join(kept)).expect("it is there");
        }
        Self { folder, context }
    }

    fn root(&self, stage: &str) -> PathBuf {
        self.folder.path().join("stages").join(stage)
    }

    /// Goes through the stages; the failed command, if there is one.
    fn build(&self, dockerfile: &Dockerfile<'_>) -> Result<(), String> {
        for stage in dockerfile.stages() {
            let name = &stage.from.as_.as_ref().expect("a stage has a name").1.value;
            let root = self.root(name);
            let mut working = root.clone();
            fs::create_dir_all(&root).expect("a folder");
            for instruction in stage.instructions {
                match instruction {
                    Instruction::Workdir(workdir) => {
                        let path = workdir.arguments.value.strip_prefix('/').expect("an absolute path");
                        working = root.join(path);
                        fs::create_dir_all(&working).expect("a folder");
                    }
                    Instruction::Copy(copy) => self.copy(copy, &working),
                    Instruction::Run(run) => shell(&run.arguments, &working)?,
                    Instruction::Entrypoint(_) => {}
                    other => panic!("no builder for {other:?}"),
                }
            }
        }
        Ok(())
    }

    fn copy(&self, copy: &CopyInstruction<'_>, working: &Path) {
        assert_eq!(copy.dest.value, "./");
        let stage = copy.options.iter().find(|flag| flag.name.value == "from");
        let stage = stage.and_then(|flag| flag.value.as_ref()).map(|value| self.root(&value.value));
        for source in &copy.src {
            let Source::Path(path) = source else { panic!("a path, not {source:?}") };
            match &stage {
                Some(root) => copied(&root.join(path.value.trim_start_matches('/')), working),
                None => drop(
                    fs::copy(self.context.join(&*path.value), working.join(&*path.value)).expect("copied"),
                ),
            }
        }
    }
}

fn shell(command: &Arguments<'_>, working: &Path) -> Result<(), String> {
    let Arguments::Shell(text) = command else { panic!("a shell's command, not {command:?}") };
    let mut shell = Command::new("sh");
    let output = shell.args(["-c", text.value]).current_dir(working).output().expect("sh starts");
    if output.status.success() { Ok(()) } else { Err(text.value.to_string()) }
}

/// Copies what is in a folder, with modes.
fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("the folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copied(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}

fn tree(root: &Path) -> Tree {
    let mut files = Tree::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                let mode = fs::metadata(&path).expect("its mode").permissions().mode() & 0o777;
                assert_eq!(mode, 0o755, "{}", path.display());
                folders.push(path);
            } else {
                let mode = fs::metadata(&path).expect("its mode").permissions().mode() & 0o777;
                let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
                files.insert(name, (mode, fs::read(&path).expect("the file")));
            }
        }
    }
    files
}

fn zipped(zip: &Path) -> Tree {
    let folder = tempfile::tempdir().expect("a folder");
    package::unpack(&fs::read(zip).expect("the zip"), folder.path()).expect("it is a zip");
    tree(folder.path())
}

fn built() -> Done {
    let cache = cache_folder();
    let run = Run::new(&["build", "stack.yaml", "--out", "out", "--cache-dir", &cache.to_string_lossy()]);
    run.file("stack.yaml", STACK).file("ca.pem", "-----BEGIN CERTIFICATE-----\n").ok()
}

#[test]
fn the_image_holds_what_the_zip_does() {
    let done = built();
    let text = done.read("out/Dockerfile");
    let dockerfile = parse_dockerfile::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let stages: Vec<_> = dockerfile.stages().collect();
    assert_eq!(stages.len(), 2);
    assert_eq!(stages[1].from.image.value, "public.ecr.aws/lambda/provided:al2023");
    let builder = Builder::new(&done.folder.join("out"));
    builder.build(&dockerfile).unwrap_or_else(|command| panic!("it failed: {command}"));
    let released = tree(&builder.root("release"));
    let wanted = zipped(&done.folder.join("out/handler.zip"));
    assert_eq!(wanted.keys().collect::<Vec<_>>(), ["bootstrap", "settings.json", "tls/ca.pem"]);
    let wanted: Tree = wanted.into_iter().map(|(name, file)| (format!("var/task/{name}"), file)).collect();
    assert!(released == wanted, "{:?} and {:?}", released.keys(), wanted.keys());
    let Some(Instruction::Entrypoint(entry)) = stages[1].instructions.last() else {
        panic!("an entry point")
    };
    let Arguments::Exec(arguments) = &entry.arguments else { panic!("without a shell") };
    let arguments: Vec<_> = arguments.value.iter().map(|argument| &*argument.value).collect();
    assert_eq!(arguments, ["/var/task/bootstrap"]);
}

#[test]
fn a_linter_finds_nothing_in_the_dockerfile_with_a_zip_and_without() {
    let done = built();
    done.then(&["generate", "stack.yaml", "--out", "without"]).ok();
    for (folder, has_zip) in [("out", true), ("without", false)] {
        let file = format!("{folder}/Dockerfile");
        assert_eq!(done.read(&file).contains("sha256sum"), has_zip, "{file}");
        let output =
            Command::new(python::hadolint()).arg(done.folder.join(&file)).output().expect("it starts");
        let found = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && found.is_empty(), "{found}");
    }
    // It finds what there is.
    fs::write(done.folder.join("Dockerfile"), "FROM debian\nRUN cd /tmp && ls\n").expect("a file");
    let other =
        Command::new(python::hadolint()).arg(done.folder.join("Dockerfile")).output().expect("it starts");
    assert!(String::from_utf8_lossy(&other.stdout).contains("DL3006"), "{other:?}");
}

#[test]
fn another_zip_than_the_one_that_was_built_makes_no_image() {
    let done = built();
    let zip = done.folder.join("out/handler.zip");
    let mut bytes = fs::read(&zip).expect("the zip");
    bytes.push(0);
    fs::write(&zip, bytes).expect("written");
    let text = done.read("out/Dockerfile");
    let dockerfile = parse_dockerfile::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let failed = Builder::new(&done.folder.join("out")).build(&dockerfile).expect_err("it is refused");
    assert!(failed.contains("sha256sum"), "{failed}");
}

#[test]
fn an_image_is_pushed_by_the_readmes_commands_and_not_published() {
    let done = built();
    let readme = done.read("out/README.md");
    assert!(readme.contains("docker build --platform linux/amd64 --provenance=false"), "{readme}");
    let publish = ["publish", "stack.yaml", "--bucket", "artefacts", "--handler-zip", "out/handler.zip"];
    done.then(&publish).stderr_has("`package.kind` is `image`").exits(2);
    let plain = done.then(&["generate", "stack.yaml", "--out", "out"]).file("stack.yaml", "name: imaged\n");
    let plain = plain.stdout_has("- Dockerfile\n").stdout_has("- .dockerignore\n").exits(0);
    assert!(!plain.has("out/terraform-repository/main.tf"));
}
