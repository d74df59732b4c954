//! EC2: machines and launch templates.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::World;
use super::actions::Request;
use super::arguments::Arguments;
use super::errors::AwsError;
use super::group::Group;
use super::instance::{Instance, InstanceId};

/// Machines by id or filter. An unknown id is an error; a filter that fits nothing is not.
pub(super) fn describe_instances(world: &mut World, request: &Request<'_>) -> Result<Value, AwsError> {
    let arguments = Arguments::of(request.action, request.arguments, &["InstanceIds", "Filters"])?;
    let texts = arguments.texts("InstanceIds")?;
    let filters = filters(&arguments)?;
    let named: Option<BTreeSet<InstanceId>> = ids(&texts, &filters);
    let mut reservations = Vec::new();
    let mut found = 0;
    for index in world.fleet.indices() {
        let group = world.fleet.as_of(index, request.seen_at);
        for instance in group.instances.iter().chain(&group.departed) {
            if named.as_ref().is_some_and(|ids| !ids.contains(&instance.id)) {
                continue;
            }
            found += 1;
            if filters.iter().all(|filter| filter.fits(instance)) {
                reservations.push(describe(instance, group));
            }
        }
    }
    if found < texts.len() {
        return Err(AwsError::validation(format!("The instance IDs '{}' do not exist", texts.join(", "))));
    }
    Ok(json!({"Reservations": reservations}))
}

/// The ids that a call names, in the list or in a filter; `None` where it names none.
fn ids(texts: &[&str], filters: &[Filter<'_>]) -> Option<BTreeSet<InstanceId>> {
    let filtered =
        filters.iter().find(|filter| filter.name == "instance-id").map(|filter| filter.values.as_slice());
    let texts = if texts.is_empty() { filtered? } else { texts };
    Some(texts.iter().filter_map(|text| InstanceId::parse(text)).collect())
}

struct Filter<'a> {
    name: &'a str,
    values: Vec<&'a str>,
}

impl Filter<'_> {
    fn fits(&self, instance: &Instance) -> bool {
        match self.name {
            "instance-id" => self.values.contains(&instance.id.to_string().as_str()),
            _ => self.values.contains(&instance.machine.code_and_name().1),
        }
    }
}

fn filters<'a>(arguments: &Arguments<'a>) -> Result<Vec<Filter<'a>>, AwsError> {
    let Some(listed) = arguments.get("Filters") else { return Ok(Vec::new()) };
    let items = listed.as_array().ok_or_else(|| AwsError::refused("Filters is not a list"))?;
    items
        .iter()
        .map(|item| {
            let fields = Arguments::of("a filter", item, &["Name", "Values"])?;
            let name = fields.text("Name")?;
            if !["instance-id", "instance-state-name"].contains(&name) {
                return Err(AwsError::refused(format!(
                    "the modelled describeInstances has no filter {name}"
                )));
            }
            Ok(Filter { name, values: fields.texts("Values")? })
        })
        .collect()
}

fn describe(instance: &Instance, group: &Group) -> Value {
    let (code, name) = instance.machine.code_and_name();
    json!({
        "ReservationId": format!("r-{:017x}", instance.id.0),
        "OwnerId": "123456789012",
        "Groups": [],
        "Instances": [{
            "InstanceId": instance.id.to_string(),
            "InstanceType": &*instance.instance_type,
            "LaunchTime": instance.launched_at.to_string(),
            "Placement": {"AvailabilityZone": &*group.zones[instance.zone]},
            "State": {"Code": code, "Name": name},
            "Tags": [{"Key": "aws:autoscaling:groupName", "Value": &*group.name}],
        }],
    })
}

/// Launch templates by id or name; all, where none is named.
pub(super) fn describe_launch_templates(world: &mut World, request: &Request<'_>) -> Result<Value, AwsError> {
    let arguments =
        Arguments::of(request.action, request.arguments, &["LaunchTemplateIds", "LaunchTemplateNames"])?;
    let (ids, names) = (arguments.texts("LaunchTemplateIds")?, arguments.texts("LaunchTemplateNames")?);
    if let Some(missing) = ids.iter().find(|id| !world.templates.contains_key(**id)) {
        let message = format!("The specified launch template, with template ID {missing}, does not exist.");
        return Err(AwsError::validation(message));
    }
    if let Some(missing) = names.iter().find(|name| !world.templates.values().any(|one| *one.name == ***name))
    {
        let message = format!("The specified launch template, with template name {missing}, does not exist.");
        return Err(AwsError::validation(message));
    }
    let all = ids.is_empty() && names.is_empty();
    let found = world
        .templates
        .iter()
        .filter(|(id, one)| all || ids.contains(&&***id) || names.contains(&&*one.name));
    let described: Vec<Value> = found
        .map(|(id, one)| {
            json!({
                "LaunchTemplateId": &**id,
                "LaunchTemplateName": &*one.name,
                "CreateTime": world.spec.start().to_string(),
                "CreatedBy": "arn:aws:iam::123456789012:root",
                "DefaultVersionNumber": one.default,
                "LatestVersionNumber": one.latest,
                "Tags": [],
            })
        })
        .collect();
    Ok(json!({"LaunchTemplates": described}))
}
