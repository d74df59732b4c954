//! What whoever subscribes to the topic gets of a recycle, in each form that `stack.yaml` may choose: as it arrives, for a person to look
//! at, in `messages/`; and against what the service that reads it publishes of its form.

mod notices;

use std::path::Path;
use std::rc::Rc;

use asg_recycle::config;
use asg_recycle::simulate::runner::{Deployment, Detail};
use asg_recycle::simulate::scenario::Scenario;
use asg_recycle::stack::Place;
use asg_recycle_simulator::world::messages::Message;
use boon::{Compiler, Schemas};
use serde_json::{Value, json};

use crate::faults::assert_golden;

const STACK: &str =
    "name: webops-recycle\nalarms: {runbook_url: 'https://runbooks.example.com/recycle?team=web-ops'}\n";

const PLACE: Place<'_> = Place { partition: "aws", region: "eu-west-2", account: "123456789012" };

/// A recycle that is rolled back, since a hook abandons every launch.
fn rolled_back() -> Value {
    let hook = json!({"takes": "60s", "completed_with": "abandon"});
    let tags = json!({"autorecycle_team": "platform", "autorecycle_notify_pager_duty": "true"});
    json!({"about": "messages", "group": {"min": 3, "desired": 3, "max": 6, "launch_hook": hook, "tags": tags}})
}

/// What the topic of a stack gets, all of it and what the notifier gets.
fn told(stack: &str, scenario: Value) -> (Vec<Message>, Vec<Message>) {
    let config = config::parse(stack.as_bytes()).expect("it has no fault");
    let deployment = Rc::new(Deployment::build(&config).unwrap_or_else(|problems| panic!("{problems}")));
    let scenario = Scenario::from_value(scenario).unwrap_or_else(|error| panic!("{error}"));
    let runner = scenario.runner(std::slice::from_ref(&deployment), "out-in", Detail::States);
    let run = runner.unwrap_or_else(|error| panic!("{error}")).finish();
    (run.world.messages.published.clone(), run.world.messages.invoked.clone())
}

fn golden(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/messages").join(file);
    assert_golden(&path, &format!("{}\n", text.trim_end()));
}

fn pretty(text: &str) -> String {
    let value: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    format!("{value:#}")
}

/// With the subject on top.
fn whole(message: &Message, text: &str) -> String {
    format!("Subject: {}\n\n{text}", message.subject.as_deref().unwrap_or_default())
}

/// Each message of a form, with both its start and its end.
fn of_protocol(stack: &str, protocol: &str) -> Vec<(Message, String)> {
    let (published, _) = told(stack, rolled_back());
    let text = |message: Message| {
        let text = message.by_protocol.get(protocol).expect("it has a form of its own").clone();
        (message, text)
    };
    let all: Vec<_> = published.into_iter().map(text).collect();
    assert!(all.len() >= 2, "a start and an end");
    all
}

fn texts_of(all: &[(Message, String)]) -> Vec<&str> {
    all.iter().map(|(_, text)| text.as_str()).collect()
}

fn holds_to(schema: &str, texts: &[&str]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/messages").join(schema);
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(path).expect("it is there")).expect("JSON");
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource("https://asg-recycle/form", schema).expect("it is a schema");
    let index = compiler.compile("https://asg-recycle/form", &mut schemas).expect("it is a schema");
    for text in texts {
        let value: Value = serde_json::from_str(text).expect("JSON");
        schemas.validate(&value, index).unwrap_or_else(|error| panic!("{error:#}\n{value:#}"));
    }
    assert!(schemas.validate(&json!({"status": "failed"}), index).is_err(), "it refuses something");
}

#[test]
fn programs_get_the_same_json_whatever_the_form() {
    let (published, _) = told(STACK, rolled_back());
    let end = published.last().expect("an end");
    assert!(published.iter().all(|message| message.by_protocol.is_empty()), "there is one text for all");
    let text = end.body.as_str().expect("text");
    golden("json.txt", &whole(end, &pretty(text)));
    let body: Value = serde_json::from_str(text).expect("JSON");
    assert_eq!((&body["environment"], &body["put_back"]), (&json!("production"), &json!("all")));
    assert_eq!(body["runbook"], "https://runbooks.example.com/recycle?team=web-ops#recycles-failed");
    let forms = format!("{STACK}notifications: {{email_form: text, https_form: chat}}\n");
    let (formed, _) = told(&forms, rolled_back());
    let bodies = |messages: &[Message]| messages.iter().map(|one| one.body.clone()).collect::<Vec<_>>();
    assert_eq!(bodies(&formed), bodies(&published));
}

#[test]
fn the_console_is_that_of_the_partition() {
    for (region, host) in [
        (
            "cn-north-1",
            "https://cn-north-1.console.amazonaws.cn/states/home?region=cn-north-1#/v2/executions/details/arn:",
        ),
        ("us-gov-west-1", "https://us-gov-west-1.console.amazonaws-us-gov.com/states/"),
    ] {
        let (published, _) =
            told(&format!("name: webops-recycle\nregion: {region}\n"), json!({"about": "messages"}));
        let body: Value = serde_json::from_str(published[0].body.as_str().expect("text")).expect("JSON");
        let console = body["console"].as_str().expect("a link");
        let arn = body["execution_arn"].as_str().expect("an ARN");
        let region_of_run = arn.split(':').nth(3).expect("a region");
        assert!(
            console.starts_with(&host.replace(region, region_of_run)) && console.ends_with(arn),
            "{console}"
        );
        assert!(body.get("runbook").is_none() && body.get("put_back").is_none(), "{body:#}");
    }
    let (published, _) = told("name: webops-recycle\nregion: us-iso-east-1\n", json!({"about": "messages"}));
    let body: Value = serde_json::from_str(published[0].body.as_str().expect("text")).expect("JSON");
    assert!(body.get("console").is_none(), "nobody knows where it is: {body:#}");
}

#[test]
fn an_e_mail_is_for_people() {
    let mails = of_protocol(&format!("{STACK}notifications: {{email_form: text}}\n"), "email");
    let texts: Vec<String> = mails.iter().map(|(message, text)| whole(message, text)).collect();
    golden("email.txt", &texts.join("\n\n----\n\n"));
}

#[test]
fn chat_shows_what_is_published_for_it() {
    let all = of_protocol(&format!("{STACK}notifications: {{https_form: chat}}\n"), "https");
    holds_to("chat.schema.json", &texts_of(&all));
    let texts: Vec<String> = all.iter().map(|(_, text)| pretty(text)).collect();
    golden("chat.txt", &texts.join("\n\n----\n\n"));
    let threads: Vec<Value> = all
        .iter()
        .map(|(_, text)| serde_json::from_str::<Value>(text).expect("JSON")["metadata"]["threadId"].clone())
        .collect();
    assert_eq!(threads[0], threads[1], "a start and its end are one thread");
}

#[test]
fn pager_duty_gets_an_event_of_its_own() {
    let all = of_protocol(&format!("{STACK}notifications: {{https_form: pager_duty}}\n"), "https");
    holds_to("pager_duty.schema.json", &texts_of(&all));
    let texts: Vec<String> = all.iter().map(|(message, text)| whole(message, &pretty(text))).collect();
    golden("pager_duty.txt", &texts.join("\n\n----\n\n"));
    for (message, text) in &all {
        let state = serde_json::from_str::<Value>(text).expect("JSON")["NewStateValue"].clone();
        let begins = format!("{}: ", state.as_str().expect("text"));
        let subject = message.subject.as_deref().expect("a subject");
        // A start is none of PagerDuty's, and people read no "OK" of it.
        let begins = if subject.contains(" started ") { "asg-recycle started " } else { &begins };
        assert!(subject.starts_with(begins), "{message:?}");
    }
}

#[test]
fn a_notifier_says_what_to_do_of_what_failed() {
    let function = "arn:aws:lambda:eu-west-2:123456789012:function:slack";
    let stack = format!("{STACK}notifications: {{notifier_function_arn: '{function}'}}\n");
    let (_, invoked) = told(&stack, rolled_back());
    let end = invoked.last().expect("an end");
    golden("notifier.txt", &format!("{:#}", end.body));
}

/// What a filter of a subscription lets through: each attribute that it names has one of the values.
fn passes(filter: &Value, attribute: impl Fn(&str) -> Value) -> bool {
    let wanted = filter.as_object().expect("attributes");
    wanted.iter().all(|(name, values)| values.as_array().expect("values").contains(&attribute(name)))
}

/// Through the emitted subscription's filter, as PagerDuty is told: an incident begins with the failure, and the success after it ends it.
#[test]
fn the_success_after_a_failure_ends_the_incident_that_the_failure_began() {
    let tags = json!({"autorecycle_team": "platform", "autorecycle_notify_pager_duty": "true"});
    let recycled = json!({"about": "messages", "group": {"min": 3, "desired": 3, "max": 6, "tags": tags}});
    for (form, ends) in [("pager_duty", true), ("json", false)] {
        let stack = format!("{STACK}notifications: {{https_form: {form}}}\n");
        let config = config::parse(stack.as_bytes()).expect("it has no fault");
        let construct = asg_recycle::AsgRecycle::from_config(config).expect("it builds");
        let emitted = construct.stack();
        let filter = emitted.resolve(&emitted.topic.pager.filter, PLACE).expect("it is there");
        let paged = |scenario: Value| {
            let (published, _) = told(&stack, scenario);
            assert!(published.len() >= 2, "a start and an end");
            let is_paged =
                |message: &Message| passes(&filter, |name| message.attributes[name]["StringValue"].clone());
            published.into_iter().filter(is_paged).collect::<Vec<_>>()
        };
        let (failure, success) = (paged(rolled_back()), paged(recycled.clone()));
        assert_eq!((failure.len(), success.len()), (1, usize::from(ends)), "{form}");
        let Some(success) = success.first() else { continue };
        let event = |message: &Message| -> Value {
            serde_json::from_str(&message.by_protocol["https"]).expect("JSON")
        };
        let (began, ended) = (event(&failure[0]), event(success));
        assert_eq!((&began["event_action"], &ended["event_action"]), (&json!("trigger"), &json!("resolve")));
        assert_eq!((&began["NewStateValue"], &ended["NewStateValue"]), (&json!("ALARM"), &json!("OK")));
        assert_eq!((&began["dedup_key"], &began["AlarmName"]), (&ended["dedup_key"], &ended["AlarmName"]));
    }
}
