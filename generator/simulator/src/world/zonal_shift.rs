//! Zonal shifts: zones from which traffic is taken for a time.

use serde_json::{Value, json};

use super::arguments::Arguments;
use super::autoscaling::api::describe;
use super::autoscaling::model::state::AutoScaling;
use super::errors::AwsError;
use super::request::Request;

/// A group's shifts. Only a group that has them enabled is a managed resource.
pub(crate) fn get_managed_resource(service: &AutoScaling, request: &Request<'_>) -> Result<Value, AwsError> {
    let arguments = Arguments::of(request.action, request.arguments, &["ResourceIdentifier"])?;
    let resource = arguments.text("ResourceIdentifier")?;
    let groups = service.fleet.indices().map(|index| service.fleet.as_of(index, request.seen_at));
    let mut shifted = groups.filter(|group| describe::arn(&group.name, group.predecessors) == resource);
    let away_from = shifted.find_map(|group| group.shifted_away_from.clone());
    let away_from = away_from.ok_or_else(|| AwsError::Modelled {
        name: "ResourceNotFoundException",
        status: 404,
        message: format!("{resource} is not managed"),
    })?;
    let shift = json!({
        "AppliedStatus": "APPLIED", "AwayFrom": &*away_from, "ResourceIdentifier": resource, "ShiftType": "ZONAL_SHIFT",
    });
    Ok(json!({"Arn": resource, "AppliedWeights": {&*away_from: 0}, "ZonalShifts": [shift], "Autoshifts": []}))
}
