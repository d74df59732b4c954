//! Stops an execution at every point of a run, or upgrades its stack there, and follows each of these runs to its end.

use super::runner::{LogEvent, Run, Runner, Step};
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
}

impl Abort {
    /// What the stop and its restore did not leave as it should be; the group is the first.
    pub fn unmet(&self) -> Vec<String> {
        let mut unmet = self.run.verdict.lines();
        unmet.extend(
            self.writes_when_redriven().map(|action| format!("called {action} when it was redriven")),
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

    /// Changes that the execution made since it was redriven; one that the lock refuses changes nothing.
    fn writes_when_redriven(&self) -> impl Iterator<Item = &str> {
        let (world, log) = (&self.run.world, &self.run.log);
        let redriven =
            log.iter().find(|entry| matches!(entry.event, LogEvent::Redriven { execution: 0, .. }));
        let calls = world.record().calls.iter().filter(move |call| {
            let made = call.access == Access::Write && (call.answer.is_ok() || call.lost);
            made && redriven.is_some_and(|entry| call.moment >= entry.at)
        });
        let own = self.run.executions.first().map_or("", |one| &*one.arn);
        calls.filter(move |call| world.executions.root_of(&call.execution) == own).map(|call| &*call.action)
    }
}

/// Follows a run step by step, and at every step of its first execution tells `look` what comes of it where `disturb` does
/// something to it there: at each transition, and between a call and its answer. Of these steps those are left out of which
/// `wanted` does not say so, by the state that the execution stands in and by how many steps it has made there: of some runs
/// all would be too many. Gives the number of points.
pub fn disturb_where(
    mut runner: Runner,
    mut wanted: impl FnMut(&str, usize) -> bool,
    disturb: impl Fn(&mut Runner),
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
                    let mut disturbed = runner.clone();
                    disturb(&mut disturbed);
                    let (transitions, state) = (runner.transitions(0), visited.clone());
                    look(Abort { transitions, state, run: disturbed.finish() });
                }
            }
            _ => {}
        }
    }
}
