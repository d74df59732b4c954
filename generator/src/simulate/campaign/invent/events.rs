//! What happens while it is recycled: to its instances, by its owner, and by other services.

use asg_recycle_simulator::random::Random;
use asg_recycle_simulator::world::spec::DEFAULT_TEMPLATE;
use serde_json::{Value, json};

use super::calls::failing_calls;
use super::draw::{between, seconds};

/// Makes some up.
pub(super) fn events(random: &Random, alarms: &[String]) -> Value {
    let count = match between(random, 0, 19) {
        0..=4 => 0,
        5..=17 => between(random, 1, 4),
        _ => between(random, 5, 9),
    };
    (0..count).map(|_| event(random, alarms)).collect()
}

pub(super) fn event(random: &Random, alarms: &[String]) -> Value {
    let intervention = intervention(random, alarms);
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
        "startInstanceRefresh",
    ];
    json!({"after_call": {"action": random.one_of(&actions), "nth": between(random, 1, 6)}, "delay": delay, "do": intervention})
}

fn intervention(random: &Random, alarms: &[String]) -> Value {
    match between(random, 0, 19) {
        0..=4 => to_instances(random),
        5..=7 => to_launches(random),
        8..=12 => to_sizes(random),
        13..=15 => by_its_owner(random),
        16 if !alarms.is_empty() => {
            let state = random.one_of(&["ALARM", "OK", "INSUFFICIENT_DATA"]);
            json!({"set_alarm": {"name": random.one_of(alarms), "state": state}})
        }
        _ => json!({"fail_calls": failing_calls(random)}),
    }
}

fn to_instances(random: &Random) -> Value {
    let which = *random.one_of(&["any", "old", "new", "pending"]);
    let some = json!({"which": which, "count": between(random, 1, 2)});
    match between(random, 0, 11) {
        0..=3 => json!({"kill": some}),
        4 | 5 => json!({"break_application": some}),
        6 | 7 => json!({"protect": {"which": which}}),
        8 => json!({"unprotect": some}),
        9 => json!({"standby": {"which": which}}),
        10 => json!({"exit_standby": {"which": which}}),
        _ => {
            let states = ["initial", "unhealthy", "draining", "unhealthy_draining", "unavailable"];
            let state = random.one_of(&states);
            json!({"hold_targets": {"state": state, "which": which, "for": seconds(random, 10, 900)}})
        }
    }
}

fn to_launches(random: &Random) -> Value {
    let lasts = seconds(random, 10, 4000);
    match between(random, 0, 7) {
        0 | 1 => json!({"break_launches": {"for": lasts}}),
        2 => json!({"break_launches": {"for": lasts, "works_for": seconds(random, 5, 600)}}),
        3 | 4 => json!({"fail_launches": {"for": lasts}}),
        5 => {
            let messages = [
                "The image id '[ami-0123456789abcdef0]' does not exist. Launching EC2 instance failed.",
                "You have requested more vCPU capacity than your current vCPU limit of 32 allows. Launching EC2 instance failed.",
            ];
            json!({"fail_launches": {"for": lasts, "message": random.one_of(&messages)}})
        }
        6 => json!({"fail_launches": {"after": between(random, 0, 4), "tries": between(random, 1, 6)}}),
        _ => {
            let on = random.one_of(&["launch", "terminate"]);
            json!({"stick_hook": {"on": on, "for": lasts}})
        }
    }
}

/// A policy, a schedule or a person changes them.
fn to_sizes(random: &Random) -> Value {
    match between(random, 0, 7) {
        0..=3 => json!({"scaling_policy": {"by": *random.one_of(&[-2, -1, 1, 2])}}),
        4 => json!({"scheduled_action": {"desired": between(random, 0, 6)}}),
        5 => {
            let (low, more) = (between(random, 0, 3), between(random, 0, 6));
            json!({"scheduled_action": {"min": low, "max": low + more}})
        }
        6 => json!({"set_sizes": {"max": between(random, 2, 12)}}),
        _ if random.happens(50) => json!({"set_sizes": {"min": between(random, 0, 3)}}),
        _ if random.happens(50) => json!({"set_desired_capacity": between(random, 1, 8)}),
        // As Terraform has them all.
        _ => {
            let (min, more) = (between(random, 0, 3), between(random, 0, 5));
            json!({"set_sizes": {"min": min, "max": min + more + between(random, 0, 6), "desired": min + more}})
        }
    }
}

/// What happens seldom: the group is made again under its name, instances are taken from it, or answers come late.
pub(super) fn rare(random: &Random) -> Value {
    let what = match between(random, 0, 4) {
        0 | 1 => {
            let (min, more) = (between(random, 0, 4), between(random, 0, 4));
            let desired = min + between(random, 0, more);
            // Of any size, or as a doubled group stands.
            let sizes = if random.happens(50) {
                json!({"min": min, "max": min + more, "desired": desired})
            } else {
                json!({"min": 6, "max": 6, "desired": 6})
            };
            let what = json!({"replace_group": sizes});
            if random.happens(60) {
                let event = random.one_of(&["launched", "in_service", "sized", "terminating", "suspended"]);
                return json!({"after_event": {"event": event}, "delay": seconds(random, 0, 300), "do": what});
            }
            what
        }
        2 => {
            json!({"detach": {"which": random.one_of(&["any", "old", "new"]), "count": between(random, 1, 2)}})
        }
        _ => {
            let access = random.one_of(&["read", "write"]);
            json!({"fail_calls": {"access": access, "takes": seconds(random, 5, 120), "percent": between(random, 2, 30)}})
        }
    };
    json!({"at": seconds(random, 0, 1500), "do": what})
}

/// What others take out by Auto Scaling's own means, or a template that goes.
pub(super) fn strange(random: &Random) -> Value {
    let which = *random.one_of(&["any", "old", "new", "pending"]);
    let count = between(random, 1, 2);
    let what = match between(random, 0, 9) {
        0..=2 => json!({"terminate": {"which": which, "count": count}}),
        3 | 4 => json!({"terminate": {"which": which, "count": count, "decrement": true}}),
        5 | 6 => json!({"expire": {"which": which, "count": count}}),
        7 | 8 => json!({"put_at_risk": {"which": which, "count": count}}),
        _ => json!({"delete_template": DEFAULT_TEMPLATE}),
    };
    if random.happens(60) {
        let event = random.one_of(&["launched", "in_service", "sized", "terminating", "left"]);
        let nth = between(random, 1, 3);
        return json!({"after_event": {"event": event, "nth": nth}, "delay": seconds(random, 0, 120), "do": what});
    }
    json!({"at": seconds(random, 0, 1500), "do": what})
}

fn by_its_owner(random: &Random) -> Value {
    let processes = ["AZRebalance", "AlarmNotification", "ReplaceUnhealthy", "Launch", "Terminate"];
    let process = json!([random.one_of(&processes)]);
    match between(random, 0, 15) {
        0..=2 => json!({"new_template_version": {"make_default": random.happens(50)}}),
        3 | 4 => json!({"launch_from": {"template": {"version": between(random, 3, 4).to_string()}}}),
        5 => json!({"launch_from": {"configuration": "web-3"}}),
        6 | 7 => json!({"set_tag": {"key": "release", "value": between(random, 1, 3).to_string()}}),
        8 => json!({"remove_tag": "release"}),
        9 => json!({"set_tag": {"key": "autorecycle_recycle_on_asg_update", "value": "false"}}),
        10 => json!({"suspend": process}),
        11 => json!({"resume": process}),
        12 => json!({"start_instance_refresh": {"min_healthy": between(random, 50, 100)}}),
        13 => json!("cancel_instance_refresh"),
        14 => json!("refresh_alarm"),
        _ => json!("delete_group"),
    }
}
