//! A definition as the checks hold it to the tables, and the pictures draw it.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Arc;

use asg_recycle_simulator::states_language::{Refusal, Scope, StateMachine};
use serde_json::{Map, Value};

use super::declarations::Declarations;
use super::expression::{Parsed, delimited};
use super::origin::Origins;
use crate::problem::{Problem, Problems};

/// The code of what the language does not have, or Step Functions would refuse.
pub(super) const LANGUAGE: &str = "asl-language";

/// A definition that is right in the language.
#[derive(Debug)]
pub(super) struct Definition {
    /// The text it was read from.
    pub text: Arc<str>,
    /// Its states.
    pub machine: StateMachine,
    /// Every expression in its states, by what stands between `{%` and `%}`; parsed when a rule asks for one.
    expressions: OnceCell<HashMap<String, Parsed>>,
    /// What its states are held to; nothing of it in a definition that came without.
    pub declared: Declarations,
}

impl Definition {
    /// Reads what was rendered, of which `text` is the print.
    ///
    /// # Errors
    /// Everything in it that the language does not have.
    pub(super) fn of(
        text: Arc<str>,
        machine: Map<String, Value>,
        origins: &Origins,
    ) -> Result<Self, Problems> {
        let (machine, refusals) = StateMachine::of(machine);
        let mut problems = Problems::default();
        problems.extend(refusals.into_iter().map(|refusal| problem(refusal, origins)));
        problems.or_ok(Self {
            text,
            machine,
            expressions: OnceCell::new(),
            declared: Declarations::default(),
        })
    }

    /// The expression that a text of a state is, if it is one.
    pub(super) fn expression(&self, text: &str) -> Option<&Parsed> {
        let source = delimited(text)?;
        self.expressions.get_or_init(|| expressions(&self.machine)).get(source)
    }

    /// The machine's own scope first.
    pub(super) fn scopes(&self) -> &[Scope] {
        &self.machine.scopes
    }
}

fn expressions(machine: &StateMachine) -> HashMap<String, Parsed> {
    let mut expressions = HashMap::new();
    for (_, _, state) in machine.states() {
        for source in state.texts().iter().filter_map(|text| delimited(text.text)) {
            if !expressions.contains_key(source) {
                expressions.insert(source.to_owned(), Parsed::of(source));
            }
        }
    }
    expressions
}

fn problem(refusal: Refusal, origins: &Origins) -> Problem {
    // What is wrong beside the states begins with its field.
    let field = refusal.reason.split(':').next().filter(|_| refusal.state.is_empty());
    let template = origins.of(&refusal.state, refusal.text.as_deref().or(field));
    Problem::new(LANGUAGE, refusal.state, refusal.reason).in_template(template)
}
