//! Whose state it is: what the module says of that, without the provider, so that Terraform can apply and destroy it here.

use std::fs;

use super::{Generated, INIT, note, printed, run_terraform, terraform, terraform_is_there};

/// What AWS would say, and what the module's other files declare.
const DECLARED: &str = r#"
variable "environment" { default = "production" }
variable "region" { default = "eu-west-2" }
variable "account" { default = "123456789012" }
variable "partition" { default = "aws" }
variable "alarm_action_arns" { default = [] }
variable "notifier_function_arn" { default = null }
variable "handler_s3_bucket" { default = "artefacts" }
variable "handler_zip_path" { default = null }
"#;

const ANSWERS: &[(&str, &str)] = &[
    ("data.aws_region.current.region", "var.region"),
    ("data.aws_caller_identity.current.account_id", "var.account"),
    ("data.aws_partition.current.partition", "var.partition"),
];

/// The module's `locals.tf` with variables in place of what AWS is asked for.
fn without_provider(generated: &Generated) {
    let mut text = fs::read_to_string(generated.path("terraform/locals.tf")).expect("it is generated");
    for (asked, answer) in ANSWERS {
        text = text.replace(asked, answer);
    }
    let rest = text.split("\nlocals {").next().expect("the questions come first").len();
    // The table of locks goes when it may, and after what it says itself.
    let locks = fs::read_to_string(generated.path("terraform/lock.tf")).expect("it is generated");
    let after =
        locks.lines().find(|line| line.starts_with("  depends_on = ")).expect("it depends on something");
    let locks = format!(
        "resource \"terraform_data\" \"locks\" {{\n{after}\n  provisioner \"local-exec\" {{\n    when = destroy\n    \
         command = \"test -e may-go\"\n  }}\n}}\n"
    );
    let folder = generated.path("state");
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("main.tf"), format!("{DECLARED}{}\n{locks}", &text[rest..])).expect("a root");
}

/// A condition that fails would be passed over where everything is destroyed: Terraform makes a warning of it and drops that.
#[test]
fn a_state_of_another_deployment_is_neither_changed_nor_destroyed() {
    if !terraform_is_there() {
        note("not checked: `terraform` is not installed");
        return;
    }
    let generated = Generated::new("minimal");
    without_provider(&generated);
    let run = |arguments: &[&str]| run_terraform(&generated, "state", arguments);
    terraform(&generated, "state", INIT);
    terraform(&generated, "state", &["apply", "-auto-approve", "-no-color"]);
    // Also after a destroy that stopped half way.
    let destroyed = run(&["destroy", "-auto-approve", "-no-color"]);
    assert!(!destroyed.status.success(), "{}", printed(&destroyed));
    for other in ["environment=staging", "region=eu-west-1", "account=210987654321"] {
        for command in [
            ["plan", "-no-color"].as_slice(),
            &["plan", "-destroy", "-no-color"],
            &["destroy", "-auto-approve", "-no-color"],
        ] {
            let output = run(&[command, &["-var", other]].concat());
            let text = printed(&output).replace(['\n', '│'], " ");
            let said = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(!output.status.success(), "{command:?} with {other}:\n{text}");
            let own = "asg-recycle-production in eu-west-2 of account 123456789012";
            assert!(
                said.contains(&format!("This state is of {own}, and not of")),
                "{command:?} with {other}:\n{text}"
            );
        }
    }
    terraform(&generated, "state", &["plan", "-detailed-exitcode", "-no-color"]);
    fs::write(generated.path("state/may-go"), "").expect("a file");
    // The second finds nothing, which is no other deployment's either.
    for _ in 0..2 {
        terraform(&generated, "state", &["destroy", "-auto-approve", "-no-color"]);
    }
}
