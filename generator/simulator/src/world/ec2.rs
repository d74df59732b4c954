//! EC2: machines and launch templates.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::world::ids::InstanceId;

use super::arguments::Arguments;
use super::autoscaling::model::group::Group;
use super::autoscaling::model::instance::Instance;
use super::autoscaling::model::state::AutoScaling;
use super::errors::AwsError;
use super::request::Request;

/// Machines by id or filter. An unknown id is an error; a filter that fits nothing is not.
pub(crate) fn describe_instances(service: &AutoScaling, request: &Request<'_>) -> Result<Value, AwsError> {
    let arguments = Arguments::of(request.action, request.arguments, &["InstanceIds", "Filters"])?;
    let texts = arguments.texts("InstanceIds")?;
    let filters = filters(&arguments)?;
    let named: Option<BTreeSet<InstanceId>> = ids(&texts, &filters);
    let mut reservations = Vec::new();
    let mut found = 0;
    for index in service.fleet.indices() {
        let group = service.fleet.as_of(index, request.seen_at);
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
            _ => self.values.contains(&instance.ec2_state.code_and_name().1),
        }
    }
}

fn filters<'a>(arguments: &Arguments<'a>) -> Result<Vec<Filter<'a>>, AwsError> {
    filters_among(arguments, &["instance-id", "instance-state-name"])
}

fn filters_among<'a>(arguments: &Arguments<'a>, known: &[&str]) -> Result<Vec<Filter<'a>>, AwsError> {
    let action = arguments.action();
    let filter = |(name, values): (&'a str, Vec<&'a str>)| {
        if !known.contains(&name) {
            return Err(AwsError::refused(format!("the modelled {action} has no filter {name}")));
        }
        Ok(Filter { name, values })
    };
    arguments.filters()?.into_iter().map(filter).collect()
}

fn describe(instance: &Instance, group: &Group) -> Value {
    let (code, name) = instance.ec2_state.code_and_name();
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
            "Tags": if instance.is_detached() { json!([]) } else { json!([{"Key": GROUP_TAG, "Value": &*group.name}]) },
        }],
    })
}

/// Most tags that one answer holds.
const TAGS_PAGE_MAX: usize = 1000;

/// Most values of one filter.
const FILTER_VALUES_MAX: usize = 200;

/// Fewest that can be asked for.
const TAGS_PAGE_MIN: usize = 5;

/// The tags of instances: the one by which Auto Scaling says whose they are, and those of their own; page by page. EC2 tells of
/// terminated instances for a while too.
pub(crate) fn describe_tags(service: &AutoScaling, request: &Request<'_>) -> Result<Value, AwsError> {
    let arguments =
        Arguments::of(request.action, request.arguments, &["Filters", "MaxResults", "NextToken"])?;
    let wanted = filters_among(&arguments, &["key", "resource-id", "resource-type", "value"])?;
    let page = match arguments.count_if_given("MaxResults")?.map(usize::try_from) {
        None => TAGS_PAGE_MAX,
        Some(Ok(page)) if (TAGS_PAGE_MIN..=TAGS_PAGE_MAX).contains(&page) => page,
        Some(_) => return Err(AwsError::validation("MaxResults is not between 5 and 1000")),
    };
    let first: usize = match arguments.text_if_given("NextToken")? {
        None => 0,
        Some(token) => token.parse().map_err(|_| AwsError::validation("The token is invalid"))?,
    };
    let ids: Option<BTreeSet<InstanceId>> = wanted
        .iter()
        .find(|filter| filter.name == "resource-id")
        .map(|filter| filter.values.iter().filter_map(|text| InstanceId::parse(text)).collect());
    if wanted.iter().any(|filter| filter.values.len() > FILTER_VALUES_MAX) {
        return Err(AwsError::validation(
            "The maximum number of filter values specified on a single call is 200",
        ));
    }
    let groups: Vec<&Group> =
        service.fleet.indices().map(|index| service.fleet.as_of(index, request.seen_at)).collect();
    let mut tags = groups
        .iter()
        .flat_map(|group| {
            let here = group.instances.iter().chain(&group.departed);
            let here = here.map(move |one| (one.id, &one.tags, (!one.is_detached()).then_some(group)));
            let pooled = group.warm_pool.iter().flat_map(|pool| &pool.instances);
            here.chain(pooled.map(move |one| (one.id, &one.tags, Some(group))))
                .filter(|(id, ..)| ids.as_ref().is_none_or(|ids| ids.contains(id)))
        })
        .flat_map(|(id, tags, group)| {
            let own = tags.iter().map(|(key, value)| (&**key, &**value));
            let member = group.map(|group| (GROUP_TAG, &*group.name));
            member.into_iter().chain(own).map(move |(key, value)| (id, key, value))
        })
        .filter(|(_, key, value)| {
            wanted.iter().all(|filter| match filter.name {
                "key" => filter.values.contains(key),
                "value" => filter.values.contains(value),
                "resource-type" => filter.values.contains(&"instance"),
                _ => true, // by id, above
            })
        })
        .skip(first);
    let described: Vec<Value> = tags
        .by_ref()
        .take(page)
        .map(|(id, key, value)| {
            json!({"Key": key, "ResourceId": id.to_string(), "ResourceType": "instance", "Value": value})
        })
        .collect();
    let mut answer = json!({"Tags": described});
    if tags.next().is_some() {
        answer["NextToken"] = json!((first + page).to_string());
    }
    Ok(answer)
}

/// The tag by which EC2 says which group an instance belongs to.
const GROUP_TAG: &str = "aws:autoscaling:groupName";

/// Launch templates by id or name; all, where none is named.
pub(crate) fn describe_launch_templates(
    service: &AutoScaling,
    request: &Request<'_>,
) -> Result<Value, AwsError> {
    let arguments =
        Arguments::of(request.action, request.arguments, &["LaunchTemplateIds", "LaunchTemplateNames"])?;
    let (ids, names) = (arguments.texts("LaunchTemplateIds")?, arguments.texts("LaunchTemplateNames")?);
    let templates = || service.templates.iter().filter(|(_, one)| !one.is_deleted);
    if let Some(missing) = ids.iter().find(|id| !templates().any(|(known, _)| **known == ***id)) {
        let message = format!("The specified launch template, with template ID {missing}, does not exist.");
        return Err(AwsError::validation(message));
    }
    if let Some(missing) = names.iter().find(|name| !templates().any(|(_, one)| *one.name == ***name)) {
        let message = format!("The specified launch template, with template name {missing}, does not exist.");
        return Err(AwsError::validation(message));
    }
    let all = ids.is_empty() && names.is_empty();
    let found = templates().filter(|(id, one)| all || ids.contains(&&***id) || names.contains(&&*one.name));
    let described: Vec<Value> = found
        .map(|(id, one)| {
            json!({
                "LaunchTemplateId": &**id,
                "LaunchTemplateName": &*one.name,
                "CreateTime": service.created_at.to_string(),
                "CreatedBy": "arn:aws:iam::123456789012:root",
                "DefaultVersionNumber": one.default,
                "LatestVersionNumber": one.latest,
                "Tags": [],
            })
        })
        .collect();
    Ok(json!({"LaunchTemplates": described}))
}
