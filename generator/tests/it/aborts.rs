//! An execution that is stopped anywhere is cleaned up after: the restore execution, which the handler starts, leaves
//! the group as it should be.

use std::rc::Rc;

use asg_recycle::config;
use asg_recycle::simulate::abort::disturb_where;
use asg_recycle::simulate::runner::{Deployment, Detail, Runner, Step};
use asg_recycle::simulate::scenario::Scenario;

/// Long polls: what is between two looks is the same each time.
const STACK: &str = "name: asg-recycle\nstrategies:\n  out-in: {poll_interval_seconds: 100}\n  \
                     out-in-timed: {poll_interval_seconds: 100}\n  in-out: {poll_interval_seconds: 100}\n  \
                     instance-refresh: {poll_interval_seconds: 100}\n";

/// Stops the execution of a scenario everywhere, and expects every end to be right.
fn is_survived(strategy: &str, scenario: &str) {
    is_survived_at(strategy, scenario, |_, _| true, |runner| runner.stop(0));
}

/// Disturbs the execution of a scenario where `wanted` says so, and expects every end to be right.
fn is_survived_at(
    strategy: &str,
    scenario: &str,
    wanted: impl FnMut(&str, usize) -> bool,
    disturb: impl Fn(&mut Runner),
) {
    let config = config::parse(STACK.as_bytes()).expect("the stack has no fault");
    let deployment = Rc::new(Deployment::build(&config).unwrap_or_else(|problems| panic!("{problems}")));
    let scenario = Scenario::parse(scenario).unwrap_or_else(|error| panic!("{error}"));
    let runner = scenario.runner(&[deployment], strategy, Detail::Plain).expect("the scenario makes sense");
    let mut failures = Vec::new();
    let points = disturb_where(runner, wanted, disturb, |abort| {
        let unmet = abort.unmet();
        if !unmet.is_empty() {
            let (transitions, state) = (abort.transitions, &abort.state);
            failures
                .push(format!("after {transitions} transitions, in `{state}`:\n  {}", unmet.join("\n  ")));
        }
    });
    assert!(points > 50, "{points} points are no run");
    assert!(failures.is_empty(), "{} of {points} points:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn an_out_in_that_is_stopped_anywhere_leaves_the_group_as_it_should_be() {
    is_survived("out-in", "group: {min: 1, desired: 3, max: 4}");
}

#[test]
fn an_out_in_that_is_stopped_anywhere_is_put_back_though_reads_lag() {
    is_survived(
        "out-in",
        "{world: {read_lag: {by: 5s, percent: 50}}, group: {min: 3, desired: 3, max: 3, target_groups: 0}}",
    );
}

#[test]
fn a_big_out_in_that_is_stopped_while_it_lists_or_terminates_leaves_the_group_as_it_should_be() {
    let in_children = ["List instances", "Terminate old instances apart"];
    is_survived_at(
        "out-in",
        "group: {min: 1, desired: 201, max: 300, timing: {boot: 30s, drain: 10s}}",
        |state, steps| in_children.contains(&state) && steps % 10 == 7,
        |runner| runner.stop(0),
    );
}

#[test]
fn a_timed_out_in_that_is_stopped_anywhere_leaves_the_group_as_it_should_be() {
    is_survived(
        "out-in-timed",
        "group: {min: 3, desired: 3, max: 3, tags: {autorecycle_recycle_window: '10:00,11:00'}}",
    );
}

#[test]
fn an_in_out_that_is_stopped_anywhere_leaves_the_group_as_it_should_be() {
    is_survived("in-out", "group: {min: 2, desired: 2, max: 2, zones: [eu-west-2a, eu-west-2b]}");
}

#[test]
fn an_instance_refresh_that_is_stopped_anywhere_leaves_the_group_as_it_should_be() {
    is_survived("instance-refresh", "group: {min: 1, desired: 3, max: 4}");
}

#[test]
fn a_rollback_that_is_stopped_anywhere_leaves_the_group_as_it_should_be() {
    is_survived(
        "out-in",
        "{group: {min: 1, desired: 3, max: 4}, events: [{at: 0s, do: {fail_launches: {for: 20m}}}]}",
    );
}

#[test]
fn a_second_round_that_is_stopped_anywhere_leaves_the_group_as_it_should_be() {
    is_survived(
        "out-in",
        "{group: {min: 1, desired: 2, max: 3}, triggers: [{at: 0s}, {at: 60s, event: tag_change}]}",
    );
}

/// Stops the execution of a scenario everywhere, redrives it when its restore is over, and expects it to change nothing.
fn is_left_alone_when_redriven(strategy: &str, scenario: &str) {
    let stop_and_redrive = |runner: &mut Runner| {
        runner.stop(0);
        while !matches!(runner.step(), Step::Ended(_)) {}
        runner.redrive(0);
    };
    is_survived_at(strategy, scenario, |_, _| true, stop_and_redrive);
}

#[test]
fn an_out_in_that_is_stopped_anywhere_and_redriven_after_its_restore_changes_nothing() {
    is_left_alone_when_redriven("out-in", "group: {min: 1, desired: 2, max: 4, target_groups: 0}");
}

#[test]
fn an_in_out_that_is_stopped_anywhere_and_redriven_after_its_restore_changes_nothing() {
    is_left_alone_when_redriven("in-out", "group: {min: 2, desired: 2, max: 2, target_groups: 0}");
}

#[test]
fn an_instance_refresh_that_is_stopped_anywhere_and_redriven_after_its_restore_changes_nothing() {
    is_left_alone_when_redriven("instance-refresh", "group: {min: 1, desired: 2, max: 4, target_groups: 0}");
}

#[test]
fn a_rollback_that_is_stopped_anywhere_and_redriven_after_its_restore_changes_nothing() {
    is_left_alone_when_redriven(
        "out-in",
        "{group: {min: 1, desired: 2, max: 3}, events: [{at: 0s, do: {fail_launches: {for: 20m}}}]}",
    );
}
