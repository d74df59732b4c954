//! A strategy's setting, as its `strategy.yaml` describes it, to a key of `stack.yaml`.

use super::key::{Key, KeyKind, KeyValue, Presence};
use super::path;
use super::text::AlarmName;
use crate::strategy::Setting;

/// The key of a setting in the section of its strategy.
pub(super) fn key<'a>(section: &str, key: &str, setting: &'a Setting) -> Key<'a> {
    let (kind, summary) = match setting {
        Setting::Boolean { summary, .. } => (KeyKind::Boolean, summary),
        Setting::Integer { summary, minimum, maximum, .. } => {
            (KeyKind::Integer { minimum: *minimum, maximum: *maximum }, summary)
        }
        Setting::Percentages { summary, length_max } => {
            (KeyKind::Percentages { length_max: *length_max }, summary)
        }
        Setting::AlarmNames { summary, length_max } => {
            (KeyKind::List { of: AlarmName::format, length_max: *length_max }, summary)
        }
        Setting::Choice { summary, values, .. } => {
            (KeyKind::Word(values.iter().map(String::as_str).collect()), summary)
        }
        Setting::TimeZone { summary, .. } => (KeyKind::TimeZone, summary),
    };
    Key {
        path: path::join(section, key).into(),
        kind,
        presence: default(setting).map_or(Presence::Optional, Presence::Default),
        summary: summary.as_str().into(),
    }
}

/// The value of a setting of which nothing is said; none where it is then left out.
pub(super) fn default(setting: &Setting) -> Option<KeyValue> {
    Some(match setting {
        Setting::Boolean { default, .. } => KeyValue::Boolean(*default),
        Setting::Integer { default, .. } => KeyValue::Integer((*default)?),
        Setting::Percentages { .. } => KeyValue::Integers(Vec::new()),
        Setting::AlarmNames { .. } => KeyValue::List(Vec::new()),
        Setting::Choice { default, .. } | Setting::TimeZone { default, .. } => {
            KeyValue::Text(default.clone().into())
        }
    })
}
