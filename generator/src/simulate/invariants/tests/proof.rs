//! Who takes over has proved itself before those that it replaces leave.

use serde_json::json;

use super::super::Promise;
use super::{CheckerFixture, ONE};
use asg_recycle_simulator::time::Span;
use asg_recycle_simulator::world::executions::ExecutionStatus;

/// A doubled group whose old instances leave so long after the doubling; the new ones come into service 255 seconds after it.
fn halved_after(seconds: u64, change: impl FnOnce(&mut CheckerFixture), events: &str) -> Vec<&'static str> {
    let mut fixture = CheckerFixture::started(Promise::KeepsServing, |_| {}, events);
    change(&mut fixture);
    fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 6}));
    fixture.wait(seconds);
    fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 3}));
    for n in 1..=3 {
        fixture.terminate(n, true);
    }
    fixture.wait(400);
    fixture.look();
    fixture.succeed("recycled", "");
    fixture.names()
}

#[test]
fn the_old_ones_of_a_doubling_leave_when_the_new_ones_have_been_in_service_for_the_proving_time() {
    assert_eq!(halved_after(300, |_| {}, ""), ["proved-before-leaving"]);
    assert_eq!(halved_after(360, |_| {}, ""), [""; 0]);
    let unasked = |fixture: &mut CheckerFixture| fixture.checker.runs[0].run.proving = Span::seconds(0);
    assert_eq!(halved_after(300, unasked, ""), [""; 0], "nothing is to be proved");
}

#[test]
fn what_makes_up_for_one_that_died_is_nobodys_to_have_seen() {
    assert_eq!(
        halved_after(600, |_| {}, "[{at: 300s, do: {kill: {which: new}}}]"),
        ["proved-before-leaving"]
    );
    assert_eq!(halved_after(600, |_| {}, "[{at: 590s, do: {kill: {which: old}}}]"), [""; 0]);
}

/// Two turns, the second so long after the place of the first was given back.
fn second_turn_after(seconds: u64) -> Vec<&'static str> {
    let mut fixture = CheckerFixture::started(Promise::OneOut, |group| group.min = 1, "");
    for n in 1..=2 {
        fixture.terminate(n, true);
        fixture.wait(340);
        fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 3}));
        fixture.on_group("updateAutoScalingGroup", json!({"MinSize": 1}));
        fixture.wait(seconds);
    }
    fixture.end(ONE, ExecutionStatus::Failed, None, Some(("E", "c")));
    fixture.names()
}

#[test]
fn one_out_at_a_time_the_next_leaves_when_the_one_before_has_proved_itself() {
    assert_eq!(second_turn_after(300), ["proved-before-leaving"]);
    assert_eq!(second_turn_after(360), [""; 0]);
}
