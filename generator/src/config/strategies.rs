//! The settings of every strategy, as their `strategy.yaml` takes them.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::document::{Entry, Node};
use super::key::KeyValue;
use super::registry::STRATEGIES;
use super::{path, read, setting_key, value};
use crate::problem::{Location, Problem, Problems};
use crate::strategy::Catalog;

/// The strategy that is taken where none is said: it never costs capacity, and waits for no window.
pub const USUAL_STRATEGY: &str = "out-in";

/// Strategies by name, and the settings of each by key. One that has no default and is not given is not among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct StrategySettings {
    #[serde(skip)]
    catalog: Arc<Catalog>,
    values: BTreeMap<String, BTreeMap<String, SettingValue>>,
}

/// The value of a strategy's setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SettingValue {
    /// A whole number, in the unit that the setting's key ends in.
    Integer(u64),
    /// One of the setting's words, or a time zone.
    Text(String),
    /// Whether the setting is on.
    Boolean(bool),
    /// Percentages in ascending order.
    Integers(Vec<u64>),
    /// Names of alarms, none twice.
    List(Vec<String>),
}

impl SettingValue {
    /// Whether it is there for something: neither off nor empty.
    pub fn is_set(&self) -> bool {
        match self {
            Self::Integer(value) => *value > 0,
            Self::Text(text) => !text.is_empty(),
            Self::Boolean(value) => *value,
            Self::Integers(numbers) => !numbers.is_empty(),
            Self::List(items) => !items.is_empty(),
        }
    }

    /// The value as it would stand in a `stack.yaml`.
    fn node(&self) -> Node {
        match self {
            Self::Integer(number) => Node::plain(&number.to_string()),
            Self::Boolean(truth) => Node::plain(&truth.to_string()),
            Self::Text(text) => Node::quoted(text),
            Self::Integers(numbers) => {
                Node::sequence(numbers.iter().map(|number| Node::plain(&number.to_string())))
            }
            Self::List(items) => Node::sequence(items.iter().map(|item| Node::quoted(item))),
        }
    }
}

impl StrategySettings {
    /// Sets one setting, if its strategy has it and it takes the value.
    pub fn set(&mut self, strategy: &str, key: &str, value: SettingValue) -> Result<(), Problems> {
        let section = path::join(STRATEGIES, strategy);
        let path = path::join(&section, key);
        let entry = Entry { key: key.to_owned(), key_place: Location::NOWHERE, value: value.node() };
        let mut problems = Problems::default();
        let known = self.catalog.strategies().get(strategy);
        match known.map(|known| known.settings.get(key)) {
            Some(Some(setting)) => {
                drop(value::read(&setting_key::key(&section, key, setting), &entry, &mut problems));
            }
            Some(None) => problems.push(read::unknown(&section, &path, &entry)),
            None => {
                let entry = Entry { key: strategy.to_owned(), ..entry };
                problems.push(read::unknown(STRATEGIES, &section, &entry));
            }
        }
        let without_place = problems.into_iter().map(|problem| Problem { location: None, ..problem });
        let mut problems = Problems::default();
        problems.extend(without_place);
        problems.or_ok(())?;
        self.values.entry(strategy.to_owned()).or_default().insert(key.to_owned(), value);
        Ok(())
    }

    /// The settings among the values of all keys, of the strategies that are compiled in.
    ///
    /// # Panics
    /// If a value belongs to no strategy: the registry has a key that no field takes.
    pub(super) fn of(values: BTreeMap<&'static str, KeyValue>) -> Self {
        let catalog = Arc::clone(Catalog::embedded());
        let mut strategies: BTreeMap<_, _> =
            catalog.strategies().keys().map(|name| (name.clone(), BTreeMap::new())).collect();
        for (path, value) in values {
            let setting =
                path.strip_prefix(STRATEGIES).and_then(|path| path.strip_prefix('.')?.split_once('.'));
            let (strategy, key) = setting.unwrap_or_else(|| panic!("no field takes `{path}`"));
            strategies.entry(strategy.to_owned()).or_default().insert(key.to_owned(), value.into());
        }
        Self { catalog, values: strategies }
    }

    /// The same for the strategies of another catalog. Those that are new to it have their default settings.
    pub(super) fn with_catalog(mut self, catalog: Catalog) -> Self {
        self.values.retain(|name, _| catalog.strategies().contains_key(name));
        for (name, strategy) in catalog.strategies() {
            self.values.entry(name.clone()).or_insert_with(|| {
                let settings = strategy.settings.iter();
                settings
                    .filter_map(|(key, setting)| Some((key.clone(), setting_key::default(setting)?.into())))
                    .collect()
            });
        }
        Self { catalog: Arc::new(catalog), ..self }
    }

    /// The strategies that there are.
    pub(crate) fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }
}

impl From<KeyValue> for SettingValue {
    /// # Panics
    /// On tags and pairs, which no setting takes.
    fn from(value: KeyValue) -> Self {
        match value {
            KeyValue::Integer(value) => Self::Integer(value),
            KeyValue::Text(value) => Self::Text(value.into_owned()),
            KeyValue::Boolean(value) => Self::Boolean(value),
            KeyValue::Integers(numbers) => Self::Integers(numbers),
            KeyValue::List(items) => Self::List(items),
            KeyValue::Tags(_) | KeyValue::Pairs(_) => panic!("no setting takes tags or pairs"),
        }
    }
}

impl Deref for StrategySettings {
    type Target = BTreeMap<String, BTreeMap<String, SettingValue>>;

    fn deref(&self) -> &Self::Target {
        &self.values
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    #[test]
    fn a_setting_takes_what_stack_yaml_takes_and_says_the_same_of_the_rest() {
        let mut strategies = Config::with_defaults("demo".parse().unwrap()).strategies;
        let mut set = |strategy, key, value| {
            strategies.set(strategy, key, value).map_err(|problems| problems.to_string())
        };
        let zone = |name: &str| SettingValue::Text(name.to_owned());
        assert_eq!(set("out-in-timed", "time_zone", zone("Europe/London")), Ok(()));
        assert_eq!(set("in-out", "poll_interval_seconds", SettingValue::Integer(60)), Ok(()));
        for (strategy, key, value, fault) in [
            ("out-in-timed", "time_zone", zone("Europe/Lodnon"), "did you mean `Europe/London`?"),
            ("out-in", "poll_interval_seconds", SettingValue::Integer(0), "takes a whole number from"),
            ("out-in", "poll_seconds", SettingValue::Integer(5), "did you mean `poll_interval_seconds`?"),
            ("inout", "poll_interval_seconds", SettingValue::Integer(5), "did you mean `in-out`?"),
        ] {
            let found = set(strategy, key, value).unwrap_err();
            assert!(found.contains(fault) && !found.starts_with("0:"), "{found}");
        }
        assert_eq!(strategies["in-out"]["poll_interval_seconds"], SettingValue::Integer(60));
    }

    #[test]
    fn a_strategy_of_another_catalog_has_its_defaults_and_takes_its_own_settings() {
        let yaml = "extends: out-in\nsummary: s\nsettings:\n  own:\n    pace: \
                    {kind: choice, summary: s, values: [slow, fast], default: slow}\n";
        let files = [("strategy.yaml".to_owned(), yaml.to_owned())].into();
        let catalog = Catalog::embedded().with_folder("extra", files).unwrap();
        let config = Config::with_defaults("demo".parse().unwrap());
        let mut strategies = config.with_catalog(catalog).strategies;
        let word = |word: &str| SettingValue::Text(word.to_owned());
        assert_eq!(strategies["extra"]["pace"], word("slow"));
        strategies.set("extra", "pace", word("fast")).unwrap();
        assert_eq!(strategies["extra"]["pace"], word("fast"));
        let refused = strategies.set("extra", "pace", word("fats")).unwrap_err().to_string();
        assert!(refused.contains("did you mean `fast`?"), "{refused}");
        assert!(strategies.set("extra", "colour", word("red")).is_err());
    }
}
