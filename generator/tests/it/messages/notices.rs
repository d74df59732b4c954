//! The same of what no recycle tells itself: a group that is rejected, an execution that nobody restores after, a pause and its end.

use std::collections::BTreeMap;

use asg_recycle::operate::answers::SeenGroup;
use asg_recycle::operate::pause::GroupPause;
use asg_recycle::{AsgRecycle, config};
use asg_recycle_handler::contract::TriggerRecord;
use asg_recycle_handler::problem::Problem;
use asg_recycle_handler::rejection::Rejection;
use asg_recycle_handler::settings::Settings;
use serde_json::{Value, json};

use super::{PLACE, STACK, golden, holds_to, passes, pretty};

/// A message as it is published.
struct Notice {
    subject: String,
    message: String,
    attributes: BTreeMap<String, String>,
}

/// The settings that the emitted function of a stack has, and what the emitted subscription of PagerDuty lets through.
fn deployed(stack: &str) -> (Settings, Value) {
    let config = config::parse(stack.as_bytes()).expect("it has no fault");
    let construct = AsgRecycle::from_config(config).expect("it builds");
    let emitted = construct.stack();
    let environment = emitted.resolve(&emitted.function.environment, PLACE).expect("it is known");
    let variables = serde_json::from_value(environment).expect("texts");
    let filter = emitted.resolve(&emitted.topic.pager.filter, PLACE).expect("it is there");
    (Settings::parse(&variables).unwrap_or_else(|faults| panic!("{faults:?}")), filter)
}

fn rejection(dead: Option<&str>, fault: Problem) -> Rejection {
    Rejection {
        status: "rejected",
        component: "webops".to_owned(),
        auto_scaling_group_name: Some("webops-asg-1".to_owned()),
        account_id: "123456789012".to_owned(),
        team: Some("platform".to_owned()),
        notify_pager_duty: Some("true".to_owned()),
        faults: vec![fault],
        trigger: TriggerRecord {
            event_name: "UpdateAutoScalingGroup".to_owned(),
            event_id: Some("00000000-0000-4000-8000-000000000001".to_owned()),
            execution_arn: dead.map(str::to_owned),
            by: None,
        },
    }
}

/// A rejection of each kind, a pause and its end, as a stack tells of them.
fn notices(stack: &Settings) -> Vec<Notice> {
    let tag = Problem::of(
        "autorecycle_strategy",
        "out-inn",
        "not one of `in-out`, `out-in`; did you mean `out-in`?",
    );
    let reason = "the last restore that starts by itself has died, too";
    let dead = "arn:aws:states:eu-west-2:123456789012:execution:webops-recycle-production:webops-1";
    let died = Problem::of("detail.input.restore_attempt", "3", reason);
    let rejected = [rejection(None, tag), rejection(Some(dead), died)];
    let of_rejection = |rejection: &Rejection| Notice {
        subject: rejection.subject(Some(&stack.teller())),
        message: rejection.message(Some(&stack.teller())).expect("JSON").0,
        attributes: rejection
            .attributes()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    };
    let pause = GroupPause {
        group: "webops-asg-1".to_owned(),
        until: "2026-01-05T13:00:00Z".to_owned(),
        by: "arn:aws:sts::123456789012:assumed-role/oncall/ann".to_owned(),
        why: "incident 42".to_owned(),
        since: "2026-01-05T09:00:00Z".to_owned(),
    };
    let group: SeenGroup = serde_json::from_value(json!({
        "AutoScalingGroupName": "webops-asg-1",
        "Tags": {"member": [{"Key": "autorecycle_team", "Value": "platform", "PropagateAtLaunch": false}]},
    }))
    .expect("a group");
    let of_pause = |ended_by: Option<&str>| {
        let call = pause.announcement(stack, &group, ended_by);
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let entries = call["MessageAttributes"].as_object().expect("attributes").values();
        Notice {
            subject: text(&call["Subject"]),
            message: text(&call["Message"]),
            attributes: entries.map(|one| (text(&one["Name"]), text(&one["Value"]["StringValue"]))).collect(),
        }
    };
    let mut notices: Vec<Notice> = rejected.iter().map(of_rejection).collect();
    notices.extend([of_pause(None), of_pause(Some("arn:aws:sts::123456789012:assumed-role/oncall/bob"))]);
    notices
}

/// Those of a form, each with its subject.
fn formed(form: &str, protocol: &str) -> Vec<(String, String)> {
    let (stack, _) = deployed(&format!("{STACK}notifications: {{{form}}}\n"));
    let of_protocol = |notice: Notice| {
        let texts: Value = serde_json::from_str(&notice.message).expect("JSON");
        (notice.subject, texts[protocol].as_str().expect("it has a form of its own").to_owned())
    };
    notices(&stack).into_iter().map(of_protocol).collect()
}

fn with_subjects(all: &[(String, String)]) -> String {
    let texts: Vec<String> =
        all.iter().map(|(subject, text)| format!("Subject: {subject}\n\n{text}")).collect();
    texts.join("\n\n----\n\n")
}

#[test]
fn programs_are_told_of_rejections_and_pauses() {
    let (stack, _) = deployed(STACK);
    let all: Vec<(String, String)> =
        notices(&stack).into_iter().map(|notice| (notice.subject, pretty(&notice.message))).collect();
    golden("notices_json.txt", &with_subjects(&all));
    let read = |index: usize| -> Value { serde_json::from_str(&all[index].1).expect("JSON") };
    let base = "https://runbooks.example.com/recycle?team=web-ops";
    for (index, heading) in [(0, "events-rejected"), (1, "put-back-by-hand")] {
        let rejected = read(index);
        assert_eq!(rejected["runbook"], json!(format!("{base}#{heading}")));
        assert_eq!(rejected["environment"], "production");
        assert_eq!(rejected["auto_scaling_group_name"], "webops-asg-1");
    }
    assert_eq!(read(2)["environment"], "production");
    let (without, _) = deployed("name: webops-recycle\n");
    let rejected: Value = serde_json::from_str(&notices(&without)[0].message).expect("JSON");
    assert!(rejected.get("runbook").is_none(), "{rejected:#}");
}

#[test]
fn people_read_of_rejections_and_pauses() {
    golden("notices_email.txt", &with_subjects(&formed("email_form: text", "email")));
}

#[test]
fn chat_shows_rejections_and_pauses() {
    let all = formed("https_form: chat", "https");
    let texts: Vec<&str> = all.iter().map(|(_, text)| text.as_str()).collect();
    holds_to("chat.schema.json", &texts);
    let shown: Vec<String> = texts.iter().map(|text| pretty(text)).collect();
    golden("notices_chat.txt", &shown.join("\n\n----\n\n"));
}

/// They have no form of PagerDuty's: nothing that the emitted subscription lets through would open an incident that nothing closes.
#[test]
fn nobody_is_paged_by_a_rejection_or_a_pause() {
    for form in ["pager_duty", "chat", "json"] {
        let (stack, filter) = deployed(&format!("{STACK}notifications: {{https_form: {form}}}\n"));
        for notice in notices(&stack) {
            let of = |name: &str| notice.attributes.get(name).map_or(Value::Null, |value| json!(value));
            assert!(!passes(&filter, of), "{form}: {}", notice.message);
        }
    }
}
