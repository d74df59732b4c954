//! How the real binary starts: its settings, its log, and whom it trusts.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::local::aws::{Aws, update};
use crate::local::function::{Function, Outcome, environment};
use crate::local::tls::Authority;
use crate::protocol::{account, bootstrap};

/// More than any of these take.
const AMPLE: Duration = Duration::from_secs(30);

fn batch() -> Value {
    json!({"Records": [{"messageId": "m-1", "body": update("a", "a").to_string()}]})
}

fn done() -> Outcome {
    Outcome::Answer(json!({"batchItemFailures": []}))
}

fn plain(aws: &Aws) -> String {
    format!("http://{}", aws.endpoint(None, |_| None))
}

/// A folder of this test's own, under `target/`.
fn folder(name: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

#[test]
fn every_fault_of_the_settings_is_said_at_once_and_nothing_starts() {
    let mut environment = environment("https://127.0.0.1:9");
    environment.remove("STATE_MACHINE_ARN");
    environment.insert("TAG_CHANGES".to_owned(), "some".to_owned());
    environment.remove("AWS_REGION");
    environment.insert("AWS_CA_BUNDLE".to_owned(), "/nowhere/bundle.pem".to_owned());
    environment.insert("AWS_ENDPOINT_URL_SNS".to_owned(), "sns.example".to_owned());
    let (ended_well, lines) = Function::start(bootstrap(), &[], &environment).wait();
    assert!(!ended_well);
    assert_eq!(lines.len(), 1, "{lines:?}");
    let line: Value = serde_json::from_str(&lines[0]).expect("a JSON line");
    assert_eq!((&line["level"], &line["message"]), (&json!("ERROR"), &json!("the settings are at fault")));
    let detail = line["detail"].as_str().expect("a text");
    for part in ["`STATE_MACHINE_ARN` is missing", "`TAG_CHANGES` is `some`", "`AWS_REGION` is missing"] {
        assert!(detail.contains(part), "{part} in {detail}");
    }
    for part in ["`AWS_CA_BUNDLE` is `/nowhere/bundle.pem`", "`AWS_ENDPOINT_URL, for SNS` is `sns.example`"] {
        assert!(detail.contains(part), "{part} in {detail}");
    }
}

#[test]
fn settings_beside_the_binary_are_read_and_their_faults_end_it() {
    let folder = folder("settings");
    let binary = folder.join("bootstrap");
    fs::copy(bootstrap(), &binary).expect("a copy");
    let aws = account(&["a"]);
    let mut environment = environment(&plain(&aws));
    let machine = environment.remove("STATE_MACHINE_ARN").expect("it is set");
    let mut settings = json!({"STATE_MACHINE_ARN": machine, "SLACK_CHANNEL": "#not-used"});
    let connection: Vec<_> =
        environment.extract_if(.., |name, _| name.starts_with("AWS_ENDPOINT_URL")).collect();
    assert!(!connection.is_empty(), "the file has to lead to the emulator");
    for (name, value) in connection {
        settings[name] = value.into();
    }
    fs::write(folder.join("settings.json"), settings.to_string()).expect("a file");
    let function = Function::start(&binary, &[], &environment);
    assert_eq!(function.invoke(&batch(), AMPLE), done());
    let channel =
        aws.seen(|seen| seen.executions.values().next().expect("a start")["success_channel"].clone());
    assert_eq!(channel, "#recycles", "the environment wins");
    drop(function);
    fs::write(folder.join("settings.json"), "{\"STATE_MACHIN_ARN\": \"x\"}").expect("a file");
    let (ended_well, lines) = Function::start(&binary, &[], &environment).wait();
    assert!(!ended_well && lines[0].contains("did you mean `STATE_MACHINE_ARN`?"), "{lines:?}");
}

#[test]
fn lambdas_log_variables_are_followed() {
    let aws = account(&["a"]);
    let mut environment = environment(&plain(&aws));
    let printed = |environment: &BTreeMap<String, String>| {
        let function = Function::start(bootstrap(), &[], environment);
        assert_eq!(function.invoke(&batch(), AMPLE), done());
        function.stop()
    };
    let lines = printed(&environment);
    assert_eq!(lines.len(), 2, "a decision and the metrics: {lines:?}");
    environment.insert("AWS_LAMBDA_LOG_FORMAT".to_owned(), "Text".to_owned());
    let lines = printed(&environment);
    assert!(lines[0].contains(" INFO decision ") && lines[0].contains(" group=\"a\" "), "{lines:?}");
    environment.insert("AWS_LAMBDA_LOG_LEVEL".to_owned(), "ERROR".to_owned());
    let lines = printed(&environment);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("\"EventsSeen\":1"), "{lines:?}");
    environment.insert("AWS_LAMBDA_LOG_LEVEL".to_owned(), "DEBUG".to_owned());
    let lines = printed(&environment);
    assert_eq!(lines.len(), 3, "the event, a decision and the metrics: {lines:?}");
}

#[test]
fn the_authorities_of_the_named_bundle_are_trusted_and_no_others() {
    let (ours, strangers) = (Authority::new("ours"), Authority::new("strangers"));
    let folder = folder("authorities");
    let bundle = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).expect("a file");
        path.to_str().expect("UTF-8").to_owned()
    };
    let trusted = bundle("trusted.pem", &format!("{}{}", strangers.pem, ours.pem));
    let strange = bundle("strange.pem", &strangers.pem);
    let aws = account(&["a"]);
    let endpoint = format!("https://localhost:{}", aws.endpoint(Some(ours.server()), |_| None).port());
    let invoke = |variable: &str, path: &str| {
        let mut environment = environment(&endpoint);
        environment.insert(variable.to_owned(), path.to_owned());
        let function = Function::start(bootstrap(), &[], &environment);
        let outcome = function.invoke(&batch(), AMPLE);
        (outcome, function.stop())
    };
    let (outcome, lines) = invoke("AWS_CA_BUNDLE", &strange);
    assert_eq!(outcome, Outcome::Answer(json!({"batchItemFailures": [{"itemIdentifier": "m-1"}]})));
    let reason = "autoscaling:DescribeAutoScalingGroups failed: NoAnswer: dispatch failure: io error: \
                  client error (Connect): invalid peer certificate: UnknownIssuer";
    assert!(lines[0].contains(reason), "{lines:?}");
    assert_eq!(aws.seen(|seen| seen.calls.len()), 0);
    assert_eq!(invoke("AWS_CA_BUNDLE", &trusted).0, done());
    assert_eq!(invoke("SSL_CERT_FILE", &trusted).0, done());
    assert_eq!(aws.seen(|seen| seen.executions.len()), 1);
    let mut environment = environment(&endpoint);
    environment.insert("AWS_CA_BUNDLE".to_owned(), bundle("empty.pem", "nothing"));
    let (ended_well, lines) = Function::start(bootstrap(), &[], &environment).wait();
    assert!(!ended_well && lines[0].contains("it holds no certificate of an authority"), "{lines:?}");
}
