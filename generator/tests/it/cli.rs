//! The command line: help, exit codes, streams, and what it does to the folder it writes.

use std::fs;
use std::io::pipe;
use std::process::{Command, Stdio};

use crate::run::{PROGRAM, Run, files};

const STACK: &str = "name: web\n";

/// A folder with a `stack.yaml` and its generated files in `out`.
fn generated() -> crate::run::Done {
    Run::new(&["generate", "stack.yaml", "--out", "out"]).file("stack.yaml", STACK).ok()
}

const CHECK: &[&str] = &["generate", "stack.yaml", "--out", "out", "--check"];
const GENERATE: &[&str] = &["generate", "stack.yaml", "--out", "out"];

#[test]
fn every_commands_help_has_an_example_of_itself() {
    let help = Run::new(&["--help"]).stdout_has("Exit codes:").stderr("").ok().stdout;
    let commands = help.split_once("Commands:\n").expect("commands").1.split_once("\n\n").expect("options").0;
    let names: Vec<_> = commands.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() >= 8, "{names:?}");
    for name in names.into_iter().filter(|name| *name != "help") {
        let done = Run::new(&[name, "--help"]).stdout_has("--color").stderr("").ok();
        assert!(done.stdout.contains(&format!("Example: asg-recycle {name}")), "{name}:\n{}", done.stdout);
    }
}

#[test]
fn bad_usage_exits_with_2_and_says_so_on_standard_error() {
    for arguments in [
        &["nonsense"][..],
        &["generate", "stack.yaml"],
        &["generate", "stack.yaml", "--out", "out", "--check", "--force"],
        &["build", "stack.yaml", "--out", "out", "--compiler", "magic"],
        &["completions", "cobol"],
    ] {
        Run::new(arguments).stdout("").stderr_has("error: ").stderr_has("--help").exits(2);
    }
    Run::new(&[]).stdout("").stderr_has("Usage:").exits(2);
}

#[test]
fn version_schema_and_completions_go_to_standard_output() {
    Run::new(&["--version"]).stdout(&format!("asg-recycle {}\n", asg_recycle::VERSION)).stderr("").ok();
    let schema = Run::new(&["schema"]).stderr("").ok().stdout;
    serde_json::from_str::<serde_json::Value>(&schema).expect("the schema is JSON");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        Run::new(&["completions", shell]).stdout_has("asg-recycle").stderr("").ok();
    }
}

#[test]
fn a_missing_input_file_is_bad_input_and_a_folder_that_cannot_be_made_is_the_world() {
    let done =
        Run::new(GENERATE).stderr_has("cannot read `stack.yaml`").stderr_has("asg-recycle init").exits(2);
    assert!(!done.has("out"));
    Run::new(&["validate", "."]).stderr_has("name the file in it").exits(2);
    let arguments = ["generate", "stack.yaml", "--out", "stack.yaml/out"];
    Run::new(&arguments).file("stack.yaml", STACK).stderr_has("cannot make the folder").exits(3);
}

#[test]
fn faults_of_the_input_are_all_reported_and_nothing_is_written() {
    let broken = "name: web\nnonsense: 1\nhandler:\n  memory_megabytes: 1\n";
    for arguments in
        [GENERATE, &["build", "stack.yaml", "--out", "out"], &["package", "stack.yaml", "--out", "out"]]
    {
        let run = Run::new(arguments).file("stack.yaml", broken).stdout("");
        let done = run.stderr_has("nonsense").stderr_has("memory_megabytes").exits(2);
        assert!(!done.has("out"));
    }
    Run::new(&["validate", "stack.yaml"])
        .file("stack.yaml", broken)
        .stderr_has("nonsense")
        .stdout("")
        .exits(2);
}

#[test]
fn validate_reports_to_people_and_to_programs() {
    let json = |text: &str, code: i32| {
        let run =
            Run::new(&["validate", "stack.yaml", "--format", "json"]).file("stack.yaml", text).stderr("");
        serde_json::from_str::<serde_json::Value>(&run.exits(code).stdout).expect("JSON")
    };
    Run::new(&["validate", "stack.yaml"])
        .file("stack.yaml", STACK)
        .stdout("stack.yaml: no faults\n")
        .stderr("")
        .ok();
    assert_eq!(json(STACK, 0), serde_json::json!({ "file": "stack.yaml", "valid": true, "problems": [] }));
    let report = json("name: web\nnonsense: 1\nlogs:\n  retention_days: 2\n", 2);
    assert_eq!(report["valid"], false);
    assert_eq!(report["problems"].as_array().expect("problems").len(), 2, "{report}");
    assert_eq!(report["problems"][0]["location"]["line"], 2, "{report}");
}

#[test]
fn validate_tells_every_file_that_cannot_be_packaged() {
    let text = "name: web\nhandler:\n  files:\n    ca.pem: certs/ca.pem\n    key.txt: key.txt\n";
    let run = Run::new(&["validate", "stack.yaml"]).file("stack.yaml", text);
    let run = run.file("key.txt", &format!("-----BEGIN {} KEY-----\n", "PRIVATE"));
    let run = run.stderr_has("`certs/ca.pem` cannot be read").stderr_has("holds a private key");
    let run = run.stderr_has("--> stack.yaml:4:13").stderr_has("--> stack.yaml:5:14");
    let done = run.stderr_has("error: 2 faults in stack.yaml").exits(2);
    let done =
        done.then(&["validate", "stack.yaml", "--format", "json"]).stdout_has("\"packaged-file\"").exits(2);
    // Every other command says the same.
    let generate = ["generate", "stack.yaml", "--out", "out"];
    let done = done.then(&generate).stderr_has("--> stack.yaml:4:13").stderr_has("2 faults").exits(2);
    let done = done.then(&["validate", "stack.yaml"]).file("key.txt", "x").file("certs/ca.pem", "x");
    done.stdout("stack.yaml: no faults\n").ok();
}

#[test]
fn generate_writes_each_format_asked_for() {
    let done = generated();
    for path in
        ["README.md", "state_machine.asl.json", "manifest.json", "handler/Cargo.toml", "handler/src/main.rs"]
    {
        assert!(done.has(&format!("out/{path}")), "{path}");
    }
    assert!(done.has("out/terraform") && done.has("out/cloudformation/template.yaml"));
    let narrow = done.then(&["generate", "stack.yaml", "--out", "out", "--format", "terraform"]);
    let narrow = narrow.stdout_has("- cloudformation/template.yaml\n");
    let narrow = narrow.stderr_has("warning: `--format` leaves CloudFormation out, so its ");
    let done = narrow.stderr_has("go from out; `--format all` keeps them\n").ok();
    assert!(done.has("out/terraform") && !done.has("out/cloudformation"));
}

#[test]
fn generate_twice_writes_nothing_and_the_same_input_gives_the_same_bytes() {
    let first = generated();
    let before = files(&first.folder.join("out"));
    first.then(GENERATE).stdout_has("out: 0 written, ").stdout_has(" 0 removed\n").ok();
    let second = generated();
    assert_eq!(before, files(&second.folder.join("out")));
}

#[test]
fn the_manifest_has_the_hash_of_every_other_file() {
    let out = files(&generated().folder.join("out"));
    let manifest: serde_json::Value = serde_json::from_slice(&out["manifest.json"]).expect("JSON");
    assert_eq!(manifest["generator"], "asg-recycle");
    assert_eq!(manifest["package"], serde_json::Value::Null);
    let listed = manifest["files"].as_object().expect("files");
    assert_eq!(listed.len(), out.len() - 1);
    for (path, contents) in out.iter().filter(|(path, _)| *path != "manifest.json") {
        assert_eq!(listed[path], asg_recycle::stack::PackageDigest::of(contents).hex(), "{path}");
    }
}

#[test]
fn check_finds_drift_of_the_input_prints_it_and_writes_nothing() {
    let done = generated();
    done.then(CHECK).stdout("no drift\n").stderr("").ok();
    let before = files(&done.folder.join("out"));
    let drift = done.then(CHECK).file("stack.yaml", "name: api\n").stdout_has("\n-").stdout_has("\n+");
    // The manifest's hashes follow from the rest, and are not shown beside it.
    drift
        .stdout_has("--- a/README.md\n+++ b/README.md\n@@ ")
        .stdout_lacks("manifest.json")
        .stderr("")
        .exits(1);
    assert_eq!(files(&done.folder.join("out")), before);
}

#[test]
fn check_finds_edits_missing_and_surplus_files() {
    let done = generated();
    fs::write(done.folder.join("out/README.md"), "mine\n").expect("written");
    fs::remove_file(done.folder.join("out/handler/src/main.rs")).expect("removed");
    let check = done.then(CHECK).stdout_has("--- a/README.md\n+++ b/README.md\n").stdout_has("\n-mine\n");
    check.stdout_has("--- /dev/null\n+++ b/handler/src/main.rs\n").exits(1);
    let narrow = [CHECK, &["--format", "terraform"]].concat();
    done.then(&narrow).stdout_has("--- a/cloudformation/template.yaml\n+++ /dev/null\n").exits(1);
    let nowhere = ["generate", "stack.yaml", "--out", "nowhere", "--check"];
    // A wrong folder is told in a screen or two.
    let fresh = done.then(&nowhere).stdout_has("--- /dev/null\n+++ b/README.md\n--- /dev/null\n");
    let fresh = fresh.stdout_lacks("@@").stderr_has("nothing was generated there yet").exits(1);
    assert!(!fresh.has("nowhere"));
}

#[test]
fn edited_and_foreign_files_are_refused_all_at_once_and_forced_on_request() {
    let done = generated();
    fs::write(done.folder.join("out/README.md"), "mine\n").expect("written");
    fs::write(done.folder.join("out/state_machine.asl.json"), "mine\n").expect("written");
    let before = files(&done.folder.join("out"));
    let refused = done.then(GENERATE).stdout("").stderr_has("  README.md: was edited\n");
    refused.stderr_has("  state_machine.asl.json: was edited\n").stderr_has("--force").exits(2);
    assert_eq!(files(&done.folder.join("out")), before);
    let build = done.then(&["build", "stack.yaml", "--out", "out", "--cache-dir", "cache"]);
    let build = build.stderr_has("README.md: was edited").exits(2); // before anything is compiled
    assert!(!build.has("cache"));
    done.then(&[GENERATE, &["--force"]].concat()).stdout_has("~ README.md\n").ok();
    done.then(CHECK).ok();
    let foreign = Run::new(GENERATE).file("stack.yaml", STACK).file("out/README.md", "mine\n");
    let foreign = foreign.stderr_has("  README.md: was there before\n").exits(2);
    assert_eq!(foreign.read("out/README.md"), "mine\n");
    assert!(!foreign.has("out/terraform"));
}

#[test]
fn a_surplus_file_that_was_edited_stays() {
    let done = generated();
    fs::write(done.folder.join("out/cloudformation/template.yaml"), "mine\n").expect("written");
    let narrow = [GENERATE, &["--format", "terraform"]].concat();
    let done = done.then(&narrow).stderr_has("was edited: it stays").stdout_has(" 2 removed\n").ok();
    assert_eq!(done.read("out/cloudformation/template.yaml"), "mine\n");
    done.then(&narrow).stderr(SILENT).ok();
}

#[test]
fn a_failed_write_leaves_whole_files_and_the_next_run_mends_the_folder() {
    let done = generated();
    let machine = done.read("out/state_machine.asl.json");
    fs::remove_dir_all(done.folder.join("out/terraform")).expect("removed");
    fs::write(done.folder.join("out/terraform"), "in the way").expect("written");
    done.then(GENERATE).stderr_has("cannot make the folder").stdout("").exits(3);
    assert_eq!(done.read("out/state_machine.asl.json"), machine);
    assert_eq!(done.read("out/terraform"), "in the way");
    fs::remove_file(done.folder.join("out/terraform")).expect("removed");
    done.then(GENERATE).file("stack.yaml", "name: api\n").ok();
    done.then(CHECK).stdout("no drift\n").ok();
}

#[test]
fn another_tools_manifest_is_not_overwritten() {
    let run = Run::new(GENERATE).file("stack.yaml", STACK).file("out/manifest.json", "{}\n");
    let done = run.stderr_has("is not a manifest of asg-recycle").exits(2);
    assert_eq!(done.read("out/manifest.json"), "{}\n");
}

#[test]
fn init_writes_a_file_that_is_valid_and_keeps_one_that_is_there() {
    let done = Run::new(&["init", "new"]).stdout_has("next: edit new/stack.yaml").stderr("").ok();
    assert!(done.read("new/stack.yaml").contains("# yaml-language-server: $schema=stack.schema.json"));
    assert!(done.has("new/stack.schema.json"));
    done.then(&["validate", "new/stack.yaml"]).ok();
    let again = done.then(&["init", "new"]).file("new/stack.yaml", "name: mine\n");
    let again = again.stderr_has("is there already").stdout("").exits(2);
    assert_eq!(again.read("new/stack.yaml"), "name: mine\n");
    let forced = again.then(&["init", "new", "--force"]).ok();
    assert_ne!(forced.read("new/stack.yaml"), "name: mine\n");
}

#[test]
fn tags_prints_blocks_to_paste_and_corrects_a_slip() {
    let tags = |arguments: &[&str]| {
        Run::new(&[&["tags", "stack.yaml"], arguments].concat()).file("stack.yaml", STACK)
    };
    let block = "  key                 = \"autorecycle_strategy\"\n  value               = \"in-out\"\n";
    tags(&["--strategy", "in-out"]).stdout_has(block).stdout_has("#   autorecycle_team: ").stderr("").ok();
    let window = ["--strategy", "out-in-timed", "--set", "recycle_window=22:00,04:00"];
    tags(&window[..2]).stderr_has("--set recycle_window=").ok();
    tags(&window)
        .stdout_has("\"22:00,04:00\"")
        .stdout_lacks("#   autorecycle_recycle_window")
        .stderr("")
        .ok();
    let json = ["--strategy", "out-in", "--format", "json", "--group", "web-asg", "--set", "team=web"];
    let json: serde_json::Value = serde_json::from_str(&tags(&json).ok().stdout).expect("JSON");
    assert_eq!(json[2]["Key"], "autorecycle_team");
    assert_eq!(json[2]["ResourceId"], "web-asg");
    tags(&["--strategy", "out-inn"]).stderr_has("did you mean `out-in`?").stdout("").exits(2);
    tags(&["--strategy", "out-in", "--set", "strategy=in-out"]).stderr_has("set twice").exits(2);
    let wrong =
        ["dry_run=maybe", "time_zone=Europe/Lndon", "recycle_window=9:00,10:00", "step_function_name=x"];
    let wrong: Vec<&str> = wrong.iter().flat_map(|set| ["--set", set]).collect();
    tags(&[&["--strategy", "out-in"], &wrong[..]].concat())
        .stderr_has("`autorecycle_dry_run` is `maybe`: expected `true` or `false`")
        .stderr_has("did you mean `Europe/London`?")
        .stderr_has("`9:00` is not a time of day")
        .stderr_has("not in the stack's `handler.allowed_step_functions`")
        .stdout("")
        .exits(2);
}

#[test]
fn colours_follow_the_flag() {
    let done = generated();
    fs::write(done.folder.join("out/README.md"), "mine\n").expect("written");
    done.then(&[CHECK, &["--color", "always"]].concat()).stdout_has("\u{1b}[31m-mine").exits(1);
    done.then(&[CHECK, &["--color", "never"]].concat()).stdout_lacks("\u{1b}").exits(1);
    done.then(CHECK).stdout_lacks("\u{1b}").exits(1);
    Run::new(&["nonsense", "--color=always"]).stderr_has("\u{1b}").exits(2);
}

#[test]
fn drift_is_found_also_where_nobody_reads_it() {
    let done = generated();
    fs::write(done.folder.join("out/README.md"), "mine\n").expect("written");
    let (reader, writer) = pipe().expect("a pipe");
    drop(reader);
    let mut command = Command::new(PROGRAM);
    let status = command.args(CHECK).current_dir(&done.folder).stdout(writer).status().expect("it starts");
    assert_eq!(status.code(), Some(1));
}

#[test]
fn an_upgrade_that_replaces_the_roles_is_warned_of() {
    let done = generated();
    let moved = "name: web\npermissions: {role_path: /moved/}\n";
    let manifest = done
        .read("out/manifest.json")
        .replace("\"autoscaling:Describe", "\"autoscaling:EnterStandby\",\"autoscaling:Describe");
    let done = done.then(GENERATE).file("out/manifest.json", &manifest).file("stack.yaml", moved);
    let done =
        done.stderr_has("`permissions.role_path` was `/` and is `/moved/`").stderr_has("still allows").ok();
    assert!(done.read("out/terraform/iam.tf").contains("autoscaling:EnterStandby"));
    done.then(CHECK).stdout("no drift\n").ok();
}

#[test]
fn what_changes_at_once_for_recycles_that_run_is_warned_of() {
    let with = |number: u32| {
        format!(
            "name: web\npermissions: {{boundary_arn: 'arn:aws:iam::123456789012:policy/b-{number}'}}\nhandler: {{alias: live-{number}}}\n\
             notifications: {{notifier_function_arn: 'arn:aws:lambda:eu-west-2:123456789012:function:n-{number}'}}\n"
        )
    };
    let done = Run::new(GENERATE).file("stack.yaml", &with(1)).ok();
    done.then(GENERATE)
        .file("stack.yaml", &with(2))
        .stderr_has("`permissions.boundary_arn` was `arn:aws:iam::123456789012:policy/b-1` and is")
        .stderr_has("`handler.alias` was `live-1` and is `live-2`: the queue calls the function by what is set now")
        .stderr_has("`notifications.notifier_function_arn` was `arn:aws:lambda:eu-west-2:123456789012:function:n-1` and is")
        .ok();
}

#[test]
fn alarms_that_nobody_hears_yet_are_warned_of() {
    let heard = "alarms go to the stack's own topic, which nobody hears until you subscribe somebody";
    let stack = "name: web\nencryption: {customer_key: true}\n";
    let done = Run::new(GENERATE).file("stack.yaml", stack).stderr_has(heard).ok();
    let told = format!("{stack}alarms: {{action_arns: ['arn:aws:sns:eu-west-2:123456789012:t']}}\n");
    done.then(GENERATE).file("stack.yaml", &told).stderr_lacks("nobody hears").ok();
}

#[test]
fn a_function_that_leaves_its_vpc_keeps_for_a_version_what_removes_its_interfaces() {
    let within = "name: web\nnetwork: {subnet_ids: [subnet-0123abcd], security_group_ids: [sg-0123abcd]}\n";
    let done = Run::new(GENERATE).file("stack.yaml", within).ok();
    let left = done.then(GENERATE).file("stack.yaml", "name: web\n");
    let left = left
        .stderr_has("still allows what removes its network interfaces")
        .stderr_has("`network` was `a VPC`")
        .ok();
    for file in ["out/terraform/iam.tf", "out/cloudformation/template.yaml"] {
        assert!(left.read(file).contains("ec2:DeleteNetworkInterface"), "{file}");
    }
    left.then(CHECK).stdout("no drift\n").ok();
    let next = left.read("out/manifest.json").replace("\"version\": \"", "\"version\": \"0.");
    let next = left.then(GENERATE).file("out/manifest.json", &next).ok();
    assert!(!next.read("out/terraform/iam.tf").contains("ec2:DeleteNetworkInterface"));
}

/// As UPGRADING.md has it: no manifest knows of a notifier that only a parameter names.
#[test]
fn a_former_notifier_is_named_for_once_and_kept_for_a_version() {
    let former = "arn:aws:lambda:eu-west-2:123456789012:function:former";
    let named = format!("name: web\nnotifications: {{notifier_function_arn: '{former}'}}\n");
    let done = Run::new(GENERATE).file("stack.yaml", "name: web\n").ok();
    let named = done.then(GENERATE).file("stack.yaml", &named).ok();
    let told = "may still call the former notifier, arn:aws:lambda:eu-west-2:123456789012:function:former";
    let kept = named.then(GENERATE).file("stack.yaml", "name: web\n").stderr_has(told).ok();
    for file in ["out/terraform/iam.tf", "out/cloudformation/template.yaml"] {
        assert!(kept.read(file).contains(&format!("{former}:*")), "{file}");
    }
    let next = kept.read("out/manifest.json").replace("\"version\": \"", "\"version\": \"0.");
    let next = kept.then(GENERATE).file("out/manifest.json", &next).ok();
    assert!(!next.read("out/terraform/iam.tf").contains(former));
}

pub(crate) const SILENT: &str = "warning: no alarm reaches anybody: set `alarms.action_arns`, or \
    `encryption.customer_key: true` for the stack's own topic\n";

#[test]
fn a_stack_whose_alarms_reach_nobody_says_so() {
    Run::new(GENERATE).file("stack.yaml", "name: x\n").stderr(SILENT).ok();
    let keyed = "name: x\nencryption: {customer_key: true}\n";
    Run::new(GENERATE).file("stack.yaml", keyed).stderr_lacks("no alarm reaches anybody").ok();
}

#[test]
fn a_reader_that_is_gone_is_no_fault() {
    for arguments in [&["--help"][..], &["schema"], &["completions", "bash"]] {
        let (reader, writer) = pipe().expect("a pipe");
        drop(reader);
        let mut command = Command::new(PROGRAM);
        let output =
            command.args(arguments).stdout(writer).stderr(Stdio::piped()).output().expect("it starts");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}
