//! Makes up scenarios: groups, faults and moments, all from a seed. A scenario is a tree of values as a file would
//! hold it, so that it can be taken apart, written down and run again.

use serde_json::{Map, Value, json};

use super::dice::Dice;

/// Makes one up.
pub(super) fn invent(seed: u64) -> Value {
    let mut dice = Dice::seeded(seed);
    let group = group(&mut dice);
    let (triggers, stops) = (triggers(&mut dice), stops(&mut dice));
    json!({
        "about": format!("made up from seed {seed}"),
        "world": world(&mut dice, seed),
        "group": group,
        "triggers": triggers,
        "events": events(&mut dice),
        "stops": stops,
    })
}

fn seconds(dice: &mut Dice, low: u64, high: u64) -> Value {
    json!(format!("{}s", dice.between(low, high)))
}

fn world(dice: &mut Dice, seed: u64) -> Value {
    let mut world = Map::new();
    world.insert("seed".to_owned(), json!(seed));
    if dice.happens(30) {
        world.insert("error_names".to_owned(), json!("spaced"));
    }
    if dice.happens(25) {
        let lag = json!({"by": seconds(dice, 1, 8), "percent": dice.between(10, 60)});
        world.insert("read_lag".to_owned(), lag);
    }
    if dice.happens(20) {
        world.insert("latency".to_owned(), json!(format!("{}ms", dice.between(20, 2000))));
    }
    Value::Object(world)
}

fn group(dice: &mut Dice) -> Value {
    let desired = if dice.happens(5) { 0 } else { dice.between(1, 6) };
    let min = if dice.happens(50) { desired } else { dice.between(0, desired) };
    let max = if dice.happens(40) { desired } else { dice.between(desired, desired * 2 + 2) };
    let mut group = Map::new();
    let mut put = |key: &str, value: Value| group.insert(key.to_owned(), value);
    put("min", json!(min));
    put("desired", json!(desired));
    put("max", json!(max));
    let zones = ["eu-west-2a", "eu-west-2b", "eu-west-2c"];
    let zones = &zones[..usize::try_from(dice.between(1, 3)).unwrap_or(1)];
    put("zones", json!(zones));
    put("target_groups", json!(dice.between(0, 2)));
    if dice.happens(30) {
        put("health_check", json!("EC2"));
    }
    if dice.happens(30) {
        put("current_instances", json!(dice.between(0, desired)));
    }
    if dice.happens(15) {
        put("protected_instances", json!(dice.between(0, desired)));
    }
    if dice.happens(10) {
        put("standby_instances", json!(1));
    }
    if dice.happens(10) {
        put("protects_new_instances", json!(true));
    }
    if dice.happens(20) {
        put(
            "suspended",
            dice.one(&[json!(["AZRebalance"]), json!(["AlarmNotification"]), json!(["Launch"])]).clone(),
        );
    }
    if dice.happens(30) {
        let policies =
            ["OldestInstance", "NewestInstance", "OldestLaunchTemplate", "ClosestToNextInstanceHour"];
        put("termination_policies", json!([dice.one(&policies)]));
    }
    for hook in ["launch_hook", "terminate_hook"] {
        if dice.happens(15) {
            put(hook, json!({"takes": seconds(dice, 5, 120), "heartbeat": seconds(dice, 300, 1200)}));
        }
    }
    let versions =
        [json!({"template": {"version": "$Latest"}}), json!({"template": {"version": "$Default"}})];
    if dice.happens(40) {
        put("launch", dice.one(&versions).clone());
    }
    if dice.happens(4) {
        put("tags", json!({"autorecycle_dry_run": "true"}));
    }
    put("timing", timing(dice));
    Value::Object(group)
}

fn timing(dice: &mut Dice) -> Value {
    let boot = dice.between(20, 400);
    json!({
        "start": format!("{}s", dice.between(5, boot.min(30))),
        "boot": format!("{boot}s"),
        "health_lag": seconds(dice, 0, 60),
        "drain": seconds(dice, 0, 400),
        "shutdown": seconds(dice, 1, 60),
        "release": seconds(dice, 0, 90),
        "spread_percent": dice.between(0, 30),
    })
}

fn triggers(dice: &mut Dice) -> Value {
    let kinds = ["launch_change", "launch_change", "tag_change", "redelivery"];
    let count = if dice.happens(60) { 0 } else { dice.between(1, 3) };
    let mut triggers = vec![json!({"at": "0s", "event": dice.one(&kinds[..3])})];
    for _ in 0..count {
        triggers.push(json!({"at": seconds(dice, 1, 1500), "event": dice.one(&kinds)}));
    }
    Value::Array(triggers)
}

fn stops(dice: &mut Dice) -> Value {
    if !dice.happens(30) {
        return json!([]);
    }
    let stop = if dice.happens(50) {
        json!({"after_transitions": dice.between(2, 250)})
    } else {
        json!({"at": seconds(dice, 2, 1500)})
    };
    json!([stop])
}

fn events(dice: &mut Dice) -> Value {
    let count = if dice.happens(25) { 0 } else { dice.between(1, 4) };
    (0..count).map(|_| event(dice)).collect()
}

fn event(dice: &mut Dice) -> Value {
    let deed = deed(dice);
    // Nobody can look at sizes and change them in one call, so somebody else's change must not come just between.
    if deed.get("set_sizes").is_some() || dice.happens(40) {
        return json!({"at": seconds(dice, 0, 1500), "do": deed});
    }
    let delay = if dice.happens(30) { json!("0s") } else { seconds(dice, 0, 200) };
    if dice.happens(50) {
        let names =
            ["launched", "in_service", "targets_healthy", "terminating", "left", "sized", "suspended"];
        return json!({"after_event": {"event": dice.one(&names), "nth": dice.between(1, 4)}, "delay": delay, "do": deed});
    }
    let actions = [
        "updateAutoScalingGroup",
        "terminateInstanceInAutoScalingGroup",
        "describeAutoScalingGroups",
        "suspendProcesses",
        "resumeProcesses",
        "putItem",
        "updateItem",
        "deleteItem",
        "describeTargetHealth",
    ];
    json!({"after_call": {"action": dice.one(&actions), "nth": dice.between(1, 6)}, "delay": delay, "do": deed})
}

fn deed(dice: &mut Dice) -> Value {
    let which = *dice.one(&["any", "old", "new", "pending"]);
    match dice.between(0, 18) {
        0 | 1 => json!({"kill": {"which": which, "count": dice.between(1, 2)}}),
        2 => json!({"break_application": {"which": which}}),
        3 => json!({"break_launches": {"for": seconds(dice, 30, 4000)}}),
        4 | 5 => json!({"fail_launches": {"for": seconds(dice, 10, 4000)}}),
        6 | 7 => json!({"scaling_policy": {"by": *dice.one(&[-2, -1, 1, 2])}}),
        8 => json!({"scheduled_action": {"desired": dice.between(0, 6)}}),
        9 => json!({"set_sizes": {"max": dice.between(2, 12)}}),
        10 => json!({"set_sizes": {"min": dice.between(0, 3)}}),
        11 => json!({"new_template_version": {"make_default": dice.happens(50)}}),
        12 => json!({"launch_from": {"template": {"version": dice.between(3, 4).to_string()}}}),
        13 => json!({"protect": {"which": which}}),
        14 => json!({"standby": {"which": which}}),
        15 if dice.happens(30) => json!("delete_group"),
        _ => json!({"fail_calls": failing_calls(dice)}),
    }
}

fn failing_calls(dice: &mut Dice) -> Value {
    let errors =
        ["throttling", "resource_contention", "scaling_activity_in_progress", "internal", "no_answer"];
    let mut fault = json!({"error": dice.one(&errors)});
    if dice.happens(30) {
        fault["service"] =
            json!(dice.one(&["autoscaling", "dynamodb", "elasticloadbalancingv2", "ec2", "sns", "sfn"]));
    }
    if dice.happens(30) {
        fault["access"] = json!("write");
        if dice.happens(50) {
            fault["change"] = json!("made");
        }
    }
    if dice.happens(60) {
        fault["count"] = json!(dice.between(1, 8));
    } else {
        fault["percent"] = json!(dice.between(5, 60));
        fault["for"] = seconds(dice, 5, 600);
    }
    fault
}
