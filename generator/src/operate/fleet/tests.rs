//! What is said of groups, from what AWS answers.

use super::*;
use crate::operate::answers::{GroupsPage, SeenTemplate};

pub(in crate::operate) fn settings() -> Settings {
    let arn = "arn:aws:states:eu-west-2:123456789012:stateMachine:webops";
    let variables = [
        ("STATE_MACHINE_ARN", arn),
        ("TOPIC_ARN", "arn:aws:sns:eu-west-2:123456789012:webops"),
        ("STRATEGIES", "out-in,out-in-timed:windowed"),
        ("DEFAULT_TIME_ZONE", "Europe/London"),
        ("TAG_CHANGES", "propagated"),
        ("OWN_ROLE_ARNS", "arn:aws:iam::123456789012:role/webops"),
        ("ENVIRONMENT", "production"),
    ];
    let variables = variables.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    Settings::parse(&variables).expect("settings")
}

pub(in crate::operate) fn now() -> Timestamp {
    "2026-01-05T09:00:00Z".parse().expect("a time")
}

/// A group of two instances, the second one outdated, with these tags besides the one that opts it in.
pub(in crate::operate) fn group(name: &str, tags: &[(&str, &str)]) -> SeenGroup {
    let instance = |id: &str, version: u32| {
        format!(
            "<member><InstanceId>{id}</InstanceId><LifecycleState>InService</LifecycleState><LaunchTemplate>\
             <LaunchTemplateId>lt-1</LaunchTemplateId><Version>{version}</Version></LaunchTemplate></member>"
        )
    };
    let tags = [("autorecycle_recycle_on_asg_update", "true")].iter().chain(tags);
    let tags = tags.map(|(key, value)| format!("<member><Key>{key}</Key><Value>{value}</Value></member>"));
    let xml = format!(
        "<Result><AutoScalingGroups><member><AutoScalingGroupName>{name}</AutoScalingGroupName><MinSize>2</MinSize>\
         <Instances>{}{}</Instances><Tags>{}</Tags><LaunchTemplate><LaunchTemplateId>lt-1</LaunchTemplateId>\
         <Version>$Latest</Version></LaunchTemplate></member></AutoScalingGroups></Result>",
        instance("i-1", 2),
        instance("i-2", 1),
        tags.collect::<String>(),
    );
    let page: GroupsPage = quick_xml::de::from_str(&xml).expect("a page");
    page.auto_scaling_groups.list.into_iter().next().expect("a group")
}

fn facts(groups: Vec<SeenGroup>) -> FleetFacts {
    let template = SeenTemplate {
        launch_template_id: "lt-1".to_owned(),
        default_version_number: 1,
        latest_version_number: 2,
    };
    FleetFacts { groups, aliases: [("lt-1".to_owned(), template)].into(), ..FleetFacts::default() }
}

fn ended(name: &str, status: &str, at: &str) -> ListedExecution {
    let at: Timestamp = at.parse().expect("a time");
    let seconds = f64::from(u32::try_from(at.as_second()).expect("of this age"));
    ListedExecution {
        execution_arn: format!("arn:{name}"),
        name: name.to_owned(),
        status: status.to_owned(),
        start_date: seconds - 60.0,
        stop_date: Some(seconds),
    }
}

pub(in crate::operate) const OUT_IN: (&str, &str) = ("autorecycle_strategy", "out-in");

#[test]
fn a_group_is_what_its_instances_lock_and_tags_make_it() {
    let standing = |group: SeenGroup, lock: Option<GroupLock>| {
        let mut facts = facts(vec![group.clone()]);
        facts.executions = vec![ended("web-0", "ABORTED", "2026-01-05T08:00:00Z")];
        let timed_out = SeenExecution { status: "TIMED_OUT".to_owned(), ..Default::default() };
        facts.described.insert("arn:unlisted".to_owned(), timed_out);
        facts.forgotten.insert("arn:forgotten".to_owned());
        facts.locks.extend(lock.map(|lock| (group.name, lock)));
        let row = rows(&facts, &settings(), now()).remove(0);
        format!("{}: {}", row.state.word(), row.detail)
    };
    let web = || group("web", &[OUT_IN]);
    let lock = |held_by: Option<&str>| GroupLock {
        held_by: held_by.map(str::to_owned),
        journal: Some(crate::operate::lock::SeenJournal {
            replace: vec!["i-2".to_owned(), "i-9".to_owned()],
            ..Default::default()
        }),
        ..GroupLock::default()
    };
    assert_eq!(standing(web(), None), "outdated: ");
    assert_eq!(standing(web(), Some(lock(Some("arn:running")))), "recycling: 1 of 2");
    let without_journal = |has_started| GroupLock { journal: None, has_started, ..lock(Some("arn:running")) };
    assert_eq!(standing(web(), Some(without_journal(false))), "recycling: begins");
    assert_eq!(standing(web(), Some(without_journal(true))), "recycling: at its last checks", "at its end");
    assert_eq!(
        standing(web(), Some(lock(Some("arn:web-0")))),
        "held: its holder aborted; a restore or the next recycle takes over"
    );
    for (holder, how) in [("arn:unlisted", "timed out"), ("arn:forgotten", "ended long ago")] {
        assert_eq!(
            standing(web(), Some(lock(Some(holder)))),
            format!("held: its holder {how}; a restore or the next recycle takes over")
        );
    }
    assert_eq!(standing(web(), Some(lock(None))), "held: a journal is left; nobody holds it");
    assert_eq!(standing(group("web", &[]), None), "not opted in: it lacks the tag `autorecycle_strategy`");
    assert!(
        standing(group("web", &[("autorecycle_strategy", "outin")]), None)
            .starts_with("faulty tags: `autorecycle_strategy` is `outin`")
    );
    let mut current = web();
    current.instances.list.truncate(1);
    assert_eq!(standing(current, None), "current: ");
}

#[test]
fn a_known_age_is_not_hidden_by_one_that_is_not_known() {
    let age = |facts: &FleetFacts| {
        let row = rows(facts, &settings(), now()).remove(0);
        (row.outdated_seconds, row.may_be_older, row.age())
    };
    let mut facts = facts(vec![group("web", &[OUT_IN])]);
    assert_eq!(age(&facts), (None, true, Some("?".to_owned())));
    let wanted = LaunchSourceWanted::Version { template: "lt-1".to_owned(), version: "2".to_owned() };
    facts.made_at.insert(wanted, "2026-01-05T07:00:00Z".parse().expect("a time"));
    assert_eq!(age(&facts), (Some(7_200), false, Some("2 h".to_owned())));
    // A type of the group's policy launches from a template of which nothing is known.
    let policy = "<MixedInstancesPolicy><LaunchTemplate><Overrides><member><InstanceType>b</InstanceType>\
        <LaunchTemplateSpecification><LaunchTemplateId>lt-9</LaunchTemplateId></LaunchTemplateSpecification>\
        </member><member><InstanceType></InstanceType></member></Overrides></LaunchTemplate></MixedInstancesPolicy>";
    let read: SeenGroup = quick_xml::de::from_str(&format!("<member>{policy}</member>")).expect("a group");
    let group = &mut facts.groups[0];
    group.mixed_instances_policy = read.mixed_instances_policy;
    group.instances.list[0].instance_type = "b".to_owned();
    assert_eq!(age(&facts), (Some(7_200), true, Some("at least 2 h".to_owned())));
    facts.groups[0].instances.list.clear();
    assert_eq!(age(&facts), (None, false, None));
}

#[test]
fn the_last_ending_is_found_by_the_component_unless_another_group_has_it_too() {
    let hash = "0123456789abcdef0123456789abcdef";
    let mut facts = facts(vec![group("web-asg-1", &[OUT_IN])]);
    facts.executions = vec![
        ended(&format!("website-{hash}"), "SUCCEEDED", "2026-01-05T08:59:00Z"),
        ended(&format!("web-{hash}"), "FAILED", "2026-01-05T08:00:00Z"),
    ];
    let row = rows(&facts, &settings(), now()).remove(0);
    assert_eq!((row.last.as_deref(), row.state), (Some("failed"), GroupStanding::Failed));
    assert_eq!(row.last_at.as_deref(), Some("2026-01-05T08:00:00Z"));
    assert_eq!(row.last_succeeded, Some(false));
    // What was asked for by tags leaves nothing outdated where it fails.
    let mut current = FleetRow { state: GroupStanding::Current, ..row };
    assert!(!current.is_well());
    current.last_succeeded = None;
    assert!(current.is_well());
    let said =
        SeenExecution { cause: Some(r#"{"outcome": "rolled_back"}"#.to_owned()), ..Default::default() };
    facts.described.insert(format!("arn:web-{hash}"), said);
    assert_eq!(rows(&facts, &settings(), now())[0].last.as_deref(), Some("rolled_back"));
    // Of what came after it nothing tells how the group's last change ended.
    for (n, (input, outcome, reason)) in [
        ("{}", "restored", "nothing was left to put back"),
        ("{}", "restored", "arn:web ended and left nothing to put back"),
        ("{}", "skipped", ""),
        ("{}", "coalesced", ""),
        ("{}", "dry_run", ""),
        (r#"{"dry_run": "True"}"#, "up_to_date", ""),
        (r#"{"dry_run": "true"}"#, "failed", "no such thing"),
        (r#"{"auto_scaling_group_name": "web-asg-9"}"#, "recycled", ""),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("web-{:032}", n + 1);
        facts.executions.insert(0, ended(&name, "SUCCEEDED", "2026-01-05T08:30:00Z"));
        let output = serde_json::json!({"outcome": outcome, "reason": reason}).to_string();
        let seen = SeenExecution { input: input.to_owned(), output: Some(output), ..Default::default() };
        facts.described.insert(format!("arn:{name}"), seen);
    }
    let row = rows(&facts, &settings(), now()).remove(0);
    assert_eq!((row.last.as_deref(), row.state), (Some("rolled_back"), GroupStanding::Failed));
    facts.groups.push(group("web-asg-2", &[OUT_IN]));
    assert_eq!(rows(&facts, &settings(), now())[0].last, None);
}

#[test]
fn a_dry_run_is_told_from_a_real_one_as_the_machine_reads_it() {
    let was_dry = |input: &str, account: &str| {
        let output = Some(account.to_owned()).filter(|account| !account.is_empty());
        SeenExecution { input: input.to_owned(), output, ..Default::default() }.was_dry()
    };
    for dry in [r#"{"dry_run": "true"}"#, r#"{"dry_run": "TRUE"}"#, r#"{"dry_run": true}"#] {
        assert!(was_dry(dry, ""), "{dry}");
    }
    for real in ["", "[]", "{}", r#"{"dry_run": " true"}"#, r#"{"dry_run": 1}"#, r#"{"dry_run": "false"}"#] {
        assert!(!was_dry(real, ""), "{real}");
    }
    assert!(!was_dry(r#"{"dry_run": "true", "mode": "restore"}"#, ""), "a restore is never dry");
    assert!(!was_dry(r#"{"dry_run": "true"}"#, r#"{"dry_run": false}"#), "it says so itself");
    assert!(was_dry("{}", r#"{"dry_run": true}"#));
}

#[test]
fn a_windowed_strategy_tells_when_it_may_act_next() {
    let timed = [("autorecycle_strategy", "out-in-timed"), ("autorecycle_recycle_window", "22:00,04:00")];
    let row = rows(&facts(vec![group("web", &timed)]), &settings(), now()).remove(0);
    assert_eq!(row.window_opens_at.as_deref(), Some("2026-01-05T22:00:00Z"));
    assert_eq!((row.instances, row.outdated, row.window_is_open), (2, 1, false));
    let timed = [timed[0], ("autorecycle_recycle_window", "08:00,10:00")];
    let row = rows(&facts(vec![group("web", &timed)]), &settings(), now()).remove(0);
    assert_eq!((row.window_is_open, row.window_closes_at.as_deref()), (true, Some("2026-01-05T10:00:00Z")));
}

#[test]
fn what_the_last_recycle_left_alone_counts_as_done_and_what_came_since_does_not() {
    let name = "web-0123456789abcdef0123456789abcdef";
    let judged_of = |count: u32, outcome: &str, left: &str, made_at: &str| {
        let mut facts = facts(vec![group("web-asg-1", &[OUT_IN])]);
        facts.executions = vec![ended(name, "SUCCEEDED", "2026-01-05T08:00:00Z")];
        let output = serde_json::json!({"outcome": outcome, "reason": "left alone: i-2, because it is protected",
            "counts": {"left_alone": count}, "left_alone": [{"id": left, "reason": "it is protected"}]});
        let seen = SeenExecution { output: Some(output.to_string()), ..Default::default() };
        facts.described.insert(format!("arn:{name}"), seen);
        let wanted = LaunchSourceWanted::Version { template: "lt-1".to_owned(), version: "2".to_owned() };
        facts.made_at.insert(wanted, made_at.parse().expect("a time"));
        rows(&facts, &settings(), now()).remove(0)
    };
    let judged = |outcome: &str, left: &str, made_at: &str| judged_of(1, outcome, left, made_at);
    let before = "2026-01-05T07:00:00Z";
    assert!(judged_of(2, "recycled", "i-9", before).is_well(), "one more was counted than is listed");
    let row = judged("recycled", "i-2", before);
    assert_eq!((row.state, row.is_well()), (GroupStanding::Outdated, true));
    assert_eq!(row.detail, "left alone: i-2, because it is protected");
    assert_eq!(row.why().as_deref(), Some("left alone: i-2, because it is protected"));
    assert!(judged("up_to_date", "i-2", before).is_well());
    for (outcome, left, made_at, why) in [
        ("restored", "i-2", before, "it did not come to its end"),
        ("recycled", "i-9", before, "another instance"),
        ("recycled", "i-2", "2026-01-05T07:59:30Z", "a version that was made since it began"),
    ] {
        let row = judged(outcome, left, made_at);
        assert_eq!((row.state, row.is_well(), &*row.detail), (GroupStanding::Outdated, false, ""), "{why}");
    }
}
