//! The alarms that every stack has, however it is configured, and since which version.

/// An alarm that every stack has from a version on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommonAlarm {
    /// Follows the stack's prefix in its name.
    pub suffix: &'static str,
    /// The first version that had it; none where no version that was released has.
    pub since: Option<&'static str>,
}

const fn since(version: &'static str, suffix: &'static str) -> CommonAlarm {
    CommonAlarm { suffix, since: Some(version) }
}

const fn unreleased(suffix: &'static str) -> CommonAlarm {
    CommonAlarm { suffix, since: None }
}

/// Those that every stack of this version has.
pub const ALARMS_OF_EVERY_STACK: &[CommonAlarm] = &[
    since("0.1.0", "-handler-errors"),
    since("0.1.0", "-handler-throttles"),
    unreleased("-handler-slow"),
    unreleased("-events-rejected"),
    since("0.1.0", "-queue-age"),
    since("0.1.0", "-dead-letters"),
    since("0.1.0", "-changes-undelivered"),
    since("0.1.0", "-changes-lost"),
    since("0.1.0", "-executions-undelivered"),
    since("0.1.0", "-executions-lost"),
    since("0.1.0", "-recycles-failed"),
    since("0.1.0", "-recycles-timed-out"),
    since("0.1.0", "-recycles-aborted"),
    since("0.1.0", "-recycles-throttled"),
    unreleased("-locks-throttled"),
    since("0.1.0", "-notifications-failed"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::config::{Config, MachineLogLevel};
    use crate::stack::{alarms, queue, rule};

    /// The names of the alarms of a stack that asks for nothing that may be left out.
    fn least() -> BTreeSet<String> {
        let mut config = Config::with_defaults("any".parse().expect("a name"));
        config.trigger.launch_template_versions = false;
        config.trigger.scheduled_maintenance = false;
        config.machine.log_level = MachineLogLevel::Off;
        (config.alarms.silence_hours, config.alarms.lock_held_hours) = (None, None);
        let rules = rule::rules(&config);
        let alarms = alarms::alarms(&config, &rules, &queue::queues(&config, &rules));
        alarms.into_iter().map(|alarm| format!("-{}", alarm.anchor)).collect()
    }

    #[test]
    fn every_stack_has_the_alarms_that_no_key_switches_off() {
        let listed: BTreeSet<String> =
            ALARMS_OF_EVERY_STACK.iter().map(|alarm| alarm.suffix.to_owned()).collect();
        assert_eq!(listed, least());
        assert_eq!(listed.len(), ALARMS_OF_EVERY_STACK.len());
    }

    /// What is released says in which version: an alarm would be missed in no stack otherwise.
    #[test]
    fn an_alarm_is_unreleased_only_while_changes_are_and_since_a_version_that_was_released() {
        let changes = include_str!("../../../CHANGELOG.md");
        let (_, unreleased) = changes.split_once("\n## [Unreleased]\n").expect("its section");
        let unreleased = unreleased.split("\n## [").next().unwrap_or_default();
        for CommonAlarm { suffix, since } in ALARMS_OF_EVERY_STACK {
            match since {
                Some(version) => assert!(changes.contains(&format!("\n## [{version}] - ")), "{suffix}"),
                None => assert!(!unreleased.trim().is_empty(), "{suffix}: since which version is it?"),
            }
        }
    }
}
