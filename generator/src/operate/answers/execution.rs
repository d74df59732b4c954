//! What Step Functions answers about executions, as far as it is read.

use serde::Deserialize;

/// A page of executions, newest first.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ExecutionsPage {
    /// The executions.
    pub executions: Vec<ListedExecution>,
    /// Where the next page begins.
    pub next_token: Option<String>,
}

/// An execution in a list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ListedExecution {
    /// Its ARN.
    pub execution_arn: String,
    /// Its name.
    pub name: String,
    /// `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`.
    pub status: String,
    /// When it was started, in seconds since the epoch.
    pub start_date: f64,
    /// When it ended.
    pub stop_date: Option<f64>,
}

/// Step Functions' word for how an execution stands, for people: `timed out`.
pub fn status_in_words(status: &str) -> String {
    status.to_lowercase().replace('_', " ")
}

/// An execution.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SeenExecution {
    /// Its ARN.
    pub execution_arn: String,
    /// As in [`ListedExecution`].
    pub status: String,
    /// When it was started, in seconds since the epoch.
    pub start_date: f64,
    /// When it ended.
    pub stop_date: Option<f64>,
    /// What it was started with, JSON.
    pub input: String,
    /// What it said of itself where it succeeded, JSON.
    pub output: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// What it said of itself where it failed, JSON.
    pub cause: Option<String>,
}

impl SeenExecution {
    /// The object that it said of itself: `docs/execution-output.md`.
    pub fn account(&self) -> Option<serde_json::Value> {
        let text = self.output.as_ref().or(self.cause.as_ref())?;
        serde_json::from_str(text).ok().filter(serde_json::Value::is_object)
    }

    /// Whether it was started to put back what a dead execution had changed.
    pub fn is_restore(&self) -> bool {
        self.asked("mode").as_deref() == Some("restore")
    }

    /// A text of what it was started by, e.g. `event_name`.
    pub fn trigger(&self, key: &str) -> Option<String> {
        let input: serde_json::Value = serde_json::from_str(&self.input).ok()?;
        input.get("trigger")?.get(key)?.as_str().map(str::to_owned)
    }

    /// A text of what it was asked for.
    pub fn asked(&self, key: &str) -> Option<String> {
        let input: serde_json::Value = serde_json::from_str(&self.input).ok()?;
        input.get(key)?.as_str().map(str::to_owned)
    }

    /// A text of that object.
    pub fn said(&self, key: &str) -> Option<String> {
        self.account()?.get(key)?.as_str().map(str::to_owned)
    }
}

/// An execution that was started.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StartedExecution {
    /// Its ARN.
    pub execution_arn: String,
}
