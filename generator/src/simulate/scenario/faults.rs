//! Things that go wrong, by name: pieces of scenarios that can be put together.

use super::description::{Scenario, ScenarioError};

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Its name.
    pub name: &'static str,
    /// What happens.
    pub summary: &'static str,
    /// The piece of a scenario.
    text: &'static str,
}

const fn fault(name: &'static str, summary: &'static str, text: &'static str) -> Fault {
    Fault { name, summary, text }
}

/// Every fault.
pub const FAULTS: &[Fault] = &[
    fault(
        "old-instance-dies",
        "the machine of an old instance fails once the first new one is launched",
        "events: [{after_event: {event: launched}, delay: 5s, do: {kill: {which: old}}}]",
    ),
    fault(
        "new-instance-dies",
        "the machine of a new instance fails soon after it came into service",
        "events: [{after_event: {event: in_service}, delay: 5s, do: {kill: {which: new}}}]",
    ),
    fault("launches-fail", "EC2 has no capacity", "events: [{at: 0s, do: {fail_launches: {}}}]"),
    fault(
        "launches-fail-for-a-while",
        "EC2 has no capacity for three minutes",
        "events: [{at: 0s, do: {fail_launches: {for: 3m}}}]",
    ),
    fault(
        "never-healthy",
        "what is launched never passes its health checks",
        "events: [{at: 0s, do: {break_launches: {}}}]",
    ),
    fault(
        "scale-out",
        "a scaling policy adds two instances while the new ones start",
        "events: [{after_event: {event: launched}, delay: 30s, do: {scaling_policy: {by: 2}}}]",
    ),
    fault(
        "scale-in",
        "a scaling policy takes an instance away while the new ones start",
        "events: [{after_event: {event: launched}, delay: 30s, do: {scaling_policy: {by: -1}}}]",
    ),
    fault(
        "template-changes",
        "somebody sets a newer launch template while the new instances start",
        "events: [{after_event: {event: launched}, delay: 30s, do: {launch_from: {template: {version: '3'}}}}]",
    ),
    fault(
        "second-trigger",
        "a tag changes a minute after the launch template: every instance is to be replaced",
        "triggers: [{at: 60s, event: tag_change}]",
    ),
    fault("redelivery", "the event is delivered twice", "triggers: [{at: 30s, event: redelivery}]"),
    fault(
        "group-deleted",
        "somebody deletes the group while an instance is on its way out",
        "events: [{after_event: {event: launched}, delay: 60s, do: delete_group}]",
    ),
    fault(
        "throttling",
        "a third of all calls of Auto Scaling are throttled",
        "events: [{at: 0s, do: {fail_calls: {service: autoscaling, percent: 33, error: throttling}}}]",
    ),
    fault(
        "contention",
        "half of the calls that change the group are refused for the time being",
        "events: [{at: 0s, do: {fail_calls: {service: autoscaling, access: write, percent: 50, error: resource_contention}}}]",
    ),
    fault(
        "lost-answers",
        "changes are made, and the answers to three of them are lost",
        "events: [{at: 0s, do: {fail_calls: {access: write, count: 3, error: no_answer, change: made}}}]",
    ),
    fault(
        "read-lag",
        "half of all reads show the state of five seconds before",
        "world: {read_lag: {by: 5s, percent: 50}}",
    ),
    fault(
        "aborted",
        "somebody stops the execution in the middle of its work",
        "stops: [{after_transitions: 40}]",
    ),
];

impl Fault {
    /// The fault of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FAULTS.iter().find(|fault| fault.name == name)
    }
}

impl Scenario {
    /// Lets something go wrong besides.
    ///
    /// # Errors
    /// If the fault's own text is at fault; a test reads them all.
    pub fn add(&mut self, fault: &Fault) -> Result<(), ScenarioError> {
        let piece = Self::parse(fault.text)?;
        self.events.entries.extend(piece.events.entries);
        self.stops.extend(piece.stops);
        if let Some(triggers) = piece.triggers {
            self.triggers
                .get_or_insert_with(|| vec![crate::simulate::runner::TriggerSpec::default()])
                .extend(triggers);
        }
        if piece.world.read_lag.percent > 0 {
            self.world.read_lag = piece.world.read_lag;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_can_be_added() {
        let mut scenario = Scenario::default();
        for fault in FAULTS {
            scenario.add(fault).unwrap_or_else(|error| panic!("{}: {error}", fault.name));
            assert_eq!(Fault::named(fault.name), Some(fault));
        }
        assert_eq!(scenario.stops.len(), 1);
        assert_eq!(scenario.world.read_lag.percent, 50);
        assert_eq!(scenario.triggers.map(|triggers| triggers.len()), Some(3));
    }
}
