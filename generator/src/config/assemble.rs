//! Checked values to the typed [`Config`].

use std::collections::BTreeMap;
use std::sync::Arc;

use super::registry::{self, Presence, STRATEGIES, Value};
use super::setting;
use super::types::{
    Alarms, Architecture, Config, Handler, LogLevel, Logs, MachineLogLevel, Notifications, Permissions,
    Queue, SettingValue, TagChanges, Trigger,
};
use crate::strategy::Catalog;

impl Config {
    /// The configuration that `name: NAME` alone gives.
    pub fn with_defaults(name: &str) -> Self {
        let mut values = BTreeMap::new();
        for key in registry::keys() {
            if let Presence::Default(value) = &key.presence {
                values.insert(key.path.as_ref(), value.clone());
            }
        }
        values.insert("name", Value::Text(name.to_owned().into()));
        assemble(values)
    }

    /// The same with the strategies of another catalog. Those that are new to it have their default settings.
    #[must_use]
    pub fn with_catalog(mut self, catalog: Catalog) -> Self {
        self.strategies.retain(|name, _| catalog.strategies().contains_key(name));
        for (name, strategy) in catalog.strategies() {
            self.strategies.entry(name.clone()).or_insert_with(|| {
                let default = |(key, setting)| Some((String::clone(key), setting::default(setting)?));
                strategy.settings.iter().filter_map(default).collect()
            });
        }
        Self { catalog: Arc::new(catalog), ..self }
    }
}

/// Builds the configuration from a value for every key that is not optional.
///
/// # Panics
/// If a value is missing or of another type than the field: the registry and this function disagree, which
/// `with_defaults` shows in every test.
pub(super) fn assemble(values: BTreeMap<&'static str, Value>) -> Config {
    let mut values = Values(values);
    Config {
        name: values.text("name"),
        environment: values.text("environment"),
        region: values.text("region"),
        handler: Handler {
            architecture: values.word("handler.architecture", Architecture::from_word),
            memory_megabytes: values.integer("handler.memory_megabytes"),
            timeout_seconds: values.integer("handler.timeout_seconds"),
            log_level: values.word("handler.log_level", LogLevel::from_word),
            reserved_concurrency: values.optional("handler.reserved_concurrency", Value::into_integer),
            allowed_step_functions: values.list("handler.allowed_step_functions"),
        },
        queue: Queue {
            batch_size: values.integer("queue.batch_size"),
            batching_window_seconds: values.integer("queue.batching_window_seconds"),
            max_receive_count: values.integer("queue.max_receive_count"),
            maximum_concurrency: values.integer("queue.maximum_concurrency"),
        },
        trigger: Trigger {
            tag_changes: values.word("trigger.tag_changes", TagChanges::from_word),
            launch_template_versions: values.boolean("trigger.launch_template_versions"),
        },
        machine_log_level: values.word("machine.log_level", MachineLogLevel::from_word),
        notifications: Notifications {
            slack_channel: values.optional("notifications.slack_channel", Value::into_text),
            notifier_function_arn: values.optional("notifications.notifier_function_arn", Value::into_text),
            pager_duty_endpoint: values.optional("notifications.pager_duty_endpoint", Value::into_text),
        },
        alarms: Alarms {
            action_arns: values.list("alarms.action_arns"),
            runbook_url: values.optional("alarms.runbook_url", Value::into_text),
        },
        permissions: Permissions {
            boundary_arn: values.optional("permissions.boundary_arn", Value::into_text),
            role_path: values.text("permissions.role_path"),
        },
        logs: Logs { retention_days: values.integer("logs.retention_days") },
        tags: values.map("tags"),
        catalog: Arc::clone(Catalog::embedded()),
        strategies: values.strategies(),
    }
}

struct Values(BTreeMap<&'static str, Value>);

impl Values {
    /// Takes a value out, so that a key without a field is left over.
    fn optional<T>(&mut self, path: &str, convert: fn(Value) -> Option<T>) -> Option<T> {
        let value = self.0.remove(path)?;
        Some(convert(value).unwrap_or_else(|| panic!("the registry gives `{path}` another type")))
    }

    fn required<T>(&mut self, path: &str, convert: fn(Value) -> Option<T>) -> T {
        self.optional(path, convert).unwrap_or_else(|| panic!("the registry gives `{path}` no value"))
    }

    fn text(&mut self, path: &str) -> String {
        self.required(path, Value::into_text)
    }

    fn integer(&mut self, path: &str) -> u32 {
        self.required(path, Value::into_integer)
    }

    fn boolean(&mut self, path: &str) -> bool {
        self.required(path, |value| if let Value::Boolean(value) = value { Some(value) } else { None })
    }

    fn list(&mut self, path: &str) -> Vec<String> {
        self.required(path, |value| if let Value::List(items) = value { Some(items) } else { None })
    }

    fn map(&mut self, path: &str) -> BTreeMap<String, String> {
        self.required(path, |value| if let Value::Map(entries) = value { Some(entries) } else { None })
    }

    fn word<T>(&mut self, path: &str, from_word: fn(&str) -> Option<T>) -> T {
        from_word(&self.text(path)).unwrap_or_else(|| panic!("the registry gives `{path}` other words"))
    }

    /// What is left are the strategies' settings.
    fn strategies(self) -> BTreeMap<String, BTreeMap<String, SettingValue>> {
        let mut strategies: BTreeMap<_, _> =
            crate::strategy::all().keys().map(|name| (name.clone(), BTreeMap::new())).collect();
        for (path, value) in self.0 {
            let setting =
                path.strip_prefix(STRATEGIES).and_then(|path| path.strip_prefix('.')?.split_once('.'));
            let (strategy, key) = setting.unwrap_or_else(|| panic!("no field takes `{path}`"));
            let value = match value {
                Value::Integer(value) => SettingValue::Integer(value),
                Value::Text(value) => SettingValue::Text(value.into_owned()),
                Value::Boolean(value) => SettingValue::Boolean(value),
                Value::Integers(numbers) => SettingValue::Integers(numbers),
                Value::List(items) => SettingValue::List(items),
                other @ Value::Map(_) => panic!("no setting takes {other:?}"),
            };
            strategies.entry(strategy.to_owned()).or_default().insert(key.to_owned(), value);
        }
        strategies
    }
}

impl Value {
    fn into_text(self) -> Option<String> {
        if let Self::Text(text) = self { Some(text.into_owned()) } else { None }
    }

    fn into_integer(self) -> Option<u32> {
        if let Self::Integer(value) = self { value.try_into().ok() } else { None }
    }
}
