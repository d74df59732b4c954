//! A function whose process has a child of its own, which holds its output: it ends with the function, whatever ends that.

use std::fs;

use super::{Local, function, invoke};

/// Whether a process is there and runs: one that has ended may wait for its parent.
fn runs(id: &str) -> bool {
    let state = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    !state.is_empty() && !state.contains(") Z ")
}

fn child(local: &Local) -> String {
    let line = local.line("child ");
    line.rsplit(' ').next().expect("a number").to_owned()
}

#[test]
fn a_child_ends_with_a_function_that_overruns() {
    let local = Local::start(&function(), "handler:\n  timeout_seconds: 2\n", &["--offline"]);
    let (error, answer) = local.invoke(r#"{"do": "child"}"#);
    assert_eq!(error.as_deref(), Some("Unhandled"), "{answer}");
    assert_eq!(answer["errorType"], "Sandbox.Timedout");
    assert!(!runs(&child(&local)), "the child went on");
    let (error, answer) = local.invoke("{}");
    assert_eq!((error, &answer["calls"]), (None, &serde_json::json!(1)), "it was started anew");
}

#[test]
fn an_interruption_waits_for_no_event_and_leaves_no_process() {
    for arguments in [&["--offline"][..], &["--offline", "--watch"]] {
        let local = Local::start(&function(), "handler:\n  timeout_seconds: 60\n", arguments);
        let url = local.url.clone();
        // Its answer is cut off.
        let under_way = std::thread::spawn(move || {
            std::panic::catch_unwind(|| invoke(&url, r#"{"do": "child"}"#)).is_ok()
        });
        let child = child(&local);
        let function = local.children();
        if arguments.contains(&"--watch") {
            let changed = "name: demo\nnotifications:\n  slack_channel: desk\n";
            fs::write(local.folder.path().join("stack.yaml"), changed).expect("a file");
        }
        assert!(local.end("-INT"));
        assert!(!runs(&child), "the child went on");
        assert!(!function.iter().any(|id| runs(&id.to_string())), "the function went on");
        under_way.join().expect("no panic");
    }
}
