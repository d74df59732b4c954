//! What stands in an event's way: that it is none, a port that is taken, an endpoint that does not answer.

use std::fs;
use std::net::TcpListener;

use serde_json::json;

use super::{Local, handler, post, post_with};
use crate::run::Run;

#[test]
fn bad_events_and_bad_ports_are_told_with_what_to_do() {
    let local = Local::start(handler(), "", &["--offline"]);
    fs::write(local.folder.path().join("no.json"), "{\n  \"detail\": oops\n}").expect("a file");
    local
        .client(&["--event", "no.json"])
        .stderr_has("no.json:2:13: the event is no JSON")
        .stderr_has("\"detail\": oops")
        .exits(2);
    fs::write(local.folder.path().join("half.json"), "{\"detail\":\n").expect("a file");
    local
        .client(&["--event", "half.json"])
        .stderr_has("half.json:1:10: ")
        .stderr_has("\n  {\"detail\":\n")
        .exits(2);
    let long = json!({"detail": {"requestParameters": {"autoScalingGroupName": "x".repeat(300 * 1024)}}})
        .to_string();
    fs::write(local.folder.path().join("long.json"), long).expect("a file");
    local.client(&["--event", "long.json"]).stderr_has("the event has 301 KiB").exits(2);
    local.client(&["--event", "gone.json"]).stderr_has("cannot read `gone.json`").exits(2);
    local.client(&["--sample", "delete-tag"]).stderr_has("did you mean `delete-tags`?").exits(2);
    local.client(&[]).stderr_has("--sample update-launch-template").exits(2);
    let (head, body) = post(&local.url, "/2015-03-31/functions/f/invocations", "{oops");
    assert!(head.starts_with("HTTP/1.1 400") && head.contains("InvalidRequestContentException"), "{head}");
    assert!(body.contains("Could not parse request body into json"), "{body}");
    let (head, _) =
        post(&local.url, "/2015-03-31/functions/f/invocations", &format!("\"{}\"", "x".repeat(6_291_456)));
    assert!(head.starts_with("HTTP/1.1 413") && head.contains("RequestTooLargeException"), "{head}");
    let type_of = "X-Amz-Invocation-Type: event\r\n";
    let (head, body) = post_with(type_of, &local.url, "/2015-03-31/functions/f/invocations", "{}");
    assert!(head.starts_with("HTTP/1.1 400") && head.contains("ValidationException"), "{head}");
    assert!(body.contains("Value 'event' at 'invocationType'"), "{body}");
    let port = local.url.rsplit(':').next().expect("a port").to_owned();
    // Told before the handler is looked for, or minutes are spent on compiling it.
    Run::new(&["local", "stack.yaml", "--offline", "--bootstrap", "gone", "--port", &port])
        .file("stack.yaml", "name: demo\n")
        .stderr_has(&format!("port {port} of 127.0.0.1 is in use by another process; `--port "))
        .exits(3);
    // The event, too.
    let event = Run::new(&[
        "local",
        "stack.yaml",
        "--offline",
        "--bootstrap",
        "gone",
        "--port",
        "0",
        "--event",
        "no.json",
    ]);
    let event = event.file("stack.yaml", "name: demo\n").file("no.json", "oops");
    event.stderr_has("no.json:1:1: the event is no JSON").exits(2);
    // Told before credentials are asked for, which somebody who has mistyped a path would look for in vain.
    Run::new(&["local", "stack.yaml", "--bootstrap", "gone", "--port", "0"])
        .file("stack.yaml", "name: demo\n")
        .env("AWS_ACCESS_KEY_ID", "")
        .stderr_has("cannot find the binary `gone`")
        .exits(2);
}

#[test]
fn what_does_not_answer_is_told() {
    // A port that was free a moment ago; and one on which nobody reads.
    let free = TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a port");
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = |address: std::net::SocketAddr| format!("http://{address}");
    let (nobody, mute) = (url(free), url(silent.local_addr().expect("an address")));
    Run::new(&["invoke", "--sample", "minimal", "--endpoint-url", &nobody])
        .stderr_has(&format!("nothing listens at {nobody}; start the handler there with `asg-recycle local"))
        .exits(3);
    Run::new(&["invoke", "--sample", "minimal", "--endpoint-url", &mute, "--timeout", "3"])
        .stderr_has(&format!("waiting for the answer of {mute}, 3 s at most (`--timeout`)\n"))
        .stderr_has("did not answer within 3 s")
        .exits(3);
    let bad = Run::new(&["invoke", "--event", "no.json", "--endpoint-url", &nobody]).file("no.json", "oops");
    bad.stderr_has("no.json:1:1: the event is no JSON").exits(2);
    for (url, told) in [
        ("http://127.0.0.1:1", "its port is one of those that are kept for other services, and no"),
        ("127.0.0.1:9000", "it is no address: write `http://HOST:PORT`"),
        ("http://[::1", "it is no address: write `http://HOST:PORT`"),
    ] {
        Run::new(&["invoke", "--sample", "minimal", "--endpoint-url", url])
            .stderr_has(&format!("cannot reach {url}: {told}"))
            .stderr_has("; `--endpoint-url` is where `asg-recycle local` listens")
            .exits(3);
    }
    let local = |url: &str| {
        Run::new(&["local", "stack.yaml", "--endpoint-url", url]).file("stack.yaml", "name: demo\n")
    };
    local(&nobody).stderr_has(&format!("nothing answers at {nobody}")).stderr_has("--offline").exits(3);
    local("nonsense").stderr_has("`nonsense` is no URL").exits(3);
    let silent = Local::start(handler(), "handler:\n  timeout_seconds: 5\n", &["--endpoint-url", &mute]);
    let (error, answer) = silent.invoke(
        &json!({"detail": {"requestParameters": {"autoScalingGroupName": "a", "launchTemplate": {}}}})
            .to_string(),
    );
    assert_eq!(error.as_deref(), Some("Unhandled"), "{answer}");
}
