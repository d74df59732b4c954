//! What is drawn from a seed for every part of a scenario.

use asg_recycle_simulator::random::Random;
use serde_json::{Value, json};

/// A number in `low..=high`, drawn even where there is no choice: what is drawn after it does not depend on it.
pub(super) fn between(random: &Random, low: u64, high: u64) -> u64 {
    low + random.up_to(high - low)
}

/// As many seconds.
pub(super) fn seconds(random: &Random, low: u64, high: u64) -> Value {
    json!(format!("{}s", between(random, low, high)))
}
