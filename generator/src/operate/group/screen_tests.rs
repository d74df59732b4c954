//! Screens of one group, whole, at the columns that terminals have.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::*;
use crate::operate::answers::SeenTemplate;
use crate::operate::answers::execution::SeenExecution;
use crate::operate::answers::group::SeenActivity;
use crate::operate::answers::planned::SeenRefresh;
use crate::operate::fleet::FleetFacts;
use crate::operate::fleet::tests::{OUT_IN, group, now, settings};
use crate::operate::group::load_balancers::{LoadBalancerKind, TargetFact};
use crate::operate::group::status::{self, GroupFacts};
use crate::operate::lock::{GroupLock, SeenJournal};
use crate::operate::place::StackPlace;

fn minutes_ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

fn target(instance: &str, state: &str, reason: Option<&str>) -> TargetFact {
    let status = TargetStatus {
        kind: LoadBalancerKind::TargetGroup,
        name: "web".to_owned(),
        state: state.to_owned(),
        reason: reason.map(str::to_owned),
        is_fit: state == "healthy",
    };
    TargetFact { instance: instance.to_owned(), status }
}

const HOLDER: &str =
    "arn:aws:states:eu-west-2:123456789012:execution:webops:web-0123456789abcdef0123456789abcdef";

/// The lock of a group that is doubled, with a mark beside it.
fn held(group: &str) -> GroupLock {
    let journal = SeenJournal {
        phase: "doubling".to_owned(),
        min: Some(1),
        set_min: vec![2],
        replace: vec!["i-2".to_owned()],
        ..SeenJournal::default()
    };
    GroupLock {
        group: group.to_owned(),
        held_by: Some(HOLDER.to_owned()),
        has_mark: true,
        journal: Some(journal),
        ..GroupLock::default()
    }
}

/// A group of two of which one is outdated, half an hour into its recycle: the new instance is not healthy as a target.
fn recycling() -> GroupFacts {
    let mut web = group("web-asg-1", &[OUT_IN]);
    (web.min_size, web.desired_capacity, web.max_size) = (2, 2, 4);
    web.target_groups.list = vec!["arn:aws:elasticloadbalancing:eu-west-2:1:targetgroup/web/0".to_owned()];
    for instance in &mut web.instances.list {
        instance.availability_zone = "eu-west-2a".to_owned();
        instance.health_status = "Healthy".to_owned();
        instance.instance_type = "m6g.large".to_owned();
    }
    let lock = held(&web.name);
    let template = SeenTemplate {
        launch_template_id: "lt-1".to_owned(),
        default_version_number: 1,
        latest_version_number: 2,
    };
    let input =
        json!({"strategy": "out-in", "mode": "recycle", "trigger": {"event_name": "UpdateAutoScalingGroup"}});
    let milliseconds = now().as_millisecond() + 5_400_000;
    GroupFacts {
        fleet: FleetFacts {
            groups: vec![web.clone()],
            locks: [(web.name, lock)].into(),
            aliases: [("lt-1".to_owned(), template)].into(),
            ..FleetFacts::default()
        },
        launched: [("i-1".to_owned(), minutes_ago(25)), ("i-2".to_owned(), minutes_ago(4_000))].into(),
        targets: vec![target("i-1", "unhealthy", Some("Target.Timeout")), target("i-2", "healthy", None)],
        activities: vec![SeenActivity {
            description: "Launching a new EC2 instance: i-1".to_owned(),
            status_code: "Successful".to_owned(),
            start_time: minutes_ago(25).to_string(),
            end_time: Some(minutes_ago(20).to_string()),
        }],
        holder: Some(SeenExecution {
            execution_arn: HOLDER.to_owned(),
            status: "RUNNING".to_owned(),
            start_date: f64::from(u32::try_from(minutes_ago(30).as_second()).expect("of this age")),
            input: input.to_string(),
            ..SeenExecution::default()
        }),
        assigned: BTreeMap::from([("deadline".to_owned(), json!(milliseconds))]),
        at_state: Some("Are all healthy?".to_owned()),
        at_state_since: Some(minutes_ago(2)),
        unasked: Vec::new(),
        ..GroupFacts::default()
    }
}

fn seen(facts: &GroupFacts) -> GroupSeen {
    let place = StackPlace {
        stack: "webops".to_owned(),
        region: "eu-west-2".to_owned(),
        account: "123456789012".to_owned(),
    };
    status::of(facts, &place, &settings(), 9, now()).expect("the group")
}

fn area(columns: Option<usize>, rows: Option<usize>) -> ScreenArea {
    ScreenArea { columns, rows, paint: Paint::Plain }
}

#[test]
fn a_screen_tells_who_started_the_recycle_by_hand_and_what_it_waits_for() {
    let mut facts = recycling();
    let by = "arn:aws:sts::123456789012:assumed-role/oncall/ann";
    let input = json!({"strategy": "out-in", "mode": "recycle", "trigger": {"event_name": "started by hand", "by": by}});
    facts.holder.as_mut().expect("it runs").input = input.to_string();
    let in_two_minutes = json!({"until": now().as_millisecond() + 120_000});
    facts.assigned.insert("proving".to_owned(), in_two_minutes);
    facts.assigned.insert("phases".to_owned(), json!([{"name": "launching"}, {"name": "proving"}]));
    let seen = seen(&facts);
    let told = screen(&seen, area(None, None));
    for line in [
        "phase      doubling (phase 1 of 3), proving, 0 of 1 old instances gone\n",
        "trigger    started by hand by assumed-role/oncall/ann\n",
        "deadline   in 2 min the new instances have proved themselves\n",
    ] {
        assert!(told.contains(line), "{line} in {told}");
    }
    assert_eq!(seen.status.recycle.expect("it runs").by.as_deref(), Some(by));
}

#[test]
fn a_screen_tells_what_runs_what_is_there_and_what_was() {
    let told = screen(&seen(&recycling()), area(Some(80), Some(40)));
    let expected = "\
web-asg-1: recycling with out-in
webops, account 123456789012, eu-west-2
sizes      min 2, desired 2, max 4
capacity   2 instances, 1 healthy
outdated   1 of 2, since ?
phase      doubling (phase 1 of 3), 0 of 1 old instances gone
held by    web-0123456789abcdef0123456789abcdef, running for 30 min
trigger    UpdateAutoScalingGroup
at         \"Are all healthy?\"
deadline   in 1 h 30 min the phase has to be over
mark       another round was asked for, and follows
would undo the minimum 1 (is 2)
           new instances are taken away again; the old ones stay

INSTANCE  ZONE        VERSION     STATE      TARGET              AGE
i-2       eu-west-2a  1, wants 2  InService  healthy             2 d 18 h
i-1       eu-west-2a  2           InService  unhealthy, Timeout  25 min

            o old   x new, in service   + new, not in service   . leaving
         2 |            +++++++++++xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
         1 |oooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooo
         0 +--------------------------------------------------------------------
";
    assert!(told.starts_with(expected), "{told}");
    assert!(told.lines().all(|line| line.chars().count() <= 80) && told.lines().count() <= 40, "{told}");
}

#[test]
fn who_is_replaced_though_nothing_is_outdated_is_marked_as_long_as_it_is_there() {
    let mut seen = seen(&recycling());
    for one in &mut seen.status.instances {
        (one.wants, one.to_replace) = (None, one.id == "i-2");
    }
    let told = screen(&seen, area(Some(80), Some(40)));
    assert!(told.contains("i-2       eu-west-2a  1, to go  InService"), "{told}");
    assert!(told.contains("i-1       eu-west-2a  2         InService"), "{told}");
    seen.status.instances.iter_mut().for_each(|one| one.lifecycle_state = "Terminating".to_owned());
    assert!(!screen(&seen, area(Some(80), Some(40))).contains("to go"));
}

#[test]
fn a_screen_fits_any_terminal_and_a_pipe_gets_all_of_it() {
    let seen = seen(&recycling());
    for (columns, rows) in [(40, 12), (80, 24), (200, 50)] {
        let told = screen(&seen, area(Some(columns), Some(rows)));
        assert!(told.lines().all(|line| line.chars().count() <= columns), "{columns}:\n{told}");
        assert!(told.lines().count() <= rows.max(24), "{rows}:\n{told}");
    }
    let wide = screen(&seen, area(Some(200), Some(50)));
    assert!(wide.contains("TYPE") && wide.contains("m6g.large"), "{wide}");
    let piped = screen(&seen, area(None, None));
    assert!(piped.contains("healthy             2 d 18 h  m6g.large") && piped.contains("o old"), "{piped}");
}

#[test]
fn what_a_line_ends_with_is_not_lost_in_a_narrow_terminal() {
    let mut seen = seen(&recycling());
    let group = &mut seen.status.group;
    group.state = GroupStanding::Failed;
    group.detail = "Recycle.LaunchTimeout: not every new instance was healthy after 2 h 15 min: the target group web says: unhealthy"
        .to_owned();
    let told = screen(&seen, area(Some(80), None));
    let expected = "
why        Recycle.LaunchTimeout: not every new instance was healthy after 2 h
           15 min: the target group web says: unhealthy
sizes ";
    assert!(told.contains(expected), "{told}");
}

#[test]
fn a_window_is_told_by_when_it_opens_and_while_it_is_open_by_when_it_closes() {
    let mut seen = seen(&recycling());
    let mut told = |is_open| {
        let group = &mut seen.status.group;
        group.window_opens_at = Some("2026-01-05T08:00:00Z".to_owned());
        group.window_closes_at = Some("2026-01-05T10:00:00Z".to_owned());
        group.window_is_open = is_open;
        screen(&seen, area(Some(80), None))
    };
    assert!(told(true).contains("\nwindow     open until 2026-01-05T10:00:00Z\n"));
    assert!(told(false).contains("\nwindow     opens 2026-01-05T08:00:00Z\n"));
}

#[test]
fn a_line_of_a_log_tells_the_same() {
    assert_eq!(
        line(&seen(&recycling()).status),
        "recycling with out-in; doubling (phase 1 of 3), 0 of 1 old instances gone; 2 instances, 1 healthy; min 2, desired 2, max 4"
    );
    let mut idle = recycling();
    idle.fleet.locks.clear();
    assert_eq!(line(&seen(&idle).status), "outdated; 2 instances, 1 healthy; min 2, desired 2, max 4");
}

#[test]
fn a_frame_is_no_higher_than_its_terminal() {
    let seen = seen(&recycling());
    for rows in [50, 24, 12, 6, 4] {
        let area = ScreenArea { columns: Some(80), rows: Some(rows - FOOT_ROWS), paint: Paint::Plain };
        let frame = framed(&screen(&seen, area), "a look every 15 s", (80, rows));
        assert!(frame.lines().count() < rows, "{rows}:\n{frame}");
        assert!(
            frame.starts_with("web-asg-1: ") && frame.ends_with("\na look every 15 s\n"),
            "{rows}:\n{frame}"
        );
    }
    assert_eq!(framed("one\ntwo\n", "foot", (80, 2)), "foot\n");
}

#[test]
fn an_instance_that_a_target_group_does_not_know_is_not_healthy() {
    let arn = |name: &str| format!("arn:aws:elasticloadbalancing:eu-west-2:1:targetgroup/{name}/0");
    let mut facts = recycling();
    facts.targets = vec![target("i-1", "healthy", None), target("i-2", "healthy", None)];
    let serving = |facts: &GroupFacts| {
        seen(facts)
            .status
            .instances
            .iter()
            .filter(|one| one.serves)
            .map(|one| one.id.clone())
            .collect::<Vec<_>>()
    };
    facts.fleet.groups[0].target_groups.list = vec![arn("web")];
    assert_eq!(serving(&facts).len(), 2);
    facts.targets.pop();
    assert_eq!(serving(&facts), ["i-1"]);
    assert!(screen(&seen(&facts), area(Some(120), None)).contains("unknown"));
    facts.fleet.groups[0].target_groups.list.push(arn("further"));
    assert!(serving(&facts).is_empty(), "the further one was not asked");
}

#[test]
fn the_execution_of_another_stack_is_not_forgotten() {
    let mut facts = recycling();
    facts.holder = None;
    assert!(screen(&seen(&facts), area(Some(120), None)).contains(", forgotten"));
    let lock = facts.fleet.locks.get_mut("web-asg-1").expect("its lock");
    lock.held_by = Some("arn:aws:states:eu-west-2:123456789012:execution:another:web-1".to_owned());
    let told = screen(&seen(&facts), area(Some(120), None));
    assert!(told.contains("web-1, of another stack") && !told.contains("forgotten"), "{told}");
}

#[test]
fn a_deadline_that_has_passed_stays() {
    let mut facts = recycling();
    facts.assigned.insert("deadline".to_owned(), json!(now().as_millisecond() - 180_000));
    let told = screen(&seen(&facts), area(Some(120), None));
    assert!(told.contains("deadline   over for 3 min: the phase has to be over"), "{told}");
}

#[test]
fn what_aws_says_of_a_refresh_is_told_on_the_screen_and_in_the_log() {
    let mut facts = recycling();
    facts.refresh = Some(SeenRefresh {
        status: "InProgress".to_owned(),
        status_reason: Some("Waiting for i-2\n to be available.".to_owned()),
        percentage_complete: Some(33),
        ..SeenRefresh::default()
    });
    let told = screen(&seen(&facts), area(Some(80), None));
    let refresh = "InProgress, 33 %: Waiting for i-2 to be available.";
    assert!(told.contains(&format!("\nrefresh    {refresh}\n")), "{told}");
    assert!(line(&seen(&facts).status).contains(&format!("; refresh {refresh}; ")));
}

#[test]
fn a_line_is_cut_by_columns_not_characters() {
    assert_eq!(
        (&*cut("検索-asg", 8), &*cut("検索-asg", 7), &*cut("検索-asg", 4)),
        ("検索-asg", "検索-a…", "検…")
    );
    assert_eq!(cut("web", 3), "web");
}

#[test]
fn states_are_coloured_on_a_coloured_screen_and_lines_are_no_longer_for_it() {
    let facts = recycling();
    let seen = seen(&facts);
    let shown = |paint| screen(&seen, ScreenArea { columns: Some(80), rows: None, paint });
    let coloured = shown(Paint::Coloured);
    assert!(coloured.starts_with("web-asg-1: \u{1b}[36mrecycling with out-in\u{1b}[0m\n"), "{coloured}");
    assert!(coloured.contains("\u{1b}[33mInService\u{1b}[0m"), "one that its target group does not take");
    let codes = ["36", "33", "32", "31", "1;31", "34", "2", "0"].map(|code| format!("\u{1b}[{code}m"));
    let without = codes.iter().fold(coloured.clone(), |text, code| text.replace(code, ""));
    let table = |text: &str| {
        text.lines().take_while(|line| !line.contains("old")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(table(&without), table(&shown(Paint::Plain)));
}
