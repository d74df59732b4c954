//! What a machine follows from: all that its templates see of a configuration, so that two stacks for which it is the same have the
//! same machine.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::{Config, EmailForm, GroupsSection, HttpsForm, SettingValue, StrategySettings};
use crate::names;
use crate::strategy::Catalog;

/// All that a machine follows from. Whoever renders one is given this and no configuration.
#[derive(Debug, PartialEq)]
pub(super) struct Source {
    pub(super) partition: &'static str,
    /// What the hosts of the partition's consoles end with, where that is known.
    pub(super) console: Option<&'static str>,
    pub(super) groups: GroupsSection,
    pub(super) email_form: EmailForm,
    pub(super) https_form: HttpsForm,
    /// With the catalog of the templates.
    pub(super) strategies: StrategySettings,
}

impl Source {
    /// What the machine of a configuration follows from.
    pub(super) fn of(config: &Config) -> Self {
        Self {
            partition: names::partition(&config.region),
            console: names::console(&config.region),
            groups: config.groups.clone(),
            email_form: config.notifications.email_form,
            https_form: config.notifications.https_form,
            strategies: config.strategies.clone(),
        }
    }

    /// The strategies that there are, with the text of their templates.
    pub(super) fn catalog(&self) -> &Arc<Catalog> {
        self.strategies.catalog()
    }

    /// The shortest time between two looks of a strategy, in seconds. A restore may be for a strategy that this machine no longer has, and
    /// looks as often as that.
    pub(super) fn poll_interval_seconds_min(&self) -> Option<u64> {
        let seconds = |settings: &BTreeMap<String, SettingValue>| match settings.get("poll_interval_seconds")
        {
            Some(SettingValue::Integer(seconds)) => Some(*seconds),
            _ => None,
        };
        self.strategies.values().filter_map(seconds).min()
    }

    /// What AWS asks of the caller because of what is configured: each call with the key of `stack.yaml` that has it needed.
    pub(super) fn needed(&self) -> Vec<(String, String)> {
        let of = |(name, settings): (&String, &BTreeMap<String, SettingValue>)| -> Vec<(String, String)> {
            let needs =
                self.catalog().strategies().get(name).into_iter().flat_map(|strategy| &strategy.needs);
            let is_set = |key: &str| settings.get(key).is_some_and(SettingValue::is_set);
            let calls = |(key, calls): (&String, &Vec<String>)| {
                let by = format!("strategies.{name}.{key}");
                calls.iter().map(|call| (call.clone(), by.clone())).collect::<Vec<_>>()
            };
            needs.filter(|(key, _)| is_set(key)).flat_map(calls).collect()
        };
        self.strategies.iter().flat_map(of).collect()
    }
}
