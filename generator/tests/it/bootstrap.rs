//! `bootstrap-state`, against an emulated AWS: what is made, what is completed, and what is left alone.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::publish::S3;
use crate::python;
use crate::run::Run;

fn bootstrap(aws: &S3, arguments: &[&str]) -> Run {
    Run::new(&[&["bootstrap-state"][..], arguments].concat())
        .env("AWS_ACCESS_KEY_ID", "key")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_REGION", "eu-west-2")
        .env("AWS_ENDPOINT_URL", &aws.url)
}

/// The account, by AWS's own client.
fn account(aws: &S3, arguments: &[&str]) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/bootstrap/account.py");
    let mut command = Command::new(python::program("python"));
    let done = command.arg(script).arg(&aws.url).args(arguments).output().expect("python runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).expect("JSON")
}

const NEW: &str = "\
account 123456789012, region eu-west-2, s3://123456789012-terraform
  bucket                to be made
  versioning            to be switched on
  encryption            to be set to AES256
  public access         to be blocked
  requests without TLS  to be refused
  table terraform_locks to be made
";

#[test]
fn a_place_for_states_is_made_once_and_then_left_alone() {
    let aws = S3::start();
    let look = || account(&aws, &["look", "123456789012-terraform", "terraform_locks"]);
    let nothing = look();
    assert_eq!((&nothing["region"], &nothing["table_key"]), (&Value::Null, &Value::Null));
    bootstrap(&aws, &["--lock-table", "--dry-run"]).stdout_has(NEW).stdout_has("a dry run").ok();
    assert_eq!(look(), nothing, "a dry run changes nothing");
    bootstrap(&aws, &["--lock-table"])
        .stdout_has(NEW)
        .stdout_has("done: bucket, versioning, encryption, public access, requests without TLS, table terraform_locks")
        .stdout_has("next: `terraform init`")
        .ok();
    let made = look();
    let expected = [
        ("region", json!("eu-west-2")),
        ("versioning", json!("Enabled")),
        ("encryption", json!("AES256")),
        ("is_public_access_blocked", json!(true)),
        ("table_key", json!([{"AttributeName": "LockID", "KeyType": "HASH"}])),
    ];
    for (key, value) in expected {
        assert_eq!(made[key], value, "{key}: {made:#}");
    }
    let statement = &made["policy"]["Statement"][0];
    assert_eq!(statement["Condition"], json!({"Bool": {"aws:SecureTransport": "false"}}), "{statement:#}");
    let again =
        bootstrap(&aws, &["--lock-table"]).stdout_has("all is as it should be; nothing was changed").ok();
    assert!(!again.stdout.contains("to be ") && !again.stdout.contains("done"), "{}", again.stdout);
    assert_eq!(look(), made);
}

#[test]
fn what_is_there_is_completed_and_never_weakened() {
    let aws = S3::start();
    account(&aws, &["prepare"]);
    let before = account(&aws, &["look", "grown", "none"]);
    bootstrap(&aws, &["--bucket", "grown"]).stderr_has("write `--yes`; nothing was done").exits(2);
    assert_eq!(account(&aws, &["look", "grown", "none"]), before, "nobody agreed");
    bootstrap(&aws, &["--bucket", "grown", "--yes"])
        .stdout_has("  bucket                is there\n")
        .stdout_has("  versioning            to be switched on\n")
        .stdout_has("  encryption            is on (aws:kms)\n")
        .stdout_has("done: versioning, public access, requests without TLS\n")
        .ok();
    let after = account(&aws, &["look", "grown", "none"]);
    assert_eq!(after["encryption"], "aws:kms");
    assert_eq!(after["versioning"], "Enabled");
    assert_eq!(after["policy"]["Statement"][0], before["policy"]["Statement"][0], "its own statement stays");
    assert_eq!(after["policy"]["Statement"].as_array().map(Vec::len), Some(2));
    bootstrap(&aws, &["--bucket", "grown"]).stdout_has("nothing was changed").ok();
}

#[test]
fn what_stands_in_the_way_is_told_with_what_to_do() {
    let aws = S3::start();
    account(&aws, &["prepare"]);
    bootstrap(&aws, &["--bucket", "No_Bucket"])
        .stderr_has("`No_Bucket` is no name of an S3 bucket")
        .stdout("")
        .exits(2);
    bootstrap(&aws, &["--bucket", "elsewhere"])
        .stderr_has("is in eu-west-1; write `--region eu-west-1`")
        .exits(2);
    bootstrap(&aws, &["--bucket", "grown", "--lock-table", "locks"])
        .stderr_has("the table `locks` has the key `name`")
        .exits(2);
    bootstrap(&aws, &[]).env("AWS_ENDPOINT_URL", "http://127.0.0.1:9").stderr_has("cannot reach").exits(3);
}
