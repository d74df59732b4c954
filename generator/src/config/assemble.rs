//! Checked values to the typed [`Config`].

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use super::key::{KeyValue, Presence};
use super::list::DistinctList;
use super::number::{Bounded, LockHeldHours, ReservedConcurrency, RetentionDays, SilenceHours};
use super::packaged::{PackagedFiles, PackagedSettings};
use super::registry;
use super::strategies::StrategySettings;
use super::tags::TagMap;
use super::text::StackName;
use super::types::{
    AlarmsSection, Config, EncryptionSection, GroupsSection, HandlerSection, LocksSection, LogsSection,
    MachineSection, NetworkSection, NotificationsSection, PackageSection, PermissionsSection, QueueSection,
    TracingSection, TriggerSection,
};
use super::word::{Architecture, EmailForm, HttpsForm, LogLevel, MachineLogLevel, PackageKind, TagChanges};
use crate::problem::Problem;
use crate::strategy::Catalog;

impl Config {
    /// The configuration that `name: NAME` alone gives.
    pub fn with_defaults(name: StackName) -> Self {
        let mut values = BTreeMap::new();
        for key in registry::keys() {
            if let Presence::Default(value) = &key.presence {
                values.insert(key.path.as_ref(), value.clone());
            }
        }
        values.insert("name", KeyValue::Text(String::from(name).into()));
        assemble(values)
    }

    /// The same with the strategies of another catalog. Those that are new to it have their default settings.
    #[must_use]
    pub fn with_catalog(self, catalog: Catalog) -> Self {
        Self { strategies: self.strategies.with_catalog(catalog), ..self }
    }

    /// The strategies that there are.
    pub fn catalog(&self) -> &Arc<Catalog> {
        self.strategies.catalog()
    }
}

/// Builds the configuration from a value for every key that is not optional.
///
/// # Panics
/// If a value is missing or of another type than the field: the registry and this function disagree, which
/// `with_defaults` shows in every test.
pub(super) fn assemble(values: BTreeMap<&'static str, KeyValue>) -> Config {
    let mut values = Values(values);
    Config {
        name: values.text("name"),
        environment: values.text("environment"),
        region: values.text("region"),
        newer_regions: values.list("newer_regions"),
        handler: handler(&mut values),
        package: PackageSection { kind: values.word("package.kind", PackageKind::from_word) },
        queue: QueueSection {
            batch_size: values.bounded("queue.batch_size"),
            batching_window_seconds: values.bounded("queue.batching_window_seconds"),
            max_receive_count: values.bounded("queue.max_receive_count"),
            maximum_concurrency: values.bounded("queue.maximum_concurrency"),
        },
        trigger: TriggerSection {
            tag_changes: values.word("trigger.tag_changes", TagChanges::from_word),
            ignored_tag_keys: values.list("trigger.ignored_tag_keys"),
            launch_template_versions: values.boolean("trigger.launch_template_versions"),
            scheduled_maintenance: values.boolean("trigger.scheduled_maintenance"),
        },
        groups: GroupsSection {
            name_prefixes: values.list("groups.name_prefixes"),
            tags: values.tags("groups.tags"),
        },
        machine: MachineSection { log_level: values.word("machine.log_level", MachineLogLevel::from_word) },
        notifications: NotificationsSection {
            slack_channel: values.optional("notifications.slack_channel", KeyValue::parsed),
            notifier_function_arn: values.optional("notifications.notifier_function_arn", KeyValue::parsed),
            pager_duty: values.boolean("notifications.pager_duty"),
            email_form: values.word("notifications.email_form", EmailForm::from_word),
            https_form: values.word("notifications.https_form", HttpsForm::from_word),
        },
        alarms: AlarmsSection {
            action_arns: values.list("alarms.action_arns"),
            runbook_url: values.optional("alarms.runbook_url", KeyValue::parsed),
            silence_hours: values.optional("alarms.silence_hours", |value| value.number(SilenceHours::new)),
            dashboard: values.boolean("alarms.dashboard"),
            lock_held_hours: values
                .optional("alarms.lock_held_hours", |value| value.number(LockHeldHours::new)),
        },
        permissions: PermissionsSection {
            boundary_arn: values.optional("permissions.boundary_arn", KeyValue::parsed),
            role_path: values.text("permissions.role_path"),
            handler_role_arn: values.optional("permissions.handler_role_arn", KeyValue::parsed),
            machine_role_arn: values.optional("permissions.machine_role_arn", KeyValue::parsed),
        },
        network: network(&mut values),
        tracing: TracingSection { enabled: values.boolean("tracing.enabled") },
        encryption: EncryptionSection { customer_key: values.boolean("encryption.customer_key") },
        locks: LocksSection { create_table: values.boolean("locks.create_table") },
        logs: LogsSection {
            retention_days: values.required("logs.retention_days", |value| value.number(RetentionDays::new)),
            destination_arn: values.optional("logs.destination_arn", KeyValue::parsed),
        },
        tags: values.tags("tags"),
        strategies: StrategySettings::of(values.0), // what is left
    }
}

fn handler(values: &mut Values) -> HandlerSection {
    HandlerSection {
        architecture: values.word("handler.architecture", Architecture::from_word),
        memory_megabytes: values.bounded("handler.memory_megabytes"),
        timeout_seconds: values.bounded("handler.timeout_seconds"),
        log_level: values.word("handler.log_level", LogLevel::from_word),
        reserved_concurrency: values
            .optional("handler.reserved_concurrency", |value| value.number(ReservedConcurrency::new)),
        allowed_step_functions: values.list("handler.allowed_step_functions"),
        settings: values.pairs("handler.settings", PackagedSettings::insert),
        files: values.pairs("handler.files", PackagedFiles::insert),
        alias: values.optional("handler.alias", KeyValue::parsed),
        code_signing_config_arn: values.optional("handler.code_signing_config_arn", KeyValue::parsed),
    }
}

fn network(values: &mut Values) -> NetworkSection {
    NetworkSection {
        subnet_ids: values.list("network.subnet_ids"),
        security_group_ids: values.list("network.security_group_ids"),
    }
}

struct Values(BTreeMap<&'static str, KeyValue>);

impl Values {
    /// Takes a value out, so that a key without a field is left over.
    fn optional<T>(&mut self, path: &str, convert: impl FnOnce(KeyValue) -> Option<T>) -> Option<T> {
        let value = self.0.remove(path)?;
        Some(convert(value).unwrap_or_else(|| panic!("the registry gives `{path}` another type")))
    }

    fn required<T>(&mut self, path: &str, convert: impl FnOnce(KeyValue) -> Option<T>) -> T {
        self.optional(path, convert).unwrap_or_else(|| panic!("the registry gives `{path}` no value"))
    }

    fn text<T: FromStr>(&mut self, path: &str) -> T {
        self.required(path, KeyValue::parsed)
    }

    fn bounded<const MINIMUM: u32, const MAXIMUM: u32>(&mut self, path: &str) -> Bounded<MINIMUM, MAXIMUM> {
        self.required(path, |value| value.number(Bounded::new))
    }

    fn boolean(&mut self, path: &str) -> bool {
        self.required(path, |value| if let KeyValue::Boolean(value) = value { Some(value) } else { None })
    }

    fn list<T, const LENGTH_MAX: usize>(&mut self, path: &str) -> DistinctList<T, LENGTH_MAX>
    where
        T: FromStr + PartialEq + Display,
    {
        self.required(path, |value| {
            let KeyValue::List(items) = value else { return None };
            let items: Option<Vec<T>> = items.iter().map(|item| item.parse().ok()).collect();
            items?.try_into().ok()
        })
    }

    fn tags<const COUNT_MAX: usize>(&mut self, path: &str) -> TagMap<COUNT_MAX> {
        self.required(path, |value| {
            let KeyValue::Tags(tags) = value else { return None };
            let mut taken = TagMap::new();
            let all = tags.iter().try_for_each(|(key, value)| taken.insert(key, value.clone()));
            all.ok().map(|()| taken)
        })
    }

    fn pairs<T: Default>(&mut self, path: &str, insert: fn(&mut T, &str, &str) -> Result<(), Problem>) -> T {
        self.required(path, |value| {
            let KeyValue::Pairs(pairs) = value else { return None };
            let mut taken = T::default();
            let all = pairs.iter().try_for_each(|(key, value)| insert(&mut taken, key, value));
            all.ok().map(|()| taken)
        })
    }

    fn word<T>(&mut self, path: &str, from_word: fn(&str) -> Option<T>) -> T {
        self.required(path, |value| if let KeyValue::Text(word) = value { from_word(&word) } else { None })
    }
}

impl KeyValue {
    fn parsed<T: FromStr>(self) -> Option<T> {
        if let Self::Text(text) = self { text.parse().ok() } else { None }
    }

    fn number<T>(self, new: fn(u32) -> Result<T, Problem>) -> Option<T> {
        if let Self::Integer(number) = self { new(number.try_into().ok()?).ok() } else { None }
    }
}
