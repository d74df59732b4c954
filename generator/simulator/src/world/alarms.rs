//! `CloudWatch`: alarms and their states.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::arguments::Arguments;
use super::errors::AwsError;
use super::request::Request;

/// How an alarm stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlarmState {
    /// Nothing is wrong.
    Ok,
    /// It is in alarm.
    Alarm,
    /// It has no data to judge by.
    InsufficientData,
}

impl AlarmState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

/// Most alarms of one answer.
const RECORDS_MAX: usize = 100;

/// Every alarm, by its name.
#[derive(Debug, Clone)]
pub(crate) struct Alarms {
    states: BTreeMap<String, AlarmState>,
}

impl Alarms {
    /// Alarms that stand as described.
    pub(crate) fn new(states: BTreeMap<String, AlarmState>) -> Self {
        Self { states }
    }

    /// One changes its state, or is made; whether it is in alarm then.
    pub(crate) fn set(&mut self, name: &str, state: AlarmState) -> bool {
        self.states.insert(name.to_owned(), state);
        state == AlarmState::Alarm
    }
}

/// `DescribeAlarms`, by their names: one that does not exist is left out.
pub(crate) fn describe(alarms: &Alarms, request: &Request<'_>) -> Result<Value, AwsError> {
    let arguments =
        Arguments::of(request.action, request.arguments, &["AlarmNames", "AlarmTypes", "MaxRecords"])?;
    let names = arguments.texts("AlarmNames")?;
    if names.len() > RECORDS_MAX {
        return Err(AwsError::validation(format!(
            "Member must have length less than or equal to {RECORDS_MAX}"
        )));
    }
    let found: Vec<Value> = names
        .into_iter()
        .filter_map(|name| {
            let state = alarms.states.get(name)?;
            Some(json!({"AlarmName": name, "StateValue": state.as_str(), "ActionsEnabled": true}))
        })
        .collect();
    Ok(json!({"MetricAlarms": found, "CompositeAlarms": []}))
}
