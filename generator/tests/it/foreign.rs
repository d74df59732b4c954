//! What other people's checkers say of what is generated: `cfn-lint` on the template, Terraform on the module and on
//! roots that call it, `hadolint` on the Dockerfile. They are asked for both examples, and for a handler that is an image.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use asg_recycle::names;

use crate::python;
use crate::run::{Run, files};

mod states;

const EXAMPLES: &[&str] = &["minimal", "webops", "guarded", IMAGE];
/// No folder's name: the handler as an image, and what no example has. Others keep its roles, and it makes none.
const IMAGE: &str = "image";
const IMAGE_STACK: &str = "\
name: imaged
tags: {team: web, cost centre: '4711', a = b: x, größe: y}
package: {kind: image}
network: {subnet_ids: [subnet-0123abcd], security_group_ids: [sg-0123abcd]}
alarms: {silence_hours: 24, dashboard: true}
notifications: {pager_duty: true}
tracing: {enabled: false}
handler: {alias: live}
logs: {destination_arn: 'arn:aws:lambda:eu-west-2:123456789012:function:logs'}
permissions: {handler_role_arn: 'arn:aws:iam::123456789012:role/h', machine_role_arn: 'arn:aws:iam::123456789012:role/m'}
";
/// No folder's name: what has ARNs, in every key that takes one.
const NAMED: &str = "named";
const NAMED_STACK: &str = "\
name: named
permissions: {boundary_arn: 'arn:aws:iam::123456789012:policy/b', role_path: /x/}
notifications: {slack_channel: web, notifier_function_arn: 'arn:aws:lambda:eu-west-2:123456789012:function:n'}
alarms: {action_arns: ['arn:aws:sns:eu-west-2:123456789012:a'], lock_held_hours: 48}
logs: {destination_arn: 'arn:aws:lambda:eu-west-2:123456789012:function:logs'}
handler: {code_signing_config_arn: 'arn:aws:lambda:eu-west-2:123456789012:code-signing-config:csc-0123456789abcdef0', allowed_step_functions: [own]}
region: eu-west-2
";
/// No folder's name: others keep its roles, and deployments may name other ones, since no version is published.
const ROLED: &str = "roled";
const ROLED_STACK: &str = "\
name: roled
permissions: {handler_role_arn: 'arn:aws:iam::123456789012:role/h', machine_role_arn: 'arn:aws:iam::123456789012:role/m'}
";
const INIT: &[&str] = &["init", "-backend=false", "-input=false", "-no-color"];

/// What an example generates, in a folder of its own.
struct Generated {
    folder: tempfile::TempDir,
    name: &'static str,
}

impl Generated {
    fn new(name: &'static str) -> Self {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let out = folder.path().to_string_lossy();
        let stacks = [(IMAGE, IMAGE_STACK), (NAMED, NAMED_STACK), (ROLED, ROLED_STACK)];
        let stack = stacks.into_iter().find(|(one, _)| *one == name);
        if let Some((_, stack)) = stack {
            Run::new(&["generate", "stack.yaml", "--out", &out]).file("stack.yaml", stack).ok();
        } else {
            let file = format!("examples/{name}/stack.yaml");
            Run::within(repository, &["generate", &file, "--out", &out]).ok();
        }
        Self { folder, name }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }
}

/// What keeps `cfn-lint` from the definition, whose time-outs, and calls in other partitions than `aws`, it misjudges.
const DIRECTIVE: &str = "cfn-lint: {config: {ignore_checks: [E3601]}}";

#[test]
fn cfn_lint_finds_nothing_in_the_template() {
    for example in EXAMPLES.iter().chain([&NAMED, &ROLED]) {
        let template = Generated::new(example);
        let findings = cfn_lint(&template.path("cloudformation/template.yaml"), REGIONS_OF_AWS);
        assert!(findings.is_empty(), "{example}: {findings:#?}");
    }
    let image = Generated::new(IMAGE);
    let findings = cfn_lint(&image.path("cloudformation/repository.yaml"), REGIONS_OF_AWS);
    assert!(findings.is_empty(), "{findings:#?}");
}

/// Regions of the partition that the examples are for: the greatest, the eldest of Europe's, a small one.
const REGIONS_OF_AWS: &str = "us-east-1 eu-west-2 eu-central-2";

#[test]
fn cfn_lint_finds_nothing_in_the_template_of_another_partition() {
    for region in ["us-gov-west-1", "cn-north-1", "eusc-de-east-1"] {
        let lines = IMAGE_STACK.lines().filter(|line| !line.contains("arn:aws:"));
        let stack = lines.collect::<Vec<_>>().join("\n") + &format!("\nregion: {region}\n");
        let done = Run::new(&["generate", "stack.yaml", "--out", "out"]).file("stack.yaml", &stack).ok();
        let template = done.folder.join("out/cloudformation/template.yaml");
        let partition = names::partition(region);
        assert_ne!(partition, "aws");
        assert!(
            fs::read_to_string(&template)
                .expect("the template")
                .contains(&format!("arn:{partition}:states:::"))
        );
        let findings = cfn_lint(&template, region);
        assert!(findings.is_empty(), "{region}: {findings:#?}");
    }
}

#[test]
fn cfn_lint_finds_nothing_in_the_definition_but_expressions_for_time_outs() {
    for example in EXAMPLES {
        let generated = Generated::new(example);
        let template = generated.path("cloudformation/template.yaml");
        let text = fs::read_to_string(&template).expect("the template");
        let machines = text.matches("Type: AWS::StepFunctions::StateMachine").count();
        assert_eq!(text.matches(DIRECTIVE).count(), machines, "{example}");
        fs::write(&template, text.replace(DIRECTIVE, "reads: everything")).expect("a template");
        let is_expression = |finding: &String| {
            finding.starts_with("E3601 ")
                && finding.contains(" %}")
                && finding.contains(" is not of type 'number' at ")
                && finding.trim_end_matches(['\'', '"']).ends_with("/TimeoutSeconds")
        };
        let (expressions, others): (Vec<_>, Vec<_>) =
            cfn_lint(&template, "eu-west-2").into_iter().partition(is_expression);
        assert!(others.is_empty(), "{example}: {others:#?}");
        assert!(
            !expressions.is_empty(),
            "{example}: cfn-lint knows expressions for time-outs by now: drop the directive"
        );
    }
}

/// What `cfn-lint` finds, each with the id of its rule.
fn cfn_lint(template: &Path, regions: &str) -> Vec<String> {
    let mut lint = Command::new(python::program("cfn-lint"));
    // What a template names is there in each of the regions, or it is said; all levels, also what is for information.
    let regions = regions.split(' ');
    lint.arg("--regions").args(regions).args([
        "--include-checks",
        "I",
        "W",
        "E",
        "--format",
        "json",
        "--template",
    ]);
    let output = lint.arg(template).output();
    let output = output.expect("cfn-lint starts");
    let findings: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}:\n{}", printed(&output)));
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    findings
        .iter()
        .map(|found| format!("{} {}", text(&found["Rule"]["Id"]), text(&found["Message"])))
        .collect()
}

/// The one list of regions is that of AWS's own client as these tests install it: a newer one says here which regions are new.
#[test]
fn every_region_that_botocore_knows_is_known() {
    let script = "import botocore.session\n\
        for each in botocore.session.Session().get_data('partitions')['partitions']:\n\
        \x20   for region in each['regions']:\n\
        \x20       print(each['id'], region)\n";
    let output =
        Command::new(python::program("python")).args(["-c", script]).output().expect("python starts");
    assert!(output.status.success(), "{}", printed(&output));
    let text = String::from_utf8(output.stdout).expect("text");
    let listed: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once(' ')).collect();
    assert!(listed.len() > 30, "{listed:?}");
    let regions = listed.into_iter().filter(|(_, region)| !region.contains("global"));
    let unknown: Vec<_> = regions
        .filter(|(partition, region)| {
            !names::regions::is_known(region) || names::partition(region) != *partition
        })
        .collect();
    assert!(unknown.is_empty(), "add them to names/regions.rs: {unknown:?}");
}

#[test]
fn hadolint_finds_nothing_in_the_dockerfile() {
    let generated = Generated::new(IMAGE);
    let mut lint = Command::new(python::program("hadolint"));
    let output = lint.args(["--no-color", "Dockerfile"]).current_dir(generated.folder.path()).output();
    let output = output.expect("hadolint starts");
    assert!(output.status.success() && output.stdout.is_empty(), "{}", printed(&output));
    fs::write(generated.path("Dockerfile"), "FROM scratch\nRUN cd /tmp\n").expect("a faulty one");
    let mut lint = Command::new(python::program("hadolint"));
    let output =
        lint.arg("Dockerfile").current_dir(generated.folder.path()).output().expect("hadolint starts");
    assert!(!output.status.success(), "it finds faults where there are some");
}

#[test]
fn terraform_accepts_the_module_and_every_root_that_calls_it() {
    if !terraform_is_there() {
        note("not checked: `terraform` is not installed");
        return;
    }
    for example in EXAMPLES {
        let generated = Generated::new(example);
        terraform(&generated, ".", &["fmt", "-check", "-recursive", "-diff"]);
        if !provider_is_there(&generated) {
            note("formatting only: the AWS provider cannot be downloaded, and no mirror is configured");
            continue;
        }
        let plain = "plain-root";
        fs::create_dir(generated.path(plain)).expect("a folder");
        fs::write(generated.path("plain-root/main.tf"), plain_root(example)).expect("a root");
        let repository = (*example == IMAGE).then_some("terraform-repository");
        let regions = generated.path(REGIONS).exists().then_some(REGIONS);
        assert_eq!(
            regions.is_none(),
            matches!(*example, "guarded" | IMAGE),
            "{example}: two regions cannot have one's subnets"
        );
        for folder in ["terraform", "terraform-root", plain].into_iter().chain(repository).chain(regions) {
            terraform(&generated, folder, INIT);
            terraform(&generated, folder, &["validate", "-no-color"]);
        }
        if can_mock_providers() {
            fs::write(generated.path("plain-root/plan.tftest.hcl"), PLAN).expect("a test of Terraform's");
            let regions = regions.filter(|_| *example == "minimal"); // planning takes long
            if regions.is_some() {
                let planned = format!(
                    "variables {{\n  regions = {{ eu-west-1 = {{}}, eu-west-2 = {{}} }}\n}}\n\n{PLAN}"
                );
                fs::write(generated.path(REGIONS).join("plan.tftest.hcl"), planned)
                    .expect("a test of Terraform's");
            }
            for folder in ["terraform", plain].into_iter().chain(regions) {
                terraform(&generated, folder, &["test", "-no-color"]);
            }
        } else {
            note("nothing was planned: that takes Terraform 1.7");
        }
    }
}

/// The module's own example.
const REGIONS: &str = "terraform/examples/two-regions";

#[test]
fn terraform_plans_a_fleet_from_one_rendering() {
    if !terraform_is_there() || !can_mock_providers() {
        note("not checked: `terraform` 1.7 is not installed");
        return;
    }
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/fleet");
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (path, bytes) in files(&example) {
        let file = folder.path().join(path);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, bytes).expect("a file");
    }
    Run::within(folder.path(), &["generate", "platform.yaml", "--out", "out"]).ok();
    let fleet = Generated { folder, name: "fleet" };
    terraform(&fleet, ".", &["fmt", "-check", "-recursive", "-diff"]);
    if !provider_is_there(&Generated::new("minimal")) {
        note("formatting only: the AWS provider cannot be downloaded, and no mirror is configured");
        return;
    }
    for folder in ["environments", "stack-set"] {
        terraform(&fleet, folder, INIT);
        terraform(&fleet, folder, &["validate", "-no-color"]);
        terraform(&fleet, folder, &["test", "-no-color"]);
    }
    // With the variables of an environment's own file.
    let tests = fleet.path("environments/tests");
    fs::create_dir_all(&tests).expect("a folder");
    let names = r#"keys(output.prefixes) == ["eu-west-1", "eu-west-2"] && output.prefixes["eu-west-2"] == "platform-staging""#;
    let asserted = format!(
        "\n\n  assert {{\n    condition = {names}\n    error_message = \"Another environment.\"\n  }}"
    );
    let plan = PLAN.replace("command = plan", &format!("command = plan{asserted}"));
    fs::write(tests.join("file.tftest.hcl"), plan).expect("a test of Terraform's");
    let of_file = ["test", "-no-color", "-var-file=staging.tfvars", "-filter=tests/file.tftest.hcl"];
    terraform(&fleet, "environments", &of_file);
}

/// Has Terraform evaluate everything, with values made up where AWS would have to be asked.
const PLAN: &str = r#"mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = {
      partition = "aws"
    }
  }

  mock_data "aws_region" {
    defaults = {
      region = "eu-west-2"
    }
  }
}

run "plan" {
  command = plan
}
"#;

/// The least that a team writes to use the module, and what it gives that is known once it is there.
fn plain_root(example: &str) -> String {
    let image =
        "\n  handler_image_uri = \"123456789012.dkr.ecr.eu-west-2.amazonaws.com/imaged-handler@sha256:";
    let image = if example == IMAGE { format!("{image}{}\"", "0".repeat(64)) } else { String::new() };
    let root = r#"terraform {
  required_version = ">= 1.5"
}

provider "aws" {
  region = "eu-west-2"
}

resource "terraform_data" "made_in_the_same_run" {
  input = "a name that nobody knows yet"
}

module "asg_recycle" {
  source      = "../terraform"
  environment = "staging"

  notifier_function_arn    = terraform_data.made_in_the_same_run.output
  alarm_action_arns        = [terraform_data.made_in_the_same_run.output]
  pager_duty_endpoint      = "https://events.pagerduty.com/integration/${terraform_data.made_in_the_same_run.output}/enqueue"
}
"#;
    root.replace("\"staging\"", &format!("\"staging\"{image}"))
}

/// Says what was not checked, past the test harness, which keeps what a passing test prints to itself.
fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn terraform_is_there() -> bool {
    Command::new("terraform").arg("version").output().is_ok_and(|output| output.status.success())
}

fn can_mock_providers() -> bool {
    let output = Command::new("terraform").args(["version", "-json"]).output().expect("terraform starts");
    let version: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let version = version["terraform_version"].as_str().expect("a version").to_owned();
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or_default());
    (parts.next(), parts.next()) >= (Some(1), Some(7))
}

/// Runs Terraform in a folder of what was generated, and expects success.
fn terraform(generated: &Generated, folder: &str, arguments: &[&str]) {
    let output = run_terraform(generated, folder, arguments);
    let example = generated.name;
    assert!(output.status.success(), "{example}/{folder}: terraform {arguments:?}:\n{}", printed(&output));
}

/// Whether the provider can be had: without a network and without a mirror there is nothing to check against.
fn provider_is_there(generated: &Generated) -> bool {
    let output = run_terraform(generated, "terraform", INIT);
    output.status.success() || !printed(&output).contains("Failed to query available provider packages")
}

/// Where the provider comes from is for the environment to say, in `TF_CLI_CONFIG_FILE`.
fn run_terraform(generated: &Generated, folder: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new("terraform");
    command.args(arguments).current_dir(generated.path(folder)).env("CHECKPOINT_DISABLE", "1");
    command.output().expect("terraform starts")
}

fn printed(output: &Output) -> String {
    let text = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    format!("{}\n{}", output.status, text.concat())
}
