//! `pause` and `resume` against the emulated AWS: a recycle of each strategy stands still at its safe point, shown and announced, and goes on.

use serde_json::{Value, json};

use super::{begun, operate, row, told};
use crate::end_to_end::stage::{GROUP, Stage};

#[test]
fn a_pause_before_the_first_change_is_shown_announced_and_ended() {
    let mut stage = Stage::new("out-in");
    operate(&mut stage, &["pause", "--why", "x"]).stderr_has("<GROUP|--all>").exits(2);
    operate(&mut stage, &["resume"]).stderr_has("<GROUP|--all>").exits(2);
    operate(&mut stage, &["pause", GROUP, "--why", " ", "--yes"]).stderr_has("say why").exits(2);
    operate(&mut stage, &["pause", GROUP, "--why", "a\nb", "--yes"]).stderr_has("in one line").exits(2);
    operate(&mut stage, &["pause", GROUP, "--why", &"é".repeat(501), "--yes"])
        .stderr_has("500 characters at most")
        .exits(2);
    operate(&mut stage, &["pause", GROUP, "--why", "x", "--for", "4d", "--yes"])
        .stderr_has("three days at most")
        .exits(2);
    operate(&mut stage, &["pause", GROUP, "--why", "x"])
        .stderr_has("account 123456789012, eu-west-2")
        .exits(2);
    operate(&mut stage, &["resume", GROUP]).stdout("search-asg-1 is not paused\n").ok();
    operate(&mut stage, &["pause", GROUP, "--why", "incident 42", "--for", "2h", "--yes"])
        .stdout_has("search-asg-1: paused until 20")
        .ok();
    // What somebody else paused for longer stays, unless it is meant.
    operate(&mut stage, &["pause", "--all", "--why", "shorter", "--for", "1h", "--yes"])
        .stderr_has("incident 42; that stays")
        .stdout("")
        .ok();
    let paused = row(&mut stage);
    assert_eq!(paused["paused"]["why"], json!("incident 42"), "{paused:#}");
    operate(&mut stage, &["pause", GROUP, "--why", "incident 43", "--for", "1h", "--replace", "--yes"])
        .stderr_has("instead of: paused until")
        .ok();
    operate(&mut stage, &["pause", GROUP, "--why", "incident 42", "--for", "2h", "--yes"])
        .stderr_has(": incident 43")
        .ok();
    operate(&mut stage, &["status"]).stdout_has("current, paused").stdout_has(": incident 42").ok();
    let waits = ": incident 42: a recycle would change nothing before that is over";
    operate(&mut stage, &["plan", GROUP]).stdout_has("not now    paused until 20").ok();
    operate(&mut stage, &["start", GROUP]).stderr_has(waits).exits(2);
    stage.new_launch_template_version();
    let event = stage.launch_event();
    let execution = stage.send(&event);
    stage.emulator.order("advance", json!({"seconds": 1_800}));
    assert_eq!(row(&mut stage)["state"], json!("recycling"));
    assert!(stage.launches().is_empty(), "it stands still");
    operate(&mut stage, &["resume", "--all", "--yes"]).stdout_has("search-asg-1: resumed").ok();
    assert_eq!(row(&mut stage)["paused"], Value::Null);
    let ended = stage.emulator.wait(&execution);
    assert_eq!(ended.status, "SUCCEEDED", "{ended:?}");
    stage.assert_replaced();
    assert_eq!(stage.statuses(), ["paused", "paused", "paused", "resumed", "started", "recycled"]);
}

#[test]
fn a_recycle_that_is_paused_while_doubled_is_aborted_and_restored() {
    let (mut stage, execution) = begun("out-in");
    operate(&mut stage, &["pause", "--all", "--why", "look at the new ones", "--for", "3d", "--yes"])
        .stderr_has("search-asg-1: a recycle runs, and goes on to its next safe point")
        .ok();
    stage.emulator.order("advance", json!({"seconds": 3_600}));
    let group = stage.emulator.group(GROUP);
    assert_eq!(group.instances.len(), 6, "doubled, and nothing leaves: {group:?}");
    let done = operate(&mut stage, &["status", GROUP]).stdout_has(", stands still for the pause\n").ok();
    assert!(!done.stdout.contains("\ndeadline"), "no deadline runs: {}", done.stdout);
    let skipped = format!("\n  {execution} holds the lock: a dry run waits for nobody, and is skipped\n");
    operate(&mut stage, &["start", GROUP, "--dry-run"]).stderr_has(&skipped).ok();
    operate(&mut stage, &["resume", GROUP, "--yes"]).ok();
    operate(&mut stage, &["status", GROUP])
        .stdout_has(", stands still until it sees that the pause is over\n")
        .stdout_lacks("\npaused ")
        .ok();
    operate(&mut stage, &["pause", GROUP, "--why", "look again", "--for", "3d", "--yes"]).ok();
    stage.emulator.order("stop", json!({"execution": execution}));
    let restore = stage.deliver_status_event();
    assert_eq!(stage.emulator.wait(&restore).status, "SUCCEEDED");
    stage.emulator.order("advance", json!({"seconds": 600}));
    operate(&mut stage, &["resume", GROUP, "--yes"]).ok();
    stage.assert_as_before("after the restore");
}

#[test]
fn a_turn_tells_who_is_out_and_until_when_and_that_it_stands_still() {
    let (mut stage, execution) = begun("in-out");
    let out = stage.leavers().remove(0);
    let of = |stage: &mut Stage| {
        told(stage, &["status", GROUP, "--format", "json"], "status-group")["recycle"].take()
    };
    let recycle = of(&mut stage);
    assert_eq!(
        recycle["turn"],
        json!({"step": "draining", "instance": out, "waits_for": [], "pauses_next": false})
    );
    assert_eq!(recycle["deadlines"][0]["what"], json!("the instance has to be terminated"), "{recycle:#}");
    operate(&mut stage, &["pause", GROUP, "--why", "look", "--for", "3d", "--yes"]).ok();
    let drains = format!(
        "\nturn       {out} is out, and drains or shuts down; stands still once the group is whole\n"
    );
    operate(&mut stage, &["status", GROUP]).stdout_has(&drains).ok();
    stage.emulator.order("advance", json!({"seconds": 7_200}));
    let recycle = of(&mut stage);
    assert_eq!(recycle["turn"]["step"], json!("paused"), "{recycle:#}");
    assert_eq!(
        (&recycle["turn"]["instance"], &recycle["deadlines"]),
        (&Value::Null, &json!([])),
        "none runs"
    );
    operate(&mut stage, &["status", GROUP])
        .stdout_has("\nturn       stands still in the pause; none is out\n")
        .ok();
    operate(&mut stage, &["resume", GROUP, "--yes"]).ok();
    assert_eq!(stage.emulator.wait(&execution).status, "SUCCEEDED");
    stage.assert_replaced();
}

#[test]
fn the_pause_of_a_group_that_is_gone_is_ended_by_its_own_stack_only() {
    let mut stage = Stage::new("out-in");
    operate(&mut stage, &["pause", GROUP, "--why", "incident 42", "--yes"]).ok();
    let gone = json!({"AutoScalingGroupName": GROUP, "ForceDelete": true});
    stage.emulator.order("call", json!({"action": "DeleteAutoScalingGroup", "parameters": gone}));
    for (variable, other) in [("GROUP_NAME_PREFIXES", "api-"), ("GROUP_TAGS", r#"{"owner": "web"}"#)] {
        stage.emulator.order("set_variable", json!({"name": variable, "value": other}));
        operate(&mut stage, &["resume", GROUP, "--yes"])
            .stderr_has("`search-asg-1` is gone, and by what is left of it not among the groups that stack")
            .stderr_has("its pause ends by itself: paused until 20")
            .exits(2);
        stage.emulator.order("set_variable", json!({"name": variable, "value": ""}));
    }
    operate(&mut stage, &["resume", GROUP, "--yes"]).stdout_has("search-asg-1: resumed").ok();
    operate(&mut stage, &["resume", GROUP, "--yes"]).stderr_has("there is no group").exits(2);
}

#[test]
fn an_error_half_way_tells_of_every_group_how_it_is() {
    let mut stage = Stage::new("out-in");
    stage.emulator.order("create_fleet", json!({"count": 2, "outdated": 0}));
    let denied = |skip: u32| json!({"action": "dynamodb:PutItem", "code": "AccessDeniedException", "message": "no", "count": 1, "skip": skip});
    stage.emulator.order("fault_calls", denied(1));
    let done = operate(&mut stage, &["pause", "--all", "--why", "incident 42", "--yes"])
        .stderr_has("dynamodb:PutItem is denied: no")
        .stderr_has("broken off at ")
        .stderr_has("; left as they are: ")
        .exits(3);
    assert_eq!(done.stdout.matches(": paused until").count(), 1, "{}", done.stdout);
}

/// A pause that no command would show is not written; one that has no effect yet is, and says so.
#[test]
fn a_group_that_nothing_recycles_is_not_paused_in_silence() {
    let mut stage = Stage::new("out-in");
    for (name, tags) in [
        ("bare-asg-1", json!({})),
        (
            "off-asg-1",
            json!({"autorecycle_recycle_on_asg_update": "false", "autorecycle_strategy": "out-in"}),
        ),
    ] {
        let group = json!({"name": name, "minimum": 1, "maximum": 1, "desired": 1, "zones": ["eu-west-2a"], "tags": tags});
        stage.emulator.order("create_group", group);
    }
    operate(&mut stage, &["pause", "bare-asg-1", "--why", "x", "--yes"])
        .stderr_has("nothing recycles `bare-asg-1`, for it lacks the tag `autorecycle_recycle_on_asg_update`")
        .stdout("")
        .exits(2);
    assert!(stage.emulator.ask::<Vec<Value>>("locks", json!({})).is_empty(), "nothing was written");
    operate(&mut stage, &["pause", "off-asg-1", "--why", "x", "--yes"])
        .stderr_has("  off-asg-1: it is not opted in, so no change starts anything now\n")
        .stdout_has("off-asg-1: paused until 20")
        .ok();
    operate(&mut stage, &["pause", "serach-asg-1", "--why", "x", "--yes"])
        .stderr_has("did you mean `search-asg-1`?")
        .exits(2);
    operate(&mut stage, &["pause", GROUP, "--why", "x", "--until", "18:00"])
        .stderr_has("`18:00` is no moment: write day, time and zone")
        .exits(2);
}
