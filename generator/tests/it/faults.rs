//! What people read when a `stack.yaml` is wrong: one fault a file in `examples/invalid/`, with the exact message
//! beside it. `UPDATE_GOLDENS=1 cargo test` writes the messages anew.

use std::fs;
use std::path::{Path, PathBuf};

use asg_recycle::config::{self, BYTES_MAX, Config};
use asg_recycle_simulator::random::Random;

use crate::run::Run;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Compares a text with a file, or writes the file when asked to.
pub(crate) fn assert_golden(path: &Path, text: &str) {
    #[expect(clippy::disallowed_methods, reason = "a switch of the tests themselves")]
    let update = std::env::var_os("UPDATE_GOLDENS").is_some();
    if update {
        fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    let golden = fs::read_to_string(path).unwrap_or_default();
    let name = path.display();
    assert!(golden == text, "{name} differs; UPDATE_GOLDENS=1 writes it anew\n{text}");
}

fn invalid_files() -> Vec<PathBuf> {
    let folder = repository().join("examples/invalid");
    let entries = fs::read_dir(&folder).expect("the folder is there");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files
}

/// The message that the command line prints for a file, and the number of faults.
fn message(name: &str, bytes: &[u8]) -> (String, usize) {
    let problems = config::parse(bytes).expect_err(name);
    (problems.render(name, &String::from_utf8_lossy(bytes), false), problems.len())
}

#[test]
fn every_invalid_file_gets_its_message() {
    let files = invalid_files();
    assert!(files.len() > 70, "the folder is nearly empty");
    for path in files {
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let (text, count) = message(&name, &fs::read(&path).expect("it can be read"));
        if name != "many.yaml" {
            assert_eq!(count, 1, "{name} has one fault to show\n{text}");
        }
        assert!(text.lines().all(|line| line.chars().count() < 400), "{name} floods the terminal");
        assert_golden(&path.with_extension("stderr"), &text);
    }
}

/// What stands in the files whose names say that a secret is in them, in whichever form it is told: for people, or as JSON.
#[test]
fn no_message_shows_a_secret() {
    let secrets = ["hunter2", "0123456789abcdef0123456789abcdef"];
    let named =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("secret-"));
    let files: Vec<PathBuf> = invalid_files().into_iter().filter(named).collect();
    let mut seen = 0;
    for path in &files {
        let source = fs::read_to_string(path).expect("it can be read");
        let held: Vec<&str> = secrets.into_iter().filter(|secret| source.contains(secret)).collect();
        seen += held.len();
        let problems = config::parse(source.as_bytes()).expect_err("it has a fault");
        let told = [problems.render("stack.yaml", &source, false), format!("{problems:?}")];
        assert!(told.iter().all(|text| held.iter().all(|secret| !text.contains(secret))), "{told:?}");
    }
    assert!(seen >= 4, "the files with secrets in them are gone");
}

#[test]
fn every_message_belongs_to_a_file() {
    for entry in fs::read_dir(repository().join("examples/invalid")).expect("the folder is there") {
        let path = entry.expect("it can be listed").path();
        let is_message = path.extension().is_some_and(|extension| extension == "stderr");
        assert!(!is_message || path.with_extension("yaml").exists(), "{} has no file", path.display());
    }
}

#[test]
fn many_faults_are_reported_at_once_by_place() {
    let bytes = fs::read(repository().join("examples/invalid/many.yaml")).expect("it can be read");
    let problems = config::parse(&bytes).expect_err("it is full of faults");
    let found: Vec<_> = problems
        .iter()
        .map(|problem| (problem.location.expect("each has a place").line, problem.code, &*problem.pointer))
        .collect();
    let expected = [
        (1, "bad-form", "name"),
        (2, "unknown-key", "regoin"),
        (4, "unknown-word", "handler.architecture"),
        (5, "wrong-type", "handler.memory_megabytes"),
        (6, "out-of-range", "handler.timeout_seconds"),
        (7, "duplicate-key", "handler.timeout_seconds"),
        (9, "wrong-type", "queue.batch_size"),
        (11, "wrong-type", "trigger.launch_template_versions"),
        (13, "reserved-tag", "tags[\"aws:team\"]"),
        (14, "wrong-type", "tags.cost-centre"),
        (16, "unknown-strategy", "strategies.inout"),
        (17, "wrong-type", "strategies.in-out.poll_interval_seconds"), // as of the one that was meant
        (19, "unknown-time-zone", "strategies.out-in-timed.time_zone"),
        (20, "wrong-type", "strategies.out-in-timed.drain_timeout_seconds"),
        (22, "bad-form", "alarms.runbook_url"),
        (24, "no-value", "logs.retention_days"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn faults_are_also_json() {
    let problems = config::parse(b"name: 42\n").expect_err("a number is no name");
    let json = serde_json::to_value(&problems).expect("it serialises");
    assert_eq!(json[0]["code"], "wrong-type");
    assert_eq!(json[0]["pointer"], "name");
    assert_eq!(json[0]["location"], serde_json::json!({ "line": 1, "column": 7, "length": 2 }));
    assert!(json[0]["reason"].is_string() && json[0]["help"].is_string());
}

#[test]
fn the_examples_are_valid() {
    let read = |name: &str| {
        let bytes =
            fs::read(repository().join("examples").join(name).join("stack.yaml")).expect("it is there");
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        config::parse(&bytes).unwrap_or_else(|problems| panic!("{}", problems.render(name, &shown, false)))
    };
    assert_eq!(read("minimal"), Config::with_defaults("asg-recycle".parse().expect("a name")));
    let webops = read("webops");
    assert_eq!(&*webops.name, "webops-recycle");
    assert_eq!(&*webops.tags["cost-centre"], "4711");
}

#[test]
fn a_file_that_is_too_large_is_refused_before_it_is_read() {
    let mut bytes = b"name: webops-recycle\n".to_vec();
    bytes.resize(10 * 1024 * 1024, b'#');
    let (text, _) = message("stack.yaml", &bytes);
    assert!(
        text.contains(&format!("has {} bytes, but a stack has {BYTES_MAX} at most", bytes.len())),
        "{text}"
    );
}

#[test]
fn the_page_on_scenarios_is_that_of_their_types() {
    assert_golden(&repository().join("docs/scenarios.md"), &asg_recycle::simulate::scenario::reference());
}

#[test]
fn the_reference_in_the_documentation_is_current() {
    let schema = format!("{:#}\n", config::json_schema());
    assert_golden(&repository().join("docs/stack.schema.json"), &schema);
    assert_golden(&repository().join("docs/configuration.md"), &config::reference());
}

fn below(random: &Random, bound: usize) -> usize {
    usize::try_from(random.up_to(bound as u64 - 1)).expect("it is below a usize")
}

/// Changes a few bytes, or copies or removes a piece.
fn mutate(original: &[u8], random: &Random) -> Vec<u8> {
    const INTERESTING: &[u8] = b"\n\r\t :-#'\"&*!|>%@`[]{},?~\0\x80\xc3\xe2\xff0aZ";
    let mut bytes = original.to_vec();
    for _ in 0..=below(random, 4) {
        let at = below(random, bytes.len());
        let end = (at + below(random, 40)).min(bytes.len());
        match below(random, 5) {
            0 => bytes[at] = INTERESTING[below(random, INTERESTING.len())],
            1 => bytes.insert(at, INTERESTING[below(random, INTERESTING.len())]),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes[at..end].to_vec();
                let target = below(random, bytes.len());
                bytes.splice(target..target, piece);
            }
            _ => bytes[at] ^= 1 << below(random, 8),
        }
        if bytes.is_empty() {
            bytes.push(b'\n');
        }
    }
    bytes
}

#[test]
fn no_mutation_of_a_file_makes_reading_or_printing_panic() {
    let original = fs::read(repository().join("examples/webops/stack.yaml")).expect("it is there");
    let numbers = Random::seeded(2);
    let (mut valid, mut faulty) = (0, 0);
    for _ in 0..3_000 {
        let bytes = mutate(&original, &numbers);
        let source = String::from_utf8_lossy(&bytes);
        match config::parse(&bytes) {
            Ok(_) => valid += 1,
            Err(problems) => {
                faulty += 1;
                assert!(!problems.is_empty(), "{source}");
                for problem in problems.iter() {
                    assert!(!problem.reason.contains('\n'), "{problem:?}\n{source}");
                }
                assert!(problems.render("stack.yaml", &source, false).contains("error: "), "{source}");
            }
        }
    }
    assert!(valid > 100 && faulty > 1_000, "the mutations are too weak or too strong: {valid} {faulty}");
}

#[test]
fn a_folder_of_somebody_elses_is_told_in_a_screen_or_two() {
    let check = Run::new(&["generate", "stack.yaml", "--out", "theirs", "--check"]);
    let check = check.file("stack.yaml", "name: web\n").file("theirs/README.md", "theirs\n");
    let check = check.stderr_has("nothing was generated there yet").stdout_has("\n-theirs\n");
    check.stdout_has("--- /dev/null\n+++ b/handler/src/main.rs\n--- /dev/null\n").exits(1);
}
