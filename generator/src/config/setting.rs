//! A strategy's setting, as its `strategy.yaml` describes it, to a key of `stack.yaml`.

use std::borrow::Cow;

use super::format;
use super::registry::{Key, Kind, Presence, STRATEGIES, Value};
use super::types::SettingValue;
use crate::strategy::Setting;

/// The key of a strategy's setting.
pub(super) fn key(strategy: &str, key: &str, setting: &'static Setting) -> Key {
    let (kind, default, summary) = match setting {
        Setting::Boolean { summary, default } => (Kind::Boolean, Some(Value::Boolean(*default)), summary),
        Setting::Integer { summary, minimum, maximum, default } => {
            let kind = Kind::Integer { minimum: *minimum, maximum: *maximum };
            (kind, default.map(Value::Integer), summary)
        }
        Setting::Percentages { summary, length_max } => {
            (Kind::Percentages { length_max: *length_max }, Some(Value::Integers(Vec::new())), summary)
        }
        Setting::AlarmNames { summary, length_max } => {
            let kind = Kind::List { of: &format::ALARM_NAME, length_max: *length_max };
            (kind, Some(Value::List(Vec::new())), summary)
        }
        Setting::Choice { summary, values, default } => {
            let words = values.iter().map(String::as_str).collect();
            (Kind::Word(Cow::Owned(words)), Some(Value::Text(default.as_str().into())), summary)
        }
        Setting::TimeZone { summary, default } => {
            (Kind::TimeZone, Some(Value::Text(default.as_str().into())), summary)
        }
    };
    Key {
        path: format!("{STRATEGIES}.{strategy}.{key}").into(),
        kind,
        presence: default.map_or(Presence::Optional, Presence::Default),
        summary: summary.as_str().into(),
    }
}

/// The value of a setting of which nothing is said; none where it is then left out.
pub(super) fn default(setting: &Setting) -> Option<SettingValue> {
    Some(match setting {
        Setting::Boolean { default, .. } => SettingValue::Boolean(*default),
        Setting::Integer { default, .. } => SettingValue::Integer((*default)?),
        Setting::Percentages { .. } => SettingValue::Integers(Vec::new()),
        Setting::AlarmNames { .. } => SettingValue::List(Vec::new()),
        Setting::Choice { default, .. } | Setting::TimeZone { default, .. } => {
            SettingValue::Text(default.clone())
        }
    })
}
