//! Pauses of groups: who keeps a group from being changed, why and until when. Each is an item of its own in the table of locks, which
//! recycles look at wherever they may stand still. Pure.

use std::collections::BTreeMap;

use asg_recycle_handler::contract::TEAM;
use asg_recycle_handler::message::{self, Notice};
use asg_recycle_handler::settings::Settings;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::operate::answers::{AttributeText, SeenGroup};
use crate::operate::place::without_account;

/// What the keys of pauses begin with; a colon is in no group's name.
pub const KEY_PREFIX: &str = "pause:";
/// How long a pause lasts where nobody says so.
pub const SECONDS_DEFAULT: i64 = 4 * 3_600;
/// How long it lasts at most: no execution stands still for longer.
pub const SECONDS_MAX: i64 = 3 * 86_400;

/// A pause of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GroupPause {
    /// The group.
    #[serde(skip)]
    pub group: String,
    /// Until when, RFC 3339; in the past where it is over.
    pub until: String,
    /// Who paused it, an ARN.
    pub by: String,
    /// Why.
    pub why: String,
    /// Since when, RFC 3339.
    pub since: String,
}

/// The key of the pause of a group.
pub fn key(group: &str) -> Value {
    json!({"auto_scaling_group_name": {"S": format!("{KEY_PREFIX}{group}")}})
}

/// When a pause ends that is asked for.
///
/// # Errors
/// Why it cannot.
pub fn ends_at(now: Timestamp, seconds: Option<i64>, until: Option<Timestamp>) -> Result<Timestamp, String> {
    let asked = seconds.unwrap_or(SECONDS_DEFAULT);
    let until = until.or_else(|| now.checked_add(SignedDuration::from_secs(asked)).ok());
    let lasts = until.map_or(i64::MAX, |until| until.as_second() - now.as_second());
    match until {
        Some(until) if (1..=SECONDS_MAX).contains(&lasts) => Ok(until),
        _ if lasts < 1 => Err("a pause ends in the future".to_owned()),
        _ => Err("a pause lasts three days at most: no recycle stands still for longer".to_owned()),
    }
}

/// Adds to a call that writes the pause of a group that nothing is written where the table no longer has what was seen there: that
/// pause, or none.
pub fn where_unchanged(mut call: Value, seen: Option<&GroupPause>) -> Value {
    let Some(seen) = seen else {
        call["ConditionExpression"] = json!("attribute_not_exists(auto_scaling_group_name)");
        return call;
    };
    let mut conditions = Vec::new();
    let mut values = json!({});
    for (name, text) in seen.texts() {
        if text.is_empty() {
            conditions.push(format!("attribute_not_exists({name})"));
        } else {
            conditions.push(format!("{name} = :{name}"));
            values[format!(":{name}")] = json!({"S": text});
        }
    }
    call["ConditionExpression"] = json!(conditions.join(" AND "));
    call["ExpressionAttributeValues"] = values;
    call
}

impl GroupPause {
    /// Reads an item of the table; `None` for one that is no pause.
    pub fn read(item: &BTreeMap<String, AttributeText>) -> Option<Self> {
        let text = |key: &str| item.get(key)?.text.clone();
        let said = |key: &str| text(key).unwrap_or_default();
        Some(Self {
            group: text("auto_scaling_group_name")?.strip_prefix(KEY_PREFIX)?.to_owned(),
            until: text("paused_until")?,
            by: said("paused_by"),
            why: said("paused_why"),
            since: said("paused_at"),
        })
    }

    /// The item of the table.
    pub fn item(&self) -> Value {
        let mut item = key(&self.group);
        for (name, text) in self.texts().into_iter().filter(|(_, text)| !text.is_empty()) {
            item[name] = json!({"S": text});
        }
        item
    }

    /// Its attributes.
    fn texts(&self) -> [(&'static str, &str); 4] {
        [
            ("paused_until", &self.until),
            ("paused_by", &self.by),
            ("paused_why", &self.why),
            ("paused_at", &self.since),
        ]
    }

    /// Whether it is on now and ends no earlier than another would that is asked for.
    pub fn covers(&self, until: Timestamp, now: Timestamp) -> bool {
        self.is_on(now) && self.until.parse::<Timestamp>().is_ok_and(|own| own >= until)
    }

    /// Whether it is not over yet. A recycle takes what is no moment for none.
    pub fn is_on(&self, now: Timestamp) -> bool {
        self.until.parse::<Timestamp>().is_ok_and(|until| until > now)
    }

    /// It in a line.
    pub fn told(&self) -> String {
        let by = without_account(&self.by);
        // It stands in a table that others write, too.
        let plain = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
        format!("paused until {} by {by}: {}", self.until, self.why).chars().map(plain).collect()
    }

    /// The message that tells whoever is told of recycles, as `Publish` takes it, in the forms of the stack: that it begins, or who
    /// ended it.
    pub fn announcement(&self, stack: &Settings, group: &SeenGroup, ended_by: Option<&str>) -> Value {
        let (status, text) = match ended_by {
            None => ("paused", format!("recycling is {}", self.told())),
            Some(by) => ("resumed", format!("recycling goes on; {} ended the pause", without_account(by))),
        };
        let described = group.as_handler_sees_it();
        let team = described.tag(TEAM.key);
        let message = json!({
            "status": status, "text": text, "environment": stack.environment,
            "auto_scaling_group_name": self.group, "team": team,
            "paused": {"until": self.until, "by": self.by, "why": self.why},
        });
        let notice = Notice {
            status,
            sign: if ended_by.is_some() { ":arrow_forward:" } else { ":double_vertical_bar:" },
            about: &self.group,
            group: &self.group,
            team: team.unwrap_or_default(),
            text: &text,
            to_do: "",
            runbook: "",
        };
        let subject = message::subject(status, Some(&stack.teller()), &self.group);
        let (message, is_structured) = notice.message(&stack.teller(), message.to_string());
        let mut attributes = json!({});
        let values = [("status", Some(status)), ("notify_pager_duty", Some("false")), ("team", team)];
        let given = values
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)));
        for (number, (name, value)) in given.enumerate() {
            attributes[format!("entry.{}", number + 1)] =
                json!({"Name": name, "Value": {"DataType": "String", "StringValue": value}});
        }
        let mut call = json!({
            "TopicArn": stack.topic_arn, "Subject": subject, "Message": message, "MessageAttributes": attributes,
        });
        if is_structured {
            call["MessageStructure"] = "json".into();
        }
        call
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::fleet::tests::{OUT_IN, group, now, settings};
    use asg_recycle_handler::message::Forms;

    fn pause() -> GroupPause {
        GroupPause {
            group: "web-asg-1".to_owned(),
            until: "2026-01-05T13:00:00Z".to_owned(),
            by: "arn:aws:sts::123456789012:assumed-role/oncall/ann".to_owned(),
            why: "incident 42".to_owned(),
            since: "2026-01-05T09:00:00Z".to_owned(),
        }
    }

    #[test]
    fn a_pause_is_read_as_it_was_written_and_is_no_lock() {
        let item: BTreeMap<String, AttributeText> = serde_json::from_value(pause().item()).expect("an item");
        assert_eq!(GroupPause::read(&item), Some(pause()));
        assert_eq!(crate::operate::lock::GroupLock::read(&item), None);
        assert_eq!(
            pause().told(),
            "paused until 2026-01-05T13:00:00Z by assumed-role/oncall/ann: incident 42"
        );
        let told = GroupPause { why: "a\nb\u{1b}[31mred".to_owned(), ..pause() }.told();
        assert!(told.ends_with(r": a\nb\u{1b}[31mred"), "{told}");
        assert!(pause().is_on(now()));
        assert!(!GroupPause { until: "tomorrow".to_owned(), ..pause() }.is_on(now()));
    }

    #[test]
    fn a_pause_is_written_over_only_as_it_was_seen() {
        let call = where_unchanged(json!({}), None);
        assert_eq!(call["ConditionExpression"], json!("attribute_not_exists(auto_scaling_group_name)"));
        let call = where_unchanged(json!({}), Some(&GroupPause { why: String::new(), ..pause() }));
        assert_eq!(
            call["ConditionExpression"],
            json!(
                "paused_until = :paused_until AND paused_by = :paused_by AND attribute_not_exists(paused_why) AND paused_at = :paused_at"
            )
        );
        assert_eq!(call["ExpressionAttributeValues"][":paused_at"], json!({"S": "2026-01-05T09:00:00Z"}));
        assert_eq!(call["ExpressionAttributeValues"].as_object().map(serde_json::Map::len), Some(3));
    }

    #[test]
    fn a_pause_covers_what_ends_no_later() {
        let covers = |until: &str| pause().covers(until.parse().expect("a time"), now());
        assert!(covers("2026-01-05T10:00:00Z") && covers("2026-01-05T13:00:00Z"));
        assert!(!covers("2026-01-05T13:00:01Z"));
        let over = GroupPause { until: "2026-01-05T08:59:59Z".to_owned(), ..pause() };
        assert!(!over.covers("2026-01-05T08:00:00Z".parse().expect("a time"), now()));
    }

    #[test]
    fn a_pause_has_an_end_within_three_days() {
        let ends = |seconds, until: Option<&str>| {
            ends_at(now(), seconds, until.map(|until| until.parse().expect("a time")))
                .map(|end| end.to_string())
        };
        assert_eq!(ends(None, None).as_deref(), Ok("2026-01-05T13:00:00Z"));
        assert_eq!(ends(Some(60), None).as_deref(), Ok("2026-01-05T09:01:00Z"));
        assert_eq!(ends(None, Some("2026-01-08T09:00:00Z")).as_deref(), Ok("2026-01-08T09:00:00Z"));
        for (seconds, until) in
            [(Some(SECONDS_MAX + 1), None), (Some(i64::MAX), None), (None, Some("2026-01-05T08:00:00Z"))]
        {
            assert!(ends(seconds, until).is_err(), "{seconds:?} {until:?}");
        }
    }

    #[test]
    fn it_is_told_with_the_attributes_that_subscribers_filter_by() {
        let group = group("web-asg-1", &[OUT_IN, (TEAM.key, "night")]);
        let settings = settings();
        let told = pause().announcement(&settings, &group, None);
        assert_eq!((&told["TopicArn"], told.get("MessageStructure")), (&json!(settings.topic_arn), None));
        assert_eq!(told["Subject"], json!("asg-recycle paused in production: web-asg-1"));
        assert_eq!(told["MessageAttributes"]["entry.3"]["Value"]["StringValue"], json!("night"));
        let told = pause().announcement(&settings, &group, Some("ann"));
        assert_eq!(told["MessageAttributes"]["entry.1"]["Value"]["StringValue"], json!("resumed"));
    }

    #[test]
    fn it_is_told_in_the_forms_that_people_and_chat_read() {
        let group = group("web-asg-1", &[OUT_IN, (TEAM.key, "night")]);
        let settings = Settings { forms: Forms { mail: true, chat: true }, ..settings() };
        let told = pause().announcement(&settings, &group, None);
        assert_eq!(told["MessageStructure"], json!("json"));
        let texts: Value = serde_json::from_str(told["Message"].as_str().expect("text")).expect("JSON");
        assert_eq!(
            texts["email"].as_str().expect("text").lines().collect::<Vec<_>>(),
            [
                "asg-recycle paused in production: web-asg-1",
                "",
                "recycling is paused until 2026-01-05T13:00:00Z by assumed-role/oncall/ann: incident 42",
                "",
                "Group:       web-asg-1",
                "Environment: production",
                "Stack:       webops",
                "Account:     123456789012, eu-west-2",
                "Team:        night",
            ]
        );
        let chat: Value = serde_json::from_str(texts["https"].as_str().expect("text")).expect("JSON");
        let schema = include_str!("../../tests/it/messages/chat.schema.json");
        let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
        let schema: Value = serde_json::from_str(schema).expect("JSON");
        compiler.add_resource("https://asg-recycle/chat", schema).expect("it is a schema");
        let index = compiler.compile("https://asg-recycle/chat", &mut schemas).expect("it is there");
        assert_eq!(schemas.validate(&chat, index).map_err(|error| format!("{error:#}")), Ok(()));
        assert_eq!(chat["content"]["title"], ":double_vertical_bar: web-asg-1: paused in webops");
        let json: Value = serde_json::from_str(texts["default"].as_str().expect("text")).expect("JSON");
        assert_eq!(json["paused"]["why"], "incident 42");
    }
}
