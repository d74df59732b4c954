//! Two accounts in one `status`: each is asked with its own credentials, and neither hides nor stands for the other.

use serde_json::{Value, json};

use super::{held_to, operate};
use crate::end_to_end::stage::{GROUP, Stage, output};
use crate::run::Run;

const STACK: &str = super::STACK;
/// The other account.
const OTHER: &str = "222222222222";

/// A stage whose operator has a profile for each account; in the other there is a group of the same name and one more.
struct TwoAccounts {
    stage: Stage,
    credentials: String,
}

impl TwoAccounts {
    fn new() -> Self {
        let mut stage = Stage::new("out-in");
        let (key, secret) = deploy(&mut stage, OTHER, "production");
        for (name, strategy) in [(GROUP, "in-out"), ("billing-asg-1", "instance-refresh")] {
            let tags = json!({"autorecycle_recycle_on_asg_update": "true", "autorecycle_strategy": strategy});
            let group = json!({"name": name, "minimum": 3, "maximum": 3, "desired": 3,
                "zones": ["eu-west-2a", "eu-west-2b"], "tags": tags, "account": OTHER});
            stage.emulator.order("create_group", group);
        }
        let credentials = format!(
            "[here]\naws_access_key_id = operator\naws_secret_access_key = none\n\
             [there]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
        );
        Self { stage, credentials }
    }

    /// A run with both profiles, and with nobody's credentials in the environment.
    fn run(&mut self, arguments: &[&str]) -> Run {
        let run = operate(&mut self.stage, arguments);
        let config = "[profile here]\nregion = eu-west-2\n[profile there]\nregion = eu-west-2\n";
        let run = run.file("home/.aws/config", config).file("home/.aws/credentials", &self.credentials);
        let home = run.folder().join("home");
        run.env("HOME", home)
            .env("AWS_REGION", "")
            .env("AWS_ACCESS_KEY_ID", "")
            .env("AWS_SECRET_ACCESS_KEY", "")
    }

    /// The next call of an action is denied, after so many.
    fn deny(&mut self, action: &str, skip: u32) {
        let fault = json!({"action": action, "code": "AccessDeniedException", "message": "no", "count": 1, "skip": skip});
        self.stage.emulator.order("fault_calls", fault);
    }
}

/// Deploys the stack of an environment in another account, where there is nothing else; the operator's key to it, id and secret.
fn deploy(stage: &mut Stage, account: &str, environment: &str) -> (String, String) {
    let (bucket, key) = (format!("artifacts-{account}"), "handler.zip");
    let arguments = json!({
        "account": account,
        "template": output().join("cloudformation/template.yaml"),
        "parameters": {"Environment": environment, "HandlerS3Bucket": bucket, "HandlerS3Key": key},
        "upload": output().join("handler.zip"),
    });
    stage.emulator.ask("deploy_in_account", arguments)
}

#[test]
fn two_accounts_stand_beside_each_other_with_groups_of_the_same_name() {
    let mut two = TwoAccounts::new();
    two.stage.new_launch_template_version();
    let both = ["status", "--profiles", "here,there"];
    let here = format!("{STACK}, account 123456789012, eu-west-2, profile here\n");
    let there = format!("\n{STACK}, account {OTHER}, eu-west-2, profile there\n");
    let done = two.run(&both).stdout_has(&here).stdout_has(&there).ok();
    let (first, second) = done.stdout.split_once(&there).expect("two tables");
    assert!(first.contains("outdated  3 of 3") && !first.contains("billing"), "{first}");
    assert!(second.contains("billing-asg-1  current") && !second.contains("outdated  "), "{second}");
    let told = two.run(&["status", "--profiles", "here,there", "--format", "json"]).ok();
    let told = held_to("status.schema.json", &told.stdout);
    let accounts: Vec<&Value> =
        told["stacks"].as_array().expect("two").iter().map(|each| &each["account"]).collect();
    assert_eq!(accounts, [&json!("123456789012"), &json!(OTHER)]);
    let strategies: Vec<&Value> =
        told["stacks"].as_array().expect("two").iter().map(|each| &each["groups"][0]["strategy"]).collect();
    assert_eq!(strategies, [&json!("out-in"), &json!("instance-refresh")]);
    // Filters are for both.
    let done = two.run(&["status", "--profiles", "here,there", "--state", "outdated"]).ok();
    assert!(
        done.stdout.ends_with("eu-west-2, profile there\nof 2 groups none is as asked for\n"),
        "{}",
        done.stdout
    );
}

/// A group is found too old by its account, for there is one of the same name in each.
#[test]
fn what_is_too_old_is_told_with_its_account() {
    let mut two = TwoAccounts::new();
    two.stage.new_launch_template_version();
    two.stage.emulator.order("age_template_versions", json!({"seconds": 900_000}));
    two.run(&["status", "--profiles", "there,here", "--max-age", "7d"])
        .stderr("search-asg-1 (account 123456789012, eu-west-2) is outdated for 10 d 10 h\n")
        .exits(1);
    two.run(&["status", "--profile", "there", "--max-age", "7d"]).stderr("").ok();
}

#[test]
fn an_account_that_denies_or_lacks_the_stack_hides_no_other() {
    let mut two = TwoAccounts::new();
    let both = ["status", "--profiles", "here,there"];
    two.deny("autoscaling:DescribeAutoScalingGroups", 1);
    two.run(&both)
        .stdout_has(GROUP)
        .stdout_has("\nprofile there: not known\n")
        .stderr_has("profile there: autoscaling:DescribeAutoScalingGroups is denied: no")
        .exits(3);
    two.deny("dynamodb:Scan", 1);
    let done = two
        .run(&["status", "--profiles", "here,there", "--format", "json"])
        .stderr_has(&format!("arn:aws:dynamodb:eu-west-2:{OTHER}:table/asg-recycle-locks"))
        .exits(3);
    let told = held_to("status.schema.json", &done.stdout);
    assert_eq!((&told["stacks"][0]["account"], &told["stacks"][1]), (&json!("123456789012"), &Value::Null));
    assert_eq!(told["unknown"][0]["profile"], json!("there"));
    two.run(&["status", "--profiles", "here,there", "--regions", "eu-west-2,eu-west-1"])
        .stdout_has("billing-asg-1")
        .stdout_has("profile here, eu-west-1: not known\nprofile there, eu-west-1: not known\n")
        .stderr_has(&format!("there is no stack `{STACK}` in account {OTHER}, eu-west-1"))
        .exits(2);
}

/// Stacks are named by their environments, and accounts are often parted by these.
#[test]
fn a_stack_may_have_another_name_in_each_account() {
    let mut two = TwoAccounts::new();
    deploy(&mut two.stage, "333333333333", "staging");
    let role = "arn:aws:iam::333333333333:role/operator";
    two.run(&["status", "--role-arn", role, "--profiles", "here"])
        .stderr_has(&format!("there is no stack `{STACK}` in account 333333333333, eu-west-2"))
        .exits(2);
    // The same place twice is asked once, however it is named.
    let named = format!("here={STACK},here");
    let done = two.run(&["status", "--profiles", &named]).ok();
    assert_eq!(done.stdout.matches(", profile here\n").count(), 1, "{}", done.stdout);
    two.run(&["status", "--role-arn", role, "--profile", "here", "--stack", "webops-recycle-staging"])
        .stdout_has("webops-recycle-staging, account 333333333333, eu-west-2, profile here\n")
        .ok();
    two.run(&[
        "status",
        "--role-arn",
        role,
        "--profiles",
        "here=webops-recycle-staging,there=webops-recycle-production",
    ])
    .stdout_has("webops-recycle-staging, account 333333333333, eu-west-2, profile here\n")
    .stderr_has("profile there: there is no stack `webops-recycle-production` in account 333333333333")
    .exits(2);
    for wrong in ["here=", "=webops-recycle-staging"] {
        two.run(&["status", "--profiles", wrong]).stderr_has("PROFILE=STACK").exits(2);
    }
}

#[test]
fn a_role_of_another_account_is_shown_and_asked_there() {
    let mut two = TwoAccounts::new();
    let role = format!("arn:aws:iam::{OTHER}:role/operator");
    let place = format!("{STACK}, account {OTHER}, eu-west-2, profile here\n");
    two.run(&["status", "--profile", "here", "--role-arn", &role])
        .stdout_has(&place)
        .stdout_has("billing-asg-1")
        .ok();
    // Whatever acts shows where, and as whom.
    two.run(&["start", "billing-asg-1", "--dry-run", "--profile", "here", "--role-arn", &role])
        .stderr_has(&format!("account {OTHER}, eu-west-2, stack {STACK}"))
        .stderr_has(&format!("as arn:aws:sts::{OTHER}:assumed-role/operator/asg-recycle"))
        .ok();
    two.run(&["status", "billing-asg-1", "--profile", "here"]).stderr_has("billing-asg-1").exits(2);
    two.deny("sts:AssumeRole", 0);
    two.run(&["status", "--profiles", "here,there", "--role-arn", &role])
        .stdout_has(&format!("account {OTHER}, eu-west-2, profile there\n"))
        .stdout_has("profile here: not known\n")
        .stderr_has(&format!("\"Resource\": \"{role}\""))
        .exits(3);
}
