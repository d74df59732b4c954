//! What executions tell of themselves, in words.

use serde_json::json;

use super::*;
use crate::operate::fleet::tests::now;

fn seen(
    started_minutes_ago: i64,
    status: &str,
    cause: Option<Value>,
    output: Option<Value>,
) -> SeenExecution {
    let seconds =
        |minutes: i64| f64::from(u32::try_from(now().as_second() - minutes * 60).expect("of this age"));
    let input = json!({"auto_scaling_group_name": "web-asg-1", "strategy": "out-in", "mode": "recycle",
        "trigger": {"event_name": "UpdateAutoScalingGroup", "event_id": "e-1"}});
    SeenExecution {
        execution_arn: format!("arn:{started_minutes_ago}"),
        status: status.to_owned(),
        start_date: seconds(started_minutes_ago),
        stop_date: (status != "RUNNING").then(|| seconds(started_minutes_ago - 10)),
        input: input.to_string(),
        output: output.map(|output| output.to_string()),
        error: cause.as_ref().map(|_| "Recycle.LaunchFailed".to_owned()),
        cause: cause.map(|cause| cause.to_string()),
    }
}

#[test]
fn executions_are_told_of_as_they_told_of_themselves() {
    let recycled = json!({"outcome": "recycled", "reason": "", "counts": {"to_replace": 3, "replaced": 2, "left_alone": 2},
        "left_alone": [{"id": "i-1", "reason": "it is protected from scale-in"}],
        "seconds": {"total": 600, "waiting": 0, "launching": 240, "draining": 330.4}});
    let failed = json!({"outcome": "rolled_back", "reason": "launches keep failing", "counts": {"to_replace": 3, "replaced": 0}});
    let facts = HistoryFacts {
        executions: vec![
            seen(5, "RUNNING", None, None),
            seen(60, "SUCCEEDED", None, Some(recycled)),
            seen(90, "FAILED", Some(failed), None),
            seen(120, "ABORTED", None, None),
        ],
        has_more: true,
        is_there: true,
        ..HistoryFacts::default()
    };
    let place = StackPlace {
        stack: "webops".to_owned(),
        region: "eu-west-2".to_owned(),
        account: "123456789012".to_owned(),
    };
    let report = report(&facts, &place, 7, now());
    assert_eq!(
        text(&report, Some("web-asg-1"), None),
        "webops, account 123456789012, eu-west-2; since 2025-10-07\n\
         STARTED           ENDED        REPLACED  TOOK    TRIGGER                 STRATEGY  SECONDS\n\
         2026-01-05 08:55  running      -         5 min   UpdateAutoScalingGroup  out-in    -\n\
         2026-01-05 08:00  recycled     2 of 3    10 min  UpdateAutoScalingGroup  out-in    draining 330, launching 240\n\
         2026-01-05 07:30  rolled_back  0 of 3    10 min  UpdateAutoScalingGroup  out-in    -\n\
         2026-01-05 07:00  aborted      -         10 min  UpdateAutoScalingGroup  out-in    -\n\
         2026-01-05 08:00 recycled: left i-1 alone: it is protected from scale-in\n\
         2026-01-05 08:00 recycled: left 1 more alone\n\
         2026-01-05 07:30 rolled_back (Recycle.LaunchFailed): launches keep failing\n\
         there are older ones: `--limit` shows more\n"
    );
    let narrow = text(&report, None, Some(80));
    assert!(narrow.lines().nth(1).is_some_and(|line| line.contains("GROUP") && line.len() <= 80), "{narrow}");
    let nothing = |has_more| {
        let report = super::report(&HistoryFacts { has_more, ..HistoryFacts::default() }, &place, 3, now());
        text(&report, Some("web-asg-1"), None)
    };
    assert!(nothing(false).ends_with("\nnothing ran\n"));
    assert!(nothing(true).contains("there are older ones"), "that there is nothing is not known");
    assert_eq!(report.executions[1].event_id.as_deref(), Some("e-1"));
}

#[test]
fn what_puts_back_after_an_abort_tells_who_aborted() {
    let mut stopped = seen(60, "ABORTED", None, None);
    stopped.cause = Some(format!("{ABORTED_BY}arn:aws:iam::123456789012:user/ann"));
    let mut restore = seen(50, "SUCCEEDED", None, None);
    restore.input = json!({"auto_scaling_group_name": "web-asg-1", "mode": "restore",
        "trigger": {"event_name": "ABORTED", "execution_arn": "arn:60"}})
    .to_string();
    let who = |executions: Vec<SeenExecution>| {
        let restore = executions[0].clone();
        aborter(&restore, &HistoryFacts { executions, ..HistoryFacts::default() })
    };
    let ann = Some("arn:aws:iam::123456789012:user/ann".to_owned());
    assert_eq!(who(vec![restore.clone(), stopped.clone()]), ann);
    stopped.cause = Some("by somebody in the console".to_owned());
    assert_eq!(who(vec![restore.clone(), stopped]), None);
    assert_eq!(who(vec![restore]), None, "it is not among those looked at");
}

#[test]
fn who_called_and_what_it_cost_are_told_where_they_are_known() {
    let mut facts =
        HistoryFacts { executions: vec![seen(60, "SUCCEEDED", None, None)], ..HistoryFacts::default() };
    let place = StackPlace {
        stack: "webops".to_owned(),
        region: "eu-west-2".to_owned(),
        account: "123456789012".to_owned(),
    };
    let told = |facts: &HistoryFacts| text(&report(facts, &place, 7, now()), Some("web-asg-1"), None);
    assert!(!told(&facts).contains("BY") && !told(&facts).contains("COST"), "{}", told(&facts));
    facts.callers.insert("e-1".to_owned(), "arn:aws:sts::123456789012:assumed-role/deployer/ann".to_owned());
    let cost = ExecutionCost { transitions: 400, extra_instance_hours: Some(1.5), dollars_per_hour: None };
    facts.costs.insert("arn:60".to_owned(), cost);
    assert!(told(&facts).contains(" assumed-role/deployer/ann  $0.0100  "), "{}", told(&facts));
    facts.costs.insert("arn:60".to_owned(), ExecutionCost { dollars_per_hour: Some(0.2), ..cost });
    assert!(told(&facts).contains("  $0.0100 + $0.30  "), "{}", told(&facts));
    let gone = ExecutionCost { extra_instance_hours: None, dollars_per_hour: Some(0.2), ..cost };
    facts.costs.insert("arn:60".to_owned(), gone);
    assert!(told(&facts).contains("  $0.0100  "), "what is not known costs not nothing: {}", told(&facts));
}
