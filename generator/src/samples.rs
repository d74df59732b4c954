//! Sample events: one and more for every trigger, as CloudTrail, AWS Health and Step Functions write them. The handler's tests hold each
//! to its decision.

use asg_recycle_handler::spelling::nearest;
use serde_json::{Value, json};

use crate::template;

/// An embedded event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Its name: that of its file in `templates/events/`.
    pub name: &'static str,
    /// What has happened.
    pub about: &'static str,
}

const fn sample(name: &'static str, about: &'static str) -> Sample {
    Sample { name, about }
}

/// Every sample, those that start a recycle first.
pub const SAMPLES: &[Sample] = &[
    sample("update-launch-template", "a group was given another version of its launch template"),
    sample("update-launch-configuration", "a group was given another launch configuration"),
    sample("update-mixed-instances", "a group was given another mixed instances policy"),
    sample("create-tags-two-groups", "tags of two groups were set by one call"),
    sample("delete-tags", "a tag of a group was deleted"),
    sample(
        "create-template-version",
        "a launch template that a group follows with $Latest got a new version",
    ),
    sample(
        "modify-template-default",
        "a launch template that a group follows with $Default got another default",
    ),
    sample("maintenance-scheduled", "AWS will retire an instance of a group"),
    sample("minimal", "the shortest event that the handler takes by direct invocation"),
    sample("execution-aborted", "an execution of the stack's state machine was stopped"),
    sample("execution-timed-out", "an execution of the stack's state machine ran out of time"),
    sample("execution-failed", "an execution of the stack's state machine failed"),
    sample("create-tags-not-propagated", "a tag that reaches no instance was set: starts nothing"),
    sample("update-sizes", "only the sizes of a group were changed: starts nothing"),
    sample("update-denied", "a call that was refused: starts nothing"),
    sample("update-own-role", "a call of the stack's own role: starts nothing"),
];

/// What in a sample stands for something of the reader's own, with what the files say. Of two that begin at one place the
/// first counts.
const PLACES: &[(&str, &str)] = &[
    ("group", "web-asg-1"),
    ("other-group", "api-asg-1"),
    ("role", "arn:aws:iam::123456789012:role/asg-recycle-test-machine"),
    ("machine", "asg-recycle-test"),
    ("template", "lt-0123456789abcdef0"),
    ("instance", "i-0123456789abcdef0"),
    ("account", "123456789012"),
    ("region", "eu-west-2"),
];

/// A value for something that a sample names: `group=payments-asg-1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleValue {
    place: &'static str,
    value: String,
}

impl SampleValue {
    /// A value for the place of that name.
    ///
    /// # Errors
    /// If there is no such place, or the value cannot stand in an event.
    pub fn new(name: &str, value: &str) -> Result<Self, String> {
        let known = PLACES.iter().find(|(place, _)| *place == name);
        let Some((place, _)) = known else {
            let names: Vec<&str> = PLACES.iter().map(|(place, _)| *place).collect();
            return Err(match nearest(name, names.iter().copied()) {
                Some(near) => format!("there is no `{name}` in the samples; did you mean `{near}`?"),
                None => format!("there is no `{name}` in the samples; there are: {}", names.join(", ")),
            });
        };
        let is_sound = !value.is_empty() && !value.contains(['"', '\\']) && !value.contains(char::is_control);
        if is_sound {
            Ok(Self { place, value: value.to_owned() })
        } else {
            Err(format!("`{name}` is empty, or holds a quote, a backslash or a control character"))
        }
    }
}

/// `NAME=VALUE`.
impl std::str::FromStr for SampleValue {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| format!("`{text}` is not NAME=VALUE, e.g. group=web-asg-1"))?;
        Self::new(name, value)
    }
}

/// The event of that name with the reader's own values; of two for one place the later counts.
///
/// # Errors
/// If there is no such sample: what was probably meant, or all there are.
pub fn event(name: &str, settings: &[SampleValue]) -> Result<Value, String> {
    let text = SAMPLES
        .iter()
        .find(|sample| sample.name == name)
        .and_then(|sample| template::text(&format!("events/{}.json", sample.name)));
    let Some(text) = text else {
        return Err(match nearest(name, SAMPLES.iter().map(|sample| sample.name)) {
            Some(near) => format!("there is no sample `{name}`; did you mean `{near}`?"),
            None => format!("there is no sample `{name}`; `asg-recycle events list` shows them"),
        });
    };
    let mut event =
        serde_json::from_str(text).map_err(|error| format!("templates/events/{name}.json: {error}"))?;
    replace(&mut event, &|text| filled(text, settings));
    Ok(event)
}

/// A batch of the queue with these events, as Lambda's mapping hands it over.
pub fn batch(events: &[Value], region: &str, account: &str) -> Value {
    let record = |(number, event): (usize, &Value)| {
        json!({
            "messageId": format!("00000000-0000-4000-8000-{:012}", number + 1),
            "receiptHandle": "none",
            "body": event.to_string(),
            "attributes": {
                "ApproximateReceiveCount": "1", "SentTimestamp": "1780315180000", "SenderId": "events.amazonaws.com",
                "ApproximateFirstReceiveTimestamp": "1780315180001",
            },
            "messageAttributes": {},
            "md5OfBody": "00000000000000000000000000000000",
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:{region}:{account}:events"),
            "awsRegion": region,
        })
    };
    json!({"Records": events.iter().enumerate().map(record).collect::<Vec<_>>()})
}

/// Each place is filled once, so that no value is taken for a place.
fn filled(text: &str, settings: &[SampleValue]) -> String {
    let mut whole = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let at = |(place, word): &(&'static str, &str)| Some((rest.find(word)?, *place, word.len()));
        let Some((start, place, length)) = PLACES.iter().filter_map(at).min_by_key(|(start, ..)| *start)
        else {
            break;
        };
        let (before, found) = rest.split_at(start);
        whole += before;
        let value = settings.iter().rev().find(|setting| setting.place == place);
        whole += value.map_or(&found[..length], |setting| setting.value.as_str());
        rest = &found[length..];
    }
    whole + rest
}

fn replace(value: &mut Value, with: &impl Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = with(text),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, with)),
        Value::Object(fields) => fields.values_mut().for_each(|field| replace(field, with)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_listed_and_every_listed_event_is_a_file() {
        let folder = template::folder("events").expect("the events");
        let mut files: Vec<_> = folder.files().filter_map(|file| file.path().file_stem()?.to_str()).collect();
        let mut names: Vec<_> = SAMPLES.iter().map(|sample| sample.name).collect();
        files.sort_unstable();
        names.sort_unstable();
        assert_eq!(names, files);
        for name in names {
            event(name, &[]).unwrap_or_else(|error| panic!("{error}"));
        }
    }

    #[test]
    fn a_value_is_put_wherever_the_sample_names_its_place() {
        let set = |text: &str| text.parse::<SampleValue>().unwrap();
        let settings =
            ["group=a", "group=api-asg-1", "machine=demo-production", "account=210987654321"].map(set);
        let event = event("execution-aborted", &settings).unwrap();
        let machine = "arn:aws:states:eu-west-2:210987654321:stateMachine:demo-production";
        assert_eq!(event["detail"]["stateMachineArn"], machine);
        let input: Value = serde_json::from_str(event["detail"]["input"].as_str().unwrap()).unwrap();
        assert_eq!(input["auto_scaling_group_name"], "api-asg-1");
        assert_eq!(
            filled("web-asg-1 api-asg-1", &[set("group=api-asg-1"), set("other-group=x")]),
            "api-asg-1 x"
        );
    }

    #[test]
    fn what_is_not_there_is_told_with_what_was_probably_meant() {
        assert!(
            event("update-launch-tempalte", &[])
                .unwrap_err()
                .contains("did you mean `update-launch-template`?")
        );
        assert!("grup=x".parse::<SampleValue>().unwrap_err().contains("did you mean `group`?"));
        assert!("group=".parse::<SampleValue>().is_err() && "group=a\"b".parse::<SampleValue>().is_err());
    }
}
