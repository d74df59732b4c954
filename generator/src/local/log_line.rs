//! The handler's log lines as a person reads them.

use std::fmt::Write as _;

use serde_json::Value;

/// Columns of the time and the level, under which a decision that is longer than the terminal is wide goes on.
const INDENT: usize = 20;

/// A line as it is shown, on a terminal of so many columns where that is known: `None` for the metrics, which say nothing that the
/// decisions do not. What is no line of the handler's is shown as it is.
pub fn pretty(line: &str, colours: bool, columns: Option<usize>) -> Option<String> {
    let Ok(Value::Object(fields)) = serde_json::from_str(line) else { return Some(line.to_owned()) };
    if fields.contains_key("_aws") {
        return None;
    }
    let text = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default();
    let level = text("level");
    let paint = |code: &str, text: &str| {
        if colours && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    };
    let code = match level {
        "ERROR" => "1;31",
        "WARN" => "33",
        "DEBUG" => "2",
        _ => "32",
    };
    // 2026-11-26T04:29:00.123Z: the day is known to whoever watches.
    let time = text("timestamp").get(11..23).unwrap_or_default();
    let mut words = vec![paint("2", time)];
    if text("message") == "decision" {
        words.push(paint(code, &format!("{:<6}", text("decision"))));
        let group = if text("group").is_empty() { "-" } else { text("group") };
        let said = format!("{group}: {}", text("reason"));
        let execution = text("execution_arn").rsplit(':').next().filter(|name| !name.is_empty());
        let execution = execution.map(|execution| format!("({execution})"));
        let mut said: Vec<(String, String)> =
            said.split(' ').map(|word| (word.to_owned(), word.to_owned())).collect();
        said.extend(execution.map(|execution| (paint("2", &execution), execution)));
        return Some(words.join(" ") + " " + &folded(&said, columns));
    }
    words.push(paint(code, &format!("{:<6}", level.to_ascii_lowercase())));
    let detail = if text("detail").is_empty() { String::new() } else { format!(": {}", text("detail")) };
    words.push(text("message").to_owned() + &detail);
    let known = ["timestamp", "level", "message", "detail", "request_id"];
    let rest = fields.iter().filter(|(key, value)| !known.contains(&key.as_str()) && !value.is_null());
    words.extend(rest.map(|(key, value)| {
        format!("{key}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }));
    Some(words.join(" "))
}

/// Words, each as it is printed and as it is measured, in lines of at most so many columns less the indentation.
fn folded(words: &[(String, String)], columns: Option<usize>) -> String {
    let room = columns.map_or(usize::MAX, |columns| columns.saturating_sub(INDENT));
    let mut text = String::new();
    let mut taken = 0;
    for (printed, measured) in words {
        let length = measured.chars().count();
        if taken > 0 && taken + 1 + length > room {
            let _ = write!(text, "\n{:INDENT$}", ""); // text takes text
            taken = 0;
        } else if taken > 0 {
            text.push(' ');
            taken += 1;
        }
        text += printed;
        taken += length;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::pretty;

    #[test]
    fn a_decision_is_one_short_line_and_metrics_are_none() {
        let line = r#"{"timestamp":"2026-11-26T04:29:00.123Z","level":"INFO","message":"decision","request_id":"r",
            "group":"web-asg-1","decision":"start","reason":"recycle with out-in","execution_arn":"arn:a:b:web-1","milliseconds":3}"#;
        assert_eq!(
            pretty(line, false, None).as_deref(),
            Some("04:29:00.123 start  web-asg-1: recycle with out-in (web-1)")
        );
        assert!(pretty(line, true, None).is_some_and(|line| line.contains("\u{1b}[32mstart")));
        assert_eq!(pretty(r#"{"_aws":{},"Started":1}"#, false, None), None);
    }

    #[test]
    fn a_decision_fits_a_narrow_terminal() {
        let line = r#"{"timestamp":"2026-11-26T04:29:00.123Z","level":"INFO","message":"decision","group":"webops-asg-1",
            "decision":"start","reason":"recycle with out-in after UpdateAutoScalingGroup",
            "execution_arn":"arn:a:b:webops-2a1a0000000000000000000000000000000000000"}"#;
        let shown = pretty(line, false, Some(80)).unwrap_or_default();
        assert_eq!(
            shown,
            "04:29:00.123 start  webops-asg-1: recycle with out-in after\n                    UpdateAutoScalingGroup\n                    \
             (webops-2a1a0000000000000000000000000000000000000)"
        );
        let length =
            |text: String| text.replace("\u{1b}[32m", "").replace("\u{1b}[2m", "").replace("\u{1b}[0m", "");
        assert_eq!(pretty(line, true, Some(80)).map(length), Some(shown));
        assert_eq!(pretty(line, false, Some(200)).map(|line| line.lines().count()), Some(1));
    }

    #[test]
    fn other_lines_keep_all_they_say() {
        let line = r#"{"timestamp":"2026-11-26T04:29:00.123Z","level":"ERROR","message":"the settings are at fault","detail":"TOPIC_ARN","n":1}"#;
        assert_eq!(
            pretty(line, false, None).as_deref(),
            Some("04:29:00.123 error  the settings are at fault: TOPIC_ARN n=1")
        );
        assert_eq!(pretty("thread 'main' panicked", false, None).as_deref(), Some("thread 'main' panicked"));
    }
}
