//! What other people's checkers find in what the examples generate, held against `tests/checkers/findings.yaml`: each finding
//! that stays has its reason there.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{fs, io};

use serde::Deserialize;
use serde_json::Value;

use crate::run::Run;
use crate::{node, python};

const EXAMPLES: &[&str] = &["minimal", "webops", "guarded", IMAGE];
/// No folder's name: a handler that is an image, for which a repository is made.
const IMAGE: &str = "image";
const IMAGE_STACK: &str = "name: imaged\npackage: {kind: image}\n";

/// A finding that stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    checker: String,
    /// As the checker names it.
    id: String,
    /// The examples that have it.
    #[serde(rename = "in")]
    examples: Vec<String>,
    /// What it is about.
    at: Vec<String>,
    reason: String,
}

/// A finding: its id, the example that has it, and what it is about.
type Finding = (String, String, String);

/// Those of a checker that are known.
fn known(checker: &str) -> BTreeSet<Finding> {
    let all: Vec<Known> =
        serde_yaml::from_str(include_str!("../checkers/findings.yaml")).expect("the findings");
    assert!(all.iter().all(|one| one.reason.ends_with('.')), "each has its reason, a sentence");
    let of = |one: &Known| {
        let every = one
            .examples
            .iter()
            .flat_map(|example| one.at.iter().map(|at| (one.id.clone(), example.clone(), at.clone())));
        every.collect::<Vec<_>>()
    };
    all.iter().filter(|one| one.checker == checker).flat_map(of).collect()
}

fn hold(checker: &str, found: &BTreeSet<Finding>) {
    let known = known(checker);
    let new: Vec<_> = found.difference(&known).collect();
    let gone: Vec<_> = known.difference(found).collect();
    assert!(new.is_empty(), "mend these, or say in tests/checkers/findings.yaml why they stay: {new:#?}");
    assert!(gone.is_empty(), "these are not found any more: {gone:#?}");
}

/// What each example generates, in a folder of its name.
fn generated() -> tempfile::TempDir {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let folder = tempfile::tempdir().expect("a temporary folder");
    for example in EXAMPLES {
        let (file, out) = (format!("examples/{example}/stack.yaml"), folder.path().join(example));
        let out = out.to_string_lossy();
        if *example == IMAGE {
            Run::new(&["generate", "stack.yaml", "--out", &out]).file("stack.yaml", IMAGE_STACK).ok();
        } else {
            Run::within(repository, &["generate", &file, "--out", &out]).ok();
        }
    }
    folder
}

#[test]
fn checkov_finds_what_is_known_in_both_formats_and_nothing_else() {
    let folder = generated();
    let mut checkov = Command::new(python::checker("checkov"));
    checkov.args(["--framework", "terraform", "cloudformation", "--skip-download", "--compact", "--quiet"]);
    // The root and the example call the module, whose resources they would count again.
    checkov.args([
        "--skip-path",
        "terraform-root",
        "--skip-path",
        "examples",
        "--output",
        "json",
        "--directory",
        ".",
    ]);
    let output = checkov.current_dir(folder.path()).output().expect("checkov starts");
    let reports: Vec<Value> = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(reports.len(), 2, "one of each format");
    let mut found = BTreeSet::new();
    for report in &reports {
        assert!(report["summary"]["passed"].as_u64() > Some(50), "it has read them: {}", report["summary"]);
        assert_eq!(report["summary"]["parsing_errors"], 0);
        for check in report["results"]["failed_checks"].as_array().expect("a list") {
            let text = |key: &str| check[key].as_str().expect("text").to_owned();
            let example = text("file_path").split('/').nth(1).expect("a folder").to_owned();
            found.insert((text("check_id"), example, text("resource")));
        }
    }
    hold("checkov", &found);
}

#[test]
fn asl_validator_finds_what_is_known_and_nothing_else() {
    let folder = generated();
    let mut found = BTreeSet::new();
    for example in EXAMPLES {
        for wrong in validated(&folder.path().join(example).join("state_machine.asl.json")) {
            found.insert(("schema".to_owned(), (*example).to_owned(), wrong));
        }
    }
    hold("asl-validator", &found);
    let broken = folder.path().join("broken.json");
    fs::write(&broken, r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}"#)
        .expect("a file");
    assert!(!validated(&broken).is_empty(), "it finds faults where there are some");
}

fn validated(definition: &Path) -> Vec<String> {
    let file = fs::File::open(definition).unwrap_or_else(|error: io::Error| panic!("{error}"));
    let output =
        node::script("conformance", "validate.js").stdin(Stdio::from(file)).output().expect("node starts");
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// `AwsSolutions`, the serverless pack, and NIST 800-53 (revision 5) as far as it asks for anything that a stack has.
#[test]
fn cdk_nag_finds_what_is_known_and_nothing_else() {
    let folder = generated();
    let mut found = BTreeSet::new();
    for example in EXAMPLES {
        let template = folder.path().join(example).join("cloudformation/template.yaml");
        let output = node::script("nag", "nag.js").arg(&template).output().expect("node starts");
        let findings: Vec<(String, String)> = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        let text = fs::read_to_string(&template).expect("the template");
        let (_, rest) = text.split_once("  RecycleMachine:\n").expect("it has a machine");
        let (_, rest) = rest.split_once("\"Fn::Sub\": \"").expect("its name");
        let (name, _) = rest.split_once("-${Environment}").expect("its environment");
        let shared = |at: String| at.replace(&format!(":{name}-<Environment>"), ":NAME-<Environment>");
        found.extend(findings.into_iter().map(|(rule, at)| (rule, (*example).to_owned(), shared(at))));
    }
    hold("cdk-nag", &found);
}
