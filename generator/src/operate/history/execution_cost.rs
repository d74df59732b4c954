//! What an execution cost: its state transitions, and the instances that it had besides. Pure.

use crate::simulate::runner::dollars_of;

/// What an execution cost.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ExecutionCost {
    /// State transitions: the states that it entered.
    pub transitions: u64,
    /// Hours of instances beyond as many as at its beginning; absent where that is not known.
    pub extra_instance_hours: Option<f64>,
    /// What an hour of an instance costs, in dollars, where that is known.
    pub dollars_per_hour: Option<f64>,
}

impl ExecutionCost {
    /// What the transitions cost.
    pub fn dollars(&self) -> f64 {
        dollars_of(self.transitions)
    }

    /// What the additional instances cost, where that is known.
    pub fn dollars_of_instances(&self) -> Option<f64> {
        Some(self.extra_instance_hours? * self.dollars_per_hour?)
    }
}
