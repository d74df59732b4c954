//! A definition as the checks hold it to the tables, and the pictures draw it.

use asg_recycle_simulator::states_language::{Refusal, Scope, StateMachine};

use super::declarations::Declarations;
use super::origin::Origins;
use crate::problem::{Problem, Problems};

/// The code of what the language does not have, or Step Functions would refuse.
pub(super) const LANGUAGE: &str = "asl-language";

/// A definition that is right in the language.
#[derive(Debug)]
pub(super) struct Definition {
    /// The text it was read from.
    pub text: String,
    /// Its states.
    pub machine: StateMachine,
    /// What its states are held to; nothing of it in a definition that came without.
    pub declared: Declarations,
}

impl Definition {
    /// Reads the text.
    ///
    /// # Errors
    /// Everything in it that the language does not have.
    pub(super) fn parse(text: &str, origins: &Origins) -> Result<Self, Problems> {
        let (machine, refusals) = StateMachine::read(text);
        let mut problems = Problems::default();
        problems.extend(refusals.into_iter().map(|refusal| problem(refusal, origins)));
        problems.or_ok(Self { text: text.to_owned(), machine, declared: Declarations::default() })
    }

    /// The machine's own scope first.
    pub(super) fn scopes(&self) -> &[Scope] {
        &self.machine.scopes
    }
}

fn problem(refusal: Refusal, origins: &Origins) -> Problem {
    let template = origins.of(&refusal.state, refusal.text.as_deref());
    Problem::new(LANGUAGE, refusal.state, refusal.reason).in_template(template)
}
