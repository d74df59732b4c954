//! A strategy's setting, as its `strategy.yaml` describes it, to a key of `stack.yaml`.

use std::borrow::Cow;

use super::key::{Key, KeyKind, KeyValue, Presence};
use super::text::AlarmName;
use crate::strategy::Setting;

/// The key of a setting in the section of its strategy.
pub(super) fn key(section: &str, key: &str, setting: &'static Setting) -> Key {
    let (kind, default, summary) = match setting {
        Setting::Boolean { summary, default } => {
            (KeyKind::Boolean, Some(KeyValue::Boolean(*default)), summary)
        }
        Setting::Integer { summary, minimum, maximum, default } => {
            let kind = KeyKind::Integer { minimum: *minimum, maximum: *maximum };
            (kind, default.map(KeyValue::Integer), summary)
        }
        Setting::Percentages { summary, length_max } => {
            (KeyKind::Percentages { length_max: *length_max }, Some(KeyValue::Integers(Vec::new())), summary)
        }
        Setting::AlarmNames { summary, length_max } => {
            let kind = KeyKind::List { of: AlarmName::format, length_max: *length_max };
            (kind, Some(KeyValue::List(Vec::new())), summary)
        }
        Setting::Choice { summary, values, default } => {
            let words = values.iter().map(String::as_str).collect();
            (KeyKind::Word(Cow::Owned(words)), Some(KeyValue::Text(default.as_str().into())), summary)
        }
        Setting::TimeZone { summary, default } => {
            (KeyKind::TimeZone, Some(KeyValue::Text(default.as_str().into())), summary)
        }
    };
    Key {
        path: format!("{section}.{key}").into(),
        kind,
        presence: default.map_or(Presence::Optional, Presence::Default),
        summary: summary.as_str().into(),
    }
}
