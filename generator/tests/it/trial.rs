//! A compiled handler answers an event before it is packaged, or is not packaged. Shown on small crates that speak the Runtime
//! API by hand; the handler itself is tried out by the tests that build it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use asg_recycle::config::Architecture;
use asg_recycle::package::{self, BuildRequest, Contents, Package, PackageError, Progress};

use crate::build::{request, small_crate};
use crate::obstacles::{program, tools};

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

/// A cargo whose binary for arm64 is an ELF header and nothing more.
const CARGO: &str = r#"#!/bin/sh
place=$CARGO_TARGET_DIR/aarch64-unknown-linux-gnu/release
mkdir -p "$place"
{ printf '\177ELF\002\001\001'; head -c 9 /dev/zero; printf '\003\000\267\000\001'; head -c 43 /dev/zero; } >"$place/bootstrap"
"#;

/// A compiler that has the standard library of arm64.
const RUSTC: &str = "#!/bin/sh\ncase \"$*\" in *target-libdir*) echo / ;; *) exec RUSTC \"$@\" ;; esac\n";

/// An emulator that notes how it was called, and answers as a handler that skips the event does.
const QEMU: &str = r#"#!/bin/sh
echo "$# $1 $QEMU_LD_PREFIX" >RECORD
exec PYTHON -c '
import http.client, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    event = api.getresponse()
    event.read()
    place = "/2018-06-01/runtime/invocation/%s/response" % event.headers["Lambda-Runtime-Aws-Request-Id"]
    api.request("POST", place, "{\"decisions\": [{\"decision\": \"skip\"}]}")
    api.getresponse().read()
'
"#;

#[test]
#[cfg(target_arch = "x86_64")]
fn a_handler_of_another_processor_is_tried_out_by_qemu() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = tools(folder.path(), &["mkdir", "head", "python3"]);
    let linked = |name: &str| program(name).display().to_string();
    let record = folder.path().join("record");
    let qemu = QEMU.replace("RECORD", &record.display().to_string()).replace("PYTHON", &linked("python3"));
    let script = |name: &str, text: &str| {
        fs::write(place.join(name), text).expect("a file");
        fs::set_permissions(place.join(name), fs::Permissions::from_mode(0o755)).expect("executable");
    };
    script("cargo", CARGO);
    script("rustc", &RUSTC.replace("RUSTC", &linked("rustc")));
    script("aarch64-linux-gnu-gcc", "#!/bin/sh\necho gcc\n");
    let mut request =
        BuildRequest { trial: true, architecture: Architecture::Arm64, ..request(folder.path()) };
    request.environment.insert("PATH".into(), place.clone().into());
    let libraries = folder.path().join("libraries");
    request.environment.insert("QEMU_LD_PREFIX".into(), libraries.clone().into());
    let built = |main: &str| {
        let mut told = Vec::new();
        let contents = Contents::of_crate(small_crate(main));
        let package = package::build(&request, &contents, &mut |step| match step {
            Progress::NotTried { reason } => told.push(reason),
            Progress::Tried => told.push("tried".to_owned()),
            _ => {}
        });
        package.expect("it is packaged");
        told.remove(0)
    };
    let told = built("fn main() { /* no emulator */ }\n");
    assert!(told.contains("apt-get install qemu-user libc6-arm64-cross"), "{told}");
    script("qemu-aarch64-static", &qemu);
    let told = built("fn main() { /* no C library */ }\n");
    assert!(
        told.contains("no C library of arm64") && told.contains("`apt-get install libc6-arm64-cross`"),
        "{told}"
    );
    assert!(!record.exists());
    fs::create_dir(&libraries).expect("a folder");
    assert_eq!(built("fn main() {}\n"), "tried");
    let noted = fs::read_to_string(&record).expect("it was called");
    let libraries = libraries.display();
    assert!(noted.starts_with("1 /") && noted.ends_with(&format!("/bootstrap {libraries}\n")), "{noted}");
}
