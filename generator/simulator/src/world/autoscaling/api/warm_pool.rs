//! `DescribeWarmPool`: what waits beside a group. It is reported and nothing else: all of it was launched from the version
//! before the one that the group launches from when a world begins, and none of it comes into service.

use serde_json::{Value, json};

use crate::world::arguments::Arguments;
use crate::world::autoscaling::model::launch::{LaunchSource, PLAIN_TYPE};
use crate::world::autoscaling::model::state::AutoScaling;
use crate::world::errors::AwsError;
use crate::world::ids::InstanceId;
use crate::world::request::Request;

use super::{describe, group_to_read};

/// Most instances of a page.
const PAGE: u32 = 50;
/// Ids of a pool's instances begin after those of any group.
const FIRST_ID: u32 = 0x0f00_0000;

/// The pool of a group, its first page.
pub(crate) fn describe(service: &AutoScaling, request: &Request<'_>) -> Result<Value, AwsError> {
    let arguments =
        Arguments::of(request.action, request.arguments, &["AutoScalingGroupName", "MaxRecords"])?;
    let records = arguments.count_if_given("MaxRecords")?.unwrap_or(PAGE);
    if !(1..=PAGE).contains(&records) {
        return Err(AwsError::validation(format!(
            "1 validation error detected: Value '{records}' at 'maxRecords': at most {PAGE}"
        )));
    }
    let index = group_to_read(service, request, arguments.text("AutoScalingGroupName")?)?;
    let group = service.fleet.as_of(index, request.seen_at);
    let instance = |number: u32| {
        let mut one = json!({
            "InstanceId": InstanceId(FIRST_ID + number).to_string(), "InstanceType": PLAIN_TYPE,
            "AvailabilityZone": &*group.zones[0], "LifecycleState": "Warmed:Stopped", "HealthStatus": "Healthy",
            "ProtectedFromScaleIn": false,
        });
        match &group.launch {
            LaunchSource::Configuration(_) => one["LaunchConfigurationName"] = json!("an-earlier-one"),
            LaunchSource::Template(spec) | LaunchSource::Mixed { template: spec, .. } => {
                one["LaunchTemplate"] = json!({"LaunchTemplateId": &*spec.template, "Version": "0"});
            }
        }
        one
    };
    let instances: Vec<Value> = (0..group.warm_pool.min(records)).map(instance).collect();
    let mut answer = json!({"Instances": instances});
    if group.warm_pool > 0 {
        answer["WarmPoolConfiguration"] = describe::warm_pool_configuration(group);
    }
    if group.warm_pool > records {
        answer["NextToken"] = json!(records.to_string());
    }
    Ok(answer)
}
