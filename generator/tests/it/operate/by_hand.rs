//! The commands that act, as a person uses them: in a terminal of 80 columns, asked and answered, on a recycle of each strategy by the
//! real machine and handler.

use asg_recycle::strategy::{self, Strategy};
use serde_json::{Value, json};

use super::{newest, operate, restored_in_sight, until};
use crate::end_to_end::stage::{GROUP, Stage, open_all_day};
use crate::terminal::Terminal;

fn stage(strategy: &Strategy) -> Stage {
    let name = &strategy.name;
    let mut stage = if strategy.windowed { Stage::new_with(name, open_all_day) } else { Stage::new(name) };
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

/// What is shown, without the terminal's own ends of lines.
fn words(shown: &str) -> String {
    shown.replace('\n', "")
}

/// Starts a recycle and waits for its first change.
fn started(stage: &mut Stage, strategy: &Strategy, number: usize) -> String {
    agreed(stage, &["start", GROUP], &format!("starts a recycle of search-asg-1 with {}", strategy.name));
    let execution = newest(stage, number);
    stage.wait_for(if strategy.turns.is_some() { "terminating" } else { "launched" });
    execution
}

#[test]
fn a_recycle_of_each_strategy_is_paused_resumed_and_aborted_by_hand() {
    // One that says nothing of who leaves next need not stand still once it has begun.
    let stands_still = |one: &Strategy| one.leaving_order.is_some() || one.refreshes();
    for (name, strategy) in strategy::all().iter().filter(|(_, one)| stands_still(one)) {
        let mut stage = stage(strategy);
        let execution = started(&mut stage, strategy, 1);
        let pause = ["pause", GROUP, "--why", "incident 42", "--for", "2h"];
        agreed(&mut stage, &pause, "search-asg-1: paused until 20");
        // What AWS's refresh has begun is not held.
        if !strategy.refreshes() {
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
                if strategy.turns.is_some() { 2 } else { 3 },
                "{name} stands still at its safe point"
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
        restored_in_sight(&mut stage, &execution);
        let (shown, code) = terminal.end();
        let told = words(&shown).contains(&format!("search-asg-1: restored: what {execution} had changed"));
        assert!(code == Some(0) && told, "{name}: {code:?}\n{shown}");
        stage.emulator.order("advance", json!({"seconds": 900}));
        stage.assert_as_before(name);
    }
}

#[test]
fn what_a_dead_recycle_of_each_strategy_left_is_restored_by_hand() {
    for (name, strategy) in strategy::all() {
        let mut stage = stage(strategy);
        let execution = started(&mut stage, strategy, 1);
        stage.emulator.order("stop", json!({"execution": execution}));
        let mut terminal = asked(&mut stage, &["restore", GROUP, "--every", "1s"]);
        terminal.answer("y");
        let restore = newest(&mut stage, 2);
        assert_eq!(stage.emulator.wait(&restore).status, "SUCCEEDED", "{name}");
        let (shown, code) = terminal.end();
        assert!(code == Some(0) && shown.contains("search-asg-1: restored"), "{name}: {code:?}\n{shown}");
        stage.emulator.order("advance", json!({"seconds": 900}));
        stage.assert_as_before(name);
    }
}

#[test]
fn what_changes_while_a_person_thinks_is_shown_and_asked_again() {
    let strategy = &strategy::all()["out-in"];
    let mut stage = stage(strategy);
    let execution = started(&mut stage, strategy, 1);
    // It goes on to its next phase, in which stopping it leads elsewhere.
    let mut aborting = asked(&mut stage, &["abort", GROUP]);
    stage.wait_for("terminating");
    aborting.answer("y");
    let shown = aborting.until("meanwhile it is otherwise:");
    assert!(shown.contains("(doubling)"), "{shown}");
    let shown = aborting.until("(halving)");
    aborting.answer("n");
    let (_, code) = aborting.end();
    assert_eq!(code, Some(2), "{shown}");
    // It is stopped; before the second answer somebody else's restore runs.
    stage.emulator.order("stop", json!({"execution": execution}));
    let mut restoring = asked(&mut stage, &["restore", GROUP]);
    let restore = stage.deliver_status_event();
    // It was started; before it has the lock, the command's own restore would find nobody in its way.
    until(&mut stage, |stage| {
        let locks: Vec<Value> = stage.emulator.ask("locks", json!({}));
        locks.iter().any(|item| item["held_by"]["S"] == json!(restore)).then_some(())
    });
    restoring.answer("y");
    let (shown, code) = restoring.end();
    let refused = format!("{restore} runs and holds `{GROUP}`");
    assert!(code == Some(2) && words(&shown).contains(&refused), "{code:?}\n{shown}");
    stage.emulator.wait(&restore);
    let mut starting = asked(&mut stage, &["start", GROUP]);
    stage.set_tag("autorecycle_strategy", "in-out");
    starting.answer("y");
    let shown = starting.until("meanwhile it is otherwise:");
    assert!(shown.contains("search-asg-1 with out-in: outdated"), "{shown}");
    starting.until("search-asg-1 with in-out: outdated");
    starting.answer("n");
    assert_eq!(starting.end().1, Some(2));
}
