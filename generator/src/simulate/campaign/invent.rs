//! Makes up scenarios: groups, faults and moments, all from a seed. A scenario is a tree of values as a file would
//! hold it, so that it can be taken apart, written down and run again.

use asg_recycle_simulator::random::Random;
use serde_json::{Map, Value, json};

/// The environments of a scenario with several stacks, which take the same groups and share a table of locks.
pub(super) const STACKS: [&str; 2] = ["dev", "qa"];

/// Makes one up.
pub(super) fn invent(seed: u64) -> Value {
    // Neighbouring seeds are far apart after the first number, not before.
    let random = &Random::seeded(seed ^ 0x5851_f42d_4c95_7f2d);
    random.bits();
    let group = group(random);
    let (triggers, stops) = (triggers(random), stops(random));
    let redrives = redrives(random);
    let mut document = json!({
        "about": format!("made up from seed {seed}"),
        "world": world(random, seed),
        "group": group,
        "triggers": triggers,
        "events": events(random),
        "stops": stops,
        "redrives": redrives,
    });
    // From numbers of their own, so that a seed without these is what it was before there were any.
    let random = &Random::seeded(seed ^ 0x2545_f491_4f6c_dd1d);
    if random.happens(10) {
        document["stacks"] = json!(STACKS);
    }
    if random.happens(10) {
        second_group(random, &mut document);
    }
    document
}

/// Another group beside the first, with a request and what happens to it.
fn second_group(random: &Random, document: &mut Value) {
    const NAME: &str = "jobs-asg-1";
    let mut group = group(random);
    group["name"] = json!(NAME);
    document["other_groups"] = json!([group]);
    let mut add = |list: &str, mut item: Value| {
        item["group"] = json!(NAME);
        document[list].as_array_mut().into_iter().for_each(|items| items.push(item.clone()));
    };
    let asks = *random.one_of(&["launch_change", "tag_change"]);
    add("triggers", json!({"at": seconds(random, 0, 900), "event": asks}));
    for _ in 0..between(random, 0, 2) {
        add("events", event(random));
    }
}

/// A number in `low..=high`, drawn even where there is no choice: what is drawn after it does not depend on it.
fn between(random: &Random, low: u64, high: u64) -> u64 {
    low + random.up_to(high - low)
}

fn seconds(random: &Random, low: u64, high: u64) -> Value {
    json!(format!("{}s", between(random, low, high)))
}

fn world(random: &Random, seed: u64) -> Value {
    let mut world = Map::new();
    world.insert("seed".to_owned(), json!(seed));
    if random.happens(30) {
        world.insert("error_names".to_owned(), json!("spaced"));
    }
    if random.happens(25) {
        let lag = json!({"by": seconds(random, 1, 8), "percent": between(random, 10, 60)});
        world.insert("read_lag".to_owned(), lag);
    }
    if random.happens(20) {
        world.insert("latency".to_owned(), json!(format!("{}ms", between(random, 20, 2000))));
    }
    Value::Object(world)
}

fn group(random: &Random) -> Value {
    let desired = if random.happens(5) { 0 } else { between(random, 1, 6) };
    let min = if random.happens(50) { desired } else { between(random, 0, desired) };
    let max = if random.happens(40) { desired } else { between(random, desired, desired * 2 + 2) };
    let mut group = Map::new();
    let mut put = |key: &str, value: Value| group.insert(key.to_owned(), value);
    put("min", json!(min));
    put("desired", json!(desired));
    put("max", json!(max));
    let zones = ["eu-west-2a", "eu-west-2b", "eu-west-2c"];
    let zones = &zones[..usize::try_from(between(random, 1, 3)).unwrap_or(1)];
    put("zones", json!(zones));
    put("target_groups", json!(between(random, 0, 2)));
    if random.happens(30) {
        put("health_check", json!("EC2"));
    }
    if random.happens(30) {
        put("current_instances", json!(between(random, 0, desired)));
    }
    if random.happens(15) {
        put("protected_instances", json!(between(random, 0, desired)));
    }
    if random.happens(10) {
        put("standby_instances", json!(1));
    }
    if random.happens(10) {
        put("protects_new_instances", json!(true));
    }
    if random.happens(20) {
        put(
            "suspended",
            random.one_of(&[json!(["AZRebalance"]), json!(["AlarmNotification"]), json!(["Launch"])]).clone(),
        );
    }
    if random.happens(30) {
        let policies =
            ["OldestInstance", "NewestInstance", "OldestLaunchTemplate", "ClosestToNextInstanceHour"];
        put("termination_policies", json!([random.one_of(&policies)]));
    }
    for hook in ["launch_hook", "terminate_hook"] {
        if random.happens(15) {
            put(hook, json!({"takes": seconds(random, 5, 120), "heartbeat": seconds(random, 300, 1200)}));
        }
    }
    let versions =
        [json!({"template": {"version": "$Latest"}}), json!({"template": {"version": "$Default"}})];
    if random.happens(40) {
        put("launch", random.one_of(&versions).clone());
    }
    if random.happens(4) {
        put("tags", json!({"autorecycle_dry_run": "true"}));
    }
    put("timing", timing(random));
    Value::Object(group)
}

fn timing(random: &Random) -> Value {
    let boot = between(random, 20, 400);
    json!({
        "start": format!("{}s", between(random, 5, boot.min(30))),
        "boot": format!("{boot}s"),
        "health_lag": seconds(random, 0, 60),
        "drain": seconds(random, 0, 400),
        "shutdown": seconds(random, 1, 60),
        "release": seconds(random, 0, 90),
        "spread_percent": between(random, 0, 30),
    })
}

fn triggers(random: &Random) -> Value {
    let kinds = ["launch_change", "launch_change", "tag_change", "tag_restated", "redelivery"];
    let count = if random.happens(60) { 0 } else { between(random, 1, 3) };
    let mut triggers = vec![json!({"at": "0s", "event": random.one_of(&kinds[..4])})];
    for _ in 0..count {
        triggers.push(json!({"at": seconds(random, 1, 1500), "event": random.one_of(&kinds)}));
    }
    Value::Array(triggers)
}

fn stops(random: &Random) -> Value {
    if !random.happens(30) {
        return json!([]);
    }
    let stop = if random.happens(50) {
        json!({"after_transitions": between(random, 2, 250)})
    } else {
        json!({"at": seconds(random, 2, 1500)})
    };
    json!([stop])
}

/// What somebody stopped, or what failed, somebody may redrive: before its restore, or long after it.
fn redrives(random: &Random) -> Value {
    if random.happens(15) { json!([seconds(random, 2, 9000)]) } else { json!([]) }
}

fn events(random: &Random) -> Value {
    let count = if random.happens(25) { 0 } else { between(random, 1, 4) };
    (0..count).map(|_| event(random)).collect()
}

fn event(random: &Random) -> Value {
    let intervention = intervention(random);
    // Nobody can look at sizes and change them in one call, so somebody else's change must not come just between.
    if intervention.get("set_sizes").is_some() || random.happens(40) {
        return json!({"at": seconds(random, 0, 1500), "do": intervention});
    }
    let delay = if random.happens(30) { json!("0s") } else { seconds(random, 0, 200) };
    if random.happens(50) {
        let names =
            ["launched", "in_service", "targets_healthy", "terminating", "left", "sized", "suspended"];
        return json!({"after_event": {"event": random.one_of(&names), "nth": between(random, 1, 4)}, "delay": delay, "do": intervention});
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
    json!({"after_call": {"action": random.one_of(&actions), "nth": between(random, 1, 6)}, "delay": delay, "do": intervention})
}

fn intervention(random: &Random) -> Value {
    let which = *random.one_of(&["any", "old", "new", "pending"]);
    match between(random, 0, 18) {
        0 | 1 => json!({"kill": {"which": which, "count": between(random, 1, 2)}}),
        2 => json!({"break_application": {"which": which}}),
        3 => json!({"break_launches": {"for": seconds(random, 30, 4000)}}),
        4 | 5 => json!({"fail_launches": {"for": seconds(random, 10, 4000)}}),
        6 | 7 => json!({"scaling_policy": {"by": *random.one_of(&[-2, -1, 1, 2])}}),
        8 => json!({"scheduled_action": {"desired": between(random, 0, 6)}}),
        9 => json!({"set_sizes": {"max": between(random, 2, 12)}}),
        10 => json!({"set_sizes": {"min": between(random, 0, 3)}}),
        11 => json!({"new_template_version": {"make_default": random.happens(50)}}),
        12 => json!({"launch_from": {"template": {"version": between(random, 3, 4).to_string()}}}),
        13 => json!({"protect": {"which": which}}),
        14 => json!({"standby": {"which": which}}),
        15 if random.happens(30) => json!("delete_group"),
        16 => json!({"set_tag": {"key": "release", "value": between(random, 1, 3).to_string()}}),
        _ => json!({"fail_calls": failing_calls(random)}),
    }
}

fn failing_calls(random: &Random) -> Value {
    let errors =
        ["throttling", "resource_contention", "scaling_activity_in_progress", "internal", "no_answer"];
    let mut fault = json!({"error": random.one_of(&errors)});
    if random.happens(30) {
        fault["service"] =
            json!(random.one_of(&["autoscaling", "dynamodb", "elasticloadbalancingv2", "ec2", "sns", "sfn"]));
    }
    if random.happens(30) {
        fault["access"] = json!("write");
        if random.happens(50) {
            fault["change"] = json!("made");
        }
    }
    if random.happens(60) {
        fault["count"] = json!(between(random, 1, 8));
    } else {
        fault["percent"] = json!(between(random, 5, 60));
        fault["for"] = seconds(random, 5, 600);
    }
    fault
}
