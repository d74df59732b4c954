//! `DescribeLifecycleHooks`.

use serde_json::{Value, json};

use crate::world::arguments::Arguments;
use crate::world::autoscaling::model::state::AutoScaling;
use crate::world::errors::AwsError;
use crate::world::request::Request;
use crate::world::spec::HookResult;

use super::group_to_read;

/// The group's hooks.
pub(crate) fn describe(service: &AutoScaling, request: &Request<'_>) -> Result<Value, AwsError> {
    let arguments =
        Arguments::of(request.action, request.arguments, &["AutoScalingGroupName", "LifecycleHookNames"])?;
    let index = group_to_read(service, request, arguments.text("AutoScalingGroupName")?)?;
    let names = arguments.texts("LifecycleHookNames")?;
    let group = service.fleet.as_of(index, request.seen_at);
    let kinds = [
        ("launching", "autoscaling:EC2_INSTANCE_LAUNCHING", group.launch_hook),
        ("terminating", "autoscaling:EC2_INSTANCE_TERMINATING", group.terminate_hook),
    ];
    let hooks: Vec<Value> = kinds.into_iter().filter(|(name, ..)| names.is_empty() || names.contains(name)).filter_map(|(name, transition, hook)| {
        let hook = hook?;
        let seconds = hook.heartbeat.0 / 1000;
        Some(json!({
            "LifecycleHookName": name,
            "AutoScalingGroupName": &*group.name,
            "LifecycleTransition": transition,
            "HeartbeatTimeout": seconds,
            // The longest that heartbeats can stretch it.
            "GlobalTimeout": (seconds * 100).min(172_800),
            "DefaultResult": if hook.default_result == HookResult::Abandon { "ABANDON" } else { "CONTINUE" },
        }))
    }).collect();
    Ok(json!({"LifecycleHooks": hooks}))
}
