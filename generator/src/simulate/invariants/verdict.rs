//! What is to be said of a run: the one place that decides whether it went well.

use asg_recycle_simulator::world::World;

use super::{Checker, Invariant, Violation};

/// How a run came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Termination {
    /// Nothing was left to happen that would matter.
    Settled,
    /// It went on for longer than any recycle may.
    LimitReached,
}

/// Every invariant that did not hold, in order of the moments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What was violated.
    pub violations: Vec<Violation>,
}

impl Verdict {
    /// Whether every invariant held.
    pub fn is_sound(&self) -> bool {
        self.violations.is_empty()
    }

    /// The first violation of each invariant: the others follow from it.
    pub fn first_of_each(&self) -> Vec<&Violation> {
        let mut found: Vec<&Violation> = Vec::new();
        for one in &self.violations {
            if !found.iter().any(|known| known.invariant == one.invariant) {
                found.push(one);
            }
        }
        found
    }

    /// Each violation in a line.
    pub fn lines(&self) -> Vec<String> {
        self.violations.iter().map(ToString::to_string).collect()
    }
}

/// Judges a run that has ended so, from what the checkers of its groups saw, what its model did not know, and
/// what no role allowed.
pub fn judge(
    checkers: Vec<Checker>,
    world: &World,
    termination: Termination,
    (refusals, denials): (&[String], &[String]),
) -> Verdict {
    let mut violations: Vec<_> = checkers.into_iter().flat_map(|checker| checker.finish(world)).collect();
    violations.sort_by_key(|violation| violation.moment);
    let at_the_end = |invariant, detail| Violation { invariant, moment: world.now(), detail };
    let unknown = refusals.iter().map(|refusal| at_the_end(Invariant::WithinModel, refusal.clone()));
    violations.extend(unknown);
    violations.extend(denials.iter().map(|denial| at_the_end(Invariant::Permitted, denial.clone())));
    if termination == Termination::LimitReached {
        violations.push(at_the_end(Invariant::ComesToRest, "it did not come to rest".to_owned()));
    }
    Verdict { violations }
}
