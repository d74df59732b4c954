//! `publish`, against the S3 of an emulator: what is written, what is left alone, and what is refused.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use asg_recycle::package::{self, Contents};
use asg_recycle::stack::PackageDigest;

use crate::build::{request, small_crate};
use crate::python;
use crate::run::{Done, Run};

/// An emulated S3 with the bucket `artefacts`; it ends with the value.
pub(crate) struct S3 {
    process: Child,
    pub(crate) url: String,
}

impl S3 {
    pub(crate) fn start() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/publish/s3.py");
        let mut command = Command::new(python::program("python"));
        command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the emulator starts");
        let mut lines = BufReader::new(process.stdout.take().expect("stdout")).lines();
        let url = lines.next().and_then(Result::ok).expect("it says where it listens");
        Self { process, url }
    }

    fn ask(&self, method: &str, key: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(self.url.trim_start_matches("http://")).expect("it listens");
        let length = body.len();
        let head = format!("{method} /artefacts/{key} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
        // Objects are private; that somebody signed is all that is looked at.
        let signed = "Authorization: AWS4-HMAC-SHA256 Credential=key/20260101/eu-west-2/s3/aws4_request, \
                      SignedHeaders=host, Signature=0\r\n";
        write!(stream, "{head}{signed}Content-Length: {length}\r\n\r\n{body}").expect("it takes it");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        let answer = String::from_utf8_lossy(&answer);
        answer.split_once("\r\n\r\n").expect("a body").1.to_owned()
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A zip that could be the handler's.
fn zip() -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let contents = Contents::of_crate(small_crate("fn main() {}\n"));
    package::build(&request(folder.path()), &contents, &mut |_| {}).expect("it builds").zip
}

/// A run of `publish` with credentials, in the folder of a former run.
fn publish(done: &Done, s3: &str, arguments: &[&str]) -> Run {
    let own = ["publish", "stack.yaml", "--handler-zip", "handler.zip", "--endpoint-url", s3, "--bucket"];
    let run = done.then(&[&own[..], arguments].concat());
    run.env("AWS_ACCESS_KEY_ID", "key").env("AWS_SECRET_ACCESS_KEY", "secret")
}

#[test]
fn what_is_published_once_is_skipped_and_never_overwritten() {
    let (s3, zip) = (S3::start(), zip());
    let done = Run::new(&["validate", "stack.yaml"]).file("stack.yaml", "name: web\n").ok();
    fs::write(done.folder.join("handler.zip"), &zip).expect("a zip");
    let zip_key = format!("web/{}.zip", PackageDigest::of(&zip).hex());
    let lines = |of_zip: &str, version: &str, of_template: &str| {
        [
            format!("s3://artefacts/{zip_key}: {of_zip}"),
            format!("s3://artefacts/web/{version}/template.yaml: {of_template}"),
        ]
    };
    let run = |arguments: &[&str], expected: &[String; 2]| {
        let [zip, template] = expected;
        publish(&done, &s3.url, arguments).stdout_has(zip).stdout_has(template)
    };
    let (would, new) = ("would be published", "published, ");
    let there = "is there already, with the same bytes";
    run(&["artefacts", "--dry-run"], &lines(would, "0.1.0", would)).stdout_lacks("next:").ok();
    run(&["artefacts", "--dry-run"], &lines(would, "0.1.0", would)).ok();
    run(&["artefacts"], &lines(new, "0.1.0", new)).stdout_has("next: `aws cloudformation create-stack").ok();
    run(&["artefacts"], &lines(there, "0.1.0", there)).ok();
    let template = s3.ask("GET", "web/0.1.0/template.yaml", "");
    assert!(template.contains("S3Bucket: artefacts") && template.contains(&format!("S3Key: {zip_key}")));
    assert!(template.contains("SemanticVersion: \"0.1.0\""), "its version");
    assert!(!template.contains("HandlerS3"), "an update cannot keep the key of another zip");
    let other = "name: web\nnotifications:\n  slack_channel: recycles\n";
    fs::write(done.folder.join("stack.yaml"), other).expect("a file");
    publish(&done, &s3.url, &["artefacts"])
        .stderr_has("`s3://artefacts/web/0.1.0/template.yaml` is there already, with other bytes")
        .stderr_has("name another with `--as VERSION`")
        .stdout("")
        .exits(2);
    assert_eq!(s3.ask("GET", "web/0.1.0/template.yaml", ""), template, "it stays as it is");
    run(&["artefacts", "--as", "1.4.0"], &lines(there, "1.4.0", new)).ok();
    assert!(s3.ask("GET", "web/1.4.0/template.yaml", "").contains("SemanticVersion: \"1.4.0\""));
    s3.ask("PUT", &zip_key, "somebody else's");
    publish(&done, &s3.url, &["artefacts", "--as", "1.5.0"])
        .stderr_has("somebody has changed the object")
        .exits(2);
    assert!(s3.ask("GET", "web/1.5.0/template.yaml", "").contains("NoSuchKey"), "nothing was published");
}

#[test]
fn what_stands_in_the_way_of_publishing_is_told_with_what_to_do() {
    let s3 = S3::start();
    let done = Run::new(&["validate", "stack.yaml"]).file("stack.yaml", "name: web\n").ok();
    fs::write(done.folder.join("handler.zip"), zip()).expect("a zip");
    publish(&done, &s3.url, &["No_Bucket"]).stderr_has("`No_Bucket` is no name of an S3 bucket").exits(2);
    publish(&done, &s3.url, &["artefacts", "--as", "v1"]).stderr_has("`v1` is no version").exits(2);
    publish(&done, &s3.url, &["elsewhere"]).stderr_has("is the bucket's name right?").exits(3);
    publish(&done, "http://127.0.0.1:9", &["artefacts"])
        .stderr_has("cannot reach http://127.0.0.1:9/")
        .stderr_has("its port is one of those that are kept for other services")
        .exits(3);
    let without_credentials = |run: Run| {
        run.env("AWS_ACCESS_KEY_ID", "")
            .env("AWS_SECRET_ACCESS_KEY", "")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_PROFILE", "")
            .env("HOME", &done.folder)
            .stderr_has("there are no credentials: neither the environment nor the profile `default` nor a role of this machine has any; ")
            .stderr_has("export-credentials")
    };
    without_credentials(publish(&done, &s3.url, &["artefacts"])).stdout("").exits(3);
    // A dry run says as much as it knows, and is no success.
    let open = "bytes, unless it is there already";
    for run in [
        without_credentials(publish(&done, &s3.url, &["artefacts", "--dry-run"])),
        publish(&done, "http://127.0.0.1:9", &["artefacts", "--dry-run"]),
    ] {
        run.stdout_has(".zip: would be published, ")
            .stdout_has("/web/0.1.0/template.yaml: would be published, ")
            .stdout_has(open)
            .stderr_has("the bucket could not be looked at: ")
            .exits(3);
    }
    // What cannot be a region is a fault of the command line, of a dry run too.
    for further in [&[][..], &["--dry-run"]] {
        let arguments = [&["artefacts", "--region", "EU-WEST-2"], further].concat();
        publish(&done, &s3.url, &arguments).stdout("").stderr_has("did you mean `eu-west-2`?").exits(2);
    }
    publish(&done, &s3.url, &["No_Bucket", "--dry-run"]).stdout("").exits(2);
    publish(&done, &s3.url, &["elsewhere", "--dry-run"]).stdout("").exits(3);
}
