//! Why a resource, an IAM action, a statement, an alarm, a variable, an output or a state of a stack is there: read from the stack
//! itself and from the files that it is rendered to, so that everything in them has its answer.

mod explanation;
mod parameters;
mod permissions;
mod purposes;
mod rendered;
mod resources;
mod states;

use std::collections::BTreeSet;

use asg_recycle_handler::spelling::folded;

use crate::construct::AsgRecycle;

pub use explanation::{Explanation, Fact, ThingKind};
use rendered::Rendered;

/// Everything that there is to explain of a stack.
#[derive(Debug, Clone)]
pub struct Explanations(Vec<Explanation>);

impl Explanations {
    /// Of a stack, in every format.
    pub fn of(recycle: &AsgRecycle) -> Self {
        let rendered = Rendered::of(recycle);
        let resources = resources::explained(&rendered);
        let parameters = parameters::explained(&rendered);
        let permissions = permissions::explained(&rendered, recycle);
        let states = states::explained(recycle);
        Self(resources.into_iter().chain(permissions).chain(parameters).chain(states).collect())
    }

    /// All of them.
    pub fn all(&self) -> &[Explanation] {
        &self.0
    }

    /// Those of that name: a statement's name may stand in several policies. Case and separators do not matter, and neither does
    /// the name of the module that a Terraform address begins with.
    pub fn find(&self, name: &str) -> Vec<&Explanation> {
        let within = name.strip_prefix("module.").and_then(|rest| rest.split_once('.'));
        let name = folded(within.map_or(name, |(_, address)| address));
        let is_of = |one: &&Explanation| one.names().any(|known| folded(known) == name);
        self.0.iter().filter(is_of).collect()
    }

    /// Every name that [`Self::find`] finds something by.
    pub fn names(&self) -> BTreeSet<&str> {
        self.0.iter().flat_map(Explanation::names).collect()
    }
}
