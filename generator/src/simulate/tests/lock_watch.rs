//! What tells for how long locks have been held, run as it is emitted.

use std::collections::BTreeSet;

use super::*;
use crate::construct::AsgRecycle;
use crate::stack::Place;

const HOUR_MS: u64 = 3_600_000;

/// What is emitted: the definition, and the actions that its role allows.
fn emitted() -> (String, Vec<String>) {
    emitted_of("alarms: {lock_held_hours: 24}")
}

fn emitted_of(options: &str) -> (String, Vec<String>) {
    let config = crate::config::parse(format!("name: demo\n{options}\n").as_bytes()).expect("no fault");
    let recycle = AsgRecycle::from_config(config).expect("it builds");
    let stack = recycle.stack();
    let watch = stack.lock_watch.as_ref().expect("it is asked for");
    let place = Place { partition: "aws", region: "eu-west-1", account: "123456789012" };
    let definition = stack.resolve(&watch.definition, place).expect("it is there");
    let statements = watch.role.policy.document.statements.iter();
    (definition.to_string(), statements.flat_map(|one| one.actions.clone()).collect())
}

fn looked(answers: &[(&str, Vec<Answer>)]) -> Ran {
    looked_of("alarms: {lock_held_hours: 24}", answers)
}

fn looked_of(options: &str, answers: &[(&str, Vec<Answer>)]) -> Ran {
    let machine =
        Machine::load(&emitted_of(options).0, &BTreeMap::new()).unwrap_or_else(|error| panic!("{error}"));
    let answers = answers.iter().map(|(action, all)| ((*action).to_owned(), all.clone().into()));
    run_machine(
        &machine,
        json!({"time": START.to_string()}),
        Script { answers: answers.collect(), ..Script::default() },
    )
}

/// An execution that was started so many hours ago, and runs or not.
fn holder(hours: u64, status: &str) -> Answer {
    let started = Moment(START.0 - hours * HOUR_MS).to_string();
    ok(json!({"StartDate": started, "Status": status}))
}

fn page(holders: &[&str], is_last: bool) -> Answer {
    let item = |holder: &&str| json!({"held_by": {"S": holder}, "auto_scaling_group_name": {"S": "web-asg"}});
    let items: Vec<Value> = holders.iter().map(item).collect();
    let mut page = json!({"Items": items, "Count": items.len()});
    if !is_last {
        page["LastEvaluatedKey"] = json!({"auto_scaling_group_name": {"S": "web"}});
    }
    ok(page)
}

/// The seconds that it told of.
fn told(ran: &Ran) -> Vec<f64> {
    let calls = ran.script.calls.iter().filter(|(_, action, _)| action == "putMetricData");
    calls
        .map(|(_, _, arguments)| {
            assert_eq!(arguments["Namespace"], "AsgRecycle/demo-production");
            assert_eq!(arguments["MetricData"][0]["MetricName"], "LockHeldSeconds");
            arguments["MetricData"][0]["Value"].as_f64().expect("a number")
        })
        .collect()
}

#[test]
fn the_oldest_holder_counts_whether_it_lives_or_not() {
    let ran = looked(&[
        ("scan", vec![page(&["one"], false), page(&["two", "three"], true)]),
        ("describeExecution", vec![holder(2, "RUNNING"), holder(5, "FAILED"), holder(1, "RUNNING")]),
    ]);
    assert_eq!(told(&ran), [5.0 * 3600.0]);
    let scans: Vec<&Value> = ran
        .script
        .calls
        .iter()
        .filter(|(_, action, _)| action == "scan")
        .map(|(_, _, arguments)| arguments)
        .collect();
    assert_eq!(scans[0].get("ExclusiveStartKey"), None);
    assert_eq!(scans[1]["ExclusiveStartKey"], json!({"auto_scaling_group_name": {"S": "web"}}));
}

#[test]
fn one_holder_alone_is_a_list_of_one_and_none_is_no_time() {
    let one =
        looked(&[("scan", vec![page(&["one"], true)]), ("describeExecution", vec![holder(3, "ABORTED")])]);
    assert_eq!(told(&one), [3.0 * 3600.0]);
    assert_eq!(told(&looked(&[("scan", vec![page(&[], true)])])), [0.0]);
    assert_eq!(told(&looked(&[("scan", vec![page(&[], false), page(&[], true)])])), [0.0]);
}

#[test]
fn a_holder_that_is_forgotten_is_older_than_any_other() {
    let gone = error("Sfn.ExecutionDoesNotExistException");
    let ran = looked(&[("scan", vec![page(&["one"], true)]), ("describeExecution", vec![gone])]);
    assert!(told(&ran)[0] > 2160.0 * 3600.0, "{:?}", told(&ran));
}

/// What the published schema finds wrong with a message about a lock.
fn fault_of_message(message: &Value) -> Option<String> {
    let text = include_str!("../../../../docs/execution-output.schema.json");
    let schema: Value = serde_json::from_str(text).expect("JSON");
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource("https://asg-recycle/output", schema).expect("it is a schema");
    let slow = compiler.compile("https://asg-recycle/output#/$defs/slow", &mut schemas).expect("it is there");
    schemas.validate(message, slow).err().map(|error| format!("{error:#}"))
}

/// Looks are a quarter of an hour apart: of the two that show it old, the first one tells. What a look missed is told a day later.
#[test]
fn people_are_told_once_a_day_of_a_lock_that_is_held_too_long_and_of_the_stacks_own_only() {
    let own = "arn:aws:states:eu-west-1:123456789012:execution:demo-production:web-1234";
    let other = own.replace("demo-production", "other-production");
    let began = |minutes: u64| {
        ok(json!({"StartDate": Moment(START.0 - minutes * 60_000).to_string(), "Status": "RUNNING"}))
    };
    let of = |holder: &str, minutes: u64| {
        let ran =
            looked(&[("scan", vec![page(&[holder], true)]), ("describeExecution", vec![began(minutes)])]);
        assert_eq!(told(&ran).len(), 1);
        let calls = ran.script.calls.iter().filter(|(_, action, _)| action == "publish");
        calls.map(|(_, _, arguments)| arguments.clone()).collect::<Vec<_>>()
    };
    let day = 24 * 60;
    assert_eq!(
        [of(own, day - 1), of(own, day + 15), of(own, 2 * day - 1), of(&other, day)].concat(),
        Vec::<Value>::new()
    );
    for minutes in [day, day + 14, 2 * day, 9 * day + 3] {
        let [message] = &of(own, minutes)[..] else { panic!("once at {minutes}") };
        assert_eq!(message["Subject"], "asg-recycle slow in production: web-asg");
        let texts: Value = serde_json::from_str(message["Message"].as_str().expect("text")).expect("JSON");
        let body: Value = serde_json::from_str(texts["default"].as_str().expect("text")).expect("JSON");
        assert_eq!((&body["status"], &body["auto_scaling_group_name"]), (&json!("slow"), &json!("web-asg")));
        assert_eq!((&body["execution_arn"], &body["held_seconds"]), (&json!(own), &json!(minutes * 60)));
        assert!(body["console"].as_str().expect("a link").ends_with(own), "{body:#}");
        let hours = format!("held for {}", minutes / 60);
        assert!(body["text"].as_str().expect("text").contains(&hours), "{body:#}");
        assert_eq!(fault_of_message(&body), None, "{body:#}");
    }
}

const OWN: &str = "arn:aws:states:eu-west-1:123456789012:execution:demo-production:web-1234";

/// The messages that it published, in every form.
fn published(ran: &Ran) -> Vec<Value> {
    let calls = ran.script.calls.iter().filter(|(_, action, _)| action == "publish");
    let text = |arguments: &Value| arguments["Message"].as_str().expect("text").to_owned();
    calls.map(|(_, _, arguments)| serde_json::from_str(&text(arguments)).expect("JSON")).collect()
}

/// A limit of three days is no reason to hear of it every three days only.
#[test]
fn people_are_told_each_day_however_long_a_lock_may_be_held() {
    let times = |limit: u64, hours: u64| {
        let answers =
            [("scan", vec![page(&[OWN], true)]), ("describeExecution", vec![holder(hours, "RUNNING")])];
        published(&looked_of(&format!("alarms: {{lock_held_hours: {limit}}}"), &answers)).len()
    };
    let told: Vec<u64> = (0..=150).filter(|hours| times(70, *hours) == 1).collect();
    assert_eq!(told, [70, 94, 118, 142]);
    let told: Vec<u64> = (0..=13).filter(|hours| times(6, *hours) == 1).collect();
    assert_eq!(told, [6, 12]);
}

#[test]
fn people_are_told_of_a_lock_whose_holder_is_forgotten() {
    let gone = || error("Sfn.ExecutionDoesNotExistException");
    let options = "alarms: {lock_held_hours: 24}\nnotifications: {email_form: text, https_form: chat}";
    let told = (0..24).flat_map(|hours| {
        let machine = Machine::load(&emitted_of(options).0, &BTreeMap::new()).expect("it loads");
        let answers = [("scan", vec![page(&[OWN], true)]), ("describeExecution", vec![gone()])];
        let answers = answers.map(|(action, all)| (action.to_owned(), all.into()));
        let time = Moment(START.0 + hours * HOUR_MS).to_string();
        let script = Script { answers: answers.into_iter().collect(), ..Script::default() };
        published(&run_machine(&machine, json!({"time": time}), script))
    });
    let [message] = &told.collect::<Vec<_>>()[..] else { panic!("once a day") };
    let body: Value = serde_json::from_str(message["default"].as_str().expect("text")).expect("JSON");
    assert_eq!(fault_of_message(&body), None, "{body:#}");
    assert_eq!(body.get("started_at"), None, "{body:#}");
    for form in ["default", "email", "https"] {
        let text = message[form].as_str().expect("text");
        assert!(
            text.contains("has forgotten") && !text.contains("1970") && !text.contains("hours"),
            "{text}"
        );
    }
}

/// A time that leaves out a holder would keep the alarm silent, unless it is too long already.
#[test]
fn one_holder_that_cannot_be_asked_keeps_nobody_from_hearing_of_the_others() {
    let denied = || error("Sfn.AccessDeniedException");
    let ran = |hours: u64| {
        looked(&[
            ("scan", vec![page(&["arn:aws:states:eu-west-1:123456789012:execution:other:one", OWN], true)]),
            ("describeExecution", vec![denied(), holder(hours, "RUNNING"), denied()]),
        ])
    };
    let late = ran(48);
    assert_eq!(published(&late).len(), 1);
    assert!(matches!(told(&late)[..], [seconds] if seconds >= 48.0 * 3600.0), "{:?}", told(&late));
    late.failure();
    let early = ran(2);
    assert_eq!((told(&early), published(&early).len()), (vec![], 0));
    early.failure();
}

/// Nor does a message that is refused.
#[test]
fn one_message_that_is_refused_keeps_nobody_from_hearing_of_the_others() {
    let other = OWN.replace("web-1234", "web-5678");
    let ran = looked(&[
        ("scan", vec![page(&[OWN, &other], true)]),
        ("describeExecution", vec![holder(24, "RUNNING"), holder(24, "RUNNING")]),
        ("publish", vec![error("Sns.AuthorizationErrorException"); 10]),
    ]);
    let tried: BTreeSet<String> = published(&ran).iter().map(|one| one["default"].to_string()).collect();
    assert_eq!(tried.len(), 2, "{tried:?}");
    ran.failure();
}

/// What a published form of a message has to be.
fn holds_to(schema: &str, message: &Value) {
    let schema: Value = serde_json::from_str(schema).expect("JSON");
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.add_resource("https://asg-recycle/form", schema).expect("it is a schema");
    let index = compiler.compile("https://asg-recycle/form", &mut schemas).expect("it is there");
    assert_eq!(schemas.validate(message, index).map_err(|error| format!("{error:#}")), Ok(()));
}

/// The execution says what its group asked for: to be paged, and which channels hear of it.
#[test]
fn who_is_told_of_a_recycle_is_told_that_it_is_slow() {
    let options = "alarms: {lock_held_hours: 24, runbook_url: 'https://example.com/runbook'}\n\
                   notifications: {https_form: pager_duty, pager_duty: true, \
                   notifier_function_arn: 'arn:aws:lambda:eu-west-2:123456789012:function:notifier'}";
    let asked = json!({
        "component": "web", "success_channel": "all", "monitoring_slack_channel": "web-alerts", "team": "web",
        "notify_pager_duty": "True",
    });
    let started = Moment(START.0 - 24 * HOUR_MS).to_string();
    let holder = ok(json!({"StartDate": started, "Status": "RUNNING", "Input": asked.to_string()}));
    let ran = looked_of(options, &[("scan", vec![page(&[OWN], true)]), ("describeExecution", vec![holder])]);
    let of = |action: &str| {
        let mut calls = ran.script.calls.iter().filter(|(_, called, _)| called == action);
        calls.next().map(|(_, _, arguments)| arguments.clone()).expect("it is called")
    };
    let published = of("publish");
    assert_eq!(published["Subject"], "ALARM: asg-recycle slow in production: web-asg");
    let attributes = &published["MessageAttributes"];
    assert_eq!(attributes["notify_pager_duty"]["StringValue"], "true", "{attributes}");
    let texts: Value = serde_json::from_str(published["Message"].as_str().expect("text")).expect("JSON");
    let incident: Value = serde_json::from_str(texts["https"].as_str().expect("text")).expect("JSON");
    holds_to(include_str!("../../../tests/it/messages/pager_duty.schema.json"), &incident);
    assert_eq!(incident["dedup_key"], "asg-recycle demo-production web-asg", "that of its recycles");
    assert_eq!(
        (&incident["event_action"], &incident["payload"]["group"]),
        (&json!("trigger"), &json!("production"))
    );
    let told = &of("invoke")["Payload"];
    assert_eq!((&told["channels"], &told["status"]), (&json!(["all", "web-alerts"]), &json!("slow")));
    assert_eq!((&told["component"], &told["message_content"]["color"]), (&json!("web"), &json!("warning")));
    let fields = told["message_content"]["fields"].as_array().expect("a list");
    let titles: Vec<&str> = fields.iter().filter_map(|field| field["title"].as_str()).collect();
    assert_eq!(titles, ["Group", "Environment", "Account", "Team", "Execution", "What to do"]);
    assert!(fields.iter().all(|field| field["value"].is_string()), "{fields:#?}");
}

/// As each reader gets it.
#[test]
fn a_slow_recycle_is_told_in_every_form() {
    let options = "alarms: {lock_held_hours: 24, runbook_url: 'https://example.com/runbook'}\n\
                   notifications: {email_form: text, https_form: chat}";
    let answers = [("scan", vec![page(&[OWN], true)]), ("describeExecution", vec![holder(24, "RUNNING")])];
    let [message] = &published(&looked_of(options, &answers))[..] else { panic!("one") };
    let since = Moment(START.0 - 24 * HOUR_MS);
    let console = format!(
        "https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/v2/executions/details/{OWN}"
    );
    assert_eq!(
        message["email"].as_str().expect("text").lines().collect::<Vec<_>>(),
        [
            "asg-recycle slow in production: web-asg",
            "",
            "web-asg has been held for 24 hours by one execution, longer than the 24 of alarms.lock_held_hours: see what it waits for",
            "",
            "Group:       web-asg",
            "Environment: production",
            "Account:     123456789012, eu-west-1",
            &format!("Since:       {since}"),
            &format!("Execution:   {console}"),
            "What to do:  https://example.com/runbook#slow",
        ]
    );
    let chat: Value = serde_json::from_str(message["https"].as_str().expect("text")).expect("JSON");
    holds_to(include_str!("../../../tests/it/messages/chat.schema.json"), &chat);
    assert_eq!(chat["content"]["title"], ":hourglass_flowing_sand: web-asg: slow in production");
    assert_eq!(
        chat["content"]["nextSteps"],
        json!(["What to do: https://example.com/runbook#slow", format!("Execution: {console}")])
    );
    assert_eq!(chat["metadata"]["threadId"], "web-1234", "that of its start");
}

/// Nothing that is told is what fires the alarm.
#[test]
fn where_nothing_can_be_known_nothing_is_told() {
    let denied = |service: &str| error(&format!("{service}.AccessDeniedException"));
    let no_table = looked(&[("scan", vec![denied("DynamoDb")])]);
    let no_holder =
        looked(&[("scan", vec![page(&["one"], true)]), ("describeExecution", vec![denied("Sfn")])]);
    for ran in [no_table, no_holder] {
        assert_eq!(told(&ran), [0.0; 0]);
        ran.failure();
    }
}

#[test]
fn its_role_allows_what_it_calls_and_nothing_else() {
    let (definition, allowed) = emitted();
    let mut called: Vec<String> = definition
        .split("aws-sdk:")
        .skip(1)
        .map(|rest| {
            let (service, action) =
                rest.split('"').next().and_then(|call| call.split_once(':')).expect("a call");
            let service = if service == "sfn" { "states" } else { service };
            format!("{service}:{}{}", action[..1].to_uppercase(), &action[1..])
        })
        .collect();
    called.push("states:StartExecution".to_owned()); // by the rule
    called.extend(definition.contains(":states:::lambda:invoke").then(|| "lambda:InvokeFunction".to_owned()));
    called.sort();
    let mut allowed = allowed;
    allowed.sort();
    assert_eq!(called, allowed);
}
