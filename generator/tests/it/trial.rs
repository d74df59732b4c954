//! A compiled handler answers an event before it is packaged, or is not packaged. Shown on small crates that speak the Runtime
//! API by hand; the handler itself is tried out by the tests that build it.

use std::path::Path;

use asg_recycle::package::{self, BuildRequest, Contents, Package, PackageError, Progress};

use crate::build::{request, small_crate};

/// A function that gives every event the same answer.
const FUNCTION: &str = r#"
use std::io::{Read as _, Write as _};

fn ask(call: &str, body: &str) -> String {
    let mut api = std::net::TcpStream::connect(std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap()).unwrap();
    let length = body.len();
    write!(api, "{call} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    api.read_to_string(&mut answer).unwrap();
    answer
}

fn main() {
    loop {
        let event = ask("GET /2018-06-01/runtime/invocation/next", "");
        assert!(event.contains("UpdateAutoScalingGroup"), "{event}");
        let id = event.lines().find_map(|line| line.strip_prefix("lambda-runtime-aws-request-id: ")).unwrap();
        println!("asked");
        ask(&format!("POST /2018-06-01/runtime/invocation/{id}/response"), ANSWER);
    }
}
"#;

/// Builds a crate; what was said of the trial besides.
fn build(main: &str, folder: &Path, trial: bool) -> (Result<Package, PackageError>, Vec<String>) {
    let request = BuildRequest { trial, ..request(folder) };
    let mut told = Vec::new();
    let built = package::build(&request, &Contents::of_crate(small_crate(main)), &mut |step| match step {
        Progress::NotTried { reason } => told.push(reason),
        Progress::Tried => told.push("tried".to_owned()),
        _ => {}
    });
    (built, told)
}

fn answering(answer: &str) -> String {
    format!("{FUNCTION}\nconst ANSWER: &str = r#\"{answer}\"#;\n")
}

#[test]
fn a_function_that_answers_is_packaged_and_others_are_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let (built, told) = build(&answering(r#"{"decisions": [{"decision": "skip"}]}"#), folder.path(), true);
    assert!(!built.expect("it answers").cached && told == ["tried"], "{told:?}");
    for (main, how, said) in [
        ("fn main() { println!(\"no start today\") }\n".to_owned(), "Runtime.ExitError", "no start today"),
        (answering("{}"), "it answered `{}`", "asked"),
    ] {
        let (built, _) = build(&main, folder.path(), true);
        let fault = built.expect_err("it does not answer as it should");
        assert!(matches!(fault, PackageError::TrialFailed { .. }), "{fault}");
        let text = fault.to_string();
        assert!(text.contains(how) && text.contains(said) && text.contains("`--no-smoke`"), "{text}");
        let stored = package::list(folder.path()).expect("it can be read").packages.len();
        assert_eq!(stored, 1, "nothing of it is in the cache");
    }
}

#[test]
fn a_trial_that_is_left_out_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let (built, told) = build("fn main() {}\n", folder.path(), false);
    built.expect("it is packaged");
    assert!(told.len() == 1 && told[0].contains("--no-smoke"), "{told:?}");
}
