//! How long a group's instances take for what they do.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::time::Span;

/// A group's times. Each is without the spread, which goes both ways.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Timing {
    /// Shortest time in which Auto Scaling reacts to a change.
    pub reaction_min: Span,
    /// Longest.
    pub reaction_max: Span,
    /// From launch to running in EC2.
    pub start: Span,
    /// From launch to in service, hooks aside. Not below `start`.
    pub boot: Span,
    /// From in service to healthy in the target groups.
    pub health_lag: Span,
    /// Deregistration and draining, of an instance that is a target.
    pub drain: Span,
    /// From the end of draining and hooks to leaving the group.
    pub shutdown: Span,
    /// From leaving the group to `terminated` in EC2.
    pub release: Span,
    /// From a machine's failure to Auto Scaling's mark.
    pub health_check: Span,
    /// From a failed launch to the next try; each failure in a row doubles it, up to ten times.
    pub launch_retry: Span,
    /// How far each of these may be off, but for the reaction, in percent.
    pub spread_percent: u8,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            reaction_min: Span::seconds(6),
            reaction_max: Span::seconds(8),
            start: Span::seconds(15),
            boot: Span::seconds(240),
            health_lag: Span::seconds(20),
            drain: Span::seconds(300),
            shutdown: Span::seconds(30),
            release: Span::seconds(5),
            health_check: Span::seconds(30),
            launch_retry: Span::seconds(60),
            spread_percent: 0,
        }
    }
}
