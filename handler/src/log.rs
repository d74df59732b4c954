//! Log lines, one decision each, and the metrics of a batch in CloudWatch's embedded metric format.

use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

/// CloudWatch namespace of the metrics.
pub const NAMESPACE: &str = "AsgRecycle";

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// Each event in full, before it is decided on.
    Debug,
    /// Decisions to start or to skip.
    Info,
    /// A decision that ended well but not as usual.
    Warn,
    /// Rejections, failures and panics.
    Error,
}

impl Level {
    /// Lambda's `AWS_LAMBDA_LOG_LEVEL`; anything else than its words is `INFO`.
    pub fn parse(text: Option<&str>) -> Self {
        match text.unwrap_or_default().to_ascii_uppercase().as_str() {
            "TRACE" | "DEBUG" => Self::Debug,
            "WARN" => Self::Warn,
            "ERROR" | "FATAL" => Self::Error,
            _ => Self::Info,
        }
    }
}

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    Json,
    /// `<timestamp> <level> <message> <field>=<value> ...`, with the same fields, the absent ones left out.
    Text,
}

impl Format {
    /// Lambda's `AWS_LAMBDA_LOG_FORMAT`; anything else than `Text` is JSON, as the stack sets it.
    pub fn parse(text: Option<&str>) -> Self {
        if text.is_some_and(|text| text.eq_ignore_ascii_case("text")) { Self::Text } else { Self::Json }
    }

    fn line(self, value: &Value) -> String {
        match (self, value.as_object()) {
            (Self::Text, Some(fields)) => {
                let first = ["timestamp", "level", "message"];
                let mut words: Vec<String> =
                    first.iter().filter_map(|key| fields.get(*key)?.as_str().map(str::to_owned)).collect();
                let rest =
                    fields.iter().filter(|(key, value)| !first.contains(&key.as_str()) && !value.is_null());
                words.extend(rest.map(|(key, value)| format!("{key}={value}")));
                words.join(" ")
            }
            _ => value.to_string(),
        }
    }
}

/// What was decided about a record or one of its groups, as logs spell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// An execution was started.
    Start,
    /// Nothing was to be done.
    Skip,
    /// A fault was published.
    Reject,
    /// The record is handed back and comes again.
    Fail,
}

/// One decision's line. The field names are stable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionLine {
    /// When it was decided, by RFC 3339 in UTC.
    pub timestamp: String,
    /// `INFO`, or `ERROR` for a rejection or failure.
    pub level: Level,
    /// Always `decision`, to filter by.
    pub message: &'static str,
    /// The id that Lambda gives the invocation.
    pub request_id: String,
    /// The queue record's id; absent from a direct invocation.
    pub message_id: Option<String>,
    /// CloudTrail's or EventBridge's id of the event.
    pub event_id: Option<String>,
    /// The group decided on; absent where the record names none.
    pub group: Option<String>,
    /// The name shown for the group; absent before its tags are read.
    pub component: Option<String>,
    /// What became of the record or group.
    pub decision: Verdict,
    /// Why it was decided so: a lowercase fragment.
    pub reason: String,
    /// ARN of the execution that was started, or that exists already.
    pub execution_arn: Option<String>,
    /// From the arrival of the batch to this decision's end.
    pub milliseconds: u64,
}

/// How many of each there were in a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records that came in.
    pub seen: u64,
    /// Executions that were started.
    pub started: u64,
    /// Decisions to do nothing.
    pub skipped: u64,
    /// Decisions that a person has to hear of.
    pub rejected: u64,
    /// Decisions that were handed back, to be tried again.
    pub failed: u64,
}

impl Counts {
    /// Counts a decision under what became of it.
    pub fn count(&mut self, verdict: Verdict) {
        let counter = match verdict {
            Verdict::Start => &mut self.started,
            Verdict::Skip => &mut self.skipped,
            Verdict::Reject => &mut self.rejected,
            Verdict::Fail => &mut self.failed,
        };
        *counter += 1;
    }
}

/// Where lines go, and which of them.
pub struct Log {
    level: Level,
    format: Format,
    sink: Mutex<Box<dyn Write + Send>>,
}

impl Log {
    /// Writes lines of at least `level` to `sink`.
    pub fn new(level: Level, format: Format, sink: impl Write + Send + 'static) -> Self {
        Self { level, format, sink: Mutex::new(Box::new(sink)) }
    }

    /// Whether lines of this level are written.
    pub fn enables(&self, level: Level) -> bool {
        level >= self.level
    }

    /// Writes a decision's line.
    pub fn decision(&self, line: &DecisionLine) {
        if self.enables(line.level) {
            self.write(self.format, &json!(line));
        }
    }

    /// Writes a line of another kind.
    pub fn note(&self, level: Level, timestamp: Timestamp, message: &str, detail: &str) {
        if self.enables(level) {
            let timestamp = timestamp.to_string();
            let line = json!({"timestamp": timestamp, "level": level, "message": message, "detail": detail});
            self.write(self.format, &line);
        }
    }

    /// Writes the metrics of a batch, whatever the level and format: CloudWatch reads them.
    pub fn metrics(&self, now: Timestamp, function_name: &str, counts: Counts) {
        let values = [
            ("EventsSeen", counts.seen),
            ("Started", counts.started),
            ("Skipped", counts.skipped),
            ("Rejected", counts.rejected),
            ("Failed", counts.failed),
        ];
        let metrics: Vec<_> = values.iter().map(|(name, _)| json!({"Name": name, "Unit": "Count"})).collect();
        let mut line = json!({
            "_aws": {
                "Timestamp": now.as_millisecond(),
                "CloudWatchMetrics": [
                    {"Namespace": NAMESPACE, "Dimensions": [["FunctionName"]], "Metrics": metrics},
                ],
            },
            "FunctionName": function_name,
        });
        for (name, value) in values {
            line[name] = json!(value);
        }
        self.write(Format::Json, &line);
    }

    /// One write a line, so that lines do not mix. There is nobody to tell that the log itself failed.
    fn write(&self, format: Format, line: &Value) {
        let mut text = format.line(line);
        text.push('\n');
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = sink.write_all(text.as_bytes()).and_then(|()| sink.flush());
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Log").field("level", &self.level).finish_non_exhaustive()
    }
}
