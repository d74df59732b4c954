//! The kinds of values that tables declare and expressions give.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a value is, as far as an expression can be told to give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Text,
    Number,
    Flag,
    List,
    Object,
}

impl Kind {
    /// The kind of a JSON value that is no expression.
    pub(super) fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::String(_) => Self::Text,
            Value::Number(_) => Self::Number,
            Value::Bool(_) => Self::Flag,
            Value::Array(_) => Self::List,
            Value::Object(_) => Self::Object,
            Value::Null => return None,
        })
    }

    /// As the tables write it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Flag => "flag",
            Self::List => "list",
            Self::Object => "object",
        }
    }
}
