//! The commands that act, as a person uses them: in a terminal of 80 columns, asked and answered, on a recycle of each strategy by the
//! real machine and handler.

use serde_json::{Value, json};

use super::{newest, operate, until};
use crate::end_to_end::stage::{GROUP, Stage, open_all_day};
use crate::terminal::Terminal;

const STRATEGIES: [&str; 4] = ["out-in", "out-in-timed", "in-out", "instance-refresh"];

fn stage(strategy: &str) -> Stage {
    let mut stage = if strategy == "out-in-timed" {
        Stage::new_with(strategy, open_all_day)
    } else {
        Stage::new(strategy)
    };
    stage.new_launch_template_version();
    stage
}

/// A command in a terminal that has shown what it is about to do, and asks.
fn asked(stage: &mut Stage, arguments: &[&str]) -> Terminal {
    let mut terminal = Terminal::of(operate(stage, arguments), 40, 80);
    let shown = terminal.until("go on? [y/N]");
    assert!(
        shown.starts_with("account 123456789012, eu-west-2, stack webops-recycle-production\nas arn:"),
        "{shown}"
    );
    terminal
}

/// The same, agreed to, at its end: it ended well, and has shown this.
fn agreed(stage: &mut Stage, arguments: &[&str], part: &str) {
    let mut terminal = asked(stage, arguments);
    terminal.answer("y");
    let (shown, code) = terminal.end();
    assert!(code == Some(0) && shown.contains(part), "{arguments:?}: {code:?}\n{shown}");
}

/// Starts a recycle and waits for its first change.
fn started(stage: &mut Stage, strategy: &str, number: usize) -> String {
    agreed(stage, &["start", GROUP], &format!("starts a recycle of search-asg-1 with {strategy}"));
    let execution = newest(stage, number);
    stage.wait_for(if strategy == "in-out" { "terminating" } else { "launched" });
    execution
}

#[test]
fn a_recycle_of_each_strategy_is_paused_resumed_and_aborted_by_hand() {
    for strategy in STRATEGIES {
        let mut stage = stage(strategy);
        let execution = started(&mut stage, strategy, 1);
        let pause = ["pause", GROUP, "--why", "incident 42", "--for", "2h"];
        agreed(&mut stage, &pause, "search-asg-1: paused until 20");
        // What AWS's refresh has begun is not held.
        if strategy != "instance-refresh" {
            stage.emulator.order("advance", json!({"seconds": 1_200}));
            let outdated = stage
                .emulator
                .group(GROUP)
                .instances
                .iter()
                .filter(|one| one.launch_template.version == "1")
                .count();
            assert_eq!(
                outdated,
                if strategy == "in-out" { 2 } else { 3 },
                "{strategy} stands still at its safe point"
            );
        }
        operate(&mut stage, &["status", GROUP])
            .stdout_has("paused     until 20")
            .stdout_has(": incident 42")
            .ok();
        agreed(&mut stage, &["resume", GROUP], "search-asg-1: resumed");
        let mut refused = asked(&mut stage, &["abort", GROUP]);
        refused.answer("n");
        let (shown, code) = refused.end();
        assert!(code == Some(2) && shown.contains("not agreed to; nothing was done"), "{shown}");
        let mut terminal = asked(&mut stage, &["abort", GROUP, "--every", "1s"]);
        terminal.answer("yes");
        until(&mut stage, |stage| {
            let made: Value = stage.emulator.ask("operator_calls", json!({}));
            made.get("states:StopExecution").map(drop)
        });
        assert_eq!(stage.emulator.wait(&execution).status, "ABORTED", "{strategy}");
        let restore = stage.deliver_status_event();
        stage.emulator.wait(&restore);
        let (shown, code) = terminal.end();
        // A restore that is over before the first look is not seen, only what it left.
        let ends = ["search-asg-1: restored", "search-asg-1: stopped; nothing is left changed"];
        let is_told = ends.iter().any(|end| shown.contains(end));
        assert!(code == Some(0) && is_told, "{strategy}: {code:?}\n{shown}");
        stage.emulator.order("advance", json!({"seconds": 900}));
        stage.assert_as_before(strategy);
    }
}

#[test]
fn what_a_dead_recycle_of_each_strategy_left_is_restored_by_hand() {
    for strategy in STRATEGIES {
        let mut stage = stage(strategy);
        let execution = started(&mut stage, strategy, 1);
        stage.emulator.order("stop", json!({"execution": execution}));
        let mut terminal = asked(&mut stage, &["restore", GROUP, "--every", "1s"]);
        terminal.answer("y");
        let restore = newest(&mut stage, 2);
        assert_eq!(stage.emulator.wait(&restore).status, "SUCCEEDED", "{strategy}");
        let (shown, code) = terminal.end();
        assert!(code == Some(0) && shown.contains("search-asg-1: restored"), "{strategy}: {code:?}\n{shown}");
        stage.emulator.order("advance", json!({"seconds": 900}));
        stage.assert_as_before(strategy);
    }
}
