//! `DescribeAutoScalingInstances`.

use serde_json::{Value, json};

use crate::world::arguments::Arguments;
use crate::world::autoscaling::model::instance::Health;
use crate::world::autoscaling::model::state::AutoScaling;
use crate::world::errors::AwsError;
use crate::world::ids::InstanceId;
use crate::world::request::Request;

use super::describe::{self, invalid_token};

/// Most ids that one call takes.
const IDS_MAX: usize = 50;

/// Instances by id, in pages. One that no group holds is no error: the answer is without it.
pub(crate) fn describe(service: &AutoScaling, request: &Request<'_>) -> Result<Value, AwsError> {
    let arguments =
        Arguments::of(request.action, request.arguments, &["InstanceIds", "MaxRecords", "NextToken"])?;
    let texts = arguments.texts("InstanceIds")?;
    if texts.is_empty() {
        // AWS lists the whole account then.
        return Err(AwsError::refused("the modelled describeAutoScalingInstances wants InstanceIds"));
    }
    let records = arguments.count_if_given("MaxRecords")?.map_or(IDS_MAX, |records| records as usize);
    if texts.len() > IDS_MAX || !(1..=IDS_MAX).contains(&records) {
        return Err(AwsError::validation(format!(
            "1 validation error detected: {} ids in pages of {records}: at most {IDS_MAX} of both",
            texts.len()
        )));
    }
    let first: usize = match arguments.text_if_given("NextToken")? {
        None => 0,
        Some(token) => token.parse().map_err(|_| invalid_token())?,
    };
    let ids: Vec<InstanceId> = texts.iter().filter_map(|text| InstanceId::parse(text)).collect();
    let mut found = Vec::with_capacity(ids.len());
    for index in service.fleet.indices() {
        let group = service.fleet.as_of(index, request.seen_at);
        for one in ids.iter().filter_map(|id| group.instance(*id)) {
            let mut fields = describe::instance(one, group, &service.templates);
            fields.insert("AutoScalingGroupName".into(), json!(&*group.name));
            fields.insert("HealthStatus".into(), json!(upper_case(one.health)));
            found.push(Value::Object(fields));
        }
    }
    let more = found.len() > first + page(records, &ids);
    let shown: Vec<Value> = found.into_iter().skip(first).take(page(records, &ids)).collect();
    let mut answer = json!({"AutoScalingInstances": shown});
    if more {
        answer["NextToken"] = json!((first + page(records, &ids)).to_string());
    }
    Ok(answer)
}

/// AWS may answer with fewer than it was asked for; so does this for some, so that nobody counts on whole pages.
fn page(records: usize, ids: &[InstanceId]) -> usize {
    let short = ids.len() > 10 && ids.first().is_some_and(|id| id.0 % 8 == 1);
    if short { records.min(ids.len() - 10) } else { records }
}

/// This action writes it otherwise than the description of a group does.
fn upper_case(health: Health) -> String {
    health.as_str().to_uppercase()
}
