//! How long commands take as whole processes, beside `cargo lambda build` where that is installed:
//! `cargo bench -p asg-recycle --bench commands`, and with `-- from-nothing` at its end how long the handler takes with an empty
//! cache, which is minutes. It prints figures and asserts nothing.
//!
//! The peer's crate is an empty `main`, the least that it can have to do.
//!
//! With `-- cdk FOLDER`, `generate` beside `cdk synth` of a stack of as many resources, and nothing else: FOLDER is a copy of `benches/cdk`
//! in which `npm install` has run.
//!
//! With `-- status`, `status` of a stack with 500 groups against the emulated AWS of the tests, and nothing else.

#[path = "../tests/it/emulator.rs"]
#[expect(dead_code, reason = "the tests ask it more")]
mod emulator;
#[path = "../tests/it/prepared.rs"]
mod prepared;
#[path = "../tests/it/python.rs"]
#[expect(dead_code, reason = "the tests use further environments")]
mod python;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use serde_json::{Value, json};

/// Runs of each command.
const RUNS: usize = 30;
/// Runs of each beside a peer that takes seconds.
const RUNS_OF_PEER: usize = 5;
/// Runs of `status`, which takes a second or two.
const RUNS_OF_STATUS: usize = 15;
/// Groups of the stack that `status` tells of, and how many of them are outdated.
const FLEET: (u64, u64) = (500, 40);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().position(|argument| argument == "cdk") {
        Some(at) => beside_cdk(Path::new(arguments.get(at + 1).expect("the folder of the CDK's app"))),
        None if arguments.iter().any(|argument| argument == "status") => of_a_fleet(),
        None => alone(),
    }
}

/// `status` of a whole fleet, as a process of its own: how long it takes, and how many calls.
fn of_a_fleet() {
    let folder = tempfile::tempdir().expect("a folder");
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let out = folder.path().join("out");
    eprintln!("building once, which compiles the handler unless the cache has it");
    let mut build = Command::new(env!("CARGO_BIN_EXE_asg-recycle"));
    build.args(["build", "examples/webops/stack.yaml", "--out"]).arg(&out).current_dir(repository);
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("asg-recycle-cache");
    assert!(timed(build.env("ASG_RECYCLE_CACHE_DIR", cache)).2, "the build failed");
    let mut emulator = emulator::Emulator::start();
    emulator.deploy(&out.join("cloudformation/template.yaml"), &out.join("handler.zip"));
    let (count, outdated) = FLEET;
    emulator.order("create_fleet", json!({"count": count, "outdated": outdated}));
    let endpoint: String = emulator.ask("endpoint", json!({}));
    let (mut clock, mut processor, mut calls) = (Vec::new(), Vec::new(), 0);
    for _ in 0..RUNS_OF_STATUS {
        let mut command = Command::new(env!("CARGO_BIN_EXE_asg-recycle"));
        command.args(["status", "--stack", "webops-recycle-production", "--region", "eu-west-2"]);
        command.args(["--endpoint-url", &endpoint]).env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("AWS_ACCESS_KEY_ID", "operator").env("AWS_SECRET_ACCESS_KEY", "none");
        let (by_clock, by_processor, is_well) = timed(&mut command);
        assert!(is_well, "status failed");
        clock.push(by_clock.as_secs_f64());
        processor.push(by_processor.as_secs_f64());
        let made: Value = emulator.ask("operator_calls", json!({}));
        calls = made.as_object().into_iter().flatten().filter_map(|(_, number)| number.as_u64()).sum();
    }
    clock.sort_by(f64::total_cmp);
    processor.sort_by(f64::total_cmp);
    let profile = if cfg!(debug_assertions) { "dev profile" } else { "release" };
    println!("{count} groups, {outdated} of them outdated, {calls} calls\n");
    println!(
        "| build | runs | clock, fastest | median | slowest | processor, own |\n|---|---:|---:|---:|---:|---:|"
    );
    println!(
        "| {profile} | {RUNS_OF_STATUS} | {:.2} s | {:.2} s | {:.2} s | {:.2} s |",
        clock[0],
        clock[RUNS_OF_STATUS / 2],
        clock[RUNS_OF_STATUS - 1],
        processor[RUNS_OF_STATUS / 2]
    );
}

fn alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let stack = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/webops/stack.yaml");
    let stack = stack.to_str().expect("UTF-8");
    let ours = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_asg-recycle"));
        command.args(arguments).current_dir(folder.path());
        command
    };
    let build = ["build", stack, "--out", "out"];
    eprintln!("building once, which compiles the handler unless the cache has it");
    assert!(ours(&build).stdout(Stdio::null()).status().expect("it starts").success(), "the build failed");
    println!("examples/webops, {RUNS} runs each, with as many of the peer in between\n");
    println!("| command | clock, median | clock, fastest | processor, median |\n|---|---:|---:|---:|");
    let peer = Peer::find(folder.path());
    let times = turns(
        RUNS,
        &[
            ("`build`, nothing to do", &|| ours(&build)),
            ("`package --check`, nothing to do", &|| ours(&["package", stack, "--out", "out", "--check"])),
            ("`generate`, nothing to do", &|| ours(&["generate", stack, "--out", "out"])),
            ("`generate`, every file to write", &|| {
                let new = folder.path().join("new");
                fs::remove_dir_all(&new).or_else(absent).expect("it can be removed");
                ours(&["generate", stack, "--out", "new"])
            }),
            ("`validate`", &|| ours(&["validate", stack])),
            ("`cargo lambda build`, nothing to do", &|| {
                peer.as_ref().map_or_else(|| Command::new("true"), Peer::build)
            }),
        ],
    );
    let [build, check, .., theirs] = times[..] else { unreachable!("there are six") };
    match peer {
        Some(_) => println!(
            "\ncargo-lambda takes {:.0} times as long as `build`, {:.0} times as long as `package --check`.",
            theirs.as_secs_f64() / build.as_secs_f64(),
            theirs.as_secs_f64() / check.as_secs_f64()
        ),
        None => {
            println!("\ncargo-lambda is not installed (`pip install cargo-lambda`): its row is of `true`.");
        }
    }
    let bytes = |path: &str| fs::metadata(folder.path().join(path)).expect("it is there").len();
    println!("\nhandler.zip has {} bytes.", bytes("out/handler.zip"));
    if std::env::args().any(|argument| argument == "from-nothing") {
        let (clock, processor, is_well) =
            timed(ours(&["build", stack, "--out", "cold", "--cache-dir", "empty"]).stderr(Stdio::inherit()));
        let same = fs::read(folder.path().join("cold/handler.zip")).ok()
            == fs::read(folder.path().join("out/handler.zip")).ok();
        assert!(is_well, "the build failed");
        println!(
            "\n`build` with an empty cache, the crates being fetched: {:.0} s, {:.0} s of processor time; {} bytes.",
            clock.as_secs_f64(),
            processor.as_secs_f64(),
            if same { "the same" } else { "other" }
        );
    }
}

/// `generate` and `cdk synth` in turns: each writes all that is deployed. The app takes the machine's definition from what we generate.
fn beside_cdk(app: &Path) {
    let stack = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/webops/stack.yaml");
    let generated = app.join("generated");
    let ours = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_asg-recycle"));
        fs::remove_dir_all(&generated).or_else(absent).expect("it can be removed");
        command.arg("generate").arg(&stack).arg("--out").arg(&generated);
        command
    };
    let theirs = || {
        fs::write(generated.join("handler.zip"), "a zip").expect("a file");
        let mut command = Command::new(app.join("node_modules/.bin/cdk"));
        command.args(["synth", "--app", "node app.js", "--output", "cdk.out", "--quiet"]);
        command.current_dir(app).env("GENERATED", &generated);
        command
    };
    println!("examples/webops beside the app of {}, in turns\n", app.display());
    println!("| command | clock, median | clock, fastest | processor, median |\n|---|---:|---:|---:|");
    let times = turns(RUNS_OF_PEER, &[("`generate`, every file to write", &ours), ("`cdk synth`", &theirs)]);
    println!("\n`cdk synth` takes {:.0} times as long.", times[1].as_secs_f64() / times[0].as_secs_f64());
}

/// An empty crate that cargo-lambda builds.
struct Peer(std::path::PathBuf);

impl Peer {
    /// Makes and builds it, where cargo-lambda is installed.
    fn find(folder: &Path) -> Option<Self> {
        let krate = folder.join("peer");
        fs::create_dir_all(krate.join("src")).expect("a folder");
        let manifest = "[package]\nname = \"peer\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n";
        fs::write(krate.join("Cargo.toml"), manifest).expect("a file");
        fs::write(krate.join("src/main.rs"), "fn main() {}\n").expect("a file");
        let peer = Self(krate);
        timed(peer.build().stderr(Stdio::null())).2.then_some(peer)
    }

    fn build(&self) -> Command {
        let mut command = Command::new("cargo");
        command.args(["lambda", "build", "--release"]).current_dir(&self.0).env_remove("CARGO_TARGET_DIR");
        command
    }
}

/// A command, by what it is called in the table.
type Named<'a> = (&'a str, &'a dyn Fn() -> Command);

/// Runs the commands in turns, so that what else the machine does meets all alike; prints a row for each, and gives the medians.
fn turns(runs: usize, commands: &[Named<'_>]) -> Vec<Duration> {
    let mut times = vec![(Vec::new(), Vec::new()); commands.len()];
    for _ in 0..runs {
        for (index, (name, command)) in commands.iter().enumerate() {
            let mut command = command();
            let (clock, processor, is_well) = timed(command.stderr(Stdio::null()));
            assert!(is_well, "{name} failed");
            times[index].0.push(clock);
            times[index].1.push(processor);
        }
    }
    let mut medians = Vec::new();
    for ((name, _), (mut clock, mut processor)) in commands.iter().zip(times) {
        clock.sort();
        processor.sort();
        let shown = [clock[runs / 2], clock[0], processor[runs / 2]].map(|time| time.as_secs_f64() * 1_000.0);
        println!("| {name} | {:.1} ms | {:.1} ms | {:.1} ms |", shown[0], shown[1], shown[2]);
        medians.push(clock[runs / 2]);
    }
    medians
}

/// How long a command takes, by the clock and by the processor, and whether it ends well.
#[expect(clippy::disallowed_methods, reason = "it measures")]
fn timed(command: &mut Command) -> (Duration, Duration, bool) {
    let (before, begun) = (of_children(), Instant::now());
    let status = command.stdout(Stdio::null()).status();
    (begun.elapsed(), of_children().saturating_sub(before), status.is_ok_and(|status| status.success()))
}

/// Processor time of all the children that have ended.
fn of_children() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("it is told");
    let microseconds = (usage.user_time() + usage.system_time()).num_microseconds();
    Duration::from_micros(microseconds.try_into().expect("no time is negative"))
}

/// What is not there need not be removed.
fn absent(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}
