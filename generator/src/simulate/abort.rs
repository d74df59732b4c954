//! Stops an execution at every point of a run, or upgrades its stack there, and follows each of these runs to its end.

use std::rc::Rc;

use super::runner::{Deployment, Run, Runner, Step};
use asg_recycle_simulator::world::record::Access;

/// A run that was stopped, or whose stack was upgraded.
#[derive(Clone)]
pub struct Abort {
    /// How many state transitions the execution had made.
    pub transitions: u64,
    /// The state that it stood in.
    pub state: String,
    /// What came of it.
    pub run: Run,
    /// Changes that it made when it was redriven after all was over; of a run without, none.
    pub writes_when_redriven: Vec<String>,
}

impl Abort {
    /// What the stop and its restore did not leave as it should be; the group is the first.
    pub fn unmet(&self) -> Vec<String> {
        let mut unmet = self.run.verdict.lines();
        unmet.extend(
            self.writes_when_redriven.iter().map(|action| format!("called {action} when it was redriven")),
        );
        let broken = self.run.executions.iter().skip(1).filter(|one| one.status != "SUCCEEDED");
        unmet.extend(broken.map(|one| format!("{} ended {}: {}", one.mode, one.ending(), one.reason)));
        let Some(group) = self.run.groups.first() else { return unmet };
        let (first, last) = (group.first(), group.last());
        if last.desired != first.desired {
            unmet.push(format!("the desired capacity is {}, not {}", last.desired, first.desired));
        }
        if last.serving != last.desired {
            unmet.push(format!("{} instances serve of {} desired", last.serving, last.desired));
        }
        unmet
    }
}

/// Follows a run step by step, and at every step of its first execution tells `look` what comes of stopping it there:
/// at each transition, and between a call and its answer. Gives the number of points.
pub fn abort_everywhere(runner: Runner, look: impl FnMut(Abort)) -> usize {
    abort_where(runner, |_, _| true, look)
}

/// As [`abort_everywhere`], and each time the dead execution is redriven when its restore is over.
pub fn redrive_everywhere(runner: Runner, look: impl FnMut(Abort)) -> usize {
    follow(runner, |_, _| true, stopped_and_redriven, look)
}

/// As [`abort_everywhere`], but only where `wanted` says so of the state that the execution stands in and of how many
/// steps it has made there. For runs of which every step would be too many.
pub fn abort_where(
    runner: Runner,
    wanted: impl FnMut(&str, usize) -> bool,
    look: impl FnMut(Abort),
) -> usize {
    follow(runner, wanted, stopped, look)
}

/// As [`abort_where`], but the stack is upgraded there, and the execution is stopped only where `stops`.
pub fn upgrade_where(
    runner: Runner,
    (to, stops): (&Rc<Deployment>, bool),
    wanted: impl FnMut(&str, usize) -> bool,
    look: impl FnMut(Abort),
) -> usize {
    let upgraded = |runner| {
        disturbed(runner, |runner| {
            runner.upgrade(0, to);
            if stops {
                runner.stop(0);
            }
        })
    };
    follow(runner, wanted, upgraded, look)
}

fn follow(
    mut runner: Runner,
    mut wanted: impl FnMut(&str, usize) -> bool,
    run_on: impl Fn(Runner) -> Abort,
    mut look: impl FnMut(Abort),
) -> usize {
    let (mut points, mut visited, mut steps) = (0, String::new(), 0);
    loop {
        match runner.step() {
            Step::Ended(_) => return points,
            Step::Execution(0) if runner.running().any(|execution| execution == 0) => {
                let state = runner.state(0).unwrap_or_default();
                steps = if state == visited { steps + 1 } else { 0 };
                state.clone_into(&mut visited);
                if wanted(&visited, steps) {
                    points += 1;
                    look(run_on(runner.clone()));
                }
            }
            _ => {}
        }
    }
}

fn stopped(runner: Runner) -> Abort {
    disturbed(runner, |runner| runner.stop(0))
}

fn disturbed(mut runner: Runner, disturb: impl FnOnce(&mut Runner)) -> Abort {
    let transitions = runner.transitions(0);
    let state = runner.state(0).unwrap_or_default().to_owned();
    disturb(&mut runner);
    Abort { transitions, state, run: runner.finish(), writes_when_redriven: Vec::new() }
}

fn stopped_and_redriven(mut runner: Runner) -> Abort {
    let transitions = runner.transitions(0);
    let state = runner.state(0).unwrap_or_default().to_owned();
    runner.stop(0);
    while !matches!(runner.step(), Step::Ended(_)) {}
    let made = runner.world().record().calls.len();
    runner.redrive(0);
    let run = runner.finish();
    let dead = run.executions.first().map(|one| one.arn.clone()).unwrap_or_default();
    let calls = run.world.record().calls[made..].iter();
    // One that the lock refuses changes nothing.
    let writes = calls.filter(|call| {
        let made = call.access == Access::Write && (call.answer.is_ok() || call.lost);
        made && run.world.executions.root_of(&call.execution) == dead
    });
    let writes_when_redriven = writes.map(|call| call.action.to_string()).collect();
    Abort { transitions, state, run, writes_when_redriven }
}
