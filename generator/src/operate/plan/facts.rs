//! What is known of a group that is planned for. Pure.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::operate::answers::group::SeenActivity;
use crate::operate::answers::planned::{GroupSettings, SeenHook};
use crate::operate::fleet::FleetFacts;

/// What is known of a group that is planned for.
#[derive(Debug, Clone, Default)]
pub struct PlanFacts {
    /// What is known of it as a fleet of one.
    pub fleet: FleetFacts,
    /// Its further settings.
    pub settings: GroupSettings,
    /// Its lifecycle hooks.
    pub hooks: Vec<SeenHook>,
    /// What it did lately.
    pub activities: Vec<SeenActivity>,
    /// The status of its instance refresh that is at work; nothing where none is.
    pub refresh: Option<String>,
    /// Zones from which its traffic is shifted away.
    pub shifted_away: Vec<String>,
    /// The states of the alarms that strategies watch, by their names; those that are there.
    pub alarms: BTreeMap<String, String>,
    /// The definition of the stack's machine.
    pub definition: String,
}

/// How long launches and terminations take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Times {
    /// From a launch until in service, in seconds.
    pub boot_seconds: u64,
    /// Of how many of the group's own launches that is the median; 0 where none is known, and it is assumed.
    pub boot_measured: usize,
    /// From the begin of a termination until the instance has left, in seconds.
    pub drain_seconds: u64,
    /// Of how many of the group's own terminations that is the median; 0 where none is known, and it is assumed.
    pub drain_measured: usize,
}
