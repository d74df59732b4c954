//! `local --watch`: what changes starts the function anew, once the event that is under way has come to its end.

use std::fs;

use super::{Local, function, invoke};

#[test]
fn a_change_starts_the_function_anew_and_a_fault_leaves_the_former() {
    let local = Local::start(&function(), "", &["--offline", "--watch"]);
    let channel = |local: &Local| local.invoke("{}").1["environment"]["SLACK_CHANNEL"].clone();
    let before = channel(&local);
    let write = |text: &str| fs::write(local.folder.path().join("stack.yaml"), text).expect("a file");
    write("name: demo\nnotifications:\n  slack_channel: desk\n");
    local.line("the handler was started anew");
    let after = channel(&local);
    assert!(
        before != after && after.as_str().is_some_and(|name| name.contains("desk")),
        "{before}, then {after}"
    );
    write("name: demo\nnonsense: 1\n");
    local.line("goes on as it was");
    assert_eq!(channel(&local), after);
}

#[test]
fn a_change_while_an_event_is_under_way_waits_for_its_end() {
    let local = Local::start(&function(), "", &["--offline", "--watch"]);
    let url = local.url.clone();
    let under_way = std::thread::spawn(move || invoke(&url, "{\"do\": \"ask\"}"));
    local.line("has {\"do\": \"ask\"}");
    let changed = "name: demo\nnotifications:\n  slack_channel: desk\n";
    fs::write(local.folder.path().join("stack.yaml"), changed).expect("a file");
    let (error, answer) = under_way.join().expect("an answer");
    let found = answer["found"].as_str().unwrap_or_default();
    assert!(error.is_none() && found.contains("<AutoScalingGroupName>"), "{error:?} {answer}");
    local.line("answered after ");
    local.line("the handler was started anew");
    assert!(local.invoke("{}").1["environment"]["SLACK_CHANNEL"].to_string().contains("desk"));
}
