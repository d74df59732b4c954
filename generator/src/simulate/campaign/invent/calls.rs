//! Calls that fail: one by one, in storms, for as long as a service is out, or for want of a permission.

use asg_recycle_simulator::random::Random;
use serde_json::{Value, json};

use super::draw::{between, seconds};

const SERVICES: [&str; 6] = ["autoscaling", "dynamodb", "elasticloadbalancingv2", "ec2", "sns", "sfn"];

/// Makes up which calls fail, and how.
pub(super) fn failing_calls(random: &Random) -> Value {
    match between(random, 0, 9) {
        0..=6 => some(random),
        7 => storm(random),
        8 => outage(random),
        _ => denied(random),
    }
}

/// A few of them, or some in a hundred for a while.
fn some(random: &Random) -> Value {
    let errors =
        ["throttling", "resource_contention", "scaling_activity_in_progress", "internal", "no_answer"];
    let mut fault = json!({"error": random.one_of(&errors)});
    if random.happens(30) {
        fault["service"] = json!(random.one_of(&SERVICES));
    }
    if random.happens(30) {
        fault["access"] = json!("write");
        // What was refused was not made; what went wrong inside AWS, or was not answered, may have been.
        let may_be_made = fault["error"] == "internal" || fault["error"] == "no_answer";
        if random.happens(50) && may_be_made {
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

/// Most calls to Auto Scaling are throttled, for minutes.
fn storm(random: &Random) -> Value {
    json!({
        "service": "autoscaling", "error": "throttling",
        "percent": between(random, 60, 95), "for": seconds(random, 60, 900),
    })
}

/// No call to a service gets through, for minutes.
fn outage(random: &Random) -> Value {
    let error = random.one_of(&["internal", "no_answer"]);
    json!({"service": random.one_of(&SERVICES), "error": error, "for": seconds(random, 30, 1200)})
}

/// The role may not do one thing, for a while or for good.
fn denied(random: &Random) -> Value {
    let actions = [
        ("autoscaling", "updateAutoScalingGroup"),
        ("autoscaling", "terminateInstanceInAutoScalingGroup"),
        ("autoscaling", "setDesiredCapacity"),
        ("autoscaling", "suspendProcesses"),
        ("autoscaling", "resumeProcesses"),
        ("autoscaling", "startInstanceRefresh"),
        ("autoscaling", "describeScalingActivities"),
        ("elasticloadbalancingv2", "describeTargetHealth"),
        ("ec2", "describeInstances"),
        ("ec2", "describeTags"),
        ("sns", "publish"),
    ];
    let (service, action) = *random.one_of(&actions);
    let mut fault = json!({"service": service, "action": action, "error": "access_denied"});
    if random.happens(70) {
        fault["for"] = seconds(random, 60, 3000);
    }
    fault
}
