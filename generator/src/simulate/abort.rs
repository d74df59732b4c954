//! Stops an execution at every point of a run, and follows each of these runs to its end.

use super::runner::{Run, Runner, Step};

/// A run that was stopped.
#[derive(Clone)]
pub struct Abort {
    /// How many state transitions the execution had made.
    pub transitions: u64,
    /// The state that it stood in.
    pub state: String,
    /// What came of it.
    pub run: Run,
}

impl Abort {
    /// What the stop and its restore did not leave as it should be; the group is the first.
    pub fn unmet(&self) -> Vec<String> {
        let mut unmet = self.run.verdict.lines();
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

/// As [`abort_everywhere`], but only where `wanted` says so of the state that the execution stands in and of how many
/// steps it has made there. For runs of which every step would be too many.
pub fn abort_where(
    mut runner: Runner,
    mut wanted: impl FnMut(&str, usize) -> bool,
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
                    look(stopped(runner.clone()));
                }
            }
            _ => {}
        }
    }
}

fn stopped(mut runner: Runner) -> Abort {
    let transitions = runner.transitions(0);
    let state = runner.state(0).unwrap_or_default().to_owned();
    runner.stop(0);
    Abort { transitions, state, run: runner.finish() }
}
