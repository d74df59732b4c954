//! The group: its sizes, what it launches from, what sends it its traffic, and how long everything takes there.

use asg_recycle_simulator::random::Random;
use serde_json::{Map, Value, json};

use super::draw::{between, seconds};

/// Makes one up.
pub(super) fn group(random: &Random) -> Value {
    let desired = match between(random, 0, 19) {
        0 => 0,
        1..=17 => between(random, 1, 6),
        _ => between(random, 7, 40),
    };
    let mut group = Map::new();
    let mut put = |key: &str, value: Value| group.insert(key.to_owned(), value);
    put("desired", json!(desired));
    put("min", json!(if random.happens(50) { desired } else { between(random, 0, desired) }));
    let max = if random.happens(40) { desired } else { between(random, desired, desired * 2 + 2) };
    put("max", json!(max));
    let zones = ["eu-west-2a", "eu-west-2b", "eu-west-2c"];
    let zones = &zones[..usize::try_from(between(random, 1, 3)).unwrap_or(1)];
    put("zones", json!(zones));
    if random.happens(40) {
        put("launch", launch(random));
    }
    put("timing", timing(random));
    fleet(random, desired, &mut put);
    traffic(random, &mut put);
    rules(random, &mut put);
    Value::Object(group)
}

type Put<'a> = dyn FnMut(&str, Value) -> Option<Value> + 'a;

/// What its instances are like.
fn fleet(random: &Random, desired: u64, put: &mut Put<'_>) {
    if random.happens(30) {
        put("current_instances", json!(between(random, 0, desired)));
    }
    if random.happens(15) {
        put("protected_instances", json!(between(random, 0, desired)));
    }
    if random.happens(10) {
        put("standby_instances", json!(between(random, 1, 2)));
    }
    if random.happens(10) {
        put("protects_new_instances", json!(true));
    }
    if random.happens(5) {
        put("warm_pool", json!(between(random, 1, 3)));
    }
    for hook in ["launch_hook", "terminate_hook"] {
        if random.happens(15) {
            put(hook, self::hook(random));
        }
    }
}

/// Most are completed in time; some are not, or with bad news.
fn hook(random: &Random) -> Value {
    let results = ["continue", "abandon"];
    let takes = between(random, 5, 120);
    let heartbeat = if random.happens(10) { between(random, 30, 120) } else { between(random, 300, 1200) };
    let mut hook = json!({"takes": format!("{takes}s"), "heartbeat": format!("{heartbeat}s")});
    if random.happens(30) {
        hook["default_result"] = json!(random.one_of(&results));
    }
    if random.happens(5) {
        hook["completed_with"] = json!("abandon");
    }
    hook
}

/// What sends its instances traffic, and whose checks count.
fn traffic(random: &Random, put: &mut Put<'_>) {
    put("target_groups", json!(between(random, 0, 2)));
    for kind in ["classic_load_balancers", "lattice_target_groups", "unused_target_groups"] {
        if random.happens(8) {
            put(kind, json!(between(random, 1, 2)));
        }
    }
    if random.happens(8) {
        put("ports", json!(2));
    }
    if random.happens(30) {
        put("health_check", json!("EC2"));
    }
    if random.happens(30) {
        put("grace", seconds(random, 0, 600));
    }
}

/// What its owner has set.
fn rules(random: &Random, put: &mut Put<'_>) {
    if random.happens(20) {
        let suspended = [
            json!(["AZRebalance"]),
            json!(["AlarmNotification"]),
            json!(["ScheduledActions"]),
            json!(["ReplaceUnhealthy"]),
            json!(["Launch"]),
            json!(["Terminate"]),
            json!(["AddToLoadBalancer"]),
            json!(["InstanceRefresh"]),
        ];
        put("suspended", random.one_of(&suspended).clone());
    }
    if random.happens(30) {
        let policies =
            ["OldestInstance", "NewestInstance", "OldestLaunchTemplate", "ClosestToNextInstanceHour"];
        put("termination_policies", json!([random.one_of(&policies)]));
    }
    if random.happens(4) {
        put("tags", json!({"autorecycle_dry_run": "true"}));
    }
    if random.happens(2) {
        put("operator", json!("eks.amazonaws.com"));
    }
    if random.happens(2) {
        put("shifted_away_from", json!("eu-west-2a"));
    }
    if random.happens(2) {
        put("capacity_type", json!(random.one_of(&["units", "vcpu", "memory-mib"])));
    }
}

fn launch(random: &Random) -> Value {
    let weights = json!([{"type": "m6g.large", "weight": 1}, {"type": "m5.large", "weight": 1}]);
    let version = *random.one_of(&["$Latest", "$Default", "2"]);
    match between(random, 0, 9) {
        0 => json!({"configuration": "web-2"}),
        1 | 2 => {
            let types = [json!([{"type": "m6g.large"}, {"type": "m5.large"}]), weights];
            json!({"mixed": {"template": {"version": version}, "overrides": random.one_of(&types)}})
        }
        _ => json!({"template": {"version": version}}),
    }
}

fn timing(random: &Random) -> Value {
    let boot = if random.happens(10) { between(random, 400, 1200) } else { between(random, 20, 400) };
    let drain = if random.happens(10) { between(random, 400, 3600) } else { between(random, 0, 400) };
    let mut timing = json!({
        "start": format!("{}s", between(random, 5, boot.min(30))),
        "boot": format!("{boot}s"),
        "health_lag": seconds(random, 0, 60),
        "drain": format!("{drain}s"),
        "shutdown": seconds(random, 1, 60),
        "release": seconds(random, 0, 90),
        "spread_percent": between(random, 0, 30),
    });
    if random.happens(20) {
        timing["reaction_min"] = seconds(random, 1, 10);
        timing["reaction_max"] = seconds(random, 10, 60);
    }
    timing
}
